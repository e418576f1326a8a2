//! Why there is no path: which link is missing or broken, and where the issuer can be had.

use der::{Decode as _, Reader as _, SliceReader, Tag, Tagged as _, asn1::AnyRef};

use crate::{
    Certificate, Location, Timestamp, TrustAnchors, ValidityError,
    certificate::oid,
    path::names_issuer,
    rules::{AuthorityKeyId, may_sign_certificates},
    signature::{self, SignatureChecks},
    trust::Anchor,
    validity,
};

/// Why the chain does not verify (RFC 5280 section 6.1).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathError {
    /// The signature of a certificate is not its issuer's.
    BadSignature {
        /// The issuer that it names.
        issuer: String,
    },
    /// The chain asks for more work than a real one does.
    BudgetExceeded,
    /// A certificate that is only for Cloudflare's own proxies.
    CloudflareOrigin,
    /// The leaf is a CA certificate.
    CaAsLeaf,
    /// A critical extension that is not understood.
    CriticalExtension,
    /// More intermediates than the policy allows.
    Depth {
        /// Intermediates that are not self-issued.
        found: usize,
        /// The cap.
        max: usize,
    },
    /// No issuer of a certificate is in the chain or among the trust anchors.
    IssuerMissing(MissingIssuer),
    /// Several issuers of one name with more keys than a real chain has.
    KeysPerSubject {
        /// The name.
        subject: String,
        /// The cap.
        max: usize,
    },
    /// From Let's Encrypt's staging environment.
    LetsEncryptStaging,
    /// A part that only validation looks at is malformed.
    Malformed {
        /// What the validator says.
        reason: String,
    },
    /// A name is outside the name constraints of an issuer.
    NameConstraints,
    /// The issuer is not a CA, or may not sign certificates.
    NotACa,
    /// An issuer may only have fewer CAs below it.
    PathLength,
    /// A CA that no browser trusts.
    PrivateCa {
        /// The CA.
        root: String,
    },
    /// The certificate's purposes do not include TLS server authentication.
    PurposeMissing,
    /// The leaf is signed by its own key.
    SelfSigned,
    /// The signature's algorithm is not supported or does not fit the issuer's key.
    SignatureAlgorithm,
    /// An intermediate's validity.
    Validity(ValidityError),
}

/// The issuer that a chain lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingIssuer {
    /// Its name.
    pub issuer: String,
    /// Its key identifier in hex, where the certificate tells.
    pub key_id: Option<String>,
    /// Where the issuer's certificate can be had, from the authority information access.
    pub url: Option<String>,
    /// Whether the missing one is an intermediate, as far as one can tell: appending it helps.
    pub is_intermediate: bool,
}

/// Follows the links from the leaf until one is missing or broken.
pub(crate) fn diagnose(
    chain: &[Certificate],
    leaf: usize,
    anchors: &TrustAnchors,
    signatures: &SignatureChecks<'_>,
    now: Timestamp,
    error: &webpki::Error,
) -> (PathError, Location) {
    let mut visited = vec![leaf];
    loop {
        let current = &chain[visited[visited.len() - 1]];
        let at_current = |error| (error, current.location());
        if visited.len() > 1
            && let Some(error) = wrong_with_issuer(current, now)
        {
            return at_current(error);
        }
        let signed_by =
            |known: &Anchor| signatures.is_signed_by(current, known.anchor.subject_public_key_info.as_ref());
        if anchors.by_subject(current.issuer_der()).any(signed_by) {
            return from_webpki(error, chain, leaf);
        }
        if current.is_self_issued() && signatures.is_signed_by_certificate(current, current) {
            return at_current(untrusted(current, visited.len() == 1));
        }
        let named = |index: &usize| !visited.contains(index) && names_issuer(current, &chain[*index]);
        let candidates: Vec<usize> = (0..chain.len()).filter(named).collect();
        match candidates.iter().find(|&&index| signatures.is_signed_by_certificate(current, &chain[index])) {
            Some(&issuer) => visited.push(issuer),
            None => return at_current(broken_link(current, &candidates, anchors, visited.len() == 1)),
        }
    }
}

/// The first error of `webpki` in our words, at the leaf where it does not say which certificate.
pub(crate) fn from_webpki(
    error: &webpki::Error,
    chain: &[Certificate],
    leaf: usize,
) -> (PathError, Location) {
    use webpki::Error as E;
    let error = match error {
        E::CaUsedAsEndEntity => PathError::CaAsLeaf,
        E::EndEntityUsedAsCa => PathError::NotACa,
        E::InvalidSignatureForPublicKey => PathError::BadSignature { issuer: chain[leaf].issuer_name() },
        E::MaximumNameConstraintComparisonsExceeded
        | E::MaximumPathBuildCallsExceeded
        | E::MaximumPathDepthExceeded
        | E::MaximumSignatureChecksExceeded => PathError::BudgetExceeded,
        E::NameConstraintViolation => PathError::NameConstraints,
        E::PathLenConstraintViolated => PathError::PathLength,
        E::RequiredEkuNotFoundContext(_) | E::EmptyEkuExtension => PathError::PurposeMissing,
        E::SignatureAlgorithmMismatch
        | E::UnsupportedSignatureAlgorithmContext(_)
        | E::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => PathError::SignatureAlgorithm,
        E::UnsupportedCriticalExtension => PathError::CriticalExtension,
        E::UnknownIssuer => PathError::PrivateCa { root: chain[leaf].issuer_name() },
        other => PathError::Malformed { reason: other.to_string() },
    };
    (error, chain[leaf].location())
}

/// What keeps a certificate that did sign from being an issuer.
fn wrong_with_issuer(issuer: &Certificate, now: Timestamp) -> Option<PathError> {
    if let Err(error) =
        validity::check_expired(issuer, now).and_then(|()| validity::check_not_before(issuer, now))
    {
        return Some(PathError::Validity(error));
    }
    (!issuer.is_ca() || !may_sign_certificates(issuer)).then_some(PathError::NotACa)
}

/// Nobody in the chain signed `current`, and it did not sign itself.
fn broken_link(
    current: &Certificate,
    candidates: &[usize],
    anchors: &TrustAnchors,
    is_leaf: bool,
) -> PathError {
    let is_named = !candidates.is_empty() || anchors.by_subject(current.issuer_der()).next().is_some();
    match known_untrusted(&current.issuer()) {
        Some(error) => error,
        None if is_named && !signature::is_supported(current) => PathError::SignatureAlgorithm,
        None if is_named => PathError::BadSignature { issuer: current.issuer_name() },
        None => PathError::IssuerMissing(missing_issuer(current, is_leaf)),
    }
}

fn missing_issuer(current: &Certificate, is_leaf: bool) -> MissingIssuer {
    let url = issuer_url(current);
    MissingIssuer {
        issuer: current.issuer_name(),
        key_id: authority_key_id(current),
        is_intermediate: is_leaf || url.is_some(),
        url,
    }
}

fn untrusted(root: &Certificate, is_leaf: bool) -> PathError {
    match known_untrusted(&root.subject()) {
        Some(error) => error,
        None if is_leaf => PathError::SelfSigned,
        None => PathError::PrivateCa { root: root.display_name() },
    }
}

/// CAs that are known to be no public ones, by the names that they give themselves.
fn known_untrusted(name: &str) -> Option<PathError> {
    if name.contains("(STAGING)") || name.contains("Fake LE ") {
        Some(PathError::LetsEncryptStaging)
    } else if name.to_ascii_lowercase().contains("cloudflare origin") {
        Some(PathError::CloudflareOrigin)
    } else {
        None
    }
}

/// The key identifier of the issuer, in hex.
fn authority_key_id(certificate: &Certificate) -> Option<String> {
    let key_id = AuthorityKeyId::of(certificate)?.key_id?;
    Some(key_id.iter().take(64).map(|byte| format!("{byte:02x}")).collect())
}

/// The first `caIssuers` URL of the authority information access (RFC 5280 section 4.2.2.1).
fn issuer_url(certificate: &Certificate) -> Option<String> {
    let value = certificate.extension(oid::AUTHORITY_INFORMATION_ACCESS)?;
    let mut reader = SliceReader::new(value).ok()?;
    let url = reader.sequence(|descriptions| {
        while !descriptions.is_finished() {
            let (method, location) = descriptions
                .sequence(|pair| Ok::<_, der::Error>((AnyRef::decode(pair)?, AnyRef::decode(pair)?)))?;
            if method.value() == oid::AD_CA_ISSUERS && is_context(location.tag(), 6) {
                descriptions.drain(descriptions.remaining_len())?;
                return Ok(Some(String::from_utf8_lossy(location.value()).into_owned()));
            }
        }
        Ok::<_, der::Error>(None)
    });
    url.ok().flatten().filter(|url| is_plain_url(url))
}

/// Whether a URL can be shown to people and pasted by them as it is.
fn is_plain_url(url: &str) -> bool {
    let has_scheme = url.starts_with("http://") || url.starts_with("https://");
    has_scheme
        && url.len() <= 255
        && url.bytes().all(|b| b.is_ascii_graphic() && !b"'\"`\\$;|&<>()".contains(&b))
}

fn is_context(tag: Tag, wanted: u32) -> bool {
    matches!(tag, Tag::ContextSpecific { number, .. } if number.0 == wanted)
}
