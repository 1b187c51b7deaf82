//! The connection settings that the builders of all providers have in common.

use std::fmt;
use std::time::Duration;

use catena_core::{Error, ErrorKind, Result};
use secrecy::SecretString;

use super::{Address, ApiKey, Environment, Service, ServiceBuilder};
use crate::{HttpClient, HttpClientBuilder, Proxy};

/// A change of the service's settings, deferred until the service is built.
type Change = Box<dyn FnOnce(ServiceBuilder) -> ServiceBuilder + Send + Sync>;

/// The connection settings of a provider's builder, collected until the [`Service`] is built.
///
/// The builder has a field of this type, and [`connection_methods!`](crate::connection_methods) generates the methods
/// that set it. On `build`, the provider reads the [base URL](Self::base_url) and the [key](Self::api_key), starts a
/// [`Service::builder`] with them, and [completes](Self::connect) it with these settings. `Debug` hides the key.
///
/// # Example
/// ```
/// use catena_core::{Error, Result, ServiceError};
/// use catena_http::connection_methods;
/// use catena_http::service::{ConnectionSettings, Credentials, Dialect, FailedAnswer, Service};
///
/// # #[derive(Debug)]
/// # struct Acme;
/// # impl Dialect for Acme {
/// #     fn decode_error(&self, answer: &FailedAnswer<'_>) -> Error {
/// #         answer.error(answer.kind(), "refused".to_owned(), ServiceError::default())
/// #     }
/// # }
/// /// Builds a model of Acme.
/// #[derive(Debug, Default)]
/// pub struct AcmeBuilder {
///     connection: ConnectionSettings,
/// }
///
/// impl AcmeBuilder {
///     fn connect(self) -> Result<Service> {
///         let url = self.connection.base_url(&["ACME_URL"]).unwrap_or("https://api.acme.test".to_owned());
///         let mut service = Service::builder(url, Acme);
///         if let Some(key) = self.connection.api_key(&["ACME_API_KEY"])? {
///             service = service.with_credentials(Credentials::bearer(key));
///         }
///         self.connection.connect(service, &["ACME_PROXY"])
///     }
/// }
///
/// connection_methods! {
///     AcmeBuilder, connection,
///     api_key: "Default: `ACME_API_KEY`.",
///     base_url: "Default: `ACME_URL`, or `https://api.acme.test`.",
///     proxy: "Default: `ACME_PROXY`, or what `HTTPS_PROXY` and its kin say.",
///     stream_chunk_timeout: "Default: none, as the idle timeout is there.",
/// }
///
/// let builder = AcmeBuilder::default().ignore_environment().with_api_key("sk-secret").with_max_retries(5);
/// assert!(!format!("{builder:?}").contains("sk-secret"));
/// builder.connect()?;
/// let error = AcmeBuilder::default().ignore_environment().connect().unwrap_err();
/// assert!(error.to_string().contains("set ACME_API_KEY"));
/// # Ok::<(), Error>(())
/// ```
#[derive(Default)]
pub struct ConnectionSettings {
    api_key: Option<ApiKey>,
    pub(super) without_key: bool,
    pub(super) base_url: Option<String>,
    pub(super) headers: Vec<(String, SecretString)>,
    pub(super) has_query: bool,
    pub(super) timeout: Option<Duration>,
    pub(super) max_retries: Option<usize>,
    shared: Option<HttpClient>,
    http: HttpClientBuilder,
    /// The last connection setting changed on `http`, if any.
    http_setting: Option<&'static str>,
    has_proxy: bool,
    environment: Environment,
    changes: Vec<Change>,
}

impl ConnectionSettings {
    /// Sets the key.
    pub fn set_api_key(&mut self, key: ApiKey) {
        self.api_key = Some(key);
    }

    /// Records that no key is to be sent.
    pub fn decline_api_key(&mut self) {
        self.without_key = true;
    }

    /// Sets the base URL.
    pub fn set_base_url(&mut self, url: impl Into<String>) {
        self.base_url = Some(url.into());
    }

    /// Adds a header to every request.
    pub fn add_header(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.headers.push((name.into(), value.into().into()));
    }

    /// Adds a query parameter to every request.
    pub fn add_query(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let (name, value) = (name.into(), value.into());
        self.has_query = true;
        self.change(move |service| service.with_query(name, value));
    }

    /// Sets the time limit of each phase of an attempt.
    pub fn set_timeout(&mut self, limit: Duration) {
        self.timeout = Some(limit);
        // Not recorded as a setting of the client: a shared client keeps its connect timeout, and connecting also
        // counts towards the first byte timeout below.
        self.http = std::mem::take(&mut self.http).with_connect_timeout(limit);
        self.change(move |service| service.with_first_byte_timeout(limit).with_idle_timeout(limit));
    }

    /// Sets the maximum number of retries.
    pub fn set_max_retries(&mut self, retries: usize) {
        self.max_retries = Some(retries);
        self.change(move |service| service.with_max_retries(retries));
    }

    /// Sets a client to share.
    pub fn set_http_client(&mut self, client: HttpClient) {
        self.shared = Some(client);
    }

    /// Sets the proxy.
    pub fn set_proxy(&mut self, proxy: Proxy) {
        self.has_proxy = true;
        self.change_http("with_proxy", |http| http.with_proxy(proxy));
    }

    /// Sets the time limit for opening a connection.
    pub fn set_connect_timeout(&mut self, limit: Duration) {
        self.change_http("with_connect_timeout", |http| http.with_connect_timeout(limit));
    }

    /// Sets where environment variables are read from.
    pub fn set_environment(&mut self, environment: Environment) {
        self.environment = environment;
    }

    /// Adds a change of the service's other settings. Changes are applied in order, after the provider's own settings.
    pub fn change(&mut self, change: impl FnOnce(ServiceBuilder) -> ServiceBuilder + Send + Sync + 'static) {
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

    /// Returns where environment variables are read from.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Returns the base URL that was set, or else the value of the first of these variables that is set.
    pub fn base_url(&self, variables: &[&str]) -> Option<String> {
        self.base_url.clone().or_else(|| self.environment.first(variables))
    }

    /// Returns the key that was set, or else the value of the first of these variables that is set. `None` if the user
    /// declined to send one.
    ///
    /// # Errors
    /// `Config` if there is no key and the user did not decline to send one, or if a key was both set and declined.
    pub fn api_key(&self, variables: &[&str]) -> Result<Option<ApiKey>> {
        match self.optional_api_key(variables)? {
            None if !self.without_key => Err(config(format!(
                "no API key: set {}, or call `with_api_key` on the builder, or `without_api_key` for a server that needs \
                 none",
                variables.join(" or ")
            ))),
            key => Ok(key),
        }
    }

    /// Like [`api_key`](Self::api_key), for a service that also works without a key: it is not an error if there is
    /// none.
    ///
    /// # Errors
    /// `Config` if a key was both set and declined.
    pub fn optional_api_key(&self, variables: &[&str]) -> Result<Option<ApiKey>> {
        match (self.without_key, &self.api_key) {
            (true, Some(_)) => {
                let message = "both `with_api_key` and `without_api_key` were called: which is meant?";
                Err(config(message.to_owned()))
            }
            (true, None) => Ok(None),
            (false, Some(key)) => Ok(Some(key.clone())),
            (false, None) => Ok(self.environment.first(variables).map(ApiKey::from)),
        }
    }

    /// Returns true if a key was set; variables do not count.
    pub fn has_api_key(&self) -> bool {
        self.api_key.is_some()
    }

    /// Returns true if the user declined to send a key.
    pub fn is_keyless(&self) -> bool {
        self.without_key
    }

    /// Builds the client of the service, from the provider's settings in `service` and all those collected here.
    ///
    /// If the user set no proxy, the first of `proxy_variables` that is set names it, or else the standard variables
    /// do.
    ///
    /// # Errors
    /// The errors of [`ServiceBuilder::build`]; `Config` for an unusable proxy, and for a setting that has no effect on
    /// a shared client.
    pub fn connect(self, mut service: ServiceBuilder, proxy_variables: &[&str]) -> Result<Service> {
        let Self { headers, changes, shared, http, http_setting, has_proxy, environment, .. } = self;
        for (name, value) in headers {
            service.add_header(name, value);
        }
        for change in changes {
            service = change(service);
        }
        let http = match (shared, http_setting) {
            (Some(client), None) => client,
            (Some(_), Some(setting)) => return Err(without_effect(setting)),
            (None, _) if has_proxy => http.build()?,
            (None, _) => {
                let named = environment.first(proxy_variables).map(Proxy::url);
                let proxy = named.unwrap_or_else(|| environment.proxy(service.base_url()));
                http.with_proxy(proxy).build()?
            }
        };
        service.with_http_client(http).build()
    }
}

fn without_effect(setting: &str) -> Error {
    config(format!(
        "`{setting}` has no effect on the client given by `with_http_client`: set it on that client"
    ))
}

fn config(message: String) -> Error {
    Error::new(ErrorKind::Config, message)
}

impl fmt::Debug for ConnectionSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base_url = self.base_url.as_deref().map(Address::parse);
        f.debug_struct("ConnectionSettings")
            .field("api_key", &self.api_key)
            .field("base_url", &base_url.and_then(Result::ok))
            .field("headers", &self.headers.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("http", &self.http)
            .field("environment", &self.environment)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use catena_core::ServiceError;

    use super::super::{Credentials, Dialect, FailedAnswer};
    use super::*;

    #[derive(Debug)]
    struct Plain;

    impl Dialect for Plain {
        fn decode_error(&self, answer: &FailedAnswer<'_>) -> Error {
            answer.error(answer.kind(), String::new(), ServiceError::default())
        }
    }

    fn settings(variables: &'static [(&'static str, &'static str)]) -> ConnectionSettings {
        let mut settings = ConnectionSettings::default();
        settings.set_environment(Environment::new(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        }));
        settings
    }

    fn connect(settings: ConnectionSettings) -> Result<Service> {
        settings.connect(Service::builder("http://127.0.0.1:9", Plain), &["OWN_PROXY"])
    }

    #[track_caller]
    fn check_error<T: fmt::Debug>(result: Result<T>, part: &str) {
        let error = result.expect_err(part);
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(part), "{error}");
    }

    #[test]
    fn what_is_set_wins_over_variables() {
        let mut settings = settings(&[("A_URL", ""), ("B_URL", "http://b.test"), ("KEY", "env-key")]);
        assert_eq!(settings.base_url(&["A_URL", "B_URL"]).as_deref(), Some("http://b.test"));
        assert!(!settings.has_api_key());
        assert!(settings.api_key(&["NO_KEY", "KEY"]).expect("a key").is_some());
        settings.set_base_url("http://mine.test");
        settings.set_api_key("my-key".into());
        assert_eq!(settings.base_url(&["B_URL"]).as_deref(), Some("http://mine.test"));
        assert!(settings.has_api_key());
        assert!(!format!("{settings:?}").contains("my-key"), "{settings:?}");
    }

    #[test]
    fn a_key_is_there_or_declined_or_missing() {
        check_error(settings(&[]).api_key(&["A_KEY", "B_KEY"]), "set A_KEY or B_KEY");
        assert!(settings(&[]).optional_api_key(&["A_KEY"]).expect("no key").is_none());
        let mut declined = settings(&[("A_KEY", "k")]);
        declined.decline_api_key();
        assert!(declined.api_key(&["A_KEY"]).expect("no key").is_none() && declined.is_keyless());
        declined.set_api_key("k".into());
        check_error(declined.api_key(&["A_KEY"]), "which is meant");
    }

    #[test]
    fn a_shared_client_keeps_its_settings() {
        let client = || HttpClient::builder().with_proxy(Proxy::None).build().expect("a client");
        let mut shared = settings(&[("OWN_PROXY", "not a url")]);
        shared.set_http_client(client());
        connect(shared).expect("its own proxy counts");
        let mut changed = settings(&[]);
        changed.set_http_client(client());
        changed.set_connect_timeout(Duration::from_secs(1));
        check_error(connect(changed), "`with_connect_timeout` has no effect");
        let mut limited = settings(&[]);
        limited.set_http_client(client());
        limited.set_timeout(Duration::from_secs(1));
        connect(limited).expect("limits of its own, of which the first covers connecting");
    }

    #[test]
    fn a_key_is_not_handed_to_a_proxy_that_a_variable_names() {
        let with_key = |variables| {
            let service = Service::builder("http://127.0.0.1:9", Plain);
            settings(variables)
                .connect(service.with_credentials(Credentials::bearer("hunter2")), &["OWN_PROXY"])
        };
        check_error(
            with_key(&[("HTTP_PROXY", "http://corp.test:3128")]),
            "the proxy corp.test:3128 unencrypted",
        );
        check_error(with_key(&[("OWN_PROXY", "http://corp.test")]), "reach 127.0.0.1 without it");
        with_key(&[("HTTP_PROXY", "http://corp.test"), ("NO_PROXY", "127.0.0.1")]).expect("no proxy for it");
        with_key(&[("HTTP_PROXY", "http://localhost:3128")]).expect("a proxy that is here too");
        with_key(&[("HTTPS_PROXY", "http://corp.test")]).expect("a proxy for others");
    }

    #[test]
    fn a_proxy_is_set_or_named_by_a_variable() {
        let named = || settings(&[("OWN_PROXY", "not a url")]);
        assert_eq!(connect(named()).expect_err("a bad proxy").kind(), ErrorKind::Config);
        let mut own = named();
        own.set_proxy(Proxy::None);
        connect(own).expect("the variable does not count");
    }
}
