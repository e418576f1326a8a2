//! Refusals, with their status, their number and their texts.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use cert_core::{Explain, Finding, Language};
use cert_service::{ActError, SealError, ServiceError, WrapError};
use cert_store::StoreError;
use std::sync::Arc;

/// Why a request is refused or fails.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The signature is missing or wrong, or nobody has the access key.
    BadToken,
    /// The client ended the body before its end.
    BodyCut,
    /// The body did not come within its deadline.
    BodyTooSlow,
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
    /// No call has this path.
    NoSuchCall,
    /// The service refuses or fails.
    Service(ServiceError),
    /// The body is longer than the limit.
    TooLarge { max: usize },
    /// The field belongs to the API, and this server does not support it.
    Unsupported { field: &'static str },
}

impl Failure {
    /// The status that the answer has.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::BadToken => StatusCode::UNAUTHORIZED,
            Self::BodyCut
            | Self::InvalidJson { .. }
            | Self::InvalidParameter { .. }
            | Self::NoSuchCertificate
            | Self::Unsupported { .. } => StatusCode::BAD_REQUEST,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoSuchCall => StatusCode::NOT_FOUND,
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
        | ServiceError::OwnerRequired => StatusCode::BAD_REQUEST,
        ServiceError::NotAllowed => StatusCode::FORBIDDEN,
        ServiceError::ActiveKek { .. } => StatusCode::CONFLICT,
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
    /// The status alone; [`reply::envelope`](crate::reply::envelope) writes the body in the client's language.
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
            Self::BodyCut => "body_cut",
            Self::BodyTooSlow => "body_too_slow",
            Self::Forbidden => "forbidden",
            Self::Internal => "internal",
            Self::InvalidJson { .. } => "invalid_json",
            Self::InvalidParameter { .. } => "invalid_parameter",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::NoSuchCall => "no_such_call",
            Self::NoSuchCertificate => "not_found",
            Self::Service(error) => error.rule(),
            Self::TooLarge { .. } => "body_too_large",
            Self::Unsupported { .. } => "unsupported_field",
        }
    }

    fn message(&self, language: Language) -> String {
        match (self, language) {
            (Self::Service(error), _) => error.message(language),
            // Clients match on this text, so it has one language.
            (Self::BadToken, _) => "bad token".to_owned(),
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
            Self::Unsupported { field } => format!("This server does not support the field {field}."),
            Self::BadToken | Self::Internal | Self::Service(_) => {
                "The server failed; nothing is known of why.".into()
            }
        }
    }

    fn chinese(&self) -> String {
        match self {
            Self::BodyCut => "请求体不完整。".into(),
            Self::BodyTooSlow => "请求体接收超时。".into(),
            Self::Forbidden => "只有操作员可以代表其他所有者。".into(),
            Self::InvalidJson { detail } => format!("请求体不是此接口所需的 JSON 对象：{detail}。"),
            Self::InvalidParameter { name, .. } => format!("参数 {name} 无效。"),
            Self::MethodNotAllowed => "此路径不支持该方法。".into(),
            Self::NoSuchCall => "没有此接口。".into(),
            Self::NoSuchCertificate => "没有该证书：路径中的文本不是证书 ID。".into(),
            Self::TooLarge { max } => format!("请求体超过上限 {max} 字节。"),
            Self::Unsupported { field } => format!("此服务器不支持字段 {field}。"),
            Self::BadToken | Self::Internal | Self::Service(_) => "服务器内部故障。".into(),
        }
    }
}

#[cfg(test)]
#[path = "failure_tests.rs"]
mod tests;
