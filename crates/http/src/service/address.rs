//! The base URL of a service, and the URLs of its calls.

use std::fmt;
use std::sync::OnceLock;

use bytes::Bytes;
use catena_core::{Error, ErrorKind, Result};
use http::Uri;
use http::uri::PathAndQuery;

use super::call::percent_encode;
use crate::request::parse_url;

/// The base URL of a service. `Debug` hides the query, which may contain a key.
///
/// # Example
/// ```
/// use catena_http::service::Address;
/// let address = Address::parse("https://h.test/v1/?tenant=7")?;
/// assert_eq!(address.host(), "h.test");
/// assert_eq!(address.base_url(), "https://h.test/v1");
/// assert!(address.is_private());
/// assert!(Address::parse("h.test/v1").is_err());
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Address {
    /// Without a trailing slash.
    base: String,
    query: Option<String>,
    /// Without the query.
    uri: Uri,
    /// The URL of the first path requested: most clients have only one, and use it again and again.
    usual: OnceLock<(String, Uri)>,
}

impl Address {
    /// Parses a base URL. Its path and query are kept; a trailing slash makes no difference, and a fragment is dropped.
    ///
    /// # Errors
    /// `Config` unless the text is an absolute `http` or `https` URL without credentials.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim().split('#').next().unwrap_or_default();
        let (base, query) = match text.split_once('?') {
            Some((base, query)) => (base, Some(query.to_owned()).filter(|query| !query.is_empty())),
            None => (text, None),
        };
        let base = base.trim_end_matches('/').to_owned();
        let uri = parse_url(&base).map_err(|error| in_base_url(&error))?;
        let address = Self { base, query, uri, usual: OnceLock::new() };
        // The query may contain characters that a URL cannot.
        address.join("", []).map_err(|error| in_base_url(&error))?;
        Ok(address)
    }

    /// Returns the base URL without its query.
    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Returns the base URL without a trailing slash and without its query, which may contain a key.
    pub fn base_url(&self) -> &str {
        &self.base
    }

    /// Returns the query of the base URL, which may contain a key.
    pub(super) fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// Returns the host in lower case.
    pub fn host(&self) -> String {
        self.uri.host().unwrap_or_default().to_ascii_lowercase()
    }

    /// Returns true if a key cannot be read on the way to the server: over TLS, or on this machine. Whether a proxy
    /// could read it is checked when a [`Service`](super::Service) is built.
    pub fn is_private(&self) -> bool {
        self.uri.scheme_str() == Some("https") || is_loopback(self.uri.host().unwrap_or_default())
    }

    /// Returns the URL of a call: the path is appended to the base path, and the parameters to its query.
    ///
    /// # Errors
    /// `Config` for a path or query that is not valid in a URL. The query is not shown.
    pub(crate) fn url<'q>(
        &self,
        path: &str,
        query: impl IntoIterator<Item = &'q (String, String)>,
    ) -> Result<Uri> {
        let mut query = query.into_iter().peekable();
        if query.peek().is_some() {
            return self.join(path, query);
        }
        match self.usual.get() {
            Some((usual, url)) if usual == path => Ok(url.clone()),
            Some(_) => self.join(path, query),
            None => {
                let url = self.join(path, query)?;
                // If another thread was first, its value is as good.
                drop(self.usual.set((path.to_owned(), url.clone())));
                Ok(url)
            }
        }
    }

    fn join<'q>(&self, path: &str, query: impl IntoIterator<Item = &'q (String, String)>) -> Result<Uri> {
        let mut relative = String::with_capacity(self.uri.path().len() + path.len() + 1);
        relative.push_str(self.uri.path().trim_end_matches('/'));
        relative.push('/');
        relative.push_str(path);
        if path.is_empty() && relative.len() > 1 {
            relative.pop();
        }
        let mut separator = '?';
        let mut add = |relative: &mut String, parameter: &[&str]| {
            relative.push(separator);
            relative.extend(parameter.iter().copied());
            separator = '&';
        };
        if let Some(given) = &self.query {
            add(&mut relative, &[given]);
        }
        for (name, value) in query {
            add(&mut relative, &[&percent_encode(name), "=", &percent_encode(value)]);
        }
        self.with_relative(relative).map_err(|error| {
            let message = format!("`{}/{}` is not a URL: {error}", self.base, path.escape_debug());
            Error::new(ErrorKind::Config, message).with_source(error)
        })
    }

    /// Combines the scheme and host, parsed once, with a path and query.
    fn with_relative(&self, relative: String) -> Result<Uri, http::Error> {
        let mut parts = self.uri.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::from_maybe_shared(Bytes::from(relative))?);
        Ok(Uri::from_parts(parts)?)
    }
}

fn in_base_url(error: &Error) -> Error {
    Error::new(ErrorKind::Config, format!("the base URL: {}", error.message()))
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}{}\"", self.base, if self.query.is_some() { "?…" } else { "" })
    }
}

/// Returns true if both URLs have the same scheme, host and port, so that a secret for one may be sent to the other.
pub(crate) fn same_origin(one: &Uri, other: &Uri) -> bool {
    let port =
        |uri: &Uri| uri.port_u16().or(if uri.scheme_str() == Some("http") { Some(80) } else { Some(443) });
    let host = |uri: &Uri| uri.host().unwrap_or_default().to_ascii_lowercase();
    one.scheme() == other.scheme() && host(one) == host(other) && port(one) == port(other)
}

/// Returns true for this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    match host.parse::<std::net::IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(base: &str, expected: &str) {
        let url = Address::parse(base).expect(base).url("chat/completions", []);
        assert_eq!(url.expect(base).to_string(), expected);
    }

    #[test]
    fn the_path_is_appended_to_the_base() {
        check("https://api.openai.com/v1", "https://api.openai.com/v1/chat/completions");
        check(" https://h.test/v1/ ", "https://h.test/v1/chat/completions");
        check("https://h.test", "https://h.test/chat/completions");
        check("https://h.test/a/b//", "https://h.test/a/b/chat/completions");
        check("https://h.test/v1?", "https://h.test/v1/chat/completions");
        check("https://h.test/v1?tenant=7", "https://h.test/v1/chat/completions?tenant=7");
        check("https://h.test/v1/?tenant=7#top", "https://h.test/v1/chat/completions?tenant=7");
        check("http://[::1]:8080/v1", "http://[::1]:8080/v1/chat/completions");
    }

    #[test]
    fn parameters_follow_those_of_the_base() {
        let address = Address::parse("https://h.test/?a=1").expect("an address");
        let query = [("tags[]".to_owned(), "x y".to_owned()), ("é".to_owned(), "&=".to_owned())];
        let url = |address: &Address, query| address.url("p", query).expect("a URL").to_string();
        assert_eq!(url(&address, &query[..]), "https://h.test/p?a=1&tags%5B%5D=x%20y&%C3%A9=%26%3D");
        let address = Address::parse("https://h.test").expect("an address");
        assert_eq!(url(&address, &query[..1]), "https://h.test/p?tags%5B%5D=x%20y");
    }

    #[test]
    fn an_unusable_url_is_a_configuration_error_without_its_query() {
        for base in [
            "",
            "localhost:8080/v1",
            "ftp://h.test/v1",
            "https://u:hunter2@h.test/",
            "https://h t/?hunter2",
            "https://h.test/?hunter2 x",
        ] {
            let error = Address::parse(base).expect_err(base);
            assert_eq!(error.kind(), ErrorKind::Config, "{base}");
            assert!(error.to_string().starts_with("the base URL"), "{error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        let address = Address::parse("https://h.test?hunter2").expect("an address");
        assert!(!format!("{address:?}").contains("hunter2"));
    }

    #[track_caller]
    fn check_private(url: &str, private: bool) {
        assert_eq!(Address::parse(url).expect(url).is_private(), private, "{url}");
    }

    #[test]
    fn a_key_is_private_over_tls_and_on_this_machine() {
        check_private("https://api.openai.com/v1", true);
        check_private("http://api.openai.com/v1", false);
        check_private("http://localhost:11434/v1", true);
        check_private("http://LOCALHOST/v1", true);
        check_private("http://box.localhost/v1", true);
        check_private("http://127.9.0.1/v1", true);
        check_private("http://[::1]:80/v1", true);
        check_private("http://[::ffff:127.0.0.1]:80/v1", true);
        check_private("http://localhost.evil.test/v1", false);
        check_private("http://127.0.0.1.evil.test/v1", false);
        check_private("http://192.168.1.2/v1", false);
    }

    #[track_caller]
    fn check_origin(one: &str, other: &str, same: bool) {
        let parse = |url: &str| url.parse::<Uri>().expect("a URL");
        assert_eq!(same_origin(&parse(one), &parse(other)), same, "{one} {other}");
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        check_origin("https://h.test/a", "https://H.test:443/b", true);
        check_origin("http://h.test/a", "http://h.test:80/b", true);
        check_origin("https://h.test/a", "http://h.test/a", false);
        check_origin("https://h.test/a", "https://h.test:444/a", false);
        check_origin("https://h.test/a", "https://h.test.evil/a", false);
    }
}
