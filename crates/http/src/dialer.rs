//! Opens TCP connections: to the server, to a proxy, or through a proxy's tunnel.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use catena_core::{Error, Result};
use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Intercept;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::failure::{self, server_name};
use crate::proxy::Proxies;
use crate::resolver::Resolver;
use crate::timeout::Limit;

/// Idle time on a connection before the first TCP keepalive probe.
const PROBE_AFTER: Duration = Duration::from_secs(30);
/// Interval between keepalive probes.
const PROBE_EVERY: Duration = Duration::from_secs(10);
/// Unanswered probes after which the connection is closed.
const PROBES: u32 = 3;

type BoxFuture<T, E = Error> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// Opens TCP connections. All its errors are of this crate and name the host that failed.
///
/// Names are resolved by the platform on the runtime's blocking threads; the addresses of a host are tried by Happy
/// Eyeballs.
#[derive(Clone, Debug)]
pub(crate) struct Dialer {
    http: HttpConnector<Resolver>,
    proxies: Arc<Proxies>,
    limit: Limit,
}

impl Dialer {
    /// The connect timeout is divided among the addresses of a host, so that one dead address does not use up all of
    /// it.
    pub(crate) fn new(proxies: Arc<Proxies>, limit: Limit) -> Self {
        let mut http = HttpConnector::new_with_resolver(Resolver::default());
        http.enforce_http(false);
        http.set_nodelay(true);
        // Otherwise only the time limits would detect a vanished peer, and those leave a model plenty of time to think.
        http.set_keepalive(Some(PROBE_AFTER));
        http.set_keepalive_interval(Some(PROBE_EVERY));
        http.set_keepalive_retries(Some(PROBES));
        http.set_connect_timeout(Some(limit.duration));
        Self { http, proxies, limit }
    }

    /// Returns a connection that leads to `url`, and whether requests on it must use the absolute-form target, for a
    /// proxy.
    pub(crate) async fn dial(&self, url: &Uri) -> Result<(TcpStream, bool)> {
        let tcp = ToHost { http: self.http_for(url), proxy: false, limit: self.limit };
        match self.proxies.intercept(url) {
            // Inside a tunnel, requests look as if there were no proxy.
            Some(proxy) if url.scheme_str() == Some("https") => Ok((self.tunnel(proxy, url).await?, false)),
            Some(proxy) => Ok((ToHost { proxy: true, ..tcp }.dial(proxy.uri().clone()).await?, true)),
            None => Ok((tcp.dial(url.clone()).await?, false)),
        }
    }

    fn http_for(&self, url: &Uri) -> HttpConnector<Resolver> {
        let mut http = self.http.clone();
        // Not without TLS: a local server that is busy with other calls may leave a large request unread for longer
        // than this, and unread data counts too.
        if url.scheme_str() == Some("https") {
            bound_unreceived(&mut http);
        }
        http
    }

    async fn tunnel(&self, proxy: Intercept, url: &Uri) -> Result<TcpStream> {
        let to_proxy = ToHost { http: self.http_for(url), proxy: true, limit: self.limit };
        let mut tunnel = Tunnel::new(proxy.uri().clone(), to_proxy);
        if let Some(auth) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(auth.clone());
        }
        match tunnel.call(url.clone()).await {
            Ok(tcp) => Ok(tcp.into_inner()),
            Err(error) => Err(failure::no_tunnel(&server_name(url), &server_name(proxy.uri()), error.into())),
        }
    }
}

/// Bounds how long sent data may stay unacknowledged. On Linux this also overrides the keepalive settings of idle
/// connections.
#[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
fn bound_unreceived(http: &mut HttpConnector<Resolver>) {
    http.set_tcp_user_timeout(Some(Duration::from_secs(120)));
}

/// Other platforms have no such bound.
#[cfg(not(any(target_os = "android", target_os = "fuchsia", target_os = "linux")))]
fn bound_unreceived(_: &mut HttpConnector<Resolver>) {}

/// Connects to a host, with errors that name it.
#[derive(Clone, Debug)]
struct ToHost {
    http: HttpConnector<Resolver>,
    /// The host is a proxy, and errors should say so.
    proxy: bool,
    limit: Limit,
}

impl ToHost {
    async fn dial(mut self, host: Uri) -> Result<TcpStream> {
        self.call(host).await.map(TokioIo::into_inner)
    }
}

impl Service<Uri> for ToHost {
    type Response = TokioIo<TcpStream>;
    type Error = Error;
    type Future = BoxFuture<TokioIo<TcpStream>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let Self { http, proxy, limit } = self;
        http.poll_ready(cx).map_err(|error| failure::no_connection("the host", *proxy, *limit, error.into()))
    }

    fn call(&mut self, host: Uri) -> Self::Future {
        let (proxy, limit, name) = (self.proxy, self.limit, server_name(&host));
        let tcp = self.http.call(host);
        Box::pin(async move {
            tcp.await.map_err(|error| failure::no_connection(&name, proxy, limit, error.into()))
        })
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::proxy::Proxy;

    #[tokio::test]
    async fn a_peer_that_vanished_is_noticed() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a listener");
        let proxies = Arc::new(Proxies::read(&Proxy::None).expect("no proxy"));
        let dialer = Dialer::new(proxies, Limit::connect(Duration::from_secs(10)));
        for (scheme, unreceived) in [("http", None), ("https", Some(Duration::from_secs(120)))] {
            let url = format!("{scheme}://{}/", listener.local_addr().expect("an address"));
            let (tcp, _) = dialer.dial(&url.parse().expect("a URL")).await.expect("a connection");
            let socket = socket2::SockRef::from(&tcp);
            assert!(socket.keepalive().expect("an option"));
            let silence = socket.tcp_keepalive_time().expect("an option")
                + socket.tcp_keepalive_interval().expect("an option")
                    * socket.tcp_keepalive_retries().expect("an option");
            assert_eq!(silence, Duration::from_secs(60));
            assert_eq!(socket.tcp_user_timeout().expect("an option"), unreceived, "{scheme}");
        }
    }
}
