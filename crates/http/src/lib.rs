#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod blocking_scope;
mod body;
mod builder;
mod client;
mod connector;
mod dialer;
mod failure;
mod hyper_transport;
mod io_thread;
mod proxy;
mod request;
mod response;
mod runtime_pools;
mod sse;
mod timeout;
mod tls;
mod transport;

pub mod blocking {
    //! Marks a thread as blocked on a future, so that its network I/O runs elsewhere.
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
