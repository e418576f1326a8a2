//! English: keys that cannot be used.

use super::{super::is_pkcs12, field, place};
use crate::{DerivationCost, Field, KeyError, Location, caps};

pub(super) fn message(error: &KeyError, at: &Location) -> String {
    let field = field(at);
    match error {
        KeyError::DerivationTooCostly(cost) => cost_message(*cost, field),
        KeyError::Encrypted if cfg!(feature = "encrypted-keys") => {
            format!("{field} is protected by a passphrase, and none was given.")
        }
        KeyError::Encrypted => {
            format!("{field} is protected by a passphrase; this build does not read such keys.")
        }
        KeyError::EncryptionUnsupported { name } => {
            format!("{field} is encrypted with {name}, which is not supported.")
        }
        KeyError::Invalid => {
            format!("{field} does not load: it is damaged, or its parts do not belong together.")
        }
        KeyError::Mismatch(mismatch) => {
            let belongs = mismatch.belongs_to.as_ref().map_or_else(
                || "It belongs to no certificate of the chain".to_owned(),
                |ca| format!("It belongs to certificate {} ({}), which is a CA's", ca.position(), ca.name()),
            );
            format!(
                "The key is not that of {}: the key is {}, the certificate has {}. {belongs}.",
                mismatch.leaf_name,
                of_type(&mismatch.key),
                of_other_type(&mismatch.leaf, &mismatch.key),
            )
        }
        KeyError::Unusable => "The key loads, but its own public key does not verify what it signs.".into(),
        KeyError::Unsupported { name } if at.field() == Field::Key => {
            format!("The key is of type {name}, which is not supported.")
        }
        KeyError::Unsupported { name } => {
            format!("{} has a key of type {name}, which is not supported.", place(at))
        }
        KeyError::WrongPassphrase if is_pkcs12(at) => {
            "The passphrase does not open the PKCS #12 file: it is another one, or the file is damaged."
                .into()
        }
        KeyError::WrongPassphrase => {
            "The passphrase does not open the key: it is another one, or the key is damaged.".into()
        }
    }
}

fn cost_message(cost: DerivationCost, field: &str) -> String {
    match cost {
        DerivationCost::Iterations { found } => {
            let max = caps::MAX_KDF_ITERATIONS;
            format!(
                "{field} asks for {found} iterations in all to get from the passphrase to the key; {max} are allowed."
            )
        }
        DerivationCost::Passphrase { found } => {
            format!("The passphrase has {found} bytes; it may have {}.", caps::MAX_PASSPHRASE)
        }
        DerivationCost::ScryptMemory { found } => {
            let (found, max) = (found.div_ceil(MIB), caps::MAX_SCRYPT_MEMORY / MIB);
            format!(
                "{field} asks for {found} MiB of memory to get from the passphrase to the key (scrypt); {max} MiB are allowed."
            )
        }
        DerivationCost::ScryptParallelization { found } => {
            format!("{field} asks for scrypt with a parallelization of {found}; it must be 1.")
        }
    }
}

const MIB: u64 = 1024 * 1024;

fn of_type(name: &str) -> String {
    let article = if name.starts_with(['E', 'R']) { "an" } else { "a" };
    format!("{article} {name} key")
}

fn of_other_type(leaf: &str, key: &str) -> String {
    if leaf == key { format!("another {leaf} key") } else { of_type(leaf) }
}

pub(super) fn fix(error: &KeyError, at: &Location) -> Option<String> {
    Some(match error {
        KeyError::DerivationTooCostly(DerivationCost::Passphrase { .. }) => {
            "Check whether this is the passphrase; else set a shorter one."
        }
        KeyError::DerivationTooCostly(_) if is_pkcs12(at) => {
            "Write the file anew with fewer iterations: openssl pkcs12 -in FILE.pfx -nodes -out all.pem and openssl pkcs12 -export -in all.pem -out NEW.pfx."
        }
        KeyError::DerivationTooCostly(_) => {
            "Encrypt the key anew at a lower cost: openssl pkcs8 -topk8 -in KEYFILE -iter 100000 -out NEWFILE."
        }
        KeyError::Encrypted if is_pkcs12(at) => "Send its passphrase with it.",
        KeyError::Encrypted if cfg!(feature = "encrypted-keys") => {
            "Send its passphrase with it, or remove the passphrase: openssl pkey -in KEYFILE -out plain.pem."
        }
        KeyError::Encrypted => "Remove the passphrase first: openssl pkey -in KEYFILE -out plain.pem.",
        KeyError::EncryptionUnsupported { .. } if is_pkcs12(at) => {
            "Convert it: openssl pkcs12 -in FILE.pfx -nodes -out all.pem has certificates and key."
        }
        KeyError::EncryptionUnsupported { .. } => {
            "Remove the passphrase: openssl pkey -in KEYFILE -out plain.pem."
        }
        KeyError::Invalid | KeyError::Unusable => {
            "Send the original key file; if this is it, make a new key and have the certificate issued again."
        }
        KeyError::Mismatch(_) => "Send the private key that the request (CSR) of this certificate was made with.",
        KeyError::Unsupported { .. } => {
            "Use an RSA key of 2048 to 8192 bits, or EC P-256, P-384, P-521 or Ed25519."
        }
        KeyError::WrongPassphrase if is_pkcs12(at) => {
            "Try it with openssl pkcs12 -in FILE.pfx -noout, and look for blanks and line ends around it."
        }
        KeyError::WrongPassphrase => {
            "Try it with openssl pkey -in KEYFILE -noout, and look for blanks and line ends around it."
        }
    }
    .to_owned())
}
