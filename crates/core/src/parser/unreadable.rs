//! Arguments of calls that cannot be read.

use super::failure::{failed, failed_at};
use super::json::json_fault;
use crate::Error;

/// What the arguments of a tool call should be.
pub(super) const OBJECT: &str = "arguments that are a JSON object";

/// The error for arguments of a `tool call` or a `function call` that are not what they should be.
pub(super) fn unreadable(call: &str, name: &str, args: &str, wanted: &'static str, strict: bool) -> Error {
    let what = format!("{call} `{name:.100}`");
    match json_fault(args, strict) {
        Some((at, expected)) => failed_at(&what, args, at, format!("{wanted} (here {expected})")),
        None => failed(&what, args, wanted),
    }
}
