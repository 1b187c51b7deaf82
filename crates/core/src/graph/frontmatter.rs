//! The YAML front matter of a Mermaid diagram.

use serde_json::{Map, Value};

/// Formats an object as block-style YAML, with its members sorted.
pub(super) fn to_yaml(object: &Map<String, Value>) -> String {
    let mut text = String::new();
    write_object(object, 0, &mut text);
    text
}

fn write_object(object: &Map<String, Value>, depth: usize, text: &mut String) {
    for (key, value) in object {
        text.push_str(&format!("{}{}:", "  ".repeat(depth), scalar(key)));
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                text.push('\n');
                write_object(inner, depth + 1, text);
            }
            Value::String(value) => text.push_str(&format!(" {}\n", scalar(value))),
            // Lists and other values are written as JSON, which is valid YAML.
            other => text.push_str(&format!(" {other}\n")),
        }
    }
}

/// Formats a text, quoted if it could be read as something else.
fn scalar(text: &str) -> String {
    let plain = text.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter))
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word));
    let quotable = !text.contains(|letter: char| letter.is_control());
    match (plain, quotable) {
        (true, _) => text.to_owned(),
        (false, true) => format!("'{}'", text.replace('\'', "''")),
        (false, false) => Value::from(text).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values() {
        let config = json!({"config": {"theme": "neutral", "look": "it's", "vars": {"primary": "#e2e2e2"},
            "on": true, "list": ["a", 1], "none": {}, "lines": "a\nb"}});
        let Value::Object(config) = config else { unreachable!() };
        let expected = "config:\n  lines: \"a\\nb\"\n  list: [\"a\",1]\n  look: 'it''s'\n  none: {}\n  'on': true\n  \
                        theme: neutral\n  vars:\n    primary: '#e2e2e2'\n";
        assert_eq!(to_yaml(&config), expected);
    }
}
