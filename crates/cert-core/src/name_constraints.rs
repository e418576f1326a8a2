//! Name constraints (RFC 5280 section 4.2.1.10) of trust anchors.
//!
//! `webpki` checks those of intermediates. It does not match directory names, and applies constraints to self-issued
//! intermediates, which section 6.1.3 exempts. Anchors given as certificates, whose constraints are an operator's own
//! decision, are therefore checked here; `webpki` is not told of them.

use der::{
    Decode as _, Reader as _, SliceReader, Tag, Tagged as _,
    asn1::{AnyRef, ObjectIdentifier},
};

use crate::{
    Certificate, DnsName,
    certificate::oid,
    cursor::{Cursor, SEQUENCE},
};

/// The subtrees of the extension.
#[derive(Debug, Default)]
pub(crate) struct NameConstraints<'a> {
    permitted: Vec<Constraint<'a>>,
    excluded: Vec<Constraint<'a>>,
}

/// The base of a subtree, or a name that is compared with one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Constraint<'a> {
    /// The DER of a `Name`.
    Directory(&'a [u8]),
    Dns(&'a str),
    /// An address, and in a constraint its mask behind it.
    Ip(&'a [u8]),
    /// Another form, by its tag's number.
    Other(u32),
}

impl<'a> NameConstraints<'a> {
    /// Reads the extension, where the certificate has one.
    pub(crate) fn of(certificate: &'a Certificate) -> Option<der::Result<Self>> {
        certificate.extension(oid::NAME_CONSTRAINTS).map(Self::read)
    }

    /// Whether it constrains nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.permitted.is_empty() && self.excluded.is_empty()
    }

    /// All bases.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Constraint<'a>> {
        self.permitted.iter().chain(&self.excluded)
    }

    /// Whether all names of a certificate are within the permitted subtrees and outside the excluded ones.
    pub(crate) fn allow(&self, certificate: &Certificate) -> bool {
        names_of(certificate).is_ok_and(|names| names.iter().all(|name| self.allow_name(name)))
    }

    fn allow_name(&self, name: &Constraint<'_>) -> bool {
        let mut of_its_form = self.permitted.iter().filter(|base| base.has_form_of(name)).peekable();
        let is_permitted = of_its_form.peek().is_none() || of_its_form.any(|base| base.contains(name, false));
        is_permitted && !self.excluded.iter().any(|base| base.has_form_of(name) && base.contains(name, true))
    }

    fn read(value: &'a [u8]) -> der::Result<Self> {
        let mut constraints = Self::default();
        let mut reader = SliceReader::new(value)?;
        reader.sequence(|fields| {
            while !fields.is_finished() {
                let field = AnyRef::decode(fields)?;
                let subtrees = read_subtrees(field.value())?;
                match field.tag() {
                    Tag::ContextSpecific { number, .. } if number.0 == 0 => constraints.permitted = subtrees,
                    _ => constraints.excluded = subtrees,
                }
            }
            Ok::<_, der::Error>(())
        })?;
        reader.finish()?;
        Ok(constraints)
    }
}

impl<'a> Constraint<'a> {
    /// Reads a `GeneralName`.
    fn read(name: &AnyRef<'a>) -> Self {
        let Tag::ContextSpecific { number, .. } = name.tag() else {
            return Self::Other(u32::MAX);
        };
        match (number.0, core::str::from_utf8(name.value())) {
            (2, Ok(text)) => Self::Dns(text),
            (4, _) => Self::Directory(name.value()),
            (7, _) => Self::Ip(name.value()),
            (form, _) => Self::Other(form),
        }
    }

    fn has_form_of(&self, name: &Constraint<'_>) -> bool {
        match (self, name) {
            (Self::Directory(_), Constraint::Directory(_)) | (Self::Dns(_), Constraint::Dns(_)) => true,
            (Self::Ip(_), Constraint::Ip(_)) => true,
            (Self::Other(form), Constraint::Other(other)) => form == other,
            _ => false,
        }
    }

    /// Whether `name` is in the subtree. What cannot be compared is in every excluded one and in no permitted one.
    fn contains(&self, name: &Constraint<'_>, is_excluded: bool) -> bool {
        match (self, name) {
            (Self::Directory(base), Constraint::Directory(name)) => {
                contains_directory_name(base, name).unwrap_or(is_excluded)
            }
            (Self::Dns(base), Constraint::Dns(name)) => contains_domain(base, name, is_excluded),
            (Self::Ip(base), Constraint::Ip(name)) => contains_address(base, name).unwrap_or(is_excluded),
            _ => is_excluded,
        }
    }
}

/// How many bases the extension has, of either kind.
pub(crate) fn count(certificate: &Certificate) -> usize {
    let Some(value) = certificate.extension(oid::NAME_CONSTRAINTS) else {
        return 0;
    };
    // What does not decode has no bases, and is refused elsewhere.
    let bases_of = |mut list: Cursor<'_>| core::iter::from_fn(|| list.element().ok()).count();
    let lists = |mut lists: Cursor<'_>| core::iter::from_fn(|| lists.enter_any().ok()).map(bases_of).sum();
    Cursor::new(value).enter(SEQUENCE).map_or(0, lists)
}

fn read_subtrees(mut subtrees: &[u8]) -> der::Result<Vec<Constraint<'_>>> {
    let mut bases = Vec::new();
    while !subtrees.is_empty() {
        let mut reader = SliceReader::new(subtrees)?;
        let subtree = AnyRef::decode(&mut reader)?;
        let mut parts = SliceReader::new(subtree.value())?;
        bases.push(Constraint::read(&AnyRef::decode(&mut parts)?));
        subtrees = &subtrees[u32::from(reader.position()) as usize..];
    }
    Ok(bases)
}

/// The subject, where it is not empty, and the subject alternative names.
fn names_of(certificate: &Certificate) -> der::Result<Vec<Constraint<'_>>> {
    let mut names = Vec::new();
    if !certificate.has_empty_subject() {
        names.push(Constraint::Directory(certificate.subject_der()));
    }
    if let Some(value) = certificate.extension(oid::SUBJECT_ALT_NAME) {
        SliceReader::new(value)?.sequence(|list| {
            while !list.is_finished() {
                names.push(Constraint::read(&AnyRef::decode(list)?));
            }
            Ok::<_, der::Error>(())
        })?;
    }
    Ok(names)
}

/// A domain and everything below it. A wildcard is in an excluded subtree where any name that it covers is.
fn contains_domain(base: &str, name: &str, is_excluded: bool) -> bool {
    let (rest, end) = name.as_bytes().split_at(name.len().saturating_sub(base.len()));
    let ends_in_base = end.eq_ignore_ascii_case(base.as_bytes());
    let within = ends_in_base && (base.is_empty() || rest.is_empty() || rest.ends_with(b"."));
    within || (is_excluded && covers(name, base))
}

/// What stands behind the first label.
fn parent(name: &str) -> &str {
    name.split_once('.').map_or("", |(_, parent)| parent.trim_end_matches('.'))
}

/// Whether `wildcard` is one, and covers `name`.
fn covers(wildcard: &str, name: &str) -> bool {
    // Parsing is left for what could be one.
    wildcard.starts_with("*.")
        && parent(wildcard).eq_ignore_ascii_case(parent(name))
        && DnsName::parse(wildcard)
            .is_ok_and(|wildcard| DnsName::parse(name).is_ok_and(|name| wildcard.covers(&name)))
}

fn contains_address(base: &[u8], address: &[u8]) -> Option<bool> {
    if !matches!(base.len(), 8 | 32) || !matches!(address.len(), 4 | 16) {
        return None;
    }
    let (network, mask) = base.split_at(base.len() / 2);
    if network.len() != address.len() {
        // An IPv6 address is in no IPv4 network, nor the other way round.
        return Some(false);
    }
    Some(network.iter().zip(mask).zip(address).all(|((network, mask), octet)| network & mask == octet & mask))
}

/// Whether the base's relative names are the first ones of the name (RFC 5280 section 7.1).
fn contains_directory_name(base: &[u8], name: &[u8]) -> Option<bool> {
    let (base, name) = (relative_names(base).ok()?, relative_names(name).ok()?);
    Some(base.len() <= name.len() && base.iter().zip(&name).all(|(base, name)| base == name))
}

/// The attributes of each relative name: type, and value in a form in which equal ones compare as equal.
fn relative_names(der: &[u8]) -> der::Result<Vec<Vec<(ObjectIdentifier, String)>>> {
    let mut names = Vec::new();
    let mut reader = SliceReader::new(der)?;
    reader.sequence(|list| {
        while !list.is_finished() {
            let relative = AnyRef::decode(list)?;
            let mut set = SliceReader::new(relative.value())?;
            let mut attributes = Vec::new();
            while !set.is_finished() {
                let (kind, value) = set.sequence(|pair| {
                    Ok::<_, der::Error>((ObjectIdentifier::decode(pair)?, AnyRef::decode(pair)?))
                })?;
                let text = String::from_utf8_lossy(value.value()).to_lowercase();
                attributes.push((kind, text.split_whitespace().collect::<Vec<_>>().join(" ")));
            }
            names.push(attributes);
        }
        Ok::<_, der::Error>(())
    })?;
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::{contains_address, contains_domain, count};
    use crate::{
        Chain, Timestamp,
        testing::{TestCa, TestLeaf},
    };

    #[test]
    fn bases_are_counted() {
        let root = TestCa::root("Root", Timestamp::from_unix(1_795_000_000));
        let permitted =
            b"\x30\x14\xa0\x0a\x30\x03\x82\x01a\x30\x03\x82\x01b\xa1\x06\x30\x04\x82\x02cd".to_vec();
        for (value, bases) in [(permitted, 3), (b"\x30\x00".to_vec(), 0), (b"\x30\x7f".to_vec(), 0)] {
            let mut leaf = TestLeaf::new(&["a.example"]);
            leaf.extensions = vec![(vec![2, 5, 29, 30], true, value)];
            let chain = Chain::decode(&root.issue(&leaf).certificates().concat()).unwrap();
            assert_eq!(count(chain.leaf()), bases);
        }
    }

    #[test]
    fn domains() {
        for (base, name, within) in [
            ("example.com", "example.com", true),
            ("example.com", "a.b.EXAMPLE.com", true),
            ("example.com", "*.example.com", true),
            ("example.com", "notexample.com", false),
            ("example.com", "com", false),
            ("", "anything.test", true),
        ] {
            assert_eq!(contains_domain(base, name, false), within, "{base} {name}");
        }
        assert!(
            contains_domain("bar.example.com", "*.example.com", true),
            "the wildcard covers what is excluded"
        );
        assert!(!contains_domain("bar.example.com", "*.example.com", false));
        assert!(contains_domain("BAR.example.com.", "*.EXAMPLE.com", true));
        for (base, name) in [("b.bar.example.com", "*.example.com"), ("x", "*.y")] {
            assert!(!contains_domain(base, name, true), "{base} {name}");
        }
    }

    #[test]
    fn addresses() {
        let network = [192, 0, 2, 0, 255, 255, 255, 0];
        assert_eq!(contains_address(&network, &[192, 0, 2, 7]), Some(true));
        assert_eq!(contains_address(&network, &[192, 0, 3, 7]), Some(false));
        assert_eq!(contains_address(&network, &[0; 16]), Some(false));
        assert_eq!(contains_address(&network[..7], &[192, 0, 2, 7]), None);
        assert_eq!(contains_address(&network, &[1, 2, 3]), None);
    }
}
