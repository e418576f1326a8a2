//! The calls: drawn at random, made on the service, and asked of the model.

use std::sync::Arc;

use async_trait::async_trait;
use cert_core::Explain as _;
use cert_service::{
    Caller, CertService, DomainAuthority, FixedClock, Resolved, Served, ServiceError, Upload,
    testing::TestKms,
};
use cert_store::{
    BindOptions, Binding, CertId, CertRecord, CertStore, CertSummary, FindBy, Generation, KekId, OwnerId,
    PageSize, StoreError, Target, TargetKind,
};

use crate::{
    plain::{Answer, Plain},
    world::{CONTENTS, DAY, EVER, NAMES, OWNERS, START, TARGETS, Who, World, may_move, number_of, target},
};

#[derive(Clone, Debug)]
pub(crate) struct Call {
    who: Who,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Bind { cert: usize, target: usize, options: bool },
    Binding { target: usize },
    Bindings { cert: usize },
    BoundAll,
    BoundBy,
    Delete { cert: usize },
    Expiring { before: i64 },
    Find { name: usize },
    Get { cert: usize },
    Inspect { content: usize },
    Move { target: usize, from: usize, cert: usize },
    OpenBound { cert: usize },
    Page,
    PrivateKey { cert: usize },
    Replace { cert: usize, content: usize, expected: Option<u64> },
    Resolve { is_storage: bool, name: usize },
    Retire { kek: usize },
    Rewrap { from: usize },
    Rollback { cert: usize, expected: Option<u64> },
    Rotate,
    Unbind { target: usize },
    Upload { name: usize, content: usize, takes_over: bool },
    Usage,
    Wait { days: i64 },
}

/// What the service and the model say.
pub(crate) struct Answers {
    pub(crate) given: Answer,
    pub(crate) expected: Answer,
}

impl Call {
    pub(crate) fn from_choices([op, who, a, b, c, ..]: [u8; 8]) -> Self {
        let (cert, target) = (usize::from(a), usize::from(b) % TARGETS.len());
        let content = usize::from(b) % CONTENTS.len();
        let expected = (c % 3 == 0).then_some(u64::from(c / 3 % 3));
        let what = match op % 48 {
            0..10 => What::Upload { name: cert % 2, content, takes_over: c % 2 == 0 },
            10..18 => What::Bind { cert, target, options: c % 2 == 0 },
            18..22 => What::Replace { cert, content, expected },
            22..24 => What::Rollback { cert, expected },
            24..26 => What::Delete { cert },
            26 => What::Unbind { target },
            27 => What::Move { target, from: usize::from(c) % OWNERS.len(), cert },
            28..30 => What::Wait { days: i64::from(c % 9) },
            30 => What::Rotate,
            31 => What::Rewrap { from: cert },
            32 => What::Retire { kek: cert },
            33 => What::Get { cert },
            34 => What::PrivateKey { cert },
            35 | 36 => What::OpenBound { cert },
            37 => What::Page,
            38 => What::Find { name: cert % NAMES.len() },
            39 => What::Usage,
            40 => What::Inspect { content },
            41 => What::Bindings { cert },
            42 => What::Binding { target },
            43 => What::BoundBy,
            44 => What::BoundAll,
            45 => What::Expiring { before: i64::from(c % 100) },
            _ => What::Resolve { is_storage: c % 2 == 0, name: cert % NAMES.len() },
        };
        Self { who: Who::from_choice(who), what }
    }

    /// With numbers of what there is, or of one more, which there is not.
    pub(crate) fn resolved(&self, plain: &Plain) -> Self {
        let mut call = self.clone();
        let generation = |cert: usize| plain.certs.get(&cert).map_or(1, |cert| cert.generation);
        match &mut call.what {
            What::Bind { cert, .. }
            | What::Bindings { cert }
            | What::Delete { cert }
            | What::Get { cert }
            | What::Move { cert, .. }
            | What::OpenBound { cert }
            | What::PrivateKey { cert } => *cert %= plain.ids.len() + 1,
            What::Replace { cert, expected, .. } | What::Rollback { cert, expected } => {
                *cert %= plain.ids.len() + 1;
                *expected = expected.map(|off| generation(*cert) + off - 1);
            }
            What::Retire { kek } | What::Rewrap { from: kek } => *kek %= plain.active + 1,
            _ => {}
        }
        call
    }
}

/// A service in the world.
pub(crate) struct Stage<'a> {
    world: &'a World,
    pub(crate) certs: CertService,
    store: Arc<dyn CertStore>,
    clock: FixedClock,
    kms: TestKms,
}

impl<'a> Stage<'a> {
    pub(crate) async fn new(world: &'a World, store: Arc<dyn CertStore>) -> Self {
        let (clock, kms) = (FixedClock::new(START), TestKms::new("k0").unwrap());
        let certs = build(world, Arc::clone(&store), &clock, &kms).await;
        Self { world, certs, store, clock, kms }
    }

    /// Another service beside this one, on another store.
    pub(crate) async fn service(&self, store: Arc<dyn CertStore>) -> CertService {
        build(self.world, store, &self.clock, &self.kms).await
    }

    pub(crate) fn operator(&self) -> Caller {
        Caller::operator()
    }

    /// Makes a call, and asks the model.
    pub(crate) async fn make(&mut self, call: &Call, plain: &mut Plain) -> Answers {
        let given = self.ask(call.who, &call.what, plain).await;
        let expected = ask_model(call.who, &call.what, plain);
        Answers { given: given.map_err(shown_error), expected }
    }

    async fn ask(&self, who: Who, what: &What, plain: &mut Plain) -> Result<String, ServiceError> {
        let (certs, caller) = (&self.certs, who.caller());
        let id = |number: usize| plain.ids.get(number).copied().unwrap_or(CertId::MIN);
        let number = |id: CertId| plain.number(id);
        let upload = |content: usize| {
            let issued = &self.world.issued[content];
            Upload::pem(issued.chain_pem(), issued.key_pem())
        };
        Ok(match *what {
            What::Bind { cert, target: at, options } => {
                let options = BindOptions { force_https: options, http2: false };
                let previous = certs.bind(&caller, id(cert), &target(at), options).await?;
                format!("{:?}", previous.map(number))
            }
            What::Binding { target: at } => {
                let bound = certs.binding(&caller, &target(at)).await?;
                format!("{:?}", bound.map(|bound| (number(bound.id), bound.options.force_https)))
            }
            What::Bindings { cert } => shown_targets(&certs.bindings(&caller, id(cert)).await?),
            What::BoundAll => shown_bound(&certs.bound_all(&caller, None, PageSize::MAX).await?, plain),
            What::BoundBy => shown_bound(&certs.bound_by(&caller, None, PageSize::MAX).await?, plain),
            What::Delete { cert } => certs.delete(&caller, id(cert)).await.map(|()| String::new())?,
            What::Expiring { before } => self.expiring(&caller, before, plain).await?,
            What::Find { name } => {
                let by = FindBy::Covering(NAMES[name].parse().unwrap());
                let found = certs.find(&caller, &by, None, PageSize::MAX).await?;
                format!("{:?}", found.certs().iter().map(|cert| number(cert.id)).collect::<Vec<_>>())
            }
            What::Get { cert } => self.shown(&certs.get(&caller, id(cert)).await?, plain),
            What::Inspect { content } => {
                certs.inspect(&caller, upload(content)).await?.accepted().to_string()
            }
            What::Move { target: at, from, cert } => {
                let from = OwnerId::new(OWNERS[from]).unwrap();
                format!("#{}", number(certs.move_binding(&caller, &target(at), &from, id(cert)).await?))
            }
            What::OpenBound { cert } => {
                let opened = certs.open_bound(&caller, id(cert)).await?;
                self.world.content_of_key(opened.key.secret_der()).to_string()
            }
            What::Page => {
                let page = certs.page(&caller, None, PageSize::MAX).await?;
                format!("{:?}", page.certs().iter().map(|cert| number(cert.id)).collect::<Vec<_>>())
            }
            What::PrivateKey { cert } => {
                let key = certs.private_key(&caller, id(cert)).await?;
                self.world.content_of_key(key.secret_der()).to_string()
            }
            What::Replace { cert, content, expected } => {
                let expected = expected.map(Generation);
                let replaced = certs.replace(&caller, id(cert), upload(content), expected).await?;
                replaced.generation().to_string()
            }
            What::Resolve { is_storage, name } => {
                let kind = if is_storage { TargetKind::Storage } else { TargetKind::Cdn };
                shown_resolved(certs.resolve(&caller, kind, &NAMES[name].parse().unwrap()).await?, plain)
            }
            What::Retire { kek } => {
                certs.retire(&caller, &kek_id(kek)).await?;
                String::new()
            }
            What::Rewrap { from } => {
                certs.rewrap(&caller, &kek_id(from), &mut |_| {}).await?.keys.to_string()
            }
            What::Rollback { cert, expected } => {
                certs.rollback(&caller, id(cert), expected.map(Generation)).await?.to_string()
            }
            What::Rotate => {
                plain.active += 1;
                self.kms.rotate(&format!("k{}", plain.active)).unwrap();
                String::new()
            }
            What::Unbind { target: at } => {
                format!("{:?}", certs.unbind(&caller, &target(at)).await?.map(number))
            }
            What::Upload { name, content, takes_over } => {
                let upload = upload(content).name(format!("n{name}"));
                let upload = if takes_over { upload.takeover() } else { upload.no_takeover() };
                let uploaded = certs.upload(&caller, upload).await?;
                let existing = if uploaded.is_existing() { "existing" } else { "new" };
                let known = plain.ids.iter().position(|&id| id == uploaded.id());
                let number_of_it = known.unwrap_or(plain.ids.len());
                let mut taken: Vec<_> = uploaded
                    .taken_over()
                    .iter()
                    .map(|taken| (number_of(&taken.target), plain.number(taken.from)))
                    .collect();
                taken.sort_unstable();
                let text = format!("#{number_of_it} {} {existing} {taken:?}", uploaded.generation());
                if known.is_none() {
                    plain.pending = Some(uploaded.id());
                }
                text
            }
            What::Usage => {
                let usage = certs.usage(&caller).await?;
                format!("{} {}", usage.live, usage.total)
            }
            What::Wait { days } => {
                self.clock.set(plain.now() + days * DAY);
                String::new()
            }
        })
    }

    async fn expiring(&self, caller: &Caller, before: i64, plain: &Plain) -> Result<String, ServiceError> {
        let (mut marker, mut due) = (None::<String>, Vec::new());
        loop {
            let before = START + before * DAY;
            let page = self.certs.expiring(caller, before, marker.as_deref(), PageSize::new(2)).await?;
            due.extend(page.certs().iter().map(|due| plain.number(due.cert.id)));
            marker = page.marker().map(str::to_owned);
            if marker.is_none() {
                return Ok(format!("{due:?}"));
            }
        }
    }

    /// Everything that can be seen.
    pub(crate) async fn see(&self, plain: &Plain) -> Vec<String> {
        let mut seen = Vec::new();
        for owner in OWNERS {
            let caller = Caller::tenant(owner).unwrap();
            let usage = self.certs.usage(&caller).await.unwrap();
            seen.push(format!("{} {}", usage.live, usage.total));
            for cert in self.certs.page(&caller, None, PageSize::MAX).await.unwrap().certs() {
                let record = self.certs.get(&caller, cert.id).await.unwrap();
                let key = self.certs.private_key(&caller, cert.id).await.unwrap();
                let content = self.world.content_of(record.chain.iter().next().unwrap());
                assert_eq!(self.world.content_of_key(key.secret_der()), content);
                seen.push(self.shown(&record, plain));
            }
        }
        for at in 0..TARGETS.len() {
            let bound = self.store.bound(&target(at)).await.unwrap();
            let shown = bound.map(|bound| (plain.number(bound.id), bound.options.force_https));
            seen.push(format!("{shown:?}"));
        }
        seen.push(self.expiring(&Caller::operator(), EVER, plain).await.unwrap());
        // By the view, which has only followed the changes since the step before.
        self.certs.refresh_names().await.unwrap();
        for name in NAMES {
            for kind in [TargetKind::Cdn, TargetKind::Storage] {
                seen.push(shown_resolved(self.certs.names().resolve(kind, name, plain.now()), plain));
            }
        }
        seen
    }

    fn shown(&self, record: &CertRecord, plain: &Plain) -> String {
        let owner = OWNERS.iter().position(|&owner| owner == record.summary.owner.as_str()).unwrap();
        let content = self.world.content_of(record.chain.iter().next().unwrap());
        let previous = record.previous.as_ref().map(|previous| {
            (0..CONTENTS.len()).find(|&content| {
                let leaf = &self.world.issued[content].certificates()[0];
                cert_core::Fingerprint::of(leaf) == previous.leaf.fingerprint
            })
        });
        let CertSummary { id, ref name, generation, superseded_by, .. } = *record.summary;
        let number = plain.number(id);
        let superseded_by = superseded_by.map(|id| plain.number(id));
        format!("#{number} {owner} {name} {generation} {content} {:?} {superseded_by:?}", previous.flatten())
    }
}

fn ask_model(who: Who, what: &What, plain: &mut Plain) -> Answer {
    match *what {
        What::Bind { cert, target, options } => plain.bind(who, cert, target, options),
        What::Binding { target } => plain.binding(who, target),
        What::Bindings { cert } => plain.bindings(who, cert),
        What::BoundAll => plain.bound_all(who),
        What::BoundBy => plain.bound_by(who),
        What::Delete { cert } => plain.delete(who, cert),
        What::Expiring { before } => plain.expiring(who, before),
        What::Find { name } => plain.list(who, Some(NAMES[name])),
        What::Get { cert } => plain.get(who, cert),
        What::Inspect { content } => plain.inspect(who, content),
        What::Move { target, from, cert } => plain.move_binding(who, target, from, cert),
        What::OpenBound { cert } => plain.open_bound(who, cert),
        What::Page => plain.list(who, None),
        What::PrivateKey { cert } => plain.private_key(who, cert),
        What::Replace { cert, content, expected } => plain.replace(who, cert, content, expected),
        What::Resolve { is_storage, name } => {
            let kind = if is_storage { TargetKind::Storage } else { TargetKind::Cdn };
            plain.resolve(who, kind, NAMES[name])
        }
        What::Retire { kek } => plain.retire(who, kek),
        What::Rewrap { from } => plain.rewrap(who, from),
        What::Rollback { cert, expected } => plain.rollback(who, cert, expected),
        What::Rotate => Ok(String::new()),
        What::Unbind { target } => plain.unbind(who, target),
        What::Upload { name, content, takes_over } => {
            let answer = plain.upload(who, name, content, takes_over);
            plain.ids.extend(plain.pending.take());
            answer
        }
        What::Usage => plain.usage(who),
        What::Wait { days } => plain.wait(days),
    }
}

async fn build(world: &World, store: Arc<dyn CertStore>, clock: &FixedClock, kms: &TestKms) -> CertService {
    CertService::builder_shared(store, Arc::new(kms.clone()))
        .policies(world.plan.clone())
        .clock(clock.clone())
        .authority(StorageOnly)
        .build()
        .await
        .unwrap()
}

struct StorageOnly;

#[async_trait]
impl DomainAuthority for StorageOnly {
    async fn may_move(&self, target: &Target, _: &OwnerId, _: &OwnerId) -> bool {
        may_move(number_of(target))
    }
}

fn kek_id(number: usize) -> KekId {
    KekId::new(&format!("k{number}")).unwrap()
}

fn shown_error(error: ServiceError) -> String {
    let code = error.code().map(cert_core::ErrorCode::as_u32).unwrap_or_default();
    let domains = match &error {
        ServiceError::StillBound { domains, .. }
        | ServiceError::Store(StoreError::WouldUncover { domains, .. }) => {
            format!(
                " {{{}}}",
                domains.iter().map(|d| format!("{:?}", d.as_str())).collect::<Vec<_>>().join(", ")
            )
        }
        _ => String::new(),
    };
    format!("{} {code}{domains}", error.rule())
}

fn shown_targets(bindings: &[Binding]) -> String {
    let mut targets: Vec<_> = bindings.iter().map(|bound| number_of(&bound.target)).collect();
    targets.sort_unstable();
    format!("{targets:?}")
}

fn shown_bound(bindings: &[Binding], plain: &Plain) -> String {
    assert!(bindings.is_sorted_by_key(|bound| &bound.target));
    let mut bound: Vec<_> =
        bindings.iter().map(|bound| (number_of(&bound.target), plain.number(bound.id))).collect();
    bound.sort_unstable();
    format!("{bound:?}")
}

fn shown_resolved(found: Option<Resolved>, plain: &Plain) -> String {
    let slots = found.map(|found| {
        let shown = |served: Served| (plain.number(served.id), served.generation.0);
        [found.primary(), found.alternate()].map(|served| served.map(shown))
    });
    format!("{slots:?}")
}

impl Plain {
    fn number(&self, id: CertId) -> usize {
        self.ids.iter().position(|&known| known == id).unwrap_or(self.ids.len())
    }
}
