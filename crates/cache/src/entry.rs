//! The format of entries in a store.

use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use catena_core::{Context, Error, Result};
use serde::{Deserialize, Serialize};

use crate::CacheableAnswer;

#[derive(Serialize, Deserialize)]
struct Entry<O> {
    /// Expiry, in milliseconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<u64>,
    answer: O,
}

/// Encodes an answer that is valid for `ttl`.
pub(crate) fn encode<O: CacheableAnswer>(answer: O, ttl: Option<Duration>, cx: &Context) -> Result<Bytes> {
    let until = ttl.map(|ttl| now(cx).saturating_add(milliseconds(ttl)));
    Ok(serde_json::to_vec(&Entry { until, answer }).map_err(Error::other)?.into())
}

/// Decodes an entry, unless it has expired. An undecodable entry was written by other software and will be overwritten.
pub(crate) fn decode<O: CacheableAnswer>(entry: &[u8], cx: &Context) -> Option<O> {
    let Entry { until, mut answer } = serde_json::from_slice::<Entry<O>>(entry).ok()?;
    if until.is_some_and(|until| until <= now(cx)) {
        return None;
    }
    answer.mark_cached();
    Some(answer)
}

/// Returns the time in milliseconds since the Unix epoch.
fn now(cx: &Context) -> u64 {
    milliseconds(cx.timer().wall_clock().duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
