//! A single call to a service, as plain data.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use catena_core::{Demand, Error, ErrorKind, Result};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};

use super::multipart::Multipart;
use crate::header::parse_header;

/// A request to a [`Service`](super::Service): method, path, query, headers, body and time limits. The same bytes are
/// sent on every attempt.
///
/// `Debug` shows neither the body nor the values of query parameters and headers.
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
    /// The content type of the body. A separate field, because most calls set no other header.
    pub(crate) content_type: Option<HeaderValue>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) timeouts: Timeouts,
    pub(crate) max_retries: Option<usize>,
    /// Do not retry what may have been done.
    pub(crate) once: bool,
    /// Boxed, because few calls set it.
    pub(crate) asks: Option<Box<Asks>>,
}

/// What a call asks an admission for. See [`Demand`].
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

/// Time limits that override the service's own.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Timeouts {
    pub(crate) first_byte: Option<Duration>,
    pub(crate) idle: Option<Duration>,
    pub(crate) total: Option<Duration>,
    pub(crate) chunk: Option<Duration>,
}

impl Timeouts {
    /// Returns these limits, with unset ones taken from `other`.
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
    /// Creates a call without a body. `path` is relative to the base URL, without a leading slash; pass parts that come
    /// from a caller through [`segment`].
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

    /// Creates a `GET` call.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    /// Creates a `POST` call.
    pub fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path)
    }

    /// Creates a `DELETE` call.
    pub fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path)
    }

    /// Returns the path.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Replaces the path.
    #[must_use]
    pub fn with_path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Returns the body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Sets a body of already encoded JSON.
    #[must_use]
    pub fn with_json(self, json: impl Into<Bytes>) -> Self {
        self.with_body(HeaderValue::from_static("application/json"), json.into())
    }

    /// Sets a body of form fields and files.
    #[must_use]
    pub fn with_multipart(self, form: Multipart) -> Self {
        let (content_type, body) = form.encode();
        self.with_body(content_type, body)
    }

    #[inline]
    fn with_body(mut self, content_type: HeaderValue, body: Bytes) -> Self {
        // The last content type set wins, however it was set.
        self.headers.remove(CONTENT_TYPE);
        self.content_type = Some(content_type);
        self.body = body;
        self
    }

    /// Adds a query parameter, after those of the base URL and of the service. A name may occur several times. Errors
    /// do not show the value of one whose name marks it as a key, such as `key` or `api_key`.
    #[must_use]
    pub fn with_query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Sets a header. It takes precedence over every header of the service, including the key.
    ///
    /// # Errors
    /// `Config` if the name or value contains characters that HTTP does not allow. The error does not show the value.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self> {
        let (name, value) = parse_header(name, value)?;
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Sets the time limit of an attempt until the response headers arrive.
    #[must_use]
    pub fn with_first_byte_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.first_byte = Some(limit);
        self
    }

    /// Sets the time limit for receiving the next chunk of the response body.
    #[must_use]
    pub fn with_idle_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.idle = Some(limit);
        self
    }

    /// Sets the time limit of the whole call: all attempts, the waits before and between them, and the response to its
    /// end.
    #[must_use]
    pub fn with_total_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.total = Some(limit);
        self
    }

    /// Sets the time limit for the next chunk of a stream. Unlike the idle timeout, it is not reset by data sent only
    /// to keep the connection alive.
    #[must_use]
    pub fn with_stream_chunk_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.chunk = Some(limit);
        self
    }

    /// Sets the maximum number of retries.
    #[must_use]
    pub fn with_max_retries(mut self, retries: usize) -> Self {
        self.max_retries = Some(retries);
        self
    }

    /// Retries only if the service rejected the call, for calls that start something costly.
    ///
    /// If the connection fails, a time limit expires, the response breaks off or a gateway received none, the work [may
    /// have been done](super::may_be_done), and it is up to the caller to find out.
    #[must_use]
    pub fn at_most_once(mut self) -> Self {
        self.once = true;
        self
    }

    /// Sets the estimated number of tokens that the call will use. Only an [`Admission`](catena_core::Admission) reads
    /// it.
    #[must_use]
    pub fn with_estimated_tokens(mut self, tokens: u64) -> Self {
        self.asks.get_or_insert_default().tokens = Some(tokens);
        self
    }

    /// Sets the demand of the call: its estimated tokens and its model. Only an [`Admission`](catena_core::Admission)
    /// reads it, so an estimate is worth computing only if the service [has](super::Service::has_admission) one.
    #[must_use]
    #[inline]
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

/// Percent-encodes a path segment, so that `org/name` stays a single segment.
///
/// # Errors
/// `InvalidInput` for an empty text and for `.` and `..`, which would address another resource.
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
    // The characters that RFC 3986 allows unencoded in a segment.
    Ok(encode_except(text, b"-._~:@!$&'()*+,;="))
}

/// Percent-encodes everything except letters, digits and `-._~`.
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
