//! Everything that there is to say about an upload.

use crate::{Certificate, ErrorCode, Finding, Input, Level, Timestamp, ValidationPolicy, caps, pem};

/// All findings about an upload, errors first, each in the order of verdicts.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Report {
    findings: Vec<Finding>,
    /// How many more there were than a report holds.
    omitted: usize,
    corrected_chain: Option<String>,
}

impl Report {
    pub(crate) fn new(mut findings: Vec<Finding>, served: Option<&[&Certificate]>) -> Self {
        findings.sort_by_key(Finding::level);
        let omitted = findings.len().saturating_sub(caps::MAX_FINDINGS);
        findings.truncate(caps::MAX_FINDINGS);
        Self { findings, omitted, corrected_chain: served.map(to_pem) }
    }

    /// The findings, errors first.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How many findings there were beyond [`caps::MAX_FINDINGS`].
    pub const fn omitted(&self) -> usize {
        self.omitted
    }

    /// Whether the upload would be accepted: no finding is an error.
    pub fn accepted(&self) -> bool {
        self.first_error().is_none()
    }

    /// The public number of the refusal: that of the first error.
    pub fn verdict(&self) -> Option<ErrorCode> {
        self.first_error().and_then(Finding::code)
    }

    /// The finding that decides the verdict.
    pub fn first_error(&self) -> Option<&Finding> {
        self.findings.first().filter(|finding| finding.level() == Level::Error)
    }

    /// The chain as it would be served, PEM, where there is a path.
    pub fn corrected_chain(&self) -> Option<&str> {
        self.corrected_chain.as_deref()
    }
}

/// Judges an upload as a whole. It never fails: what does not decode is a finding.
///
/// Without a key, only the chain is judged. [`Input`] takes a passphrase as well, and PKCS #12 files.
///
/// ```
/// use cert_core::{Timestamp, TrustAnchors, ValidationPolicy, inspect};
///
/// let policy = ValidationPolicy::new(TrustAnchors::webpki());
/// let report = inspect(b"not PEM", None, &policy, Timestamp::from_unix(0));
/// assert!(!report.accepted());
/// assert_eq!(report.findings()[0].rule().as_str(), "no_pem");
/// ```
pub fn inspect(chain: &[u8], key: Option<&[u8]>, policy: &ValidationPolicy, now: Timestamp) -> Report {
    let input = match key {
        Some(key) => Input::pair(chain, key),
        None => Input::chain(chain),
    };
    input.inspect(policy, now)
}

/// Certificates as PEM, in this order.
pub(crate) fn to_pem(certificates: &[&Certificate]) -> String {
    let mut text = String::new();
    for certificate in certificates {
        pem::encode("CERTIFICATE", certificate.as_der(), &mut text);
    }
    text
}
