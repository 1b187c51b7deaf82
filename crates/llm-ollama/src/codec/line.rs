//! One line of an answer: a complete answer, or a chunk of one.

use std::borrow::Cow;
use std::fmt;

use catena_core::{Error, ErrorKind, Result, Usage};
use catena_http::service::lenient::Text;
use catena_http::service::{is_html, words};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::Origin;
use super::error::{error_in_answer, error_in_stream};

/// A line. Unknown members stay in `extra`. Serde's `flatten` would first buffer every member of every line in a tree.
#[derive(Debug, Default)]
pub(super) struct Line<'a> {
    pub(super) model: Text<'a>,
    pub(super) created_at: Text<'a>,
    /// Of a chat.
    pub(super) message: Option<WireMessage<'a>>,
    /// Of a completion.
    pub(super) response: Option<Text<'a>>,
    /// Of a completion.
    pub(super) thinking: Text<'a>,
    /// The answer ends here.
    pub(super) done: bool,
    pub(super) done_reason: Text<'a>,
    error: Value,
    pub(super) extra: Map<String, Value>,
}

/// What the model says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireMessage<'a> {
    #[serde(borrow)]
    pub(super) content: Text<'a>,
    #[serde(borrow)]
    pub(super) thinking: Text<'a>,
    #[serde(borrow)]
    pub(super) tool_calls: Option<Vec<WireCall<'a>>>,
}

/// A tool call.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireCall<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) function: Option<WireFunction<'a>>,
}

/// The tool and its arguments.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireFunction<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    /// An object, as raw JSON.
    #[serde(borrow)]
    pub(super) arguments: Option<&'a RawValue>,
}

impl<'de> Deserialize<'de> for Line<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(LineVisitor)
    }
}

struct LineVisitor;

impl<'de> Visitor<'de> for LineVisitor {
    type Value = Line<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> std::result::Result<Line<'de>, A::Error> {
        let mut line = Line::default();
        while let Some(Text(name)) = members.next_key()? {
            let name = name.unwrap_or_default();
            match &*name {
                "model" => line.model = members.next_value()?,
                "created_at" => line.created_at = members.next_value()?,
                "message" => line.message = members.next_value()?,
                "response" => line.response = Some(members.next_value()?),
                "thinking" => line.thinking = members.next_value()?,
                "done" => line.done = members.next_value::<Option<bool>>()?.unwrap_or(false),
                "done_reason" => line.done_reason = members.next_value()?,
                "error" => line.error = members.next_value()?,
                _ => line.keep(name, members.next_value()?),
            }
        }
        Ok(line)
    }
}

impl Line<'_> {
    fn keep(&mut self, name: Cow<'_, str>, value: Value) {
        if !value.is_null() {
            self.extra.insert(name.into_owned(), value);
        }
    }

    fn is_error(&self) -> bool {
        match &self.error {
            Value::Null | Value::Bool(false) => false,
            Value::String(text) => !text.is_empty(),
            _ => true,
        }
    }

    /// Returns the usage in the last line of an answer.
    pub(super) fn usage(&self) -> Option<Usage> {
        let count = |name: &str| {
            let value = self.extra.get(name)?;
            // Out-of-range floats saturate: no count is worth an error.
            value.as_u64().or_else(|| value.as_f64().map(|number| number as u64))
        };
        let (input, output) = (count("prompt_eval_count"), count("eval_count"));
        // A prompt that the service has cached may not be counted.
        (input.is_some() || output.is_some()).then(|| Usage::new(input.unwrap_or(0), output.unwrap_or(0)))
    }
}

/// Decodes a line of a stream.
///
/// # Errors
/// `Stream` for an error that the service reports, `Decode` for what is not JSON.
pub(super) fn decode_line<'a>(data: &'a str, origin: &Origin) -> Result<Line<'a>> {
    let line: Line<'a> =
        serde_json::from_str(data).map_err(|error| not_decodable("a stream line", data, &error, origin))?;
    if line.is_error() {
        return Err(error_in_stream(data, origin));
    }
    Ok(line)
}

/// Decodes the lines of a complete body, which usually has one.
///
/// # Errors
/// `Decode` or `InvalidResponse` for what is not an answer, or the error that the body contains.
pub(super) fn decode_body<'a>(body: &'a [u8], origin: &Origin) -> Result<Vec<Line<'a>>> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let text = || String::from_utf8_lossy(body);
    let mut lines: Vec<Line<'a>> = serde_json::Deserializer::from_slice(body)
        .into_iter()
        .collect::<std::result::Result<_, _>>()
        .map_err(|error| not_decodable("the answer", &text(), &error, origin))?;
    if lines.iter().any(Line::is_error) {
        return Err(error_in_answer(&text(), origin));
    }
    match lines.as_mut_slice() {
        [] => return Err(empty("the answer", origin)),
        // A single line is complete, whether it is marked as such or not.
        [line] => line.done = true,
        _ => {}
    }
    Ok(lines)
}

/// Returns the error for a text that is not JSON, or not the expected JSON.
pub(super) fn not_decodable(what: &str, text: &str, error: &serde_json::Error, origin: &Origin) -> Error {
    let excerpt = words(&origin.redactor.clean_body(text), 200);
    // The decoder's error may quote the text.
    let reason = origin.redactor.clean(error.to_string());
    let (kind, message) = if text.trim().is_empty() {
        return empty(what, origin);
    } else if is_html(text) {
        let message = format!("{what} is an HTML page, check the base URL: {excerpt}");
        (ErrorKind::InvalidResponse, message)
    } else if error.is_data() {
        (ErrorKind::InvalidResponse, format!("{what} does not have the expected shape: {reason:.300}"))
    } else {
        (ErrorKind::Decode, format!("{what} is not JSON ({reason:.300}): {excerpt}"))
    };
    Error::new(kind, message).with_service(origin.service_error(text))
}

fn empty(what: &str, origin: &Origin) -> Error {
    Error::new(ErrorKind::Decode, format!("{what} is empty")).with_service(origin.service_error(""))
}

/// Returns the error for an answer that lacks what was requested.
pub(super) fn lacks(what: &str, body: &[u8], origin: &Origin) -> Error {
    Error::new(ErrorKind::InvalidResponse, format!("the response contains no {what}"))
        .with_service(origin.service_error(&String::from_utf8_lossy(body)))
}

/// Returns the error for a stream that ends before the answer does.
pub(super) fn incomplete(origin: &Origin) -> Error {
    let message = "the stream ended before the answer was complete: missing `done`";
    // The request itself is fine, so a retry may well succeed.
    Error::new(ErrorKind::Incomplete, message).with_service(origin.service_error("")).with_retryable(true)
}
