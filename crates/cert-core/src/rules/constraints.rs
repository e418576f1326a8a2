//! Rules on the form of name constraints and on basic constraints.

use super::{Breach, Breaches, Subject};
use crate::{
    Certificate, DnsName,
    certificate::oid,
    name_constraints::{Constraint, NameConstraints},
};

pub(super) fn check<'a>(subject: &Subject<'a>, found: &mut Breaches<'a>) {
    let in_leaf = subject.leaf.extension(oid::NAME_CONSTRAINTS).is_some();
    found.push_if(in_leaf, Breach::NameConstraintsInLeaf, subject.leaf);
    for issuer in subject.intermediates() {
        for breach in of_issuer(issuer) {
            found.push(breach, issuer);
        }
    }
}

/// What is wrong with the constraints of a CA, intermediate or anchor.
pub(super) fn of_issuer(issuer: &Certificate) -> Vec<Breach> {
    let is_lax = |oid| issuer.extension(oid).is_some() && !issuer.is_critical(oid);
    let lax = [
        (oid::BASIC_CONSTRAINTS, Breach::BasicConstraintsNotCritical),
        (oid::NAME_CONSTRAINTS, Breach::NameConstraintsNotCritical),
        (oid::POLICY_CONSTRAINTS, Breach::PolicyConstraintsNotCritical),
    ];
    let mut breaches: Vec<Breach> =
        lax.into_iter().filter(|(oid, _)| is_lax(oid)).map(|(_, breach)| breach).collect();
    if issuer.has_empty_subject() {
        breaches.push(Breach::CaWithoutName);
    }
    breaches.extend(form_of(issuer));
    breaches
}

/// What is wrong with the form of a CA's name constraints.
fn form_of(issuer: &Certificate) -> Vec<Breach> {
    let Some(constraints) = NameConstraints::of(issuer) else {
        return Vec::new();
    };
    match constraints {
        Ok(constraints) if constraints.is_empty() => vec![Breach::NameConstraintsEmpty],
        Ok(constraints) => constraints.all().filter_map(malformed).collect(),
        Err(_) => vec![Breach::NameConstraintsForm { constraint: "(not DER)".into() }],
    }
}

fn malformed(constraint: &Constraint<'_>) -> Option<Breach> {
    let shown = match constraint {
        Constraint::Dns(name) if !name.is_empty() && DnsName::parse(name).is_err() => (*name).to_owned(),
        Constraint::Ip(range) if !is_address_range(range) => format!("{range:02x?}"),
        _ => return None,
    };
    Some(Breach::NameConstraintsForm { constraint: shown })
}

/// An address and a mask without holes.
fn is_address_range(range: &[u8]) -> bool {
    let (_, mask) = range.split_at(range.len() / 2);
    let bits: Vec<bool> =
        mask.iter().flat_map(|octet| (0..8).rev().map(move |bit| octet >> bit & 1 == 1)).collect();
    matches!(range.len(), 8 | 32) && bits.is_sorted_by(|earlier, later| earlier >= later)
}
