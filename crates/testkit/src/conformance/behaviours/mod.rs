//! The behaviours, by topic.

mod answers;
mod cancellation;
mod contents;
mod facts;
mod failures;
mod live;
mod null_members;
mod oddities;
mod places;
mod requests;
mod retries;
mod run_limits;
mod secrets;
mod streams;
mod structured;
mod tools;

pub(crate) use answers::*;
pub(crate) use cancellation::*;
pub(crate) use contents::*;
pub(crate) use facts::*;
pub(crate) use failures::*;
pub(crate) use live::*;
pub(crate) use null_members::*;
pub(crate) use oddities::*;
pub(crate) use places::*;
pub(crate) use requests::*;
pub(crate) use retries::*;
pub(crate) use run_limits::*;
pub(crate) use secrets::*;
pub(crate) use streams::*;
pub(crate) use structured::*;
pub(crate) use tools::*;
