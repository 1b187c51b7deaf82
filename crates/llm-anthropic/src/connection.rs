//! Where the service is and how to reach it: settings, environment and defaults become a client.

use std::time::Duration;

use catena_core::load::{Constructor, Kwargs};
use catena_core::{Admission, Data, Error, ErrorKind, Result, Timer};
use catena_http::service::{Address, ApiKey, Credentials, Service, ServiceBuilder};
use catena_http::{HttpClient, HttpClientBuilder, Proxy};

use crate::client::Client;
use crate::dialect::AnthropicDialect;
use crate::environment::Environment;
use crate::saved::{count, seconds};

const DEFAULT_URL: &str = "https://api.anthropic.com";

/// The version of the interface that this crate speaks. There has been no other since.
const VERSION: &str = "2023-06-01";

/// A change of the service's settings, kept until it is built.
type Change = Box<dyn FnOnce(ServiceBuilder) -> ServiceBuilder + Send + Sync>;

/// Where environment variables are read.
#[derive(Default)]
enum Variables {
    #[default]
    Process,
    None,
    Given(Read),
}

type Read = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// The settings of a builder that concern the connection. `Debug` hides the key.
#[derive(Default)]
pub(crate) struct Connection {
    api_key: Option<ApiKey>,
    auth_token: Option<ApiKey>,
    without_key: bool,
    base_url: Option<String>,
    shared: Option<HttpClient>,
    http: HttpClientBuilder,
    /// The setting of `http` that was touched last, if any.
    http_setting: Option<&'static str>,
    has_proxy: bool,
    variables: Variables,
    headers: Vec<(String, String)>,
    has_query: bool,
    timeout: Option<Duration>,
    max_retries: Option<usize>,
    changes: Vec<Change>,
}

/// As LangChain's data.
impl Connection {
    /// What makes a model again, with what was set on its connection. `None` where that may hold a key: headers, a query,
    /// a token, an address with more than host and path.
    pub(crate) fn written(&self, mut made: Constructor) -> Option<Constructor> {
        let is_plain = |url: &str| !url.contains(['?', '@']);
        let may_hold_key = self.has_query || !self.headers.is_empty() || self.auth_token.is_some();
        if may_hold_key || !self.base_url.as_deref().is_none_or(is_plain) {
            return None;
        }
        if !self.without_key {
            made = made.with_secret("anthropic_api_key", "ANTHROPIC_API_KEY");
        }
        if let Some(url) = &self.base_url {
            made = made.with("anthropic_api_url", url.as_str());
        }
        if let Some(limit) = self.timeout {
            made = made.with("default_request_timeout", limit.as_secs_f64());
        }
        Some(match self.max_retries {
            Some(retries) => made.with("max_retries", retries),
            None => made,
        })
    }

    /// Takes in what was written.
    ///
    /// # Errors
    /// `Config` if the key is missing that a server which the data names would be sent: that of the environment is not
    /// meant for it.
    pub(crate) fn load(&mut self, kwargs: &mut Kwargs) -> Result<()> {
        let needs_key = kwargs.names().any(|name| name == "anthropic_api_key");
        let elsewhere = |url: &String| url.trim_end_matches('/') != DEFAULT_URL;
        match (kwargs.text("anthropic_api_key")?, kwargs.text("anthropic_api_url")?.filter(elsewhere)) {
            (Some(key), url) => {
                self.set_api_key(key.into());
                url.into_iter().for_each(|url| self.set_base_url(&url));
            }
            (None, Some(_)) if needs_key => {
                return Err(config(
                    "what is loaded names a server, so that the key of the environment is not sent: give the loader \
                     the secret ANTHROPIC_API_KEY",
                ));
            }
            (None, Some(url)) => {
                self.without_api_key();
                self.set_base_url(&url);
            }
            (None, None) => {}
        }
        if let Some(url) = kwargs.text("anthropic_proxy")? {
            self.set_proxy(Proxy::url(url));
        }
        if let Some(limit) = seconds(kwargs, "default_request_timeout")? {
            self.set_timeout(limit);
        }
        if let Some(retries) = count(kwargs, "max_retries")? {
            self.set_max_retries(retries);
        }
        for (name, value) in kwargs.record("default_headers")? {
            let Data::Text(value) = value else {
                return Err(kwargs.unfit("default_headers", "texts by name", value.kind()));
            };
            self.add_header(name, value);
        }
        Ok(())
    }
}

impl Connection {
    pub(crate) fn set_api_key(&mut self, key: ApiKey) {
        self.api_key = Some(key);
    }

    pub(crate) fn set_auth_token(&mut self, token: ApiKey) {
        self.auth_token = Some(token);
    }

    pub(crate) fn without_api_key(&mut self) {
        self.without_key = true;
    }

    pub(crate) fn set_base_url(&mut self, url: &str) {
        self.base_url = Some(url.to_owned());
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

    pub(crate) fn add_query(&mut self, name: String, value: String) {
        self.has_query = true;
        self.change(move |service| service.with_query(name, value));
    }

    /// One limit for each phase of an attempt.
    pub(crate) fn set_timeout(&mut self, limit: Duration) {
        self.timeout = Some(limit);
        self.set_connect_timeout(limit);
        self.change(move |service| service.with_first_byte_timeout(limit).with_idle_timeout(limit));
    }

    pub(crate) fn set_max_retries(&mut self, retries: usize) {
        self.max_retries = Some(retries);
        self.change(move |service| service.with_max_retries(retries));
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

    pub(crate) fn connect_with(mut self, environment: Environment<'_>) -> Result<Client> {
        let base_url = self.base_url.take().or_else(|| environment.base_url());
        let base_url = without_version(base_url.unwrap_or_else(|| DEFAULT_URL.to_owned()));
        let mut service =
            Service::builder(&base_url, AnthropicDialect).with_header("anthropic-version", VERSION);
        if let Some(credentials) = self.credentials(environment)? {
            service = service.with_credentials(credentials);
        }
        for (name, value) in environment.custom_headers().into_iter().chain(std::mem::take(&mut self.headers))
        {
            service = service.with_header(name, value);
        }
        for change in std::mem::take(&mut self.changes) {
            service = change(service);
        }
        let service = service.with_http_client(self.http_client(&base_url, environment)?).build()?;
        Ok(Client::new(service, base_url))
    }

    /// A key of this builder, else of the environment; an API key goes before a token there, as in Anthropic's clients.
    fn credentials(&mut self, environment: Environment<'_>) -> Result<Option<Credentials>> {
        match (self.api_key.take(), self.auth_token.take()) {
            (None, None) if self.without_key => return Ok(None),
            (Some(_), _) | (_, Some(_)) if self.without_key => {
                return Err(config("both a key and `without_api_key` were given: which is meant?"));
            }
            (Some(_), Some(_)) => {
                return Err(config("both `with_api_key` and `with_auth_token` were called: which is meant?"));
            }
            (Some(key), None) => return Credentials::header("x-api-key", key).map(Some),
            (None, Some(token)) => return Ok(Some(Credentials::bearer(token))),
            (None, None) => {}
        }
        match (environment.api_key(), environment.auth_token()) {
            (Some(key), _) => Credentials::header("x-api-key", key).map(Some),
            (None, Some(token)) => Ok(Some(Credentials::bearer(token))),
            (None, None) => Err(config(
                "no API key: set ANTHROPIC_API_KEY, or call `with_api_key` or `with_auth_token` on the builder, or \
                 `without_api_key` for a server that needs none",
            )),
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

/// The URL without a `/v1` at its end, which belongs to the endpoints: both spellings are common.
fn without_version(mut url: String) -> String {
    let end = url.trim_end_matches('/').strip_suffix("/v1").map(str::len);
    url.truncate(end.unwrap_or(url.len()));
    url
}

fn config(message: &'static str) -> Error {
    Error::new(ErrorKind::Config, message)
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let base_url = self.base_url.as_deref().map(Address::parse);
        f.debug_struct("Connection")
            .field("api_key", &self.api_key)
            .field("auth_token", &self.auth_token)
            .field("base_url", &base_url.and_then(Result::ok))
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
            /// The key: a text, or an [`ApiKey`]($crate::ApiKey) that is fetched before every attempt. It travels as
            /// `x-api-key`. Default: `ANTHROPIC_API_KEY`.
            ///
            /// It is sent only over TLS or to this machine, and shown nowhere.
            pub fn with_api_key(mut self, key: impl Into<$crate::ApiKey>) -> Self {
                self.connection.set_api_key(key.into());
                self
            }

            /// A token instead of a key, which travels as `Authorization: Bearer`: that of a login, or of a gateway.
            /// Default: `ANTHROPIC_AUTH_TOKEN`, where there is no key.
            pub fn with_auth_token(mut self, token: impl Into<$crate::ApiKey>) -> Self {
                self.connection.set_auth_token(token.into());
                self
            }

            /// Sends no key, not even one of the environment: for servers of one's own that ask for none. Without this a
            /// missing key is an error of `build`, so that it is not found out by the first call.
            pub fn without_api_key(mut self) -> Self {
                self.connection.without_api_key();
                self
            }

            /// Where the service is. Default: `ANTHROPIC_API_URL`, `ANTHROPIC_BASE_URL`, or `https://api.anthropic.com`.
            ///
            /// A path and a query are kept; `v1/messages` is appended to the path, so a `/v1` at its end may be left out.
            pub fn with_base_url(mut self, url: impl AsRef<str>) -> Self {
                self.connection.set_base_url(url.as_ref());
                self
            }

            /// A client to share with other models, so that they share connections. Its own proxy and connect timeout hold;
            /// setting them here as well is an error. Its other limits hold where none is set here.
            pub fn with_http_client(mut self, client: $crate::HttpClient) -> Self {
                self.connection.set_http_client(client);
                self
            }

            /// The proxy. Default: `ANTHROPIC_PROXY`, or what `HTTPS_PROXY` and its kin say.
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

            /// The longest wait for the next chunk of a stream; what a server sends only to keep the connection alive, as
            /// `ping` does, does not count. Thoughts that are not shown and the arguments of tools that the service runs
            /// itself make no chunks either. Default: none, as the idle timeout is there.
            pub fn with_stream_chunk_timeout(mut self, limit: std::time::Duration) -> Self {
                self.connection.change(move |service| service.with_stream_chunk_timeout(limit));
                self
            }

            /// One limit for each phase of an attempt: connecting, the wait for the answer to begin, and the wait for each
            /// further piece of it.
            pub fn with_timeout(mut self, limit: std::time::Duration) -> Self {
                self.connection.set_timeout(limit);
                self
            }

            /// How often a call is tried again when the connection fails or the service is busy. Default 2.
            ///
            /// What the service asks for in `retry-after` is kept, up to two minutes; else the waits are half a second, one
            /// second and so on up to eight. A stream is begun anew only before its first chunk.
            pub fn with_max_retries(mut self, retries: usize) -> Self {
                self.connection.set_max_retries(retries);
                self
            }

            /// A header of every request. It wins over the library's own, the key's included.
            pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
                self.connection.add_header(name.into(), value.into());
                self
            }

            /// A parameter in the query of every request.
            pub fn with_query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
                self.connection.add_query(name.into(), value.into());
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

    fn read(name: &str) -> Option<String> {
        let value = match name {
            "ANTHROPIC_API_KEY" => "env-key",
            "ANTHROPIC_BASE_URL" => "https://env.test/v1/",
            _ => return None,
        };
        Some(value.to_owned())
    }

    fn error(connection: Connection) -> String {
        let error = connection.connect_with(Environment::none()).expect_err("an error");
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        error.to_string()
    }

    #[test]
    fn a_setting_wins_over_the_environment() {
        let client = Connection::default().connect_with(Environment(&read)).expect("a client");
        assert_eq!(client.base_url(), "https://env.test");
        let mut connection = Connection::default();
        connection.set_base_url("https://my.test/proxy?key=secret");
        let client = connection.connect_with(Environment(&read)).expect("a client");
        assert_eq!(client.base_url(), "https://my.test/proxy");
    }

    #[test]
    fn a_key_is_given_or_found_or_declined() {
        assert!(error(Connection::default()).contains("ANTHROPIC_API_KEY"));
        let mut declined = Connection::default();
        declined.without_api_key();
        declined.connect_with(Environment(&read)).expect("a client without a key");
        let mut both = Connection::default();
        both.set_api_key("k".into());
        both.set_auth_token("t".into());
        assert!(error(both).contains("with_auth_token"));
        let mut contrary = Connection::default();
        contrary.set_auth_token("t".into());
        contrary.without_api_key();
        assert!(error(contrary).contains("without_api_key"));
        let token = |name: &str| (name == "ANTHROPIC_AUTH_TOKEN").then(|| "t".to_owned());
        Connection::default().connect_with(Environment(&token)).expect("a client with a token");
    }

    #[test]
    fn the_version_belongs_to_the_endpoints() {
        for (url, expected) in [
            ("https://a.test", "https://a.test"),
            ("https://a.test/v1", "https://a.test"),
            ("https://a.test/x/v1//", "https://a.test/x"),
            ("https://a.test/v10", "https://a.test/v10"),
            ("https://a.test/?q=/v1x", "https://a.test/?q=/v1x"),
        ] {
            assert_eq!(without_version(url.to_owned()), expected);
        }
    }

    #[test]
    fn a_bad_proxy_of_the_environment_is_an_error() {
        let read = |name: &str| match name {
            "ANTHROPIC_PROXY" => Some("not a url".to_owned()),
            "ANTHROPIC_API_KEY" => Some("k".to_owned()),
            _ => None,
        };
        let error = Connection::default().connect_with(Environment(&read)).expect_err("a bad proxy");
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    }
}
