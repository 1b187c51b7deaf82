//! The functions of transform chains.

use catena::{Data, Error, Record, Result};

use super::super::raised::raise;
use super::unknown;

/// A function of section 10.
pub(super) fn function(name: &str) -> Result<fn(Record) -> Result<Record, Error>> {
    Ok(match name {
        "upper_text" => |inputs| one("out", text(&inputs, "text").to_uppercase()),
        "exclaim" => |inputs| one("out", format!("{}!", text(&inputs, "text"))),
        "pad_spaces" => |inputs| one("out", format!("  {}  ", text(&inputs, "text"))),
        "concat" => |inputs| one("out", format!("{}{}", text(&inputs, "a"), text(&inputs, "b"))),
        "two_outputs" => |inputs| {
            let text = text(&inputs, "text");
            let reversed: String = text.chars().rev().collect();
            Ok(Record::from_iter([("x", text), ("y", reversed)]))
        },
        "missing_output" => |_| one("other", String::new()),
        "raise_value_error" => |_| Err(raise("value_error", "the function fails")),
        other => return Err(unknown(&format!("transform `{other}`"))),
    })
}

fn one(name: &str, value: String) -> Result<Record, Error> {
    Ok(Record::from_iter([(name, value)]))
}

fn text(inputs: &Record, name: &str) -> String {
    inputs.get(name).and_then(Data::as_text).unwrap_or_default().to_owned()
}
