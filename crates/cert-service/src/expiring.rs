//! Which certificates end soon: what a renewal job asks.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use cert_core::Timestamp;
use cert_store::{CertId, Expiring, MarkerError, PageSize};

use crate::{Caller, CertService, ServiceError};

/// A part of the list of certificates that end soon.
#[derive(Clone, Debug)]
pub struct ExpiringPage {
    certs: Vec<Expiring>,
    marker: Option<String>,
}

impl ExpiringPage {
    /// The certificates, soonest first.
    pub fn certs(&self) -> &[Expiring] {
        &self.certs
    }

    /// Where the next page starts; `None` after an empty one.
    pub fn marker(&self) -> Option<&str> {
        self.marker.as_deref()
    }
}

impl CertService {
    /// The certificates that end before an instant, expired ones too, soonest first: those of all owners, or of the
    /// one that the operator acts for. One that was superseded, and that nothing is bound to any more, needs no
    /// renewal and is left out.
    ///
    /// # Errors
    /// [`ServiceError::NotAllowed`] unless the caller is an operator; [`ServiceError::Marker`] for a garbled one;
    /// [`ServiceError::Store`].
    pub async fn expiring(
        &self,
        caller: &Caller,
        before: Timestamp,
        marker: Option<&str>,
        size: PageSize,
    ) -> Result<ExpiringPage, ServiceError> {
        if !caller.is_operator() {
            return Err(ServiceError::NotAllowed);
        }
        let is_meant = |entry: &Expiring| {
            let is_over = entry.cert.superseded_by.is_some() && !entry.is_bound;
            !is_over && caller.owner().is_none_or(|owner| *owner == entry.cert.owner)
        };
        let (mut after, mut certs) = (marker.map(parse).transpose()?, Vec::new());
        // A page may be full of what is left out; an empty one would be taken for the end.
        while certs.is_empty() {
            let page = self.parts.store.expiring(before, after, size).await?;
            let Some(last) = page.last() else { return Ok(ExpiringPage { certs, marker: None }) };
            after = Some((last.cert.leaf.not_after, last.cert.id));
            certs = page.into_iter().filter(is_meant).collect();
        }
        Ok(ExpiringPage { certs, marker: after.map(encode) })
    }
}

/// Version and call of the store's markers, no owner, then the key: the end and the id.
fn encode((end, id): (Timestamp, CertId)) -> String {
    let mut bytes = [0; LENGTH];
    bytes[..HEAD.len()].copy_from_slice(&HEAD);
    bytes[HEAD.len()..HEAD.len() + 8].copy_from_slice(&end.as_unix().to_be_bytes());
    bytes[HEAD.len() + 8..].copy_from_slice(&id.0);
    Base64UrlUnpadded::encode_string(&bytes)
}

fn parse(text: &str) -> Result<(Timestamp, CertId), MarkerError> {
    let mut buffer = [0; LENGTH];
    let bytes = Base64UrlUnpadded::decode(text, &mut buffer).map_err(|_| MarkerError::Garbled)?;
    let key = bytes.strip_prefix(&HEAD).and_then(|key| key.split_first_chunk::<8>());
    let (end, id) = key.ok_or(MarkerError::Garbled)?;
    let id = <[u8; 12]>::try_from(id).map_err(|_| MarkerError::Garbled)?;
    Ok((Timestamp::from_unix(i64::from_be_bytes(*end)), CertId(id)))
}

/// Version 1, call 3 (1 and 2 are the store's own), and zeros in the place of an owner's hash.
const HEAD: [u8; 10] = [1, 3, 0, 0, 0, 0, 0, 0, 0, 0];
const LENGTH: usize = HEAD.len() + 8 + 12;

#[cfg(test)]
mod tests {
    use cert_core::Timestamp;
    use cert_store::CertId;

    use super::{encode, parse};

    #[test]
    fn markers_read_back_and_nothing_else_does() {
        let key = (Timestamp::from_unix(-5), CertId([7; 12]));
        let marker = encode(key);
        assert_eq!(parse(&marker), Ok(key));
        for length in 0..marker.len() {
            assert!(parse(&marker[..length]).is_err(), "{length}");
        }
        assert!(parse(&format!("{marker}AA")).is_err() && parse(&marker.replacen('A', "B", 1)).is_err());
    }
}
