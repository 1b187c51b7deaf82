//! The builder of the client: all settings, and every complaint about them.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use catena_core::{Admission, Result, Timer};
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::Service;
use super::address::Address;
use super::call::{Timeouts, parse_header};
use super::clear_text::Reader;
use super::client::{Inner, secrets_in};
use super::credentials::Credentials;
use super::dialect::Dialect;
use super::redactor::Redactor;
use crate::client::HttpClient;

/// How many headers an answer has, as a rule, that a request has not.
const ANSWER_HEADERS: usize = 16;

/// Builds a [`Service`]. Problems with a setting are reported by [`build`](Self::build). `Debug` shows no secret.
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

    /// The HTTP client, whose connections, proxy and limits are used. Default: a client of its own with the default
    /// settings.
    pub fn with_http_client(mut self, client: HttpClient) -> Self {
        self.http = Some(client);
        self
    }

    /// The key and the header that carries it. It is sent over TLS or to this machine only, and not unencrypted to a proxy
    /// elsewhere; see [`allow_insecure_http`](Self::allow_insecure_http).
    pub fn with_credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Allows sending keys unencrypted to another machine, for networks that are trusted.
    pub fn allow_insecure_http(mut self) -> Self {
        self.insecure_http = true;
        self
    }

    /// A header of every call. One of the same name, given later or with the call, wins; so does one of the name in which
    /// the key would travel. One that carries keys by its name, such as `authorization` or `x-api-key`, is treated as one.
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.add_header(name.into(), value.into().into());
        self
    }

    /// A parameter in the query of every call, after those of the base URL.
    pub fn with_query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// How often a call is tried again, at most. Default 2. Which errors are retried, and when, is told in the
    /// [module](super).
    pub fn with_max_retries(mut self, retries: usize) -> Self {
        self.max_retries = retries;
        self
    }

    /// The longest time of an attempt until its answer begins. Default: the HTTP client's.
    pub fn with_first_byte_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.first_byte = Some(limit);
        self
    }

    /// The longest wait for the next bytes of an answer. Default: the HTTP client's.
    pub fn with_idle_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.idle = Some(limit);
        self
    }

    /// The longest time of a call: all attempts, the waits before and between them, those for an
    /// [admission](Self::with_admission) included, and the answer to its end. Default: none, but the HTTP client's holds
    /// for every attempt.
    pub fn with_total_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.total = Some(limit);
        self
    }

    /// The longest wait for the next chunk of a stream. Unlike the idle timeout, what a server sends only to keep the
    /// connection alive does not count. Default: none.
    pub fn with_stream_chunk_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.chunk = Some(limit);
        self
    }

    /// What waits between attempts, tells the time of day that a date in `retry-after` is compared with, and measures
    /// the total and the chunk timeout. Default: the HTTP client's timer, which always measures the other limits.
    pub fn with_timer(mut self, timer: impl Timer + 'static) -> Self {
        self.timer = Some(Arc::new(timer));
        self
    }

    /// Who lets requests in: asked before every attempt, told how it ended, but not what it used. Default: nobody.
    pub fn with_admission(mut self, admission: impl Admission + 'static) -> Self {
        self.admission = Some(Arc::new(admission));
        self
    }

    pub(super) fn add_header(&mut self, name: String, value: SecretString) {
        self.headers.push((name, value));
    }

    /// Where the service is.
    pub(super) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Builds the client. Opens no connection and asks no callback for a key.
    ///
    /// # Errors
    /// `Config` for a base URL, header or key that cannot be used, and for a key that would travel unencrypted, be it in a
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
        // Those of a proxy are no secrets to it, and so come after the look for readers.
        let secrets = secrets_in(&headers);
        let fixed = self.credentials.as_ref().and_then(Credentials::fixed);
        let redactor = Redactor::of(fixed, &secrets);
        if let (Some(credentials), Some(key)) = (&self.credentials, fixed) {
            // Unless the caller's own header took its place.
            headers.entry(credentials.name()).or_insert(credentials.value(key)?);
        }
        let headers_of_body = with_body(&mut headers);
        Ok(Service::from_inner(Inner {
            address,
            dialect: self.dialect,
            timer: self.timer.unwrap_or_else(|| Arc::clone(http.timer())),
            http,
            credentials: self.credentials,
            headers: Arc::new(headers),
            headers_of_body: Arc::new(headers_of_body),
            query: self.query,
            secrets,
            reader,
            redactor,
            max_retries: self.max_retries,
            timeouts: self.timeouts,
            admission: self.admission,
            place: OnceLock::new(),
        }))
    }

    /// Who would read the secrets of a call, or an error if every call has some.
    fn reader(&self, address: &Address, http: &HttpClient, headers: &HeaderMap) -> Result<Option<Reader>> {
        let reader = Reader::of(address, http).filter(|_| !self.insecure_http);
        match reader {
            Some(reader) if self.credentials.is_some() || !secrets_in(headers).is_empty() => {
                Err(reader.error())
            }
            reader => Ok(reader),
        }
    }

    /// What the caller set.
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

/// The headers of calls that have a body. Both maps get room: the answer's headers are read into the same map, and there are
/// more of them.
fn with_body(headers: &mut HeaderMap) -> HeaderMap {
    let mut of_body = headers.clone();
    of_body.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    of_body.insert(CONTENT_LENGTH, HeaderValue::from(0));
    headers.reserve(ANSWER_HEADERS);
    of_body.reserve(ANSWER_HEADERS);
    of_body
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
