//! One thing that is wrong with a value.

use std::fmt;

use serde_json::Value;

/// How many are told.
pub(super) const MOST: usize = 8;
/// How many characters of a name or text are shown.
const SHOWN: usize = 60;

/// What should have been at a place in a value, and what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    /// Where: `members[0].age`. Empty for the value itself.
    pub(crate) path: String,
    pub(crate) expected: String,
    /// Nothing if there is no such member.
    pub(crate) found: Option<String>,
    /// The value is of the right shape, but out of bounds.
    pub(crate) bound: bool,
}

/// `` `age` to be an integer, found "x" ``
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

/// All of them in one sentence.
pub(crate) fn listed(violations: &[Violation]) -> String {
    let texts: Vec<String> = violations.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

/// A member's name behind the path so far.
pub(super) fn push_name(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(&shortened(name));
}

/// What a value is, in a few words.
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
