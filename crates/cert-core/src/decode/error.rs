//! Why a chain or a key does not decode, and why a key cannot be used.

use crate::{CertificateRef, Fingerprint};

/// Why a field does not decode. The location is kept beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// A character that base64 does not have.
    BadCharacter {
        /// The character.
        found: char,
    },
    /// A date that is not in the form of RFC 5280 section 4.1.2.5.
    BadDate {
        /// What stands there.
        text: String,
        /// A UTCTime without seconds.
        without_seconds: bool,
    },
    /// The bytes are not the DER of a certificate (ITU-T X.690, RFC 5280 section 4.1).
    BadDer {
        /// Where in the DER, in bytes.
        offset: usize,
        /// What the reader says.
        kind: String,
    },
    /// The base64 of a block does not end where a byte does.
    BadPadding,
    /// A BEGIN or END line with the wrong number of dashes.
    BoundaryDamaged,
    /// Base64 without BEGIN and END lines.
    BoundaryMissing,
    /// One certificate is too large.
    CertificateTooLarge {
        /// Its bytes.
        len: usize,
        /// The cap.
        max: usize,
    },
    /// Nothing but white space.
    Empty,
    /// A block without content.
    EmptyBlock {
        /// The label of the block.
        label: String,
    },
    /// The line breaks are written as `\n`.
    EscapedNewlines,
    /// The chain is in the key's field and the key in the chain's.
    FieldsSwapped,
    /// BEGIN and END name different things.
    LabelMismatch {
        /// The label of BEGIN.
        begin: String,
        /// The label of END.
        end: String,
    },
    /// The line breaks around a boundary are gone.
    NewlinesLost,
    /// A PKCS #12 file without any certificate.
    NoCertificateInPkcs12,
    /// A PKCS #12 file without a private key.
    NoKeyInPkcs12,
    /// Text that has no block at all.
    NoPem,
    /// Not text, and not DER of a kind that is known.
    NotText,
    /// Not a PKCS #12 file, or a damaged one.
    Pkcs12Malformed,
    /// More than one private key.
    SeveralKeys {
        /// How many.
        count: usize,
    },
    /// Dashes that a word processor changed.
    SmartDashes {
        /// The character.
        found: char,
    },
    /// An END without a BEGIN.
    StrayEnd,
    /// Chain and key are too large.
    TooLarge {
        /// Bytes of both.
        len: usize,
        /// The cap.
        max: usize,
    },
    /// Too many certificates, or blocks of any kind.
    TooManyCertificates {
        /// The cap.
        max: usize,
    },
    /// Too many extensions in one certificate.
    TooManyExtensions {
        /// The cap.
        max: usize,
    },
    /// Too many subject alternative names in one certificate.
    TooManyNames {
        /// The cap.
        max: usize,
    },
    /// Too many extended key usage purposes in one certificate.
    TooManyPurposes {
        /// The cap.
        max: usize,
    },
    /// Bytes behind the end of a certificate, within its block.
    TrailingData {
        /// How many.
        len: usize,
    },
    /// The text or the DER stops before its end.
    Truncated,
    /// A block or a file that does not belong here, although it is known what it is.
    Unexpected(Unexpected),
    /// A block with a label that is not known here.
    UnexpectedLabel {
        /// The label.
        label: String,
    },
}

/// What stands where a certificate or a private key should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unexpected {
    /// A certificate among the keys.
    CertificateInKey,
    /// A certificate signing request (PKCS #10).
    CertificateRequest,
    /// A certificate revocation list.
    CertificateRevocationList,
    /// Diffie-Hellman parameters.
    DhParameters,
    /// A private key among the certificates.
    KeyInChain,
    /// A private key in OpenSSH's own format.
    OpensshKey,
    /// A PKCS #12 file (`.pfx`, `.p12`).
    Pkcs12,
    /// A PKCS #7 bundle (`.p7b`).
    Pkcs7,
    /// A public key.
    PublicKey,
}

/// Why a private key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// Deriving a key from the passphrase would cost more than an upload may.
    DerivationTooCostly(DerivationCost),
    /// It is protected by a passphrase, and none was given or this build does not read such keys.
    Encrypted,
    /// It is encrypted in a way that is not supported.
    EncryptionUnsupported {
        /// The name of the cipher or of the key derivation.
        name: String,
    },
    /// It does not parse, or its parts do not belong together.
    Invalid,
    /// It belongs to no certificate that it may belong to.
    Mismatch(Box<KeyMismatch>),
    /// It loads, but what it signs does not verify.
    Unusable,
    /// Its type, or the leaf's, is not supported.
    Unsupported {
        /// The name of the type.
        name: String,
    },
    /// The passphrase does not open it.
    WrongPassphrase,
}

/// What the key derivations of an upload ask for, where it is too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DerivationCost {
    /// Iterations, all of them together: more than [`caps::MAX_KDF_ITERATIONS`](crate::caps::MAX_KDF_ITERATIONS).
    Iterations {
        /// How many.
        found: u64,
    },
    /// The passphrase itself: more than [`caps::MAX_PASSPHRASE`](crate::caps::MAX_PASSPHRASE).
    Passphrase {
        /// Bytes.
        found: usize,
    },
    /// Memory for scrypt: more than [`caps::MAX_SCRYPT_MEMORY`](crate::caps::MAX_SCRYPT_MEMORY).
    ScryptMemory {
        /// Bytes.
        found: u64,
    },
    /// Parallel parts of scrypt, where one is allowed.
    ScryptParallelization {
        /// How many.
        found: u64,
    },
}

/// What a key and a leaf that do not belong together are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyMismatch {
    /// The type of the key.
    pub key: String,
    /// The type of the leaf's public key.
    pub leaf: String,
    /// The leaf's name.
    pub leaf_name: String,
    /// SHA-256 of the key's `SubjectPublicKeyInfo`, by which its certificate may be found elsewhere.
    pub key_fingerprint: Option<Fingerprint>,
    /// The CA certificate of the chain that the key does belong to.
    pub belongs_to: Option<CertificateRef>,
}
