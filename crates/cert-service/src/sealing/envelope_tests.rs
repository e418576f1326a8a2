//! The sealed record: what opens it, and what does not.

use async_trait::async_trait;
use cert_core::{
    Bundle, Fingerprint, KeyForm, Timestamp,
    testing::{TestCa, TestLeaf},
};
use cert_store::{CertId, Generation, KekId, OwnerId, SealedKey};
use zeroize::ZeroizeOnDrop;

use super::{PlainKey, SealContext, SealError, assemble, open, open_canary, seal, seal_canary};
use crate::sealing::{
    Dek, KeyWrapper, LocalKeyRing, WrapError,
    key_ring::{Kek, State},
};

/// A wrapper that ignores its context, as a key management service may: what binds a key must not depend on it.
struct Careless;

#[async_trait]
impl KeyWrapper for Careless {
    async fn active(&self) -> Result<KekId, WrapError> {
        Ok(KekId::new("careless").unwrap())
    }

    async fn wrap(&self, _: &KekId, _: &SealContext, dek: &Dek) -> Result<Vec<u8>, WrapError> {
        Ok(dek.secret_bytes().to_vec())
    }

    async fn unwrap(&self, kek: &KekId, _: &SealContext, wrapped: &[u8]) -> Result<Dek, WrapError> {
        let bytes = wrapped.try_into().map_err(|_| WrapError::Corrupt { kek: kek.clone() })?;
        Ok(Dek::from_bytes(bytes))
    }
}

fn bundle() -> Bundle {
    let issued =
        TestCa::root("Root", Timestamp::from_unix(1_795_000_000)).issue(&TestLeaf::new(&["a.example"]));
    Bundle::decode(issued.chain_pem().as_bytes(), issued.key_pem().as_bytes()).unwrap()
}

fn context(owner: &str, id: u64, generation: u64, spki: u8) -> SealContext {
    let owner = OwnerId::new(owner).unwrap();
    let id = CertId::from_parts(1_700_000_000_000, OwnerId::new("alice").unwrap().shard(), id);
    SealContext::new(&owner, id, Generation(generation), &Fingerprint::from_bytes([spki; 32]))
}

#[tokio::test]
async fn a_sealed_key_opens_for_its_certificate_only() {
    let (bundle, ring) = (bundle(), LocalKeyRing::ephemeral().unwrap());
    let home = context("alice", 1, 1, 9);
    for wrapper in [&ring as &dyn KeyWrapper, &Careless] {
        let sealed = seal(wrapper, &home, bundle.key()).await.unwrap();
        let opened = open(wrapper, &home, &sealed).await.unwrap();
        assert_eq!((opened.form(), opened.secret_der()), (bundle.key().form(), bundle.key().secret_der()));
        assert_eq!(*opened.secret_pem(), *bundle.key().secret_pem());
        let elsewhere = [
            context("bob", 1, 1, 9),
            context("alice", 2, 1, 9),
            context("alice", 1, 2, 9),
            context("alice", 1, 1, 8),
            SealContext::canary(),
        ];
        for moved in elsewhere {
            let refused = open(wrapper, &moved, &sealed).await.err();
            let expected =
                matches!(refused, Some(SealError::Mismatch | SealError::Wrap(WrapError::Corrupt { .. })));
            assert!(expected, "{moved:?}: {refused:?}");
        }
    }
}

#[tokio::test]
async fn no_byte_can_be_changed() {
    let (bundle, ring) = (bundle(), LocalKeyRing::ephemeral().unwrap());
    let home = context("alice", 1, 1, 9);
    for wrapper in [&ring as &dyn KeyWrapper, &Careless] {
        let sealed = seal(wrapper, &home, bundle.key()).await.unwrap();
        for at in 0..sealed.as_bytes().len() {
            let mut bytes = sealed.as_bytes().to_vec();
            bytes[at] ^= 1;
            // The store may refuse the header itself.
            let Ok(altered) = SealedKey::from_bytes(bytes) else { continue };
            // The careless wrapper has one KEK under every name: its id is then no part of what is proved.
            let is_name = std::ptr::eq(wrapper, &Careless as &dyn KeyWrapper) && (4..12).contains(&at);
            assert_eq!(open(wrapper, &home, &altered).await.is_ok(), is_name, "byte {at}");
        }
        let mut longer = sealed.as_bytes().to_vec();
        longer.push(0);
        assert!(open(wrapper, &home, &SealedKey::from_bytes(longer).unwrap()).await.is_err());
    }
}

#[tokio::test]
async fn a_record_is_committed_to_its_key() {
    let (bundle, home) = (bundle(), context("alice", 1, 1, 9));
    let sealed = seal(&Careless, &home, bundle.key()).await.unwrap();
    let mut bytes = sealed.as_bytes().to_vec();
    // The wrapped key follows both version bytes, the KEK's id and two lengths; another key gives another commitment,
    // which is judged before anything is decrypted.
    bytes[14..46].copy_from_slice(&[7; 32]);
    let refused = open(&Careless, &home, &SealedKey::from_bytes(bytes).unwrap()).await;
    assert!(matches!(refused, Err(SealError::Mismatch)));
}

#[tokio::test]
async fn two_seals_of_one_key_share_nothing() {
    let (bundle, ring) = (bundle(), LocalKeyRing::ephemeral().unwrap());
    let home = context("alice", 1, 1, 9);
    let first = seal(&ring, &home, bundle.key()).await.unwrap();
    let second = seal(&ring, &home, bundle.key()).await.unwrap();
    let tail = |sealed: &SealedKey| sealed.as_bytes()[sealed.as_bytes().len() - 100..].to_vec();
    assert_ne!(tail(&first), tail(&second));
}

#[tokio::test]
async fn only_the_ring_of_the_store_opens_its_canary() {
    let (ring, other) = (LocalKeyRing::ephemeral().unwrap(), LocalKeyRing::ephemeral().unwrap());
    let canary = seal_canary(&ring).await.unwrap();
    open_canary(&ring, canary.as_bytes()).await.unwrap();
    let refused = open_canary(&other, canary.as_bytes()).await;
    assert!(matches!(refused, Err(SealError::Wrap(WrapError::Unknown { .. }))), "{refused:?}");
    assert!(open_canary(&ring, b"").await.is_err());
}

/// The format for ever: what older versions stored must open. Change this only with a new version byte.
#[tokio::test]
async fn the_format_is_frozen() {
    let material = [0x11; 32];
    let kek = Kek { id: Kek::id_of("2026-11", &material).unwrap(), state: State::Active, material };
    assert_eq!(kek.id.as_str(), GOLDEN_KEK_ID);
    let (home, dek) = (context("alice", 5, 1, 0x33), Dek::from_bytes([0x22; 32]));
    let wrapped = kek.wrap_with(&[0x44; 32], &home, &dek).unwrap();
    let record = assemble(&kek.id, &wrapped, &dek, &home, 2, b"private key").unwrap();
    let hex: String = record.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, GOLDEN_RECORD);

    let ring = LocalKeyRing::of(kek);
    let opened = open(&ring, &home, &SealedKey::from_bytes(record).unwrap()).await.unwrap();
    assert_eq!((opened.form(), opened.secret_der()), (KeyForm::Pkcs8, &b"private key"[..]));
}

#[test]
fn secrets_are_wiped_and_not_shown() {
    const fn wiped<T: ZeroizeOnDrop>() {}
    wiped::<Dek>();
    wiped::<Kek>();
    wiped::<PlainKey>();
    assert_eq!(format!("{:?}", Dek::from_bytes([7; 32])), "Dek(..)");
    assert_eq!(format!("{:?}", LocalKeyRing::ephemeral().unwrap()), "LocalKeyRing(..)");
}

// Computed apart from this code, with Python's hmac and the AESGCM of its cryptography package.
const GOLDEN_KEK_ID: &str = "2026-11-22bbcfa2f58753f1";
const GOLDEN_RECORD: &str = "\
    01010018323032362d31312d323262626366613266353837353366310050444444444444444444444444444444444444\
    44444444444444444444444444446e138e08c9ef2987c675424faa4920355f474db6c0cb037cf99cb30a1370a9c7d63e\
    42f077071eb24d6e73ebe2cf2821250138c7f69216a8fda2bf9bc965b6271975b0a17cd759721f8f1b4b57eb11b4e8b1\
    13dedff6f003fd65061fd3832794424971c8ac893c41ebf40b72";
