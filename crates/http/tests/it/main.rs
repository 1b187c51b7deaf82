//! The public behaviour of the transport, against small servers on the loopback interface.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod back_pressure;
mod cancellation;
mod damage;
mod dead_connections;
mod executors;
mod failures;
mod faults;
#[cfg(feature = "gzip")]
mod gzip;
mod http2;
mod http2_ends;
mod http2_opening;
mod http2_streams;
mod identity;
mod limits;
mod pools;
mod proxy;
mod server;
mod service;
mod timeouts;
mod timer;
mod tls;
