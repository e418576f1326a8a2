//! Rules on key usage and extended key usage.

use super::{Breach, Breaches, Subject};
use crate::{
    Certificate,
    certificate::{KeyUsage, oid},
};

pub(super) fn check<'a>(subject: &Subject<'a>, found: &mut Breaches<'a>) {
    check_leaf(subject.leaf, found);
    for issuer in subject.intermediates() {
        found.push_if(!may_sign_certificates(issuer), Breach::IssuerKeyUsage, issuer);
    }
}

fn check_leaf<'a>(leaf: &'a Certificate, found: &mut Breaches<'a>) {
    let useless = leaf.key_usage().is_some_and(|usage| !serves_tls(usage));
    found.push_if(useless, Breach::LeafKeyUsage, leaf);
    match leaf.purposes() {
        None => found.push(Breach::PurposesMissing, leaf),
        Some(mut purposes) => {
            found.push_if(purposes.any(|purpose| purpose == oid::CLIENT_AUTH), Breach::ClientAuth, leaf);
            found.push_if(leaf.is_critical(oid::EXTENDED_KEY_USAGE), Breach::PurposesCritical, leaf);
        }
    }
}

/// Whether the key may do what one of the key exchanges of TLS needs, and may not certify others.
fn serves_tls(usage: KeyUsage) -> bool {
    let exchanges = [KeyUsage::DIGITAL_SIGNATURE, KeyUsage::KEY_ENCIPHERMENT, KeyUsage::KEY_AGREEMENT];
    exchanges.into_iter().any(|bit| usage.has(bit)) && !usage.has(KeyUsage::KEY_CERT_SIGN)
}

/// Whether a CA's key usage, where it has one, lets it sign certificates.
pub(crate) fn may_sign_certificates(issuer: &Certificate) -> bool {
    issuer.key_usage().is_none_or(|usage| usage.has(KeyUsage::KEY_CERT_SIGN))
}
