//! Functions for parsing JSON that may be incomplete.

use serde_json::{Map, Value};

use super::answer::Reader;
use super::build::{Node, build};
use super::scanner::Scanner;
use super::tolerance::Tolerance;
use crate::parser::failure::failed;
use crate::{Data, Result};

/// Parses JSON that may be truncated: open strings, lists and objects are closed, and an incomplete last value or name
/// is dropped. Text after a complete value is ignored.
///
/// Unescaped newlines are allowed in strings, as are other control characters unless `strict`. A surplus closing
/// bracket gives `Null`. Takes time linear in the length of the text; values may be nested up to 128 levels deep.
///
/// # Errors
/// [`ErrorKind::Parse`](crate::ErrorKind::Parse) with the position of the first syntax error, if no value can be
/// recovered.
///
/// # Example
/// ```
/// use catena_core::parse_partial_json;
/// use serde_json::json;
/// assert_eq!(parse_partial_json(r#"{"a": [1, "tw"#, false)?, json!({"a": [1, "tw"]}));
/// assert_eq!(parse_partial_json(r#"{"a": tru"#, false)?, json!({}));
/// # Ok::<(), catena_core::Error>(())
/// ```
pub fn parse_partial_json(text: &str, strict: bool) -> Result<Value> {
    parse_partial(text, strict)
}

/// Like [`parse_partial_json`], but preserves the order of the members of objects.
pub(crate) fn parse_partial_data(text: &str) -> Result<Data> {
    parse_partial(text, false)
}

fn parse_partial<N: Node>(text: &str, strict: bool) -> Result<N> {
    let mut scanner = Scanner::new(0, Tolerance { trim: false, strict, tail: false, hold: false });
    scanner.read(text);
    match scanner.mark(text) {
        Some(mark) => Ok(build(&text[scanner.start()..mark.cut])),
        None if scanner.is_stray() => Ok(N::scalar(Value::Null)),
        None => Err(scanner.failure().error(text)),
    }
}

/// Returns the position of the first syntax error, and what was expected there. `None` if the text passes for JSON.
pub(in crate::parser) fn json_fault(text: &str, strict: bool) -> Option<(usize, &'static str)> {
    let mut scanner = Scanner::new(0, Tolerance { trim: false, strict, tail: false, hold: false });
    scanner.read(text);
    let fault = scanner.failure();
    (!scanner.is_whole()).then_some((fault.at, fault.expected))
}

/// Parses the JSON in a model's answer: the answer itself, or what follows its first code fence. It may be truncated,
/// as for [`parse_partial_json`].
///
/// # Errors
/// [`ErrorKind::Parse`](crate::ErrorKind::Parse) with the position of the first syntax error.
///
/// # Example
/// ```
/// use catena_core::parse_json_markdown;
/// use serde_json::json;
/// assert_eq!(parse_json_markdown("Here you go:\n```json\n{\"a\": 1}\n```")?, json!({"a": 1}));
/// # Ok::<(), catena_core::Error>(())
/// ```
pub fn parse_json_markdown(text: &str) -> Result<Value> {
    parse_markdown(text)
}

/// Like [`parse_json_markdown`], but preserves the order of the members of objects.
pub(crate) fn parse_markdown_data(text: &str) -> Result<Data> {
    parse_markdown(text)
}

fn parse_markdown<N: Node>(text: &str) -> Result<N> {
    let mut reader = Reader::new(Tolerance { trim: true, strict: false, tail: false, hold: false });
    match reader.read(text) {
        Some(piece) => Ok(build(&text[piece.start..piece.mark.cut])),
        None if reader.is_stray() => Ok(N::scalar(Value::Null)),
        None => Err(reader.failure().error(text)),
    }
}

/// Like [`parse_json_markdown`], for an object with required members.
///
/// # Errors
/// [`ErrorKind::Parse`](crate::ErrorKind::Parse) when there is no JSON, it is not an object, or a member is missing.
///
/// # Example
/// ```
/// use catena_core::parse_and_check_json_markdown;
/// let answer = "```json\n{\"action\": \"search\"}\n```";
/// assert_eq!(parse_and_check_json_markdown(answer, &["action"])?["action"], "search");
/// assert!(parse_and_check_json_markdown(answer, &["action_input"]).is_err());
/// # Ok::<(), catena_core::Error>(())
/// ```
pub fn parse_and_check_json_markdown(text: &str, expected_keys: &[&str]) -> Result<Map<String, Value>> {
    let Value::Object(members) = parse_json_markdown(text)? else {
        return Err(failed("JSON", text, "an object"));
    };
    match expected_keys.iter().find(|key| !members.contains_key(**key)) {
        None => Ok(members),
        Some(key) => Err(failed("JSON", text, format!("an object with the member `{key}`"))),
    }
}
