//! scratch
use aws_lc_rs::signature::*;
use std::{hint::black_box, time::Instant};
fn time(name: &str, mut f: impl FnMut()) {
    let mut v = vec![];
    for _ in 0..200 {
        let s = Instant::now();
        for _ in 0..20 {
            f();
        }
        v.push(s.elapsed().as_secs_f64() * 1e6 / 20.0);
    }
    v.sort_by(f64::total_cmp);
    println!("{name:40} {:.3} us", v[100]);
}
fn main() {
    use aws_lc_rs::{rand::SystemRandom, rsa};
    let msg = vec![7u8; 700];
    let kp = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
    let mut sig = vec![0; kp.public_modulus_len()];
    kp.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &msg, &mut sig).unwrap();
    let pk = kp.public_key().as_ref().to_vec();
    let parsed = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &pk).unwrap();
    time("rsa unparsed", || {
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &pk).verify(&msg, &sig).unwrap()
    });
    time("rsa parse", || {
        black_box(ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &pk).unwrap());
    });
    time("rsa parsed", || parsed.verify_sig(&msg, &sig).unwrap());
    let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let sig = ec.sign(&SystemRandom::new(), &msg).unwrap();
    let pk = ec.public_key().as_ref().to_vec();
    let parsed = ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &pk).unwrap();
    time("ec unparsed", || {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &pk).verify(&msg, sig.as_ref()).unwrap()
    });
    time("ec parse", || {
        black_box(ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &pk).unwrap());
    });
    time("ec parsed", || parsed.verify_sig(&msg, sig.as_ref()).unwrap());
    for n in [100, 700, 1000] {
        let m = vec![1u8; n];
        time(&format!("sha256 {n}"), || {
            black_box(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, black_box(&m)));
        });
    }
}
