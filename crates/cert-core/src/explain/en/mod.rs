//! English.

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
        DecodeError::BadCharacter { found } => {
            format!("{place} has the character {found:?}, which does not belong in base64.")
        }
        DecodeError::BadDate { text, without_seconds: true } => {
            format!("{place} has the date {text:?} without seconds, which RFC 5280 does not allow.")
        }
        DecodeError::BadDate { text, .. } => {
            format!("{place} has the date {text:?}, which is in none of the two forms that RFC 5280 allows.")
        }
        DecodeError::BadDer { offset, kind } => {
            format!("{place} is not the DER of a certificate: byte {offset}: {kind}.")
        }
        DecodeError::BadPadding => {
            format!("{place}: the base64 ends in the middle of a byte, so something is missing.")
        }
        DecodeError::BoundaryDamaged => {
            format!("{place} was a BEGIN or END line, but it does not have five hyphens on each side.")
        }
        DecodeError::BoundaryMissing => format!("{field} is base64 without BEGIN and END lines."),
        DecodeError::CertificateTooLarge { len, max } => {
            format!("{place} has {len} bytes; a certificate may have {max}.")
        }
        DecodeError::Empty => format!("{field} is empty."),
        DecodeError::EmptyBlock { label } => format!("{place}: the {label} block has nothing in it."),
        DecodeError::EscapedNewlines => format!("{place} has \\n written out where a line should end."),
        DecodeError::FieldsSwapped => {
            "The chain's field holds a private key, and the key's field holds certificates.".into()
        }
        DecodeError::LabelMismatch { begin, end } => {
            format!("{place} ends a {end} block, but the block began as {begin}.")
        }
        DecodeError::NoCertificateInPkcs12 => format!("{field} has no certificate."),
        DecodeError::NoKeyInPkcs12 => format!("{field} has no private key."),
        DecodeError::NewlinesLost => format!("{place}: the line breaks around a BEGIN or END line are gone."),
        DecodeError::NoPem if is_key(at) => "The key has no private key block.".into(),
        DecodeError::NoPem => format!("{field} has no BEGIN line, so there is no certificate in it."),
        DecodeError::NotText => format!("{field} is neither text nor DER of a kind that is known here."),
        DecodeError::Pkcs12Malformed => format!("{field} is damaged, or it is something else."),
        DecodeError::SeveralKeys { count } => format!("{field} has {count} private keys; it may have one."),
        DecodeError::SmartDashes { found } => {
            format!("{place} has the dash {found:?} (U+{:04X}) where hyphens should be.", u32::from(*found))
        }
        DecodeError::StrayEnd => format!("{place} ends a block that never began, so the start is missing."),
        DecodeError::TooLarge { len, max } if is_pkcs12(at) => {
            format!("{field} has {len} bytes; it may have {max}.")
        }
        DecodeError::TooLarge { len, max } => {
            format!("Chain and key together have {len} bytes; they may have {max}.")
        }
        DecodeError::TooManyCertificates { max } => format!("The chain has more than {max} certificates."),
        DecodeError::TooManyExtensions { max } => format!("{place} has more than {max} extensions."),
        DecodeError::TooManyNames { max } => {
            format!("{place} has more than {max} subject alternative names.")
        }
        DecodeError::TooManyPurposes { max } => {
            format!("{place} has more than {max} extended key usage purposes.")
        }
        DecodeError::TrailingData { len } => {
            format!("{place} has {len} bytes behind the end of the certificate.")
        }
        DecodeError::Truncated => format!("{place} stops before its end."),
        DecodeError::Unexpected(Unexpected::Pkcs12) if is_pkcs12(at) => {
            "This build does not read PKCS #12 files (.pfx, .p12).".into()
        }
        DecodeError::Unexpected(Unexpected::Pkcs12) if !cfg!(feature = "pkcs12") => {
            format!("{place} holds {}, which this build does not read.", unexpected(Unexpected::Pkcs12))
        }
        DecodeError::Unexpected(kind) => format!("{place} holds {}.", unexpected(*kind)),
        DecodeError::UnexpectedLabel { label } => {
            format!("{place} begins a {label:?} block, which does not belong here.")
        }
    }
}

fn decode_fix(error: &DecodeError, at: &Location) -> Option<String> {
    let whole_file = if is_pkcs12(at) {
        "Send the .pfx or .p12 file as it is, or all of its base64."
    } else {
        "Send the file's text as it is, from the first BEGIN line to the last END line."
    };
    Some(match error {
        DecodeError::BadDate { .. } | DecodeError::BadDer { .. } | DecodeError::TooManyNames { .. } => {
            "Ask the CA for a new certificate.".into()
        }
        DecodeError::BoundaryDamaged | DecodeError::SmartDashes { .. } => {
            "Write BEGIN and END lines with five hyphens (-----) on each side, or send the original file."
                .into()
        }
        DecodeError::BoundaryMissing if is_key(at) => {
            "Put the line -----BEGIN PRIVATE KEY----- before it and -----END PRIVATE KEY----- behind it."
                .into()
        }
        DecodeError::BoundaryMissing => {
            "Put the line -----BEGIN CERTIFICATE----- before it and -----END CERTIFICATE----- behind it."
                .into()
        }
        DecodeError::CertificateTooLarge { .. }
        | DecodeError::TooManyExtensions { .. }
        | DecodeError::TooManyPurposes { .. } => {
            "Certificates of public CAs are far below this; check what was uploaded.".into()
        }
        DecodeError::Empty if is_key(at) => {
            "Send the private key that the certificate request was made with.".into()
        }
        DecodeError::Empty if is_pkcs12(at) => whole_file.into(),
        DecodeError::Empty => "Send the certificate and its intermediates: fullchain.pem.".into(),
        DecodeError::EscapedNewlines => "Replace each \\n by a real line break.".into(),
        DecodeError::FieldsSwapped => {
            "Send the certificates as the chain and the private key as the key.".into()
        }
        DecodeError::NewlinesLost => {
            "Put each BEGIN and END line on a line of its own, or send the original file.".into()
        }
        DecodeError::NoCertificateInPkcs12 => "Export it again with the certificate and its chain.".into(),
        DecodeError::NoKeyInPkcs12 => "Export it again with the private key.".into(),
        DecodeError::SeveralKeys { .. } if is_pkcs12(at) => {
            "Export one certificate with its chain and its key.".into()
        }
        DecodeError::SeveralKeys { .. } => "Send only the key of this certificate.".into(),
        DecodeError::TooLarge { .. } => {
            "Send one certificate with its intermediates and its key, nothing else.".into()
        }
        DecodeError::TooManyCertificates { .. } => "Send the certificate and its intermediates only.".into(),
        DecodeError::TrailingData { .. } => "Put each certificate in a block of its own.".into(),
        DecodeError::Unexpected(kind) => unexpected_fix(*kind, at),
        DecodeError::UnexpectedLabel { .. } => "Remove the block.".into(),
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
        Unexpected::CertificateInKey => "a certificate, not a private key",
        Unexpected::CertificateRequest => "a certificate signing request (CSR), not a certificate",
        Unexpected::CertificateRevocationList => "a revocation list (CRL)",
        Unexpected::DhParameters => "Diffie-Hellman parameters",
        Unexpected::KeyInChain => "a private key, not a certificate",
        Unexpected::OpensshKey => "a private key in OpenSSH's own format",
        Unexpected::Pkcs12 => "a PKCS #12 file (.pfx, .p12)",
        Unexpected::Pkcs7 => "a PKCS #7 bundle (.p7b)",
        Unexpected::PublicKey => "a public key, not a private one",
    }
}

fn unexpected_fix(kind: Unexpected, at: &Location) -> String {
    let lines = at.line().map_or_else(String::new, |line| format!(" from line {line} on"));
    match kind {
        Unexpected::CertificateInKey => format!("Move the certificate{lines} to the chain and send only the private key as the key."),
        Unexpected::CertificateRequest => "Send what the CA answered to this request.".into(),
        Unexpected::CertificateRevocationList | Unexpected::DhParameters => format!("Remove the block{lines}."),
        Unexpected::KeyInChain => format!("Remove the private key{lines} from the chain and send it as the key."),
        Unexpected::OpensshKey => "Convert it: ssh-keygen -p -m PEM -f KEYFILE. It must be the key that the certificate request was made with.".into(),
        Unexpected::Pkcs12 if cfg!(feature = "pkcs12") => {
            format!("Send it as a PKCS #12 file, with its passphrase; or convert it: {PKCS12_TO_PEM}.")
        }
        Unexpected::Pkcs12 => format!("Convert it: {PKCS12_TO_PEM}."),
        Unexpected::Pkcs7 => "Convert it: openssl pkcs7 -print_certs -in FILE.p7b -out chain.pem (with -inform DER for a binary file).".into(),
        Unexpected::PublicKey => "Send the private key that the certificate request was made with.".into(),
    }
}

fn path_message(error: &PathError, at: &Location) -> String {
    let place = place(at);
    match error {
        PathError::BadSignature { issuer } => {
            format!(
                "{place} names {issuer} as its issuer, but no certificate or trust anchor of that name made its signature."
            )
        }
        PathError::BudgetExceeded => "The chain asks for more work than a real one does.".into(),
        PathError::CaAsLeaf => format!("{place} is a CA's certificate, so it cannot be a server's."),
        PathError::CloudflareOrigin => format!(
            "{place} is a Cloudflare Origin certificate, which only Cloudflare's own proxies accept; browsers refuse it."
        ),
        PathError::CriticalExtension => {
            format!("{place}, or an issuer of it, has a critical extension that is not understood here.")
        }
        PathError::Depth { found, max } => format!("The path has {found} intermediates; {max} are allowed."),
        PathError::IssuerMissing(missing) => {
            let key_id =
                missing.key_id.as_ref().map_or_else(String::new, |id| format!(" (key identifier {id})"));
            format!(
                "{place} was issued by {}{key_id}, which is not in the chain and is no trust anchor.",
                missing.issuer
            )
        }
        PathError::KeysPerSubject { subject, max } => {
            format!("The chain has more than {max} certificates of {subject} with different keys.")
        }
        PathError::LetsEncryptStaging => {
            format!("{place} comes from Let's Encrypt's STAGING environment, which browsers refuse.")
        }
        PathError::Malformed { reason } => format!("{place} does not verify: {reason}."),
        PathError::NameConstraints => {
            format!("A name of {place} is outside what one of its issuers may certify (name constraints).")
        }
        PathError::NotACa => {
            format!("{place} signed another certificate of the chain, but it is not a CA that may.")
        }
        PathError::PathLength => {
            format!("An issuer of {place} does not allow this many CAs below it (path length).")
        }
        PathError::PrivateCa { root } => format!("The chain ends at {root}, a CA that is not trusted here."),
        PathError::PurposeMissing => {
            format!("{place}, or an issuer of it, is not for TLS servers (extended key usage).")
        }
        PathError::SelfSigned => {
            format!("{place} is signed by its own key, so nobody vouches for it; browsers refuse it.")
        }
        PathError::SignatureAlgorithm => {
            format!("The signature of {place}, or of an issuer of it, is of a kind that is not accepted.")
        }
        PathError::Validity(error) => validity_message(error, at),
    }
}

fn path_fix(error: &PathError, at: &Location) -> Option<String> {
    Some(match error {
        PathError::BadSignature { .. } => "Use the intermediates that came with this certificate.".into(),
        PathError::BudgetExceeded | PathError::KeysPerSubject { .. } => {
            "Send the certificate and the intermediates between it and its root only.".into()
        }
        PathError::CaAsLeaf => {
            "Send the server's certificate; what `openssl req -x509` makes is a CA's unless told otherwise."
                .into()
        }
        PathError::CloudflareOrigin | PathError::LetsEncryptStaging | PathError::SelfSigned => {
            "Get a certificate from a public CA; Let's Encrypt's production environment is free.".into()
        }
        PathError::Depth { .. } => "Use a certificate with a shorter path.".into(),
        PathError::IssuerMissing(missing) => issuer_fix(missing),
        PathError::PrivateCa { .. } => {
            "Get a certificate from a public CA, or have the operator trust this CA for your class.".into()
        }
        PathError::Validity(ValidityError::Expired { .. }) => expired_intermediate_fix(at),
        PathError::CriticalExtension
        | PathError::Malformed { .. }
        | PathError::NameConstraints
        | PathError::NotACa
        | PathError::PathLength
        | PathError::PurposeMissing
        | PathError::SignatureAlgorithm => "Ask the CA for a new certificate.".into(),
        PathError::Validity(_) => "Use an intermediate that is valid now.".into(),
    })
}

fn issuer_fix(missing: &MissingIssuer) -> String {
    match (&missing.url, missing.is_intermediate) {
        (Some(url), _) => format!(
            "Upload fullchain.pem, or append {} from {url} (it is DER: convert it with openssl x509 -inform DER).",
            missing.issuer
        ),
        (None, true) => format!("Upload fullchain.pem, or append the certificate of {}.", missing.issuer),
        (None, false) => {
            "Check whether this CA is a public one; a private one must be trusted by the operator.".into()
        }
    }
}

fn expired_intermediate_fix(at: &Location) -> String {
    let which = at
        .certificate()
        .map_or_else(|| "the intermediate".to_owned(), |c| format!("certificate {}", c.position()));
    format!("Your own certificate may be fine: replace {which} by its current version from the CA.")
}

fn validity_message(error: &ValidityError, at: &Location) -> String {
    validity_of(&place(at), error)
}

/// `place` is what is not valid, as the start of a sentence.
fn validity_of(place: &str, error: &ValidityError) -> String {
    match error {
        ValidityError::Expired { not_after, now } => {
            format!("{place} expired at {not_after}, {} ago.", span(now.seconds_since(*not_after)))
        }
        ValidityError::NotYetValid { not_before, .. } => format!("{place} is not valid before {not_before}."),
        ValidityError::TooShort { not_after, remaining, required } => {
            format!(
                "{place} ends at {not_after}, in {}; at least {} must be left.",
                span(*remaining),
                span(*required)
            )
        }
    }
}

fn validity_fix(error: &ValidityError, at: &Location) -> Option<String> {
    let is_leaf = at.certificate().is_none_or(|certificate| certificate.position() == 1);
    Some(match error {
        ValidityError::NotYetValid { .. } => {
            "Upload it when it is valid, or check the clock of the CA.".into()
        }
        ValidityError::TooShort { .. } if !is_leaf => {
            "Renew the certificate, or replace this intermediate by its current version.".into()
        }
        ValidityError::Expired { .. } | ValidityError::TooShort { .. } => {
            "Renew the certificate and upload the new one.".into()
        }
    })
}

fn served_message(note: &ServedNote, at: &Location) -> String {
    let place = place(at);
    match note {
        ServedNote::Duplicate => format!("{place} stands twice in the chain; it is served once."),
        ServedNote::ExtraEndsEarlier { not_after } => {
            format!("{place} is served behind the path and ends before it does, at {not_after}.")
        }
        ServedNote::Reordered => {
            "The certificates were not in serving order; they are stored leaf first.".into()
        }
        ServedNote::RootIncluded => {
            format!("{place} is a trust anchor; clients have it, so it is not served.")
        }
        ServedNote::Unrelated => format!("{place} is not needed to verify this chain, so it is not served."),
    }
}

fn served_fix(note: &ServedNote) -> Option<String> {
    match note {
        ServedNote::ExtraEndsEarlier { .. } => {
            Some("Replace it by its current version, or leave it out.".into())
        }
        ServedNote::Duplicate | ServedNote::Reordered | ServedNote::RootIncluded | ServedNote::Unrelated => {
            None
        }
    }
}

const PKCS12_TO_PEM: &str = "openssl pkcs12 -in FILE.pfx -nodes -nokeys -out chain.pem and openssl pkcs12 -in FILE.pfx -nodes -nocerts -out key.pem";

const fn field(at: &Location) -> &'static str {
    match at.field() {
        Field::Chain => "The chain",
        Field::Key => "The key",
        Field::Pkcs12 => "The PKCS #12 file",
    }
}

/// The certificate or the line that a message is about, as the start of a sentence.
fn place(at: &Location) -> String {
    match (at.certificate(), at.line()) {
        (Some(certificate), _) if certificate.name().is_empty() => {
            format!("Certificate {}", certificate.position())
        }
        (Some(certificate), _) => format!("Certificate {} ({})", certificate.position(), certificate.name()),
        (None, Some(line)) => format!("Line {line} of {}", field(at).replacen("The", "the", 1)),
        (None, None) => field(at).into(),
    }
}

fn span(seconds: i64) -> String {
    match Span::of_seconds(seconds) {
        Span::Days(days) => format!("{days} days"),
        Span::Hours(hours) => format!("{hours} hours"),
        Span::Minutes(1) => "1 minute".into(),
        Span::Minutes(minutes) => format!("{minutes} minutes"),
    }
}
