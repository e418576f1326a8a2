//! DNS names, and which name covers which domain.

use core::{fmt, str::FromStr};
use std::{borrow::Cow, sync::Arc};

/// A DNS name in the one form in which names are compared: lower-case A-labels, no trailing dot.
///
/// It may be a wildcard: `*.` and a name of one label or more. Matching is that of RFC 9525 section 6.3: a wildcard
/// stands for exactly one label.
///
/// ```
/// use cert_core::DnsName;
///
/// let wildcard = DnsName::parse("*.Example.com.")?;
/// assert!(wildcard.covers(&DnsName::parse("www.example.com")?));
/// assert!(!wildcard.covers(&DnsName::parse("example.com")?));
/// assert!(!wildcard.covers(&DnsName::parse("a.b.example.com")?));
/// assert_eq!(DnsName::parse("bücher.example")?.as_str(), "xn--bcher-kva.example");
/// # Ok::<(), cert_core::NameError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DnsName(Arc<str>);

impl DnsName {
    /// Reads a name as people write it: any case, U-labels or A-labels, a trailing dot.
    ///
    /// # Errors
    /// [`NameError`] for what is no host name of RFC 1123 (letters, digits and inner hyphens; 63 octets a label, 253
    /// in all), an A-label that does not decode (IDNA 2008, UTS 46), a `*` anywhere but alone in the left-most
    /// label, and a name whose last label is a number, which would be an IP address.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        Ok(match NormalName::of(text.strip_suffix('.').unwrap_or(text))? {
            NormalName { is_wildcard: true, host } => Self(format!("*.{host}").into()),
            NormalName { is_wildcard: false, host } => Self(host.into()),
        })
    }

    /// The name, with `*.` in front where it is a wildcard.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the left-most label is `*`.
    pub fn is_wildcard(&self) -> bool {
        self.0.starts_with("*.")
    }

    /// Whether a certificate with this name may serve `domain`.
    ///
    /// A wildcard covers the names one label below it, and itself: a binding of `*.example.com` needs a certificate
    /// that has `*.example.com`.
    pub fn covers(&self, domain: &Self) -> bool {
        self == domain || (self.is_wildcard() && !domain.is_wildcard() && self.parent() == domain.parent())
    }

    /// The name without its left-most label, or `None` for a single label.
    fn parent(&self) -> Option<&str> {
        self.0.split_once('.').map(|(_, parent)| parent)
    }

    /// The wildcard that covers this name: `*.example.com` for `www.example.com`. `None` for a wildcard or a
    /// single label.
    pub fn covering_wildcard(&self) -> Option<Self> {
        let parent = self.parent().filter(|_| !self.is_wildcard())?;
        Some(Self(format!("*.{parent}").into()))
    }
}

impl fmt::Display for DnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DnsName({})", self.0)
    }
}

impl FromStr for DnsName {
    type Err = NameError;

    /// # Errors
    /// As [`DnsName::parse`].
    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

/// Why a text is not a [`DnsName`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// A label has a character that host names do not have, or starts or ends with a hyphen.
    #[error("a label of the name has a character that host names do not have")]
    BadLabel,
    /// A label is empty or longer than 63 octets.
    #[error("a label of the name is empty or longer than 63 octets")]
    BadLabelLength,
    /// The last label is a number, so it is an IP address or none.
    #[error("the name ends in a number, as IP addresses do")]
    EndsInNumber,
    /// The name is longer than 253 octets.
    #[error("the name is longer than 253 octets")]
    TooLong,
    /// An internationalized label that IDNA does not allow, or an A-label that does not decode.
    #[error("an internationalized label of the name is not valid")]
    Undecodable,
    /// A label has an underscore: host names have none (RFC 1123 section 2.1, CA/B Baseline Requirements 3.2.2.4).
    #[error("a label of the name has an underscore")]
    Underscore,
    /// A `*` that is not the whole left-most label.
    #[error("a wildcard is only possible as the whole left-most label")]
    WildcardInside,
}

const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

/// The parts of a [`DnsName`], for who only looks at it.
pub(crate) struct NormalName<'a> {
    pub(crate) is_wildcard: bool,
    /// Without `*.`, in lower-case A-labels.
    pub(crate) host: Cow<'a, str>,
}

impl<'a> NormalName<'a> {
    /// As [`DnsName::parse`], but for the trailing dot.
    pub(crate) fn of(text: &'a str) -> Result<Self, NameError> {
        let (is_wildcard, host) = text.strip_prefix("*.").map_or((false, text), |host| (true, host));
        let host = to_a_labels(host)?;
        check_host(&host)?;
        let len = host.len() + if is_wildcard { 2 } else { 0 };
        if len > MAX_NAME { Err(NameError::TooLong) } else { Ok(Self { is_wildcard, host }) }
    }
}

fn to_a_labels(host: &str) -> Result<Cow<'_, str>, NameError> {
    let plain = host.is_ascii() && !host.split('.').any(has_reserved_prefix);
    if plain {
        let is_lower = !host.bytes().any(|b| b.is_ascii_uppercase());
        return Ok(if is_lower { host.into() } else { host.to_ascii_lowercase().into() });
    }
    if host.len() > 4 * MAX_NAME {
        return Err(NameError::TooLong);
    }
    idna::domain_to_ascii_strict(host).map(Cow::Owned).map_err(|_| match host {
        _ if host.contains('*') => NameError::WildcardInside,
        _ if host.contains('_') => NameError::Underscore,
        _ => NameError::Undecodable,
    })
}

/// Whether a label claims to be an A-label, and so must decode.
fn has_reserved_prefix(label: &str) -> bool {
    label.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("xn--"))
}

fn check_host(host: &str) -> Result<(), NameError> {
    if host.len() > MAX_NAME {
        return Err(NameError::TooLong);
    }
    host.split('.').try_for_each(check_label)?;
    let last = host.rsplit('.').next().unwrap_or_default();
    if last.bytes().all(|b| b.is_ascii_digit()) { Err(NameError::EndsInNumber) } else { Ok(()) }
}

fn check_label(label: &str) -> Result<(), NameError> {
    if label.is_empty() || label.len() > MAX_LABEL {
        return Err(NameError::BadLabelLength);
    }
    let host_characters = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let hyphen_outside = label.starts_with('-') || label.ends_with('-');
    match label {
        _ if host_characters && !hyphen_outside => Ok(()),
        _ if label.contains('*') => Err(NameError::WildcardInside),
        _ if label.contains('_') => Err(NameError::Underscore),
        _ => Err(NameError::BadLabel),
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for DnsName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for DnsName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::{DnsName, NameError};

    #[test]
    fn what_is_no_host_name_is_refused_with_its_cause() {
        let long_label = format!("{}.com", "a".repeat(64));
        let long_name = format!("{}com", "abcdefgh.".repeat(32));
        let refused = [
            ("", NameError::BadLabelLength),
            (".", NameError::BadLabelLength),
            (".example.com", NameError::BadLabelLength),
            ("a..b", NameError::BadLabelLength),
            ("*", NameError::WildcardInside),
            ("*.", NameError::WildcardInside),
            ("*.*.com", NameError::WildcardInside),
            ("w*.example.com", NameError::WildcardInside),
            ("a.*.com", NameError::WildcardInside),
            ("a_b.com", NameError::Underscore),
            ("-a.com", NameError::BadLabel),
            ("a-.com", NameError::BadLabel),
            ("a b.com", NameError::BadLabel),
            ("192.168.0.1", NameError::EndsInNumber),
            ("::1", NameError::BadLabel),
            ("xn--a.com", NameError::Undecodable),
            (&long_label, NameError::BadLabelLength),
            (&long_name, NameError::TooLong),
        ];
        for (text, cause) in refused {
            assert_eq!(DnsName::parse(text), Err(cause), "{text}");
        }
    }

    #[test]
    fn names_are_normalized() {
        for (text, name) in [
            ("WWW.Example.COM.", "www.example.com"),
            ("例え.jp", "xn--r8jz45g.jp"),
            ("localhost", "localhost"),
            ("*.com", "*.com"),
        ] {
            assert_eq!(DnsName::parse(text).unwrap().as_str(), name);
        }
    }

    #[test]
    fn the_covering_wildcard_covers() {
        let name = DnsName::parse("a.b.example.com").unwrap();
        let wildcard = name.covering_wildcard().unwrap();
        assert_eq!(wildcard.as_str(), "*.b.example.com");
        assert!(wildcard.covers(&name) && wildcard.covers(&wildcard) && !name.covers(&wildcard));
        assert_eq!(wildcard.covering_wildcard(), None);
        assert_eq!(DnsName::parse("localhost").unwrap().covering_wildcard(), None);
    }
}
