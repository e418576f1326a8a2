//! PKCS #12 files (RFC 7292): the chain and the key in a `.pfx` or `.p12`.
//!
//! The file is walked here and not by a crate, for two reasons. The crates that read it run each derivation that a
//! file asks for, each with a cap of its own: a file with a thousand encrypted bags costs a thousand times that cap.
//! And they are built on prereleases of `cms` and `pkcs12`.

#[cfg(feature = "pkcs12")]
mod ber;
#[cfg(feature = "pkcs12")]
mod container;
#[cfg(feature = "pkcs12")]
mod mac;
#[cfg(feature = "pkcs12")]
mod opening;
#[cfg(feature = "pkcs12")]
mod order;

use crate::{Certificate, Passphrase, PrivateKey, decode::Failure, pem::PemBlock, recognize::Kind};

/// What a file holds, decoded.
pub(crate) struct Opened {
    /// The leaf, then each issuer, then the rest.
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) key: PrivateKey,
}

/// Whether this is a PKCS #12 file, in DER or in base64.
pub(crate) fn is_pkcs12(contents: &[u8]) -> bool {
    if looks_like_der(contents) {
        return is_pkcs12_der(contents);
    }
    let start = contents.trim_ascii_start();
    // Only what starts as base64 of DER does is worth decoding.
    start.starts_with(b"MI") && PemBlock::bare(start).decode_secret().is_ok_and(|der| is_pkcs12_der(&der))
}

fn looks_like_der(contents: &[u8]) -> bool {
    contents.first() == Some(&0x30)
}

fn is_pkcs12_der(der: &[u8]) -> bool {
    Kind::of_der(der) == Kind::Pkcs12
}

/// Takes certificates and key out of a file.
#[cfg(feature = "pkcs12")]
pub(crate) fn open(file: &[u8], passphrase: Option<&Passphrase>) -> Result<Opened, Failure> {
    opening::open(file, passphrase)
}

/// Refuses: this build does not read it.
#[cfg(not(feature = "pkcs12"))]
pub(crate) fn open(_file: &[u8], _passphrase: Option<&Passphrase>) -> Result<Opened, Failure> {
    use crate::{DecodeError, Location, Unexpected};
    Err(Failure::decode(DecodeError::Unexpected(Unexpected::Pkcs12), Location::PKCS12))
}
