//! What is counted, through the `metrics` facade. Without a recorder it costs nothing; no label comes from a client.

use std::{sync::OnceLock, time::Duration};

use axum::http::Method;
use cert_core::Explain as _;
use cert_service::ServiceError;
use metrics::{Counter, Histogram};

/// The numbers of one call. Looking them up by their labels costs more than counting, so those of the common answer are
/// kept from the first request on: a recorder must be installed by then.
#[derive(Default)]
pub(crate) struct Numbers(OnceLock<Common>);

struct Common {
    method: &'static str,
    route: String,
    succeeded: Counter,
    seconds: Histogram,
}

impl Numbers {
    /// A request was answered. `route` is the path of the call as it is documented, so that there is one series a call
    /// and not one an id.
    pub(crate) fn answered(&self, method: &Method, route: Option<&str>, code: u32, elapsed: Duration) {
        let (method, route) = (method_label(method), route.unwrap_or("none"));
        let common = self.0.get_or_init(|| Common {
            method,
            route: route.to_owned(),
            succeeded: requests(method, route, SUCCESS),
            seconds: seconds(method, route),
        });
        if (code, method, route) == (SUCCESS, common.method, &common.route) {
            common.succeeded.increment(1);
            common.seconds.record(elapsed);
        } else {
            requests(method, route, code).increment(1);
            seconds(method, route).record(elapsed);
        }
    }
}

const SUCCESS: u32 = 200;

fn requests(method: &'static str, route: &str, code: u32) -> Counter {
    let (route, code) = (route.to_owned(), code.to_string());
    metrics::counter!("certkeep_http_requests_total", "method" => method, "route" => route, "code" => code)
}

fn seconds(method: &'static str, route: &str) -> Histogram {
    metrics::histogram!("certkeep_http_request_seconds", "method" => method, "route" => route.to_owned())
}

/// A method is a client's to make up.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

/// An upload was accepted, or refused for this.
pub(crate) fn verdict(refused: Option<&ServiceError>) {
    let rule = refused.map_or("accepted", |error| error.rule());
    metrics::counter!("certkeep_upload_verdicts_total", "rule" => rule).increment(1);
}
