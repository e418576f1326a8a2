//! scratch
use cert_core::*;
use certkeep_benches::sample::*;
use std::{hint::black_box, time::Instant};
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let n: usize = a[2].parse().unwrap();
    let kt = if a[1].contains("rsa") { KeyType::Rsa { bits: 2048 } } else { KeyType::EcP256 };
    let s = [Sample::new(kt, "Root A"), Sample::new(kt, "Root B")];
    let policy = Sample::policy(&[&s[0], &s[1]], 1);
    let checks: Vec<_> = s.iter().flat_map(Sample::checks).collect();
    let decoded: Vec<[Chain; 2]> = (0..if a[1].starts_with("val") { n } else { 0 })
        .map(|_| [0, 1].map(|i| Chain::decode(s[i].chain.as_bytes()).unwrap()))
        .collect();
    let bundles: Vec<Vec<u8>> = s.iter().map(|s| s.certificates[..2].concat()).collect();
    let mut decoded = decoded.into_iter();
    let start = Instant::now();
    work(&a, n, &s, &policy, &checks, &bundles, &mut decoded);
    let t = start.elapsed();
    println!("{} {:.3} us per item", a[1], t.as_secs_f64() * 1e6 / (2 * n) as f64);
}
#[inline(never)]
fn work(
    a: &[String],
    n: usize,
    s: &[Sample; 2],
    policy: &ValidationPolicy,
    checks: &[RawCheck],
    bundles: &[Vec<u8>],
    decoded: &mut dyn Iterator<Item = [Chain; 2]>,
) {
    for _ in 0..n {
        let kind = a[1].split('-').next().unwrap();
        if kind == "val" {
            for c in decoded.next().unwrap() {
                black_box(c.validate(policy, NOW).unwrap());
            }
            continue;
        }
        for i in 0..2 {
            match kind {
                "chain" => {
                    black_box(Chain::decode(s[i].chain.as_bytes()).unwrap().validate(policy, NOW).unwrap());
                }
                "whole" => {
                    black_box(
                        Bundle::decode(s[i].chain.as_bytes(), s[i].key.as_bytes())
                            .unwrap()
                            .validate(policy, NOW)
                            .unwrap(),
                    );
                }
                "decode" => {
                    black_box(Chain::decode(s[i].chain.as_bytes()).unwrap());
                }
                "der" => {
                    black_box(Chain::decode(&bundles[i]).unwrap());
                }
                "pem" => {
                    black_box(decode_pem(s[i].chain.as_bytes()).unwrap());
                }
                "bundle" => {
                    black_box(Bundle::decode(s[i].chain.as_bytes(), s[i].key.as_bytes()).unwrap());
                }
                "key" => {
                    black_box(s[i].load_key());
                }
                "checks" => {
                    checks[2 * i].run();
                    checks[2 * i + 1].run();
                }
                _ => panic!(),
            }
        }
    }
}
