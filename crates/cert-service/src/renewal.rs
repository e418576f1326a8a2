//! Renewal under the same id, and back.

use cert_core::{Finding, ValidatedBundle};
use cert_store::{CertId, CertRecord, CertSummary, Generation, Labels, NewVersion, StoreError};

use crate::{
    Action, Caller, CertService, SealError, ServiceError, Upload,
    sealing::{self, SealContext},
    service::ATTEMPTS,
    upload::{self, Attributes},
};

/// A certificate that has another version.
#[derive(Clone, Debug)]
pub struct Replaced {
    generation: Generation,
    warnings: Vec<Finding>,
}

impl Replaced {
    /// The generation that stands.
    pub const fn generation(&self) -> Generation {
        self.generation
    }

    /// What was found and did not refuse it.
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }
}

impl CertService {
    /// Puts a new chain and key under the id of a certificate. Its domains are served by the new version from then on,
    /// and the version before is kept for [`rollback`](Self::rollback). The content that stands already keeps its
    /// generation, so that the call may be repeated.
    ///
    /// With `expected`, only while that generation stands; without, whatever stands is replaced. The name stays. Labels
    /// stay unless the upload says something about them; where it differs in them only, they alone are replaced, and
    /// the generation stays.
    ///
    /// # Errors
    /// 400401 for an id that nobody has, 404908 for another owner's; then as [`upload`](Self::upload) but for the
    /// quota, of which a renewal needs no place unless the certificate had expired (400500). In
    /// [`ServiceError::Store`]: `would_uncover` with the bound domains that would lose their cover, `stale_generation`
    /// where another one stands than `expected`. [`ServiceError::NotChangeable`] for another name.
    pub async fn replace(
        &self,
        caller: &Caller,
        id: CertId,
        upload: Upload,
        expected: Option<Generation>,
    ) -> Result<Replaced, ServiceError> {
        let cert = self.owned(caller, id).await?.summary;
        let (input, attributes) = upload::split(upload)?;
        keeps_name(&cert, &attributes)?;
        let labels = attributes.labels;
        let is_relabelled = labels.as_ref().is_some_and(|labels| *labels != cert.labels);
        let (plan, now) = (self.parts.policies.plan(&cert.owner), self.now());
        let bundle = self.decode(&cert.owner, &input, &plan, now).await?;
        let bundle = self.validate(bundle, &input, &plan, now).await?;
        let common_name = upload::shown_common_name(attributes.common_name, bundle.leaf());
        let mut generation = expected.unwrap_or(cert.generation);
        let mut attempts = 0..ATTEMPTS;
        loop {
            let version = self.version(&cert, generation, &bundle, (&common_name, &labels)).await?;
            match self.parts.store.replace(id, generation, version, plan.quota(), now).await {
                // Another replacement came between: without `expected`, the later one stands.
                Err(StoreError::Stale { generation: Some(standing), .. })
                    if expected.is_none() && attempts.next().is_some() =>
                {
                    generation = standing;
                }
                standing => {
                    let standing = standing?;
                    if standing != cert.generation || is_relabelled {
                        self.record(caller, Action::Replaced, &cert.owner, id);
                    }
                    return Ok(Replaced { generation: standing, warnings: bundle.warnings().to_vec() });
                }
            }
        }
    }

    /// Brings the previous version of a certificate back, as the next generation; the version that it leaves is kept
    /// in its turn. With `expected`, only while that generation stands.
    ///
    /// # Errors
    /// 400401 for an id that nobody has, 404908 for another owner's; in [`ServiceError::Store`]: `no_previous`,
    /// `stale_generation` where another generation stands than `expected`, or than the one that was read, and as for
    /// [`replace`](Self::replace) `would_uncover` and 400500. [`ServiceError::Seal`] where the key cannot be sealed
    /// anew for the next generation.
    pub async fn rollback(
        &self,
        caller: &Caller,
        id: CertId,
        expected: Option<Generation>,
    ) -> Result<Generation, ServiceError> {
        let CertRecord { summary: cert, previous, .. } = self.owned(caller, id).await?;
        let standing = cert.generation;
        if expected.is_some_and(|expected| expected != standing) {
            return Err(StoreError::Stale { id, generation: Some(standing) }.into());
        }
        let kept = previous.ok_or(StoreError::NoPrevious { id })?;
        let key = match self.open_generation(&cert.owner, id, kept.generation, &kept.leaf).await {
            // It is kept no more: the certificate was replaced since it was read.
            Err(ServiceError::Store(StoreError::NotFound { .. })) => {
                return Err(self.moved_on(id).await);
            }
            opened => opened?,
        };
        let spki = &kept.leaf.spki_fingerprint;
        let context = SealContext::new(&cert.owner, id, standing.next(), spki);
        let sealed_key = sealing::seal_again(&*self.parts.wrapper, &context, &key).await?;
        let quota = self.parts.policies.plan(&cert.owner).quota();
        let generation = self.parts.store.rollback(id, standing, sealed_key, quota, self.now()).await?;
        self.record(caller, Action::RolledBack, &cert.owner, id);
        Ok(generation)
    }

    async fn version(
        &self,
        cert: &CertSummary,
        generation: Generation,
        bundle: &ValidatedBundle,
        (common_name, labels): (&str, &Option<Labels>),
    ) -> Result<NewVersion, SealError> {
        let spki = bundle.leaf().spki_fingerprint();
        let context = SealContext::new(&cert.owner, cert.id, generation.next(), &spki);
        Ok(NewVersion {
            common_name: common_name.to_owned(),
            labels: labels.clone(),
            leaf: upload::facts(bundle),
            chain: upload::served_chain(bundle),
            sealed_key: sealing::seal(&*self.parts.wrapper, &context, bundle.key()).await?,
        })
    }

    /// What has become of a certificate whose version went away under the call.
    async fn moved_on(&self, id: CertId) -> ServiceError {
        match self.parts.store.get(id).await {
            Ok(record) => StoreError::Stale { id, generation: Some(record.summary.generation) }.into(),
            Err(error) => error.into(),
        }
    }
}

/// A replacement changes no name; said again it is as good as left out.
fn keeps_name(cert: &CertSummary, sent: &Attributes) -> Result<(), ServiceError> {
    if !sent.name.is_empty() && sent.name != cert.name {
        return Err(ServiceError::NotChangeable { field: "name" });
    }
    Ok(())
}
