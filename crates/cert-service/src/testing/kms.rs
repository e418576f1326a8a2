//! A key management service in this process, as unreliable as a real one.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
    thread,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, RandomizedNonceKey},
    rand,
};
use cert_store::KekId;

use crate::{Dek, KeyWrapper, SealContext, WrapError};

/// A [`KeyWrapper`] that calls nobody, and that a test makes slow, unreachable or unwilling. Clones are the same service.
///
/// Its keys never leave it, and it ignores the context of what it wraps, as a service that only knows bytes does.
///
/// ```
/// use cert_service::{KeyWrapper, WrapError, testing::TestKms};
///
/// # async fn example() -> Result<(), WrapError> {
/// let kms = TestKms::new("2026")?;
/// kms.deny("2026");
/// assert!(kms.active().await.is_ok());
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct TestKms(Arc<Mutex<State>>);

struct State {
    active: KekId,
    keys: BTreeMap<KekId, Key>,
    delay: Duration,
    failures: u32,
    calls: u64,
}

struct Key {
    key: RandomizedNonceKey,
    is_denied: bool,
}

impl TestKms {
    /// A service with one key, which is active.
    ///
    /// # Errors
    /// [`WrapError::Unavailable`] for a name that no key can have, and where the system has no randomness.
    pub fn new(name: &str) -> Result<Self, WrapError> {
        let active = kek(name)?;
        let keys = BTreeMap::from([(active.clone(), Key::generate()?)]);
        let state = State { active, keys, delay: Duration::ZERO, failures: 0, calls: 0 };
        Ok(Self(Arc::new(Mutex::new(state))))
    }

    /// Makes another key and has it wrap from here on.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn rotate(&self, name: &str) -> Result<KekId, WrapError> {
        let (active, key) = (kek(name)?, Key::generate()?);
        let mut state = self.state();
        state.keys.insert(active.clone(), key);
        state.active = active.clone();
        Ok(active)
    }

    /// Has each call take so long.
    pub fn slow_down(&self, delay: Duration) {
        self.state().delay = delay;
    }

    /// Has the next calls fail.
    pub fn fail(&self, calls: u32) {
        self.state().failures = calls;
    }

    /// Refuses to use a key from here on.
    pub fn deny(&self, name: &str) {
        let denied = |(kek, key): (&KekId, &mut Key)| key.is_denied |= kek.as_str() == name;
        self.state().keys.iter_mut().for_each(denied);
    }

    /// How often it was asked to wrap or unwrap.
    pub fn calls(&self) -> u64 {
        self.state().calls
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a call after its delay.
    async fn answer<T>(
        &self,
        kek: &KekId,
        work: impl FnOnce(&RandomizedNonceKey) -> Result<T, WrapError>,
    ) -> Result<T, WrapError> {
        let delay = self.state().delay;
        if !delay.is_zero() {
            wait(delay).await;
        }
        let mut state = self.state();
        state.calls += 1;
        if state.failures > 0 {
            state.failures -= 1;
            return Err(unavailable("the service does not answer"));
        }
        let key = state.keys.get(kek).ok_or_else(|| WrapError::Unknown { kek: kek.clone() })?;
        if key.is_denied { Err(WrapError::Denied { kek: kek.clone() }) } else { work(&key.key) }
    }
}

#[async_trait]
impl KeyWrapper for TestKms {
    async fn active(&self) -> Result<KekId, WrapError> {
        Ok(self.state().active.clone())
    }

    async fn wrap(&self, kek: &KekId, _: &SealContext, dek: &Dek) -> Result<Vec<u8>, WrapError> {
        self.answer(kek, |key| {
            let mut wrapped = dek.secret_bytes().to_vec();
            let nonce = key.seal_in_place_append_tag(Aad::empty(), &mut wrapped);
            let nonce = nonce.map_err(|_| unavailable("it cannot encrypt"))?;
            wrapped.extend(nonce.as_ref());
            Ok(wrapped)
        })
        .await
    }

    async fn unwrap(&self, kek: &KekId, _: &SealContext, wrapped: &[u8]) -> Result<Dek, WrapError> {
        let corrupt = || WrapError::Corrupt { kek: kek.clone() };
        self.answer(kek, |key| {
            let (sealed, nonce) = wrapped.split_last_chunk::<NONCE_LEN>().ok_or_else(corrupt)?;
            let mut sealed = zeroize::Zeroizing::new(sealed.to_vec());
            let opened = key.open_in_place(nonce.into(), Aad::empty(), &mut sealed).map_err(|_| corrupt())?;
            Ok(Dek::from_bytes(<[u8; 32]>::try_from(&*opened).map_err(|_| corrupt())?))
        })
        .await
    }
}

impl std::fmt::Debug for TestKms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TestKms(..)")
    }
}

impl Key {
    fn generate() -> Result<Self, WrapError> {
        let mut material = zeroize::Zeroizing::new([0; 32]);
        let no_randomness = |_| unavailable("the system has no randomness");
        rand::fill(material.as_mut_slice()).map_err(no_randomness)?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, material.as_slice()).map_err(no_randomness)?;
        Ok(Self { key, is_denied: false })
    }
}

fn kek(name: &str) -> Result<KekId, WrapError> {
    KekId::new(name).map_err(|source| WrapError::Unavailable { source: source.into() })
}

fn unavailable(text: &'static str) -> WrapError {
    WrapError::Unavailable { source: text.into() }
}

/// Without a runtime's timer: a thread that sleeps and wakes whoever waits.
async fn wait(delay: Duration) {
    let end = Instant::now() + delay;
    std::future::poll_fn(|context| {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Poll::Ready(());
        }
        let waker = context.waker().clone();
        thread::spawn(move || {
            thread::sleep(left);
            waker.wake();
        });
        Poll::Pending
    })
    .await;
}
