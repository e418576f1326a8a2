//! Refusals, with their status, their number and their texts.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use cert_core::{DnsName, Explain, Finding, Language};
use cert_service::{ActError, SealError, ServiceError, WrapError};
use cert_store::StoreError;
use std::sync::Arc;

/// Why a request is refused or fails.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The signature is missing or wrong, or nobody has the access key.
    BadToken,
    /// More requests are under way than the server takes at once.
    Busy,
    /// The client ended the body before its end.
    BodyCut,
    /// The body did not come within its deadline.
    BodyTooSlow,
    /// A field was sent beside those that it takes the place of.
    FieldsConflict { field: &'static str, instead_of: [&'static str; 2] },
    /// A tenant asked to act for another owner.
    Forbidden,
    /// A handler panicked.
    Internal,
    /// The body is not the JSON that the call takes.
    InvalidJson { detail: String },
    /// A query parameter is not what it must be.
    InvalidParameter { name: &'static str, expected: &'static str },
    /// The path is one of ours, the method is none of its.
    MethodNotAllowed,
    /// The text in the path can be no id.
    NoSuchCertificate,
    /// A field is missing that the call needs.
    MissingField { field: &'static str },
    /// No call has this path.
    NoSuchCall,
    /// Nothing is bound to the domain.
    NoSuchDomain,
    /// The certificate has no name for the domain; these are its names.
    NotCovered { domain: String, names: Vec<String> },
    /// The caller sends more requests than it may.
    RateLimited { seconds: u64 },
    /// The service refuses or fails.
    Service(ServiceError),
    /// The body is longer than the limit.
    TooLarge { max: usize },
    /// The call took longer than calls may.
    TookTooLong,
}

impl Failure {
    /// The status that the answer has.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::BadToken => StatusCode::UNAUTHORIZED,
            Self::BodyCut
            | Self::FieldsConflict { .. }
            | Self::InvalidJson { .. }
            | Self::InvalidParameter { .. }
            | Self::MissingField { .. }
            | Self::NoSuchCertificate
            | Self::NotCovered { .. } => StatusCode::BAD_REQUEST,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoSuchCall | Self::NoSuchDomain => StatusCode::NOT_FOUND,
            Self::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy | Self::TookTooLong => StatusCode::SERVICE_UNAVAILABLE,
            Self::Service(error) => service_status(error),
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }

    /// The number in the answer: the API's own where it has one, else the status.
    pub(crate) fn code(&self) -> u32 {
        let public = match self {
            Self::NoSuchCertificate => Some(cert_core::ErrorCode::NotFound),
            Self::Service(error) => error.code(),
            _ => None,
        };
        public.map_or_else(|| self.status().as_u16().into(), cert_core::ErrorCode::as_u32)
    }

    /// What was found in an upload that was judged.
    pub(crate) fn findings(&self) -> &[Finding] {
        match self {
            Self::Service(error) => error.findings(),
            _ => &[],
        }
    }

    /// The domains that stand in the way.
    pub(crate) fn domains(&self) -> &[DnsName] {
        match self {
            Self::Service(
                ServiceError::StillBound { domains, .. }
                | ServiceError::Store(StoreError::WouldUncover { domains, .. }),
            ) => domains,
            _ => &[],
        }
    }

    /// After how many seconds to try again, where that helps.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        match self {
            Self::RateLimited { seconds } => Some(*seconds),
            _ if self.status() == StatusCode::SERVICE_UNAVAILABLE => Some(1),
            _ => None,
        }
    }
}

fn service_status(error: &ServiceError) -> StatusCode {
    if let Some(code) = error.code() {
        return StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::BAD_REQUEST);
    }
    match error {
        ServiceError::Interrupted
        | ServiceError::Seal(SealError::Wrap(WrapError::Unavailable { .. }))
        | ServiceError::Store(StoreError::Unavailable { .. } | StoreError::Unknown { .. }) => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        ServiceError::InvalidName { .. }
        | ServiceError::Labels(_)
        | ServiceError::Marker(_)
        | ServiceError::NotChangeable { .. }
        | ServiceError::OwnerRequired
        | ServiceError::Store(StoreError::NotCovered { .. } | StoreError::WouldUncover { .. }) => {
            StatusCode::BAD_REQUEST
        }
        ServiceError::NotAllowed => StatusCode::FORBIDDEN,
        ServiceError::ActiveKek { .. }
        | ServiceError::Store(
            StoreError::InUse { .. } | StoreError::NoPrevious { .. } | StoreError::Stale { .. },
        ) => StatusCode::CONFLICT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        Self::Service(error)
    }
}

impl From<ActError> for Failure {
    fn from(error: ActError) -> Self {
        match error {
            ActError::NotOperator => Self::Forbidden,
            _ => Self::InvalidParameter { name: "owner", expected: "a name of 1 to 255 bytes" },
        }
    }
}

impl IntoResponse for Failure {
    /// The status alone; [`Envelope`](crate::envelope::Envelope) writes the body in the client's language.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

impl Explain for Failure {
    fn rule(&self) -> &'static str {
        match self {
            Self::BadToken => "bad_token",
            Self::Busy => "busy",
            Self::BodyCut => "body_cut",
            Self::BodyTooSlow => "body_too_slow",
            Self::FieldsConflict { .. } => "fields_conflict",
            Self::Forbidden => "forbidden",
            Self::Internal => "internal",
            Self::InvalidJson { .. } => "invalid_json",
            Self::InvalidParameter { .. } => "invalid_parameter",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::MissingField { .. } => "missing_field",
            Self::NoSuchCall => "no_such_call",
            Self::NoSuchDomain => "no_such_domain",
            Self::NotCovered { .. } => "not_covered",
            Self::RateLimited { .. } => "rate_limited",
            Self::NoSuchCertificate => "not_found",
            Self::Service(error) => error.rule(),
            Self::TooLarge { .. } => "body_too_large",
            Self::TookTooLong => "took_too_long",
        }
    }

    fn message(&self, language: Language) -> String {
        match (self, language) {
            (Self::Service(error), _) => error.message(language),
            // Clients match on these texts, so they have one language.
            (Self::BadToken, _) => "bad token".to_owned(),
            (Self::NoSuchDomain, _) => "no such domain".to_owned(),
            (_, Language::ZhCn) => self.chinese(),
            _ => self.english(),
        }
    }

    fn fix(&self, language: Language) -> Option<String> {
        match self {
            Self::Service(error) => error.fix(language),
            _ => None,
        }
    }
}

impl Failure {
    fn english(&self) -> String {
        match self {
            Self::BodyCut => "The body ended before its end.".into(),
            Self::BodyTooSlow => "The body did not come in time.".into(),
            Self::FieldsConflict { field, instead_of: [one, other] } => {
                format!(
                    "The field {field} takes the place of {one} and {other}: send it alone, or those two."
                )
            }
            Self::Forbidden => "Only an operator may act for another owner.".into(),
            Self::InvalidJson { detail } => {
                format!("The body is not the JSON object that this call takes: {detail}.")
            }
            Self::InvalidParameter { name, expected } => format!("The parameter {name} must be {expected}."),
            Self::MethodNotAllowed => "This path does not take this method.".into(),
            Self::NoSuchCall => "There is no such call.".into(),
            Self::NoSuchCertificate => {
                "There is no such certificate: the text in the path is not an id.".into()
            }
            Self::TooLarge { max } => format!("The body is longer than {max} bytes, which is the limit."),
            Self::MissingField { field } => format!("The field {field} is missing."),
            Self::NotCovered { domain, names } => {
                format!("The certificate does not cover {domain}; its names are {}.", names.join(", "))
            }
            Self::RateLimited { .. } => "Too many requests: slow down.".into(),
            Self::Busy => "The server has too many requests under way; nothing was done. Try again.".into(),
            Self::TookTooLong => {
                "The call took too long and was given up; it is not known whether it was done. Ask, or try again.".into()
            }
            Self::BadToken | Self::Internal | Self::NoSuchDomain | Self::Service(_) => {
                "The server failed; nothing is known of why.".into()
            }
        }
    }

    fn chinese(&self) -> String {
        match self {
            Self::BodyCut => "请求体不完整。".into(),
            Self::BodyTooSlow => "请求体接收超时。".into(),
            Self::FieldsConflict { field, instead_of: [one, other] } => {
                format!(
                    "字段 {field} 不能与 {one}、{other} 同时使用：请只提供 {field}，或只提供 {one} 和 {other}。"
                )
            }
            Self::Forbidden => "只有操作员可以代表其他所有者。".into(),
            Self::InvalidJson { detail } => format!("请求体不是此接口所需的 JSON 对象：{detail}。"),
            Self::InvalidParameter { name, .. } => format!("参数 {name} 无效。"),
            Self::MethodNotAllowed => "此路径不支持该方法。".into(),
            Self::NoSuchCall => "没有此接口。".into(),
            Self::NoSuchCertificate => "没有该证书：路径中的文本不是证书 ID。".into(),
            Self::TooLarge { max } => format!("请求体超过上限 {max} 字节。"),
            Self::MissingField { field } => format!("缺少字段 {field}。"),
            Self::NotCovered { domain, names } => {
                format!("证书不覆盖域名 {domain}；其域名为 {}。", names.join("、"))
            }
            Self::RateLimited { .. } => "请求过于频繁，请稍后重试。".into(),
            Self::Busy => "服务器繁忙，请求未执行，请重试。".into(),
            Self::TookTooLong => "请求超时，结果未知，请查询或重试。".into(),
            Self::BadToken | Self::Internal | Self::NoSuchDomain | Self::Service(_) => {
                "服务器内部故障。".into()
            }
        }
    }
}

#[cfg(test)]
#[path = "failure_tests.rs"]
mod tests;
