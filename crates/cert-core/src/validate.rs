//! One engine for every verdict: validation stops at the first error, inspection goes on.
//!
//! The order is fixed: key, expired leaf, leaf too short, path, first end of the path too short, rules, and what
//! becomes of the uploaded certificates.

use crate::{
    AnchorOrigin, Breach, Cause, Certificate, ChainOrder, Error, Finding, KeyError, Level, Location,
    PathError, PrivateKey, RuleLevel, ServedNote, Timestamp, ValidationPolicy, ValidityError, caps,
    decode::DecodeError,
    diagnose::{diagnose, from_webpki},
    name_constraints,
    path::{self, Path},
    rules::{self, PathAbove, Subject},
    served_chain::ServedChain,
    signature::SignatureChecks,
    trust::{Anchor, name_content},
    validity,
};

/// What is examined: the uploaded certificates, which of them is the leaf, and its key where there is one.
#[derive(Clone, Copy)]
pub(crate) struct Upload<'a> {
    pub(crate) chain: &'a [Certificate],
    pub(crate) leaf: usize,
    pub(crate) key: Option<&'a PrivateKey>,
}

/// What holds where no finding is an error.
#[derive(Debug)]
pub(crate) struct Verified {
    /// Positions of what is served, leaf first.
    pub(crate) order: Vec<usize>,
    /// How many of them are the path.
    pub(crate) path_length: usize,
    pub(crate) origin: AnchorOrigin,
}

/// Examines the upload and stops at the first error. The findings are warnings and notes.
pub(crate) fn validate(
    upload: Upload<'_>,
    policy: &ValidationPolicy,
    now: Timestamp,
) -> Result<(Verified, Vec<Finding>), Error> {
    let mut examination = Examination { upload, policy, now, findings: Vec::new(), stop_at_error: true };
    match examination.run() {
        Ok(Some(verified)) => Ok((verified, examination.findings)),
        Ok(None) | Err(Stop) => Err(examination.into_error()),
    }
}

/// Examines the upload as far as it goes, with all findings.
pub(crate) fn inspect(
    upload: Upload<'_>,
    policy: &ValidationPolicy,
    now: Timestamp,
) -> (Option<Verified>, Vec<Finding>) {
    let mut examination = Examination { upload, policy, now, findings: Vec::new(), stop_at_error: false };
    let verified = examination.run().unwrap_or(None);
    (verified, examination.findings)
}

/// The checks of the leaf that need no signature check: its validity.
pub(crate) fn check_leaf(leaf: &Certificate, policy: &ValidationPolicy, now: Timestamp) -> Result<(), Error> {
    let checked = validity::check_expired(leaf, now)
        .and_then(|()| validity::check_remaining(leaf, policy.minimum_validity, now));
    checked.map_err(|error| Error::new(Finding::new(Cause::Validity(error), Level::Error, leaf.location())))
}

/// The first error was found, and the caller wants no more.
struct Stop;

struct Examination<'a> {
    upload: Upload<'a>,
    policy: &'a ValidationPolicy,
    now: Timestamp,
    findings: Vec<Finding>,
    stop_at_error: bool,
}

impl<'a> Examination<'a> {
    fn run(&mut self) -> Result<Option<Verified>, Stop> {
        self.check_key()?;
        self.check_leaf_validity()?;
        self.check_size()?;
        self.check_key_rules()?;
        let Upload { chain, leaf, .. } = self.upload;
        let candidates = path::candidate_anchors(chain, &self.policy.anchors);
        let signatures = SignatureChecks::new(&self.policy.cache, &candidates, &chain[leaf]);
        let path = self.find_path(&candidates, &signatures)?;
        if let Some(path) = &path {
            self.check_first_end(path)?;
        }
        self.check_rules(path.as_ref())?;
        path.map(|path| self.serve(&path, &signatures)).transpose()
    }

    fn check_key(&mut self) -> Result<(), Stop> {
        let proven = self.upload.key.filter(|_| self.policy.prove_key).map_or(Ok(()), PrivateKey::prove);
        match proven {
            Ok(()) => Ok(()),
            Err(error) => self.error(Cause::Key(KeyError::from(error)), Location::KEY),
        }
    }

    fn check_leaf_validity(&mut self) -> Result<(), Stop> {
        match check_leaf(self.leaf(), self.policy, self.now) {
            Ok(()) => Ok(()),
            Err(error) => self.push(error.into_finding()),
        }
    }

    fn check_size(&mut self) -> Result<(), Stop> {
        if self.upload.chain.len() <= self.policy.max_chain {
            return Ok(());
        }
        let error = DecodeError::TooManyCertificates { max: self.policy.max_chain };
        self.error(Cause::Decode(error), Location::CHAIN)
    }

    fn find_path(
        &mut self,
        candidates: &[&'a Anchor],
        signatures: &SignatureChecks<'_>,
    ) -> Result<Option<Path<'a>>, Stop> {
        let Upload { chain, leaf, .. } = self.upload;
        if let Err(error) = validity::check_not_before(&chain[leaf], self.now) {
            self.error(Cause::Validity(error), chain[leaf].location())?;
        }
        if let Some(breach) = rules::obstacle(&chain[leaf]) {
            self.breach(breach, || chain[leaf].location(), None)?;
            return Ok(None);
        }
        if let Some(subject) = subject_with_too_many_keys(chain, leaf) {
            let error = PathError::KeysPerSubject { subject, max: caps::MAX_KEYS_PER_SUBJECT };
            self.error(Cause::Path(error), Location::CHAIN)?;
            return Ok(None);
        }
        if name_comparisons(chain, candidates) > caps::MAX_NAME_COMPARISONS {
            self.error(Cause::Path(PathError::BudgetExceeded), Location::CHAIN)?;
            return Ok(None);
        }
        // A leaf that has expired, or is not valid yet, still has a path: that of a time when it was valid.
        let time = self.now.max(chain[leaf].not_before()).min(chain[leaf].not_after());
        let accepts = |used: &[usize]| self.first_end(used).is_ok() && self.is_short_enough(used).is_ok();
        match path::build(chain, leaf, candidates, signatures, time, accepts) {
            Ok(path) => match self.is_short_enough(&path.intermediates) {
                Ok(()) => Ok(Some(path)),
                Err(error) => self.error(Cause::Path(error), Location::CHAIN).map(|()| None),
            },
            Err(error) => {
                let (error, location) = self.explain(&error, signatures, time);
                self.error(Cause::Path(error), location).map(|()| None)
            }
        }
    }

    fn explain(
        &self,
        error: &webpki::Error,
        signatures: &SignatureChecks<'_>,
        time: Timestamp,
    ) -> (PathError, Location) {
        let Upload { chain, leaf, .. } = self.upload;
        // These are about the leaf itself, so no issuer needs to be looked for.
        if matches!(error, webpki::Error::CaUsedAsEndEntity) && !chain[leaf].is_self_issued() {
            return from_webpki(error, chain, leaf);
        }
        diagnose(chain, leaf, &self.policy.anchors, signatures, time, error)
    }

    fn check_first_end(&mut self, path: &Path<'_>) -> Result<(), Stop> {
        match self.first_end(&path.intermediates) {
            Ok(()) => Ok(()),
            Err((error, index)) => self.error(Cause::Validity(error), self.upload.chain[index].location()),
        }
    }

    /// Whether the intermediate that ends first ends late enough. The leaf was judged before.
    fn first_end(&self, intermediates: &[usize]) -> Result<(), (ValidityError, usize)> {
        let chain = self.upload.chain;
        let first = intermediates.iter().copied().min_by_key(|&index| chain[index].not_after());
        // Of a path it is the certificate that ends first that is judged, and the leaf has been.
        let Some(index) = first.filter(|&index| chain[index].not_after() < self.leaf().not_after()) else {
            return Ok(());
        };
        let minimum = self.policy.minimum_validity;
        validity::check_remaining(&chain[index], minimum, self.now).map_err(|error| (error, index))
    }

    fn is_short_enough(&self, intermediates: &[usize]) -> Result<(), PathError> {
        let chain = self.upload.chain;
        let found = intermediates.iter().filter(|&&index| !chain[index].is_self_issued()).count();
        match self.policy.max_depth {
            Some(max) if found > max => Err(PathError::Depth { found, max }),
            _ => Ok(()),
        }
    }

    /// The rules on the key itself come before the path: a signature by a weak key may not even be checked.
    fn check_key_rules(&mut self) -> Result<(), Stop> {
        let denied =
            self.policy.denylist.as_ref().is_some_and(|list| list.contains(&self.leaf().spki_fingerprint()));
        if denied {
            let leaf = self.leaf();
            self.breach(Breach::KeyDenied, || leaf.location(), None)?;
        }
        match self.upload.key.and_then(PrivateKey::weakness) {
            Some(weakness) => self.breach(Breach::RsaWeak(weakness), || Location::KEY, None),
            None => Ok(()),
        }
    }

    fn check_rules(&mut self, path: Option<&Path<'_>>) -> Result<(), Stop> {
        let origin = path.map(Path::origin);
        let above =
            |path: &Path<'_>| path.intermediates.iter().map(|&index| &self.upload.chain[index]).collect();
        let intermediates: Vec<&Certificate> = path.map(above).unwrap_or_default();
        let path = path.map(|path| PathAbove {
            intermediates: &intermediates,
            anchor: path.anchor.certificate.as_ref(),
            anchor_breaches: &path.anchor.breaches,
        });
        let subject = Subject { leaf: self.leaf(), key: self.upload.key, path, now: self.now };
        for (breach, certificate) in rules::breaches(&subject) {
            self.breach(breach, || certificate.map_or(Location::CHAIN, Certificate::location), origin)?;
        }
        Ok(())
    }

    fn breach(
        &mut self,
        breach: Breach,
        location: impl FnOnce() -> Location,
        origin: Option<AnchorOrigin>,
    ) -> Result<(), Stop> {
        let level = match self.policy.level_of(breach.rule(), origin.unwrap_or(AnchorOrigin::Private)) {
            RuleLevel::Allow => return Ok(()),
            RuleLevel::Deny => Level::Error,
            RuleLevel::Note => Level::Info,
            RuleLevel::Warn => Level::Warning,
        };
        self.push(Finding::new(Cause::Rule(breach), level, location()))
    }

    fn serve(&mut self, path: &Path<'_>, signatures: &SignatureChecks<'_>) -> Result<Verified, Stop> {
        let Upload { chain, leaf, .. } = self.upload;
        let served = ServedChain::new(chain, leaf, path, &self.policy.anchors, signatures);
        for (note, location) in served.notes {
            self.push(Finding::new(Cause::Served(note.clone()), self.note_level(&note), location))?;
        }
        Ok(Verified { order: served.order, path_length: path.intermediates.len() + 1, origin: path.origin() })
    }

    fn note_level(&self, note: &ServedNote) -> Level {
        match (self.policy.order, note) {
            (ChainOrder::Exact, ServedNote::ExtraEndsEarlier { .. }) | (ChainOrder::Repair, _) => {
                Level::Warning
            }
            (ChainOrder::Exact, _) => Level::Error,
        }
    }

    const fn leaf(&self) -> &'a Certificate {
        &self.upload.chain[self.upload.leaf]
    }

    fn error(&mut self, cause: Cause, location: Location) -> Result<(), Stop> {
        self.push(Finding::new(cause, Level::Error, location))
    }

    fn push(&mut self, finding: Finding) -> Result<(), Stop> {
        let stop = self.stop_at_error && finding.level() == Level::Error;
        self.findings.push(finding);
        if stop { Err(Stop) } else { Ok(()) }
    }

    /// Validation only ends without a verified path after an error.
    fn into_error(self) -> Error {
        let first = self.findings.into_iter().find(|finding| finding.level() == Level::Error);
        Error::new(first.unwrap_or_else(|| {
            let error = PathError::Malformed { reason: "no path was found".into() };
            Finding::new(Cause::Path(error), Level::Error, Location::CHAIN)
        }))
    }
}

/// How often a name could be compared with a name constraint, at the most: on each path each with each.
fn name_comparisons(chain: &[Certificate], anchors: &[&Anchor]) -> usize {
    let of_anchors = anchors.iter().filter_map(|anchor| anchor.certificate.as_ref());
    let constraints: usize = chain.iter().chain(of_anchors).map(name_constraints::count).sum();
    if constraints == 0 {
        return 0;
    }
    // The subject is a name too.
    let names: usize = chain.iter().map(|certificate| certificate.fields().subject_alt_names.count + 1).sum();
    // A path goes through one certificate of each subject.
    let mut subjects: Vec<&[u8]> = chain.iter().map(Certificate::subject_der).collect();
    subjects.sort_unstable();
    let paths: usize = subjects.chunk_by(|one, other| one == other).map(<[&[u8]]>::len).product();
    constraints * names * paths
}

/// A subject that more keys claim among the issuers than real chains have: path building would try all of them.
fn subject_with_too_many_keys(chain: &[Certificate], leaf: usize) -> Option<String> {
    let issuers =
        || chain.iter().enumerate().filter(|(index, _)| *index != leaf).map(|(_, certificate)| certificate);
    issuers()
        .find(|certificate| {
            let subject = name_content(certificate.subject_der());
            let mut keys: Vec<&[u8]> = Vec::new();
            for other in issuers().filter(|other| name_content(other.subject_der()) == subject) {
                if !keys.contains(&other.spki_der()) {
                    keys.push(other.spki_der());
                }
            }
            keys.len() > caps::MAX_KEYS_PER_SUBJECT
        })
        .map(Certificate::subject)
}
