//! The QBox scheme: path, query and form bodies are signed, JSON bodies are not.

use aws_lc_rs::hmac;
use base64::Engine as _;

use super::{FORM, SIGNATURE, SignedRequest, mac_key};

/// The `Authorization` header of a request whose body is not a form.
///
/// `target` is the path, with `?` and the query where there is one.
///
/// ```
/// let header = cert_http::sign_qbox("TESTAK", "TESTSK", "/sslcert");
/// assert_eq!(header, "QBox TESTAK:EoANbZRZJjtYeMhWSTu7WTBlkxQ=");
/// ```
pub fn sign(access_key: &str, secret_key: &str, target: &str) -> String {
    let tag = hmac::sign(&mac_key(secret_key), format!("{target}\n").as_bytes());
    format!("QBox {access_key}:{}", SIGNATURE.encode(tag))
}

pub(super) fn covers_body(content_type: &str) -> bool {
    content_type == FORM
}

pub(super) fn signed_bytes(request: &SignedRequest<'_>, target: &str) -> Vec<u8> {
    let mut data = format!("{target}\n").into_bytes();
    if covers_body(request.content_type()) {
        data.extend(request.body);
    }
    data
}
