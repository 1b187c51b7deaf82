//! The built-in transport: hyper, on the caller's runtime or on the I/O thread.

use std::sync::Arc;

use bytes::Bytes;
use catena_core::{Result, Timer};
use http::header::PROXY_AUTHORIZATION;
use http_body_util::Full;
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::blocking_scope;
use crate::body::Body;
use crate::client::HttpRequest;
use crate::connector::Connector;
use crate::dialer::Dialer;
use crate::io_thread::{self, Remote};
use crate::pool::{Pool, Received};
use crate::proxy::Proxies;
use crate::runtime_pools::{InRuntime, OnRuntime, RuntimePools};
use crate::timeout::{Clock, Limit};
use crate::tls::Tls;
use crate::transport::{HttpTransport, ResponseFuture};

/// The built-in [`HttpTransport`].
#[derive(Debug)]
pub(crate) struct HyperTransport {
    pools: RuntimePools<Arc<Pool>>,
    tls: Arc<Tls>,
    proxies: Arc<Proxies>,
    connect: Limit,
    /// The user's timer, if there is one.
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

    /// What measures the limits of a request that is served at `place`.
    pub(crate) fn clock(&self, place: &Place) -> Clock {
        self.clock_on(place.runtime())
    }

    /// Sends `request` at `place`.
    pub(crate) async fn send_at(
        &self,
        place: Place,
        mut request: Box<http::Request<Full<Bytes>>>,
    ) -> Result<http::Response<Received>> {
        let pool = self.pools.get(place.runtime(), || self.pool_on(place.runtime()));
        self.authenticate_to_proxy(&mut request);
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

    /// A plain request is handed to the proxy whole, so the credentials travel in its headers. A tunnel brings its own.
    fn authenticate_to_proxy<B>(&self, request: &mut http::Request<B>) {
        if request.uri().scheme_str() != Some("http") {
            return;
        }
        if let Some(proxy) = self.proxies.intercept(request.uri())
            && let Some(auth) = proxy.basic_auth()
        {
            request.headers_mut().entry(PROXY_AUTHORIZATION).or_insert_with(|| auth.clone());
        }
    }
}

impl HttpTransport for Arc<HyperTransport> {
    fn send(&self, request: HttpRequest) -> ResponseFuture {
        let transport = Arc::clone(self);
        // An async block, because the place is decided by the thread that polls first.
        Box::pin(async move {
            let place = Place::of_this_thread()?;
            Ok(transport.send_at(place, Box::new(request.map(Full::new))).await?.map(Body::from_stream))
        })
    }
}

/// Where the I/O of a request runs.
pub(crate) enum Place {
    /// On the caller's multi-thread runtime, polled by the caller.
    Here(Handle),
    /// On the I/O thread.
    IoThread(Handle),
}

impl Place {
    /// A current-thread runtime is not used: if its only thread blocks on a future of the user's own making, nobody is
    /// left to drive the connection.
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
