//! Where a service is: its base URL, and the URLs of its endpoints.

use std::fmt;

use catena_core::{Error, ErrorKind, Result};
use catena_http::{Request, Uri};

const DEFAULT: &str = "https://api.openai.com/v1";

/// The address below which the endpoints of a service are. `Debug` hides the query, which may hold a key.
#[derive(Clone)]
pub(crate) struct BaseUrl {
    /// Without a slash at the end.
    address: String,
    query: Option<String>,
}

impl BaseUrl {
    /// Reads a URL. A path and a query are kept; a slash at the end makes no difference.
    pub(crate) fn parse(text: &str) -> Self {
        let text = text.trim().split('#').next().unwrap_or_default();
        let (address, query) = match text.split_once('?') {
            Some((address, query)) => (address, Some(query.to_owned())),
            None => (text, None),
        };
        Self { address: address.trim_end_matches('/').to_owned(), query }
    }

    /// A POST request to an endpoint, for example to `chat/completions`.
    pub(crate) fn post(&self, endpoint: &str) -> Result<Request> {
        let mut url = format!("{}/{endpoint}", self.address);
        if let Some(query) = &self.query {
            url = format!("{url}?{query}");
        }
        Request::post(&url)
            .map_err(|error| Error::new(ErrorKind::Config, format!("the base URL: {}", error.message())))
    }
}

impl Default for BaseUrl {
    fn default() -> Self {
        Self::parse(DEFAULT)
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Credentials before an `@` are refused, but not before the builder may be shown.
        let address = self.address.rsplit_once('@').map_or(self.address.as_str(), |(_, rest)| rest);
        let cut = if address.len() < self.address.len() { "…@" } else { "" };
        write!(f, "\"{cut}{address}{}\"", if self.query.is_some() { "?…" } else { "" })
    }
}

/// True for OpenAI's own hosts, the regional ones included.
pub(crate) fn is_openai(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default().to_ascii_lowercase();
    host == "api.openai.com" || host.ends_with(".api.openai.com")
}

/// True where nobody between here and the server can read a key: over TLS, or on this machine.
pub(crate) fn is_private(url: &Uri) -> bool {
    url.scheme_str() == Some("https") || is_loopback(url.host().unwrap_or_default())
}

fn is_loopback(host: &str) -> bool {
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
        let request = BaseUrl::parse(base).post("chat/completions").expect(base);
        assert_eq!(request.url().to_string(), expected);
    }

    #[test]
    fn the_endpoint_is_appended_to_the_path() {
        check("https://api.openai.com/v1", "https://api.openai.com/v1/chat/completions");
        check(" https://h.test/v1/ ", "https://h.test/v1/chat/completions");
        check("https://h.test", "https://h.test/chat/completions");
        check("https://h.test/a/b//", "https://h.test/a/b/chat/completions");
        check("https://h.test/v1?tenant=7", "https://h.test/v1/chat/completions?tenant=7");
        check("https://h.test/v1/?tenant=7#top", "https://h.test/v1/chat/completions?tenant=7");
        check("http://[::1]:8080/v1", "http://[::1]:8080/v1/chat/completions");
    }

    #[test]
    fn an_unusable_url_is_a_configuration_error_without_its_query() {
        for base in
            ["", "localhost:8080/v1", "ftp://h.test/v1", "https://u:hunter2@h.test/", "https://h t/?hunter2"]
        {
            let error = BaseUrl::parse(base).post("completions").expect_err(base);
            assert_eq!(error.kind(), ErrorKind::Config, "{base}");
            assert!(error.to_string().starts_with("the base URL"), "{error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        for base in ["https://h.test?hunter2", "https://u:hunter2@h.test", "u:hunter2@h.test/"] {
            assert!(!format!("{:?}", BaseUrl::parse(base)).contains("hunter2"), "{base}");
        }
    }

    #[track_caller]
    fn check_host(url: &str, openai: bool, private: bool) {
        let url: Uri = url.parse().expect("a URL");
        assert_eq!((is_openai(&url), is_private(&url)), (openai, private), "{url}");
    }

    #[test]
    fn hosts_are_told_apart() {
        check_host("https://api.openai.com/v1", true, true);
        check_host("https://EU.api.openai.com/v1", true, true);
        check_host("http://api.openai.com/v1", true, false);
        check_host("https://api.openai.com.evil.test/v1", false, true);
        check_host("http://localhost:11434/v1", false, true);
        check_host("http://box.localhost/v1", false, true);
        check_host("http://127.9.0.1/v1", false, true);
        check_host("http://[::1]:80/v1", false, true);
        check_host("http://[::ffff:127.0.0.1]:80/v1", false, true);
        check_host("http://localhost.evil.test/v1", false, false);
        check_host("http://127.0.0.1.evil.test/v1", false, false);
        check_host("http://192.168.1.2/v1", false, false);
    }
}
