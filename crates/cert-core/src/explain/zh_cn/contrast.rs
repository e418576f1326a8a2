//! Simplified Chinese: what was expected, and what there is instead.

use super::{place, span};
use crate::{
    Breach, Cause, Contrast, DecodeError, DerivationCost, KeyError, Location, PathError, RsaWeakness,
    ValidityError, caps,
};

pub(in crate::explain) fn contrast(cause: &Cause, at: &Location) -> Option<Contrast> {
    match cause {
        Cause::Decode(error) => of_text(error),
        Cause::Key(error) => of_key(error),
        Cause::Path(PathError::Depth { found, max }) => {
            Contrast::of(format!("最多 {max} 张中间证书"), format!("{found} 张"))
        }
        Cause::Path(PathError::IssuerMissing(missing)) => {
            Contrast::of(format!("{} 的证书", missing.issuer), format!("证书链到{}为止", place(at)))
        }
        Cause::Path(PathError::Validity(error)) | Cause::Validity(error) => of_validity(error),
        Cause::Path(_) | Cause::Served(_) => None,
        Cause::Rule(breach) => of_rule(breach),
    }
}

fn of_text(error: &DecodeError) -> Option<Contrast> {
    match error {
        DecodeError::BadCharacter { found } => Contrast::of("base64 允许的字符", format!("{found:?}")),
        DecodeError::BadDate { text, .. } => {
            Contrast::of("YYMMDDHHMMSSZ 或 YYYYMMDDHHMMSSZ", format!("{text:?}"))
        }
        DecodeError::CertificateTooLarge { len, max } | DecodeError::TooLarge { len, max } => {
            Contrast::of(format!("最多 {max} 字节"), format!("{len} 字节"))
        }
        DecodeError::LabelMismatch { begin, end } => {
            Contrast::of(format!("-----END {begin}-----"), format!("-----END {end}-----"))
        }
        DecodeError::SeveralKeys { count } => Contrast::of("1 个私钥", format!("{count} 个私钥")),
        DecodeError::SmartDashes { found } => Contrast::of("连字符（-）", format!("{found:?}")),
        DecodeError::TrailingData { len } => Contrast::of("没有多余数据", format!("{len} 字节")),
        _ => None,
    }
}

fn of_key(error: &KeyError) -> Option<Contrast> {
    match error {
        KeyError::DerivationTooCostly(DerivationCost::Iterations { found }) => {
            Contrast::of(format!("最多 {} 次迭代", caps::MAX_KDF_ITERATIONS), format!("{found} 次"))
        }
        KeyError::DerivationTooCostly(DerivationCost::Passphrase { found }) => {
            Contrast::of(format!("最多 {} 字节", caps::MAX_PASSPHRASE), format!("{found} 字节"))
        }
        KeyError::DerivationTooCostly(DerivationCost::ScryptMemory { found }) => {
            Contrast::of(format!("最多 {} 字节内存", caps::MAX_SCRYPT_MEMORY), format!("{found} 字节"))
        }
        KeyError::DerivationTooCostly(DerivationCost::ScryptParallelization { found }) => {
            Contrast::of("并行度为 1", format!("并行度为 {found}"))
        }
        KeyError::Mismatch(mismatch) => {
            let expected = format!("{} 的 {} 私钥", mismatch.leaf_name, mismatch.leaf);
            let other = if mismatch.key == mismatch.leaf { "另一个 " } else { "" };
            let spki = mismatch.key_fingerprint;
            let spki = spki.map_or_else(String::new, |spki| format!("，公钥的 SHA-256 为 {spki}"));
            Contrast::of(expected, format!("{other}{} 私钥{spki}", mismatch.key))
        }
        KeyError::Unsupported { name } => Contrast::of("RSA、EC P-256、P-384、P-521 或 Ed25519", name),
        _ => None,
    }
}

fn of_validity(error: &ValidityError) -> Option<Contrast> {
    match error {
        ValidityError::Expired { not_after, now } => {
            Contrast::of(format!("在 {now} 有效"), format!("有效期到 {not_after} 为止"))
        }
        ValidityError::NotYetValid { not_before, now } => {
            Contrast::of(format!("在 {now} 有效"), format!("从 {not_before} 起有效"))
        }
        ValidityError::TooShort { remaining, required, .. } => {
            Contrast::of(format!("至少剩余 {}", span(*required)), format!("剩余 {}", span(*remaining)))
        }
    }
}

fn of_rule(breach: &Breach) -> Option<Contrast> {
    match breach {
        Breach::AnchorExpired(error) => of_validity(error),
        Breach::CommonNameMismatch { common_name } => {
            Contrast::of("使用者可选名称（SAN）之一", format!("{common_name:?}"))
        }
        Breach::LifetimeTooLong { days, max } => Contrast::of(format!("最多 {max} 天"), format!("{days} 天")),
        Breach::RsaWeak(RsaWeakness::Size { bits }) => {
            Contrast::of("2048 到 8192 位，且为 8 的倍数", format!("{bits} 位"))
        }
        Breach::UnusualKeyType { name } => Contrast::of("RSA、EC P-256 或 P-384", name),
        _ => None,
    }
}
