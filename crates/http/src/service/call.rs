//! One call of a service, as plain data.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use catena_core::{Demand, Error, ErrorKind, Result};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::credentials::secret_value;
use super::multipart::Multipart;
use crate::request::is_secret;

/// What to ask of a [`Service`](super::Service): method, path, query, headers and body, and how long it may take. The
/// same bytes are sent at every attempt.
///
/// `Debug` shows neither bodies nor the values of queries and headers.
///
/// # Example
/// ```
/// use catena_http::service::{Call, segment};
/// let list = Call::get("files").with_query("limit", "20").with_query("order", "desc");
/// let ask = Call::post("chat/completions").with_json(r#"{"model":"m"}"#).with_header("x-team", "blue")?;
/// let model = Call::get(format!("models/{}", segment("org/name")?));
/// # let _ = (list, ask, model);
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    /// Of the body. On its own, as most calls set no header.
    pub(crate) content_type: Option<HeaderValue>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) timeouts: Timeouts,
    pub(crate) max_retries: Option<usize>,
    /// What may have been done is not asked for again.
    pub(crate) once: bool,
    /// On its own, as few calls say it.
    pub(crate) asks: Option<Box<Asks>>,
}

/// What a call asks for. See [`Demand`].
#[derive(Debug, Clone, Default)]
pub(crate) struct Asks {
    tokens: Option<u64>,
    input_tokens: Option<u64>,
    is_open_ended: bool,
    model: Option<String>,
}

impl Asks {
    pub(crate) fn demand(&self) -> Demand<'_> {
        let mut demand = Demand::of_tokens(self.tokens);
        (demand.input_tokens, demand.model) = (self.input_tokens, self.model.as_deref());
        demand.is_open_ended = self.is_open_ended;
        demand
    }
}

/// Limits that differ from the service's own.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Timeouts {
    pub(crate) first_byte: Option<Duration>,
    pub(crate) idle: Option<Duration>,
    pub(crate) total: Option<Duration>,
    pub(crate) chunk: Option<Duration>,
}

impl Timeouts {
    /// These limits, and for what they leave open those of `other`.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            first_byte: self.first_byte.or(other.first_byte),
            idle: self.idle.or(other.idle),
            total: self.total.or(other.total),
            chunk: self.chunk.or(other.chunk),
        }
    }
}

impl Call {
    /// A call without a body. `path` is below the base URL, without a slash at its start; parts that come from a caller
    /// go through [`segment`].
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            content_type: None,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            timeouts: Timeouts::default(),
            max_retries: None,
            once: false,
            asks: None,
        }
    }

    /// A `GET` call.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    /// A `POST` call.
    pub fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path)
    }

    /// A `DELETE` call.
    pub fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path)
    }

    /// A body of JSON that is already encoded.
    #[must_use]
    pub fn with_json(self, json: impl Into<Bytes>) -> Self {
        self.with_body(HeaderValue::from_static("application/json"), json.into())
    }

    /// A body of form fields and files.
    #[must_use]
    pub fn with_multipart(self, form: Multipart) -> Self {
        let (content_type, body) = form.encode();
        self.with_body(content_type, body)
    }

    fn with_body(mut self, content_type: HeaderValue, body: Bytes) -> Self {
        // The last one counts, however it was set.
        self.headers.remove(CONTENT_TYPE);
        self.content_type = Some(content_type);
        self.body = body;
        self
    }

    /// Adds a parameter to the query, after those of the base URL and of the service. A name may occur several times.
    #[must_use]
    pub fn with_query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Sets a header; it wins over every header of the service, the key included.
    ///
    /// # Errors
    /// `Config` if name or value hold characters that HTTP does not allow. The error does not show the value.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self> {
        let (name, value) = parse_header(name, value)?;
        self.headers.insert(name, value);
        Ok(self)
    }

    /// The longest time of an attempt until its answer begins.
    #[must_use]
    pub fn with_first_byte_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.first_byte = Some(limit);
        self
    }

    /// The longest wait for the next piece of the answer.
    #[must_use]
    pub fn with_idle_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.idle = Some(limit);
        self
    }

    /// The longest time of the whole call: all attempts, the waits before and between them, and the answer to its end.
    #[must_use]
    pub fn with_total_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.total = Some(limit);
        self
    }

    /// The longest wait for the next chunk of a stream. Unlike the idle timeout, what a server sends only to keep the
    /// connection alive does not count.
    #[must_use]
    pub fn with_stream_chunk_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.chunk = Some(limit);
        self
    }

    /// How often to try again.
    #[must_use]
    pub fn with_max_retries(mut self, retries: usize) -> Self {
        self.max_retries = Some(retries);
        self
    }

    /// Tries again only what the service refused: if the connection fails, a time limit passes, the answer breaks off or a
    /// gateway has none, the work [may have been done](super::may_be_done), and the caller has to find out. For calls that
    /// begin something that costs money.
    #[must_use]
    pub fn at_most_once(mut self) -> Self {
        self.once = true;
        self
    }

    /// How many tokens the call will use, by the caller's estimate. Only an [`Admission`](catena_core::Admission) looks
    /// at it.
    #[must_use]
    pub fn with_estimated_tokens(mut self, tokens: u64) -> Self {
        self.asks.get_or_insert_default().tokens = Some(tokens);
        self
    }

    /// What the call asks for: its tokens, by the caller's estimate, and of which model. Only an
    /// [`Admission`](catena_core::Admission) looks at it, so an estimate is worth its work only where the service
    /// [has](super::Service::has_admission) one.
    #[must_use]
    pub fn with_demand(mut self, demand: Option<Demand<'_>>) -> Self {
        self.asks = demand.map(|Demand { tokens, input_tokens, is_open_ended, model, .. }| {
            Box::new(Asks { tokens, input_tokens, is_open_ended, model: model.map(str::to_owned) })
        });
        self
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &self.query.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("timeouts", &self.timeouts)
            .finish_non_exhaustive()
    }
}

/// One segment of a path, percent-encoded, so that `org/name` stays one segment.
///
/// # Errors
/// `InvalidInput` for an empty text and for `.` and `..`, which would address something else.
///
/// # Example
/// ```
/// use catena_http::service::segment;
/// assert_eq!(segment("org/name é")?, "org%2Fname%20%C3%A9");
/// assert_eq!(segment("ft:model:acme::1")?, "ft:model:acme::1");
/// assert!(segment("").is_err());
/// # Ok::<(), catena_core::Error>(())
/// ```
pub fn segment(text: &str) -> Result<String> {
    if matches!(text, "" | "." | "..") {
        let message = format!("`{text}` cannot be a part of a path; an id or a name was expected");
        return Err(Error::new(ErrorKind::InvalidInput, message));
    }
    // What RFC 3986 lets a segment hold as it is.
    Ok(encode_except(text, b"-._~:@!$&'()*+,;="))
}

/// Encodes everything but letters, digits and `-._~`.
pub(crate) fn percent_encode(text: &str) -> String {
    encode_except(text, b"-._~")
}

fn encode_except(text: &str, plain: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            out.push(char::from(byte));
        } else {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    out
}

/// Reads a header. The value may be a secret: neither message nor source shows it, and its memory is wiped.
pub(crate) fn parse_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue)> {
    let name: HeaderName = name.parse().map_err(|error: http::header::InvalidHeaderName| {
        Error::new(ErrorKind::Config, format!("`{}` is not a header name", name.escape_debug()))
            .with_source(error)
    })?;
    let read = if is_secret(&name) { secret_value(value.into()) } else { HeaderValue::from_str(value) };
    let value = read.map_err(|error| {
        let message = format!(
            "the value of the header `{name}` holds characters that HTTP does not allow; look for a line break"
        );
        Error::new(ErrorKind::Config, message).with_source(error)
    })?;
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demand_arrives_as_it_was_given() {
        let (bounded, mut open) = (Demand::of_call(Some("m"), 3, 4), Demand::of_call(None, 3, 0));
        open.is_open_ended = true;
        for demand in [bounded, open, Demand::default()] {
            let call = Call::get("x").with_demand(Some(demand));
            assert_eq!(call.asks.as_deref().map(Asks::demand), Some(demand));
        }
    }
}
