//! Claims: small facts that the nodes of an installation agree on.

use core::fmt;

use serde::{Deserialize, Serialize};

/// The name of a claim: 1 to 64 of `a-z`, `0-9`, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ClaimName(String);

impl ClaimName {
    /// # Errors
    /// [`ClaimNameError`] for any other text.
    pub fn new(name: &str) -> Result<Self, ClaimNameError> {
        let is_fit = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
        let fits = (1..=64).contains(&name.len()) && name.bytes().all(is_fit);
        if fits { Ok(Self(name.to_owned())) } else { Err(ClaimNameError) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClaimName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ClaimName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

/// The text cannot be the name of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name of a claim is 1 to 64 of a-z, 0-9, - and _")]
pub struct ClaimNameError;
