//! Rules on keys: size and form of RSA moduli.

use super::{Breach, Breaches, Subject};
use crate::{KeyType, RsaWeakness, rsa_key};

/// The public numbers of a leaf that came with its key were looked at with the key. Of an issuer's key only the size
/// counts: how it was made was its own CA's to judge.
pub(super) fn check<'a>(subject: &Subject<'a>, found: &mut Breaches<'a>) {
    let leaf = subject.leaf;
    if subject.key.is_none()
        && let Some(KeyType::Rsa { .. }) = leaf.key_type()
        && let Some(weakness) = rsa_key::certificate_weakness(leaf.spki_der())
    {
        found.push(Breach::RsaWeak(weakness), leaf);
    }
    for issuer in subject.intermediates() {
        if let Some(KeyType::Rsa { bits }) = issuer.key_type() {
            let breach = Breach::RsaWeak(RsaWeakness::Size { bits });
            found.push_if(!rsa_key::is_allowed_size(bits.into()), breach, issuer);
        }
    }
}
