//! Arguments of calls that cannot be read.

use super::failure::{failed, failed_at};
use super::json::json_fault;
use crate::Error;

/// The error for arguments that are no JSON object, of a `tool call` or a `function call`.
pub(super) fn unreadable(call: &str, name: &str, args: &str, strict: bool) -> Error {
    let what = format!("{call} `{name:.100}`");
    match json_fault(args, strict) {
        Some((at, expected)) => {
            failed_at(&what, args, at, format!("arguments that are a JSON object, and here {expected}"))
        }
        None => failed(&what, args, "arguments that are a JSON object"),
    }
}
