//! The client of a provider's service, against scripted servers.

mod admission;
mod calls;
mod clear_text;
mod limits;
mod redirects;
mod retries;
mod secrets;
mod streams;
pub(crate) mod support;
