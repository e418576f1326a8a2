//! The texts of the service's own refusals.

use cert_core::{Explain, Language};
use cert_store::{MarkerError, StoreError};

use crate::{SealError, ServiceError, WrapError};

impl Explain for ServiceError {
    fn rule(&self) -> &'static str {
        match self {
            Self::ActiveKek { .. } => "kek_active",
            Self::Interrupted => "interrupted",
            Self::InvalidName { .. } => "invalid_name",
            Self::Labels(_) => "invalid_label",
            Self::Marker(MarkerError::OtherOwner) | Self::NotOwner { .. } => "not_owner",
            Self::Marker(_) => "invalid_marker",
            Self::NotAllowed => "not_allowed",
            Self::NotChangeable { .. } => "not_changeable",
            Self::OwnerRequired => "owner_required",
            Self::Refused(refusal) => refusal.error().rule().as_str(),
            Self::Seal(SealError::Wrap(WrapError::Unavailable { .. })) => "unavailable",
            Self::Seal(_) => "key_not_opened",
            Self::Store(StoreError::Stale { generation: Some(_), .. }) => "stale_generation",
            Self::Store(error) | Self::StillBound { source: error, .. } => error.rule(),
            Self::WrongRing { .. } => "wrong_ring",
        }
    }

    fn message(&self, language: Language) -> String {
        match self {
            Self::Refused(refusal) => {
                let whose = refusal.key_of().map(|id| match language {
                    Language::ZhCn => format!("它是您已保存的证书 {id} 的私钥。"),
                    _ => format!(" It is the key of your stored certificate {id}."),
                });
                refusal.error().message(language) + &whose.unwrap_or_default()
            }
            Self::Store(error) => error.message(language),
            Self::StillBound { domains, source } => {
                let domains = domains.iter().map(cert_core::DnsName::as_str).collect::<Vec<_>>();
                let listed = match language {
                    _ if domains.is_empty() => String::new(),
                    Language::ZhCn => format!("（{}）", domains.join("、")),
                    _ => format!(" ({})", domains.join(", ")),
                };
                source.message(language) + &listed
            }
            _ => match language {
                Language::ZhCn => self.chinese(),
                _ => self.english(),
            },
        }
    }

    fn fix(&self, language: Language) -> Option<String> {
        let (english, chinese) = match self {
            Self::Refused(refusal) => return refusal.error().fix(language),
            Self::Store(error) | Self::StillBound { source: error, .. } => return error.fix(language),
            Self::ActiveKek { .. } => (
                "Add a key to the ring, make it the active one on every node, and rewrap; then retire this one.",
                "请先向密钥环添加新密钥，在所有节点上将其设为活动密钥并重新包装，然后再停用此密钥。",
            ),
            Self::NotChangeable { .. } => {
                ("Leave it out, or upload the certificate anew.", "请去掉该字段，或作为新证书上传。")
            }
            Self::Marker(_) => ("Start the list again without a marker.", "请不带 marker 从头开始列举。"),
            Self::OwnerRequired => ("Name the owner.", "请指明所有者。"),
            Self::WrongRing { .. } => (
                "Use the key ring file that this store was begun with; restore it from its backup.",
                "请使用创建该存储时的密钥环文件，或从备份中恢复它。",
            ),
            Self::Interrupted | Self::Seal(SealError::Wrap(WrapError::Unavailable { .. })) => {
                ("Try again.", "请重试。")
            }
            Self::InvalidName { .. }
            | Self::Labels(_)
            | Self::NotAllowed
            | Self::NotOwner { .. }
            | Self::Seal(_) => return None,
        };
        Some(if language == Language::ZhCn { chinese } else { english }.to_owned())
    }
}

impl ServiceError {
    fn english(&self) -> String {
        match self {
            Self::InvalidName { field } => {
                format!("The {field} is longer than 255 bytes, or has control characters.")
            }
            Self::Labels(error) => format!("The labels cannot be kept: {error}."),
            Self::Marker(MarkerError::OtherOwner) => "The marker comes from another owner's list.".to_owned(),
            Self::Marker(_) => "The marker is not one that this list gave.".to_owned(),
            Self::ActiveKek { kek } => format!("New keys are sealed under {kek}: it cannot be retired."),
            Self::NotAllowed => "This call is not for callers of this kind.".to_owned(),
            Self::NotChangeable { field } => format!("A replacement keeps the certificate's {field}."),
            Self::NotOwner { id } => format!("Certificate {id} belongs to another owner."),
            Self::OwnerRequired => "An operator must say which owner the call is for.".to_owned(),
            Self::Seal(_) | Self::WrongRing { .. } => {
                "The private key cannot be sealed or opened: the operator must look at the key ring."
                    .to_owned()
            }
            Self::Interrupted | Self::Refused(_) | Self::StillBound { .. } | Self::Store(_) => {
                "The call was cut short.".to_owned()
            }
        }
    }

    fn chinese(&self) -> String {
        match self {
            Self::InvalidName { field } => {
                let field = if *field == "name" { "名称" } else { "通用名" };
                format!("{field}超过 255 字节，或含有控制字符。")
            }
            Self::Labels(_) => "标签超出限制：最多 16 个，键不超过 63 字节，值不超过 255 字节。".to_owned(),
            Self::Marker(MarkerError::OtherOwner) => "该 marker 来自其他所有者的列表。".to_owned(),
            Self::Marker(_) => "该 marker 不是本列表返回的。".to_owned(),
            Self::ActiveKek { kek } => format!("{kek} 是当前的活动密钥，不能停用。"),
            Self::NotAllowed => "此类调用者不能执行该操作。".to_owned(),
            Self::NotChangeable { .. } => "替换证书时名称保持不变。".to_owned(),
            Self::NotOwner { id } => format!("证书 {id} 属于其他所有者。"),
            Self::OwnerRequired => "操作员必须指明所有者。".to_owned(),
            Self::Seal(_) | Self::WrongRing { .. } => "私钥无法加密或解密：请运维人员检查密钥环。".to_owned(),
            Self::Interrupted | Self::Refused(_) | Self::StillBound { .. } | Self::Store(_) => {
                "请求被中断。".to_owned()
            }
        }
    }
}
