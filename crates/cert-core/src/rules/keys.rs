//! Rules on keys: size and form of RSA moduli.

use super::{Breach, Breaches, Subject};
use crate::{KeyType, PrivateKey, rsa_key};

pub(super) fn check(subject: &Subject<'_>, found: &mut Breaches) {
    let weak_key = subject.key.and_then(PrivateKey::weakness);
    if let Some(weakness) = weak_key {
        found.push_key(Breach::RsaWeak(weakness));
    }
    // The uploaded key is the leaf's, so its public part was looked at with it.
    let leaf_is_known = subject.key.is_some();
    for certificate in subject.certificates().skip(usize::from(leaf_is_known)) {
        if let Some(KeyType::Rsa { .. }) = certificate.key_type()
            && let Some(weakness) = rsa_key::certificate_weakness(certificate.spki_der())
        {
            found.push(Breach::RsaWeak(weakness), certificate);
        }
    }
}
