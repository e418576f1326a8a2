//! From a PKCS #12 file and its passphrase to the chain and the key in it.

use zeroize::Zeroizing;

use super::{
    Opened, ber,
    container::{Bag, BagContent, Container, Safe},
    looks_like_der,
    mac::Mac,
    order::{Entry, in_serving_order},
};
use crate::{
    DecodeError, Field, KeyError, KeyForm, Location, Passphrase, caps,
    decode::{self, Failure},
    pbe::{Budget, Secret},
    pem::PemBlock,
    recognize::Kind,
};

pub(super) fn open(file: &[u8], passphrase: Option<&Passphrase>) -> Result<Opened, Failure> {
    if file.len() > caps::MAX_INPUT {
        let error = DecodeError::TooLarge { len: file.len(), max: caps::MAX_INPUT };
        return Err(Failure::decode(error, Location::PKCS12));
    }
    let bytes = decode_text(file)?;
    // Without a passphrase it may still be one that was written with an empty one.
    let nothing = Passphrase::new(Vec::new());
    let contents = Contents::read(&bytes, passphrase.unwrap_or(&nothing));
    match contents.and_then(Contents::into_opened) {
        Ok(opened) => Ok(opened),
        Err(Refusal::Content(failure)) => Err(failure),
        Err(Refusal::Key(KeyError::WrongPassphrase)) if passphrase.is_none() => {
            Err(Failure::key(KeyError::Encrypted, Location::PKCS12))
        }
        Err(Refusal::Key(KeyError::Invalid)) => Err(malformed()),
        Err(Refusal::Key(error)) => Err(Failure::key(error, Location::PKCS12)),
        Err(Refusal::Decode(error)) => Err(Failure::decode(error, Location::PKCS12)),
    }
}

/// The bytes of a file that may be their base64.
fn decode_text(file: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if looks_like_der(file) {
        return Ok(Zeroizing::new(file.to_vec()));
    }
    let text = file.trim_ascii_start();
    if text.is_empty() {
        return Err(Failure::decode(DecodeError::Empty, Location::PKCS12));
    }
    if !text.starts_with(b"MI") {
        return Err(malformed());
    }
    PemBlock::bare(file).decode_secret().map_err(|error| decode::pem_failure(error, Field::Pkcs12, file))
}

fn malformed() -> Failure {
    Failure::decode(DecodeError::Pkcs12Malformed, Location::PKCS12)
}

enum Refusal {
    /// A certificate or a key in the file.
    Content(Failure),
    Decode(DecodeError),
    Key(KeyError),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Content(failure)
    }
}

impl From<KeyError> for Refusal {
    fn from(error: KeyError) -> Self {
        Self::Key(error)
    }
}

impl From<der::Error> for Refusal {
    fn from(_: der::Error) -> Self {
        Self::Decode(DecodeError::Pkcs12Malformed)
    }
}

/// What was found in a file.
#[derive(Default)]
struct Contents {
    certificates: Vec<Entry>,
    keys: Vec<Key>,
}

struct Key {
    der: Zeroizing<Vec<u8>>,
    local_key_id: Option<Vec<u8>>,
}

impl Contents {
    fn read(file: &[u8], passphrase: &Passphrase) -> Result<Self, Refusal> {
        let der = normalized(file)?;
        let container = Container::read(&der)?;
        let content = normalized(container.content)?;
        let safes = Safe::read_all(&content)?;
        let mut budget = Budget::of_upload();
        charge(container.mac.as_ref(), &safes, passphrase, &mut budget)?;
        let (secret, is_right) = prove(&container, passphrase)?;
        let mut opening = Opening { secret, is_right, budget, contents: Self::default() };
        for safe in &safes {
            opening.open_safe(safe)?;
        }
        Ok(opening.contents)
    }

    fn into_opened(mut self) -> Result<Opened, Refusal> {
        let count = self.keys.len();
        let Some(Key { der: key, local_key_id }) = self.keys.pop() else {
            return Err(Refusal::Decode(DecodeError::NoKeyInPkcs12));
        };
        if count > 1 {
            return Err(Refusal::Decode(DecodeError::SeveralKeys { count }));
        }
        if self.certificates.is_empty() {
            return Err(Refusal::Decode(DecodeError::NoCertificateInPkcs12));
        }
        if self.certificates.len() > caps::MAX_CERTIFICATES {
            let error = DecodeError::TooManyCertificates { max: caps::MAX_CERTIFICATES };
            return Err(Refusal::Decode(error));
        }
        let certificates = in_serving_order(self.certificates, local_key_id.as_deref());
        Ok(Opened {
            certificates: decode::certificates_of_file(certificates)?,
            key: decode::key_of_file(key)?,
        })
    }
}

fn normalized(ber: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    ber::to_der(ber).ok_or(Refusal::Decode(DecodeError::Pkcs12Malformed))
}

/// Charges everything that the file asks for and that can be seen without decrypting anything.
fn charge(
    mac: Option<&Mac<'_>>,
    safes: &[Safe<'_>],
    passphrase: &Passphrase,
    budget: &mut Budget,
) -> Result<(), Refusal> {
    if let Some(mac) = mac {
        budget.add(mac.cost()?);
        if passphrase.is_empty() {
            // There are two encodings of nothing.
            budget.add(mac.cost()?);
        }
    }
    for safe in safes {
        match safe {
            Safe::Plain(contents) => add_bags(&normalized(contents)?, budget, MAX_DEPTH)?,
            Safe::Encrypted(scheme, _) => budget.add(scheme.cost()?),
        }
    }
    Ok(budget.check()?)
}

/// Safes within safes: real files have none.
const MAX_DEPTH: usize = 4;

fn add_bags(safe_contents: &[u8], budget: &mut Budget, depth: usize) -> Result<(), Refusal> {
    for bag in Bag::read_all(safe_contents)? {
        match bag.content {
            BagContent::EncryptedKey(key) => budget.add(key.scheme.cost()?),
            BagContent::Safe(inner) if depth > 0 => add_bags(inner, budget, depth - 1)?,
            BagContent::Safe(_) => return Err(Refusal::Decode(DecodeError::Pkcs12Malformed)),
            BagContent::Certificate(_) | BagContent::Key(_) | BagContent::Other => {}
        }
    }
    Ok(())
}

/// The passphrase in the encoding that the MAC verifies with. A file without a MAC tells nothing.
fn prove<'a>(container: &Container<'_>, passphrase: &'a Passphrase) -> Result<(Secret<'a>, bool), Refusal> {
    let secret = Secret::new(passphrase)?;
    let Some(mac) = &container.mac else {
        return Ok((secret, false));
    };
    if mac.verifies(&secret, container.content)? {
        return Ok((secret, true));
    }
    if passphrase.is_empty() && mac.verifies(&Secret::nothing(), container.content)? {
        return Ok((Secret::nothing(), true));
    }
    Err(KeyError::WrongPassphrase.into())
}

struct Opening<'a> {
    secret: Secret<'a>,
    /// The MAC has proven the passphrase, so what cannot be read is damaged.
    is_right: bool,
    budget: Budget,
    contents: Contents,
}

impl Opening<'_> {
    fn open_safe(&mut self, safe: &Safe<'_>) -> Result<(), Refusal> {
        match safe {
            Safe::Plain(contents) => self.take_bags(&normalized(contents)?, MAX_DEPTH),
            Safe::Encrypted(scheme, data) => {
                let contents = scheme.decrypt(&self.secret, data).map_err(|error| self.unreadable(error))?;
                let contents = ber::to_der(&contents).filter(|contents| Bag::read_all(contents).is_ok());
                let contents = contents.ok_or_else(|| self.unreadable(KeyError::WrongPassphrase))?;
                // What was hidden until now is charged before any of it is derived.
                add_bags(&contents, &mut self.budget, MAX_DEPTH)?;
                self.budget.check()?;
                self.take_bags(&contents, MAX_DEPTH)
            }
        }
    }

    /// `depth` was checked when the bags were charged.
    fn take_bags(&mut self, safe_contents: &[u8], depth: usize) -> Result<(), Refusal> {
        for bag in Bag::read_all(safe_contents)? {
            let local_key_id = bag.local_key_id.map(<[u8]>::to_vec);
            match bag.content {
                BagContent::Certificate(der) => {
                    self.contents.certificates.push(Entry { der: der.to_vec(), local_key_id });
                }
                BagContent::EncryptedKey(key) => {
                    let key = key.decrypt(&self.secret).map_err(|error| self.unreadable(error))?;
                    self.take_key(key, local_key_id)?;
                }
                BagContent::Key(key) => self.take_key(Zeroizing::new(key.to_vec()), local_key_id)?,
                BagContent::Other => {}
                BagContent::Safe(inner) => self.take_bags(inner, depth.saturating_sub(1))?,
            }
        }
        Ok(())
    }

    fn take_key(&mut self, key: Zeroizing<Vec<u8>>, local_key_id: Option<Vec<u8>>) -> Result<(), Refusal> {
        if Kind::of_der(&key) != Kind::PrivateKey(KeyForm::Pkcs8) {
            return Err(self.unreadable(KeyError::WrongPassphrase));
        }
        self.contents.keys.push(Key { der: key, local_key_id });
        Ok(())
    }

    fn unreadable(&self, error: KeyError) -> Refusal {
        match error {
            KeyError::WrongPassphrase if self.is_right => Refusal::Decode(DecodeError::Pkcs12Malformed),
            error => Refusal::Key(error),
        }
    }
}
