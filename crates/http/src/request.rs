//! HTTP requests.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use catena_core::__private::names_secret;
use catena_core::{Error, ErrorKind, Result};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Uri};
use secrecy::SecretString;

use crate::header::{parse_header, parse_secret_header};
use crate::outgoing::{Outgoing, TimedOut};

/// An HTTP request: method, absolute URL, headers, and a body held in memory.
///
/// `Debug` never shows secret header values, the body, or the query of the URL.
///
/// # Example
/// ```
/// # fn main() -> catena_core::Result<()> {
/// use catena_http::Request;
/// let request = Request::post("https://api.example.com/v1/chat/completions")?
///     .with_bearer("sk-secret")?
///     .with_json_body(r#"{"model":"m"}"#);
/// assert!(!format!("{request:?}").contains("sk-secret"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Request {
    method: Method,
    url: Uri,
    headers: HeaderMap,
    body: Bytes,
}

impl Request {
    /// Creates a request without headers or body.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] unless `url` is an absolute `http` or `https` URL with a host and without credentials.
    ///
    /// # Example
    /// ```
    /// use catena_http::{Method, Request};
    /// assert!(Request::new(Method::DELETE, "https://api.example.com/v1/models/m").is_ok());
    /// assert!(Request::new(Method::GET, "ftp://example.com/").is_err());
    /// assert!(Request::new(Method::GET, "https://user:password@example.com/").is_err());
    /// ```
    pub fn new(method: Method, url: &str) -> Result<Self> {
        Ok(Self { method, url: parse_url(url)?, headers: HeaderMap::new(), body: Bytes::new() })
    }

    /// Creates a `GET` request. Errors as for [`Request::new`].
    pub fn get(url: &str) -> Result<Self> {
        Self::new(Method::GET, url)
    }

    /// Creates a `POST` request. Errors as for [`Request::new`].
    pub fn post(url: &str) -> Result<Self> {
        Self::new(Method::POST, url)
    }

    /// Sets a header, replacing any earlier value of that name. A header whose name marks it as a key, such as
    /// `x-api-key`, is [secret](Self::with_secret_header).
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the name or value contains characters that HTTP does not allow. The error does not show
    /// the value.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self> {
        let (name, value) = parse_header(name, value)?;
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Sets a header whose value never appears in `Debug` output and is wiped from memory on drop. Errors as for [`Request::with_header`].
    ///
    /// # Example
    /// ```
    /// # fn main() -> catena_core::Result<()> {
    /// let request = catena_http::Request::get("https://h.test/")?.with_secret_header("x-token", "t0ps3cret")?;
    /// assert_eq!(request.headers()["x-token"], "t0ps3cret");
    /// assert!(!format!("{request:?}").contains("t0ps3cret"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_secret_header(self, name: &str, value: &str) -> Result<Self> {
        self.with_secret(name, value.into())
    }

    /// Sets `Authorization: Bearer <key>` as a secret header. Errors as for [`Request::with_header`].
    pub fn with_bearer(self, key: &str) -> Result<Self> {
        // Joined in one allocation: no unwiped copy is left behind.
        self.with_secret(AUTHORIZATION.as_str(), ["Bearer ", key].concat().into())
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets a body of already encoded JSON, and `Content-Type: application/json` unless the request has a content type.
    #[must_use]
    pub fn with_json_body(mut self, json: impl Into<Bytes>) -> Self {
        self.body = json.into();
        self.headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
        self
    }

    /// Returns the method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Returns the absolute URL.
    pub fn url(&self) -> &Uri {
        &self.url
    }

    /// Returns the headers. When the request is sent, `User-Agent` and `Host` are added if absent, `Accept-Encoding` if
    /// gzip is enabled, and `Content-Length` is set to the length of the body.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns the headers mutably.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }

    /// Returns the body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    fn with_secret(mut self, name: &str, value: SecretString) -> Result<Self> {
        let (name, value) = parse_secret_header(name, value)?;
        self.headers.insert(name, value);
        Ok(self)
    }

    pub(crate) fn into_outgoing(self) -> Outgoing {
        let Self { method, url, headers, body } = self;
        let (shared, headers) = (Arc::new(headers), HeaderMap::new());
        let timed_out = TimedOut::default();
        Outgoing { method, url, shared, content_type: None, headers, body, once: false, timed_out }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &format_args!("{}", without_query(&self.url)))
            .field("headers", &Headers(&self.headers))
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}

/// Headers whose well-known secrets are hidden even if they are not marked as sensitive.
pub(crate) struct Headers<'a>(pub(crate) &'a HeaderMap);

impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_map();
        for (name, value) in self.0 {
            if names_secret(name.as_str()) {
                out.entry(name, &format_args!("Sensitive"));
            } else {
                out.entry(name, value);
            }
        }
        out.finish()
    }
}

fn without_query(url: &Uri) -> String {
    let scheme = url.scheme_str().unwrap_or_default();
    let authority = url.authority().map_or("", http::uri::Authority::as_str);
    let query = if url.query().is_some() { "?…" } else { "" };
    format!("{scheme}://{authority}{}{query}", url.path())
}

/// Parses an absolute URL. Errors do not repeat text that may contain a password.
pub(crate) fn parse_url(text: &str) -> Result<Uri> {
    let bad = |reason: &str| Err(Error::new(ErrorKind::Config, format!("the URL {reason}")));
    // Credentials are checked first: no other error may repeat a URL that contains them.
    let authority = text.split_once("://").map_or(text, |(_, rest)| rest);
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return bad("holds credentials before `@`; send them in a secret header instead");
    }
    let shown = text.split(['?', '#']).next().unwrap_or_default().escape_debug();
    let no_url = |reason: &str| Error::new(ErrorKind::Config, format!("`{shown}` is not a URL: {reason}"));
    if !text.contains("://") {
        return Err(no_url("it has no scheme; it must start with `http://` or `https://`"));
    }
    let url: Uri = match text.parse() {
        Ok(url) => url,
        Err(error) => return Err(no_url(&error.to_string()).with_source(error)),
    };
    match (url.scheme_str(), url.host()) {
        (Some("http" | "https"), Some(host)) if authority != host && url.port_u16().is_none() => {
            bad("has a port that is not a number from 0 to 65535")
        }
        (Some("http" | "https"), Some(host)) if !host.is_empty() => Ok(url),
        (Some("http" | "https"), _) => bad("has no host"),
        (Some(scheme), _) => {
            bad(&format!("has the scheme `{scheme}`; only `http` and `https` are supported"))
        }
        (None, _) => bad("has no scheme; it must start with `http://` or `https://`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(url: &str) -> String {
        let error = Request::get(url).expect_err(url);
        assert_eq!(error.kind(), ErrorKind::Config, "{url}");
        error.to_string()
    }

    #[test]
    fn bad_urls_are_configuration_errors() {
        for (url, part) in [
            ("example.com/v1", "has no scheme"),
            ("localhost:11434/v1", "has no scheme"),
            ("localhost:11434", "has no scheme"),
            ("/v1/chat", "has no scheme"),
            ("//example.com", "has no scheme"),
            ("ftp://example.com/", "scheme `ftp`"),
            ("http://", "not a URL"),
            ("http:///v1", "not a URL"),
            ("http://exa mple.com/", "not a URL"),
            ("", "not a URL"),
            ("https://example.com:65536/v1", "has a port"),
            ("http://example.com:/", "has a port"),
            ("http://[::1]:x/", "has a port"),
            ("https://u:hunter2@example.com/", "credentials"),
            ("https://u:hunter2@exa mple.com/", "credentials"),
        ] {
            let text = message(url);
            assert!(text.contains(part), "{url}: {text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
        assert!(!message("http://exa mple.com/?key=hunter2").contains("hunter2"));
        for url in ["http://[::1]/v1", "http://[::1]:80?a", "https://EXAMPLE.com:443#a", "http://h.test"] {
            assert!(Request::get(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn debug_hides_secrets() {
        let request = Request::post("https://h.test/p?key=hunter2")
            .and_then(|request| request.with_bearer("hunter2"))
            .and_then(|request| request.with_header("x-api-key", "hunter2"))
            .and_then(|request| request.with_header("apikey", "hunter2"))
            .and_then(|request| request.with_secret_header("x-other", "hunter2"))
            .and_then(|request| request.with_header("x-shown", "shown"))
            .expect("a request")
            .with_json_body("hunter2");
        let text = format!("{request:?} {:?}", request.headers());
        assert!(!text.contains("hunter2"), "{text}");
        assert!(
            text.contains("shown") && text.contains("application/json") && text.contains("7 bytes"),
            "{text}"
        );
    }

    #[test]
    fn a_bad_header_value_is_not_repeated() {
        let error =
            Request::get("http://h.test").and_then(|r| r.with_bearer("hunter2\n")).expect_err("an error");
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
