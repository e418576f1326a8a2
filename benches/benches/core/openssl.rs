//! The same with OpenSSL.

use certkeep_benches::sample::NOW;
use openssl::{
    pkey::PKey,
    stack::Stack,
    x509::{
        X509, X509StoreContext,
        store::{X509Store, X509StoreBuilder},
        verify::X509VerifyParam,
    },
};

/// Certificates that are decoded, and a store with their root.
pub(crate) struct Verifier {
    leaf: X509,
    intermediates: Stack<X509>,
    store: X509Store,
}

impl Verifier {
    /// From the DER of leaf, intermediate and root.
    pub(crate) fn new(certificates: &[Vec<u8>; 3]) -> Self {
        let [leaf, intermediate, root] =
            certificates.each_ref().map(|der| X509::from_der(der).expect("it decodes"));
        let mut intermediates = Stack::new().expect("a stack is made");
        intermediates.push(intermediate).expect("it is pushed");
        Self { leaf, intermediates, store: store(root) }
    }

    /// Verifies the path.
    pub(crate) fn verify(&self) {
        verify(&self.store, &self.leaf, &self.intermediates);
    }
}

/// Loads a PEM key, and compares it with the leaf's.
pub(crate) fn load_and_match(leaf: &[u8], key: &[u8]) {
    let leaf = X509::from_der(leaf).expect("it decodes");
    assert!(is_key_of(&leaf, key));
}

/// Decodes chain and key, verifies the path, and compares the key with the leaf's.
pub(crate) fn accept(store: &X509Store, chain: &[u8], key: &[u8]) {
    let certificates = X509::stack_from_pem(chain).expect("it decodes");
    let [leaf, above @ ..] = certificates.as_slice() else { unreachable!("a chain of two") };
    assert!(is_key_of(leaf, key));
    let mut intermediates = Stack::new().expect("a stack is made");
    above.iter().for_each(|ca| intermediates.push(ca.clone()).expect("it is pushed"));
    verify(store, leaf, &intermediates);
}

/// A store that trusts this root at the samples' instant.
pub(crate) fn store(root: X509) -> X509Store {
    let mut store = X509StoreBuilder::new().expect("a store is made");
    let mut parameters = X509VerifyParam::new().expect("parameters are made");
    parameters.set_time(NOW.as_unix());
    store.set_param(&parameters).expect("parameters are set");
    store.add_cert(root).expect("a root is added");
    store.build()
}

fn is_key_of(leaf: &X509, key: &[u8]) -> bool {
    let key = PKey::private_key_from_pem(key).expect("it loads");
    leaf.public_key().expect("a leaf has a key").public_eq(&key)
}

fn verify(store: &X509Store, leaf: &X509, intermediates: &Stack<X509>) {
    let mut context = X509StoreContext::new().expect("a context is made");
    let valid = context.init(store, leaf, intermediates, |context| context.verify_cert());
    assert!(valid.expect("it runs"));
}
