//! A decoded chain, with or without its key.

use crate::{
    AnchorOrigin, Certificate, Error, Field, Finding, KeyError, Location, Report, Timestamp,
    ValidationPolicy, caps,
    decode::{self, DecodeError, Failure},
    report::to_pem,
    validate::{self, Upload, Verified},
};

/// The DER of each certificate of a PEM text, strictly: nothing in a block is skipped, and nothing is looked at behind
/// the base64.
///
/// # Errors
/// 404906: `too_large`, `too_many_certificates`, the rules of [`Chain::decode`] for text, and those for what a label
/// says that a block is instead.
pub fn decode_pem(text: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    check_size(text.len()).and_then(|()| decode::certificate_ders(text)).map_err(Error::from_failure)
}

/// Decoded certificates, in the order in which they were uploaded. Nothing is known of trust or rules.
///
/// ```
/// use cert_core::Chain;
///
/// let error = Chain::decode(b"-----BEGIN CERTIFICATE-----\nMIIB").unwrap_err();
/// assert_eq!(error.rule().as_str(), "truncated");
/// ```
#[derive(Clone, Debug)]
pub struct Chain {
    certificates: Vec<Certificate>,
    leaf: usize,
}

impl Chain {
    /// Reads PEM, or DER certificates one after the other.
    ///
    /// # Errors
    /// 404906. The rule is, for
    /// - sizes, which have [caps](crate::caps): `too_large`, `too_many_certificates`, `certificate_too_large`,
    ///   `too_many_extensions`, `too_many_names`, `too_many_purposes`;
    /// - text: `empty`, `not_text`, `no_pem`, `boundary_missing`, `boundary_damaged`, `stray_end`, `truncated`,
    ///   `label_mismatch`, `unexpected_block`, `empty_block`, `newlines_lost`, `escaped_newlines`, `smart_dashes`,
    ///   `bad_character`, `bad_padding`;
    /// - DER: `bad_der`, `bad_date`, `trailing_data`, `truncated`;
    /// - what it is instead: `key_in_chain`, `csr`, `crl`, `pkcs7`, `pkcs12`, `public_key`, `openssh_key`,
    ///   `dh_parameters`;
    /// - the key of the leaf: `key_unsupported`.
    pub fn decode(input: &[u8]) -> Result<Self, Error> {
        let certificates = check_size(input.len()).and_then(|()| decode::certificates(input));
        Self::of_certificates(certificates.map_err(Error::from_failure)?)
    }

    pub(crate) fn of_certificates(certificates: Vec<Certificate>) -> Result<Self, Error> {
        let leaf = certificates.iter().position(|certificate| !certificate.is_ca()).unwrap_or(0);
        let chain = Self { certificates, leaf };
        match chain.leaf().public_key().key_type() {
            Ok(_) => Ok(chain),
            Err(name) => {
                let error = KeyError::Unsupported { name: name.to_owned() };
                Err(Error::from_failure(Failure::key(error, chain.leaf().location())))
            }
        }
    }

    /// The leaf: the first certificate that is not a CA's, else the first.
    pub fn leaf(&self) -> &Certificate {
        &self.certificates[self.leaf]
    }

    /// All of them, in upload order.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// Validates the chain at `now`, up to the first error.
    ///
    /// # Errors
    /// Those of [`Bundle::validate`](crate::Bundle::validate) that are not about the key.
    pub fn validate(self, policy: &ValidationPolicy, now: Timestamp) -> Result<ValidatedChain, Error> {
        let (verified, warnings) = validate::validate(self.upload(), policy, now)?;
        Ok(ValidatedChain::new(self.certificates, &verified, warnings))
    }

    /// Everything there is to say about the chain at `now`. An error here is an error of
    /// [`validate`](Self::validate), and the first one is its error.
    pub fn inspect(&self, policy: &ValidationPolicy, now: Timestamp) -> Report {
        self.inspect_with(None, policy, now)
    }

    /// The same, after an error that a key made.
    pub(crate) fn inspect_with(
        &self,
        error: Option<Error>,
        policy: &ValidationPolicy,
        now: Timestamp,
    ) -> Report {
        inspect(self.upload(), error, policy, now)
    }

    fn upload(&self) -> Upload<'_> {
        Upload { chain: &self.certificates, leaf: self.leaf, key: None }
    }
}

/// A chain that held a policy at an instant: what is served, and what was said about the rest.
#[derive(Clone, Debug)]
pub struct ValidatedChain {
    served: Vec<Certificate>,
    path_length: usize,
    origin: AnchorOrigin,
    warnings: Vec<Finding>,
}

impl ValidatedChain {
    pub(crate) fn new(certificates: Vec<Certificate>, verified: &Verified, warnings: Vec<Finding>) -> Self {
        let served = in_order(certificates, &verified.order);
        Self { served, path_length: verified.path_length, origin: verified.origin, warnings }
    }

    /// The leaf.
    pub fn leaf(&self) -> &Certificate {
        &self.served[0]
    }

    /// What will be served: the leaf, the path's intermediates, then cross-signs. No trust anchor.
    pub fn served_chain(&self) -> &[Certificate] {
        &self.served
    }

    /// The verified path: the leaf and the intermediates, without the anchor. A prefix of the served chain.
    pub fn path(&self) -> &[Certificate] {
        &self.served[..self.path_length]
    }

    /// The served chain as PEM.
    pub fn to_pem(&self) -> String {
        to_pem(&self.served.iter().collect::<Vec<_>>())
    }

    /// Whether the path ends in an anchor of the web PKI or in a private one.
    pub const fn anchor_origin(&self) -> AnchorOrigin {
        self.origin
    }

    /// What was found and does not refuse.
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }
}

/// The certificates at these positions.
fn in_order(certificates: Vec<Certificate>, positions: &[usize]) -> Vec<Certificate> {
    if positions.iter().copied().eq(0..certificates.len()) {
        return certificates;
    }
    let mut certificates: Vec<Option<Certificate>> = certificates.into_iter().map(Some).collect();
    positions.iter().filter_map(|&position| certificates[position].take()).collect()
}

pub(crate) fn check_size(len: usize) -> Result<(), Failure> {
    if len <= caps::MAX_INPUT {
        return Ok(());
    }
    let error = DecodeError::TooLarge { len, max: caps::MAX_INPUT };
    Err(Failure::decode(error, Location::line_of(Field::Chain, None)))
}

pub(crate) fn inspect(
    upload: Upload<'_>,
    error: Option<Error>,
    policy: &ValidationPolicy,
    now: Timestamp,
) -> Report {
    let (verified, found) = validate::inspect(upload, policy, now);
    let served: Option<Vec<&Certificate>> =
        verified.map(|verified| verified.order.iter().map(|&index| &upload.chain[index]).collect());
    let findings = error.map(Error::into_finding).into_iter().chain(found).collect();
    Report::new(findings, served.as_deref())
}
