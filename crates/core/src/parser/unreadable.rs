//! Errors for call arguments that cannot be parsed.

use super::failure::{failed, failed_at};
use super::json::json_fault;
use crate::Error;

/// The expected form of the arguments of a tool call.
pub(super) const OBJECT: &str = "arguments that are a JSON object";

/// Creates the error for malformed arguments of a `tool call` or a `function call`.
pub(super) fn unreadable(call: &str, name: &str, args: &str, wanted: &'static str, strict: bool) -> Error {
    let what = format!("{call} `{name:.100}`");
    match json_fault(args, strict) {
        Some((at, expected)) => failed_at(&what, args, at, format!("{wanted} (here {expected})")),
        None => failed(&what, args, wanted),
    }
}
