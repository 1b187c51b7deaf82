//! A client of a provider's service: everything that is the same for all of them.
//!
//! A provider crate is a codec, pure functions from bytes to values, and thin glue onto this module. The glue says where
//! the service is, which header carries the key, and how the service reports errors. The client does the rest:
//!
//! * it joins URLs, merges headers, and puts a fresh key on every attempt;
//! * it tries again what may succeed, after the wait that the service asks for, and never multiplies the retries of the
//!   chain around it;
//! * it lays time limits around every phase, and around the call as a whole;
//! * it turns every failure into an [`Error`](catena_core::Error) that says what happened, and shows no secret;
//! * it asks an [`Admission`](catena_core::Admission), if there is one, before every attempt, and tells it what the answer
//!   said about the limits.
//!
//! # How to write a provider
//!
//! 1. A [`Dialect`] makes an error of an unsuccessful answer: read the body, choose a kind, describe it in one line, and
//!    let [`FailedAnswer::error`] add status, request id, body and limits. [`Complaint`] has the words for it, [`lenient`]
//!    reads members that are not what they should be.
//! 2. A [`Service`] is built once per model from its settings, and cloned freely. [`Credentials`] say where the key goes.
//! 3. For each endpoint: encode the request into a [`Call`], [`send`](Service::send) it with the run's
//!    [`Context`](catena_core::Context), decode the [`Answer`]. For streams, implement a [`StreamDecoder`] and use
//!    [`stream`](Service::stream). [`download`](Service::download) is for files.
//! 4. What the codec reports about a successful answer that is none takes its details from the [`Origin`].
//!
//! ```
//! use catena_core::{Context, Error, ErrorKind, Result, ServiceError};
//! use catena_http::service::{Call, Credentials, Dialect, FailedAnswer, Origin, Service, words};
//! use catena_testkit::{Reply, Server};
//!
//! /// A service that reports errors as `{"fault": "..."}`.
//! #[derive(Debug)]
//! struct Fault;
//!
//! impl Dialect for Fault {
//!     fn decode_error(&self, answer: &FailedAnswer<'_>) -> Error {
//!         let fault = serde_json::from_str::<serde_json::Value>(answer.body());
//!         let fault = fault.ok().and_then(|body| Some(body["fault"].as_str()?.to_owned()));
//!         let text = fault.clone().unwrap_or_else(|| words(answer.body(), 200));
//!         let details = ServiceError { message: fault, ..ServiceError::default() };
//!         answer.error(answer.kind(), format!("the service refused (HTTP {}): {text}", answer.status()), details)
//!     }
//! }
//!
//! fn decode(body: &[u8], origin: &Origin) -> Result<String> {
//!     String::from_utf8(body.to_vec()).map_err(|error| {
//!         Error::new(ErrorKind::Decode, "the answer is not text")
//!             .with_source(error)
//!             .with_service(origin.service_error(""))
//!     })
//! }
//!
//! # fn main() -> Result<()> {
//! let server = Server::replay([Reply::text(200, "hello"), Reply::text(404, r#"{"fault": "no such model"}"#)]);
//! let service = Service::builder(server.url(), Fault)
//!     .with_credentials(Credentials::header("x-api-key", "sk-secret")?)
//!     .build()?;
//! # pollster::block_on(async {
//! let cx = Context::default(); // of the run, in a model
//! let answer = service.send(Call::post("v1/ask").with_json(r#"{"q": "?"}"#), &cx).await?;
//! assert_eq!(decode(&answer.body, &answer.origin)?, "hello");
//!
//! let error = service.send(Call::get("v1/models/m"), &cx).await.unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::NotFound);
//! assert_eq!(error.to_string(), "the service refused (HTTP 404): no such model");
//! # Ok(()) })
//! # }
//! ```
//!
//! # Retries
//!
//! A call is tried again, twice by default, when
//!
//! * the connection fails or a time limit of the attempt passes, also while the body arrives;
//! * the status is 408, 409, 429, or 500 and above, unless the dialect made a
//!   [`QuotaExceeded`](catena_core::ErrorKind::QuotaExceeded) of it, or an error that is not retryable;
//! * the service says `x-should-retry: true`; `false` forbids it.
//!
//! The wait is what `retry-after-ms` or `retry-after` asks for, in seconds or as a date, without jitter. A service that
//! asks for more than 120 seconds is not waited for: the error tells how long it would have been. Without a hint the waits
//! are half a second, one second and so on up to eight, each shortened by up to a quarter at random. A wait that would
//! outlast the call's total limit or the run's deadline is not begun. Dropping the call ends it.
//!
//! A stream is begun anew until its first chunk: on a status as above, and on a connection that is lost. What has been
//! delivered is never repeated, and what the service itself reports inside a stream is not tried again.
//!
//! A call that begins something that must not be done twice is made [at most once](Call::at_most_once): only a refusal is
//! tried again, and nothing that [may be done](may_be_done).
//!
//! Each retry takes one from the run's [`RetryBudget`](catena_core::RetryBudget), which
//! [`with_retry`](catena_core::RunnableExt::with_retry) makes, so `with_retry` with three attempts around a model sends
//! three requests. Observers see each as [`RunEventKind::Retry`](catena_core::RunEventKind::Retry), and the error that is
//! left knows its [`attempts`](catena_core::Error::attempts).
//!
//! # Redirects
//!
//! A redirect to the same scheme, host and port that keeps method and body (307, 308, and any but 303 for a `GET`) is
//! followed, five times at most. Everywhere else the key must not go, and a `POST` must not become a `GET`: there the
//! redirect is an error that says where it leads.
//!
//! # Secrets
//!
//! A key is kept as a [`SecretString`](secrecy::SecretString), whose memory is wiped; its header is marked as sensitive.
//! It is sent over TLS or to this machine only, unless the network is declared trusted; so is every header that carries keys
//! by its name, and neither goes unencrypted to a proxy elsewhere. There is no way to put a key into a URL. Bodies, headers
//! and request ids that come back are searched for it, in plain and as JSON escapes it, before anything of them reaches an
//! error or a caller, and before anything is cut. Texts from a service are bounded.

mod address;
mod answer;
mod attempts;
mod builder;
mod call;
mod call_arguments;
mod chunks;
mod clear_text;
mod client;
mod complaint;
mod connection;
mod connection_methods;
mod credentials;
mod dialect;
mod digest;
mod environment;
mod excerpt;
mod failed_answer;
mod held;
pub mod lenient;
mod lines;
mod mended;
mod multipart;
mod origin;
mod place;
mod redactor;
mod redirect;
mod reported;
mod retry_hint;
mod saved_connection;
mod total;

pub use address::Address;
pub use answer::{Answer, Download};
pub use attempts::may_be_done;
pub use builder::ServiceBuilder;
pub use call::{Call, segment};
pub use client::Service;
pub use complaint::Complaint;
pub use connection::ConnectionSettings;
pub use credentials::{ApiKey, Credentials};
pub use dialect::{Dialect, StreamDecoder};
pub use environment::Environment;
pub use excerpt::{bounded, excerpt, is_html, words};
pub use failed_answer::{FailedAnswer, is_transient, kind_of_status};
pub use mended::{Mended, read_mended};
pub use multipart::Multipart;
pub use origin::{MAX_ERROR_TEXT, Origin};
pub use redactor::Redactor;
pub use reported::{CountingDecoder, Reported, Used};
pub use saved_connection::SavedNames;
