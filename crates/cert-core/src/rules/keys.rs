//! Rules on keys: size and form of RSA moduli.

use super::{Breach, Breaches, Subject};
use crate::{KeyType, rsa_key};

/// The public numbers of a leaf that came with its key were looked at with the key.
pub(super) fn check(subject: &Subject<'_>, found: &mut Breaches) {
    let leaf_is_known = subject.key.is_some();
    for certificate in subject.certificates().skip(usize::from(leaf_is_known)) {
        if let Some(KeyType::Rsa { .. }) = certificate.key_type()
            && let Some(weakness) = rsa_key::certificate_weakness(certificate.spki_der())
        {
            found.push(Breach::RsaWeak(weakness), certificate);
        }
    }
}
