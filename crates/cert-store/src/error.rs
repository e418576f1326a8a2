//! Why a step was refused or failed.

use cert_core::{ErrorCode, Explain, Language};

use crate::{CertId, OwnerId};

/// The source of a failure, as the backend has it.
pub type BackendError = Box<dyn core::error::Error + Send + Sync>;

/// Why a step was refused (nothing happened, and the reason is the caller's) or failed (the reason is the backend's).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another certificate has this id.
    #[error("certificate {id} exists already")]
    AlreadyExists {
        /// The id.
        id: CertId,
    },
    /// What is stored does not read back. Nothing happened.
    #[error("{backend}: what is stored does not read back ({operation})")]
    Corrupt {
        /// The backend.
        backend: &'static str,
        /// What it was doing.
        operation: &'static str,
        /// What it says.
        source: BackendError,
    },
    /// There is no such certificate, or not in this generation.
    #[error("there is no certificate {id}")]
    NotFound {
        /// The id.
        id: CertId,
    },
    /// The owner is at a limit. Nothing was stored.
    #[error("owner {owner} has reached the limit of {limit} certificates")]
    QuotaExceeded {
        /// The owner.
        owner: OwnerId,
        /// The limit that was reached.
        limit: u64,
    },
    /// The backend cannot be used now. Nothing happened.
    #[error("{backend}: not available ({operation})")]
    Unavailable {
        /// The backend.
        backend: &'static str,
        /// What it was doing.
        operation: &'static str,
        /// What it says.
        source: BackendError,
    },
    /// The backend failed while it wrote: the step may have happened. Ask again; every step may be repeated.
    #[error("{backend}: the outcome is not known ({operation})")]
    Unknown {
        /// The backend.
        backend: &'static str,
        /// What it was doing.
        operation: &'static str,
        /// What it says.
        source: BackendError,
    },
}

impl StoreError {
    /// The public number. A failure of the backend has none.
    pub const fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::NotFound { .. } => Some(ErrorCode::NotFound),
            Self::QuotaExceeded { .. } => Some(ErrorCode::QuotaExceeded),
            Self::AlreadyExists { .. }
            | Self::Corrupt { .. }
            | Self::Unavailable { .. }
            | Self::Unknown { .. } => None,
        }
    }
}

impl Explain for StoreError {
    fn rule(&self) -> &'static str {
        match self {
            Self::AlreadyExists { .. } => "already_exists",
            Self::Corrupt { .. } => "store_corrupt",
            Self::NotFound { .. } => "not_found",
            Self::QuotaExceeded { .. } => "quota_exceeded",
            Self::Unavailable { .. } => "unavailable",
            Self::Unknown { .. } => "outcome_unknown",
        }
    }

    fn message(&self, language: Language) -> String {
        match language {
            Language::ZhCn => chinese_message(self),
            _ => english_message(self),
        }
    }

    fn fix(&self, language: Language) -> Option<String> {
        let (english, chinese) = match self {
            Self::QuotaExceeded { .. } => (
                "Delete certificates that are no longer used, or ask for a higher quota.",
                "请删除不再使用的证书，或者申请提高配额。",
            ),
            Self::Unavailable { .. } | Self::Unknown { .. } => ("Try again in a moment.", "请稍后重试。"),
            Self::AlreadyExists { .. } | Self::Corrupt { .. } | Self::NotFound { .. } => return None,
        };
        Some(if language == Language::ZhCn { chinese } else { english }.to_owned())
    }
}

/// What a tenant may read: nothing of the backend.
fn english_message(error: &StoreError) -> String {
    match error {
        StoreError::AlreadyExists { id } => format!("Certificate {id} exists already."),
        StoreError::Corrupt { .. } => "What is stored does not read back.".into(),
        StoreError::NotFound { id } => format!("There is no certificate {id}."),
        StoreError::QuotaExceeded { limit, .. } => format!("The quota of {limit} certificates is used up."),
        StoreError::Unavailable { .. } => {
            "The certificate store cannot be reached; nothing was changed.".into()
        }
        StoreError::Unknown { .. } => {
            "The certificate store failed while it wrote; it is not known whether it did.".into()
        }
    }
}

fn chinese_message(error: &StoreError) -> String {
    match error {
        StoreError::AlreadyExists { id } => format!("证书 {id} 已存在。"),
        StoreError::Corrupt { .. } => "存储的内容无法读取。".into(),
        StoreError::NotFound { id } => format!("证书 {id} 不存在。"),
        StoreError::QuotaExceeded { limit, .. } => format!("{limit} 个证书的配额已用完。"),
        StoreError::Unavailable { .. } => "证书存储暂时无法访问，没有做任何更改。".into(),
        StoreError::Unknown { .. } => "证书存储在写入时失败，结果未知。".into(),
    }
}
