//! Arguments of a call that do not belong in its body.

use std::time::Duration;

use catena_core::{Error, ErrorKind, Result};
use serde_json::{Map, Value};

use super::Call;

impl Call {
    /// The names of the arguments that [`with_arguments`](Self::with_arguments) reads: headers, query parameters, and a
    /// time limit in seconds. They do not belong in the body.
    pub const ARGUMENTS: [&str; 3] = ["extra_headers", "extra_query", "timeout"];

    /// Applies the headers, query parameters and time limit in the arguments bound to the call.
    ///
    /// # Errors
    /// `Config` for an invalid header, `InvalidInput` for an invalid time limit.
    ///
    /// # Example
    /// ```
    /// use catena_http::service::Call;
    /// use serde_json::json;
    /// let bound = json!({"extra_headers": {"x-trace": "7"}, "timeout": 2.5, "temperature": 0});
    /// let call = Call::post("chat").with_arguments(bound.as_object())?;
    /// assert!(Call::post("chat").with_arguments(json!({"timeout": "soon"}).as_object()).is_err());
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    #[inline]
    pub fn with_arguments(self, arguments: Option<&Map<String, Value>>) -> Result<Self> {
        match arguments {
            Some(arguments) => self.with_bound(arguments),
            None => Ok(self),
        }
    }

    fn with_bound(mut self, arguments: &Map<String, Value>) -> Result<Self> {
        let members = |name: &str| arguments.get(name).and_then(Value::as_object).into_iter().flatten();
        for (name, value) in members("extra_headers") {
            self = self.with_header(name, &text(value))?;
        }
        for (name, value) in members("extra_query") {
            self = self.with_query(name, text(value));
        }
        let Some(seconds) = arguments.get("timeout").filter(|seconds| !seconds.is_null()) else {
            return Ok(self);
        };
        let limit = seconds.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let limit =
            limit.ok_or_else(|| Error::new(ErrorKind::InvalidInput, "`timeout` is a number of seconds"))?;
        Ok(self.with_first_byte_timeout(limit).with_idle_timeout(limit))
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
