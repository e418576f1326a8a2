//! DER as PEM (RFC 7468), for what comes back out of a store.

use base64ct::{Base64, Encoding as _};
use cert_store::ServedChain;
use zeroize::Zeroizing;

/// The certificates of a stored chain as PEM, leaf first.
pub fn chain_pem(chain: &ServedChain) -> String {
    chain.iter().map(|certificate| encode("CERTIFICATE", certificate).to_string()).collect()
}

/// One block. The base64 is made in constant time and nothing is left behind: it may be a private key.
pub(crate) fn encode(label: &str, der: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(Base64::encode_string(der));
    // Line ends and both boundaries included, so that the text never moves and leaves a copy behind.
    let capacity = body.len() + body.len() / LINE + 2 * label.len() + 64;
    let mut pem = Zeroizing::new(String::with_capacity(capacity));
    let mut push = |parts: [&str; 3]| parts.iter().for_each(|part| pem.push_str(part));
    push(["-----BEGIN ", label, "-----\n"]);
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE));
        push([line, "\n", ""]);
        rest = after;
    }
    push(["-----END ", label, "-----\n"]);
    pem
}

const LINE: usize = 64;

#[cfg(test)]
mod tests {
    use super::encode;

    #[test]
    fn lines_have_64_characters() {
        let pem = encode("X", &[0; 49]);
        let lines: Vec<_> = pem.lines().collect();
        assert_eq!(lines, ["-----BEGIN X-----", &"A".repeat(64), "AA==", "-----END X-----"]);
        assert_eq!(encode("X", &[0; 48]).lines().count(), 3);
    }
}
