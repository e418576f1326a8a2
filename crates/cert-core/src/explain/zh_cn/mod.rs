//! Simplified Chinese.

mod contrast;
mod keys;
mod rules;

pub(super) use self::contrast::contrast;
use super::{Span, is_key, is_pkcs12};
use crate::{
    Cause, DecodeError, Field, Location, MissingIssuer, PathError, ServedNote, Unexpected, ValidityError,
};

pub(super) fn message(cause: &Cause, at: &Location) -> String {
    match cause {
        Cause::Decode(error) => decode_message(error, at),
        Cause::Key(error) => keys::message(error, at),
        Cause::Path(error) => path_message(error, at),
        Cause::Rule(breach) => rules::message(breach, at),
        Cause::Served(note) => served_message(note, at),
        Cause::Validity(error) => validity_message(error, at),
    }
}

pub(super) fn fix(cause: &Cause, at: &Location) -> Option<String> {
    match cause {
        Cause::Decode(error) => decode_fix(error, at),
        Cause::Key(error) => keys::fix(error, at),
        Cause::Path(error) => path_fix(error, at),
        Cause::Rule(breach) => rules::fix(breach),
        Cause::Served(note) => served_fix(note),
        Cause::Validity(error) => validity_fix(error, at),
    }
}

fn decode_message(error: &DecodeError, at: &Location) -> String {
    let (field, place) = (field(at), place(at));
    match error {
        DecodeError::BadCharacter { found } => format!("{place}中有字符 {found:?}，base64 中不会出现它。"),
        DecodeError::BadDate { text, without_seconds: true } => {
            format!("{place}的日期 {text:?} 没有秒，RFC 5280 不允许这种写法。")
        }
        DecodeError::BadDate { text, .. } => {
            format!("{place}的日期 {text:?} 不是 RFC 5280 允许的两种格式之一。")
        }
        DecodeError::BadDer { offset, kind } => {
            format!("{place}不是证书的 DER 编码：第 {offset} 字节：{kind}。")
        }
        DecodeError::BadPadding => format!("{place}：base64 在一个字节的中间结束，内容不完整。"),
        DecodeError::BoundaryDamaged => format!("{place}应当是 BEGIN 或 END 行，但两侧不是五个连字符。"),
        DecodeError::BoundaryMissing => format!("{field}是没有 BEGIN 和 END 行的 base64。"),
        DecodeError::CertificateTooLarge { len, max } => {
            format!("{place}有 {len} 字节，证书最多 {max} 字节。")
        }
        DecodeError::Empty => format!("{field}是空的。"),
        DecodeError::EmptyBlock { label } => format!("{place}：{label} 块里没有内容。"),
        DecodeError::EscapedNewlines => format!("{place}把换行写成了 \\n 两个字符。"),
        DecodeError::FieldsSwapped => "证书链字段里是私钥，私钥字段里是证书。".into(),
        DecodeError::LabelMismatch { begin, end } => {
            format!("{place}结束的是 {end} 块，但它以 {begin} 开始。")
        }
        DecodeError::NoCertificateInPkcs12 => format!("{field}里没有证书。"),
        DecodeError::NoKeyInPkcs12 => format!("{field}里没有私钥。"),
        DecodeError::NewlinesLost => format!("{place}：BEGIN 或 END 行前后的换行丢失了。"),
        DecodeError::NoPem if is_key(at) => "私钥字段里没有私钥块。".into(),
        DecodeError::NoPem => format!("{field}里没有 BEGIN 行，因此没有证书。"),
        DecodeError::NotText => format!("{field}既不是文本，也不是可识别的 DER。"),
        DecodeError::Pkcs12Malformed => format!("{field}已损坏，或者根本不是这种文件。"),
        DecodeError::SeveralKeys { count } if is_key(at) => {
            format!("私钥字段里有 {count} 个私钥，只能有一个。")
        }
        DecodeError::SeveralKeys { count } => format!("{field}里有 {count} 个私钥，只能有一个。"),
        DecodeError::SmartDashes { found } => {
            format!("{place}中应当是连字符的地方是 {found:?}（U+{:04X}）。", u32::from(*found))
        }
        DecodeError::StrayEnd => format!("{place}结束了一个没有开始的块，开头部分缺失。"),
        DecodeError::TooLarge { len, max } if is_pkcs12(at) => {
            format!("{field}有 {len} 字节，最多 {max} 字节。")
        }
        DecodeError::TooLarge { len, max } => format!("证书链和私钥共 {len} 字节，最多 {max} 字节。"),
        DecodeError::TooManyCertificates { max } => format!("证书链中的证书超过 {max} 个。"),
        DecodeError::TooManyExtensions { max } => format!("{place}的扩展超过 {max} 个。"),
        DecodeError::TooManyNames { max } => format!("{place}的使用者可选名称超过 {max} 个。"),
        DecodeError::TooManyPurposes { max } => format!("{place}的扩展密钥用途超过 {max} 个。"),
        DecodeError::TrailingData { len } => format!("{place}在证书结束之后还有 {len} 字节。"),
        DecodeError::Truncated => format!("{place}不完整，在结尾之前就中断了。"),
        DecodeError::Unexpected(Unexpected::Pkcs12) if is_pkcs12(at) => {
            "当前构建版本不支持读取 PKCS #12 文件（.pfx、.p12）。".into()
        }
        DecodeError::Unexpected(Unexpected::Pkcs12) if !cfg!(feature = "pkcs12") => {
            format!("{place}里是{}，当前构建版本不支持读取。", unexpected(Unexpected::Pkcs12))
        }
        DecodeError::Unexpected(kind) => format!("{place}里是{}。", unexpected(*kind)),
        DecodeError::UnexpectedLabel { label } => {
            format!("{place}开始了一个 {label:?} 块，它不应当出现在这里。")
        }
    }
}

fn decode_fix(error: &DecodeError, at: &Location) -> Option<String> {
    let whole_file = if is_pkcs12(at) {
        "请原样上传 .pfx 或 .p12 文件，或者它完整的 base64。"
    } else {
        "请原样上传文件内容，从第一个 BEGIN 行到最后一个 END 行。"
    };
    Some(match error {
        DecodeError::BadDate { .. } | DecodeError::BadDer { .. } | DecodeError::TooManyNames { .. } => {
            "请向 CA 重新申请证书。".into()
        }
        DecodeError::BoundaryDamaged | DecodeError::SmartDashes { .. } => {
            "BEGIN 和 END 行的两侧应各有五个连字符（-----），或者上传原始文件。".into()
        }
        DecodeError::BoundaryMissing if is_key(at) => {
            "请在前面加上一行 -----BEGIN PRIVATE KEY-----，在后面加上一行 -----END PRIVATE KEY-----。".into()
        }
        DecodeError::BoundaryMissing => {
            "请在前面加上一行 -----BEGIN CERTIFICATE-----，在后面加上一行 -----END CERTIFICATE-----。".into()
        }
        DecodeError::CertificateTooLarge { .. }
        | DecodeError::TooManyExtensions { .. }
        | DecodeError::TooManyPurposes { .. } => "公共 CA 的证书远小于此限制，请检查上传的内容。".into(),
        DecodeError::Empty if is_key(at) => "请上传生成证书请求时使用的私钥。".into(),
        DecodeError::Empty if is_pkcs12(at) => whole_file.into(),
        DecodeError::Empty => "请上传证书及其中间证书：fullchain.pem。".into(),
        DecodeError::EscapedNewlines => "请把每个 \\n 换成真正的换行。".into(),
        DecodeError::FieldsSwapped => "请把证书放在证书链字段，把私钥放在私钥字段。".into(),
        DecodeError::NewlinesLost => "请让每个 BEGIN 和 END 独占一行，或者上传原始文件。".into(),
        DecodeError::NoCertificateInPkcs12 => "请重新导出，并包含证书及其证书链。".into(),
        DecodeError::NoKeyInPkcs12 => "请重新导出，并包含私钥。".into(),
        DecodeError::SeveralKeys { .. } if is_pkcs12(at) => "请只导出一个证书及其证书链和私钥。".into(),
        DecodeError::SeveralKeys { .. } => "请只上传这个证书的私钥。".into(),
        DecodeError::TooLarge { .. } => "请只上传一个证书、它的中间证书和私钥。".into(),
        DecodeError::TooManyCertificates { .. } => "请只上传证书及其中间证书。".into(),
        DecodeError::TrailingData { .. } => "请让每个证书各占一个块。".into(),
        DecodeError::Unexpected(kind) => unexpected_fix(*kind, at),
        DecodeError::UnexpectedLabel { .. } => "请删除这个块。".into(),
        DecodeError::BadCharacter { .. }
        | DecodeError::BadPadding
        | DecodeError::EmptyBlock { .. }
        | DecodeError::LabelMismatch { .. }
        | DecodeError::NoPem
        | DecodeError::NotText
        | DecodeError::Pkcs12Malformed
        | DecodeError::StrayEnd
        | DecodeError::Truncated => whole_file.into(),
    })
}

const fn unexpected(kind: Unexpected) -> &'static str {
    match kind {
        Unexpected::CertificateInKey => "证书，而不是私钥",
        Unexpected::CertificateRequest => "证书签名请求（CSR），而不是证书",
        Unexpected::CertificateRevocationList => "证书吊销列表（CRL）",
        Unexpected::DhParameters => "Diffie-Hellman 参数",
        Unexpected::KeyInChain => "私钥，而不是证书",
        Unexpected::OpensshKey => " OpenSSH 格式的私钥",
        Unexpected::Pkcs12 => " PKCS #12 文件（.pfx、.p12）",
        Unexpected::Pkcs7 => " PKCS #7 文件（.p7b）",
        Unexpected::PublicKey => "公钥，而不是私钥",
    }
}

fn unexpected_fix(kind: Unexpected, at: &Location) -> String {
    let lines = at.line().map_or_else(String::new, |line| format!("从第 {line} 行开始的"));
    match kind {
        Unexpected::CertificateInKey => format!("请把{lines}证书移到证书链字段，私钥字段只放私钥。"),
        Unexpected::CertificateRequest => "请上传 CA 对这个请求签发的证书。".into(),
        Unexpected::CertificateRevocationList | Unexpected::DhParameters => format!("请删除{lines}这个块。"),
        Unexpected::KeyInChain => format!("请从证书链中删除{lines}私钥，并把它放在私钥字段。"),
        Unexpected::OpensshKey => {
            "请转换格式：ssh-keygen -p -m PEM -f KEYFILE。它必须是生成证书请求时使用的私钥。".into()
        }
        Unexpected::Pkcs12 if cfg!(feature = "pkcs12") => {
            format!("请作为 PKCS #12 文件上传，并提供它的密码；或者转换格式：{PKCS12_TO_PEM}。")
        }
        Unexpected::Pkcs12 => format!("请转换格式：{PKCS12_TO_PEM}。"),
        Unexpected::Pkcs7 => {
            "请转换格式：openssl pkcs7 -print_certs -in FILE.p7b -out chain.pem（二进制文件加 -inform DER）。"
                .into()
        }
        Unexpected::PublicKey => "请上传生成证书请求时使用的私钥。".into(),
    }
}

fn path_message(error: &PathError, at: &Location) -> String {
    let place = place(at);
    match error {
        PathError::BadSignature { issuer } => {
            format!("{place}声明由 {issuer} 签发，但没有一个同名的证书或信任锚做过这个签名。")
        }
        PathError::BudgetExceeded => "验证这个证书链所需的计算量超过任何真实的证书链。".into(),
        PathError::CaAsLeaf => format!("{place}是 CA 证书，不能作为服务器证书。"),
        PathError::CloudflareOrigin => {
            format!("{place}是 Cloudflare Origin 证书，只有 Cloudflare 自己的代理接受，浏览器会拒绝。")
        }
        PathError::CriticalExtension => format!("{place}或其签发者有无法识别的关键扩展。"),
        PathError::Depth { found, max } => format!("路径中有 {found} 个中间证书，最多允许 {max} 个。"),
        PathError::IssuerMissing(missing) => {
            let key_id = missing.key_id.as_ref().map_or_else(String::new, |id| format!("（密钥标识 {id}）"));
            format!("{place}由 {}{key_id} 签发，它既不在证书链中，也不是信任锚。", missing.issuer)
        }
        PathError::KeysPerSubject { subject, max } => {
            format!("证书链中名为 {subject} 而密钥不同的证书超过 {max} 个。")
        }
        PathError::LetsEncryptStaging => {
            format!("{place}来自 Let's Encrypt 的 STAGING（测试）环境，浏览器会拒绝。")
        }
        PathError::Malformed { reason } => format!("{place}无法通过验证：{reason}。"),
        PathError::NameConstraints => format!("{place}中有名称超出了签发者的名称约束。"),
        PathError::NotACa => format!("{place}签发了证书链中的另一个证书，但它不是可以签发证书的 CA。"),
        PathError::PathLength => format!("{place}的某个签发者不允许它下面有这么多级 CA（路径长度）。"),
        PathError::PrivateCa { root } => format!("证书链以 {root} 结束，这个 CA 在这里不受信任。"),
        PathError::PurposeMissing => format!("{place}或其签发者不能用于 TLS 服务器（扩展密钥用途）。"),
        PathError::SelfSigned => format!("{place}是自签名证书，没有任何 CA 为它担保，浏览器会拒绝。"),
        PathError::SignatureAlgorithm => format!("{place}或其签发者的签名算法不被接受。"),
        PathError::Validity(error) => validity_message(error, at),
    }
}

fn path_fix(error: &PathError, at: &Location) -> Option<String> {
    Some(match error {
        PathError::BadSignature { .. } => "请使用随这个证书一起签发的中间证书。".into(),
        PathError::BudgetExceeded | PathError::KeysPerSubject { .. } => {
            "请只上传证书以及它与根证书之间的中间证书。".into()
        }
        PathError::CaAsLeaf => "请上传服务器证书；`openssl req -x509` 默认生成的是 CA 证书。".into(),
        PathError::CloudflareOrigin | PathError::LetsEncryptStaging | PathError::SelfSigned => {
            "请从公共 CA 获取证书；Let's Encrypt 的正式环境是免费的。".into()
        }
        PathError::Depth { .. } => "请使用路径更短的证书。".into(),
        PathError::IssuerMissing(missing) => issuer_fix(missing),
        PathError::PrivateCa { .. } => "请从公共 CA 获取证书，或者请运营者为您的类别信任这个 CA。".into(),
        PathError::Validity(ValidityError::Expired { .. }) => expired_intermediate_fix(at),
        PathError::CriticalExtension
        | PathError::Malformed { .. }
        | PathError::NameConstraints
        | PathError::NotACa
        | PathError::PathLength
        | PathError::PurposeMissing
        | PathError::SignatureAlgorithm => "请向 CA 重新申请证书。".into(),
        PathError::Validity(_) => "请使用现在有效的中间证书。".into(),
    })
}

fn issuer_fix(missing: &MissingIssuer) -> String {
    match (&missing.url, missing.is_intermediate) {
        (Some(url), _) => format!(
            "请上传 fullchain.pem，或者从 {url} 下载 {} 并追加（它是 DER 格式，用 openssl x509 -inform DER 转换）。",
            missing.issuer
        ),
        (None, true) => format!("请上传 fullchain.pem，或者追加 {} 的证书。", missing.issuer),
        (None, false) => "请确认这个 CA 是否是公共 CA；私有 CA 需要运营者信任。".into(),
    }
}

fn expired_intermediate_fix(at: &Location) -> String {
    let which =
        at.certificate().map_or_else(|| "该中间证书".to_owned(), |c| format!("第 {} 个证书", c.position()));
    format!("您自己的证书可能没有问题：请把{which}换成 CA 的当前版本。")
}

fn validity_message(error: &ValidityError, at: &Location) -> String {
    validity_of(&place(at), error)
}

/// `place` is what is not valid, as the start of a sentence.
fn validity_of(place: &str, error: &ValidityError) -> String {
    match error {
        ValidityError::Expired { not_after, now } => {
            format!("{place}已于 {not_after} 过期，距今 {}。", span(now.seconds_since(*not_after)))
        }
        ValidityError::NotYetValid { not_before, .. } => format!("{place}在 {not_before} 之前无效。"),
        ValidityError::TooShort { not_after, remaining, required } => {
            format!("{place}将于 {not_after} 到期，只剩 {}，至少需要 {}。", span(*remaining), span(*required))
        }
    }
}

fn validity_fix(error: &ValidityError, at: &Location) -> Option<String> {
    let is_leaf = at.certificate().is_none_or(|certificate| certificate.position() == 1);
    Some(match error {
        ValidityError::NotYetValid { .. } => "请在生效之后上传，或者检查 CA 的时钟。".into(),
        ValidityError::TooShort { .. } if !is_leaf => "请续期证书，或者把这个中间证书换成当前版本。".into(),
        ValidityError::Expired { .. } | ValidityError::TooShort { .. } => "请续期证书并上传新证书。".into(),
    })
}

fn served_message(note: &ServedNote, at: &Location) -> String {
    let place = place(at);
    match note {
        ServedNote::Duplicate => format!("{place}在证书链中出现两次，只会发送一次。"),
        ServedNote::ExtraEndsEarlier { not_after } => {
            format!("{place}在路径之后发送，但它于 {not_after} 先于路径到期。")
        }
        ServedNote::Reordered => "证书不是按发送顺序排列的，已按叶证书在前的顺序保存。".into(),
        ServedNote::RootIncluded => format!("{place}是信任锚，客户端已有，因此不发送。"),
        ServedNote::Unrelated => format!("验证这个证书链不需要{place}，因此不发送。"),
    }
}

fn served_fix(note: &ServedNote) -> Option<String> {
    match note {
        ServedNote::ExtraEndsEarlier { .. } => Some("请换成当前版本，或者去掉它。".into()),
        ServedNote::Duplicate | ServedNote::Reordered | ServedNote::RootIncluded | ServedNote::Unrelated => {
            None
        }
    }
}

const PKCS12_TO_PEM: &str = "openssl pkcs12 -in FILE.pfx -nodes -nokeys -out chain.pem 和 openssl pkcs12 -in FILE.pfx -nodes -nocerts -out key.pem";

const fn field(at: &Location) -> &'static str {
    match at.field() {
        Field::Chain => "证书链",
        Field::Key => "私钥",
        Field::Pkcs12 => "PKCS #12 文件",
    }
}

fn place(at: &Location) -> String {
    match (at.certificate(), at.line()) {
        (Some(certificate), _) if certificate.name().is_empty() => {
            format!("第 {} 个证书", certificate.position())
        }
        (Some(certificate), _) => format!("第 {} 个证书（{}）", certificate.position(), certificate.name()),
        (None, Some(line)) => format!("{}的第 {line} 行", field(at)),
        (None, None) => field(at).into(),
    }
}

fn span(seconds: i64) -> String {
    match Span::of_seconds(seconds) {
        Span::Days(days) => format!("{days} 天"),
        Span::Hours(hours) => format!("{hours} 小时"),
        Span::Minutes(minutes) => format!("{minutes} 分钟"),
    }
}
