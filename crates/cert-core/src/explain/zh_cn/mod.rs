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
        DecodeError::BadCharacter { found } => format!("{place}中有 base64 不允许的字符 {found:?}。"),
        DecodeError::BadDate { text, without_seconds: true } => {
            format!("{place}的日期 {text:?} 缺少秒，不符合 RFC 5280。")
        }
        DecodeError::BadDate { text, .. } => {
            format!("{place}的日期 {text:?} 不是 RFC 5280 允许的两种格式之一。")
        }
        DecodeError::BadDer { offset, kind } => {
            format!("{place}不是有效的证书 DER 编码，第 {offset} 字节处出错：{kind}。")
        }
        DecodeError::BadPadding => format!("{place}：base64 的长度不对，内容有缺失。"),
        DecodeError::BoundaryDamaged => format!("{place}应为 BEGIN 行或 END 行，但两侧不是五个连字符。"),
        DecodeError::BoundaryMissing => format!("{field}只有 base64，缺少 BEGIN 行和 END 行。"),
        DecodeError::CertificateTooLarge { len, max } => {
            format!("{place}的大小为 {len} 字节，单张证书最多 {max} 字节。")
        }
        DecodeError::Empty => format!("{field}为空。"),
        DecodeError::EmptyBlock { label } => format!("{place}：{label} 块中没有内容。"),
        DecodeError::EscapedNewlines => format!("{place}把换行写成了 \\n 两个字符。"),
        DecodeError::FieldsSwapped => "证书链和私钥填反了：证书链字段中是私钥，私钥字段中是证书。".into(),
        DecodeError::LabelMismatch { begin, end } => {
            format!("{place}以 {end} 结束，但这个块是以 {begin} 开始的。")
        }
        DecodeError::NoCertificateInPkcs12 => format!("{field}中没有证书。"),
        DecodeError::NoKeyInPkcs12 => format!("{field}中没有私钥。"),
        DecodeError::NewlinesLost => format!("{place}：BEGIN 行或 END 行前后的换行丢失了。"),
        DecodeError::NoPem if is_key(at) => "私钥字段中没有私钥。".into(),
        DecodeError::NoPem => format!("{field}中没有 BEGIN 行，找不到证书。"),
        DecodeError::NotText => format!("{field}既不是文本，也不是可识别的 DER。"),
        DecodeError::Pkcs12Malformed => "文件已损坏，或者不是 PKCS #12 文件。".into(),
        DecodeError::SeveralKeys { count } if is_key(at) => {
            format!("私钥字段中有 {count} 个私钥，只能有一个。")
        }
        DecodeError::SeveralKeys { count } => format!("{field}中有 {count} 个私钥，只能有一个。"),
        DecodeError::SmartDashes { found } => {
            format!("{place}中的连字符变成了 {found:?}（U+{:04X}）。", u32::from(*found))
        }
        DecodeError::StrayEnd => format!("{place}是 END 行，但没有对应的 BEGIN 行，开头部分缺失。"),
        DecodeError::TooLarge { len, max } if is_pkcs12(at) => {
            format!("{field}的大小为 {len} 字节，最多允许 {max} 字节。")
        }
        DecodeError::TooLarge { len, max } => {
            format!("证书链和私钥共 {len} 字节，最多允许 {max} 字节。")
        }
        DecodeError::TooManyCertificates { max } => format!("证书链中的证书超过 {max} 张。"),
        DecodeError::TooManyExtensions { max } => format!("{place}的扩展超过 {max} 个。"),
        DecodeError::TooManyNames { max } => format!("{place}的使用者可选名称（SAN）超过 {max} 个。"),
        DecodeError::TooManyPurposes { max } => format!("{place}的扩展密钥用途（EKU）超过 {max} 个。"),
        DecodeError::TrailingData { len } => format!("{place}的结尾之后还有 {len} 字节多余数据。"),
        DecodeError::Truncated => format!("{place}不完整，后面的内容缺失。"),
        DecodeError::Unexpected(Unexpected::Pkcs12) if is_pkcs12(at) => {
            "当前构建版本不支持读取 PKCS #12 文件（.pfx、.p12）。".into()
        }
        DecodeError::Unexpected(Unexpected::Pkcs12) if !cfg!(feature = "pkcs12") => {
            format!("{}是{}，当前构建版本不支持读取。", content(at), unexpected(Unexpected::Pkcs12))
        }
        DecodeError::Unexpected(kind) => format!("{}是{}。", content(at), unexpected(*kind)),
        DecodeError::UnexpectedLabel { label } => {
            format!("{}是 {label:?} 块，它不应出现在这里。", content(at))
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
            "请让 BEGIN 行和 END 行的两侧各有五个连字符（-----），或者上传原始文件。".into()
        }
        DecodeError::BoundaryMissing if is_key(at) => {
            "请在前面加上一行 -----BEGIN PRIVATE KEY-----，在后面加上一行 -----END PRIVATE KEY-----。".into()
        }
        DecodeError::BoundaryMissing => {
            "请在前面加上一行 -----BEGIN CERTIFICATE-----，在后面加上一行 -----END CERTIFICATE-----。".into()
        }
        DecodeError::CertificateTooLarge { .. }
        | DecodeError::TooManyExtensions { .. }
        | DecodeError::TooManyPurposes { .. } => "公共 CA 签发的证书远低于此限制，请检查上传的内容。".into(),
        DecodeError::Empty if is_key(at) => "请上传生成证书请求（CSR）时所用的私钥。".into(),
        DecodeError::Empty if is_pkcs12(at) => whole_file.into(),
        DecodeError::Empty => "请上传证书及其中间证书，即 fullchain.pem。".into(),
        DecodeError::EscapedNewlines => "请把每个 \\n 换成真正的换行。".into(),
        DecodeError::FieldsSwapped => "请把证书填入证书链字段，把私钥填入私钥字段。".into(),
        DecodeError::NewlinesLost => "请让每个 BEGIN 行和 END 行独占一行，或者上传原始文件。".into(),
        DecodeError::NoCertificateInPkcs12 => "请重新导出，并包含证书及其证书链。".into(),
        DecodeError::NoKeyInPkcs12 => "请重新导出，并包含私钥。".into(),
        DecodeError::SeveralKeys { .. } if is_pkcs12(at) => "请只导出一张证书及其证书链和私钥。".into(),
        DecodeError::SeveralKeys { .. } => "请只上传这张证书的私钥。".into(),
        DecodeError::TooLarge { .. } => "请只上传一张证书及其中间证书和私钥。".into(),
        DecodeError::TooManyCertificates { .. } => "请只上传服务器证书及其中间证书。".into(),
        DecodeError::TrailingData { .. } => "请让每张证书各占一个块。".into(),
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
        Unexpected::DhParameters => " Diffie-Hellman 参数",
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
        Unexpected::CertificateInKey => {
            format!("请把{lines}证书移到证书链字段，私钥字段中只保留私钥。")
        }
        Unexpected::CertificateRequest => "请上传 CA 根据这个请求签发的证书。".into(),
        Unexpected::CertificateRevocationList | Unexpected::DhParameters => format!("请删除{lines}这个块。"),
        Unexpected::KeyInChain => format!("请从证书链字段中删除{lines}私钥，把它填入私钥字段。"),
        Unexpected::OpensshKey => {
            "请转换格式：ssh-keygen -p -m PEM -f KEYFILE。注意它必须是生成证书请求（CSR）时所用的私钥。".into()
        }
        Unexpected::Pkcs12 if cfg!(feature = "pkcs12") => {
            format!("请作为 PKCS #12 文件上传，并提供它的密码；或者转换格式：{PKCS12_TO_PEM}。")
        }
        Unexpected::Pkcs12 => format!("请转换格式：{PKCS12_TO_PEM}。"),
        Unexpected::Pkcs7 => {
            "请转换格式：openssl pkcs7 -print_certs -in FILE.p7b -out chain.pem（二进制文件需加 -inform DER）。"
                .into()
        }
        Unexpected::PublicKey => "请上传生成证书请求（CSR）时所用的私钥。".into(),
    }
}

fn path_message(error: &PathError, at: &Location) -> String {
    let place = place(at);
    match error {
        PathError::BadSignature { issuer } => {
            format!("{place}注明由 {issuer} 签发，但没有任何同名的证书或信任锚能验证它的签名。")
        }
        PathError::BudgetExceeded => "验证这条证书链所需的计算量过大，远超正常的证书链。".into(),
        PathError::CaAsLeaf => format!("{place}是 CA 证书，不能用作服务器证书。"),
        PathError::CloudflareOrigin => {
            format!("{place}是 Cloudflare Origin 证书，只有 Cloudflare 自己的代理信任它，浏览器会拒绝。")
        }
        PathError::CriticalExtension => format!("{place}或其签发者的证书中有无法识别的关键扩展。"),
        PathError::Depth { found, max } => {
            format!("证书路径中有 {found} 张中间证书，最多允许 {max} 张。")
        }
        PathError::IssuerMissing(missing) => {
            let issuer = match &missing.key_id {
                Some(id) => format!("{}（密钥标识 {id}）", missing.issuer),
                None => format!("{} ", missing.issuer),
            };
            format!("{place}由 {issuer}签发，但证书链中没有该签发者的证书，它也不是信任锚。")
        }
        PathError::KeysPerSubject { subject, max } => {
            format!("证书链中名为 {subject} 但密钥不同的证书超过 {max} 张。")
        }
        PathError::LetsEncryptStaging => {
            format!("{place}由 Let's Encrypt 的 STAGING（测试）环境签发，浏览器会拒绝。")
        }
        PathError::Malformed { reason } => format!("{place}未通过验证：{reason}。"),
        PathError::NameConstraints => format!("{place}中有名称超出了某一级签发者的名称约束。"),
        PathError::NotACa => {
            format!("{place}签发了证书链中的另一张证书，但它不是有权签发证书的 CA。")
        }
        PathError::PathLength => {
            format!("{place}的某一级签发者不允许其下有这么多级 CA（路径长度约束）。")
        }
        PathError::PrivateCa { root } => format!("证书链的末端是 {root}，这个 CA 在这里不受信任。"),
        PathError::PurposeMissing => {
            format!("{place}或其签发者的证书不能用于 TLS 服务器（扩展密钥用途）。")
        }
        PathError::SelfSigned => format!("{place}是自签名证书，没有 CA 为它担保，浏览器会拒绝。"),
        PathError::SignatureAlgorithm => format!("{place}或其签发者的证书使用了不被接受的签名算法。"),
        PathError::Validity(error) => validity_message(error, at),
    }
}

fn path_fix(error: &PathError, at: &Location) -> Option<String> {
    Some(match error {
        PathError::BadSignature { .. } => "请使用与这张证书一同签发的中间证书。".into(),
        PathError::BudgetExceeded | PathError::KeysPerSubject { .. } => {
            "请只上传服务器证书，以及它与根证书之间的中间证书。".into()
        }
        PathError::CaAsLeaf => "请上传服务器证书；注意 `openssl req -x509` 默认生成的是 CA 证书。".into(),
        PathError::CloudflareOrigin | PathError::LetsEncryptStaging | PathError::SelfSigned => {
            "请从公共 CA 申请证书；Let's Encrypt 的正式环境是免费的。".into()
        }
        PathError::Depth { .. } => "请换用层级更少的证书。".into(),
        PathError::IssuerMissing(missing) => issuer_fix(missing),
        PathError::PrivateCa { .. } => {
            "请从公共 CA 申请证书，或者请平台管理员为您所属的类别信任这个 CA。".into()
        }
        PathError::Validity(ValidityError::Expired { .. }) => expired_intermediate_fix(at),
        PathError::CriticalExtension
        | PathError::Malformed { .. }
        | PathError::NameConstraints
        | PathError::NotACa
        | PathError::PathLength
        | PathError::PurposeMissing
        | PathError::SignatureAlgorithm => "请向 CA 重新申请证书。".into(),
        PathError::Validity(_) => "请换用当前有效的中间证书。".into(),
    })
}

fn issuer_fix(missing: &MissingIssuer) -> String {
    match (&missing.url, missing.is_intermediate) {
        (Some(url), _) => format!(
            "请上传 fullchain.pem，或者从 {url} 下载 {} 的证书，追加到证书链末尾（下载到的是 DER 格式，请用 openssl x509 -inform DER 转换）。",
            missing.issuer
        ),
        (None, true) => format!("请上传 fullchain.pem，或者把 {} 的证书追加到证书链末尾。", missing.issuer),
        (None, false) => "请确认这个 CA 是不是公共 CA；私有 CA 需要由平台管理员设为受信任。".into(),
    }
}

fn expired_intermediate_fix(at: &Location) -> String {
    let which =
        at.certificate().map_or_else(|| "这张中间证书".to_owned(), |c| format!("第 {} 张证书", c.position()));
    format!("您自己的证书可能没有问题：请把{which}换成 CA 提供的最新版本。")
}

fn validity_message(error: &ValidityError, at: &Location) -> String {
    validity_of(&place(at), error)
}

/// `place` is what is not valid, as the start of a sentence.
fn validity_of(place: &str, error: &ValidityError) -> String {
    match error {
        ValidityError::Expired { not_after, now } => {
            format!("{place}已于 {not_after} 过期（{}前）。", span(now.seconds_since(*not_after)))
        }
        ValidityError::NotYetValid { not_before, .. } => format!("{place}要到 {not_before} 才生效。"),
        ValidityError::TooShort { not_after, remaining, required } => {
            format!(
                "{place}将于 {not_after} 到期，剩余有效期只有 {}，至少需要 {}。",
                span(*remaining),
                span(*required)
            )
        }
    }
}

fn validity_fix(error: &ValidityError, at: &Location) -> Option<String> {
    let is_leaf = at.certificate().is_none_or(|certificate| certificate.position() == 1);
    Some(match error {
        ValidityError::NotYetValid { .. } => "请在证书生效之后再上传，或者检查 CA 的时钟。".into(),
        ValidityError::TooShort { .. } if !is_leaf => "请续期证书，或者把这张中间证书换成最新版本。".into(),
        ValidityError::Expired { .. } | ValidityError::TooShort { .. } => {
            "请续期证书，然后上传新证书。".into()
        }
    })
}

fn served_message(note: &ServedNote, at: &Location) -> String {
    let place = place(at);
    match note {
        ServedNote::Duplicate => format!("{place}在证书链中重复出现，只会发送一次。"),
        ServedNote::ExtraEndsEarlier { not_after } => {
            format!("{place}会附在证书路径之后发送，但它于 {not_after} 到期，早于证书路径。")
        }
        ServedNote::Reordered => "证书没有按发送顺序排列，已调整为叶子证书在前。".into(),
        ServedNote::RootIncluded => format!("{place}是信任锚，客户端本来就有，因此不会发送。"),
        ServedNote::Unrelated => format!("{place}对验证这条证书链没有用处，因此不会发送。"),
    }
}

fn served_fix(note: &ServedNote) -> Option<String> {
    match note {
        ServedNote::ExtraEndsEarlier { .. } => Some("请换成最新版本，或者去掉它。".into()),
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

/// What stands in a field, or in it from a line on.
fn content(at: &Location) -> String {
    let field = if is_key(at) { "私钥字段" } else { field(at) };
    match at.line() {
        Some(line) => format!("{field}中从第 {line} 行开始的内容"),
        None => format!("{field}的内容"),
    }
}

fn place(at: &Location) -> String {
    match (at.certificate(), at.line()) {
        (Some(certificate), _) if certificate.name().is_empty() => {
            format!("第 {} 张证书", certificate.position())
        }
        (Some(certificate), _) => format!("第 {} 张证书（{}）", certificate.position(), certificate.name()),
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
