//! Simplified Chinese: broken rules.

use super::{place, validity_of};
use crate::{Breach, Location, NameError, RsaWeakness};

pub(super) fn message(breach: &Breach, at: &Location) -> String {
    let place = if at.certificate().is_some() { place(at) } else { "信任锚".into() };
    match breach {
        Breach::AkiCritical => {
            format!("{place}的颁发机构密钥标识（AKI）被标为关键扩展，这是不允许的。")
        }
        Breach::AkiForm => {
            format!("{place}的颁发机构密钥标识（AKI）格式不对：它应当标识签发者的密钥，并且只标识密钥。")
        }
        Breach::AkiMissing => {
            format!("{place}没有颁发机构密钥标识（AKI），无法确定它由哪个密钥签发。")
        }
        Breach::AnchorExpired(error) => validity_of("这条证书路径的信任锚", error),
        Breach::AnchorNotACa => "这条证书路径的信任锚不是 CA 证书。".into(),
        Breach::AnchorPurposes => "这条证书路径的信任锚有扩展密钥用途（EKU），而根证书不允许有。".into(),
        Breach::BasicConstraintsNotCritical => format!("{place}的基本约束没有标为关键扩展。"),
        Breach::CaWithoutName => format!("{place}是 CA 证书，却没有使用者名称。"),
        Breach::ClientAuth => {
            format!("{place}还可用于 TLS 客户端认证，公共 CA 即将停止签发这样的证书。")
        }
        Breach::CommonNameForm { common_name } => {
            format!("{place}的通用名称（CN）{common_name:?} 是没有按标准格式书写的 IP 地址。")
        }
        Breach::CommonNameMismatch { common_name } => {
            format!(
                "{place}的通用名称（CN）{common_name:?} 不在使用者可选名称（SAN）之中，而客户端只检查后者。"
            )
        }
        Breach::DuplicateExtension { oid } => format!("{place}的扩展 {oid} 出现了两次。"),
        Breach::ExtensionMalformed { oid } => format!("{place}的扩展 {oid} 无法解码。"),
        Breach::IssuerKeyUsage => format!("{place}签发了另一张证书，但它的密钥用途不允许签发证书。"),
        Breach::KeyDenied => format!("{place}的密钥已知遭到泄露。"),
        Breach::LeafKeyUsage => {
            format!("{place}的密钥用途不适合 TLS 服务器：需要数字签名，并且不能有证书签名。")
        }
        Breach::LifetimeTooLong { days, max } => {
            format!(
                "{place}的有效期长达 {days} 天，而在它的签发日期，公共 CA 最多只能签发 {max} 天，因此浏览器会拒绝。"
            )
        }
        Breach::MustStaple => {
            format!("{place}要求装订 OCSP 响应（must-staple）：使用它的服务器必须装订。")
        }
        Breach::NameConstraintsEmpty => format!("{place}的名称约束没有约束任何名称。"),
        Breach::NameConstraintsForm { constraint } => {
            format!("{place}的名称约束 {constraint:?} 既不是 DNS 名称，也不是地址范围。")
        }
        Breach::NameConstraintsInLeaf => format!("{place}有名称约束，而只有 CA 证书才可以有。"),
        Breach::NameConstraintsNotCritical => format!("{place}的名称约束没有标为关键扩展。"),
        Breach::PolicyConstraintsNotCritical => format!("{place}的策略约束没有标为关键扩展。"),
        Breach::Precertificate => {
            format!("{place}是提交给证书透明度（CT）日志的预证书，不是正式证书。")
        }
        Breach::PublicSuffixWildcard { name } => {
            format!("{place}的名称 {name:?} 覆盖整个公共后缀，任何人都不应持有这样的证书。")
        }
        Breach::PurposesCritical => {
            format!("{place}的扩展密钥用途（EKU）被标为关键扩展，公共 CA 不允许这样做。")
        }
        Breach::PurposesMissing => format!("{place}没有扩展密钥用途（EKU），没有说明可以用来做什么。"),
        Breach::RsaWeak(weakness) => weakness_message(*weakness, at),
        Breach::SanCritical => {
            format!("{place}的使用者可选名称（SAN）被标为关键扩展，只有使用者名称为空时才可以这样做。")
        }
        Breach::SanMissing => format!("{place}没有使用者可选名称（SAN），任何客户端都不会接受它。"),
        Breach::SanNameInvalid { name, error } => {
            format!("{place}的使用者可选名称（SAN）{name:?} {}。", what_is_wrong(*error))
        }
        Breach::SanNotCritical => {
            format!("{place}的使用者名称为空，因此使用者可选名称（SAN）必须标为关键扩展。")
        }
        Breach::SctMissing => {
            format!("{place}没有内嵌的证书时间戳（SCT），而浏览器要求有（证书透明度）。")
        }
        Breach::SelfSignedTrusted => format!("{place}是自签名证书，并且本身就是信任锚。"),
        Breach::SerialNumber => format!("{place}的序列号不是正数，或者超过 20 字节。"),
        Breach::SeveralCommonNames => format!("{place}有多个通用名称（CN）。"),
        Breach::SkiCritical => {
            format!("{place}的使用者密钥标识（SKI）被标为关键扩展，这是不允许的。")
        }
        Breach::SkiMissing => format!("{place}是 CA 证书，却没有使用者密钥标识（SKI）。"),
        Breach::UnknownCriticalExtension { oid } => format!("{place}有无法识别的关键扩展 {oid}。"),
        Breach::UnusualKeyType { name } => {
            format!("{place}的密钥类型是 {name}，公共 CA 不为它签发证书，许多客户端也不接受。")
        }
    }
}

pub(super) fn fix(breach: &Breach) -> Option<String> {
    Some(match breach {
        Breach::AnchorExpired(_)
        | Breach::AnchorNotACa
        | Breach::AnchorPurposes
        | Breach::SelfSignedTrusted
        | Breach::UnknownCriticalExtension { .. } => "请平台管理员改为信任这个 CA 的另一张证书。".into(),
        Breach::ClientAuth | Breach::CommonNameMismatch { .. } | Breach::SeveralCommonNames => return None,
        Breach::LifetimeTooLong { .. } => "请重新签发有效期更短的证书。".into(),
        Breach::MustStaple => "请开启 OCSP 装订，或者重新签发不带 must-staple 的证书。".into(),
        Breach::Precertificate => "请上传 CA 最终交付的正式证书。".into(),
        Breach::PublicSuffixWildcard { .. } => "请为您自己的域名申请证书。".into(),
        Breach::KeyDenied | Breach::RsaWeak(_) => {
            "请生成新的私钥（openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256），然后重新签发证书。"
                .into()
        }
        Breach::SanMissing => "请重新签发证书，并把域名写入使用者可选名称（SAN）。".into(),
        Breach::SanNameInvalid { .. } => {
            "请重新签发证书，去掉这个名称，或者改用它的 A-label 形式（xn--）。".into()
        }
        Breach::SctMissing => "请向 CA 申请内嵌 SCT 的证书。".into(),
        Breach::UnusualKeyType { .. } => "请使用 EC P-256 或 RSA 2048 密钥。".into(),
        Breach::AkiCritical
        | Breach::AkiForm
        | Breach::AkiMissing
        | Breach::BasicConstraintsNotCritical
        | Breach::CaWithoutName
        | Breach::CommonNameForm { .. }
        | Breach::DuplicateExtension { .. }
        | Breach::ExtensionMalformed { .. }
        | Breach::IssuerKeyUsage
        | Breach::LeafKeyUsage
        | Breach::NameConstraintsEmpty
        | Breach::NameConstraintsForm { .. }
        | Breach::NameConstraintsInLeaf
        | Breach::NameConstraintsNotCritical
        | Breach::PolicyConstraintsNotCritical
        | Breach::PurposesCritical
        | Breach::PurposesMissing
        | Breach::SanCritical
        | Breach::SanNotCritical
        | Breach::SerialNumber
        | Breach::SkiCritical
        | Breach::SkiMissing => "请向 CA 申请符合标准的证书。".into(),
    })
}

fn weakness_message(weakness: RsaWeakness, at: &Location) -> String {
    let key = at.certificate().map_or_else(|| "RSA 私钥".to_owned(), |_| format!("{}的 RSA 密钥", place(at)));
    match weakness {
        RsaWeakness::ClosePrimes => format!("{key}的两个素数过于接近，可以被推算出来。"),
        RsaWeakness::Exponent => format!("{key}的公钥指数是偶数、小于 65537，或者超过 33 位。"),
        RsaWeakness::Roca => {
            format!("{key}由存在 ROCA 漏洞（CVE-2017-15361）的程序库生成，私钥可以被推算出来。")
        }
        RsaWeakness::Size { bits } => {
            format!("{key}的长度为 {bits} 位，必须是 2048 到 8192 位，并且是 8 的倍数。")
        }
        RsaWeakness::SmallFactor { factor } => format!("{key}的模数可以被 {factor} 整除。"),
        RsaWeakness::UnevenPrimes => format!("{key}的两个素数不是各占模数位数的一半。"),
    }
}

const fn what_is_wrong(error: Option<NameError>) -> &'static str {
    match error {
        None => "是长度错误的 IP 地址",
        Some(NameError::BadLabel) => "含有主机名不允许的字符",
        Some(NameError::BadLabelLength) => "含有空标签，或超过 63 字节的标签",
        Some(NameError::EndsInNumber) => "写成了 IP 地址，却放在 DNS 名称中",
        Some(NameError::TooLong) => "超过 253 字节",
        Some(NameError::Undecodable) => "含有无法解码的国际化标签",
        Some(NameError::Underscore) => "含有下划线，而主机名不允许有下划线",
        Some(NameError::WildcardInside) => "中的通配符不是完整的最左侧标签",
    }
}
