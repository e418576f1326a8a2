//! What will be served: the verified path, and the uploaded certificates that continue it.

use crate::{
    Certificate, Location, TrustAnchors,
    path::{Path, names_issuer},
    signature::SignatureChecks,
    trust::name_content,
};

/// What became of an uploaded certificate, or of their order, where nothing is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServedNote {
    /// A certificate stands twice in the chain; one of them is served.
    Duplicate,
    /// A served certificate behind the path ends before the path does.
    ExtraEndsEarlier {
        /// Its last instant.
        not_after: crate::Timestamp,
    },
    /// The certificates were not in the order in which they are served.
    Reordered,
    /// A trust anchor was included: clients have it, so it is not served.
    RootIncluded,
    /// A certificate that the path does not need; it is not served.
    Unrelated,
}

/// Positions in the chain, in the order of serving, and what is to be said about the others.
#[derive(Debug)]
pub(crate) struct ServedChain {
    pub(crate) order: Vec<usize>,
    pub(crate) notes: Vec<(ServedNote, Location)>,
}

impl ServedChain {
    /// The leaf, the path's intermediates, then cross-signs of the anchor.
    pub(crate) fn new(
        chain: &[Certificate],
        leaf: usize,
        path: &Path<'_>,
        anchors: &TrustAnchors,
        signatures: &SignatureChecks<'_>,
    ) -> Self {
        let mut order = vec![leaf];
        order.extend(&path.intermediates);
        let path_length = order.len();
        extend_by_cross_signs(&mut order, chain, path, signatures);
        let notes = notes(&order, path_length, chain, anchors);
        Self { order, notes }
    }
}

/// Appends the uploaded certificates that continue the path, each signed by the next.
///
/// The first has the subject and the key of the path's anchor and was signed by another CA, so it verifies what the
/// anchor verifies. Of the following ones the signature is checked here, for no path did it.
fn extend_by_cross_signs(
    order: &mut Vec<usize>,
    chain: &[Certificate],
    path: &Path<'_>,
    signatures: &SignatureChecks<'_>,
) {
    while let Some(next) = next_of_path(order, chain, path, signatures) {
        order.push(next);
    }
}

fn next_of_path(
    order: &[usize],
    chain: &[Certificate],
    path: &Path<'_>,
    signatures: &SignatureChecks<'_>,
) -> Option<usize> {
    let anchor_key = path.anchor.anchor.subject_public_key_info.as_ref();
    let path_length = path.intermediates.len() + 1;
    let last = &chain[*order.last()?];
    (0..chain.len()).find(|&index| {
        let candidate = &chain[index];
        let is_known = order.iter().any(|&used| chain[used].der() == candidate.der());
        if is_known || candidate.is_self_issued() || !candidate.is_ca() || !names_issuer(last, candidate) {
            return false;
        }
        if order.len() == path_length {
            name_content(candidate.spki_der()) == anchor_key
        } else {
            signatures.is_signed_by_certificate(last, candidate)
        }
    })
}

fn notes(
    order: &[usize],
    path_length: usize,
    chain: &[Certificate],
    anchors: &TrustAnchors,
) -> Vec<(ServedNote, Location)> {
    let mut notes = Vec::new();
    if !order.is_sorted() {
        notes.push((ServedNote::Reordered, Location::CHAIN));
    }
    for (index, certificate) in chain.iter().enumerate() {
        if !order.contains(&index) {
            notes.push((why_not_served(certificate, index, order, chain, anchors), certificate.location()));
        }
    }
    let path_end = order[..path_length].iter().map(|&index| chain[index].not_after()).min();
    for &index in &order[path_length..] {
        let not_after = chain[index].not_after();
        if Some(not_after) < path_end {
            notes.push((ServedNote::ExtraEndsEarlier { not_after }, chain[index].location()));
        }
    }
    notes
}

fn why_not_served(
    certificate: &Certificate,
    index: usize,
    order: &[usize],
    chain: &[Certificate],
    anchors: &TrustAnchors,
) -> ServedNote {
    let same = |other: &usize| *other != index && chain[*other].der() == certificate.der();
    if order.iter().any(same) {
        ServedNote::Duplicate
    } else if certificate.is_self_issued() && anchors.same_as(certificate).is_some() {
        ServedNote::RootIncluded
    } else {
        ServedNote::Unrelated
    }
}
