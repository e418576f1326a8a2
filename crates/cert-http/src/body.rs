//! Reading a request's body within its limit.

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, header},
};
use http_body_util::BodyExt as _;

use crate::failure::Failure;

/// The whole body, if it has at most `max` bytes.
///
/// What is too long is read to its end and thrown away, as far as that is little: a client that is still sending
/// when the connection closes never sees the answer.
pub(crate) async fn read(headers: &HeaderMap, mut body: Body, max: usize) -> Result<Bytes, Failure> {
    let announced = content_length(headers);
    let mut kept = Vec::with_capacity(announced.unwrap_or_default().min(max));
    let mut total: usize = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Failure::BodyCut)?;
        let Ok(data) = frame.into_data() else { continue };
        total = total.saturating_add(data.len());
        if total <= max {
            kept.extend_from_slice(&data);
        } else if total > max.saturating_mul(DRAINED) {
            break;
        }
    }
    if total > max { Err(Failure::TooLarge { max }) } else { Ok(kept.into()) }
}

/// Up to how many times the limit is read and thrown away.
const DRAINED: usize = 8;

fn content_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
