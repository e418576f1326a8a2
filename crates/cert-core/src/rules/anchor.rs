//! Rules on the trust anchor's own certificate. `webpki` never looks at it: an anchor is a name and a key.

use super::{
    Breach, Breaches, Subject,
    constraints::of_issuer,
    extensions::{dotted, duplicate},
    identifiers::{AuthorityKeyId, subject_key_id},
    usage::may_sign_certificates,
};
use crate::{Certificate, certificate::oid, rsa_key, validity};

pub(super) fn check<'a>(subject: &Subject<'a>, found: &mut Breaches<'a>) {
    let Some(path) = subject.path else {
        return;
    };
    // A leaf that is trusted by itself is judged as a leaf.
    let Some(certificate) = path.anchor.filter(|anchor| anchor.der() != subject.leaf.der()) else {
        return;
    };
    let valid = validity::check_expired(certificate, subject.now)
        .and_then(|()| validity::check_not_before(certificate, subject.now));
    if let Err(error) = valid {
        found.push_anchor(Breach::AnchorExpired(error));
    }
    path.anchor_breaches.iter().cloned().for_each(|breach| found.push_anchor(breach));
}

/// What is wrong with an anchor at any time. It is found out once, when the anchor is added.
pub(crate) fn lasting_breaches(anchor: &Certificate) -> Vec<Breach> {
    let mut breaches = Vec::new();
    breaches.extend(rsa_key::certificate_weakness(anchor.spki_der()).map(Breach::RsaWeak));
    breaches.extend(duplicate(anchor).map(|oid| Breach::DuplicateExtension { oid: dotted(oid) }));
    // Version 1 has no extensions, and so nothing else to look at.
    if anchor.fields().version < 2 {
        return breaches;
    }
    let unknown = anchor.critical_extension_ids().filter(|id| !UNDERSTOOD.contains(id));
    breaches.extend(unknown.map(|id| Breach::UnknownCriticalExtension { oid: dotted(id) }));
    if !anchor.is_ca() {
        breaches.push(Breach::AnchorNotACa);
    }
    if !may_sign_certificates(anchor) {
        breaches.push(Breach::IssuerKeyUsage);
    }
    if anchor.is_self_issued() && anchor.purposes().is_some() {
        breaches.push(Breach::AnchorPurposes);
    }
    breaches.extend(of_issuer(anchor));
    breaches.extend(identifier_breach(anchor));
    breaches
}

fn identifier_breach(anchor: &Certificate) -> Option<Breach> {
    let Some(own_id) = subject_key_id(anchor) else {
        return Some(Breach::SkiMissing);
    };
    let id = AuthorityKeyId::of(anchor)?;
    let names_itself = !anchor.is_self_issued() || id.key_id == Some(own_id);
    (!id.names_only_a_key() || !names_itself).then_some(Breach::AkiForm)
}

/// The extensions that may be critical in a CA's certificate, since this crate or `webpki` acts on them.
const UNDERSTOOD: [&[u8]; 8] = [
    oid::BASIC_CONSTRAINTS,
    oid::CERTIFICATE_POLICIES,
    oid::EXTENDED_KEY_USAGE,
    oid::KEY_USAGE,
    oid::NAME_CONSTRAINTS,
    oid::POLICY_CONSTRAINTS,
    oid::SUBJECT_ALT_NAME,
    oid::SUBJECT_KEY_IDENTIFIER,
];
