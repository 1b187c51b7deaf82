//! Reading JSON that may be incomplete, as functions.

use serde_json::{Map, Value};

use super::answer::Reader;
use super::build::{Node, build};
use super::scanner::Scanner;
use super::tolerance::Tolerance;
use crate::parser::failure::failed;
use crate::{Data, Result};

/// Reads JSON whose end may be missing: open texts, lists and objects are closed, an incomplete last value or name is
/// dropped. What follows a complete value does not count.
///
/// Line breaks may stand in texts as they are, and so may other control characters unless it is `strict`. A closing
/// bracket too many gives `Null`. Takes time proportional to the text; values may nest 128 deep.
///
/// # Errors
/// [`ErrorKind::Parse`](crate::ErrorKind::Parse) with the place of the first thing that is no JSON, if no value can be made of it.
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

/// Like [`parse_partial_json`], with the members of objects in the order of the text.
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

/// Where a text that is no JSON stops being some, and what should be there. `None` if it may pass for JSON.
pub(in crate::parser) fn json_fault(text: &str, strict: bool) -> Option<(usize, &'static str)> {
    let mut scanner = Scanner::new(0, Tolerance { trim: false, strict, tail: false, hold: false });
    scanner.read(text);
    let fault = scanner.failure();
    (!scanner.is_whole()).then_some((fault.at, fault.expected))
}

/// Reads the JSON of a model's answer: the answer itself, or what is behind the first fence of it. The end may be
/// missing, as for [`parse_partial_json`].
///
/// # Errors
/// [`ErrorKind::Parse`](crate::ErrorKind::Parse) with the place of the first thing that is no JSON.
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

/// Like [`parse_json_markdown`], with the members of objects in the order of the text.
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

/// [`parse_json_markdown`] for an object that must have these members.
///
/// # Errors
/// [`ErrorKind::Parse`](crate::ErrorKind::Parse) when there is no JSON, it is no object, or a member is missing.
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
