//! A client of the API: it signs requests and reads answers.

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use ureq::{
    Agent,
    http::{Method, Request, StatusCode},
    tls::{RootCerts, TlsConfig},
};
use zeroize::Zeroizing;

use crate::{failure::Failure, server_args::ServerArgs};

/// A server, and who we are there.
pub(crate) struct Client<'a> {
    agent: Agent,
    server: &'a ServerArgs,
    secret_key: Zeroizing<String>,
    base: &'a str,
}

impl<'a> Client<'a> {
    pub(crate) fn new(server: &'a ServerArgs) -> Result<Self, Failure> {
        let secret_key = server.secret_key()?;
        if server.access_key.is_empty() || secret_key.is_empty() {
            return Err(Failure::new(
                "no credential: set CERTKEEP_ACCESS_KEY and CERTKEEP_SECRET_KEY\n  \
                 a server that was started without a configuration wrote them: . ./certkeep-data/credential.env",
            ));
        }
        let base = server.url.trim_end_matches('/');
        if !base.starts_with("http://") && !base.starts_with("https://") {
            let message = format!("CERTKEEP_URL must start with http:// or https://, and is {base}");
            return Err(Failure::new(message));
        }
        Ok(Self { agent: agent(), server, secret_key, base })
    }

    /// Sends a request and returns the answer's fields, or what the server says is wrong.
    pub(crate) fn call(&self, method: Method, target: &str, body: Option<&Value>) -> Result<Value, Failure> {
        self.call_if(method, target, body, None)
    }

    /// As [`call`](Self::call), only while this generation stands.
    pub(crate) fn call_if(
        &self,
        method: Method,
        target: &str,
        body: Option<&Value>,
        generation: Option<u64>,
    ) -> Result<Value, Failure> {
        let target = &self.for_owner(target);
        let signed_target = format!("{}{target}", path_of(self.base));
        let signature = cert_http::sign_qbox(&self.server.access_key, &self.secret_key, &signed_target);
        let mut request = Request::builder();
        if let Some(generation) = generation {
            request = request.header("If-Match", format!("\"{generation}\""));
        }
        let request = request
            .method(method)
            .uri(format!("{}{target}", self.base))
            .header("Authorization", signature)
            .header("Accept-Language", self.server.lang.tag())
            .header("Content-Type", "application/json")
            .body(body.map(Value::to_string).unwrap_or_default())
            .map_err(|error| Failure::new(format!("{} is no address: {error}", self.base)))?;
        let mut response = self.agent.run(request).map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        let text = response.body_mut().read_to_string().map_err(|error| self.unreachable(&error))?;
        let answer: Value = serde_json::from_str(&text).map_err(|_| {
            Failure::new(format!("{} answered {status} without JSON: is it a certkeep server?", self.base))
        })?;
        if status.is_success() {
            return Ok(answer);
        }
        let message = refusal(&answer);
        // A server that is busy or lacks its store has not said no: whoever asks again later may be served.
        let is_passing = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        Err(if is_passing { Failure::new(message) } else { Failure::refused(message) })
    }

    /// An operator names the owner that the call is for.
    fn for_owner(&self, target: &str) -> String {
        match &self.server.owner {
            None => target.to_owned(),
            Some(owner) => {
                let separator = if target.contains('?') { '&' } else { '?' };
                format!("{target}{separator}owner={}", encode(owner))
            }
        }
    }

    fn unreachable(&self, error: &ureq::Error) -> Failure {
        Failure::new(format!(
            "cannot reach {}: {error}\n  start a server with `certkeep serve`, or set CERTKEEP_URL to one",
            self.base
        ))
    }
}

/// A text as a part of a query or of a path.
pub(crate) fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

const TIMEOUT: Duration = Duration::from_secs(30);

fn agent() -> Agent {
    let tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .root_certs(RootCerts::WebPki)
        .build();
    Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(TIMEOUT))
        .tls_config(tls)
        .build()
        .into()
}

/// The path of a base address: it is part of what is signed.
fn path_of(base: &str) -> &str {
    let authority = base.split_once("://").map_or(base, |(_, rest)| rest);
    authority.find('/').map_or("", |start| &authority[start..])
}

/// The server's refusal, with every finding.
fn refusal(answer: &Value) -> String {
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let findings = answer["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut message = format!("refused with {} ({})", answer["code"], text(answer, "rule"));
    if findings.is_empty() {
        message.push_str(&format!("\n  {}", text(answer, "error")));
    }
    for finding in findings {
        let location = &finding["location"];
        let mut place = text(location, "field");
        for key in ["certificate", "line"] {
            if let Some(number) = location[key].as_u64() {
                place.push_str(&format!(", {key} {number}"));
            }
        }
        message.push_str(&format!(
            "\n{}[{}] {place}: {}",
            text(finding, "level"),
            text(finding, "rule"),
            text(finding, "message")
        ));
        if let Some(fix) = finding["fix"].as_str() {
            message.push_str(&format!("\n  fix: {fix}"));
        }
    }
    message
}

#[cfg(test)]
mod tests {
    use super::path_of;

    #[test]
    fn the_path_of_an_address_is_signed() {
        assert_eq!(path_of("http://127.0.0.1:8080"), "");
        assert_eq!(path_of("https://example.com/certificates"), "/certificates");
    }
}
