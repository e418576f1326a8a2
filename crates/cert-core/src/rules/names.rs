//! Rules on the names of the leaf: subject alternative names and common names.

use std::{cell::LazyCell, net::IpAddr};

use super::{Breach, Breaches, Subject};
use crate::{Certificate, DnsName, NameError, certificate::oid, name::NormalName};

pub(super) fn check<'a>(subject: &Subject<'a>, found: &mut Breaches<'a>) {
    let leaf = subject.leaf;
    match leaf.extension(oid::SUBJECT_ALT_NAME) {
        None => found.push(Breach::SanMissing, leaf),
        Some(_) if leaf.fields().subject_alt_names.count == 0 => found.push(Breach::SanMissing, leaf),
        Some(_) => {
            match (leaf.has_empty_subject(), leaf.is_critical(oid::SUBJECT_ALT_NAME)) {
                (true, false) => found.push(Breach::SanNotCritical, leaf),
                (false, true) => found.push(Breach::SanCritical, leaf),
                (true, true) | (false, false) => {}
            }
            check_alternative_names(leaf, found);
        }
    }
    check_common_names(leaf, found);
}

fn check_alternative_names<'a>(leaf: &'a Certificate, found: &mut Breaches<'a>) {
    for name in leaf.dns_names() {
        match in_certificate(name) {
            Err(error) => found.push(Breach::SanNameInvalid { name: name.clone(), error: Some(error) }, leaf),
            Ok(parsed) if parsed.is_wildcard && is_public_suffix(&parsed.host) => {
                found.push(Breach::PublicSuffixWildcard { name: name.clone() }, leaf);
            }
            Ok(_) => {}
        }
    }
    for address in leaf.ip_addresses() {
        if ip_address(address).is_none() {
            let name = address.iter().take(32).map(|octet| format!("{octet:02x}")).collect();
            found.push(Breach::SanNameInvalid { name, error: None }, leaf);
        }
    }
}

/// Whether registries sell names under it. Suffixes that companies keep for their customers are those companies' own
/// names.
fn is_public_suffix(name: &str) -> bool {
    psl::suffix(name.as_bytes())
        .is_some_and(|suffix| suffix.typ() == Some(psl::Type::Icann) && suffix.as_bytes() == name.as_bytes())
}

fn check_common_names<'a>(leaf: &'a Certificate, found: &mut Breaches<'a>) {
    let common_names = leaf.common_names();
    let cover_names = LazyCell::new(|| leaf.cover_names());
    found.push_if(common_names.len() > 1, Breach::SeveralCommonNames, leaf);
    for common_name in common_names {
        match address_of(&common_name) {
            Some(address) if address.to_string() != common_name => {
                found.push(Breach::CommonNameForm { common_name }, leaf);
            }
            Some(address) if names_address(leaf, address) => {}
            None if names_domain(leaf, &cover_names, &common_name) => {}
            _ => found.push(Breach::CommonNameMismatch { common_name }, leaf),
        }
    }
}

/// The address that a text means, however it is written: with leading zeros too.
fn address_of(text: &str) -> Option<IpAddr> {
    text.parse().ok().or_else(|| {
        let has_only_digits = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let octets = text.split('.').map(|octet| octet.trim_start_matches('0'));
        let shortened = octets.map(|octet| if octet.is_empty() { "0" } else { octet });
        has_only_digits.then(|| shortened.collect::<Vec<_>>().join(".").parse().ok()).flatten()
    })
}

fn ip_address(octets: &[u8]) -> Option<IpAddr> {
    match octets.len() {
        4 => <[u8; 4]>::try_from(octets).ok().map(IpAddr::from),
        16 => <[u8; 16]>::try_from(octets).ok().map(IpAddr::from),
        _ => None,
    }
}

fn names_address(leaf: &Certificate, address: IpAddr) -> bool {
    leaf.ip_addresses().iter().any(|octets| ip_address(octets) == Some(address))
}

fn names_domain(
    leaf: &Certificate,
    cover_names: &LazyCell<Vec<DnsName>, impl FnOnce() -> Vec<DnsName>>,
    common_name: &str,
) -> bool {
    let same = |name: &String| name.eq_ignore_ascii_case(common_name);
    leaf.dns_names().iter().any(same)
        || DnsName::parse(common_name).is_ok_and(|domain| cover_names.contains(&domain))
}

/// A name as it must stand in a certificate: A-labels, no trailing dot (RFC 5280 section 4.2.1.6, RFC 1034).
fn in_certificate(text: &str) -> Result<NormalName<'_>, NameError> {
    if !text.is_ascii() {
        return Err(NameError::Undecodable);
    }
    if text.ends_with('.') {
        return Err(NameError::BadLabelLength);
    }
    NormalName::of(text)
}
