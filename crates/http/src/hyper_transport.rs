//! The built-in transport: hyper, on the caller's runtime or on the I/O thread.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use catena_core::{Result, Timer};
use futures_util::TryStreamExt;
use http::header::PROXY_AUTHORIZATION;
use http_body_util::{BodyDataStream, Full};
use hyper_util::client::legacy::Client;
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::blocking_scope;
use crate::body::Body;
use crate::client::HttpRequest;
use crate::connector::Connector;
use crate::dialer::Dialer;
use crate::failure::{self, server_name};
use crate::io_thread::{self, Remote};
use crate::proxy::Proxies;
use crate::runtime_pools::{InRuntime, OnRuntime, RuntimePools};
use crate::timeout::Limit;
use crate::tls::Tls;
use crate::transport::{HttpTransport, ResponseFuture};

/// Connections that nobody uses are kept this long.
const POOL_IDLE: Duration = Duration::from_secs(60);

type HyperClient = Client<Connector, Full<Bytes>>;

/// The built-in [`HttpTransport`].
#[derive(Debug)]
pub(crate) struct HyperTransport(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    pools: RuntimePools<HyperClient>,
    tls: Tls,
    proxies: Arc<Proxies>,
    connect: Limit,
    timer: Arc<dyn Timer>,
}

impl HyperTransport {
    pub(crate) fn new(tls: Tls, proxies: Proxies, connect: Limit, timer: Arc<dyn Timer>) -> Self {
        Self(Arc::new(Shared { pools: RuntimePools::new(), tls, proxies: Arc::new(proxies), connect, timer }))
    }

    pub(crate) fn pool_count(&self) -> usize {
        self.0.pools.len()
    }
}

impl HttpTransport for HyperTransport {
    fn send(&self, request: HttpRequest) -> ResponseFuture {
        let shared = Arc::clone(&self.0);
        // An async block, because the place is decided by the thread that polls first.
        Box::pin(async move {
            match Place::of_this_thread()? {
                Place::Here(runtime) => InRuntime::new(shared.call(&runtime, request), runtime).await,
                Place::IoThread(runtime) => Remote::spawn(&runtime, shared.call(&runtime, request)).await,
            }
        })
    }
}

/// Where the I/O of a request runs.
enum Place {
    /// On the caller's multi-thread runtime, polled by the caller.
    Here(Handle),
    /// On the I/O thread.
    IoThread(Handle),
}

impl Place {
    /// A current-thread runtime is not used: if its only thread blocks on a future of the user's own making, nobody is
    /// left to drive the connection.
    fn of_this_thread() -> Result<Self> {
        if !blocking_scope::is_active()
            && let Ok(runtime) = Handle::try_current()
            && runtime.runtime_flavor() == RuntimeFlavor::MultiThread
        {
            return Ok(Self::Here(runtime));
        }
        io_thread::handle().map(Self::IoThread)
    }
}

impl Shared {
    /// The call, to be polled in the context of `runtime`.
    fn call(
        &self,
        runtime: &Handle,
        mut request: HttpRequest,
    ) -> impl Future<Output = Result<http::Response<Body>>> + Send + use<> {
        let client = self.pools.get(runtime, || self.connect_on(runtime));
        self.authenticate_to_proxy(&mut request);
        let server = server_name(request.uri());
        async move {
            let answer = client.request(request.map(Full::new)).await;
            let answer = answer.map_err(|error| failure::no_answer(&server, error))?;
            Ok(answer.map(|body| {
                // The body is a channel from the connection's task and may be polled without a runtime.
                let frames = BodyDataStream::new(body);
                Body::from_stream(frames.map_err(move |error| failure::no_body(&server, error)))
            }))
        }
    }

    fn connect_on(&self, runtime: &Handle) -> HyperClient {
        let dialer = Dialer::new(Arc::clone(&self.proxies), self.connect);
        let connector = Connector::new(dialer, self.tls.clone(), self.connect, Arc::clone(&self.timer));
        let runtime = OnRuntime(runtime.clone());
        Client::builder(runtime.clone())
            .timer(runtime.clone())
            .pool_timer(runtime)
            .pool_idle_timeout(POOL_IDLE)
            .pool_max_idle_per_host(usize::MAX)
            .http2_adaptive_window(true)
            .http2_keep_alive_interval(Duration::from_secs(20))
            .http2_keep_alive_timeout(Duration::from_secs(10))
            .build(connector)
    }

    /// A plain request is handed to the proxy whole, so the credentials travel in its headers. A tunnel brings its own.
    fn authenticate_to_proxy(&self, request: &mut HttpRequest) {
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
