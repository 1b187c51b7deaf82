//! Where the service is and how to reach it: settings, environment and defaults become a client.

use std::time::Duration;

use catena_core::{Error, ErrorKind, Result};
use catena_http::{HttpClient, HttpClientBuilder, Proxy, Request};
use secrecy::{ExposeSecret, SecretString};

use crate::base_url::{self, BaseUrl};
use crate::client::Client;
use crate::environment::Environment;
use crate::redactor::Redactor;

/// The settings of a builder that concern the connection. `Debug` hides the key.
#[derive(Debug, Default)]
pub(crate) struct Connection {
    api_key: Option<SecretString>,
    base_url: Option<BaseUrl>,
    organization: Option<String>,
    project: Option<String>,
    shared: Option<HttpClient>,
    http: HttpClientBuilder,
    /// The setting of `http` that was touched last, if any.
    http_setting: Option<&'static str>,
    has_proxy: bool,
    insecure_http: bool,
    ignores_environment: bool,
}

impl Connection {
    pub(crate) fn set_api_key(&mut self, key: SecretString) {
        self.api_key = Some(key);
    }

    pub(crate) fn set_base_url(&mut self, url: &str) {
        self.base_url = Some(BaseUrl::parse(url));
    }

    pub(crate) fn set_organization(&mut self, id: String) {
        self.organization = Some(id);
    }

    pub(crate) fn set_project(&mut self, id: String) {
        self.project = Some(id);
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

    pub(crate) fn set_first_byte_timeout(&mut self, limit: Duration) {
        self.change_http("with_first_byte_timeout", |http| http.with_first_byte_timeout(limit));
    }

    pub(crate) fn set_idle_timeout(&mut self, limit: Duration) {
        self.change_http("with_idle_timeout", |http| http.with_idle_timeout(limit));
    }

    pub(crate) fn set_total_timeout(&mut self, limit: Duration) {
        self.change_http("with_total_timeout", |http| http.with_total_timeout(Some(limit)));
    }

    pub(crate) fn allow_insecure_http(&mut self) {
        self.insecure_http = true;
    }

    pub(crate) fn ignore_environment(&mut self) {
        self.ignores_environment = true;
    }

    fn change_http(
        &mut self,
        setting: &'static str,
        change: impl FnOnce(HttpClientBuilder) -> HttpClientBuilder,
    ) {
        self.http_setting = Some(setting);
        self.http = change(std::mem::take(&mut self.http));
    }

    /// Makes a client of one endpoint, for example of `chat/completions`.
    ///
    /// # Errors
    /// `Config` for everything that does not fit: no key, a URL that is none, a key that would travel in the open.
    pub(crate) fn connect(self, endpoint: &str) -> Result<Client> {
        if self.ignores_environment {
            self.connect_with(endpoint, Environment::none())
        } else {
            self.connect_with(endpoint, Environment::process())
        }
    }

    fn connect_with(mut self, endpoint: &str, environment: Environment<'_>) -> Result<Client> {
        let base_url = self.base_url.take();
        let base_url = base_url.or_else(|| environment.base_url().map(|url| BaseUrl::parse(&url)));
        let base_url = base_url.unwrap_or_default();
        let key = self.api_key.take().or_else(|| environment.api_key().map(SecretString::from));
        let request = base_url.post(endpoint)?.with_header("accept", "application/json")?;
        let request = self.with_key(request, key.as_ref())?;
        let request =
            with_id(request, "openai-organization", self.organization.take(), environment.organization())?;
        let request = with_id(request, "openai-project", self.project.take(), environment.project())?;
        Ok(Client::new(self.http_client(environment)?, request, Redactor::new(key.as_ref()), base_url))
    }

    fn with_key(&self, request: Request, key: Option<&SecretString>) -> Result<Request> {
        let config = |message: String| Err(Error::new(ErrorKind::Config, message));
        let Some(key) = key else {
            return if base_url::is_openai(request.url()) {
                config("no API key: set OPENAI_API_KEY, or call `with_api_key` on the builder".to_owned())
            } else {
                Ok(request)
            };
        };
        if key.expose_secret().trim().is_empty() {
            return config("the API key is empty: check what `with_api_key` was given".to_owned());
        }
        if !base_url::is_private(request.url()) && !self.insecure_http {
            let host = request.url().host().unwrap_or_default();
            return config(format!(
                "the API key would travel to {host} unencrypted: use `https://`, or call `allow_insecure_http` if the \
                 network between is trusted"
            ));
        }
        request.with_bearer(key.expose_secret())
    }

    fn http_client(self, environment: Environment<'_>) -> Result<HttpClient> {
        match (self.shared, self.http_setting) {
            (Some(client), None) => Ok(client),
            (Some(_), Some(setting)) => {
                let message = format!(
                    "`{setting}` has no effect on the client given by `with_http_client`: set it on that client"
                );
                Err(Error::new(ErrorKind::Config, message))
            }
            (None, _) if self.has_proxy => self.http.build(),
            (None, _) if self.ignores_environment => self.http.with_proxy(Proxy::None).build(),
            (None, _) => match environment.proxy() {
                Some(url) => self.http.with_proxy(Proxy::url(url)).build(),
                None => self.http.build(),
            },
        }
    }
}

/// Adds an id header: the setting, or else the environment's.
fn with_id(request: Request, header: &str, set: Option<String>, found: Option<String>) -> Result<Request> {
    match set.or(found).filter(|id| !id.is_empty()) {
        Some(id) => request.with_header(header, id.trim()),
        None => Ok(request),
    }
}

/// The methods of a builder with a field `connection`.
macro_rules! connection_settings {
    ($builder:ty) => {
        /// How the service is reached. What is not set is read from the environment, or has a default.
        impl $builder {
            /// The key. Default: `OPENAI_API_KEY`. Servers other than OpenAI's may do without.
            ///
            /// It is sent only over TLS or to this machine, and shown nowhere.
            pub fn with_api_key(mut self, key: impl Into<$crate::SecretString>) -> Self {
                self.connection.set_api_key(key.into());
                self
            }

            /// Where the service is. Default: `OPENAI_API_BASE`, `OPENAI_BASE_URL`, or `https://api.openai.com/v1`.
            ///
            /// A path and a query are kept; the endpoint is appended to the path.
            pub fn with_base_url(mut self, url: impl AsRef<str>) -> Self {
                self.connection.set_base_url(url.as_ref());
                self
            }

            /// The organization that pays. Default: `OPENAI_ORG_ID` or `OPENAI_ORGANIZATION`.
            pub fn with_organization(mut self, id: impl Into<String>) -> Self {
                self.connection.set_organization(id.into());
                self
            }

            /// The project that pays. Default: `OPENAI_PROJECT_ID`.
            pub fn with_project(mut self, id: impl Into<String>) -> Self {
                self.connection.set_project(id.into());
                self
            }

            /// A client to share with other models, so that they share connections. Its own limits and proxy hold;
            /// setting them here as well is an error.
            pub fn with_http_client(mut self, client: $crate::HttpClient) -> Self {
                self.connection.set_http_client(client);
                self
            }

            /// The proxy. Default: `OPENAI_PROXY`, or what `HTTPS_PROXY` and its kin say.
            pub fn with_proxy(mut self, proxy: impl Into<$crate::Proxy>) -> Self {
                self.connection.set_proxy(proxy.into());
                self
            }

            /// The longest time to open a connection. Default 10 s.
            pub fn with_connect_timeout(mut self, limit: std::time::Duration) -> Self {
                self.connection.set_connect_timeout(limit);
                self
            }

            /// The longest time until the answer begins, connecting included. Default 600 s.
            pub fn with_first_byte_timeout(mut self, limit: std::time::Duration) -> Self {
                self.connection.set_first_byte_timeout(limit);
                self
            }

            /// The longest wait for the next piece of an answer. Default 120 s.
            pub fn with_idle_timeout(mut self, limit: std::time::Duration) -> Self {
                self.connection.set_idle_timeout(limit);
                self
            }

            /// The longest time from the start of a call to the end of its answer. Default: none.
            pub fn with_total_timeout(mut self, limit: std::time::Duration) -> Self {
                self.connection.set_total_timeout(limit);
                self
            }

            /// Allows sending the key unencrypted to another machine, for networks that are trusted.
            pub fn allow_insecure_http(mut self) -> Self {
                self.connection.allow_insecure_http();
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
            "OPENAI_API_KEY" => "env-key",
            "OPENAI_API_BASE" => "https://env.test/v1",
            "OPENAI_BASE_URL" => "https://other.test/v1",
            "OPENAI_ORGANIZATION" => "env-org",
            "OPENAI_PROJECT_ID" => "env-project",
            _ => return None,
        };
        Some(value.to_owned())
    }

    /// `[url, key, organization, project]`
    #[track_caller]
    fn check(connection: Connection, environment: Environment<'_>, expected: [&str; 4]) {
        let client = connection.connect_with("completions", environment).expect("a client");
        let request = client.request();
        let header = |name: &str| match request.headers().get(name) {
            Some(value) => value.to_str().expect("text").to_owned(),
            None => String::new(),
        };
        let key = header("authorization").trim_start_matches("Bearer ").to_owned();
        let seen = [request.url().to_string(), key, header("openai-organization"), header("openai-project")];
        assert_eq!(seen, expected);
    }

    fn explicit() -> Connection {
        let mut connection = Connection::default();
        connection.set_api_key("my-key".into());
        connection.set_base_url("https://my.test");
        connection.set_organization("my-org".into());
        connection.set_project(String::new());
        connection
    }

    #[test]
    fn a_setting_wins_over_the_environment_and_that_over_the_default() {
        let (full, none) = (Environment(&environment), Environment::none());
        let found = ["https://env.test/v1/completions", "env-key", "env-org", "env-project"];
        check(Connection::default(), full, found);
        // An empty setting keeps the environment's from being used.
        check(explicit(), full, ["https://my.test/completions", "my-key", "my-org", ""]);
        let mut key_only = Connection::default();
        key_only.set_api_key("my-key".into());
        check(key_only, none, ["https://api.openai.com/v1/completions", "my-key", "", ""]);
    }

    #[test]
    fn a_bad_proxy_of_the_environment_is_an_error() {
        let read = |name: &str| (name == "OPENAI_PROXY").then(|| "not a url".to_owned());
        let error = explicit().connect_with("completions", Environment(&read)).expect_err("a bad proxy");
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    }
}
