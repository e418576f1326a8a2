//! Trust anchors, indexed by subject.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use pki_types::TrustAnchor;

use crate::{
    Breach, Certificate, Error, anchor_key::AnchorKey, cursor::Cursor, decode, rules::lasting_breaches,
};

/// Where a trust anchor comes from: some rules hold for public CAs only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AnchorOrigin {
    /// Given by the operator.
    Private,
    /// Of the web PKI, as browsers trust it.
    Public,
}

/// The trust anchors that a path may end in.
///
/// Making one costs about as much as a signature check, so make it once and share it.
///
/// ```
/// use cert_core::TrustAnchors;
///
/// let anchors = TrustAnchors::webpki();
/// assert!(anchors.len() > 100);
/// ```
#[derive(Default)]
pub struct TrustAnchors {
    anchors: Vec<Anchor>,
    by_subject: HashMap<Vec<u8>, Vec<usize>>,
}

/// One anchor.
pub(crate) struct Anchor {
    pub(crate) anchor: TrustAnchor<'static>,
    pub(crate) key: AnchorKey,
    pub(crate) origin: AnchorOrigin,
    /// Its own certificate, where it was given as one.
    pub(crate) certificate: Option<Certificate>,
    /// The rules that its own certificate breaks at any time.
    pub(crate) breaches: Vec<Breach>,
}

impl TrustAnchors {
    /// No anchors: nothing is trusted.
    pub fn new() -> Self {
        Self::default()
    }

    /// The anchors of the web PKI, as Mozilla trusts them for servers. Made once in a process.
    pub fn webpki() -> Arc<Self> {
        static WEBPKI: LazyLock<Arc<TrustAnchors>> = LazyLock::new(|| {
            let mut anchors = TrustAnchors::new();
            anchors.add_webpki();
            Arc::new(anchors)
        });
        Arc::clone(&WEBPKI)
    }

    /// Private anchors, from the PEM or DER of their certificates.
    ///
    /// # Errors
    /// 404906, with the rules of [`Chain::decode`](crate::Chain::decode).
    pub fn from_pem(certificates: &[u8]) -> Result<Self, Error> {
        let mut anchors = Self::new();
        anchors.add_pem(certificates, AnchorOrigin::Private)?;
        Ok(anchors)
    }

    /// Adds the anchors of the web PKI.
    pub fn add_webpki(&mut self) {
        for anchor in webpki_roots::TLS_SERVER_ROOTS {
            let anchor = anchor.clone();
            self.add(Anchor {
                key: AnchorKey::new(&anchor.subject_public_key_info),
                anchor,
                origin: AnchorOrigin::Public,
                certificate: None,
                breaches: Vec::new(),
            });
        }
    }

    /// Adds anchors from the PEM or DER of their certificates, any number of them.
    ///
    /// # Errors
    /// 404906, with the rules of [`Chain::decode`](crate::Chain::decode), but for `too_large` and, in PEM,
    /// `too_many_certificates`.
    pub fn add_pem(&mut self, certificates: &[u8], origin: AnchorOrigin) -> Result<(), Error> {
        for certificate in decode::anchor_certificates(certificates).map_err(Error::from_failure)? {
            let mut anchor = webpki::anchor_from_trusted_cert(certificate.der())
                .map_err(|error| Error::undecodable_anchor(&certificate, error))?
                .to_owned();
            // They are checked here, from the certificate.
            anchor.name_constraints = None;
            let breaches = lasting_breaches(&certificate);
            let key = AnchorKey::new(&anchor.subject_public_key_info);
            self.add(Anchor { anchor, key, origin, certificate: Some(certificate), breaches });
        }
        Ok(())
    }

    /// How many anchors there are.
    pub fn len(&self) -> usize {
        self.anchors.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.anchors.is_empty()
    }

    /// The anchors whose subject is the name `name`, given with its DER header.
    pub(crate) fn by_subject(&self, name: &[u8]) -> impl Iterator<Item = &Anchor> {
        let indices = self.by_subject.get(name_content(name)).map_or(&[][..], Vec::as_slice);
        indices.iter().map(|&index| &self.anchors[index])
    }

    /// The anchor that `certificate` is: the same subject and the same key.
    pub(crate) fn same_as(&self, certificate: &Certificate) -> Option<&Anchor> {
        let spki = name_content(certificate.spki_der());
        self.by_subject(certificate.subject_der())
            .find(|known| *known.anchor.subject_public_key_info == *spki)
    }

    fn add(&mut self, anchor: Anchor) {
        let subject = anchor.anchor.subject.as_ref().to_vec();
        self.by_subject.entry(subject).or_default().push(self.anchors.len());
        self.anchors.push(anchor);
    }
}

impl core::fmt::Debug for TrustAnchors {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("TrustAnchors").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// The content of a DER sequence. `TrustAnchor` keeps names and keys without their header.
pub(crate) fn name_content(der: &[u8]) -> &[u8] {
    Cursor::new(der).element().map_or(&[], |element| element.value.of(der))
}
