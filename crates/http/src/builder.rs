//! The builder of the client: all settings, their defaults, and every complaint about them.

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

/// Builds an [`HttpClient`]. Problems with a setting are reported by [`build`](Self::build).
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
    /// The longest time to open a connection: name lookup, TCP, proxy and TLS together. Default 10 s.
    pub fn with_connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// The longest time from the start of a call to the headers of its answer, connecting included. Default 600 s,
    /// because a model that does not stream answers when it has finished.
    pub fn with_first_byte_timeout(mut self, limit: Duration) -> Self {
        self.first_byte_timeout = limit;
        self
    }

    /// The longest time to wait for the next piece of a body. It runs only while a piece is being waited for. Default
    /// 120 s.
    pub fn with_idle_timeout(mut self, limit: Duration) -> Self {
        self.idle_timeout = limit;
        self
    }

    /// The longest time from the start of a call to the end of its body. A slow reader uses it up too. Default: none.
    pub fn with_total_timeout(mut self, limit: Duration) -> Self {
        self.total_timeout = Some(limit);
        self
    }

    /// The largest body that [`Response::bytes`](crate::Response::bytes) gathers. Default 64 MiB.
    pub fn with_max_body_bytes(mut self, limit: usize) -> Self {
        self.max_body_bytes = limit;
        self
    }

    /// The largest block or line of an event stream. Default 8 MiB.
    pub fn with_max_event_bytes(mut self, limit: usize) -> Self {
        self.max_event_bytes = limit;
        self
    }

    /// Which proxy to use. Default [`Proxy::FromEnvironment`], read once by [`build`](Self::build).
    pub fn with_proxy(mut self, proxy: impl Into<Proxy>) -> Self {
        self.proxy = proxy.into();
        self
    }

    /// Trusts the certificate authorities in this PEM text, in addition to those of the platform. May be called again.
    pub fn with_root_certificate_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots_pem.push(pem.into());
        self
    }

    /// Shows this certificate to servers that ask who the client is. `chain` is PEM text with the client's certificate
    /// and those between it and the authority; `key` is PEM text with its private key, which is shown nowhere.
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

    /// The `User-Agent` of requests that bring none. Default `catena/` and the version.
    pub fn with_user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Whether HTTP/2 is offered to TLS servers. Default true. HTTP/2 requests share connections, and one more is
    /// opened when there are as many requests as the server allows on each, or 1024; HTTP/1.1 opens one connection per
    /// request in flight. Of an answer that is not read one mebibyte comes at most, and it holds back no other.
    pub fn with_http2(mut self, offered: bool) -> Self {
        self.http2 = offered;
        self
    }

    /// Whether answers compressed with gzip are asked for. Default true. Those that come unasked are read either way.
    #[cfg(feature = "gzip")]
    pub fn with_gzip(mut self, wanted: bool) -> Self {
        self.gzip = wanted;
        self
    }

    /// The timer of all limits. Default: the timer of whichever runtime does the I/O, and [`SystemTimer`] with a
    /// transport of your own.
    pub fn with_timer(mut self, timer: impl Timer + 'static) -> Self {
        self.timer = Some(Arc::new(timer));
        self
    }

    /// Replaces hyper. The settings for connecting (connect timeout, proxy, certificates, HTTP/2) then have no effect.
    pub fn with_transport(mut self, transport: Arc<dyn HttpTransport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Builds the client. Opens no connection and starts no thread.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a proxy or user agent that cannot be used, or for PEM text without a certificate, or with a
    /// key that is not the certificate's.
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
