//! The built-in transport: hyper, on the caller's runtime or on the I/O thread.

use std::sync::Arc;

use catena_core::{Result, Timer};
use http::header::{HOST, PROXY_AUTHORIZATION};
use http::uri::Scheme;
use http::{HeaderMap, HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Intercept;
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::blocking_scope;
use crate::connector::Connector;
use crate::dialer::Dialer;
use crate::io_thread::{self, Remote};
use crate::outgoing::Outgoing;
use crate::pool::{Pool, Received};
use crate::proxy::Proxies;
use crate::runtime_pools::{InRuntime, OnRuntime, RuntimePools};
use crate::timeout::{Clock, Limit};
use crate::tls::Tls;

/// The built-in transport.
#[derive(Debug)]
pub(crate) struct HyperTransport {
    pools: RuntimePools<Arc<Pool>>,
    tls: Arc<Tls>,
    proxies: Arc<Proxies>,
    connect: Limit,
    /// The user's timer, if one was set.
    timer: Option<Arc<dyn Timer>>,
}

impl HyperTransport {
    pub(crate) fn new(tls: Tls, proxies: Proxies, connect: Limit, timer: Option<Arc<dyn Timer>>) -> Self {
        let (tls, proxies) = (Arc::new(tls), Arc::new(proxies));
        Self { pools: RuntimePools::new(), tls, proxies, connect, timer }
    }

    pub(crate) fn pool_count(&self) -> usize {
        self.pools.len()
    }

    /// Returns the clock for the time limits of a request served at `place`.
    pub(crate) fn clock(&self, place: &Place) -> Clock {
        self.clock_on(place.runtime())
    }

    /// Sends `request`, which is [complete](Self::complete), at `place`.
    pub(crate) async fn send_at(
        &self,
        place: Place,
        request: Arc<Outgoing>,
    ) -> Result<http::Response<Received>> {
        let pool = self.pools.get(place.runtime(), || self.pool_on(place.runtime()));
        match place {
            Place::Here(runtime) => InRuntime::new(pool.send(request), runtime).await,
            Place::IoThread(runtime) => Remote::spawn(&runtime, pool.send(request)).await,
        }
    }

    fn clock_on(&self, runtime: &Handle) -> Clock {
        match &self.timer {
            Some(timer) => Clock::Timer(Arc::clone(timer)),
            None => Clock::Runtime(runtime.clone()),
        }
    }

    fn pool_on(&self, runtime: &Handle) -> Arc<Pool> {
        let dialer = Dialer::new(Arc::clone(&self.proxies), self.connect);
        let connector = Connector::new(dialer, Arc::clone(&self.tls), self.connect);
        Pool::new(connector, OnRuntime(runtime.clone()), self.clock_on(runtime))
    }

    /// Returns the proxy that a plain HTTP request to `url` is forwarded through.
    pub(crate) fn plain_proxy(&self, url: &Uri) -> Option<Intercept> {
        self.proxies.intercept(url).filter(|_| url.scheme() == Some(&Scheme::HTTP))
    }

    /// Adds the headers that this transport needs: the host and, for a plain HTTP request forwarded by a proxy, the
    /// proxy's credentials. A tunnel carries its own.
    pub(crate) fn complete(&self, url: &Uri, headers: &mut HeaderMap) {
        if !headers.contains_key(HOST)
            && let Some(host) = host_header(url)
        {
            headers.insert(HOST, host);
        }
        if let Some(proxy) = self.plain_proxy(url)
            && let Some(auth) = proxy.basic_auth()
        {
            headers.entry(PROXY_AUTHORIZATION).or_insert_with(|| auth.clone());
        }
    }
}

fn host_header(url: &Uri) -> Option<HeaderValue> {
    let authority = url.authority()?;
    let default = if url.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
    let is_default = authority.port_u16().is_none_or(|port| port == default);
    // The characters of an authority are all valid in a header.
    HeaderValue::from_str(if is_default { authority.host() } else { authority.as_str() }).ok()
}

/// Where the I/O of a request runs.
pub(crate) enum Place {
    /// On the caller's multi-thread runtime, polled by the caller.
    Here(Handle),
    /// On the I/O thread.
    IoThread(Handle),
}

impl Place {
    /// A current-thread runtime is not used: if its only thread blocks on a future, nothing is left to drive the
    /// connection.
    pub(crate) fn of_this_thread() -> Result<Self> {
        if !blocking_scope::is_active()
            && let Ok(runtime) = Handle::try_current()
            && runtime.runtime_flavor() == RuntimeFlavor::MultiThread
        {
            return Ok(Self::Here(runtime));
        }
        io_thread::handle().map(Self::IoThread)
    }

    fn runtime(&self) -> &Handle {
        match self {
            Self::Here(runtime) | Self::IoThread(runtime) => runtime,
        }
    }
}
