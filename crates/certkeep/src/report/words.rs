//! What stands around the texts of findings, in each language.

use cert_core::{ErrorCode, Field, Language};

/// The words of one language.
pub(super) struct Words {
    language: Language,
    pub(super) error: &'static str,
    pub(super) warning: &'static str,
    pub(super) info: &'static str,
    pub(super) expected: &'static str,
    pub(super) actual: &'static str,
    pub(super) fix: &'static str,
    pub(super) accepted: &'static str,
    pub(super) refused: &'static str,
    pub(super) comma: &'static str,
}

impl Words {
    pub(super) const fn of(language: Language) -> &'static Self {
        match language {
            Language::ZhCn => &CHINESE,
            _ => &ENGLISH,
        }
    }

    /// What to do at this command line where a passphrase is missing.
    pub(super) const fn passphrase_hint(&self) -> &'static str {
        match self.language {
            Language::ZhCn => "请用 --passphrase-file FILE 指定存有密码的文件。\n\n",
            _ => "Give the passphrase in a file: --passphrase-file FILE.\n\n",
        }
    }

    pub(super) const fn field(&self, field: Field) -> &'static str {
        match (self.language, field) {
            (Language::ZhCn, Field::Chain) => "证书链",
            (Language::ZhCn, Field::Key) => "私钥",
            (Language::ZhCn, Field::Pkcs12) => "PKCS #12 文件",
            (_, Field::Chain) => "the chain",
            (_, Field::Key) => "the key",
            (_, Field::Pkcs12) => "the PKCS #12 file",
        }
    }

    pub(super) fn certificate(&self, position: usize, name: &str) -> String {
        match (self.language, name) {
            (Language::ZhCn, "") => format!("第 {position} 张证书"),
            (Language::ZhCn, name) => format!("第 {position} 张证书（{name}）"),
            (_, "") => format!("certificate {position}"),
            (_, name) => format!("certificate {position} ({name})"),
        }
    }

    pub(super) fn line(&self, line: usize) -> String {
        match self.language {
            Language::ZhCn => format!("第 {line} 行"),
            _ => format!("line {line}"),
        }
    }

    pub(super) fn omitted(&self, count: usize) -> String {
        match self.language {
            Language::ZhCn => format!("……另有 {count} 条\n\n"),
            _ => format!("... and {count} more\n\n"),
        }
    }

    pub(super) fn with_code(&self, code: ErrorCode) -> String {
        match self.language {
            Language::ZhCn => format!("，错误码 {code}"),
            _ => format!(" with {code}"),
        }
    }

    pub(super) fn with_warnings(&self, count: usize) -> String {
        match (self.language, count) {
            (Language::ZhCn, count) => format!("，有 {count} 条警告"),
            (_, 1) => " with 1 warning".to_owned(),
            (_, count) => format!(" with {count} warnings"),
        }
    }
}

const ENGLISH: Words = Words {
    language: Language::En,
    error: "error",
    warning: "warning",
    info: "info",
    expected: "expected: ",
    actual: "actual: ",
    fix: "fix: ",
    accepted: "accepted",
    refused: "refused",
    comma: ", ",
};

const CHINESE: Words = Words {
    language: Language::ZhCn,
    error: "错误",
    warning: "警告",
    info: "提示",
    expected: "应为：",
    actual: "实际：",
    fix: "处理办法：",
    accepted: "通过",
    refused: "未通过",
    comma: "，",
};
