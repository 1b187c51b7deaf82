//! The builder of a service's client: its settings and their validation.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use catena_core::{Admission, Result, Timer};
use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::Service;
use super::address::Address;
use super::call::Timeouts;
use super::clear_text::Reader;
use super::client::Inner;
use super::credentials::Credentials;
use super::dialect::Dialect;
use super::redactor::Redactor;
use super::secrets::{secrets_in, secrets_in_query, secrets_in_url_query};
use crate::client::HttpClient;
use crate::header::parse_header;

/// Builds a [`Service`]. Invalid settings are reported by [`build`](Self::build). `Debug` shows no secrets.
///
/// # Example
/// See the [module](super).
#[must_use = "a builder does nothing until `build` is called"]
pub struct ServiceBuilder {
    base_url: String,
    dialect: Arc<dyn Dialect>,
    http: Option<HttpClient>,
    credentials: Option<Credentials>,
    headers: Vec<(String, SecretString)>,
    query: Vec<(String, String)>,
    insecure_http: bool,
    max_retries: usize,
    timeouts: Timeouts,
    timer: Option<Arc<dyn Timer>>,
    admission: Option<Arc<dyn Admission>>,
}

impl ServiceBuilder {
    pub(super) fn new(base_url: String, dialect: Arc<dyn Dialect>) -> Self {
        Self {
            base_url,
            dialect,
            http: None,
            credentials: None,
            headers: Vec::new(),
            query: Vec::new(),
            insecure_http: false,
            max_retries: 2,
            timeouts: Timeouts::default(),
            timer: None,
            admission: None,
        }
    }

    /// Sets the HTTP client, which determines connections, proxy and limits. Defaults to a new client with default
    /// settings.
    pub fn with_http_client(mut self, client: HttpClient) -> Self {
        self.http = Some(client);
        self
    }

    /// Sets the key and the header that carries it.
    ///
    /// The key is sent only over TLS or to this machine, and never unencrypted to a remote proxy; see
    /// [`allow_insecure_http`](Self::allow_insecure_http).
    pub fn with_credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Allows sending keys unencrypted to other machines, for trusted networks.
    pub fn allow_insecure_http(mut self) -> Self {
        self.insecure_http = true;
        self
    }

    /// Adds a header to every call.
    ///
    /// If a name is set twice, the later header wins, and a header of the call wins over both. A header with the name
    /// of the one that carries the key replaces it. A header whose name marks it as a key, such as `authorization` or
    /// `x-api-key`, is protected like one.
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.add_header(name.into(), value.into().into());
        self
    }

    /// Adds a query parameter to every call, after those of the base URL. Errors do not show the value of one whose
    /// name marks it as a key, such as `key` or `api_key`.
    pub fn with_query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Sets the maximum number of retries per call. Defaults to 2. The [module](super) describes what is retried, and
    /// when.
    pub fn with_max_retries(mut self, retries: usize) -> Self {
        self.max_retries = retries;
        self
    }

    /// Sets the time limit of an attempt until the response headers arrive. Defaults to the HTTP client's.
    pub fn with_first_byte_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.first_byte = Some(limit);
        self
    }

    /// Sets the time limit for receiving the next chunk of a response body. Defaults to the HTTP client's.
    pub fn with_idle_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.idle = Some(limit);
        self
    }

    /// Sets the time limit of a whole call: all attempts, the waits before and between them, including those for an
    /// [admission](Self::with_admission), and the response to its end. Unlimited by default; the HTTP client's own
    /// total limit applies to each attempt.
    pub fn with_total_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.total = Some(limit);
        self
    }

    /// Sets the time limit for the next chunk of a stream. Unlike the idle timeout, it is not reset by data sent only
    /// to keep the connection alive. Unlimited by default.
    pub fn with_stream_chunk_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.chunk = Some(limit);
        self
    }

    /// Sets the timer for the waits between attempts, for the wall clock that a date in `retry-after` is compared with,
    /// and for the total and chunk timeouts. Defaults to the HTTP client's timer, which always measures the other time
    /// limits.
    pub fn with_timer(mut self, timer: impl Timer + 'static) -> Self {
        self.timer = Some(Arc::new(timer));
        self
    }

    /// Sets the admission control, which is asked before every attempt and told its outcome, but not its usage. None by
    /// default.
    pub fn with_admission(mut self, admission: impl Admission + 'static) -> Self {
        self.admission = Some(Arc::new(admission));
        self
    }

    pub(super) fn add_header(&mut self, name: String, value: SecretString) {
        self.headers.push((name, value));
    }

    /// Returns the base URL.
    pub(super) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Builds the client. Opens no connections and does not fetch a key.
    ///
    /// # Errors
    /// `Config` for an unusable base URL, header or key, and for a key that would be sent unencrypted, be it in a
    /// header or to a proxy.
    pub fn build(self) -> Result<Service> {
        let address = Address::parse(&self.base_url)?;
        let http = match &self.http {
            Some(http) => http.clone(),
            None => HttpClient::builder().build()?,
        };
        let mut headers = self.headers()?;
        let reader = self.reader(&address, &http, &headers)?;
        http.complete(address.uri(), &mut headers);
        // A proxy's credentials are not secret from the proxy, so they are added after the check for readers.
        let mut secrets = secrets_in(&headers);
        secrets.extend(address.query().map(secrets_in_url_query).unwrap_or_default());
        secrets.extend(secrets_in_query(&self.query));
        let fixed = self.credentials.as_ref().and_then(Credentials::fixed);
        let redactor = Redactor::of(fixed, &secrets);
        if let (Some(credentials), Some(key)) = (&self.credentials, fixed) {
            // The caller's own header takes precedence.
            headers.entry(credentials.name()).or_insert(credentials.value(key)?);
        }
        Ok(Service::from_inner(Inner {
            address,
            dialect: self.dialect,
            timer: self.timer.unwrap_or_else(|| Arc::clone(http.timer())),
            http,
            credentials: self.credentials,
            headers: Arc::new(headers),
            query: self.query,
            secrets,
            reader,
            redactor,
            max_retries: self.max_retries,
            timeouts: self.timeouts,
            admission: self.admission,
            endpoint_digest: OnceLock::new(),
        }))
    }

    /// Returns who could read the secrets of a call, or an error if every call carries one.
    fn reader(&self, address: &Address, http: &HttpClient, headers: &HeaderMap) -> Result<Option<Reader>> {
        let reader = Reader::of(address, http).filter(|_| !self.insecure_http);
        match reader {
            Some(reader) if self.credentials.is_some() || !secrets_in(headers).is_empty() => {
                Err(reader.error())
            }
            reader => Ok(reader),
        }
    }

    /// The headers set by the caller.
    fn headers(&self) -> Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        for (name, value) in &self.headers {
            let (name, value) = parse_header(name, value.expose_secret())?;
            headers.insert(name, value);
        }
        Ok(headers)
    }
}

impl fmt::Debug for ServiceBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = Address::parse(&self.base_url).ok();
        f.debug_struct("ServiceBuilder")
            .field("base_url", &address)
            .field("credentials", &self.credentials)
            .field("headers", &self.headers.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("query", &self.query.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("max_retries", &self.max_retries)
            .field("timeouts", &self.timeouts)
            .finish_non_exhaustive()
    }
}
