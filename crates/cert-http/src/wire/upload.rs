//! What an upload comes as.

use std::{collections::BTreeMap, fmt};

use cert_core::Passphrase;
use cert_service::Upload;
use serde::{
    Deserialize,
    de::{Error as _, IgnoredAny, MapAccess, Visitor},
};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::fields;
use crate::failure::Failure;

/// A chain with its private key, or a PKCS #12 file in their place. Keys match without regard to case; the last of two
/// alike counts; what is not known is ignored.
#[derive(Default, ToSchema)]
#[schema(as = Upload)]
pub(crate) struct UploadRequest {
    /// What to call it.
    #[schema(nullable, required = false)]
    name: String,
    /// The common name to show; the leaf's own where it is absent or empty. `commonName` is accepted as well.
    #[schema(nullable, required = false)]
    common_name: String,
    /// The private key of the leaf: PEM, as PKCS #8, PKCS #1 or SEC 1.
    #[schema(value_type = String, nullable, required = false, write_only)]
    pri: Zeroizing<String>,
    /// The chain: PEM, the leaf in any place.
    #[schema(nullable, required = false)]
    ca: String,
    /// Ours: a PKCS #12 file in base64, in place of `ca` and `pri`.
    #[schema(value_type = String, nullable, required = false, write_only)]
    pfx: Zeroizing<String>,
    /// Ours: the passphrase of `pri` or `pfx`; a needless one is ignored.
    #[schema(value_type = String, nullable, required = false, write_only)]
    passphrase: Zeroizing<String>,
    /// Ours: labels to find it by. In a replacement they take the place of those that stand, which stay without.
    labels: Option<BTreeMap<String, String>>,
    /// Ours: let it take over every domain whose present certificate it covers and outlives.
    takeover: Option<bool>,
}

impl UploadRequest {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Failure> {
        serde_json::from_slice(body).map_err(|error| fields::malformed(&error))
    }

    pub(crate) fn into_upload(self) -> Result<Upload, Failure> {
        let upload = match self.pfx.is_empty() {
            true => Upload::pem(self.ca, self.pri.as_bytes()),
            false if self.ca.is_empty() && self.pri.is_empty() => Upload::pkcs12(self.pfx.as_bytes()),
            false => return Err(Failure::FieldsConflict { field: "pfx", instead_of: ["ca", "pri"] }),
        };
        // An empty field is what a form sends where nothing was filled in.
        let upload = match self.passphrase.is_empty() {
            true => upload,
            false => upload.passphrase(Passphrase::new(self.passphrase.as_bytes())),
        };
        let upload = match self.takeover {
            None => upload,
            Some(true) => upload.takeover(),
            Some(false) => upload.no_takeover(),
        };
        let upload = upload.name(self.name).common_name(self.common_name);
        let Some(labels) = self.labels else { return Ok(upload) };
        Ok(labels.into_iter().fold(upload.no_labels(), |upload, (key, value)| upload.label(key, value)))
    }
}

impl<'de> Deserialize<'de> for UploadRequest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UploadVisitor)
    }
}

struct UploadVisitor;

impl<'de> Visitor<'de> for UploadVisitor {
    type Value = UploadRequest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<UploadRequest, A::Error> {
        let mut request = UploadRequest::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.to_ascii_lowercase().as_str() {
                "name" => request.name = text(&mut map)?,
                "common_name" | "commonname" => request.common_name = text(&mut map)?,
                "pri" => request.pri = secret(&mut map)?,
                "pfx" => request.pfx = secret(&mut map)?,
                "passphrase" => request.passphrase = secret(&mut map)?,
                "ca" => request.ca = text(&mut map)?,
                "labels" => request.labels = map.next_value()?,
                "takeover" => request.takeover = map.next_value()?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(request)
    }
}

fn text<'de, A: MapAccess<'de>>(map: &mut A) -> Result<String, A::Error> {
    map.next_value::<Option<String>>()
        .map(Option::unwrap_or_default)
        .map_err(|_| A::Error::custom("a text is expected"))
}

fn secret<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Zeroizing<String>, A::Error> {
    map.next_value::<Option<Zeroizing<String>>>().map(Option::unwrap_or_default)
}
