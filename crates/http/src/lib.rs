//! The HTTP transport of Catena's providers.
#![doc = include_str!("../README.md")]

mod blocking_scope;
mod body;
mod builder;
mod client;
mod connector;
mod dialer;
mod encoding;
mod failure;
#[cfg(feature = "gzip")]
mod gzip;
mod header;
mod hyper_transport;
mod io_thread;
mod outgoing;
mod pool;
mod proxy;
mod request;
mod resolver;
mod response;
mod runtime_pools;
pub mod service;
mod sse;
mod sse_decoder;
mod timeout;
mod tls;
mod transport;
mod wire;

pub mod blocking {
    //! Blocking scopes, which mark a thread as blocked on a future so that its network I/O runs elsewhere.
    //!
    //! Two caveats. Blocking a worker of an async runtime is never cheap: tasks scheduled on that worker wait until the
    //! call ends. And on a current-thread runtime, blocking on a future that waits for a task of that same runtime
    //! deadlocks, because its only thread is blocked; requests of this crate are not affected.
    pub use crate::blocking_scope::{BlockingScope, enter};
}

pub use body::Body;
pub use builder::HttpClientBuilder;
pub use client::HttpClient;
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
pub use proxy::{Proxy, ProxyUrl};
pub use request::Request;
pub use response::Response;
pub use sse::{Event, EventStream, decode_events};
pub use transport::{HttpTransport, ResponseFuture};

/// What `connection_methods!` refers to.
#[doc(hidden)]
pub mod __private {
    pub use catena_core::{Admission, Timer};
}
