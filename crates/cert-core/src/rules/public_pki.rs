//! What the web PKI has come to: lifetimes, certificate transparency, stapling, types of keys.

use super::{Breach, Breaches, Subject};
use crate::{Certificate, KeyType, Timestamp, certificate::oid};

pub(super) fn check<'a>(subject: &Subject<'a>, found: &mut Breaches<'a>) {
    let leaf = subject.leaf;
    check_lifetime(leaf, found);
    found.push_if(leaf.extension(oid::SCT_LIST).is_none(), Breach::SctMissing, leaf);
    found.push_if(demands_stapling(leaf), Breach::MustStaple, leaf);
    if let Some(key_type @ (KeyType::EcP521 | KeyType::Ed25519)) = leaf.key_type() {
        found.push(Breach::UnusualKeyType { name: key_type.to_string() }, leaf);
    }
    let own_anchor = leaf.is_self_issued() && subject.intermediates().is_empty() && subject.path.is_some();
    found.push_if(own_anchor, Breach::SelfSignedTrusted, leaf);
}

/// Whether this is what a CA submits to the logs before it issues.
pub(super) fn is_precertificate(leaf: &Certificate) -> bool {
    leaf.extension(oid::CT_POISON).is_some()
}

fn check_lifetime<'a>(leaf: &'a Certificate, found: &mut Breaches<'a>) {
    const DAY: i64 = 86_400;
    // Both ends are part of the validity.
    let lifetime = leaf.not_after().seconds_since(leaf.not_before()) + 1;
    let max = max_lifetime_days(leaf.not_before());
    if lifetime > max * DAY {
        found.push(Breach::LifetimeTooLong { days: (lifetime + DAY - 1) / DAY, max }, leaf);
    }
}

/// Days that a certificate issued at this time may last.
fn max_lifetime_days(issued: Timestamp) -> i64 {
    const FROM_2026_03_15: i64 = 1_773_532_800;
    const FROM_2027_03_15: i64 = 1_805_068_800;
    const FROM_2029_03_15: i64 = 1_868_227_200;
    match issued.as_unix() {
        FROM_2029_03_15.. => 47,
        FROM_2027_03_15.. => 100,
        FROM_2026_03_15.. => 200,
        _ => 398,
    }
}

/// Whether the TLS feature extension lists `status_request` (5).
fn demands_stapling(leaf: &Certificate) -> bool {
    const STATUS_REQUEST: &[u8] = &[0x02, 0x01, 0x05];
    leaf.extension(oid::TLS_FEATURE)
        .is_some_and(|value| value.windows(3).any(|element| element == STATUS_REQUEST))
}

#[cfg(test)]
mod tests {
    use super::max_lifetime_days;

    #[test]
    fn lifetimes_shrink_on_the_days_of_the_ballot() {
        for (date, days) in [
            ("2026-03-14T23:59:59Z", 398),
            ("2026-03-15T00:00:00Z", 200),
            ("2027-03-14T23:59:59Z", 200),
            ("2027-03-15T00:00:00Z", 100),
            ("2029-03-14T23:59:59Z", 100),
            ("2029-03-15T00:00:00Z", 47),
        ] {
            assert_eq!(max_lifetime_days(date.parse().unwrap()), days, "{date}");
        }
    }
}
