//! A request as the server received it.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::request_reader::Incoming;

/// Headers whose values are credentials.
const SECRET_HEADERS: [&str; 6] =
    ["authorization", "proxy-authorization", "api-key", "x-api-key", "cookie", "x-goog-api-key"];

/// A request that was received completely. Clones are cheap.
///
/// `Debug` shows everything except the values of credential headers.
///
/// # Example
///
/// ```
/// use catena_testkit::{Reply, Server};
///
/// let server = Server::start(|request| {
///     match (request.method(), request.path()) {
///         ("POST", "/echo") => Reply::json(200, request.json()),
///         _ => Reply::text(404, "nothing here"),
///     }
/// });
/// # drop(server);
/// ```
#[derive(Clone)]
pub struct Recorded(Arc<Inner>);

struct Inner {
    number: usize,
    connection: usize,
    arrived: Instant,
    incoming: Incoming,
}

impl Recorded {
    pub(crate) fn new(number: usize, connection: usize, arrived: Instant, incoming: Incoming) -> Self {
        Self(Arc::new(Inner { number, connection, arrived, incoming }))
    }

    /// Returns the index of this request among all that the server received, from 0.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// let server = Server::start(|request| Reply::text(200, format!("answer {}", request.number())));
    /// ```
    pub fn number(&self) -> usize {
        self.0.number
    }

    /// Returns the index of its connection among all accepted ones, from 0. Requests with the same value shared a
    /// connection.
    ///
    /// ```
    /// # use catena_testkit::Recorded;
    /// fn reused(first: &Recorded, second: &Recorded) -> bool {
    ///     first.connection() == second.connection()
    /// }
    /// ```
    pub fn connection(&self) -> usize {
        self.0.connection
    }

    /// Returns when its last byte arrived.
    ///
    /// ```
    /// # use catena_testkit::Recorded;
    /// fn gap(first: &Recorded, second: &Recorded) -> std::time::Duration {
    ///     second.arrived() - first.arrived()
    /// }
    /// ```
    pub fn arrived(&self) -> Instant {
        self.0.arrived
    }

    /// Returns the method as sent, for example `"POST"`.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// let server = Server::start(|request| Reply::text(200, request.method().to_owned()));
    /// ```
    pub fn method(&self) -> &str {
        &self.0.incoming.method
    }

    /// Returns the request target as sent, including its query. A client of a proxy sends an absolute URL.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// let server = Server::start(|request| Reply::text(200, request.target().to_owned()));
    /// ```
    pub fn target(&self) -> &str {
        &self.0.incoming.target
    }

    /// Returns the target up to the first `?`, still percent-encoded.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// let server = Server::start(|request| Reply::text(200, request.path().to_owned()));
    /// ```
    pub fn path(&self) -> &str {
        self.target().split_once('?').map_or(self.target(), |(path, _)| path)
    }

    /// Returns the target after the first `?`, still percent-encoded; empty if there is none.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// let server = Server::start(|request| Reply::text(200, request.query().to_owned()));
    /// ```
    pub fn query(&self) -> &str {
        self.target().split_once('?').map_or("", |(_, query)| query)
    }

    /// Returns the query as decoded names and values, in order. A name without `=` has an empty value.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// let server = Server::start(|request| match request.query_pairs().first() {
    ///     Some((name, value)) => Reply::text(200, format!("{name} is {value}")),
    ///     None => Reply::text(400, "no query"),
    /// });
    /// ```
    pub fn query_pairs(&self) -> Vec<(String, String)> {
        let pairs = self.query().split('&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(n, v)| (decode(n), decode(v)))
            .collect()
    }

    /// Returns all headers in order: lower-case names and the values as sent. Bytes that are not UTF-8 appear as `�`.
    ///
    /// ```
    /// # use catena_testkit::Recorded;
    /// fn telemetry(request: &Recorded) -> usize {
    ///     request.headers().iter().filter(|(name, _)| name.starts_with("x-")).count()
    /// }
    /// ```
    pub fn headers(&self) -> &[(String, String)] {
        &self.0.incoming.headers
    }

    /// Returns the value of the first header with this name (case-insensitive), or `None`.
    ///
    /// ```
    /// # use catena_testkit::Recorded;
    /// fn is_json(request: &Recorded) -> bool {
    ///     request.header("Content-Type") == Some("application/json")
    /// }
    /// ```
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.incoming.header(name)
    }

    /// Returns the body, without transfer coding.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// let server = Server::start(|request| Reply::bytes(200, request.body().clone()));
    /// ```
    pub fn body(&self) -> &Bytes {
        &self.0.incoming.body
    }

    /// Returns the body as text. Bytes that are not UTF-8 appear as `�`.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// let server = Server::start(|request| Reply::text(200, request.text().to_uppercase()));
    /// ```
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.body()).into_owned()
    }

    /// Returns the body as JSON, or `null` if it is not valid JSON. Use [`Recorded::json_as`] to tell these apart.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// let server = Server::start(|request| Reply::json(200, request.json()["model"].clone()));
    /// ```
    pub fn json(&self) -> Value {
        self.json_as().unwrap_or_default()
    }

    /// Decodes the body as a JSON value of the given type.
    ///
    /// # Errors
    ///
    /// If the body is not valid JSON or does not match the type.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// let server = Server::start(|request| match request.json_as::<Vec<u32>>() {
    ///     Ok(numbers) => Reply::text(200, numbers.iter().sum::<u32>().to_string()),
    ///     Err(error) => Reply::text(400, error.to_string()),
    /// });
    /// ```
    pub fn json_as<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_slice(self.body())
    }
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |(name, value): &(String, String)| match SECRET_HEADERS.contains(&name.as_str()) {
            true => (name.clone(), "[redacted]".to_owned()),
            false => (name.clone(), value.clone()),
        };
        f.debug_struct("Recorded")
            .field("number", &self.number())
            .field("connection", &self.connection())
            .field("method", &self.method())
            .field("target", &self.target())
            .field("headers", &self.headers().iter().map(shown).collect::<Vec<_>>())
            .field("body", &self.text())
            .finish_non_exhaustive()
    }
}

/// Decodes form encoding: `+` is a space, `%41` is `A`; invalid escapes are kept unchanged.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = (first == b'%').then(|| hex_pair(tail)).flatten();
        bytes.push(escaped.unwrap_or(if first == b'+' { b' ' } else { first }));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex_pair(bytes: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*bytes.get(at)?).to_digit(16);
    // Two hexadecimal digits fit a byte.
    Some((digit(0)? * 16 + digit(1)?) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(target: &str, headers: &[(&str, &str)], body: &'static [u8]) -> Recorded {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let incoming = Incoming {
            method: "POST".into(),
            target: target.into(),
            headers,
            body: Bytes::from_static(body),
            keep_alive: true,
        };
        Recorded::new(0, 0, Instant::now(), incoming)
    }

    #[test]
    fn the_target_splits_into_path_and_query() {
        let request = recorded("/v1/files?after=a%20b+c&limit&bad=%zz?", &[], b"");
        assert_eq!(request.path(), "/v1/files");
        assert_eq!(request.query(), "after=a%20b+c&limit&bad=%zz?");
        let pairs = [("after", "a b c"), ("limit", ""), ("bad", "%zz?")];
        assert_eq!(request.query_pairs(), pairs.map(|(n, v)| (n.to_owned(), v.to_owned())));
        assert!(recorded("/", &[], b"").query_pairs().is_empty());
    }

    #[test]
    fn a_body_is_read_as_json_or_not_at_all() {
        assert_eq!(recorded("/", &[], b"{\"a\":1}").json()["a"], 1);
        assert_eq!(recorded("/", &[], b"{").json(), Value::Null);
        assert!(recorded("/", &[], b"{").json_as::<Value>().is_err());
    }

    #[test]
    fn debug_hides_credentials() {
        let shown =
            format!("{:?}", recorded("/", &[("authorization", "Bearer sk-1"), ("x-a", "seen")], b"hi"));
        assert!(!shown.contains("sk-1") && shown.contains("[redacted]") && shown.contains("seen"), "{shown}");
    }
}
