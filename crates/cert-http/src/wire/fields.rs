//! Small JSON bodies whose keys match without regard to case.

use std::collections::BTreeMap;

use cert_core::DnsName;
use cert_store::{CertId, KekId, OwnerId, Slot};
use serde_json::Value;

use crate::failure::Failure;

/// The parser's category and position; its message may quote a value, and the value may be a key.
pub(super) fn malformed(error: &serde_json::Error) -> Failure {
    use serde_json::error::Category;

    let what = match error.classify() {
        Category::Data => "a field has a value of the wrong kind",
        Category::Eof => "it ends too early",
        Category::Io | Category::Syntax => "the syntax is wrong",
    };
    let detail = format!("{what} at line {}, column {}", error.line(), error.column());
    Failure::InvalidJson { detail }
}

/// The fields of an object. Those that are not known are ignored, and a null one is absent.
pub(super) struct Fields(BTreeMap<String, Value>);

impl Fields {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Failure> {
        let map: BTreeMap<String, Value> = serde_json::from_slice(body).map_err(|error| malformed(&error))?;
        Ok(Self(map.into_iter().map(|(key, value)| (key.to_ascii_lowercase(), value)).collect()))
    }

    pub(super) fn certificate(&self, name: &'static str) -> Result<CertId, Failure> {
        self.text(name)?.parse().map_err(|_| Failure::NoSuchCertificate)
    }

    pub(super) fn domain(&self, name: &'static str) -> Result<DnsName, Failure> {
        domain(name, self.text(name)?)
    }

    pub(super) fn owner(&self, name: &'static str) -> Result<OwnerId, Failure> {
        let expected = "the name of an owner";
        OwnerId::new(self.text(name)?).map_err(|_| Failure::InvalidParameter { name, expected })
    }

    pub(super) fn kek(&self, name: &'static str) -> Result<KekId, Failure> {
        let expected = "the id of a key-encryption key, as the key ring shows it";
        KekId::new(self.text(name)?).map_err(|_| Failure::InvalidParameter { name, expected })
    }

    pub(super) fn slot(&self) -> Result<Option<Slot>, Failure> {
        self.optional_text("slot")?.map(slot).transpose()
    }

    pub(super) fn flag(&self, name: &'static str) -> Result<Option<bool>, Failure> {
        match self.0.get(&name.to_ascii_lowercase()) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(Failure::InvalidParameter { name, expected: "true or false" }),
        }
    }

    pub(super) fn text(&self, name: &'static str) -> Result<&str, Failure> {
        self.optional_text(name)?.ok_or(Failure::MissingField { field: name })
    }

    fn optional_text(&self, name: &'static str) -> Result<Option<&str>, Failure> {
        match self.0.get(&name.to_ascii_lowercase()) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Failure::InvalidParameter { name, expected: "a text" }),
        }
    }
}

/// A domain as clients write it: a wildcard may begin with the dot, which is how it stands in a path.
pub(super) fn domain(name: &'static str, text: &str) -> Result<DnsName, Failure> {
    let wildcard = text.starts_with('.').then(|| format!("*{text}"));
    let expected = "a DNS name, or a wildcard as .example.com or *.example.com";
    DnsName::parse(wildcard.as_deref().unwrap_or(text))
        .map_err(|_| Failure::InvalidParameter { name, expected })
}

pub(super) fn slot(text: &str) -> Result<Slot, Failure> {
    match text {
        "primary" => Ok(Slot::Primary),
        "alternate" => Ok(Slot::Alternate),
        _ => Err(Failure::InvalidParameter { name: "slot", expected: "primary or alternate" }),
    }
}
