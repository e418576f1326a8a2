//! Certificate authorities for tests: chains made in code, valid around an instant of the test's choice.
//!
//! ```
//! use cert_core::{Bundle, Timestamp, ValidationPolicy, testing::{TestCa, TestLeaf}};
//! use std::sync::Arc;
//!
//! let now = Timestamp::from_unix(1_795_000_000);
//! let root = TestCa::root("Example Root", now);
//! let issued = root.intermediate("Example CA").issue(&TestLeaf::new(&["www.example.com"]));
//!
//! let policy = ValidationPolicy::new(Arc::new(root.trust()));
//! let bundle = Bundle::decode(issued.chain_pem().as_bytes(), issued.key_pem().as_bytes())?;
//! assert_eq!(bundle.validate(&policy, now)?.served_chain().len(), 2);
//! # Ok::<(), cert_core::Error>(())
//! ```
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "only for tests, with parameters that are known to be good"
)]

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384,
    PKCS_ECDSA_P521_SHA512, PKCS_ED25519, PKCS_RSA_SHA256, RsaKeySize, SanType,
};
use time::OffsetDateTime;

use crate::{KeyType, Timestamp, TrustAnchors};

/// A CA whose key is known: a root, or an intermediate below one.
pub struct TestCa {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate, then those above it.
    certificates: Vec<Vec<u8>>,
    key_type: KeyType,
    now: Timestamp,
}

/// What a leaf is to be.
#[derive(Clone, Debug)]
pub struct TestLeaf {
    /// The subject's common name; the first DNS name by default.
    pub common_name: Option<String>,
    /// The DNS names of the subject alternative name.
    pub dns_names: Vec<String>,
    /// The IP addresses of the subject alternative name.
    pub ip_addresses: Vec<std::net::IpAddr>,
    /// The type of its key.
    pub key_type: KeyType,
    /// First and last instant of its validity; from a day before the CA's instant to 60 days after it by default.
    pub validity: Option<(Timestamp, Timestamp)>,
    /// Further extensions: object identifier, whether critical, value.
    pub extensions: Vec<(Vec<u64>, bool, Vec<u8>)>,
    /// Whether it says that it is for TLS servers.
    pub server_auth: bool,
}

/// A certificate with its key, and the CA certificates above it but the root's.
pub struct Issued {
    certificates: Vec<Vec<u8>>,
    key: KeyPair,
}

const DAY: i64 = 86_400;

impl TestCa {
    /// A self-signed root with an EC P-256 key, valid for ten years around `now`.
    pub fn root(name: &str, now: Timestamp) -> Self {
        Self::root_with_key(KeyType::EcP256, name, now)
    }

    /// A root with a key of another type, which the CAs below it have too.
    pub fn root_with_key(key_type: KeyType, name: &str, now: Timestamp) -> Self {
        let key = generate(key_type);
        let params = ca_params(name, now);
        let certificate = params.self_signed(&key).expect("a root can be signed");
        Self {
            issuer: Issuer::new(params, key),
            certificates: vec![certificate.der().to_vec()],
            key_type,
            now,
        }
    }

    /// A CA below this one.
    pub fn intermediate(&self, name: &str) -> Self {
        self.intermediate_valid(name, self.now - 365 * DAY, self.now + 9 * 365 * DAY)
    }

    /// A CA below this one, with a validity of its own.
    pub fn intermediate_valid(&self, name: &str, not_before: Timestamp, not_after: Timestamp) -> Self {
        let key = generate(self.key_type);
        self.certify(ca_params(name, self.now), key, not_before, not_after)
    }

    /// The same name and key as `other`, certified by this CA: a cross-sign.
    pub fn cross_sign(&self, other: &Self, name: &str) -> Self {
        let key = copy_of(other.issuer.key());
        self.certify(ca_params(name, self.now), key, self.now - 365 * DAY, self.now + 9 * 365 * DAY)
    }

    /// Issues a leaf.
    pub fn issue(&self, leaf: &TestLeaf) -> Issued {
        let key = generate(leaf.key_type);
        self.issue_with(leaf, key)
    }

    /// Issues a leaf for the key of an earlier one, as a renewal that keeps its key does.
    pub fn reissue(&self, leaf: &TestLeaf, earlier: &Issued) -> Issued {
        self.issue_with(leaf, copy_of(&earlier.key))
    }

    /// The CA's own certificate.
    pub fn der(&self) -> &[u8] {
        &self.certificates[0]
    }

    /// The CA's own certificate, PEM.
    pub fn pem(&self) -> String {
        certificates_pem(&self.certificates[..1])
    }

    /// Trust in the CA's own certificate.
    pub fn trust(&self) -> TrustAnchors {
        TrustAnchors::from_pem(self.pem().as_bytes()).expect("its own certificate reads back")
    }

    /// The CA's key, PKCS #8 PEM.
    pub fn key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    fn certify(
        &self,
        mut params: CertificateParams,
        key: KeyPair,
        from: Timestamp,
        until: Timestamp,
    ) -> Self {
        (params.not_before, params.not_after) = (date(from), date(until));
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer).expect("a CA can be signed");
        let mut certificates = vec![certificate.der().to_vec()];
        certificates.extend(self.certificates.iter().cloned());
        Self { issuer: Issuer::new(params, key), certificates, key_type: self.key_type, now: self.now }
    }

    fn issue_with(&self, leaf: &TestLeaf, key: KeyPair) -> Issued {
        let params = leaf.params(self.now);
        let certificate = params.signed_by(&key, &self.issuer).expect("a leaf can be signed");
        let mut certificates = vec![certificate.der().to_vec()];
        let above = self.certificates.len() - 1;
        certificates.extend(self.certificates[..above].iter().cloned());
        Issued { certificates, key }
    }
}

impl TestLeaf {
    /// A leaf for TLS servers with these DNS names and an EC P-256 key.
    pub fn new(dns_names: &[&str]) -> Self {
        Self {
            common_name: None,
            dns_names: dns_names.iter().map(|&name| name.to_owned()).collect(),
            ip_addresses: Vec::new(),
            key_type: KeyType::EcP256,
            validity: None,
            extensions: Vec::new(),
            server_auth: true,
        }
    }

    /// With a key of another type. RSA sizes are 2048, 3072 and 4096.
    #[must_use]
    pub fn key_type(mut self, key_type: KeyType) -> Self {
        self.key_type = key_type;
        self
    }

    /// With a validity of its own.
    #[must_use]
    pub const fn valid(mut self, not_before: Timestamp, not_after: Timestamp) -> Self {
        self.validity = Some((not_before, not_after));
        self
    }

    /// Signed by its own key.
    pub fn self_signed(&self, now: Timestamp) -> Issued {
        let key = generate(self.key_type);
        let certificate = self.params(now).self_signed(&key).expect("a leaf can be signed");
        Issued { certificates: vec![certificate.der().to_vec()], key }
    }

    fn params(&self, now: Timestamp) -> CertificateParams {
        let mut params = CertificateParams::default();
        let common_name =
            self.common_name.clone().or_else(|| self.dns_names.first().cloned()).unwrap_or_default();
        params.distinguished_name = named(&common_name);
        let names =
            self.dns_names.iter().map(|name| SanType::DnsName(name.as_str().try_into().expect("ASCII")));
        let addresses = self.ip_addresses.iter().map(|&address| SanType::IpAddress(address));
        params.subject_alt_names = names.chain(addresses).collect();
        let (from, until) = self.validity.unwrap_or((now - DAY, now + 60 * DAY));
        (params.not_before, params.not_after) = (date(from), date(until));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            if self.server_auth { vec![ExtendedKeyUsagePurpose::ServerAuth] } else { Vec::new() };
        params.use_authority_key_identifier_extension = true;
        params.custom_extensions = self.extensions.iter().map(custom_extension).collect();
        params
    }
}

impl Issued {
    /// The leaf and the CA certificates above it, without the root, PEM.
    pub fn chain_pem(&self) -> String {
        certificates_pem(&self.certificates)
    }

    /// The leaf alone, PEM.
    pub fn leaf_pem(&self) -> String {
        certificates_pem(&self.certificates[..1])
    }

    /// The DER of the leaf and the CA certificates above it.
    pub fn certificates(&self) -> &[Vec<u8>] {
        &self.certificates
    }

    /// The private key, PKCS #8 PEM.
    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// The private key, PKCS #8 DER.
    pub fn key_der(&self) -> Vec<u8> {
        self.key.serialize_der()
    }
}

/// Certificates as PEM, in this order.
pub fn certificates_pem(certificates: &[Vec<u8>]) -> String {
    let mut text = String::new();
    for certificate in certificates {
        crate::pem::encode("CERTIFICATE", certificate, &mut text);
    }
    text
}

fn copy_of(key: &KeyPair) -> KeyPair {
    let pkcs8 = key.serialize_der();
    KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8.as_slice().into(), key.algorithm())
        .expect("a key reads back")
}

fn generate(key_type: KeyType) -> KeyPair {
    match key_type {
        KeyType::EcP256 => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256),
        KeyType::EcP384 => KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384),
        KeyType::EcP521 => KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512),
        KeyType::Ed25519 => KeyPair::generate_for(&PKCS_ED25519),
        KeyType::Rsa { bits } => {
            let size = match bits {
                4096 => RsaKeySize::_4096,
                3072 => RsaKeySize::_3072,
                _ => RsaKeySize::_2048,
            };
            KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, size)
        }
    }
    .expect("keys of the supported types can be made")
}

fn ca_params(name: &str, now: Timestamp) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    (params.not_before, params.not_after) = (date(now - 365 * DAY), date(now + 9 * 365 * DAY));
    params
}

fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

fn custom_extension((oid, critical, value): &(Vec<u64>, bool, Vec<u8>)) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(oid, value.clone());
    extension.set_criticality(*critical);
    extension
}

fn date(instant: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(instant.as_unix()).expect("a date of this era")
}
