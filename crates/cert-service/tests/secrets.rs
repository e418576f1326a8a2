//! Where a private key must not be: in the store's files, in logs at TRACE, in `Debug` output, in errors. And that a
//! sealed key which is not where it belongs, or not what it was, does not open.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod site;

use std::{
    fs, io,
    path::Path,
    sync::{Arc, Mutex},
};

use base64ct::{Base64Unpadded, Encoding as _};
use cert_core::{
    Explain as _, KeyType, Language,
    testing::{Issued, TestLeaf},
};
use cert_service::{AuditLog, Caller, CertService, LocalKeyRing, SealError, ServiceError, with_causes};
use cert_store::{BindOptions, CertId, CertStore, Generation, KekId, SealedKey, SledStore};
use memchr::memmem;
use site::{NOW, Site, alice, bob, cdn, plan, upload};
use tracing_subscriber::fmt::MakeWriter;

/// Everything that is logged, whoever logs it.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl io::Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Logged {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn no_key_is_in_files_logs_debug_output_or_errors() {
    let (folder, logged) = (tempfile::tempdir().unwrap(), Logged::default());
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(logged.clone())
        .with_ansi(false)
        .finish();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (shown, issued) = tracing::subscriber::with_default(subscriber, || {
        runtime.block_on(everything(&folder.path().join("store")))
    });
    let logged = logged.0.lock().unwrap().clone();
    let files = contents(folder.path());
    // What is searched is what was written: the searches find what may be there.
    assert!(memmem::find(&logged, b"action=\"key_read\"").is_some() && shown.contains("PlainKey(..)"));
    assert!(issued.iter().all(|issued| memmem::find(&files, &issued.certificates()[0]).is_some()));
    for issued in &issued {
        let pem = pem_line(issued);
        for (form, pattern) in forms(&secret_part(&issued.key_der())).into_iter().chain([("PEM", pem)]) {
            for (place, bytes) in
                [("files", &files), ("logs", &logged), ("text", &shown.clone().into_bytes())]
            {
                assert!(memmem::find(bytes, &pattern).is_none(), "a key is in the {place} as {form}");
            }
        }
    }
}

/// Makes every kind of call, good and bad, and gives what `Debug` and the errors showed, with the certificates.
async fn everything(folder: &Path) -> (String, Vec<Issued>) {
    let store: Arc<dyn CertStore> = Arc::new(SledStore::open(folder).unwrap());
    let ring = Arc::new(LocalKeyRing::ephemeral().unwrap());
    let site = Site::on(Arc::clone(&store), Arc::clone(&ring) as _, 4).await;
    let certs = CertService::builder_shared(store, ring)
        .policies(plan(&site.root, 4))
        .clock(site.clock.clone())
        .events((AuditLog, site.events.clone()))
        .build()
        .await
        .unwrap();
    let rsa = site.authority.issue(&TestLeaf::new(&["a.example"]).key_type(KeyType::Rsa { bits: 2048 }));
    let issued = vec![
        site.issue_until(&["a.example", "b.example"], 30),
        rsa,
        site.issue_until(&["a.example", "b.example"], 50),
    ];
    let mut shown = String::new();
    let mut show = |text: String| shown.push_str(&(text + "\n"));
    let request = upload(&issued[0]);
    show(format!("{request:?} {ring:?} {certs:?}", ring = site.ring.active().await));
    let uploaded = certs.upload(&alice(), request).await.unwrap();
    show(format!("{uploaded:?}"));
    let id = uploaded.id();
    show(format!("{:?}", certs.bind(&alice(), id, &cdn("a.example"), BindOptions::default()).await));
    show(format!("{:?}", certs.get(&alice(), id).await));
    show(format!("{:?}", certs.private_key(&alice(), id).await.unwrap()));
    show(format!("{:?}", certs.open_bound(&Caller::edge(), id).await.unwrap().key));
    show(format!("{:?}", certs.replace(&alice(), id, upload(&issued[1]), None).await));
    show(format!("{:?}", certs.rollback(&alice(), id, None).await));
    show(format!("{:?}", certs.upload(&alice(), upload(&issued[1])).await));
    show(format!("{:?}", certs.upload(&alice(), upload(&issued[2]).takeover()).await));
    show(format!("{:?}", certs.export(&Caller::operator(), None, cert_store::PageSize::MAX).await.unwrap()));
    show(format!("{:?}", certs.refresh_names().await));

    let [first, second, ..] = &issued[..] else { unreachable!("there are three") };
    let mixed = || cert_service::Upload::pem(first.chain_pem(), second.key_pem());
    let broken = first.key_pem().replace("BEGIN PRIVATE", "BEGIN BROKEN");
    let cut = first.key_pem()[..120].to_owned();
    let as_name = upload(first).name(first.key_pem());
    let errors: Vec<ServiceError> = vec![
        certs.upload(&bob(), mixed()).await.unwrap_err(),
        certs.upload(&bob(), cert_service::Upload::pem(first.chain_pem(), broken)).await.unwrap_err(),
        certs.upload(&bob(), cert_service::Upload::pem(first.chain_pem(), cut)).await.unwrap_err(),
        certs
            .upload(&bob(), cert_service::Upload::pem(second.key_pem(), first.chain_pem()))
            .await
            .unwrap_err(),
        certs.upload(&bob(), as_name).await.unwrap_err(),
        certs.replace(&alice(), id, mixed(), None).await.unwrap_err(),
        certs.private_key(&bob(), id).await.unwrap_err(),
        certs.delete(&bob(), id).await.unwrap_err(),
    ];
    for error in errors {
        show(format!("{error:?} {} {}", with_causes(&error), error.message(Language::En)));
        show(format!("{} {:?}", error.message(Language::ZhCn), error.fix(Language::En)));
        error
            .findings()
            .iter()
            .for_each(|finding| show(format!("{finding:?} {}", finding.message(Language::En))));
    }
    (shown, issued)
}

/// A line of the key's PEM that has only what is secret in it: unbroken base64 of a key does not stand in PEM.
fn pem_line(issued: &Issued) -> Vec<u8> {
    let (pem, der) = (issued.key_pem(), issued.key_der());
    // An EC key is secret from octet 36 to 68, an RSA key from before the middle to its end.
    let start = memmem::find(&der, &[2, 1, 1, 4, 32]).map_or(der.len() / 2, |at| at + 5);
    let line = pem.lines().nth(1 + start.div_ceil(OCTETS_A_LINE)).unwrap().trim_end();
    assert_eq!(line.len(), OCTETS_A_LINE / 3 * 4);
    // Of the EC key's second line, what is public follows after 20 octets.
    line.as_bytes()[..24].to_vec()
}

const OCTETS_A_LINE: usize = 48;

/// Bytes that only a private key has: those at the end of its secret part.
fn secret_part(pkcs8: &[u8]) -> Vec<u8> {
    match memmem::find(pkcs8, &[2, 1, 1, 4, 32]) {
        // The secret number of an `ECPrivateKey` (RFC 5915).
        Some(at) => pkcs8[at + 5..at + 37].to_vec(),
        // An RSA key ends with what is computed from its primes.
        None => pkcs8[pkcs8.len() - 48..].to_vec(),
    }
}

/// How it could stand there; base64 has three readings, by where in a group of three octets it begins.
fn forms(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let hex = |upper: bool| -> Vec<u8> {
        let text: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        if upper { text.to_uppercase() } else { text }.into_bytes()
    };
    let decimal =
        |separator: &str| secret.iter().map(u8::to_string).collect::<Vec<_>>().join(separator).into_bytes();
    let base64 = (0..3).map(|skipped| {
        let whole = &secret[skipped..skipped + 30];
        ("base64", Base64Unpadded::encode_string(whole).into_bytes())
    });
    let others = [("raw", secret.to_vec()), ("hex", hex(false)), ("hex", hex(true)), ("list", decimal(", "))];
    others.into_iter().chain(base64).collect()
}

fn contents(folder: &Path) -> Vec<u8> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { contents(&path) } else { fs::read(&path).unwrap() }).collect()
}

#[tokio::test]
async fn a_sealed_key_opens_only_where_it_belongs_and_as_it_was() {
    let site = Site::new(10).await;
    let (first, other) = (site.issue_until(&["a.example"], 30), site.issue_until(&["a.example"], 40));
    let of_alice = site.store(&alice(), &first).await;
    let second_of_alice = site.store(&alice(), &other).await;
    // The same certificate and key, of another owner.
    let of_bob = site.store(&bob(), &first).await;
    let sealed = site.store.sealed_key(of_alice, Generation(1)).await.unwrap();
    let kek = sealed.kek_id().clone();

    let is_refused = async |id: CertId, sealed: SealedKey| {
        put(&site, id, &kek, sealed).await;
        match site.certs.private_key(&Caller::operator(), id).await {
            Ok(_) => false,
            Err(ServiceError::Seal(SealError::Wrap(cert_service::WrapError::Unavailable { .. }))) => false,
            Err(error) => matches!(error, ServiceError::Seal(_)),
        }
    };
    assert!(is_refused(of_bob, sealed.clone()).await, "another owner");
    assert!(is_refused(second_of_alice, sealed.clone()).await, "another id");
    assert!(!is_refused(of_alice, sealed.clone()).await, "where it belongs");

    // Another generation: the version comes back, its old sealed key does not open for it.
    site.certs.replace(&alice(), of_alice, upload(&other), None).await.unwrap();
    site.certs.rollback(&alice(), of_alice, None).await.unwrap();
    site.certs.private_key(&alice(), of_alice).await.unwrap();
    assert!(is_refused(of_alice, sealed.clone()).await, "another generation");

    let standing = site.store(&alice(), &site.issue("c.example")).await;
    let whole = site.store.sealed_key(standing, Generation(1)).await.unwrap();
    for bit in 0..whole.as_bytes().len() * 8 {
        let mut bytes = whole.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        // The store takes none without its header, and would know one under another key-encryption key.
        let Ok(flipped) = SealedKey::from_bytes(bytes) else { continue };
        if *flipped.kek_id() == kek {
            assert!(is_refused(standing, flipped).await, "bit {bit}");
        }
    }
    assert!(!is_refused(standing, whole).await);
}

/// Puts a sealed key in the place of a certificate's own, as nothing but an intruder would.
async fn put(site: &Site, id: CertId, kek: &KekId, sealed: SealedKey) {
    let generation = site.store.get(id).await.unwrap().summary.generation;
    site.store.rewrap(id, generation, kek, sealed, NOW).await.unwrap();
}
