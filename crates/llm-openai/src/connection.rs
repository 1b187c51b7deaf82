//! Where the service is and how to reach it: settings, environment and defaults become a client.

use std::time::Duration;

use catena_core::load::{Constructor, Kwargs};
use catena_core::{Admission, Data, Error, ErrorKind, Result, Timer};
use catena_http::service::{ApiKey, Credentials, Service, ServiceBuilder};
use catena_http::{HttpClient, HttpClientBuilder, Proxy};

use crate::azure::Azure;
use crate::client::{Client, Place};
use crate::dialect::OpenAiDialect;
use crate::environment::Environment;
use crate::saved::{count, seconds};

const DEFAULT_URL: &str = "https://api.openai.com/v1";

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
    azure: Option<Azure>,
    organization: Option<String>,
    project: Option<String>,
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
    stream_chunk_timeout: Option<Duration>,
    changes: Vec<Change>,
}

/// As LangChain's data.
impl Connection {
    /// What makes a model again, with what was set on its connection. `None` where that may hold a key: headers, a query,
    /// an address with more than host and path.
    pub(crate) fn written(&self, mut made: Constructor) -> Option<Constructor> {
        let is_plain = |url: &str| !url.contains(['?', '@']);
        let may_hold_key = self.has_query || !self.headers.is_empty() || self.project.is_some();
        if self.azure.is_some() || may_hold_key || !self.base_url.as_deref().is_none_or(is_plain) {
            return None;
        }
        if !self.without_key {
            made = made.with_secret("openai_api_key", "OPENAI_API_KEY");
        }
        for (name, text) in [("openai_api_base", &self.base_url), ("openai_organization", &self.organization)]
        {
            if let Some(text) = text {
                made = made.with(name, text.as_str());
            }
        }
        if let Some(limit) = self.timeout {
            made = made.with("request_timeout", limit.as_secs_f64());
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
        let needs_key = kwargs.names().any(|name| name == "openai_api_key");
        match (kwargs.text("openai_api_key")?, kwargs.text("openai_api_base")?) {
            (Some(key), url) => {
                self.set_api_key(key.into());
                url.into_iter().for_each(|url| self.set_base_url(&url));
            }
            (None, Some(_)) if needs_key => {
                return Err(config(
                    "what is loaded names a server, so that the key of the environment is not sent: give the loader \
                     the secret OPENAI_API_KEY",
                ));
            }
            (None, Some(url)) => {
                self.without_api_key();
                self.set_base_url(&url);
            }
            (None, None) => {}
        }
        if let Some(id) = kwargs.text("openai_organization")? {
            self.set_organization(id);
        }
        if let Some(url) = kwargs.text("openai_proxy")? {
            self.set_proxy(Proxy::url(url));
        }
        if let Some(limit) = seconds(kwargs, "request_timeout")? {
            self.set_timeout(limit);
        }
        if let Some(limit) = seconds(kwargs, "stream_chunk_timeout")? {
            self.set_stream_chunk_timeout(limit);
        }
        if let Some(retries) = count(kwargs, "max_retries")? {
            self.set_max_retries(retries);
        }
        for (name, value) in kwargs.record("default_headers")? {
            self.add_header(name, text_of(value));
        }
        for (name, value) in kwargs.record("default_query")? {
            self.add_query(name, text_of(value));
        }
        Ok(())
    }
}

fn text_of(value: Data) -> String {
    match value {
        Data::Text(text) => text,
        other => other.into_json().to_string(),
    }
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

    pub(crate) fn set_azure(&mut self, azure: Azure) {
        self.azure = Some(azure);
    }

    pub(crate) fn is_azure(&self) -> bool {
        self.azure.is_some()
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

    pub(crate) fn set_stream_chunk_timeout(&mut self, limit: Duration) {
        self.stream_chunk_timeout = Some(limit);
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
        let place = match self.azure.take() {
            Some(azure) => Place::Azure(azure.resolve(self.base_url.take(), environment)?),
            None => {
                let base_url = self.base_url.take().or_else(|| environment.base_url());
                Place::Plain(base_url.unwrap_or_else(|| DEFAULT_URL.to_owned()))
            }
        };
        let credentials = self.credentials(&place, environment)?;
        let mut service = Service::builder(place.base_url(), OpenAiDialect);
        if let Some((name, value)) = place.query() {
            service = service.with_query(name, value);
        }
        for (name, value) in self.all_headers(environment) {
            service = service.with_header(name, value);
        }
        if let Some(credentials) = credentials {
            service = service.with_credentials(credentials);
        }
        if let Some(limit) = self.stream_chunk_timeout.or_else(|| environment.stream_chunk_timeout()) {
            service = service.with_stream_chunk_timeout(limit);
        }
        for change in std::mem::take(&mut self.changes) {
            service = change(service);
        }
        let http = self.http_client(place.base_url(), environment)?;
        Ok(Client::new(service.with_http_client(http).build()?, place))
    }

    fn credentials(&mut self, place: &Place, environment: Environment<'_>) -> Result<Option<Credentials>> {
        let key = self.api_key.take();
        match place {
            _ if self.without_key => match key {
                Some(_) => {
                    Err(config("both `with_api_key` and `without_api_key` were called: which is meant?"))
                }
                None => Ok(None),
            },
            Place::Azure(azure) => azure.credentials(key, environment).map(Some),
            Place::Plain(_) => {
                let key = key.or_else(|| environment.api_key().map(ApiKey::from)).ok_or_else(|| {
                    config(
                        "no API key: set OPENAI_API_KEY, or call `with_api_key` on the builder, or `without_api_key` \
                         for a server that needs none",
                    )
                })?;
                Ok(Some(Credentials::bearer(key)))
            }
        }
    }

    /// The headers of every call; a later one of the same name wins.
    fn all_headers(&mut self, environment: Environment<'_>) -> Vec<(String, String)> {
        let mut headers = environment.custom_headers();
        let ids = [
            ("openai-organization", self.organization.take().or_else(|| environment.organization())),
            ("openai-project", self.project.take().or_else(|| environment.project())),
        ];
        for (name, id) in ids {
            if let Some(id) = id.filter(|id| !id.is_empty()) {
                headers.push((name.to_owned(), id.trim().to_owned()));
            }
        }
        headers.append(&mut self.headers);
        headers
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

fn config(message: &'static str) -> Error {
    Error::new(ErrorKind::Config, message)
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let base_url = self.base_url.as_deref().map(catena_http::service::Address::parse);
        f.debug_struct("Connection")
            .field("api_key", &self.api_key)
            .field("base_url", &base_url.and_then(Result::ok))
            .field("azure", &self.azure)
            .field("organization", &self.organization)
            .field("project", &self.project)
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
            /// `OPENAI_API_KEY`.
            ///
            /// It is sent only over TLS or to this machine, and shown nowhere.
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

            /// Speaks to Azure instead of OpenAI: with its URLs, its `api-key` header or a token of its directory.
            pub fn with_azure(mut self, azure: $crate::Azure) -> Self {
                self.connection.set_azure(azure);
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

            /// A client to share with other models, so that they share connections. Its own proxy and connect timeout hold;
            /// setting them here as well is an error. Its other limits hold where none is set here.
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
            /// not count. Default: `LANGCHAIN_OPENAI_STREAM_CHUNK_TIMEOUT_S`, or none, as the idle timeout is there.
            pub fn with_stream_chunk_timeout(mut self, limit: std::time::Duration) -> Self {
                self.connection.set_stream_chunk_timeout(limit);
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

    fn environment(name: &str) -> Option<String> {
        let value = match name {
            "OPENAI_API_KEY" => "env-key",
            "OPENAI_API_BASE" => "https://env.test/v1",
            "OPENAI_BASE_URL" => "https://other.test/v1",
            "OPENAI_ORGANIZATION" => "env-org",
            "OPENAI_PROJECT_ID" => "env-project",
            "OPENAI_CUSTOM_HEADERS" => "X-Team: blue\nOpenAI-Project: lost\nbroken",
            _ => return None,
        };
        Some(value.to_owned())
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
    fn a_setting_wins_over_the_environment() {
        let headers = |mut connection: Connection| connection.all_headers(Environment(&environment));
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let (team, lost) = (header("x-team", "blue"), header("openai-project", "lost"));
        let project = header("openai-project", "env-project");
        let expected = [team.clone(), lost.clone(), header("openai-organization", "env-org"), project];
        assert_eq!(headers(Connection::default()), expected);
        // An empty setting keeps the environment's from being used.
        assert_eq!(headers(explicit()), [team, lost, header("openai-organization", "my-org")]);
        let client = explicit().connect_with(Environment(&environment)).expect("a client");
        assert_eq!(client.service().address().host(), "my.test");
        let client = Connection::default().connect_with(Environment(&environment)).expect("a client");
        assert_eq!(client.service().address().host(), "env.test");
    }

    #[test]
    fn a_key_is_given_or_found_or_declined() {
        let error = |connection: Connection, read: &dyn Fn(&str) -> Option<String>| {
            connection.connect_with(Environment(read)).expect_err("an error")
        };
        let none = |_: &str| None;
        assert!(error(Connection::default(), &none).to_string().contains("OPENAI_API_KEY"));
        let mut declined = Connection::default();
        declined.without_api_key();
        declined.connect_with(Environment(&environment)).expect("a client without a key");
        let mut both = explicit();
        both.without_api_key();
        assert_eq!(error(both, &none).kind(), ErrorKind::Config);
    }

    #[test]
    fn a_bad_proxy_of_the_environment_is_an_error() {
        let read = |name: &str| (name == "OPENAI_PROXY").then(|| "not a url".to_owned());
        let error = explicit().connect_with(Environment(&read)).expect_err("a bad proxy");
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    }
}
