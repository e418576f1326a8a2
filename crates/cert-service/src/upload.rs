//! Uploads: from what a tenant sent to a stored certificate.

use std::sync::Arc;

use cert_core::{
    Bundle, Cause, Certificate, Finding, KeyError, Passphrase, Report, Timestamp, ValidatedBundle, caps,
};
use cert_store::{
    CertId, FindBy, Generation, Labels, LeafFacts, NewCert, OwnerId, PageSize, Quota, ServedChain, StoreError,
};
use zeroize::Zeroizing;

use crate::{
    Action, Caller, CertService, Plan, Refusal, ServiceError, TakenOver, executor,
    sealing::{self, SealContext},
};

/// What a tenant hands in.
///
/// ```
/// use cert_service::Upload;
///
/// let upload = Upload::pem("-----BEGIN CERTIFICATE-----\n...", "-----BEGIN PRIVATE KEY-----\n...")
///     .name("www")
///     .label("team", "web");
/// # let _ = upload;
/// ```
pub struct Upload {
    chain: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
    passphrase: Option<Passphrase>,
    is_pkcs12: bool,
    name: String,
    common_name: String,
    labels: Option<Vec<(String, String)>>,
    takeover: Option<bool>,
}

impl Upload {
    /// A chain (PEM or DER, leaf in any place) and the private key of its leaf.
    pub fn pem(chain: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        Self {
            chain: chain.into(),
            key: Zeroizing::new(key.into()),
            passphrase: None,
            is_pkcs12: false,
            name: String::new(),
            common_name: String::new(),
            labels: None,
            takeover: None,
        }
    }

    /// A PKCS #12 file (`.pfx`, `.p12`), DER or its base64. Read with the feature `pkcs12` of `cert-core`, else refused.
    pub fn pkcs12(file: impl Into<Vec<u8>>) -> Self {
        Self { is_pkcs12: true, ..Self::pem(Vec::new(), file) }
    }

    /// The passphrase of the private key or of the PKCS #12 file. Encrypted keys are read with the feature
    /// `encrypted-keys` of `cert-core`. One that nothing needs is ignored.
    #[must_use]
    pub fn passphrase(mut self, passphrase: Passphrase) -> Self {
        self.passphrase = Some(passphrase);
        self
    }

    /// What the tenant calls it. Empty by default.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The common name to show. The leaf's own by default; it need not match the certificate.
    #[must_use]
    pub fn common_name(mut self, common_name: impl Into<String>) -> Self {
        self.common_name = common_name.into();
        self
    }

    /// Adds a label, or replaces the one with the same key.
    #[must_use]
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.get_or_insert_default().push((key.into(), value.into()));
        self
    }

    /// Says that there are no labels but those that are added after this: a [replacement](CertService::replace)
    /// without a word about labels leaves those that stand.
    #[must_use]
    pub fn no_labels(mut self) -> Self {
        self.labels = Some(Vec::new());
        self
    }

    /// Lets the new certificate take over every domain of its owner whose present certificate it covers and outlives,
    /// each in one step, as soon as it is stored. Whether that happens otherwise is up to the owner's
    /// [`Plan`].
    #[must_use]
    pub const fn takeover(mut self) -> Self {
        self.takeover = Some(true);
        self
    }

    /// Leaves the owner's domains as they are, whatever the plan says.
    #[must_use]
    pub const fn no_takeover(mut self) -> Self {
        self.takeover = Some(false);
        self
    }
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload").field("name", &self.name).finish_non_exhaustive()
    }
}

/// An upload that was accepted.
#[derive(Clone, Debug)]
pub struct Uploaded {
    id: CertId,
    generation: Generation,
    existing: bool,
    keeps_labels: bool,
    warnings: Vec<Finding>,
    taken_over: Vec<TakenOver>,
}

impl Uploaded {
    /// The id of the certificate.
    pub const fn id(&self) -> CertId {
        self.id
    }

    /// The generation that the certificate has under its id.
    pub const fn generation(&self) -> Generation {
        self.generation
    }

    /// Whether the same upload was there already, and this is its id.
    pub const fn is_existing(&self) -> bool {
        self.existing
    }

    /// Whether a repeated upload came with other labels than the certificate has, which it keeps.
    pub const fn keeps_other_labels(&self) -> bool {
        self.keeps_labels
    }

    /// What was found and did not refuse it.
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }

    /// The domains that it has taken over, and from which certificate each. A repeated upload lists only what it took
    /// over itself.
    pub fn taken_over(&self) -> &[TakenOver] {
        &self.taken_over
    }
}

impl CertService {
    /// Judges an upload, seals its key and stores both, within the owner's quota.
    ///
    /// The same upload again (owner, name, common name and served chain alike) gets the id that it has. With a
    /// [takeover](Upload::takeover), which comes after storing, repeat an upload whose answer was lost or was an error
    /// of the store: it goes on with what it has not taken over yet.
    ///
    /// # Errors
    /// In this order: [`ServiceError::InvalidName`] and [`ServiceError::Store`] for a name or label beyond its caps;
    /// [`ServiceError::Refused`] with every finding for what does not decode, does not match, has expired or is too
    /// short (404906, 400329, 400322); 400500 above the quota; `Refused` for what does not verify or breaks a rule
    /// (400322, 400323); 400500 again, exactly. Besides, [`ServiceError::Seal`] where the key cannot be sealed.
    pub async fn upload(&self, caller: &Caller, upload: Upload) -> Result<Uploaded, ServiceError> {
        let owner = self.owner_of(caller)?;
        let (input, attributes) = split(upload)?;
        let (plan, now) = (self.parts.policies.plan(owner), self.now());
        let bundle = self.decode(owner, &input, &plan, now).await?;
        self.check_room(owner, plan.quota(), bundle.leaf(), now).await?;
        let bundle = self.validate(bundle, &input, &plan, now).await?;
        let takeover = attributes.takeover.unwrap_or_else(|| plan.takes_over());
        let mut uploaded = self.insert(caller, owner, bundle, attributes, plan.quota(), now).await?;
        if takeover {
            uploaded.taken_over = self.take_over(caller, owner, uploaded.id).await?;
        }
        Ok(uploaded)
    }

    /// Judges an upload as [`upload`](Self::upload) would, but for quota, and stores nothing.
    ///
    /// # Errors
    /// [`ServiceError::OwnerRequired`], [`ServiceError::Interrupted`]. What is wrong with the upload is a finding.
    pub async fn inspect(&self, caller: &Caller, upload: Upload) -> Result<Report, ServiceError> {
        let plan = self.parts.policies.plan(self.owner_of(caller)?);
        let Upload { chain, key, passphrase, is_pkcs12, .. } = upload;
        let (input, now) = (Input { chain, key, passphrase, is_pkcs12 }, self.now());
        self.compute(move || input.sent().inspect(plan.validation(), now)).await
    }

    pub(crate) async fn decode(
        &self,
        owner: &OwnerId,
        input: &Arc<Input>,
        plan: &Plan,
        now: Timestamp,
    ) -> Result<Bundle, ServiceError> {
        let (input, plan) = (Arc::clone(input), plan.clone());
        let decoded = self.compute(move || {
            let bundle = Bundle::open(input.sent())
                .and_then(|bundle| bundle.check_leaf(plan.validation(), now).map(|()| bundle));
            bundle.map_err(|error| input.refusal(error, &plan, now))
        });
        match decoded.await? {
            Err(ServiceError::Refused(refusal)) => Err(self.name_key_of(owner, *refusal).await),
            decoded => decoded,
        }
    }

    /// A cheap look before any signature is checked: the store decides exactly. An owner who is full goes on only
    /// with a leaf that is stored already, since a repeated upload still gets its id.
    async fn check_room(
        &self,
        owner: &OwnerId,
        quota: Quota,
        leaf: &Certificate,
        now: Timestamp,
    ) -> Result<(), ServiceError> {
        let usage = self.parts.store.usage(owner, now).await?;
        let Some(limit) = quota.reached_by(usage) else { return Ok(()) };
        let by = FindBy::Leaf(leaf.fingerprint());
        let stored = self.parts.store.find(owner, &by, None, PageSize::MIN).await?;
        if stored.is_empty() {
            return Err(StoreError::QuotaExceeded { owner: owner.clone(), limit }.into());
        }
        Ok(())
    }

    /// A key that belongs to no certificate of the chain may belong to one that the owner has stored. Where the store
    /// cannot be asked, the refusal stands as it is.
    async fn name_key_of(&self, owner: &OwnerId, mut refusal: Refusal) -> ServiceError {
        if let Cause::Key(KeyError::Mismatch(mismatch)) = refusal.error().cause()
            && let Some(spki) = mismatch.key_fingerprint
        {
            let stored = self.parts.store.find(owner, &FindBy::Spki(spki), None, PageSize::MIN).await;
            refusal.key_of = stored.unwrap_or_default().first().map(|cert| cert.id);
        }
        ServiceError::Refused(Box::new(refusal))
    }

    pub(crate) async fn validate(
        &self,
        bundle: Bundle,
        input: &Arc<Input>,
        plan: &Plan,
        now: Timestamp,
    ) -> Result<ValidatedBundle, ServiceError> {
        let (input, plan) = (Arc::clone(input), plan.clone());
        self.compute(move || {
            bundle.validate(plan.validation(), now).map_err(|error| input.refusal(error, &plan, now))
        })
        .await?
    }

    async fn insert(
        &self,
        caller: &Caller,
        owner: &OwnerId,
        bundle: ValidatedBundle,
        attributes: Attributes,
        quota: Quota,
        now: Timestamp,
    ) -> Result<Uploaded, ServiceError> {
        let parts = &self.parts;
        let id = parts.ids.next(owner, parts.clock.unix_millis())?;
        let leaf = bundle.leaf();
        let context = SealContext::new(owner, id, Generation::FIRST, &leaf.spki_fingerprint());
        let sealed_key = sealing::seal(&*parts.wrapper, &context, bundle.key()).await?;
        let labels = attributes.labels.unwrap_or_default();
        let cert = NewCert {
            id,
            owner: owner.clone(),
            name: attributes.name,
            common_name: shown_common_name(attributes.common_name, leaf),
            labels: labels.clone(),
            leaf: facts(&bundle),
            chain: served_chain(&bundle),
            sealed_key,
        };
        let inserted = parts.store.insert(cert, quota, now).await?;
        let action = if inserted.existing { Action::UploadedAgain } else { Action::Uploaded };
        self.record(caller, action, owner, inserted.id);
        // It is stored, whatever comes of this look.
        let keeps_labels = inserted.existing
            && parts.store.get(inserted.id).await.is_ok_and(|standing| standing.summary.labels != labels);
        Ok(Uploaded {
            id: inserted.id,
            generation: inserted.generation,
            existing: inserted.existing,
            keeps_labels,
            warnings: bundle.warnings().to_vec(),
            taken_over: Vec::new(),
        })
    }

    /// Runs CPU work of the embedder's where the service runs its own, such as parsing a large request.
    ///
    /// # Errors
    /// [`ServiceError::Interrupted`] where the executor drops the work, or it panics.
    pub async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ServiceError> {
        executor::run(&*self.parts.executor, work).await.ok_or(ServiceError::Interrupted)
    }
}

/// The part of an upload that is judged.
pub(crate) struct Input {
    chain: Vec<u8>,
    /// Or the PKCS #12 file.
    key: Zeroizing<Vec<u8>>,
    passphrase: Option<Passphrase>,
    is_pkcs12: bool,
}

impl Input {
    fn sent(&self) -> cert_core::Input<'_> {
        let input = match self.is_pkcs12 {
            true => cert_core::Input::pkcs12(&self.key),
            false => cert_core::Input::pair(&self.chain, &self.key),
        };
        self.passphrase.iter().fold(input, cert_core::Input::passphrase)
    }

    /// A refusal names everything that is wrong, so that nobody has to send a key again to learn the rest.
    fn refusal(&self, error: cert_core::Error, plan: &Plan, now: Timestamp) -> ServiceError {
        let report = self.sent().inspect(plan.validation(), now);
        ServiceError::Refused(Box::new(Refusal::new(error, report)))
    }
}

/// The part of an upload that is only kept.
pub(crate) struct Attributes {
    pub(crate) name: String,
    pub(crate) common_name: String,
    pub(crate) labels: Option<Labels>,
    takeover: Option<bool>,
}

pub(crate) fn split(upload: Upload) -> Result<(Arc<Input>, Attributes), ServiceError> {
    let Upload { chain, key, passphrase, is_pkcs12, name, common_name, labels, takeover } = upload;
    check_text("name", &name)?;
    check_text("common name", &common_name)?;
    let labels = labels.map(Labels::new).transpose()?;
    let input = Input { chain, key, passphrase, is_pkcs12 };
    Ok((Arc::new(input), Attributes { name, common_name, labels, takeover }))
}

fn check_text(field: &'static str, text: &str) -> Result<(), ServiceError> {
    if text.len() > caps::MAX_NAME_BYTES || text.chars().any(char::is_control) {
        return Err(ServiceError::InvalidName { field });
    }
    Ok(())
}

/// What was sent; the leaf's own where nothing was, as far as it is a text that could have been sent.
pub(crate) fn shown_common_name(sent: String, leaf: &Certificate) -> String {
    if !sent.is_empty() {
        return sent;
    }
    leaf.common_name().filter(|name| check_text("common name", name).is_ok()).unwrap_or_default()
}

pub(crate) fn served_chain(bundle: &ValidatedBundle) -> ServedChain {
    bundle.served_chain().iter().map(Certificate::as_der).collect()
}

pub(crate) fn facts(bundle: &ValidatedBundle) -> LeafFacts {
    let leaf = bundle.leaf();
    LeafFacts {
        dns_names: leaf.dns_names().to_vec(),
        cover_names: leaf.cover_names(),
        not_before: leaf.not_before(),
        not_after: leaf.not_after(),
        key_type: bundle.key().key_type(),
        fingerprint: leaf.fingerprint(),
        spki_fingerprint: leaf.spki_fingerprint(),
        serial: leaf.serial().to_vec(),
        issuer: leaf.issuer_der().to_vec(),
    }
}
