//! The Qiniu scheme: method, target, host, content type, the provider's own headers, and the body.

use std::{borrow::Cow, iter};

use axum::http::{HeaderMap, HeaderName};
use cert_core::Timestamp;

use super::{FORM, SignedRequest};

pub(super) fn covers_body(content_type: &str) -> bool {
    !content_type.is_empty() && content_type != "application/octet-stream"
}

/// What a client takes for the host and the type of the body.
#[derive(PartialEq, Eq)]
pub(super) struct Reading<'a> {
    host: Cow<'a, str>,
    content_type: &'a str,
}

/// What is sent; and, made only where that was not signed, what the provider's SDK for Node.js signs in its place: a
/// port twice, and a form where no type is sent.
pub(super) fn readings<'a>(request: &SignedRequest<'a>) -> impl Iterator<Item = Reading<'a>> {
    let (host, content_type) = (request.host, request.content_type());
    let sent = || Reading { host: host.into(), content_type };
    let of_node = move || {
        let host =
            host.rsplit_once(':').map_or_else(|| host.into(), |(_, port)| format!("{host}:{port}").into());
        Reading { host, content_type: if content_type.is_empty() { FORM } else { content_type } }
    };
    iter::once_with(sent).chain(iter::once_with(of_node).filter(move |reading| *reading != sent()))
}

pub(super) fn signed_bytes(request: &SignedRequest<'_>, reading: &Reading<'_>, target: &str) -> Vec<u8> {
    let Reading { host, content_type } = reading;
    let mut text = format!("{} {target}\nHost: {host}", request.method);
    if !content_type.is_empty() {
        text.push_str("\nContent-Type: ");
        text.push_str(content_type);
    }
    for line in own_headers(request.headers) {
        text.push('\n');
        text.push_str(&line);
    }
    text.push_str("\n\n");
    let mut data = text.into_bytes();
    if covers_body(content_type) {
        data.extend(request.body);
    }
    data
}

pub(super) fn is_dated(headers: &HeaderMap) -> bool {
    headers.contains_key(DATE)
}

/// Whether the request is undated, or dated within the allowed skew of `now`.
pub(super) fn is_in_time(headers: &HeaderMap, now: Timestamp) -> bool {
    headers.get(DATE).is_none_or(|value| {
        let date = value.to_str().ok().and_then(parse_date);
        date.is_some_and(|date| now.seconds_since(date).abs() <= MAX_SKEW_SECONDS)
    })
}

const PREFIX: &str = "x-qiniu-";
const DATE: &str = "x-qiniu-date";
const MAX_SKEW_SECONDS: i64 = 15 * 60;

/// The headers of the provider as `Key: value`, keys in canonical case, sorted.
fn own_headers(headers: &HeaderMap) -> Vec<String> {
    let is_own = |name: &HeaderName| name.as_str().len() > PREFIX.len() && name.as_str().starts_with(PREFIX);
    let mut lines: Vec<_> = headers
        .iter()
        .filter(|(name, _)| is_own(name))
        .map(|(name, value)| {
            format!("{}: {}", canonical(name.as_str()), String::from_utf8_lossy(value.as_bytes()))
        })
        .collect();
    lines.sort();
    lines
}

/// `x-qiniu-date` as `X-Qiniu-Date`.
fn canonical(name: &str) -> String {
    let mut starts_word = true;
    name.chars()
        .map(|c| {
            let c = if starts_word { c.to_ascii_uppercase() } else { c };
            starts_word = c == '-';
            c
        })
        .collect()
}

/// `20060102T150405Z`.
fn parse_date(text: &str) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let digits = |part: &str, len| part.len() == len && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(date, 8) || !digits(time, 6) {
        return None;
    }
    let number = |part: &str| part.parse::<u32>().ok();
    Timestamp::from_utc(
        number(&date[..4])?.into(),
        number(&date[4..6])?,
        number(&date[6..])?,
        number(&time[..2])?,
        number(&time[2..4])?,
        number(&time[4..])?,
    )
}
