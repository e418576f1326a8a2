//! DER as PEM (RFC 7468), for what comes back out of a store.

use base64_simd::AsOut as _;
use base64ct::{Base64, Encoding as _};
use cert_store::ServedChain;
use zeroize::Zeroizing;

/// The certificates of a stored chain as PEM, leaf first.
pub fn chain_pem(chain: &ServedChain) -> String {
    let mut pem = Vec::with_capacity(chain_pem_len(chain, "\n"));
    push_chain_pem(&mut pem, chain, "\n");
    into_text(pem)
}

/// Appends the certificates of a stored chain to `out` as PEM, leaf first. Each line ends with `line_end`, which inside
/// a JSON text is `\` and `n`: so the text need not be made first and escaped then.
///
/// ```
/// use cert_service::push_chain_pem;
/// use cert_store::ServedChain;
///
/// let chain: ServedChain = [[1, 2, 3].as_slice()].into_iter().collect();
/// let mut json = Vec::from(*b"\"");
/// push_chain_pem(&mut json, &chain, "\\n");
/// json.push(b'"');
/// let text = r#""-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n""#;
/// assert_eq!(json, text.as_bytes());
/// ```
pub fn push_chain_pem(out: &mut Vec<u8>, chain: &ServedChain, line_end: &str) {
    for certificate in chain.iter() {
        // Certificates are public: this may be as fast as the machine allows.
        push(out, CERTIFICATE, certificate, line_end, |der, base64| {
            let _ = base64_simd::STANDARD.encode(der, base64.as_out());
        });
    }
}

/// How many octets [`push_chain_pem`] appends.
pub fn chain_pem_len(chain: &ServedChain, line_end: &str) -> usize {
    chain.iter().map(|certificate| len(CERTIFICATE, certificate.len(), line_end)).sum()
}

const CERTIFICATE: &str = "CERTIFICATE";

/// One block. The base64 is made in constant time and nothing is left behind: it may be a private key.
pub(crate) fn encode(label: &str, der: &[u8]) -> Zeroizing<String> {
    // As long as it will be, so that the text never moves and leaves a copy behind.
    let mut pem = Vec::with_capacity(len(label, der.len(), "\n"));
    push_secret(&mut pem, label, der, "\n");
    Zeroizing::new(into_text(pem))
}

/// Appends one block, the base64 made in constant time. It leaves no copy behind if `out` has room for it.
pub(crate) fn push_secret(out: &mut Vec<u8>, label: &str, der: &[u8], line_end: &str) {
    push(out, label, der, line_end, |der, base64| {
        // It has the length of the base64.
        let _ = Base64::encode(der, base64);
    });
}

/// How many octets a block has.
pub(crate) const fn len(label: &str, der_len: usize, line_end: &str) -> usize {
    let base64 = base64_len(der_len);
    let boundaries = BEGIN.len() + END.len() + 2 * (label.len() + DASHES.len());
    boundaries + base64 + (2 + base64.div_ceil(LINE)) * line_end.len()
}

fn push(out: &mut Vec<u8>, label: &str, der: &[u8], line_end: &str, encode: impl FnOnce(&[u8], &mut [u8])) {
    out.reserve(len(label, der.len(), line_end));
    let boundary = |out: &mut Vec<u8>, start: &str| {
        [start, label, DASHES, line_end].iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
    };
    boundary(out, BEGIN);
    push_lines(out, der, line_end, encode);
    boundary(out, END);
}

/// The base64 is made at once where it ends at the latest, and its lines are moved to their places from there: no line
/// ever lands on one that is still to be moved.
fn push_lines(out: &mut Vec<u8>, der: &[u8], line_end: &str, encode: impl FnOnce(&[u8], &mut [u8])) {
    let base64 = base64_len(der.len());
    let mut to = out.len();
    let mut from = to + base64.div_ceil(LINE) * line_end.len();
    out.resize(from + base64, 0);
    encode(der, &mut out[from..]);
    let end = out.len();
    while from < end {
        let line = LINE.min(end - from);
        out.copy_within(from..from + line, to);
        (from, to) = (from + line, to + line);
        out[to..to + line_end.len()].copy_from_slice(line_end.as_bytes());
        to += line_end.len();
    }
}

/// PEM is ASCII.
fn into_text(pem: Vec<u8>) -> String {
    String::from_utf8(pem).unwrap_or_default()
}

const fn base64_len(len: usize) -> usize {
    len.div_ceil(3) * 4
}

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
const LINE: usize = 64;

#[cfg(test)]
mod tests {
    use cert_store::ServedChain;

    use super::{chain_pem, chain_pem_len, encode, len, push_chain_pem, push_secret};

    #[test]
    fn lines_have_64_characters() {
        let pem = encode("X", &[0; 49]);
        let lines: Vec<_> = pem.lines().collect();
        assert_eq!(lines, ["-----BEGIN X-----", &"A".repeat(64), "AA==", "-----END X-----"]);
        assert_eq!(encode("X", &[0; 48]).lines().count(), 3);
    }

    #[test]
    fn every_length_is_foreseen_and_both_ways_to_encode_agree() {
        for length in 0..300 {
            let der: Vec<u8> = (0..length).map(|n: usize| n.wrapping_mul(151).to_le_bytes()[0]).collect();
            let chain: ServedChain = [der.as_slice(), &der].into_iter().collect();
            for line_end in ["\n", "\\n", ""] {
                let (mut chained, mut single) = (Vec::new(), Vec::new());
                push_chain_pem(&mut chained, &chain, line_end);
                push_secret(&mut single, "CERTIFICATE", &der, line_end);
                assert_eq!(chained, single.repeat(2));
                assert_eq!(chained.len(), chain_pem_len(&chain, line_end));
                assert_eq!(single.len(), len("CERTIFICATE", length, line_end));
            }
            let whole = chain_pem(&chain);
            let text = whole.replace('\n', "\\n");
            let mut escaped = Vec::new();
            push_chain_pem(&mut escaped, &chain, "\\n");
            assert_eq!(escaped, text.as_bytes());
        }
    }

    #[test]
    fn a_secret_does_not_move_while_it_is_written() {
        let mut out = Vec::with_capacity(len("X", 1000, "\\n"));
        let place = out.as_ptr();
        push_secret(&mut out, "X", &[7; 1000], "\\n");
        assert_eq!((out.as_ptr(), out.len()), (place, out.capacity()));
    }
}
