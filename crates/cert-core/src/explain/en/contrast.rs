//! English: what was expected, and what there is instead.

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
            Contrast::of(format!("a depth of at most {max}"), format!("a depth of {found}"))
        }
        Cause::Path(PathError::IssuerMissing(missing)) => Contrast::of(
            format!("the certificate of {}", missing.issuer),
            format!("{} ends the chain", place(at)),
        ),
        Cause::Path(PathError::Validity(error)) | Cause::Validity(error) => of_validity(error),
        Cause::Path(_) | Cause::Served(_) => None,
        Cause::Rule(breach) => of_rule(breach),
    }
}

fn of_text(error: &DecodeError) -> Option<Contrast> {
    match error {
        DecodeError::BadCharacter { found } => Contrast::of("a digit of base64", format!("{found:?}")),
        DecodeError::BadDate { text, .. } => {
            Contrast::of("YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ", format!("{text:?}"))
        }
        DecodeError::CertificateTooLarge { len, max } | DecodeError::TooLarge { len, max } => {
            Contrast::of(format!("at most {max} bytes"), format!("{len} bytes"))
        }
        DecodeError::LabelMismatch { begin, end } => {
            Contrast::of(format!("-----END {begin}-----"), format!("-----END {end}-----"))
        }
        DecodeError::SeveralKeys { count } => Contrast::of("1 private key", format!("{count} private keys")),
        DecodeError::SmartDashes { found } => Contrast::of("hyphens (-)", format!("{found:?}")),
        DecodeError::TrailingData { len } => Contrast::of("no byte behind it", format!("{len} bytes")),
        _ => None,
    }
}

fn of_key(error: &KeyError) -> Option<Contrast> {
    match error {
        KeyError::DerivationTooCostly(DerivationCost::Iterations { found }) => Contrast::of(
            format!("at most {} iterations", caps::MAX_KDF_ITERATIONS),
            format!("{found} iterations"),
        ),
        KeyError::DerivationTooCostly(DerivationCost::Passphrase { found }) => {
            Contrast::of(format!("at most {} bytes", caps::MAX_PASSPHRASE), format!("{found} bytes"))
        }
        KeyError::DerivationTooCostly(DerivationCost::ScryptMemory { found }) => Contrast::of(
            format!("at most {} bytes of memory", caps::MAX_SCRYPT_MEMORY),
            format!("{found} bytes"),
        ),
        KeyError::DerivationTooCostly(DerivationCost::ScryptParallelization { found }) => {
            Contrast::of("a parallelization of 1", found)
        }
        KeyError::Mismatch(mismatch) => {
            let expected = format!("the {} key of {}", mismatch.leaf, mismatch.leaf_name);
            let other = if mismatch.key == mismatch.leaf { "another " } else { "" };
            let spki = mismatch.key_fingerprint;
            let spki = spki.map_or_else(String::new, |spki| format!(", SHA-256 of its public key {spki}"));
            Contrast::of(expected, format!("{other}{} key{spki}", mismatch.key))
        }
        KeyError::Unsupported { name } => Contrast::of("RSA, EC P-256, P-384 or P-521, or Ed25519", name),
        _ => None,
    }
}

fn of_validity(error: &ValidityError) -> Option<Contrast> {
    match error {
        ValidityError::Expired { not_after, now } => {
            Contrast::of(format!("valid at {now}"), format!("valid until {not_after}"))
        }
        ValidityError::NotYetValid { not_before, now } => {
            Contrast::of(format!("valid at {now}"), format!("valid from {not_before} on"))
        }
        ValidityError::TooShort { remaining, required, .. } => {
            Contrast::of(format!("at least {} left", span(*required)), format!("{} left", span(*remaining)))
        }
    }
}

fn of_rule(breach: &Breach) -> Option<Contrast> {
    match breach {
        Breach::AnchorExpired(error) => of_validity(error),
        Breach::CommonNameMismatch { common_name } => {
            Contrast::of("one of the subject alternative names", format!("{common_name:?}"))
        }
        Breach::LifetimeTooLong { days, max } => {
            Contrast::of(format!("at most {max} days"), format!("{days} days"))
        }
        Breach::RsaWeak(RsaWeakness::Size { bits }) => {
            Contrast::of("2048 to 8192 bits, a multiple of 8", format!("{bits} bits"))
        }
        Breach::UnusualKeyType { name } => Contrast::of("RSA, EC P-256 or P-384", name),
        _ => None,
    }
}
