//! What is uploaded, and the PKI that most of it comes from.

use std::{fs, path::Path, sync::Arc};

use cert_core::{
    Input, Passphrase, Report, Timestamp, TrustAnchors, ValidationPolicy,
    testing::{Issued, TestCa, TestLeaf},
};

pub(crate) const DAY: i64 = 86_400;

/// 2026-11-30, when the frozen certificates are valid.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_unix(1_796_000_000)
}

#[derive(Clone)]
pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) chain: Vec<u8>,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) passphrase: Option<&'static str>,
    /// The chain's bytes are a PKCS #12 file.
    pub(crate) is_pkcs12: bool,
    pub(crate) policy: ValidationPolicy,
}

impl Upload {
    pub(crate) fn new(name: &str, chain: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>, pki: &Pki) -> Self {
        Self {
            name: name.to_owned(),
            chain: chain.into(),
            key: Some(key.into()),
            passphrase: None,
            is_pkcs12: false,
            policy: pki.policy(),
        }
    }

    pub(crate) fn passphrase(mut self, passphrase: Option<&'static str>) -> Self {
        self.passphrase = passphrase;
        self
    }

    pub(crate) fn inspect(&self) -> Report {
        let input = match &self.key {
            _ if self.is_pkcs12 => Input::pkcs12(&self.chain),
            Some(key) => Input::pair(&self.chain, key),
            None => Input::chain(&self.chain),
        };
        let passphrase = self.passphrase.map(Passphrase::new);
        let input = passphrase.iter().fold(input, Input::passphrase);
        input.inspect(&self.policy, now())
    }

    pub(crate) fn policy(mut self, policy: ValidationPolicy) -> Self {
        self.policy = policy;
        self
    }
}

/// A root that is trusted, a CA below it, and a leaf of www.example.com.
pub(crate) struct Pki {
    pub(crate) root: TestCa,
    pub(crate) ca: TestCa,
    pub(crate) issued: Issued,
}

impl Pki {
    pub(crate) fn new() -> Self {
        let root = TestCa::root("Test Root", now());
        let ca = root.intermediate("Test CA");
        let issued = ca.issue(&TestLeaf::new(&["www.example.com"]));
        Self { root, ca, issued }
    }

    pub(crate) fn policy(&self) -> ValidationPolicy {
        ValidationPolicy::new(Arc::new(self.root.trust()))
    }

    /// An upload of another leaf of the CA.
    pub(crate) fn leaf(&self, name: &str, leaf: &TestLeaf) -> Upload {
        let issued = self.ca.issue(leaf);
        Upload::new(name, issued.chain_pem(), issued.key_pem(), self)
    }

    /// The good chain with another key.
    pub(crate) fn with_key(&self, name: &str, key: impl Into<Vec<u8>>) -> Upload {
        Upload::new(name, self.issued.chain_pem(), key, self)
    }

    /// Another chain with the good key.
    pub(crate) fn with_chain(&self, name: &str, chain: impl Into<Vec<u8>>) -> Upload {
        Upload::new(name, chain, self.issued.key_pem(), self)
    }
}

/// A frozen file; `recipe.sh` beside it says how it was made.
pub(crate) fn frozen(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    fs::read(folder.join(name)).expect("the file is in the repository")
}

pub(crate) fn frozen_text(name: &str) -> String {
    String::from_utf8(frozen(name)).expect("the file is text")
}

/// A frozen self-signed certificate, trusted as it is.
pub(crate) fn trusted(name: &str, upload: &str) -> Upload {
    let chain = frozen(&format!("{upload}.pem"));
    let anchors = TrustAnchors::from_pem(&chain).unwrap_or_default();
    Upload {
        name: name.to_owned(),
        chain,
        key: Some(frozen(&format!("{upload}.key.pem"))),
        passphrase: None,
        is_pkcs12: false,
        policy: ValidationPolicy::new(Arc::new(anchors)),
    }
}
