//! The first run: everything that a server needs, made in one folder.

use std::path::{Path, PathBuf};

use cert_core::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::{credential::random_key, failure::Failure, files};

/// Where a server without a configuration keeps its data.
const FOLDER: &str = "./certkeep-data";

/// The folder's configuration, made first if it is not there.
pub(crate) fn configuration(now: Timestamp) -> Result<PathBuf, Failure> {
    let folder = Path::new(FOLDER);
    let path = folder.join("certkeep.toml");
    if !path.exists() {
        files::create_private_folder(folder)?;
        write_demo(&folder.join("demo"), now)?;
        let (access_key, secret_key) = (random_key()?, random_key()?);
        let environment = Zeroizing::new(format!(
            "export CERTKEEP_ACCESS_KEY={}\nexport CERTKEEP_SECRET_KEY={}\n",
            *access_key, *secret_key
        ));
        files::write_private(&folder.join("credential.env"), environment.as_bytes())?;
        // Last: while it is missing, the next run starts over.
        files::write_private(&path, configuration_text(&access_key, &secret_key).as_bytes())?;
    }
    Ok(path)
}

/// The line that tries a server out, to be pasted into another terminal in the same folder.
pub(crate) fn next_step(url: &str) -> Result<String, Failure> {
    let program = std::env::current_exe()
        .map_err(|error| Failure::new(format!("cannot find out the path of this program: {error}")))?;
    let program = quote(&program.to_string_lossy());
    Ok(format!(
        ". {FOLDER}/credential.env && {program} cert upload {FOLDER}/demo/chain.pem --key {FOLDER}/demo/key.pem \
         --name demo --url {url} && {program} cert list --url {url}"
    ))
}

/// Characters that no shell gives a meaning to need no quotes.
fn quote(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,@".contains(c);
    if path.chars().all(plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

fn configuration_text(access_key: &str, secret_key: &str) -> Zeroizing<String> {
    Zeroizing::new(format!(
        "# Written by the first `certkeep serve` in this folder; it is yours to edit.\n\
         # Paths are relative to the folder in which the server is started.\n\
         store = \"sled:{FOLDER}/store\"\n\
         key_ring = \"{FOLDER}/keyring.toml\"\n\n\
         # The demo authority is trusted for this class only. Its key was thrown away when it had signed the demo\n\
         # certificate. Remove this class, and its mention below, once you have seen enough.\n\
         [class.demo]\n\
         trust = [\"webpki\", \"{FOLDER}/demo/ca.pem\"]\n\n\
         [[credential]]\n\
         access_key = \"{access_key}\"\n\
         secret_key = \"{secret_key}\"\n\
         owner = \"demo\"\n\
         class = \"demo\"\n"
    ))
}

/// A certificate for `demo.certkeep.example`, its key, and the authority that signed it.
fn write_demo(folder: &Path, now: Timestamp) -> Result<(), Failure> {
    let failed = |error: rcgen::Error| Failure::new(format!("cannot make the demo certificate: {error}"));
    let authority_key = KeyPair::generate().map_err(failed)?;
    let authority = authority_params(now);
    let authority_pem = authority.self_signed(&authority_key).map_err(failed)?.pem();
    let key = KeyPair::generate().map_err(failed)?;
    let leaf = leaf_params(now).map_err(failed)?;
    let chain_pem = leaf.signed_by(&key, &Issuer::new(authority, authority_key)).map_err(failed)?.pem();

    files::create_private_folder(folder)?;
    files::write_private(&folder.join("ca.pem"), authority_pem.as_bytes())?;
    files::write_private(&folder.join("chain.pem"), chain_pem.as_bytes())?;
    files::write_private(&folder.join("key.pem"), Zeroizing::new(key.serialize_pem()).as_bytes())
}

fn authority_params(now: Timestamp) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named("Certkeep Demo CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = date(now - DAY);
    params.not_after = date(now + 3650 * DAY);
    params
}

fn leaf_params(now: Timestamp) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new([DEMO_NAME.to_owned()])?;
    params.distinguished_name = named(DEMO_NAME);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params.not_before = date(now - DAY);
    params.not_after = date(now + 365 * DAY);
    Ok(params)
}

const DEMO_NAME: &str = "demo.certkeep.example";
const DAY: i64 = 86_400;

fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

fn date(instant: Timestamp) -> OffsetDateTime {
    // Within a century of now, which is far inside what the type holds.
    OffsetDateTime::from_unix_timestamp(instant.as_unix()).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn paths_survive_a_shell() {
        assert_eq!(quote("/usr/bin/certkeep"), "/usr/bin/certkeep");
        assert_eq!(quote("/my tools/it's"), r"'/my tools/it'\''s'");
    }
}
