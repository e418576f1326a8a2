//! The texts of findings. One file a language; each is an exhaustive match over the typed causes, so that a cause
//! without a text does not compile.

mod en;
mod zh_cn;

use core::str::FromStr;

use crate::{Contrast, Field, Finding, Location};

/// A language of messages and fixes.
///
/// ```
/// use cert_core::Language;
///
/// assert_eq!("zh-CN".parse(), Ok(Language::ZhCn));
/// assert_eq!(Language::preferred("fr, zh;q=0.8, en;q=0.5"), Language::ZhCn);
/// assert_eq!(Language::preferred(""), Language::En);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Simplified Chinese.
    ZhCn,
}

impl Language {
    /// Every language.
    pub const ALL: &'static [Self] = &[Self::En, Self::ZhCn];

    /// The language tag (RFC 5646).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::ZhCn => "zh-CN",
        }
    }

    /// The best of them for an `Accept-Language` header (RFC 9110 section 12.5.4): the first supported one of those
    /// with the highest weight, else English.
    pub fn preferred(accept_language: &str) -> Self {
        let mut best = (0.0, Self::default());
        for range in accept_language.split(',').take(MAX_RANGES) {
            let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
            let weight =
                parameters.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>).unwrap_or(0.0);
            if let Ok(language) = tag.trim().parse()
                && weight > best.0
            {
                best = (weight, language);
            }
        }
        best.1
    }
}

const MAX_RANGES: usize = 16;

impl FromStr for Language {
    type Err = UnknownLanguage;

    /// Reads a language tag; a region that is not known here is ignored.
    ///
    /// # Errors
    /// [`UnknownLanguage`] for a language without texts.
    fn from_str(tag: &str) -> Result<Self, UnknownLanguage> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("zh") {
            Ok(Self::ZhCn)
        } else if primary.eq_ignore_ascii_case("en") {
            Ok(Self::En)
        } else {
            Err(UnknownLanguage(tag.to_owned()))
        }
    }
}

/// A language without texts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are no texts in `{0}`; there are in en and zh-CN")]
pub struct UnknownLanguage(String);

pub(crate) fn message(finding: &Finding, language: Language) -> String {
    let at = finding.location();
    match language {
        Language::En => en::message(finding.cause(), at),
        Language::ZhCn => zh_cn::message(finding.cause(), at),
    }
}

pub(crate) fn fix(finding: &Finding, language: Language) -> Option<String> {
    let at = finding.location();
    match language {
        Language::En => en::fix(finding.cause(), at),
        Language::ZhCn => zh_cn::fix(finding.cause(), at),
    }
}

pub(crate) fn contrast(finding: &Finding, language: Language) -> Option<Contrast> {
    let at = finding.location();
    match language {
        Language::En => en::contrast(finding.cause(), at),
        Language::ZhCn => zh_cn::contrast(finding.cause(), at),
    }
}

/// Whole days of a number of seconds, or hours below two days.
enum Span {
    Days(i64),
    Hours(i64),
    Minutes(i64),
}

impl Span {
    fn of_seconds(seconds: i64) -> Self {
        const HOUR: i64 = 3600;
        match seconds.abs() {
            seconds if seconds >= 48 * HOUR => Self::Days(seconds / (24 * HOUR)),
            seconds if seconds >= 2 * HOUR => Self::Hours(seconds / HOUR),
            seconds => Self::Minutes(seconds / 60),
        }
    }
}

const fn is_key(at: &Location) -> bool {
    matches!(at.field(), Field::Key)
}

const fn is_pkcs12(at: &Location) -> bool {
    matches!(at.field(), Field::Pkcs12)
}
