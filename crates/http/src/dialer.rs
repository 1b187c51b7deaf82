//! Opens TCP connections: to the server, to a proxy, or through a proxy's tunnel.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use catena_core::{Error, Result};
use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::client::proxy::matcher::Intercept;
use hyper_util::rt::TokioIo;
use pin_project::pin_project;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::failure::{self, server_name};
use crate::proxy::Proxies;
use crate::timeout::Limit;

type BoxFuture<T, E = Error> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// Opens TCP connections. Every error is one of ours and names the host that failed.
#[derive(Clone, Debug)]
pub(crate) struct Dialer {
    http: HttpConnector<Resolver>,
    proxies: Arc<Proxies>,
    limit: Limit,
}

impl Dialer {
    /// The connect limit is shared out among the addresses of a host, so that a dead one does not use up all of it.
    pub(crate) fn new(proxies: Arc<Proxies>, limit: Limit) -> Self {
        let mut http = HttpConnector::new_with_resolver(Resolver(GaiResolver::new()));
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_keepalive(Some(Duration::from_secs(30)));
        http.set_connect_timeout(Some(limit.duration));
        Self { http, proxies, limit }
    }
}

impl Service<Uri> for Dialer {
    type Response = Dialed;
    type Error = Error;
    type Future = BoxFuture<Dialed>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.http
            .poll_ready(cx)
            .map_err(|error| failure::no_connection("the server", false, self.limit, error.into()))
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        let mut http = self.http.clone();
        let limit = self.limit;
        match self.proxies.intercept(&url) {
            Some(proxy) if url.scheme_str() == Some("https") => Box::pin(tunnel(http, proxy, url, limit)),
            Some(proxy) => Box::pin(async move {
                let name = server_name(proxy.uri());
                let tcp = http.call(proxy.uri().clone()).await;
                let tcp = tcp.map_err(|error| failure::no_connection(&name, true, limit, error.into()))?;
                Ok(Dialed { tcp, proxied: true })
            }),
            None => Box::pin(async move {
                let name = server_name(&url);
                let tcp = http.call(url).await;
                let tcp = tcp.map_err(|error| failure::no_connection(&name, false, limit, error.into()))?;
                Ok(Dialed { tcp, proxied: false })
            }),
        }
    }
}

async fn tunnel(http: HttpConnector<Resolver>, proxy: Intercept, url: Uri, limit: Limit) -> Result<Dialed> {
    let name = server_name(proxy.uri());
    let mut tunnel = Tunnel::new(proxy.uri().clone(), ProxyDialer { http, limit });
    if let Some(auth) = proxy.basic_auth() {
        tunnel = tunnel.with_auth(auth.clone());
    }
    let server = server_name(&url);
    match tunnel.call(url).await {
        // Behind a tunnel the server is spoken to as if there were no proxy.
        Ok(tcp) => Ok(Dialed { tcp, proxied: false }),
        Err(error) => Err(failure::no_tunnel(&server, &name, error.into())),
    }
}

/// Connects to a proxy, with errors that say so.
#[derive(Clone, Debug)]
struct ProxyDialer {
    http: HttpConnector<Resolver>,
    limit: Limit,
}

impl Service<Uri> for ProxyDialer {
    type Response = TokioIo<TcpStream>;
    type Error = Error;
    type Future = BoxFuture<TokioIo<TcpStream>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.http
            .poll_ready(cx)
            .map_err(|error| failure::no_connection("the proxy", false, self.limit, error.into()))
    }

    fn call(&mut self, proxy: Uri) -> Self::Future {
        let name = server_name(&proxy);
        let tcp = self.http.call(proxy);
        let limit = self.limit;
        Box::pin(async move {
            tcp.await.map_err(|error| failure::no_connection(&name, true, limit, error.into()))
        })
    }
}

/// Looks names up as the platform does, with errors that name the host.
#[derive(Clone, Debug)]
struct Resolver(GaiResolver);

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Error;
    type Future = BoxFuture<Self::Response>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.0.poll_ready(cx).map_err(|error| failure::no_address("?", error))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let host = name.as_str().to_owned();
        let lookup = self.0.call(name);
        Box::pin(async move {
            let addresses = lookup.await.map_err(|error| failure::no_address(&host, error))?;
            Ok(addresses.collect::<Vec<_>>().into_iter())
        })
    }
}

/// A TCP connection that knows whether requests on it must name the whole URL for a proxy.
#[pin_project]
#[derive(Debug)]
pub(crate) struct Dialed {
    #[pin]
    tcp: TokioIo<TcpStream>,
    proxied: bool,
}

impl Connection for Dialed {
    fn connected(&self) -> Connected {
        self.tcp.connected().proxy(self.proxied)
    }
}

impl Read for Dialed {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        self.project().tcp.poll_read(cx, buf)
    }
}

impl Write for Dialed {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.project().tcp.poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().tcp.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().tcp.poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.project().tcp.poll_write_vectored(cx, bufs)
    }
}
