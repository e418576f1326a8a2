//! Simplified Chinese: broken rules.

use super::{place, validity_of};
use crate::{Breach, Location, NameError, RsaWeakness};

pub(super) fn message(breach: &Breach, at: &Location) -> String {
    let place = if at.certificate().is_some() { place(at) } else { "信任锚".into() };
    match breach {
        Breach::AkiCritical => format!("{place}的颁发机构密钥标识被标为关键，这是不允许的。"),
        Breach::AkiForm => format!("{place}的颁发机构密钥标识没有只指明其签发者的密钥。"),
        Breach::AkiMissing => format!("{place}没有颁发机构密钥标识，无法得知由哪个密钥签发。"),
        Breach::AnchorExpired(error) => validity_of("这条路径的信任锚", error),
        Breach::AnchorNotACa => "这条路径的信任锚不是 CA 证书。".into(),
        Breach::AnchorPurposes => "这条路径的信任锚有扩展密钥用途，根证书不允许有。".into(),
        Breach::BasicConstraintsNotCritical => format!("{place}的基本约束没有标为关键。"),
        Breach::CaWithoutName => format!("{place}是 CA 证书，却没有使用者名称。"),
        Breach::ClientAuth => format!("{place}也可用于 TLS 客户端，公共 CA 即将停止签发这样的证书。"),
        Breach::CommonNameForm { common_name } => {
            format!("{place}的通用名称 {common_name:?} 是没有按标准格式书写的 IP 地址。")
        }
        Breach::CommonNameMismatch { common_name } => {
            format!("{place}的通用名称 {common_name:?} 不在使用者可选名称中，而客户端只看后者。")
        }
        Breach::DuplicateExtension { oid } => format!("{place}中扩展 {oid} 出现了两次。"),
        Breach::ExtensionMalformed { oid } => format!("{place}的扩展 {oid} 无法解码。"),
        Breach::IssuerKeyUsage => format!("{place}签发了另一个证书，但它的密钥用途不允许。"),
        Breach::KeyDenied => format!("{place}的密钥已知被泄露。"),
        Breach::LeafKeyUsage => {
            format!("{place}的密钥用途不适合 TLS 服务器：需要数字签名，并且不能有证书签名。")
        }
        Breach::LifetimeTooLong { days, max } => {
            format!("{place}的有效期是 {days} 天，公共 CA 在其签发日期最多可以签发 {max} 天，浏览器会拒绝。")
        }
        Breach::MustStaple => format!("{place}要求装订 OCSP 响应（must-staple），使用它的服务器必须装订。"),
        Breach::NameConstraintsEmpty => format!("{place}的名称约束没有约束任何名称。"),
        Breach::NameConstraintsForm { constraint } => {
            format!("{place}的名称约束 {constraint:?} 既不是 DNS 名称也不是地址范围。")
        }
        Breach::NameConstraintsInLeaf => format!("{place}有名称约束，而只有 CA 证书才可以有。"),
        Breach::NameConstraintsNotCritical => format!("{place}的名称约束没有标为关键。"),
        Breach::PolicyConstraintsNotCritical => format!("{place}的策略约束没有标为关键。"),
        Breach::Precertificate => format!("{place}是提交给证书透明度日志的预证书，而不是证书本身。"),
        Breach::PublicSuffixWildcard { name } => {
            format!("{place}的名称 {name:?} 覆盖整个公共后缀，任何人都不应拥有。")
        }
        Breach::PurposesCritical => format!("{place}的扩展密钥用途被标为关键，公共 CA 不允许这样做。"),
        Breach::PurposesMissing => format!("{place}没有扩展密钥用途，没有说明用途。"),
        Breach::RsaWeak(weakness) => weakness_message(*weakness, at),
        Breach::SanCritical => format!("{place}的使用者可选名称被标为关键，只有使用者名称为空时才可以。"),
        Breach::SanMissing => format!("{place}没有使用者可选名称，任何客户端都不会接受它。"),
        Breach::SanNameInvalid { name, error } => {
            format!("{place}的使用者可选名称 {name:?}{}。", what_is_wrong(*error))
        }
        Breach::SanNotCritical => format!("{place}的使用者名称为空，因此使用者可选名称必须标为关键。"),
        Breach::SctMissing => format!("{place}没有内嵌的证书时间戳，而浏览器要求有（证书透明度）。"),
        Breach::SelfSignedTrusted => format!("{place}由它自己的密钥签名，并且本身就是信任锚。"),
        Breach::SerialNumber => format!("{place}的序列号不是正数，或者超过 20 字节。"),
        Breach::SeveralCommonNames => format!("{place}有多个通用名称。"),
        Breach::SkiCritical => format!("{place}的使用者密钥标识被标为关键，这是不允许的。"),
        Breach::SkiMissing => format!("{place}是 CA 证书，却没有使用者密钥标识。"),
        Breach::UnknownCriticalExtension { oid } => format!("{place}有无法识别的关键扩展 {oid}。"),
        Breach::UnusualKeyType { name } => {
            format!("{place}的密钥类型是 {name}，公共 CA 不签发，许多客户端也不接受。")
        }
    }
}

pub(super) fn fix(breach: &Breach) -> Option<String> {
    Some(match breach {
        Breach::AnchorExpired(_)
        | Breach::AnchorNotACa
        | Breach::AnchorPurposes
        | Breach::SelfSignedTrusted
        | Breach::UnknownCriticalExtension { .. } => "请运营者信任这个 CA 的另一个证书。".into(),
        Breach::ClientAuth | Breach::CommonNameMismatch { .. } | Breach::SeveralCommonNames => return None,
        Breach::LifetimeTooLong { .. } => "请重新签发有效期更短的证书。".into(),
        Breach::MustStaple => "请开启 OCSP 装订，或者重新签发不带 must-staple 的证书。".into(),
        Breach::Precertificate => "请上传 CA 最终交付的证书。".into(),
        Breach::PublicSuffixWildcard { .. } => "请为您自己的域名签发证书。".into(),
        Breach::KeyDenied | Breach::RsaWeak(_) => {
            "请生成新的私钥（openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256）并重新签发证书。"
                .into()
        }
        Breach::SanMissing => "请重新签发，并把域名写入使用者可选名称。".into(),
        Breach::SanNameInvalid { .. } => {
            "请重新签发，去掉这个名称，或者使用它的 A-label 形式（xn--）。".into()
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
        RsaWeakness::ClosePrimes => format!("{key}的两个素数过于接近，可以被求出。"),
        RsaWeakness::Exponent => format!("{key}的公钥指数是偶数、小于 65537 或者长于 33 位。"),
        RsaWeakness::Roca => format!("{key}由有 ROCA 缺陷（CVE-2017-15361）的库生成，可以被计算出来。"),
        RsaWeakness::Size { bits } => format!("{key}有 {bits} 位，必须是 2048 到 8192 位，并且是 8 的倍数。"),
        RsaWeakness::SmallFactor { factor } => format!("{key}的模数可以被 {factor} 整除。"),
        RsaWeakness::UnevenPrimes => format!("{key}的两个素数不是各占模数位数的一半。"),
    }
}

const fn what_is_wrong(error: Option<NameError>) -> &'static str {
    match error {
        None => "是长度错误的 IP 地址",
        Some(NameError::BadLabel) => "含有主机名中不能出现的字符",
        Some(NameError::BadLabelLength) => "有空的或超过 63 字节的标签",
        Some(NameError::EndsInNumber) => "写成了 IP 地址，却放在 DNS 名称中",
        Some(NameError::TooLong) => "超过 253 字节",
        Some(NameError::Undecodable) => "有无法解码的国际化标签",
        Some(NameError::Underscore) => "含有下划线，主机名中不能出现",
        Some(NameError::WildcardInside) => "的通配符不是完整的最左标签",
    }
}
