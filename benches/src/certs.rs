//! Certificates for stores, of the size that real ones have.

use cert_store::{
    NewCert, SealedKey, ServedChain,
    conformance::{Sample, owner},
};

/// DER of a certificate, typically.
const CERTIFICATE: usize = 1_300;
/// A sealed RSA 2048 key, typically.
const SEALED_KEY: usize = 1_400;

/// The number-th certificate of an owner: two names, two certificates, some 4 KB.
pub fn cert(owner_name: &str, number: u64) -> NewCert {
    let names = [format!("n{number}.example.com"), format!("www.n{number}.example.com")];
    let sample = Sample::new(&owner(owner_name), number).names(&[&names[0], &names[1]]);
    let mut cert = sample.new_cert();
    let (leaf, intermediate) = (octets(number, CERTIFICATE), octets(u64::MAX, CERTIFICATE));
    cert.chain = [leaf.as_slice(), &intermediate].into_iter().collect::<ServedChain>();
    let sealed = [&b"\x01\x01\x00\x05kek-1"[..], &octets(number, SEALED_KEY)].concat();
    cert.sealed_key = SealedKey::from_bytes(sealed).expect("it has a header");
    cert
}

/// Octets that do not compress, the same for the same seed.
fn octets(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed ^ 0x9e37_79b9_7f4a_7c15;
    let next = || {
        // xorshift64
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}
