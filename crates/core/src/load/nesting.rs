//! How deep data may be nested.

use serde::Deserialize;
use serde_json::Value;

use crate::{Error, ErrorKind, Result};

/// As deep as LangChain reads.
pub(super) const DEPTH_LIMIT: usize = 200;

/// Reads JSON that is not nested too deep.
pub(super) fn parse(text: &str) -> Result<Value> {
    check(text)?;
    let mut reader = serde_json::Deserializer::from_str(text);
    // The depth is known.
    reader.disable_recursion_limit();
    let value = Value::deserialize(&mut reader);
    value.and_then(|value| reader.end().map(|()| value)).map_err(|error| {
        Error::new(ErrorKind::Parse, format!("cannot load invalid JSON: {error}")).with_source(error)
    })
}

pub(super) fn too_deep() -> Error {
    let message = format!("cannot load JSON nested more than {DEPTH_LIMIT} levels deep");
    Error::new(ErrorKind::InvalidInput, message)
}

/// Counts brackets outside of texts.
fn check(text: &str) -> Result<()> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        // The innermost value is no level.
        if depth > DEPTH_LIMIT + 1 {
            return Err(too_deep());
        }
    }
    Ok(())
}
