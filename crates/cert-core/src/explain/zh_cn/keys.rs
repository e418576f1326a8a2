//! Simplified Chinese: keys that cannot be used.

use super::{super::is_pkcs12, field, place};
use crate::{DerivationCost, Field, KeyError, Location, caps};

pub(super) fn message(error: &KeyError, at: &Location) -> String {
    let field = field(at);
    match error {
        KeyError::DerivationTooCostly(cost) => cost_message(*cost, field),
        KeyError::Encrypted if cfg!(feature = "encrypted-keys") => {
            format!("{field}受密码保护，但没有提供密码。")
        }
        KeyError::Encrypted => format!("{field}受密码保护，当前构建版本不支持读取这样的私钥。"),
        KeyError::EncryptionUnsupported { name } => format!("{field}的加密方式 {name} 不受支持。"),
        KeyError::Invalid => format!("{field}无法加载：它已损坏，或者其中各部分不匹配。"),
        KeyError::Mismatch(mismatch) => {
            let belongs = mismatch.belongs_to.as_ref().map_or_else(
                || "它不属于证书链中的任何证书".to_owned(),
                |ca| format!("它属于第 {} 张证书（{}），而那是 CA 证书", ca.position(), ca.name()),
            );
            let other = if mismatch.leaf == mismatch.key { "另一个 " } else { " " };
            format!(
                "私钥与 {} 的证书不匹配：私钥是 {}，证书中是{other}{} 公钥。{belongs}。",
                mismatch.leaf_name, mismatch.key, mismatch.leaf
            )
        }
        KeyError::Unusable => "私钥可以加载，但它的签名无法用它自己的公钥验证。".into(),
        KeyError::Unsupported { name } if at.field() == Field::Key => {
            format!("私钥的类型是 {name}，不受支持。")
        }
        KeyError::Unsupported { name } => format!("{}的密钥类型是 {name}，不受支持。", place(at)),
        KeyError::WrongPassphrase if is_pkcs12(at) => {
            "密码无法打开 PKCS #12 文件：密码不对，或者文件已损坏。".into()
        }
        KeyError::WrongPassphrase => "密码无法解开私钥：密码不对，或者私钥已损坏。".into(),
    }
}

fn cost_message(cost: DerivationCost, field: &str) -> String {
    match cost {
        DerivationCost::Iterations { found } => {
            let max = caps::MAX_KDF_ITERATIONS;
            format!("{field}从密码派生密钥总共需要 {found} 次迭代，最多允许 {max} 次。")
        }
        DerivationCost::Passphrase { found } => {
            format!("密码长 {found} 字节，最多允许 {} 字节。", caps::MAX_PASSPHRASE)
        }
        DerivationCost::ScryptMemory { found } => {
            let (found, max) = (found.div_ceil(MIB), caps::MAX_SCRYPT_MEMORY / MIB);
            format!("{field}从密码派生密钥（scrypt）需要 {found} MiB 内存，最多允许 {max} MiB。")
        }
        DerivationCost::ScryptParallelization { found } => {
            format!("{field}的 scrypt 并行度是 {found}，只允许 1。")
        }
    }
}

const MIB: u64 = 1024 * 1024;

pub(super) fn fix(error: &KeyError, at: &Location) -> Option<String> {
    Some(match error {
        KeyError::DerivationTooCostly(DerivationCost::Passphrase { .. }) => {
            "请确认填写的确实是密码；如果是，请改用较短的密码。"
        }
        KeyError::DerivationTooCostly(_) if is_pkcs12(at) => {
            "请用较少的迭代次数重新导出文件：openssl pkcs12 -in FILE.pfx -nodes -out all.pem，然后 openssl pkcs12 -export -in all.pem -out NEW.pfx。"
        }
        KeyError::DerivationTooCostly(_) => {
            "请以较低的派生成本重新加密私钥：openssl pkcs8 -topk8 -in KEYFILE -iter 100000 -out NEWFILE。"
        }
        KeyError::Encrypted if is_pkcs12(at) => "请同时提供它的密码。",
        KeyError::Encrypted if cfg!(feature = "encrypted-keys") => {
            "请同时提供它的密码，或者先去掉密码：openssl pkey -in KEYFILE -out plain.pem。"
        }
        KeyError::Encrypted => "请先去掉密码：openssl pkey -in KEYFILE -out plain.pem。",
        KeyError::EncryptionUnsupported { .. } if is_pkcs12(at) => {
            "请转换格式：openssl pkcs12 -in FILE.pfx -nodes -out all.pem，其中包含证书和私钥。"
        }
        KeyError::EncryptionUnsupported { .. } => {
            "请去掉密码：openssl pkey -in KEYFILE -out plain.pem。"
        }
        KeyError::Invalid | KeyError::Unusable => {
            "请上传原始的私钥文件；如果这就是原始文件，请生成新的私钥并重新签发证书。"
        }
        KeyError::Mismatch(_) => "请上传为这张证书生成证书请求（CSR）时所用的私钥。",
        KeyError::Unsupported { .. } => {
            "请使用 2048 到 8192 位的 RSA 私钥，或者 EC P-256、P-384、P-521、Ed25519 私钥。"
        }
        KeyError::WrongPassphrase if is_pkcs12(at) => {
            "请用 openssl pkcs12 -in FILE.pfx -noout 验证密码，并检查密码前后有没有多余的空格或换行。"
        }
        KeyError::WrongPassphrase => {
            "请用 openssl pkey -in KEYFILE -noout 验证密码，并检查密码前后有没有多余的空格或换行。"
        }
    }
    .to_owned())
}
