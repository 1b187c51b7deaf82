//! Checks and test servers for applications and providers built on Catena.
//!
//! - [`laws`] checks the guarantees of every runnable, on a model, a parser or a custom chain.
//! - `conformance`, behind the feature of that name, tests that a provider is interchangeable with any other.
//! - [`Server`] is a scripted HTTP/1.1 server on loopback. It sends its responses byte by byte as the test specifies,
//!   so it can also misbehave: stall, split, truncate, hold back, disconnect.
//! - [`SimulatedOpenAi`] is a service that speaks OpenAI's wire format and generates its answers, with a configurable
//!   latency: no key, no network, no cost.
//! - [`Closed`] rejects every call and records its demand.
//! - [`drain`], [`fold`] and [`shown`] collect streams and show errors.
//!
//! The servers run on a separate thread, so they work in synchronous and asynchronous tests alike and do not compete
//! with the runtime under test. They do not depend on any other part of Catena.
//!
//! # Example
//!
//! ```
//! use std::io::{Read, Write};
//! use catena_testkit::{Reply, Server};
//!
//! let server = Server::start(|request| Reply::text(200, format!("you asked for {}", request.path())));
//!
//! let mut client = std::net::TcpStream::connect(server.address())?;
//! client.write_all(b"GET /tea HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")?;
//! let mut answer = String::new();
//! client.read_to_string(&mut answer)?;
//!
//! assert!(answer.ends_with("you asked for /tea"));
//! assert_eq!(server.requests()[0].header("host"), Some("test"));
//! # Ok::<(), std::io::Error>(())
//! ```

mod chunks;
mod closed;
#[cfg(feature = "conformance")]
pub mod conformance;
mod connection;
#[cfg(feature = "conformance")]
mod decoding;
mod gate;
pub mod laws;
mod log;
mod recorded;
mod refusing;
mod reply;
mod request_reader;
mod response_head;
mod server;
mod shown;
mod simulated_openai;

pub use chunks::{drain, fold};
pub use closed::Closed;
#[cfg(feature = "conformance")]
pub use decoding::decode_events;
pub use gate::Gate;
pub use recorded::Recorded;
pub use refusing::Refusing;
pub use reply::{Framing, Reply};
pub use server::Server;
pub use shown::shown;
pub use simulated_openai::{SimulatedOpenAi, SimulatedOpenAiBuilder};

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
