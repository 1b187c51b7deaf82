//! The client's builder: its settings, their defaults, and their validation.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use catena_core::{Error, ErrorKind, Result, SystemTimer, Timer};
use http::HeaderValue;

use crate::client::{HttpClient, Inner, Sender};
use crate::hyper_transport::HyperTransport;
use crate::proxy::{Proxies, Proxy};
use crate::response::Limits;
use crate::timeout::Limit;
use crate::tls::{Identity, Tls};
use crate::transport::HttpTransport;

/// Builds an [`HttpClient`]. Invalid settings are reported by [`build`](Self::build).
///
/// # Example
/// ```
/// # fn main() -> catena_core::Result<()> {
/// use catena_http::{HttpClient, Proxy};
/// use std::time::Duration;
/// let client = HttpClient::builder()
///     .with_idle_timeout(Duration::from_secs(30))
///     .with_total_timeout(Duration::from_secs(600))
///     .with_proxy(Proxy::None)
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a builder does nothing until `build` is called"]
pub struct HttpClientBuilder {
    connect_timeout: Duration,
    first_byte_timeout: Duration,
    idle_timeout: Duration,
    total_timeout: Option<Duration>,
    max_body_bytes: usize,
    max_event_bytes: usize,
    proxy: Proxy,
    roots_pem: Vec<Vec<u8>>,
    identity_pem: Option<(Vec<u8>, Vec<u8>)>,
    user_agent: String,
    http2: bool,
    gzip: bool,
    timer: Option<Arc<dyn Timer>>,
    transport: Option<Arc<dyn HttpTransport>>,
}

impl Default for HttpClientBuilder {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            first_byte_timeout: Duration::from_secs(600),
            idle_timeout: Duration::from_secs(120),
            total_timeout: None,
            max_body_bytes: 64 << 20,
            max_event_bytes: 8 << 20,
            proxy: Proxy::FromEnvironment,
            roots_pem: Vec::new(),
            identity_pem: None,
            user_agent: concat!("catena/", env!("CARGO_PKG_VERSION")).to_owned(),
            http2: true,
            gzip: cfg!(feature = "gzip"),
            timer: None,
            transport: None,
        }
    }
}

impl HttpClientBuilder {
    /// Sets the time limit for opening a connection, which covers DNS lookup, TCP, proxy and TLS. Defaults to 10 s.
    pub fn with_connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// Sets the time limit from the start of a call, connecting included, until the response headers arrive.
    ///
    /// Defaults to 600 s, because without streaming a model responds only when it has finished.
    pub fn with_first_byte_timeout(mut self, limit: Duration) -> Self {
        self.first_byte_timeout = limit;
        self
    }

    /// Sets the time limit for receiving the next chunk of a body. It applies only while the caller is waiting for one.
    /// Defaults to 120 s.
    pub fn with_idle_timeout(mut self, limit: Duration) -> Self {
        self.idle_timeout = limit;
        self
    }

    /// Sets the time limit from the start of a call to the end of its body. Time in which the caller does not read
    /// counts as well. Unlimited by default.
    pub fn with_total_timeout(mut self, limit: Duration) -> Self {
        self.total_timeout = Some(limit);
        self
    }

    /// Sets the maximum size of a body collected by [`Response::bytes`](crate::Response::bytes). Defaults to 64 MiB.
    pub fn with_max_body_bytes(mut self, limit: usize) -> Self {
        self.max_body_bytes = limit;
        self
    }

    /// Sets the maximum size of an event or line of an event stream. Defaults to 8 MiB.
    pub fn with_max_event_bytes(mut self, limit: usize) -> Self {
        self.max_event_bytes = limit;
        self
    }

    /// Sets the proxy. Defaults to [`Proxy::FromEnvironment`], which [`build`](Self::build) reads once.
    pub fn with_proxy(mut self, proxy: impl Into<Proxy>) -> Self {
        self.proxy = proxy.into();
        self
    }

    /// Trusts the certificate authorities in this PEM text, in addition to those of the platform. Can be called
    /// repeatedly.
    pub fn with_root_certificate_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots_pem.push(pem.into());
        self
    }

    /// Sets the client certificate for servers that request one.
    ///
    /// `chain` is PEM text holding the client's certificate, followed by any intermediate certificates; `key` is PEM
    /// text holding its private key, which is never shown.
    ///
    /// # Example
    /// ```
    /// let builder = catena_http::HttpClient::builder().with_client_certificate_pem("no PEM", "no PEM");
    /// assert!(builder.build().unwrap_err().to_string().contains("holds no certificate"));
    /// ```
    pub fn with_client_certificate_pem(mut self, chain: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.identity_pem = Some((chain.into(), key.into()));
        self
    }

    /// Sets the `User-Agent` of requests that have none. Defaults to `catena/` followed by the version.
    pub fn with_user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Sets whether to offer HTTP/2 to TLS servers. Defaults to true.
    ///
    /// HTTP/2 requests share connections; another connection is opened once each has as many requests in flight as the
    /// server allows, or 1024. HTTP/1.1 needs one connection per request in flight. Flow control lets the server send
    /// at most 1 MiB of a response that is not being read, and such a response does not hold up any other.
    pub fn with_http2(mut self, offered: bool) -> Self {
        self.http2 = offered;
        self
    }

    /// Sets whether to request gzip compression. Defaults to true. Compressed responses are decoded in either case.
    #[cfg(feature = "gzip")]
    pub fn with_gzip(mut self, wanted: bool) -> Self {
        self.gzip = wanted;
        self
    }

    /// Sets the timer for all time limits.
    ///
    /// Defaults to the timer of the runtime that does the I/O, or to [`SystemTimer`] with a custom transport.
    pub fn with_timer(mut self, timer: impl Timer + 'static) -> Self {
        self.timer = Some(Arc::new(timer));
        self
    }

    /// Replaces the built-in transport, hyper. The connection settings (connect timeout, proxy, certificates, HTTP/2)
    /// then have no effect.
    pub fn with_transport(mut self, transport: Arc<dyn HttpTransport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Builds the client. Opens no connections and starts no threads.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for an unusable proxy or user agent, for PEM text without a certificate, and for a private
    /// key that does not match the certificate.
    pub fn build(self) -> Result<HttpClient> {
        let user_agent = HeaderValue::from_str(&self.user_agent).map_err(|error| {
            let message = "the user agent holds characters that HTTP does not allow";
            Error::new(ErrorKind::Config, message).with_source(error)
        })?;
        let sender = match self.transport {
            Some(transport) => Sender::Custom(transport),
            None => {
                let identity = self.identity_pem.map(|(chain, key)| Identity::parse(&chain, &key));
                let tls = Tls::new(&self.roots_pem, identity.transpose()?, self.http2)?;
                let proxies = Proxies::read(&self.proxy)?;
                let connect = Limit::connect(self.connect_timeout);
                Sender::Hyper(Arc::new(HyperTransport::new(tls, proxies, connect, self.timer.clone())))
            }
        };
        Ok(HttpClient::new(Inner {
            sender,
            timer: self.timer.unwrap_or_else(|| Arc::new(SystemTimer)),
            user_agent,
            gzip: self.gzip,
            first_byte: Limit::first_byte(self.first_byte_timeout),
            idle: Limit::idle(self.idle_timeout),
            total: self.total_timeout.map(Limit::total),
            limits: Limits { max_body_bytes: self.max_body_bytes, max_event_bytes: self.max_event_bytes },
        }))
    }
}

impl fmt::Debug for HttpClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClientBuilder")
            .field("connect_timeout", &self.connect_timeout)
            .field("first_byte_timeout", &self.first_byte_timeout)
            .field("idle_timeout", &self.idle_timeout)
            .field("total_timeout", &self.total_timeout)
            .field("max_body_bytes", &self.max_body_bytes)
            .field("max_event_bytes", &self.max_event_bytes)
            .field("proxy", &self.proxy)
            .field("root_certificates", &self.roots_pem.len())
            .field("client_certificate", &self.identity_pem.is_some())
            .field("user_agent", &self.user_agent)
            .field("http2", &self.http2)
            .field("timer", &self.timer)
            .field("transport", &self.transport)
            .finish()
    }
}
