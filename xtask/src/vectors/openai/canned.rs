//! Canned answers as replies of the test server.

use catena_testkit::{Framing, Reply};
use serde_json::Value;

/// The reply for a `canned_response`.
///
/// # Errors
/// What the test server cannot play.
pub(super) fn reply(canned: &Value) -> Result<Reply, String> {
    match canned["action"].as_str() {
        Some("drop") => return Ok(Reply::drop_connection()),
        Some("stall") => return Ok(Reply::never()),
        Some(other) => return Err(format!("the test server cannot `{other}` one connection among others")),
        None => {}
    }
    let status = canned["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(200);
    let mut reply = Reply::bytes(status, body(canned)?).with_framing(match canned["framing"].as_str() {
        Some("chunked") => Framing::Chunked,
        Some("eof") => Framing::UntilClose,
        _ => Framing::Length,
    });
    for (name, value) in canned["headers"].as_object().into_iter().flatten() {
        reply = reply.with_header(name, value.as_str().unwrap_or_default());
    }
    let number = |value: &Value| value.as_u64().and_then(|number| usize::try_from(number).ok());
    if let Some(size) = number(&canned["split_every"]) {
        reply = reply.split_every(size);
    }
    if let Some(offsets) = canned["split_offsets"].as_array() {
        reply = reply.split_at(offsets.iter().filter_map(number));
    }
    Ok(match canned["end"].as_str() {
        Some("abort") => reply.end_abort(),
        Some("stall") => reply.end_stall(),
        _ => reply,
    })
}

/// The bytes of the body.
pub(super) fn body(canned: &Value) -> Result<Vec<u8>, String> {
    match (&canned["json"], &canned["text"], &canned["base64"]) {
        (_, Value::String(text), _) => Ok(text.clone().into_bytes()),
        (_, _, Value::String(encoded)) => {
            base64(encoded).ok_or_else(|| "the body of an answer is not base64".to_owned())
        }
        (json, ..) if canned.get("json").is_some() => Ok(json.to_string().into_bytes()),
        _ => Ok(Vec::new()),
    }
}

/// The bytes that base64 with padding stands for.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| match c {
        b'A'..=b'Z' => Some(c - b'A'),
        b'a'..=b'z' => Some(c - b'a' + 26),
        b'0'..=b'9' => Some(c - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits: Vec<u8> = text.trim_end_matches('=').bytes().map(digit).collect::<Option<_>>()?;
    let bytes = digits.chunks(4).flat_map(|group| {
        let bits =
            group.iter().fold(0_u32, |bits, digit| bits << 6 | u32::from(*digit)) << (6 * (4 - group.len()));
        let [_, bytes @ ..] = bits.to_be_bytes();
        bytes.into_iter().take(group.len() - 1)
    });
    Some(bytes.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read() {
        for (text, bytes) in [("", ""), ("YQ==", "a"), ("YWI=", "ab"), ("YWJj", "abc"), ("w6/wn5iA", "ï😀")]
        {
            assert_eq!(base64(text).as_deref(), Some(bytes.as_bytes()));
        }
        assert_eq!(base64("%"), None);
    }
}
