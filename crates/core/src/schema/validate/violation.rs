//! A single violation of a schema.

use std::fmt;

use serde_json::Value;

/// The maximum number of violations reported.
pub(super) const MOST: usize = 8;
/// The maximum number of characters of a name or text that are shown.
const SHOWN: usize = 60;

/// The expected and the actual value at a location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    /// The location: `members[0].age`. Empty for the value itself.
    pub(crate) path: String,
    pub(crate) expected: String,
    /// The actual value; `None` if the member is missing.
    pub(crate) found: Option<String>,
    /// Whether the value has the right type, but is out of bounds.
    pub(crate) bound: bool,
}

/// Formatted as `` `age` to be an integer, found "x" ``.
impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str("the value")?,
            path => write!(f, "`{path}`")?,
        }
        match &self.found {
            Some(found) => write!(f, " to be {}, found {found}", self.expected),
            None => write!(f, " ({}), which is missing", self.expected),
        }
    }
}

/// Joins the violations in one sentence.
pub(crate) fn listed(violations: &[Violation]) -> String {
    let texts: Vec<String> = violations.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

/// Appends the name of a member to a path.
pub(super) fn push_name(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(&shortened(name));
}

/// Describes a value briefly.
pub(super) fn brief(value: &Value) -> String {
    match value {
        Value::String(text) => Value::String(shortened(text)).to_string(),
        Value::Array(items) => match items.len() {
            0 => "an empty array".to_owned(),
            1 => "an array of length 1".to_owned(),
            count => format!("an array of length {count}"),
        },
        Value::Object(members) => match members.keys().next() {
            None => "an empty object".to_owned(),
            Some(_) => {
                let names: Vec<String> =
                    members.keys().take(5).map(|name| format!("`{}`", shortened(name))).collect();
                let more = if members.len() > 5 { ", …" } else { "" };
                format!("an object with {}{more}", names.join(", "))
            }
        },
        scalar => scalar.to_string(),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
