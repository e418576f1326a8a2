//! Inputs within the caps that are made to cost as much as they can.
//!
//! Whoever finds one that costs more than these adds it here.

mod chains;
mod forge;
mod keys;
mod leaves;
mod texts;

use std::sync::Arc;

use cert_core::{AnchorOrigin, TrustAnchors, ValidationPolicy, caps};

/// One hostile upload.
pub struct Hostile {
    /// What is hostile about it.
    pub name: &'static str,
    /// The chain, PEM or DER.
    pub chain: Vec<u8>,
    /// The private key, where there is one.
    pub key: Option<Vec<u8>>,
    /// A trusted certificate, where there is one.
    pub root: Option<Vec<u8>>,
    /// The RSA key whose loading and proving nobody is spared, PKCS #8.
    pub own_key: Option<Vec<u8>>,
}

impl Hostile {
    fn chain(name: &'static str, chain: Vec<u8>) -> Self {
        assert!(chain.len() <= caps::MAX_INPUT, "{name}: {} bytes", chain.len());
        Self { name, chain, key: None, root: None, own_key: None }
    }

    fn below(mut self, root: Vec<u8>) -> Self {
        self.root = Some(root);
        self
    }

    fn with_key(mut self, key: Vec<u8>) -> Self {
        assert!(self.chain.len() + key.len() <= caps::MAX_INPUT, "{}", self.name);
        self.key = Some(key);
        self
    }

    /// A policy that trusts the web PKI and this upload's root, and has seen no signature yet.
    pub fn policy(&self) -> ValidationPolicy {
        let mut anchors = TrustAnchors::new();
        anchors.add_webpki();
        if let Some(root) = &self.root {
            anchors.add_pem(root, AnchorOrigin::Private).expect("a root reads back");
        }
        ValidationPolicy::new(Arc::new(anchors))
    }
}

/// All of them.
pub fn all() -> Vec<Hostile> {
    [texts::all(), leaves::all(), chains::all(), keys::all()].into_iter().flatten().collect()
}
