//! Arguments of a call that are not for its body.

use std::time::Duration;

use catena_core::{Error, ErrorKind, Result};
use catena_http::service::Call;
use serde_json::{Map, Value};

/// The call with the headers, the query and the time limit that its arguments name.
///
/// # Errors
/// `Config` for a header that cannot be sent, `InvalidInput` for a time limit that is none.
pub(crate) fn with_call_arguments(mut call: Call, arguments: Option<&Map<String, Value>>) -> Result<Call> {
    let Some(arguments) = arguments else { return Ok(call) };
    let members = |name: &str| arguments.get(name).and_then(Value::as_object).into_iter().flatten();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    for (name, value) in members("extra_headers") {
        call = call.with_header(name, &text(value))?;
    }
    for (name, value) in members("extra_query") {
        call = call.with_query(name, text(value));
    }
    let Some(seconds) = arguments.get("timeout").filter(|seconds| !seconds.is_null()) else {
        return Ok(call);
    };
    let limit = seconds.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let limit =
        limit.ok_or_else(|| Error::new(ErrorKind::InvalidInput, "`timeout` is a number of seconds"))?;
    Ok(call.with_first_byte_timeout(limit).with_idle_timeout(limit))
}
