//! A client for the HTTP service of a provider, with everything that providers have in common.
//!
//! A provider crate consists of a codec (pure functions from bytes to values) and a thin layer on top of this module.
//! That layer states where the service is, which header carries the key, and how the service reports errors. The client
//! does the rest:
//!
//! * joins URLs, merges headers, and sets the key, which may be fetched anew for every attempt;
//! * retries what may succeed, after the delay that the service asks for, without multiplying the retries of an
//!   enclosing chain;
//! * applies time limits to each phase and to the call as a whole;
//! * converts every failure to an [`Error`](catena_core::Error) that says what happened and shows no secrets;
//! * asks an [`Admission`](catena_core::Admission), if there is one, before every attempt, and passes on the rate
//!   limits that the response reports.
//!
//! # Writing a provider
//!
//! 1. Implement a [`Dialect`], which converts an unsuccessful response to an error: parse the body, choose a kind,
//!    describe it in one line, and let [`FailedAnswer::error`] add status, request ID, body and rate limits.
//!    [`Complaint`] phrases the message; [`lenient`] helps with members of unexpected types.
//! 2. Build a [`Service`] once per model from its settings, and clone it freely. [`Credentials`] determine the header
//!    that carries the key.
//! 3. For each endpoint, encode the request as a [`Call`], [`send`](Service::send) it with the run's
//!    [`Context`](catena_core::Context), and decode the [`Answer`]. For streaming, implement a [`StreamDecoder`] and
//!    use [`stream`](Service::stream). [`download`](Service::download) is for files.
//! 4. If a successful response turns out to be an error, take the details of that error from its [`Origin`].
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
//! assert!(error.to_string().starts_with("the service refused (HTTP 404): no such model; the URL was `http://"));
//! # Ok(()) })
//! # }
//! ```
//!
//! # Retries
//!
//! A call is retried, twice by default, if
//!
//! * the connection fails or damages data, or a time limit of the attempt expires, even while the body is being
//!   received; if nothing arrived until then, the retry uses a new connection;
//! * the status is 408, 409, 429, or 500 and above, unless the dialect turned it into
//!   [`QuotaExceeded`](catena_core::ErrorKind::QuotaExceeded) or into an error that is not retryable;
//! * the service sends `x-should-retry: true`; `false` prevents a retry.
//!
//! The delay is that of `retry-after-ms` or `retry-after`, in seconds or as a date, without jitter. A delay of more
//! than 120 seconds is not waited for: the call fails, and the error carries the delay. Without a hint, the backoff
//! starts at half a second and doubles up to eight seconds, with each delay reduced by a random amount of up to a
//! quarter. There is no retry if the delay would exceed the call's total limit or the run's deadline. Dropping the call
//! ends the wait.
//!
//! A stream is retried for a status as above, and if the connection is lost before the response begins. Once it has
//! begun, nothing is repeated: the service is at work, and may bill for it. A `with_retry` around the model repeats it
//! as long as no chunk was delivered.
//!
//! A call that must not be carried out twice should be made [at most once](Call::at_most_once): it is retried only if
//! it was rejected, not if it [may have been done](may_be_done).
//!
//! Each retry is taken from the run's [`RetryBudget`](catena_core::RetryBudget), which
//! [`with_retry`](catena_core::RunnableExt::with_retry) creates, so `with_retry` with three attempts around a model
//! sends three requests. Observers see each retry as [`RunEventKind::Retry`](catena_core::RunEventKind::Retry), and the
//! final error carries the number of [`attempts`](catena_core::Error::attempts).
//!
//! # Redirects
//!
//! Redirects to the same scheme, host and port that preserve method and body (307, 308, and for a `GET` also 301 and
//! 302) are followed, at most five in a row. Any other redirect could leak the key or turn a `POST` into a `GET`: it is
//! reported as an error that states its target.
//!
//! # Secrets
//!
//! A key is stored as a [`SecretString`](secrecy::SecretString), whose memory is wiped, and its header is marked as
//! sensitive. It is sent only over TLS or to this machine, unless the network is declared trusted. The same holds for
//! every header whose name marks it as a key; neither is sent unencrypted to a remote proxy. [`Credentials`] cannot be
//! put into URLs. In response bodies, headers and request IDs, the key is redacted, in plain and in JSON-escaped form,
//! before any of it reaches an error or a caller, and before anything is truncated; so are query parameters whose name
//! marks them as keys. Text from a service is limited in length.

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
mod endpoint_digest;
mod environment;
mod excerpt;
mod failed_answer;
mod held;
pub mod lenient;
mod lines;
mod mended;
mod multipart;
mod origin;
mod redactor;
mod redirect;
mod reported;
mod retry_hint;
mod saved_connection;
mod secrets;
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
