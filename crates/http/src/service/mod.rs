//! A client of a provider's service: everything that is the same for all of them.

mod address;
mod answer;
mod attempts;
mod builder;
mod call;
mod chunks;
mod client;
mod credentials;
mod dialect;
mod excerpt;
mod failed_answer;
mod lines;
mod multipart;
mod origin;
mod redactor;
mod retry_hint;

pub use address::Address;
pub use answer::{Answer, Download};
pub use builder::ServiceBuilder;
pub use call::{Call, segment};
pub use client::Service;
pub use credentials::{ApiKey, Credentials};
pub use dialect::{Dialect, StreamDecoder};
pub use excerpt::{bounded, is_html, words};
pub use failed_answer::{FailedAnswer, is_transient, kind_of_status};
pub use multipart::Multipart;
pub use origin::{MAX_ERROR_TEXT, Origin};
pub use redactor::Redactor;
