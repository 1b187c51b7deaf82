//! Opens connections for the pool: TCP, then TLS, within the connect timeout.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use catena_core::Result;
use http::Uri;
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;

use crate::dialer::Dialer;
use crate::failure::{self, server_name};
use crate::timeout::{Clock, Limit, Timeout};
use crate::tls::Tls;
use crate::wire::Wire;

/// Opens connections. All its errors are of this crate.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    dialer: Dialer,
    tls: Arc<Tls>,
    limit: Limit,
}

/// A connection on which nothing has been sent yet.
pub(crate) struct Connected {
    pub(crate) wire: Wire,
    /// The server selected HTTP/2.
    pub(crate) http2: bool,
    /// Requests must use the absolute-form target, for a proxy.
    pub(crate) proxied: bool,
}

impl Connector {
    pub(crate) fn new(dialer: Dialer, tls: Arc<Tls>, limit: Limit) -> Self {
        Self { dialer, tls, limit }
    }

    pub(crate) fn offers_http2(&self) -> bool {
        self.tls.offers_http2()
    }

    /// Connects to the server of `url`.
    pub(crate) async fn connect(&self, url: &Uri, clock: &Clock) -> Result<Connected> {
        let dialed = AtomicBool::new(false);
        let connecting = async {
            if url.scheme_str() == Some("https") {
                self.secure(url, &dialed).await
            } else {
                self.plain(url).await
            }
        };
        let connected = Timeout::new(connecting, clock.alarm(self.limit.duration)).await;
        connected.unwrap_or_else(|| {
            let limit = if dialed.load(Ordering::Relaxed) { self.limit.in_handshake() } else { self.limit };
            Err(limit.error(&server_name(url)))
        })
    }

    async fn plain(&self, url: &Uri) -> Result<Connected> {
        let (tcp, proxied) = self.dialer.dial(url).await?;
        Ok(Connected { wire: Wire::plain(tcp), http2: false, proxied })
    }

    /// Sets `dialed` when only the TLS handshake remains.
    async fn secure(&self, url: &Uri, dialed: &AtomicBool) -> Result<Connected> {
        let config = self.tls.config()?;
        let name = tls_name(url)?;
        let (tcp, proxied) = self.dialer.dial(url).await?;
        dialed.store(true, Ordering::Relaxed);
        let handshake = TlsConnector::from(config).connect(name, tcp).await;
        let tls = handshake.map_err(|error| failure::no_tls(&server_name(url), error))?;
        let http2 = tls.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok(Connected { wire: Wire::tls(tls), http2, proxied })
    }
}

/// Returns the name that the server's certificate must be valid for.
fn tls_name(url: &Uri) -> Result<ServerName<'static>> {
    let host = url.host().unwrap_or_default();
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    ServerName::try_from(host.to_owned()).map_err(|error| failure::no_tls_name(host, error))
}
