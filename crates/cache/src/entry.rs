//! What lies in a store.

use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use catena_core::{Context, Error, Result};
use serde::{Deserialize, Serialize};

use crate::CacheableAnswer;

#[derive(Serialize, Deserialize)]
struct Entry<O> {
    /// When it is too old, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<u64>,
    answer: O,
}

/// The entry of an answer that is wanted for so long.
pub(crate) fn encode<O: CacheableAnswer>(answer: O, ttl: Option<Duration>, cx: &Context) -> Result<Bytes> {
    let until = ttl.map(|ttl| now(cx).saturating_add(milliseconds(ttl)));
    Ok(serde_json::to_vec(&Entry { until, answer }).map_err(Error::other)?.into())
}

/// The answer, if it is young enough. What cannot be read was written by something else, and is overwritten.
pub(crate) fn decode<O: CacheableAnswer>(entry: &[u8], cx: &Context) -> Option<O> {
    let Entry { until, mut answer } = serde_json::from_slice::<Entry<O>>(entry).ok()?;
    if until.is_some_and(|until| until <= now(cx)) {
        return None;
    }
    answer.mark_cached();
    Some(answer)
}

/// In milliseconds since 1970.
fn now(cx: &Context) -> u64 {
    milliseconds(cx.timer().wall_clock().duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
