//! Versions: what changes when a certificate is replaced under its id.

use serde::{Deserialize, Serialize};

use crate::{Generation, Labels, LeafFacts, SealedKey, ServedChain};

/// A new chain and key for an id that exists.
#[derive(Clone, Debug)]
pub struct NewVersion {
    /// The common name to show.
    pub common_name: String,
    /// The owner's labels from now on; `None` leaves those that stand.
    pub labels: Option<Labels>,
    /// What is known of the leaf.
    pub leaf: LeafFacts,
    /// The served chain.
    pub chain: ServedChain,
    /// The private key, sealed for the generation after the one that is replaced.
    pub sealed_key: SealedKey,
}

/// The version before the one that stands, which a rollback brings back. Its chain and key are apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousVersion {
    /// Its generation.
    pub generation: Generation,
    /// The common name to show.
    pub common_name: String,
    /// What is known of its leaf.
    pub leaf: LeafFacts,
}
