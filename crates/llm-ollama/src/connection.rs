//! Where the service is and how to reach it: settings, environment and defaults become a client.

use catena_core::{Error, ErrorKind, Result};
use catena_http::service::{Address, ApiKey, Credentials, Service, ServiceBuilder};
use catena_http::{HttpClient, HttpClientBuilder, Proxy};

use crate::client::Client;
use crate::dialect::OllamaDialect;
use crate::environment::{Environment, url_of_host};

/// Where Ollama listens if nobody says otherwise.
const DEFAULT_HOST: &str = "127.0.0.1";

/// A change of the service's settings, kept until it is built.
type Change = Box<dyn FnOnce(ServiceBuilder) -> ServiceBuilder + Send + Sync>;

/// The settings of a builder that concern the connection. `Debug` hides the key.
#[derive(Default)]
pub(crate) struct Connection {
    api_key: Option<ApiKey>,
    without_key: bool,
    base_url: Option<String>,
    shared: Option<HttpClient>,
    http: HttpClientBuilder,
    /// The setting of `http` that was touched last, if any.
    http_setting: Option<&'static str>,
    has_proxy: bool,
    ignores_environment: bool,
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
        self.base_url = Some(url_of_host(url));
    }

    pub(crate) fn set_http_client(&mut self, client: HttpClient) {
        self.shared = Some(client);
    }

    pub(crate) fn set_proxy(&mut self, proxy: Proxy) {
        self.has_proxy = true;
        self.change_http("with_proxy", |http| http.with_proxy(proxy));
    }

    pub(crate) fn set_connect_timeout(&mut self, limit: std::time::Duration) {
        self.change_http("with_connect_timeout", |http| http.with_connect_timeout(limit));
    }

    pub(crate) fn ignore_environment(&mut self) {
        self.ignores_environment = true;
    }

    /// Changes a setting of the service.
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
    /// `Config` for everything that does not fit: a URL that is none, a key that would travel in the open.
    pub(crate) fn connect(self) -> Result<Client> {
        if self.ignores_environment {
            self.connect_with(Environment::none())
        } else {
            self.connect_with(Environment::process())
        }
    }

    pub(crate) fn connect_with(mut self, environment: Environment<'_>) -> Result<Client> {
        let base_url = self.base_url.take().or_else(|| environment.base_url());
        let base_url = base_url.unwrap_or_else(|| url_of_host(DEFAULT_HOST));
        let mut service = Service::builder(&base_url, OllamaDialect);
        if let Some(credentials) = self.credentials(environment)? {
            service = service.with_credentials(credentials);
        }
        for change in std::mem::take(&mut self.changes) {
            service = change(service);
        }
        Ok(Client::new(service.with_http_client(self.http_client()?).build()?, base_url))
    }

    fn credentials(&mut self, environment: Environment<'_>) -> Result<Option<Credentials>> {
        match self.api_key.take() {
            Some(_) if self.without_key => {
                let message = "both `with_api_key` and `without_api_key` were called: which is meant?";
                Err(Error::new(ErrorKind::Config, message))
            }
            Some(key) => Ok(Some(Credentials::bearer(key))),
            None if self.without_key => Ok(None),
            None => Ok(environment.api_key().map(Credentials::bearer)),
        }
    }

    fn http_client(self) -> Result<HttpClient> {
        match (self.shared, self.http_setting) {
            (Some(client), None) => Ok(client),
            (Some(_), Some(setting)) => {
                let message = format!(
                    "`{setting}` has no effect on the client given by `with_http_client`: set it on that client"
                );
                Err(Error::new(ErrorKind::Config, message))
            }
            (None, _) if !self.has_proxy && self.ignores_environment => {
                self.http.with_proxy(Proxy::None).build()
            }
            (None, _) => self.http.build(),
        }
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let base_url = self.base_url.as_deref().map(Address::parse);
        f.debug_struct("Connection")
            .field("api_key", &self.api_key)
            .field("base_url", &base_url.and_then(Result::ok))
            .field("http", &self.http)
            .finish_non_exhaustive()
    }
}

/// The methods of a builder with a field `connection`.
macro_rules! connection_settings {
    ($builder:ty) => {
        /// How the service is reached. What is not set is read from the environment, or has a default.
        impl $builder {
            /// Where the service is, as a URL or as `OLLAMA_HOST` names it: `gpu-box`, `gpu-box:8080`,
            /// `https://gpu.example/ollama`. Default: `OLLAMA_HOST`, or this machine's port 11434.
            pub fn with_base_url(mut self, url: impl AsRef<str>) -> Self {
                self.connection.set_base_url(url.as_ref());
                self
            }

            /// A key, for services that ask for one: a text, or an [`ApiKey`]($crate::ApiKey) that is fetched before every
            /// attempt. Default: `OLLAMA_API_KEY`, or none.
            ///
            /// It is sent as a bearer token, only over TLS or to this machine, and shown nowhere.
            pub fn with_api_key(mut self, key: impl Into<$crate::ApiKey>) -> Self {
                self.connection.set_api_key(key.into());
                self
            }

            /// Sends no key, not even one of the environment.
            pub fn without_api_key(mut self) -> Self {
                self.connection.without_api_key();
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

            /// The longest time of an attempt until its answer begins, connecting and loading the model included. Default
            /// 600 s.
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

            /// One limit for each phase of an attempt: connecting, the wait for the answer to begin, and the wait for each
            /// further piece of it.
            pub fn with_timeout(self, limit: std::time::Duration) -> Self {
                self.with_connect_timeout(limit).with_first_byte_timeout(limit).with_idle_timeout(limit)
            }

            /// How often a call is tried again when the connection fails or the service is busy. Default 2.
            ///
            /// A stream is begun anew only before its first chunk.
            pub fn with_max_retries(mut self, retries: usize) -> Self {
                self.connection.change(move |service| service.with_max_retries(retries));
                self
            }

            /// A header of every request. It wins over the library's own, the key's included.
            pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
                let (name, value) = (name.into(), value.into());
                self.connection.change(move |service| service.with_header(name, value));
                self
            }

            /// What waits between attempts and tells the time of day, for tests. Default: the real clock.
            pub fn with_timer(mut self, timer: impl catena_core::Timer + 'static) -> Self {
                self.connection.change(move |service| service.with_timer(timer));
                self
            }

            /// Who lets requests in, for example a rate limiter shared by several models. Default: nobody.
            pub fn with_admission(mut self, admission: impl catena_core::Admission + 'static) -> Self {
                self.connection.change(move |service| service.with_admission(admission));
                self
            }

            /// Allows sending the key unencrypted to another machine, for networks that are trusted.
            pub fn allow_insecure_http(mut self) -> Self {
                self.connection.change(catena_http::service::ServiceBuilder::allow_insecure_http);
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
        match name {
            "OLLAMA_HOST" => Some("https://env.test".to_owned()),
            "OLLAMA_API_KEY" => Some("env-key".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn a_setting_wins_over_the_environment() {
        let client = Connection::default().connect_with(Environment(&environment)).expect("a client");
        assert_eq!(client.base_url(), "https://env.test:443");
        assert!(format!("{client:?}").contains("authorization"), "the key of the environment is used");
        let mut connection = Connection::default();
        connection.set_base_url("my.test");
        connection.without_api_key();
        let client = connection.connect_with(Environment(&environment)).expect("a client");
        assert_eq!(client.base_url(), "http://my.test:11434");
        assert!(!format!("{client:?}").contains("authorization"));
    }

    #[test]
    fn a_key_stays_off_the_open_network() {
        let mut connection = Connection::default();
        connection.set_base_url("my.test");
        let error = connection.connect_with(Environment(&environment)).expect_err("an error");
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(!error.to_string().contains("env-key"), "{error}");
    }

    #[test]
    fn what_contradicts_itself_is_an_error() {
        let mut connection = Connection::default();
        connection.set_api_key("k".into());
        connection.without_api_key();
        let error = connection.connect_with(Environment::none()).expect_err("an error");
        assert_eq!(error.kind(), ErrorKind::Config);
    }
}
