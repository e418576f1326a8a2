//! The query of a list: where it starts, how long it is, and what it is narrowed to.

use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};
use cert_core::{DnsName, Fingerprint, Timestamp};
use cert_store::{FindBy, PageSize};

use crate::failure::Failure;

/// A list's query, checked. Parameters that are not known are ignored.
pub(crate) struct ListQuery {
    pub(crate) marker: Option<String>,
    pub(crate) size: PageSize,
    pub(crate) filter: Option<FindBy>,
}

impl<S: Send + Sync> FromRequestParts<S> for ListQuery {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        Self::read(pairs(parts, state).await?)
    }
}

async fn pairs<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<Vec<(String, String)>, Failure> {
    let Query(pairs) = Query::from_request_parts(parts, state)
        .await
        .map_err(|_| Failure::InvalidParameter { name: "query", expected: "percent-encoded pairs" })?;
    Ok(pairs)
}

impl ListQuery {
    fn read(pairs: Vec<(String, String)>) -> Result<Self, Failure> {
        let mut query = Self { marker: None, size: PageSize::default(), filter: None };
        for (name, value) in pairs {
            if value.is_empty() {
                continue;
            }
            match name.to_ascii_lowercase().as_str() {
                // One client starts with a zero.
                "marker" if value != "0" => query.marker = Some(value),
                "limit" => query.size = page_size(&value)?,
                "domain" => query.narrow(domain(&value)?)?,
                "fingerprint" => query.narrow(fingerprint(&value)?)?,
                "label" => query.narrow(label(&value)?)?,
                _ => {}
            }
        }
        Ok(query)
    }

    fn narrow(&mut self, filter: FindBy) -> Result<(), Failure> {
        if self.filter.replace(filter).is_some() {
            let expected = "the only one of domain, fingerprint and label";
            return Err(Failure::InvalidParameter { name: "filter", expected });
        }
        Ok(())
    }
}

/// The query of the list of what ends soon, checked.
pub(crate) struct ExpiringQuery {
    pub(crate) before: Timestamp,
    pub(crate) marker: Option<String>,
    pub(crate) size: PageSize,
}

impl<S: Send + Sync> FromRequestParts<S> for ExpiringQuery {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let expected = "an instant in seconds since 1970";
        let garbled = || Failure::InvalidParameter { name: "before", expected };
        let (mut before, mut marker, mut size) = (None, None, PageSize::default());
        for (name, value) in pairs(parts, state).await?.into_iter().filter(|(_, value)| !value.is_empty()) {
            match name.to_ascii_lowercase().as_str() {
                "before" => before = Some(value.parse().map_err(|_| garbled())?),
                "marker" if value != "0" => marker = Some(value),
                "limit" => size = page_size(&value)?,
                _ => {}
            }
        }
        Ok(Self { before: Timestamp::from_unix(before.ok_or_else(garbled)?), marker, size })
    }
}

/// A larger page than there is is capped, not refused.
fn page_size(text: &str) -> Result<PageSize, Failure> {
    let is_positive = text.bytes().all(|b| b.is_ascii_digit()) && text.bytes().any(|b| b != b'0');
    if !is_positive {
        return Err(Failure::InvalidParameter { name: "limit", expected: "a positive number" });
    }
    Ok(PageSize::new(text.parse().unwrap_or(usize::MAX)))
}

fn domain(text: &str) -> Result<FindBy, Failure> {
    let expected = "a DNS name";
    DnsName::parse(text)
        .map(FindBy::Covering)
        .map_err(|_| Failure::InvalidParameter { name: "domain", expected })
}

fn fingerprint(text: &str) -> Result<FindBy, Failure> {
    let expected = "the SHA-256 of a leaf: 64 hex digits, with or without colons";
    text.parse::<Fingerprint>()
        .map(FindBy::Leaf)
        .map_err(|_| Failure::InvalidParameter { name: "fingerprint", expected })
}

fn label(text: &str) -> Result<FindBy, Failure> {
    let (key, value) = text.split_once(':').ok_or(Failure::InvalidParameter {
        name: "label",
        expected: "a key and a value with a colon between",
    })?;
    Ok(FindBy::Label { key: key.to_owned(), value: value.to_owned() })
}
