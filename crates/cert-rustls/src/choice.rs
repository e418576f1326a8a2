//! Which of a name's certificates a client gets.

use cert_core::KeyType;
use cert_service::{Resolved, Served};
use rustls::{
    CipherSuite, SignatureAlgorithm, SignatureScheme, SupportedCipherSuite, crypto::CryptoProvider,
    server::ClientHello,
};

/// What a client can verify, as far as it matters here.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Offer {
    schemes: u8,
    /// The kinds of key that its TLS 1.2 cipher suites can be used with.
    old_suites: u8,
    has_new_suites: bool,
}

impl Offer {
    pub(crate) fn of(hello: &ClientHello<'_>, provider: &CryptoProvider) -> Self {
        Self::read(hello.signature_schemes(), hello.cipher_suites(), provider)
    }

    fn read(schemes: &[SignatureScheme], suites: &[CipherSuite], provider: &CryptoProvider) -> Self {
        let mut offer = Self {
            schemes: schemes.iter().fold(0, |bits, &scheme| bits | kind_of(scheme)),
            ..Self::default()
        };
        for suite in provider.cipher_suites.iter().filter(|suite| suites.contains(&suite.suite())) {
            match suite {
                SupportedCipherSuite::Tls13(_) => offer.has_new_suites = true,
                suite => {
                    let usable = |&(algorithm, _): &(_, u8)| suite.usable_for_signature_algorithm(algorithm);
                    offer.old_suites |=
                        OLD_KINDS.iter().filter(|kind| usable(kind)).fold(0, |bits, kind| bits | kind.1);
                }
            }
        }
        offer
    }

    /// The certificates of a name that a client may be given, the one that suits best first. Where it can verify none,
    /// that is the first: then the handshake ends with the alert that says so.
    ///
    /// Before all, one that the client can verify. Then one that it can in TLS 1.2 as well as in 1.3, since the version
    /// is not known yet. Then the one that costs least to sign with; then the primary slot.
    pub(crate) fn ranked(self, found: Resolved) -> impl Iterator<Item = Served> {
        let [first, second] = [found.primary(), found.alternate()];
        let rank =
            |served: &Option<Served>| served.as_ref().map_or(u8::MAX, |served| self.rank(served.key_type));
        let (first, second) = if rank(&second) < rank(&first) { (second, first) } else { (first, second) };
        first.into_iter().chain(second.filter(|served| self.fits(served.key_type)))
    }

    /// The lower the better.
    fn rank(self, key_type: KeyType) -> u8 {
        let kind = kind_of_key(key_type);
        let cost = u8::from(kind == RSA);
        let is_old = self.old_suites & old_kind(kind) != 0;
        match (self.schemes & kind != 0, is_old) {
            (true, true) => cost,
            (true, false) if self.has_new_suites => cost + if self.old_suites == 0 { 0 } else { 2 },
            _ => cost + 4,
        }
    }

    fn fits(self, key_type: KeyType) -> bool {
        self.rank(key_type) < 4
    }
}

/// One bit for each kind of key that has signature schemes of its own. A curve is used with one hash only.
const RSA: u8 = 1;
const P256: u8 = 2;
const P384: u8 = 4;
const P521: u8 = 8;
const ED25519: u8 = 16;

/// In TLS 1.2, a suite for ECDSA is used with the Edwards curves as well (RFC 8422 section 5.1.3), and rustls has a
/// name of its own for each.
const OLD_KINDS: [(SignatureAlgorithm, u8); 3] = [
    (SignatureAlgorithm::RSA, RSA),
    (SignatureAlgorithm::ECDSA, P256),
    (SignatureAlgorithm::ED25519, ED25519),
];

const fn old_kind(kind: u8) -> u8 {
    match kind {
        RSA | ED25519 => kind,
        _ => P256,
    }
}

const fn kind_of(scheme: SignatureScheme) -> u8 {
    match scheme {
        SignatureScheme::ECDSA_NISTP256_SHA256 => P256,
        SignatureScheme::ECDSA_NISTP384_SHA384 => P384,
        SignatureScheme::ECDSA_NISTP521_SHA512 => P521,
        SignatureScheme::ED25519 => ED25519,
        SignatureScheme::RSA_PKCS1_SHA256
        | SignatureScheme::RSA_PKCS1_SHA384
        | SignatureScheme::RSA_PKCS1_SHA512
        | SignatureScheme::RSA_PSS_SHA256
        | SignatureScheme::RSA_PSS_SHA384
        | SignatureScheme::RSA_PSS_SHA512 => RSA,
        _ => 0,
    }
}

const fn kind_of_key(key_type: KeyType) -> u8 {
    match key_type {
        KeyType::EcP256 => P256,
        KeyType::EcP384 => P384,
        KeyType::EcP521 => P521,
        KeyType::Ed25519 => ED25519,
        KeyType::Rsa { .. } => RSA,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use cert_core::KeyType;
    use rustls::{CipherSuite, SignatureScheme, crypto::aws_lc_rs};

    use super::Offer;

    const EC: KeyType = KeyType::EcP256;
    const RSA: KeyType = KeyType::Rsa { bits: 2048 };

    #[test]
    fn a_key_that_any_version_can_use_comes_before_a_cheap_one() {
        let schemes = |ec: bool, rsa: bool| {
            let ec = ec.then_some(SignatureScheme::ECDSA_NISTP256_SHA256);
            ec.into_iter().chain(rsa.then_some(SignatureScheme::RSA_PSS_SHA256)).collect::<Vec<_>>()
        };
        let new = CipherSuite::TLS13_AES_128_GCM_SHA256;
        let old_ec = CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256;
        let old_rsa = CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256;
        // What a client lists, and which keys it can be given, the best first.
        for (schemes, suites, expected) in [
            (schemes(true, true), &[new, old_ec, old_rsa][..], &[EC, RSA][..]),
            (schemes(true, true), &[new], &[EC, RSA]),
            (schemes(true, true), &[new, old_rsa], &[RSA, EC]),
            (schemes(true, true), &[new, old_ec], &[EC, RSA]),
            (schemes(true, true), &[old_rsa], &[RSA]),
            (schemes(true, true), &[old_ec], &[EC]),
            (schemes(false, true), &[new, old_ec, old_rsa], &[RSA]),
            (schemes(true, false), &[new, old_ec, old_rsa], &[EC]),
            (schemes(true, false), &[old_rsa], &[]),
            (schemes(true, true), &[CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA], &[]),
        ] {
            let offer = Offer::read(&schemes, suites, &aws_lc_rs::default_provider());
            let mut fitting: Vec<_> = [RSA, EC].into_iter().filter(|&key| offer.fits(key)).collect();
            fitting.sort_by_key(|&key| offer.rank(key));
            assert_eq!(fitting, expected, "{schemes:?} {suites:?}");
        }
        let offer = Offer::read(&schemes(true, true), &[new], &aws_lc_rs::default_provider());
        assert!(!offer.fits(KeyType::EcP384), "a curve is used with one hash only");
    }
}
