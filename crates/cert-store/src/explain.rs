//! The texts of errors, for tenants: what stood in the way, and nothing of the backend.

use cert_core::{Explain, Language};

use crate::StoreError;

impl Explain for StoreError {
    fn rule(&self) -> &'static str {
        match self {
            Self::AlreadyExists { .. } => "already_exists",
            Self::BoundElsewhere { .. } => "bound_elsewhere",
            Self::Conflict { .. } => "conflict",
            Self::Corrupt { .. } => "store_corrupt",
            Self::Expired { .. } => "expired",
            Self::InUse { .. } => "kek_in_use",
            Self::MarkerTooOld => "marker_too_old",
            Self::NoPrevious { .. } => "no_previous",
            Self::NotCovered { .. } => "not_covered",
            Self::NotFound { .. } => "not_found",
            Self::QuotaExceeded { .. } => "quota_exceeded",
            Self::Retired { .. } => "kek_retired",
            Self::Stale { .. } => "stale",
            Self::StillBound { .. } => "still_bound",
            Self::Unavailable { .. } => "unavailable",
            Self::Unknown { .. } => "outcome_unknown",
            Self::WouldUncover { .. } => "would_uncover",
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
            Self::Expired { .. } => ("Upload a renewed certificate.", "请上传续期后的证书。"),
            Self::NotCovered { .. } | Self::WouldUncover { .. } => {
                ("Use a certificate whose names cover the domains.", "请使用覆盖这些域名的证书。")
            }
            Self::InUse { .. } => ("Rewrap the keys under it first.", "请先重新包装其下的密钥。"),
            Self::MarkerTooOld => ("Start again from the bindings as they stand.", "请从当前绑定重新开始。"),
            Self::Stale { .. } => ("Read it again, then repeat the request.", "请重新读取后再试。"),
            Self::StillBound { .. } => ("Unbind the domains first.", "请先解除域名绑定。"),
            Self::Unavailable { .. } | Self::Unknown { .. } => ("Try again in a moment.", "请稍后重试。"),
            Self::AlreadyExists { .. }
            | Self::BoundElsewhere { .. }
            | Self::Conflict { .. }
            | Self::Corrupt { .. }
            | Self::NoPrevious { .. }
            | Self::NotFound { .. }
            | Self::Retired { .. } => return None,
        };
        Some(if language == Language::ZhCn { chinese } else { english }.to_owned())
    }
}

fn english_message(error: &StoreError) -> String {
    match error {
        StoreError::AlreadyExists { id } => format!("Certificate {id} exists already."),
        StoreError::BoundElsewhere { target } => format!("{} is bound by another owner.", target.domain),
        StoreError::Conflict { key } => format!("Something else stands in the place of {key}."),
        StoreError::Corrupt { .. } => "What is stored does not read back.".into(),
        StoreError::Expired { id, not_after } => {
            format!("Certificate {id} has expired or ends too early: its end is {not_after}.")
        }
        StoreError::InUse { kek } => format!("Keys are still sealed under the key-encryption key {kek}."),
        StoreError::MarkerTooOld => "The change feed does not reach back that far.".into(),
        StoreError::NoPrevious { id } => format!("Certificate {id} has no previous version."),
        StoreError::NotCovered { id, domain } => format!("Certificate {id} does not cover {domain}."),
        StoreError::NotFound { id } => format!("There is no certificate {id}."),
        StoreError::QuotaExceeded { limit, .. } => format!("The quota of {limit} certificates is used up."),
        StoreError::Retired { kek } => format!("The key-encryption key {kek} was retired."),
        StoreError::Stale { id, .. } => format!("Certificate {id} or its binding has changed meanwhile."),
        StoreError::StillBound { id, cdn, storage } => {
            format!("Certificate {id} is bound to {cdn} CDN and {storage} storage domains.")
        }
        StoreError::Unavailable { .. } => {
            "The certificate store cannot be reached; nothing was changed.".into()
        }
        StoreError::Unknown { .. } => {
            "The certificate store failed while it wrote; it is not known whether it did.".into()
        }
        StoreError::WouldUncover { domains, .. } => {
            format!("These bound domains would not be covered any more: {}.", joined(domains))
        }
    }
}

fn chinese_message(error: &StoreError) -> String {
    match error {
        StoreError::AlreadyExists { id } => format!("证书 {id} 已存在。"),
        StoreError::BoundElsewhere { target } => format!("域名 {} 已被其他用户绑定。", target.domain),
        StoreError::Conflict { key } => format!("{key} 的位置已有其他内容。"),
        StoreError::Corrupt { .. } => "存储的内容无法读取。".into(),
        StoreError::Expired { id, not_after } => format!("证书 {id} 已过期或到期过早（{not_after}）。"),
        StoreError::InUse { kek } => format!("密钥加密密钥 {kek} 仍在使用。"),
        StoreError::MarkerTooOld => "变更记录已不包含该位置。".into(),
        StoreError::NoPrevious { id } => format!("证书 {id} 没有上一个版本。"),
        StoreError::NotCovered { id, domain } => format!("证书 {id} 不覆盖域名 {domain}。"),
        StoreError::NotFound { id } => format!("证书 {id} 不存在。"),
        StoreError::QuotaExceeded { limit, .. } => format!("{limit} 个证书的配额已用完。"),
        StoreError::Retired { kek } => format!("密钥加密密钥 {kek} 已停用。"),
        StoreError::Stale { id, .. } => format!("证书 {id} 或其绑定已发生变化。"),
        StoreError::StillBound { id, cdn, storage } => {
            format!("证书 {id} 仍绑定 {cdn} 个 CDN 域名和 {storage} 个存储域名。")
        }
        StoreError::Unavailable { .. } => "证书存储暂时无法访问，没有做任何更改。".into(),
        StoreError::Unknown { .. } => "证书存储在写入时失败，结果未知。".into(),
        StoreError::WouldUncover { domains, .. } => {
            format!("以下已绑定的域名将不再被覆盖：{}。", joined(domains))
        }
    }
}

fn joined(domains: &[cert_core::DnsName]) -> String {
    domains.iter().map(cert_core::DnsName::as_str).collect::<Vec<_>>().join(", ")
}
