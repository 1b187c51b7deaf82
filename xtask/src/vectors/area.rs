//! The areas that can be run: one line and one file each.

use catena::{Data, Result};

use super::legacy_chains;
use super::messages;
use super::output_parsers;
use super::prompts;
use super::runnables;
use super::vector::Vector;

/// What came of running a vector.
pub(super) enum Evaluated {
    /// A result to compare with the expected one.
    Got(Result<Data>),
    /// A result of which the order of some parts means nothing: both sides are brought into an order of their own.
    Ordered(Result<Data>, fn(Data) -> Data),
    /// What one entry point gave and another did not.
    Disagree(String),
    /// There is nothing to run it with.
    Unsupported,
}

/// Runs a vector of one area.
pub(super) type Run = fn(&Vector) -> Evaluated;

/// What runs the vectors of an area.
pub(super) fn runner(area: &str) -> Option<Run> {
    match area {
        "chat_prompts" | "fstring" | "jinja2" | "mustache" => Some(prompts::run),
        "legacy_chains" => Some(legacy_chains::run),
        "messages" => Some(messages::run),
        "output_parsers" => Some(output_parsers::run),
        "runnables" => Some(runnables::run),
        _ => None,
    }
}
