//! Every limit on input, in one place.
//!
//! All of it comes from outside, so each limit is checked before the work that it bounds. The path builder needs
//! [`MAX_KEYS_PER_SUBJECT`] and [`MAX_PURPOSES`] most: it tries every order of candidate issuers and checks their
//! extensions before any signature, so that eight same-name intermediates with long purpose lists would keep it
//! busy for seconds. It compares each name with each name constraint, on each path: [`MAX_NAME_COMPARISONS`].

/// Bytes of chain and key text together.
pub const MAX_INPUT: usize = 256 * 1024;
/// Certificates of a chain, the leaf included.
pub const MAX_CERTIFICATES: usize = 8;
/// Bytes of one certificate's DER.
pub const MAX_CERTIFICATE: usize = 16 * 1024;
/// Extensions of one certificate.
pub const MAX_EXTENSIONS: usize = 32;
/// Purposes in one extended key usage extension.
pub const MAX_PURPOSES: usize = 16;
/// Names in one subject alternative name extension.
pub const MAX_SUBJECT_ALT_NAMES: usize = 1000;
/// Distinct public keys per subject name among the intermediates of a chain.
pub const MAX_KEYS_PER_SUBJECT: usize = 2;
/// Comparisons of a name with a name constraint that the paths of a chain may take.
pub const MAX_NAME_COMPARISONS: usize = 100_000;
/// Findings in one report; further ones are counted.
pub const MAX_FINDINGS: usize = 100;
/// Iterations of all key derivations of one upload, be it PBKDF2 or an older one: an encrypted key has one, a PKCS #12
/// file one for its integrity and one for each encrypted part. A derivation counts for 10,000 at least.
pub const MAX_KDF_ITERATIONS: u64 = 1_000_000;
/// Bytes that the scrypt derivations of one upload may need. Their time grows with it. Parallelization must be 1.
pub const MAX_SCRYPT_MEMORY: u64 = 64 * 1024 * 1024;
/// Bytes of a passphrase that is needed: each derivation reads it.
pub const MAX_PASSPHRASE: usize = 1024;
/// Blocks of text that are looked at before the number of certificates is judged.
pub(crate) const MAX_PEM_BLOCKS: usize = 64;
/// Bits of an RSA modulus.
pub const RSA_MODULUS_BITS: core::ops::RangeInclusive<usize> = 2048..=8192;

/// Bytes of a certificate's name, of its common name as uploaded, and of an owner.
pub const MAX_NAME_BYTES: usize = 255;
/// Labels of a certificate.
pub const MAX_LABELS: usize = 16;
/// Bytes of a label's key.
pub const MAX_LABEL_KEY: usize = 63;
/// Bytes of a label's value.
pub const MAX_LABEL_VALUE: usize = 255;
