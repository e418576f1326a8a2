//! A chain and the key that belongs to its leaf.

use crate::{
    Certificate, CertificateRef, Error, Finding, KeyError, KeyMismatch, Location, Passphrase, PrivateKey,
    Report, Timestamp, ValidatedChain, ValidationPolicy,
    chain::{self, check_size},
    decode::{self, DecodeError, Failure, FailureCause, Unexpected},
    validate::{self, Upload},
};

/// A chain and its private key, decoded, and the key is the leaf's. Nothing is known of trust or rules.
///
/// The leaf is the certificate that the key belongs to, wherever it stands in the chain.
#[derive(Debug)]
pub struct Bundle {
    certificates: Vec<Certificate>,
    leaf: usize,
    key: PrivateKey,
}

impl Bundle {
    /// Reads a chain (PEM, or DER one after the other) and a private key (PEM or DER; PKCS #8, PKCS #1 or SEC 1).
    ///
    /// # Errors
    /// 404906. The rule is, in this order,
    /// - for the chain one of [`Chain::decode`](crate::Chain::decode), or `fields_swapped`;
    /// - for the text or the DER of the key one of the same, `several_keys` or `certificate_in_key`;
    /// - for the key itself `key_encrypted`, `key_unsupported` or `key_invalid`;
    /// - for a key that belongs to no leaf of the chain `key_mismatch`, or `key_unsupported` for the leaf's.
    ///
    /// [`open`](Self::open) takes a passphrase as well.
    ///
    /// ```
    /// use cert_core::Bundle;
    ///
    /// let error = Bundle::decode(b"", b"").unwrap_err();
    /// assert_eq!(error.rule().as_str(), "empty");
    /// ```
    pub fn decode(chain: &[u8], key: &[u8]) -> Result<Self, Error> {
        Self::decode_parts(chain, key, None).map_err(Error::from_failure)
    }

    pub(crate) fn decode_parts(
        chain: &[u8],
        key: &[u8],
        passphrase: Option<&Passphrase>,
    ) -> Result<Self, Failure> {
        check_size(chain.len().saturating_add(key.len()))?;
        let certificates = decode::certificates(chain).map_err(|failure| swapped(failure, key))?;
        Self::of_parts(certificates, decode::private_key(key, passphrase)?)
    }

    pub(crate) fn of_parts(certificates: Vec<Certificate>, key: PrivateKey) -> Result<Self, Failure> {
        let leaf = leaf_of(&certificates, &key)?;
        Ok(Self { certificates, leaf, key })
    }

    /// The certificate that the key belongs to.
    pub fn leaf(&self) -> &Certificate {
        &self.certificates[self.leaf]
    }

    /// All certificates, in upload order.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The private key.
    pub const fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// The part of the verdict that needs no signature check: the leaf's own validity.
    ///
    /// # Errors
    /// 400329 `expired`, 400322 `validity_too_short`.
    pub fn check_leaf(&self, policy: &ValidationPolicy, now: Timestamp) -> Result<(), Error> {
        validate::check_leaf(self.leaf(), policy, now)
    }

    /// Validates chain and key at `now`, up to the first error.
    ///
    /// # Errors
    /// In this order:
    /// 1. 404906 `key_invalid`: what the key signs does not verify;
    /// 2. 400329 `expired`: the leaf;
    /// 3. 400322 `validity_too_short`: the leaf;
    /// 4. 404906 `too_many_certificates`: more than the policy allows;
    /// 5. 400323 a broken rule on the key: `key_denied`, or one of those that start with `rsa_`;
    /// 6. 400323 a leaf or a chain that no path is looked for: `not_yet_valid`, `precertificate`,
    ///    `duplicate_extension`, `same_name_issuers`, `budget_exceeded`;
    /// 7. 400323 no path: `issuer_missing`, `private_ca`, `self_signed`, `lets_encrypt_staging`, `cloudflare_origin`,
    ///    `bad_signature`, `signature_algorithm`, `intermediate_expired`, `intermediate_not_yet_valid`, `ca_as_leaf`,
    ///    `not_a_ca`, `purpose_missing`, `name_constraints`, `critical_extension`, `path_length`, `path_depth`,
    ///    `budget_exceeded`, `malformed`;
    /// 8. 400322 `validity_too_short`: the certificate of the path that ends first;
    /// 9. 400323 any other broken rule of [`RULE_TABLE`](crate::RULE_TABLE) that the policy denies;
    /// 10. 400323 with [`ChainOrder::Exact`](crate::ChainOrder::Exact), a chain that is not what will be served:
    ///     `reordered`, `duplicate_certificate`, `root_included`, `unrelated_certificate`.
    pub fn validate(self, policy: &ValidationPolicy, now: Timestamp) -> Result<ValidatedBundle, Error> {
        let (verified, warnings) = validate::validate(self.upload(), policy, now)?;
        Ok(ValidatedBundle {
            chain: ValidatedChain::new(self.certificates, &verified, warnings),
            key: self.key,
        })
    }

    /// Everything there is to say about the upload at `now`. An error here is an error of
    /// [`validate`](Self::validate), and the first one is its error.
    pub fn inspect(&self, policy: &ValidationPolicy, now: Timestamp) -> Report {
        chain::inspect(self.upload(), None, policy, now)
    }

    fn upload(&self) -> Upload<'_> {
        Upload { chain: &self.certificates, leaf: self.leaf, key: Some(&self.key) }
    }
}

/// A bundle that held a policy at an instant. The layers that store and serve accept nothing else.
#[derive(Debug)]
pub struct ValidatedBundle {
    chain: ValidatedChain,
    key: PrivateKey,
}

impl ValidatedBundle {
    /// The leaf.
    pub fn leaf(&self) -> &Certificate {
        self.chain.leaf()
    }

    /// The private key of the leaf.
    pub const fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// What will be served: the leaf, the path's intermediates, then cross-signs.
    pub fn served_chain(&self) -> &[Certificate] {
        self.chain.served_chain()
    }

    /// The chain's part.
    pub const fn chain(&self) -> &ValidatedChain {
        &self.chain
    }

    /// What was found and does not refuse.
    pub fn warnings(&self) -> &[Finding] {
        self.chain.warnings()
    }
}

/// A key in the chain's field is one thing, and chain and key in each other's another.
fn swapped(failure: Failure, key: &[u8]) -> Failure {
    let has_key =
        matches!(failure.cause(), FailureCause::Decode(DecodeError::Unexpected(Unexpected::KeyInChain)));
    if has_key && decode::holds_certificates(key) {
        Failure::decode(DecodeError::FieldsSwapped, Location::CHAIN)
    } else {
        failure
    }
}

/// The first certificate that the key belongs to. A CA certificate is one only where there is nothing else.
fn leaf_of(certificates: &[Certificate], key: &PrivateKey) -> Result<usize, Failure> {
    let matching = |certificate: &Certificate| key.belongs_to(certificate);
    let leaf = certificates.iter().position(|certificate| !certificate.is_ca() && matching(certificate));
    if let Some(leaf) = leaf {
        return Ok(leaf);
    }
    let belongs_to = certificates.iter().position(matching);
    match belongs_to {
        Some(ca) if certificates.iter().all(Certificate::is_ca) => Ok(ca),
        other => Err(mismatch(certificates, key, other.map(|ca| &certificates[ca]))),
    }
}

fn mismatch(certificates: &[Certificate], key: &PrivateKey, ca: Option<&Certificate>) -> Failure {
    let leaf = certificates.iter().find(|certificate| !certificate.is_ca()).unwrap_or(&certificates[0]);
    let leaf_type = match leaf.public_key().key_type() {
        Ok(key_type) => key_type.to_string(),
        Err(name) => {
            return Failure::key(KeyError::Unsupported { name: name.to_owned() }, leaf.location());
        }
    };
    let belongs_to = ca.map(|ca| CertificateRef {
        position: ca.position(),
        name: ca.display_name(),
        fingerprint: Some(ca.fingerprint()),
    });
    let mismatch = KeyMismatch {
        key: key.key_type().to_string(),
        key_fingerprint: key.spki_fingerprint(),
        leaf: leaf_type,
        leaf_name: leaf.display_name(),
        belongs_to,
    };
    Failure::key(KeyError::Mismatch(Box::new(mismatch)), Location::KEY)
}
