//! Reading a request's body within its limit.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, header},
};
use http_body_util::BodyExt as _;

use crate::failure::Failure;

/// How much a body may have, and how long it may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) max: usize,
    pub(crate) deadline: Duration,
}

/// The whole body, if it comes within its limits.
pub(crate) async fn read(headers: &HeaderMap, body: Body, limits: Limits) -> Result<Bytes, Failure> {
    tokio::time::timeout(limits.deadline, collect(headers, body, limits.max))
        .await
        .unwrap_or(Err(Failure::BodyTooSlow))
}

/// What is too long is read to its end and thrown away, as far as that is little: a client that is still sending
/// when the connection closes never sees the answer.
async fn collect(headers: &HeaderMap, mut body: Body, max: usize) -> Result<Bytes, Failure> {
    let announced = content_length(headers);
    let mut kept = Vec::with_capacity(announced.unwrap_or_default().min(max).min(RESERVED));
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
/// What a client gets of memory for announcing a body.
const RESERVED: usize = 64 * 1024;

fn content_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
