//! Who is calling: two signature schemes of one provider, and the credentials behind them.
//!
//! A request is signed with HMAC-SHA1 under a secret key that both sides know. SHA-1 is what the deployed clients
//! compute; as an HMAC it is not known to be forgeable.

mod qbox;
mod qiniu;

use std::{collections::HashMap, sync::Arc};

use aws_lc_rs::hmac;
use axum::http::{HeaderMap, Method, header};
use base64::{
    Engine as _,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use cert_core::Timestamp;
use cert_service::{Caller, Clock, SystemClock};
use zeroize::Zeroizing;

pub use qbox::sign as sign_qbox;

/// Finds the credential that an access key names.
pub trait Credentials: Send + Sync {
    /// The credential, or `None` for an access key that nobody has.
    fn find(&self, access_key: &str) -> Option<Arc<Credential>>;
}

/// A secret key, whom it speaks for, and how requests must be signed with it.
pub struct Credential {
    caller: Caller,
    /// Made from the secret key once: that is half of the work of a signature. It is wiped when it goes.
    key: hmac::Key,
    schemes: Schemes,
    must_be_dated: bool,
}

/// A scheme of signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Signs path, query and form bodies; neither the method, nor a time, nor a JSON body.
    QBox,
    /// Signs the method, the target, the host, the provider's own headers with the date among them, and the body.
    Qiniu,
}

#[derive(Clone, Copy)]
struct Schemes {
    qbox: bool,
    qiniu: bool,
}

impl Credential {
    /// The caller that requests signed with `secret_key` come from.
    pub fn new(caller: Caller, secret_key: Zeroizing<String>) -> Self {
        let schemes = Schemes { qbox: true, qiniu: true };
        Self { caller, key: mac_key(&secret_key), schemes, must_be_dated: false }
    }

    /// Held to these schemes; both are accepted by default.
    #[must_use]
    pub fn with_schemes(self, schemes: &[Scheme]) -> Self {
        let has = |scheme| schemes.contains(&scheme);
        Self { schemes: Schemes { qbox: has(Scheme::QBox), qiniu: has(Scheme::Qiniu) }, ..self }
    }

    /// Requests must carry a signed date, so that one that was recorded is of no use 15 minutes later. QBox signs no
    /// date: with it, nothing is accepted any more.
    #[must_use]
    pub fn dated(self) -> Self {
        Self { must_be_dated: true, ..self }
    }

    fn accepts(&self, scheme: Scheme, headers: &HeaderMap, now: Timestamp) -> bool {
        match scheme {
            Scheme::QBox => self.schemes.qbox && !self.must_be_dated,
            Scheme::Qiniu => {
                let dated = !self.must_be_dated || qiniu::is_dated(headers);
                self.schemes.qiniu && dated && qiniu::is_in_time(headers, now)
            }
        }
    }
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential").field("caller", &self.caller).finish_non_exhaustive()
    }
}

/// Credentials by access key, as a configuration lists them.
impl Credentials for HashMap<String, Arc<Credential>> {
    fn find(&self, access_key: &str) -> Option<Arc<Credential>> {
        self.get(access_key).cloned()
    }
}

/// Checks signatures.
#[derive(Clone)]
pub struct Authenticator {
    credentials: Arc<dyn Credentials>,
    clock: Arc<dyn Clock>,
}

impl Authenticator {
    /// Signatures of these credentials, judged by the system's clock.
    pub fn new(credentials: impl Credentials + 'static) -> Self {
        Self { credentials: Arc::new(credentials), clock: Arc::new(SystemClock) }
    }

    /// With another clock: dated signatures are refused when they are more than 15 minutes off.
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Finds the credential of a request. The signature is still to be [verified](Claim::verify).
    pub(crate) fn claim(&self, headers: &HeaderMap) -> Option<Claim> {
        let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = text.trim().split_once(' ')?;
        let scheme = match scheme {
            "QBox" => Scheme::QBox,
            "Qiniu" => Scheme::Qiniu,
            _ => return None,
        };
        let (access_key, signature) = token.trim().split_once(':')?;
        let signature = SIGNATURE.decode(signature).ok()?;
        let credential = self.credentials.find(access_key)?;
        let now = cert_service::now(&*self.clock);
        credential.accepts(scheme, headers, now).then_some(Claim { scheme, credential, signature })
    }
}

impl std::fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authenticator(..)")
    }
}

/// A request as far as signatures cover it.
pub(crate) struct SignedRequest<'a> {
    pub(crate) method: &'a Method,
    /// Path and query as they stand in the request line.
    pub(crate) target: &'a str,
    pub(crate) host: &'a str,
    pub(crate) headers: &'a HeaderMap,
    /// Empty where the signature does not [need](Claim::covers_body) it.
    pub(crate) body: &'a [u8],
}

impl<'a> SignedRequest<'a> {
    fn content_type(&self) -> &'a str {
        content_type(self.headers)
    }
}

/// What a request claims to be signed by.
pub(crate) struct Claim {
    scheme: Scheme,
    credential: Arc<Credential>,
    signature: Vec<u8>,
}

impl Claim {
    /// Whether the body is part of what is signed, and must be read before the signature can be verified.
    pub(crate) fn covers_body(&self, headers: &HeaderMap) -> bool {
        match self.scheme {
            Scheme::QBox => qbox::covers_body(content_type(headers)),
            Scheme::Qiniu => qiniu::covers_body(content_type(headers)),
        }
    }

    /// The caller, if the signature is right for one reading of the request that clients are known to sign.
    pub(crate) fn verify(&self, request: &SignedRequest<'_>) -> Option<Caller> {
        // It compares in constant time.
        let is_of = |data: &[u8]| hmac::verify(&self.credential.key, data, &self.signature).is_ok();
        let is_signed = match self.scheme {
            Scheme::QBox => any_reading(request.target, |target| is_of(&qbox::signed_bytes(request, target))),
            Scheme::Qiniu => qiniu::readings(request).any(|reading| {
                any_reading(request.target, |target| is_of(&qiniu::signed_bytes(request, &reading, target)))
            }),
        };
        is_signed.then(|| self.credential.caller.clone())
    }
}

const SIGNATURE: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Whether it is so for a target that clients sign for one request line: a bare `?` counts or not, and the path is
/// percent-decoded by some (Go's `URL.Path`) and raw for others.
fn any_reading(target: &str, is_signed: impl Fn(&str) -> bool) -> bool {
    if is_signed(target) {
        return true;
    }
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    if query == Some("") && is_signed(path) {
        return true;
    }
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8().unwrap_or_default();
    decoded != path
        && match query {
            None => is_signed(&decoded),
            Some("") => is_signed(&decoded) || is_signed(&format!("{decoded}?")),
            Some(query) => is_signed(&format!("{decoded}?{query}")),
        }
}

/// The type of a body that QBox signs, and that the SDK for Node.js takes for the default.
const FORM: &str = "application/x-www-form-urlencoded";

fn content_type(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn mac_key(secret_key: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret_key.as_bytes())
}

#[cfg(test)]
#[path = "vectors.rs"]
mod vectors;
