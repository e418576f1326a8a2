//! What opens a private key that is protected.

use core::fmt;

use zeroize::Zeroizing;

/// A passphrase. It is wiped when dropped, cannot be cloned, and shows nothing of itself in `Debug`.
///
/// ```
/// use cert_core::Passphrase;
///
/// let passphrase = Passphrase::new("correct horse");
/// assert_eq!(format!("{passphrase:?}"), "Passphrase(..)");
/// ```
pub struct Passphrase(Zeroizing<Vec<u8>>);

impl Passphrase {
    /// Takes a passphrase as it is, white space included.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// Takes the contents of a file: a line end behind the passphrase is the editor's, and no part of it.
    pub fn from_file_contents(contents: &[u8]) -> Self {
        let line = contents.strip_suffix(b"\n").unwrap_or(contents);
        Self::new(line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// Whether it has no byte at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[cfg(feature = "encrypted-keys")]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::Passphrase;

    #[test]
    fn one_line_end_of_a_file_is_dropped() {
        for (contents, kept) in [("a b \n", "a b "), ("a\r\n", "a"), ("a\n\n", "a\n"), ("\n", ""), ("a", "a")]
        {
            assert_eq!(*Passphrase::from_file_contents(contents.as_bytes()).0, kept.as_bytes());
        }
    }
}
