//! Proxy selection.

use std::fmt;

use catena_core::{Error, ErrorKind, Result};
use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

/// The proxy that requests go through.
///
/// Requests to `https` URLs go through a `CONNECT` tunnel; requests to `http` URLs are forwarded by the proxy. The user
/// name and password in a proxy's URL are sent to the proxy with basic authentication, and never shown.
///
/// # Example
/// ```
/// use catena_http::{Proxy, ProxyUrl};
/// let proxy = Proxy::from(ProxyUrl::new("http://user:pw@proxy.corp:3128").with_no_proxy("localhost,10.0.0.0/8"));
/// assert!(!format!("{proxy:?}").contains("pw"));
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Proxy {
    /// The proxy named by `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` (or their lower-case forms),
    /// interpreted as by curl and read once, when the client is built. `HTTP_PROXY` is ignored in a CGI process.
    #[default]
    FromEnvironment,
    /// No proxy, regardless of the environment.
    None,
    /// This proxy for all requests.
    Url(ProxyUrl),
}

impl Proxy {
    /// Uses this proxy for all requests: `http://user:password@host:port`, with optional credentials.
    pub fn url(url: impl Into<String>) -> Self {
        Self::Url(ProxyUrl::new(url))
    }
}

impl From<ProxyUrl> for Proxy {
    fn from(url: ProxyUrl) -> Self {
        Self::Url(url)
    }
}

/// A proxy URL, and the hosts to reach without the proxy. `Debug` hides credentials. See [`Proxy`].
#[derive(Clone)]
pub struct ProxyUrl {
    url: String,
    no_proxy: String,
}

impl ProxyUrl {
    /// Creates a proxy for all hosts.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), no_proxy: String::new() }
    }

    /// Sets the hosts to reach directly.
    ///
    /// The list is comma-separated and can contain addresses, networks (`10.0.0.0/8`), domains, which include their
    /// subdomains, and `*`. Ports are not supported.
    #[must_use]
    pub fn with_no_proxy(mut self, hosts: impl Into<String>) -> Self {
        self.no_proxy = hosts.into();
        self
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.url.rsplit_once('@').map_or(self.url.as_str(), |(_, host)| host);
        f.debug_struct("ProxyUrl").field("url", &host).field("no_proxy", &self.no_proxy).finish()
    }
}

/// The parsed proxies of a client.
#[derive(Debug)]
pub(crate) struct Proxies(Option<Matcher>);

impl Proxies {
    /// Parses and validates the choice.
    pub(crate) fn read(choice: &Proxy) -> Result<Self> {
        let matcher = match choice {
            Proxy::None => return Ok(Self(None)),
            Proxy::FromEnvironment => {
                check_environment(|name| std::env::var(name).ok())?;
                Matcher::from_env()
            }
            Proxy::Url(proxy) => {
                check_url(&proxy.url)?;
                // First without exceptions, so that an exception for everything does not mask an unusable proxy.
                check_schemes(&Matcher::builder().all(proxy.url.as_str()).build(), true)?;
                Matcher::builder().all(proxy.url.as_str()).no(proxy.no_proxy.as_str()).build()
            }
        };
        check_schemes(&matcher, false)?;
        Ok(Self(Some(matcher)))
    }

    /// Returns the proxy for a request to `url`.
    pub(crate) fn intercept(&self, url: &Uri) -> Option<Intercept> {
        self.0.as_ref()?.intercept(url)
    }
}

fn unusable(reason: &str) -> Error {
    let message =
        format!("the proxy {reason}; expected `http://host:port` or `http://user:password@host:port`");
    Error::new(ErrorKind::Config, message)
}

/// The matcher silently ignores what it cannot parse, and an ignored proxy would mean an unintended direct connection.
fn check_url(url: &str) -> Result<()> {
    let names_a_host = |uri: Uri| {
        let Some(authority) = uri.authority() else { return false };
        let (host, place) = (authority.host(), authority.as_str().rsplit('@').next().unwrap_or_default());
        !host.is_empty() && (place == host || authority.port_u16().is_some())
    };
    if url.parse().is_ok_and(names_a_host) {
        return Ok(());
    }
    Err(unusable("URL cannot be read"))
}

/// Like [`check_url`], for every variable that names a proxy.
fn check_environment(read: impl Fn(&str) -> Option<String>) -> Result<()> {
    let names = ["HTTPS_PROXY", "https_proxy", "http_proxy", "ALL_PROXY", "all_proxy"];
    // In a CGI process this variable comes from a request header, which anybody may send.
    let http = read("REQUEST_METHOD").is_none().then_some("HTTP_PROXY");
    for name in names.into_iter().chain(http) {
        if let Some(url) = read(name).filter(|url| !url.is_empty()) {
            check_url(&url)
                .map_err(|_| unusable(&format!("URL in the environment variable {name} cannot be read")))?;
        }
    }
    Ok(())
}

fn check_schemes(matcher: &Matcher, required: bool) -> Result<()> {
    for probe in ["http://probe.invalid/", "https://probe.invalid/"] {
        match matcher.intercept(&Uri::from_static(probe)).as_ref().map(|proxy| proxy.uri().scheme_str()) {
            Some(Some("http")) => {}
            Some(scheme) => {
                let scheme = scheme.unwrap_or_default();
                return Err(unusable(&format!("has the scheme `{scheme}`, which is not supported")));
            }
            None if required => return Err(unusable("URL has a scheme that is not supported")),
            None => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_that_cannot_be_read_is_not_passed_over() {
        for (name, url, good) in [
            ("HTTPS_PROXY", "http://user:pass@proxy:3128/", true),
            ("https_proxy", "proxy:3128", true),
            ("http_proxy", "proxy", true),
            ("ALL_PROXY", "", true),
            ("HTTPS_PROXY", ":::bad", false),
            ("all_proxy", "http://:1", false),
            ("HTTP_PROXY", "http://proxy:port", false),
            ("NO_PROXY", ":::", true),
        ] {
            let read = |variable: &str| (variable == name).then(|| url.to_owned());
            match check_environment(read) {
                Ok(()) => assert!(good, "{name}={url}"),
                Err(error) => {
                    assert!(!good && error.kind() == ErrorKind::Config, "{error}");
                    assert!(error.to_string().contains(name) && !error.to_string().contains(url), "{error}");
                }
            }
        }
    }
}
