//! What is handed in, before anything of it is decoded.

use core::fmt;

use crate::{
    Bundle, Chain, Error, Passphrase, Report, Timestamp, ValidationPolicy,
    decode::Failure,
    pkcs12::{self, Opened},
};

/// A chain, with or without its key, or a PKCS #12 file; and the passphrase of what is encrypted.
///
/// Keys and files that are encrypted are read with the features `encrypted-keys` and `pkcs12`; without, they are
/// recognised and refused. A passphrase that nothing needs is ignored.
///
/// ```
/// use cert_core::{Input, Passphrase, Timestamp, TrustAnchors, ValidationPolicy};
///
/// let policy = ValidationPolicy::new(TrustAnchors::webpki());
/// let passphrase = Passphrase::new("correct horse");
/// let input = Input::pair(b"not PEM", b"not PEM either").passphrase(&passphrase);
/// assert!(!input.inspect(&policy, Timestamp::from_unix(0)).accepted());
/// ```
#[derive(Clone, Copy)]
#[must_use]
pub struct Input<'a> {
    source: Source<'a>,
    passphrase: Option<&'a Passphrase>,
}

#[derive(Clone, Copy)]
enum Source<'a> {
    Chain(&'a [u8]),
    Pair { chain: &'a [u8], key: &'a [u8] },
    Pkcs12(&'a [u8]),
}

impl<'a> Input<'a> {
    /// A chain alone: PEM, or DER certificates one after the other.
    pub const fn chain(chain: &'a [u8]) -> Self {
        Self { source: Source::Chain(chain), passphrase: None }
    }

    /// A chain and the private key of its leaf: PEM or DER; PKCS #8, PKCS #1 or SEC 1, encrypted or not.
    pub const fn pair(chain: &'a [u8], key: &'a [u8]) -> Self {
        Self { source: Source::Pair { chain, key }, passphrase: None }
    }

    /// A PKCS #12 file (`.pfx`, `.p12`): DER, or its base64.
    pub const fn pkcs12(file: &'a [u8]) -> Self {
        Self { source: Source::Pkcs12(file), passphrase: None }
    }

    /// A file of which it is not known what it is: PKCS #12 where it looks like it, else a chain.
    pub fn of_file(contents: &'a [u8]) -> Self {
        if pkcs12::is_pkcs12(contents) { Self::pkcs12(contents) } else { Self::chain(contents) }
    }

    /// Whether it is a PKCS #12 file.
    pub const fn is_pkcs12(&self) -> bool {
        matches!(self.source, Source::Pkcs12(_))
    }

    /// The passphrase of the key or of the PKCS #12 file.
    pub const fn passphrase(mut self, passphrase: &'a Passphrase) -> Self {
        self.passphrase = Some(passphrase);
        self
    }

    /// Judges all of it. It never fails: what does not decode is a finding.
    ///
    /// Without a key, only the chain is judged. An error here is the one of [`Bundle::open`] and
    /// [`Bundle::validate`], or of [`Chain::decode`] and [`Chain::validate`] where there is no key.
    pub fn inspect(&self, policy: &ValidationPolicy, now: Timestamp) -> Report {
        match self.source {
            Source::Chain(chain) => match Chain::decode(chain) {
                Ok(chain) => chain.inspect(policy, now),
                Err(error) => refused(error),
            },
            Source::Pair { chain, key } => {
                let bundle = Bundle::decode_parts(chain, key, self.passphrase).map_err(Error::from_failure);
                report_of(bundle, || Chain::decode(chain), policy, now)
            }
            Source::Pkcs12(file) => match pkcs12::open(file, self.passphrase) {
                Ok(opened) => {
                    let certificates = opened.certificates.clone();
                    let bundle = opened.into_bundle().map_err(Error::from_failure);
                    report_of(bundle, || Chain::of_certificates(certificates), policy, now)
                }
                Err(failure) => refused(Error::from_failure(failure)),
            },
        }
    }
}

impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input").finish_non_exhaustive()
    }
}

impl Bundle {
    /// Decodes a chain with its private key, which is decrypted where it has to be.
    ///
    /// # Errors
    /// 404906, the first of: input above a [cap](crate::caps); a PKCS #12 file or a key whose derivation costs too
    /// much (`kdf_too_costly`), whose encryption is not supported (`key_encryption_unsupported`), that needs a
    /// passphrase (`key_encrypted`) or another one (`wrong_passphrase`); a PKCS #12 file that does not decode
    /// (`pkcs12_malformed`), or has no certificate (`pkcs12_no_certificate`) or no key (`pkcs12_no_key`); and all of
    /// [`Bundle::decode`].
    ///
    /// ```
    /// use cert_core::{Bundle, Input, Passphrase};
    ///
    /// let passphrase = Passphrase::new("correct horse");
    /// let error = Bundle::open(Input::pair(b"", b"").passphrase(&passphrase)).unwrap_err();
    /// assert_eq!(error.rule().as_str(), "empty");
    /// ```
    pub fn open(input: Input<'_>) -> Result<Self, Error> {
        let opened = match input.source {
            Source::Chain(chain) => Self::decode_parts(chain, b"", None),
            Source::Pair { chain, key } => Self::decode_parts(chain, key, input.passphrase),
            Source::Pkcs12(file) => pkcs12::open(file, input.passphrase).and_then(Opened::into_bundle),
        };
        opened.map_err(Error::from_failure)
    }
}

impl Opened {
    fn into_bundle(self) -> Result<Bundle, Failure> {
        Bundle::of_parts(self.certificates, self.key)
    }
}

/// Where the key makes the error, the chain has a verdict of its own, unless it is what does not decode.
fn report_of(
    bundle: Result<Bundle, Error>,
    chain: impl FnOnce() -> Result<Chain, Error>,
    policy: &ValidationPolicy,
    now: Timestamp,
) -> Report {
    match bundle {
        Ok(bundle) => bundle.inspect(policy, now),
        Err(error) => match chain() {
            Ok(chain) => chain.inspect_with(Some(error), policy, now),
            Err(_) => refused(error),
        },
    }
}

fn refused(error: Error) -> Report {
    Report::new(vec![error.into_finding()], None)
}
