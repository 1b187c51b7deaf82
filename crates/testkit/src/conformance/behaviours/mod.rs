//! The behaviours, in groups.

mod answers;
mod cancellation;
mod failures;
mod requests;
mod secrets;
mod streams;

pub(crate) use answers::*;
pub(crate) use cancellation::*;
pub(crate) use failures::*;
pub(crate) use requests::*;
pub(crate) use secrets::*;
pub(crate) use streams::*;
