//! Where the service is and how to reach it: settings, environment and defaults become a client.

use std::time::Duration;

use catena_core::{Admission, Error, ErrorKind, Result, Timer};
use catena_http::service::{ApiKey, Credentials, Service, ServiceBuilder};
use catena_http::{HttpClient, HttpClientBuilder, Proxy};

use crate::client::Client;
use crate::dialect::GeminiDialect;
use crate::environment::Environment;

const DEFAULT_URL: &str = "https://generativelanguage.googleapis.com";

const DEFAULT_VERSION: &str = "v1beta";

/// The header of the key. In a URL, where the service takes it too, logs would find it.
const KEY_HEADER: &str = "x-goog-api-key";

/// A change of the service's settings, kept until it is built.
type Change = Box<dyn FnOnce(ServiceBuilder) -> ServiceBuilder + Send + Sync>;

type ReadVariable = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Where variables are read.
#[derive(Default)]
enum Variables {
    #[default]
    Process,
    None,
    Given(ReadVariable),
}

/// The settings of a builder that concern the connection. `Debug` hides the key.
#[derive(Default)]
pub(crate) struct Connection {
    api_key: Option<ApiKey>,
    without_key: bool,
    base_url: Option<String>,
    api_version: Option<String>,
    shared: Option<HttpClient>,
    http: HttpClientBuilder,
    /// The setting of `http` that was touched last, if any.
    http_setting: Option<&'static str>,
    has_proxy: bool,
    variables: Variables,
    headers: Vec<(String, String)>,
    changes: Vec<Change>,
}

impl Connection {
    pub(crate) fn set_api_key(&mut self, key: ApiKey) {
        self.api_key = Some(key);
    }

    pub(crate) fn without_api_key(&mut self) {
        self.without_key = true;
    }

    pub(crate) fn set_base_url(&mut self, url: &str) {
        self.base_url = Some(url.to_owned());
    }

    pub(crate) fn set_api_version(&mut self, version: String) {
        self.api_version = Some(version);
    }

    pub(crate) fn set_http_client(&mut self, client: HttpClient) {
        self.shared = Some(client);
    }

    pub(crate) fn set_proxy(&mut self, proxy: Proxy) {
        self.has_proxy = true;
        self.change_http("with_proxy", |http| http.with_proxy(proxy));
    }

    pub(crate) fn set_connect_timeout(&mut self, limit: Duration) {
        self.change_http("with_connect_timeout", |http| http.with_connect_timeout(limit));
    }

    pub(crate) fn add_header(&mut self, name: String, value: String) {
        self.headers.push((name, value));
    }

    pub(crate) fn set_timer(&mut self, timer: impl Timer + 'static) {
        self.change(|service| service.with_timer(timer));
    }

    pub(crate) fn set_admission(&mut self, admission: impl Admission + 'static) {
        self.change(|service| service.with_admission(admission));
    }

    pub(crate) fn ignore_environment(&mut self) {
        self.variables = Variables::None;
    }

    pub(crate) fn set_environment(&mut self, read: impl Fn(&str) -> Option<String> + Send + Sync + 'static) {
        self.variables = Variables::Given(Box::new(read));
    }

    /// Changes a setting of the service that has no other home.
    pub(crate) fn change(
        &mut self,
        change: impl FnOnce(ServiceBuilder) -> ServiceBuilder + Send + Sync + 'static,
    ) {
        self.changes.push(Box::new(change));
    }

    fn change_http(
        &mut self,
        setting: &'static str,
        change: impl FnOnce(HttpClientBuilder) -> HttpClientBuilder,
    ) {
        self.http_setting = Some(setting);
        self.http = change(std::mem::take(&mut self.http));
    }

    /// Makes a client of the service.
    ///
    /// # Errors
    /// `Config` for everything that does not fit: no key, a URL that is none, a key that would travel in the open.
    pub(crate) fn connect(mut self) -> Result<Client> {
        match std::mem::take(&mut self.variables) {
            Variables::Process => self.connect_with(Environment::process()),
            Variables::None => self.connect_with(Environment::none()),
            Variables::Given(read) => self.connect_with(Environment(&*read)),
        }
    }

    fn connect_with(mut self, environment: Environment<'_>) -> Result<Client> {
        let base_url = self.base_url.take().or_else(|| environment.base_url());
        let version = self.api_version.take().or_else(|| environment.api_version());
        let version = version.as_deref().unwrap_or(DEFAULT_VERSION);
        let base_url = versioned(base_url.as_deref().unwrap_or(DEFAULT_URL), version);
        let mut service = Service::builder(&base_url, GeminiDialect);
        for (name, value) in std::mem::take(&mut self.headers) {
            service = service.with_header(name, value);
        }
        if let Some(credentials) = self.credentials(environment)? {
            service = service.with_credentials(credentials);
        }
        for change in std::mem::take(&mut self.changes) {
            service = change(service);
        }
        let http = self.http_client(&base_url, environment)?;
        Ok(Client::new(service.with_http_client(http).build()?, &base_url))
    }

    fn credentials(&mut self, environment: Environment<'_>) -> Result<Option<Credentials>> {
        match (self.without_key, self.api_key.take()) {
            (true, Some(_)) => {
                Err(config("both `with_api_key` and `without_api_key` were called: which is meant?"))
            }
            (true, None) => Ok(None),
            (false, key) => {
                let key = key.or_else(|| environment.api_key().map(ApiKey::from)).ok_or_else(|| {
                    config(
                        "no API key: set GOOGLE_API_KEY or GEMINI_API_KEY, or call `with_api_key` on the builder, or \
                         `without_api_key` for a server that needs none",
                    )
                })?;
                Credentials::header(KEY_HEADER, key).map(Some)
            }
        }
    }

    fn http_client(self, base_url: &str, environment: Environment<'_>) -> Result<HttpClient> {
        match (self.shared, self.http_setting) {
            (Some(client), None) => Ok(client),
            (Some(_), Some(setting)) => {
                let message = format!(
                    "`{setting}` has no effect on the client given by `with_http_client`: set it on that client"
                );
                Err(Error::new(ErrorKind::Config, message))
            }
            (None, _) if self.has_proxy => self.http.build(),
            (None, _) => self.http.with_proxy(environment.proxy(base_url)).build(),
        }
    }
}

/// The URL with the version at the end of its path, unless the path ends with one.
fn versioned(url: &str, version: &str) -> String {
    let (path, query) =
        url.trim().split_once('?').map_or((url.trim(), None), |(path, query)| (path, Some(query)));
    let path = path.trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or_default();
    let is_version = last.strip_prefix('v').is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_digit()) && rest.chars().all(|c| c.is_ascii_alphanumeric())
    });
    let path = if is_version || version.is_empty() { path.to_owned() } else { format!("{path}/{version}") };
    query.map_or_else(|| path.clone(), |query| format!("{path}?{query}"))
}

fn config(message: &'static str) -> Error {
    Error::new(ErrorKind::Config, message)
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let base_url = self.base_url.as_deref().map(catena_http::service::Address::parse);
        f.debug_struct("Connection")
            .field("api_key", &self.api_key)
            .field("base_url", &base_url.and_then(Result::ok))
            .field("api_version", &self.api_version)
            .field("headers", &self.headers.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("http", &self.http)
            .finish_non_exhaustive()
    }
}

/// The methods of a builder with a field `connection`.
macro_rules! connection_settings {
    ($builder:ty) => {
        /// How the service is reached. What is not set is read from the environment, or has a default.
        impl $builder {
            /// The key: a text, or an [`ApiKey`]($crate::ApiKey) that is fetched before every attempt. Default:
            /// `GOOGLE_API_KEY` or `GEMINI_API_KEY`.
            ///
            /// It travels in a header, never in a URL, and is sent only over TLS or to this machine, and shown nowhere.
            pub fn with_api_key(mut self, key: impl Into<$crate::ApiKey>) -> Self {
                self.connection.set_api_key(key.into());
                self
            }

            /// Sends no key, not even one of the environment: for servers of one's own that ask for none. Without this a
            /// missing key is an error of `build`, so that it is not found out by the first call.
            pub fn without_api_key(mut self) -> Self {
                self.connection.without_api_key();
                self
            }

            /// Where the service is. Default: `GOOGLE_GEMINI_BASE_URL`, or `https://generativelanguage.googleapis.com`.
            ///
            /// A path and a query are kept. The version of the interface is appended to the path, unless it ends with one.
            pub fn with_base_url(mut self, url: impl AsRef<str>) -> Self {
                self.connection.set_base_url(url.as_ref());
                self
            }

            /// The version of the interface. Default: `GOOGLE_GENAI_API_VERSION`, or `v1beta`.
            pub fn with_api_version(mut self, version: impl Into<String>) -> Self {
                self.connection.set_api_version(version.into());
                self
            }

            /// A client to share with other models, so that they share connections. Its own proxy and connect timeout hold;
            /// setting them here as well is an error. Its other limits hold where none is set here.
            pub fn with_http_client(mut self, client: $crate::HttpClient) -> Self {
                self.connection.set_http_client(client);
                self
            }

            /// The proxy. Default: what `HTTPS_PROXY` and its kin say.
            pub fn with_proxy(mut self, proxy: impl Into<$crate::Proxy>) -> Self {
                self.connection.set_proxy(proxy.into());
                self
            }

            /// The longest time to open a connection. Default 10 s.
            pub fn with_connect_timeout(mut self, limit: std::time::Duration) -> Self {
                self.connection.set_connect_timeout(limit);
                self
            }

            /// The longest time of an attempt until its answer begins, connecting included. Default 600 s.
            pub fn with_first_byte_timeout(mut self, limit: std::time::Duration) -> Self {
                self.connection.change(move |service| service.with_first_byte_timeout(limit));
                self
            }

            /// The longest wait for the next piece of an answer. Default 120 s.
            pub fn with_idle_timeout(mut self, limit: std::time::Duration) -> Self {
                self.connection.change(move |service| service.with_idle_timeout(limit));
                self
            }

            /// The longest time of a call: all attempts, the waits between them, and the answer to its end. Default:
            /// none.
            pub fn with_total_timeout(mut self, limit: std::time::Duration) -> Self {
                self.connection.change(move |service| service.with_total_timeout(limit));
                self
            }

            /// The longest wait for the next event of a stream; what a server sends only to keep the connection alive does
            /// not count. Default: none, as the idle timeout is there.
            pub fn with_stream_chunk_timeout(mut self, limit: std::time::Duration) -> Self {
                self.connection.change(move |service| service.with_stream_chunk_timeout(limit));
                self
            }

            /// One limit for each phase of an attempt: connecting, the wait for the answer to begin, and the wait for each
            /// further piece of it.
            pub fn with_timeout(self, limit: std::time::Duration) -> Self {
                self.with_connect_timeout(limit).with_first_byte_timeout(limit).with_idle_timeout(limit)
            }

            /// How often a call is tried again when the connection fails or the service is busy. Default 2.
            ///
            /// What the service asks for is kept, up to two minutes; else the waits are half a second, one
            /// second and so on up to eight. A stream is begun anew only before its first chunk.
            pub fn with_max_retries(mut self, retries: usize) -> Self {
                self.connection.change(move |service| service.with_max_retries(retries));
                self
            }

            /// A header of every request. It wins over the library's own, the key's included.
            pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
                self.connection.add_header(name.into(), value.into());
                self
            }

            /// A parameter in the query of every request.
            pub fn with_query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
                let (name, value) = (name.into(), value.into());
                self.connection.change(move |service| service.with_query(name, value));
                self
            }

            /// What waits between attempts and tells the time of day, for tests. Default: the real clock.
            pub fn with_timer(mut self, timer: impl catena_core::Timer + 'static) -> Self {
                self.connection.set_timer(timer);
                self
            }

            /// Who lets requests in, for example a rate limiter shared by several models. Default: nobody.
            pub fn with_admission(mut self, admission: impl catena_core::Admission + 'static) -> Self {
                self.connection.set_admission(admission);
                self
            }

            /// Allows sending the key unencrypted to another machine, for networks that are trusted.
            pub fn allow_insecure_http(mut self) -> Self {
                self.connection.change(catena_http::service::ServiceBuilder::allow_insecure_http);
                self
            }

            /// Reads environment variables with this function instead of from the process.
            pub fn with_environment(
                mut self,
                read: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
            ) -> Self {
                self.connection.set_environment(read);
                self
            }

            /// Reads no environment variable: what is not set here has its default, and no proxy is used.
            pub fn ignore_environment(mut self) -> Self {
                self.connection.ignore_environment();
                self
            }
        }
    };
}
pub(crate) use connection_settings;

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Option<String> {
        let value = match name {
            "GEMINI_API_KEY" => "env-key",
            "GOOGLE_GEMINI_BASE_URL" => "https://env.test/",
            "GOOGLE_GENAI_API_VERSION" => "v7",
            _ => return None,
        };
        Some(value.to_owned())
    }

    fn url(connection: Connection, read: &dyn Fn(&str) -> Option<String>) -> String {
        connection.connect_with(Environment(read)).expect("a client").base_url().to_owned()
    }

    #[test]
    fn the_version_ends_the_path() {
        for (base, expected) in [
            ("https://h.test", "https://h.test/v1beta"),
            ("https://h.test/", "https://h.test/v1beta"),
            ("https://h.test/proxy?a=1", "https://h.test/proxy/v1beta?a=1"),
            ("https://h.test/v1", "https://h.test/v1"),
            ("https://h.test/v1alpha/", "https://h.test/v1alpha"),
            ("https://h.test/vertex", "https://h.test/vertex/v1beta"),
        ] {
            assert_eq!(versioned(base, DEFAULT_VERSION), expected, "{base}");
        }
    }

    #[test]
    fn a_setting_wins_over_the_environment() {
        assert_eq!(url(Connection::default(), &environment), "https://env.test/v7");
        let mut mine = Connection::default();
        mine.set_base_url("https://my.test");
        mine.set_api_version("v1".into());
        assert_eq!(url(mine, &environment), "https://my.test/v1");
        let mut plain = Connection::default();
        plain.set_api_key("k".into());
        assert_eq!(url(plain, &|_| None), format!("{DEFAULT_URL}/{DEFAULT_VERSION}"));
    }

    #[test]
    fn a_key_is_given_or_found_or_declined() {
        let error = |connection: Connection, read: &dyn Fn(&str) -> Option<String>| {
            connection.connect_with(Environment(read)).expect_err("an error")
        };
        let none = |_: &str| None;
        assert!(error(Connection::default(), &none).to_string().contains("GEMINI_API_KEY"));
        let mut declined = Connection::default();
        declined.without_api_key();
        url(declined, &environment);
        let mut both = Connection::default();
        both.set_api_key("k".into());
        both.without_api_key();
        assert_eq!(error(both, &none).kind(), ErrorKind::Config);
    }
}
