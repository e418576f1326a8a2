//! Labels: what an owner writes on a certificate.

use std::collections::BTreeMap;

use cert_core::caps;
use serde::{Deserialize, Serialize};

/// Up to 16 pairs of a key (1 to 63 bytes) and a value (up to 255), opaque to the store but for finding by them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct Labels(BTreeMap<String, String>);

impl Labels {
    /// Takes pairs; of two with one key, the last.
    ///
    /// # Errors
    /// [`LabelsError`] for too many, and for a key or a value that is too long or has control characters.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self, LabelsError> {
        let mut labels = BTreeMap::new();
        for (key, value) in pairs {
            let is_fit =
                (1..=caps::MAX_LABEL_KEY).contains(&key.len()) && value.len() <= caps::MAX_LABEL_VALUE;
            if !is_fit || key.chars().chain(value.chars()).any(char::is_control) {
                return Err(LabelsError::BadLabel { key: key.chars().take(caps::MAX_LABEL_KEY).collect() });
            }
            labels.insert(key, value);
            if labels.len() > caps::MAX_LABELS {
                return Err(LabelsError::TooMany);
            }
        }
        Ok(Self(labels))
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// The pairs, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<BTreeMap<String, String>> for Labels {
    type Error = LabelsError;

    fn try_from(pairs: BTreeMap<String, String>) -> Result<Self, LabelsError> {
        Self::new(pairs)
    }
}

impl From<Labels> for BTreeMap<String, String> {
    fn from(labels: Labels) -> Self {
        labels.0
    }
}

/// Why labels are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LabelsError {
    /// A key is empty or longer than 63 bytes, a value is longer than 255, or one has control characters.
    #[error("label `{key}`: a key has 1 to 63 bytes and a value up to 255, without control characters")]
    BadLabel {
        /// The key, cut to its cap.
        key: String,
    },
    /// More than 16.
    #[error("a certificate has at most {} labels", caps::MAX_LABELS)]
    TooMany,
}
