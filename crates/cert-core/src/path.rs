//! Path building and validation (RFC 5280 section 6), done by `webpki`.

use std::cell::RefCell;

use pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, KeyUsage, VerifiedPath};

use crate::{
    AnchorOrigin, Certificate, Timestamp, TrustAnchors,
    name_constraints::NameConstraints,
    signature::SignatureChecks,
    trust::{Anchor, name_content},
};

/// A verified path: positions in the chain's list of certificates, and the anchor that it ends in.
#[derive(Debug)]
pub(crate) struct Path<'a> {
    /// The issuers from the leaf's on, without the anchor.
    pub(crate) intermediates: Vec<usize>,
    pub(crate) anchor: &'a Anchor,
}

impl core::fmt::Debug for Anchor {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Anchor").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl Path<'_> {
    pub(crate) const fn origin(&self) -> AnchorOrigin {
        self.anchor.origin
    }
}

/// Builds the path of `chain[leaf]`.
///
/// Intermediates are tried in upload order, and the path ends in one of the `candidates` among the anchors. The first
/// path that `accepts` is taken; where none is, the valid one whose first end is latest.
///
/// # Errors
/// The error of `webpki` that ranks highest, where no path is valid.
pub(crate) fn build<'a>(
    chain: &[Certificate],
    leaf: usize,
    candidates: &[&'a Anchor],
    signatures: &SignatureChecks<'_>,
    now: Timestamp,
    accepts: impl Fn(&[usize]) -> bool,
) -> Result<Path<'a>, webpki::Error> {
    let views: Vec<TrustAnchor<'_>> = candidates.iter().map(|known| borrowed(&known.anchor)).collect();
    let end_entity = EndEntityCert::try_from(chain[leaf].der())?;
    let intermediates = all_but(leaf, chain);
    let accepted: RefCell<Option<(Vec<usize>, usize)>> = RefCell::default();
    let rejected: RefCell<Vec<(Vec<usize>, usize)>> = RefCell::default();
    let choose = |path: &VerifiedPath<'_>| {
        let (used, anchor) = positions(path, chain, &views);
        if !anchor_allows(candidates[anchor], &used, chain, leaf) {
            return Err(webpki::Error::NameConstraintViolation);
        }
        if accepts(&used) {
            accepted.replace(Some((used, anchor)));
            return Ok(());
        }
        rejected.borrow_mut().push((used, anchor));
        Err(webpki::Error::UnknownIssuer)
    };
    let checking = signatures.algorithms(chain);
    let algorithms: Vec<&dyn SignatureVerificationAlgorithm> =
        checking.iter().map(|algorithm| algorithm as _).collect();
    let verified = end_entity.verify_for_usage(
        &algorithms,
        &views,
        &intermediates,
        unix_time(now),
        KeyUsage::server_auth(),
        None,
        Some(&choose),
    );
    let chosen = match verified {
        Ok(_) => accepted.take().ok_or(webpki::Error::UnknownIssuer),
        Err(error) => latest_first_end(rejected.take(), chain).ok_or(error),
    };
    chosen.map(|(intermediates, anchor)| Path { intermediates, anchor: candidates[anchor] })
}

fn all_but(leaf: usize, chain: &[Certificate]) -> Vec<CertificateDer<'_>> {
    let others = chain.iter().enumerate().filter(|(index, _)| *index != leaf);
    others.map(|(_, other)| CertificateDer::from(other.as_der())).collect()
}

/// `webpki` knows no time before 1970.
fn unix_time(instant: Timestamp) -> UnixTime {
    let seconds = instant.as_unix().max(0).unsigned_abs();
    UnixTime::since_unix_epoch(core::time::Duration::from_secs(seconds))
}

/// The anchors that an uploaded certificate names as its issuer. `webpki` would compare every name with every anchor.
pub(crate) fn candidate_anchors<'a>(chain: &[Certificate], anchors: &'a TrustAnchors) -> Vec<&'a Anchor> {
    let is_new = |index: usize| {
        let issuer = chain[index].issuer_der();
        chain[..index].iter().all(|earlier| earlier.issuer_der() != issuer)
    };
    let named = (0..chain.len()).filter(|&index| is_new(index));
    named.flat_map(|index| anchors.by_subject(chain[index].issuer_der())).collect()
}

fn borrowed<'a>(anchor: &'a TrustAnchor<'static>) -> TrustAnchor<'a> {
    TrustAnchor {
        subject: anchor.subject.as_ref().into(),
        subject_public_key_info: anchor.subject_public_key_info.as_ref().into(),
        name_constraints: anchor.name_constraints.as_ref().map(|constraints| constraints.as_ref().into()),
    }
}

/// Where the certificates of a path stand in the chain, and which anchor it ends in.
fn positions(
    path: &VerifiedPath<'_>,
    chain: &[Certificate],
    anchors: &[TrustAnchor<'_>],
) -> (Vec<usize>, usize) {
    let position = |der: CertificateDer<'_>| chain.iter().position(|certificate| *certificate.der() == der);
    let used =
        path.intermediate_certificates().filter_map(|certificate| position(certificate.der())).collect();
    let anchor = anchors.iter().position(|anchor| anchor == path.anchor()).unwrap_or_default();
    (used, anchor)
}

fn latest_first_end(paths: Vec<(Vec<usize>, usize)>, chain: &[Certificate]) -> Option<(Vec<usize>, usize)> {
    let first_end = |used: &[usize]| used.iter().map(|&index| chain[index].not_after()).min();
    let mut latest = None;
    for path in paths {
        // An earlier one in upload order wins where the ends are alike.
        let later = latest
            .as_ref()
            .is_none_or(|(used, _): &(Vec<usize>, usize)| first_end(&path.0) > first_end(used));
        if later {
            latest = Some(path);
        }
    }
    latest
}

/// Whether the anchor's own name constraints, where it was given as a certificate, allow the leaf and every
/// intermediate that is not self-issued (RFC 5280 section 6.1.3 (b) and (c)).
fn anchor_allows(anchor: &Anchor, intermediates: &[usize], chain: &[Certificate], leaf: usize) -> bool {
    let Some(constraints) = anchor.certificate.as_ref().and_then(NameConstraints::of) else {
        return true;
    };
    let issued =
        intermediates.iter().map(|&index| &chain[index]).filter(|certificate| !certificate.is_self_issued());
    let mut constrained = core::iter::once(&chain[leaf]).chain(issued);
    constraints.is_ok_and(|constraints| constrained.all(|certificate| constraints.allow(certificate)))
}

/// Whether `issuer`'s name is the one that `certificate` gives as its issuer's.
pub(crate) fn names_issuer(certificate: &Certificate, issuer: &Certificate) -> bool {
    name_content(certificate.issuer_der()) == name_content(issuer.subject_der())
}
