//! Tool results.

use catena_core::ToolStatus;
use serde_json::{Map, Value, json};

use super::part::WirePart;

/// Converts the result of a call with these content parts: texts are the response, images and files are parts of it.
pub(super) fn result_part<'a>(
    parts: Vec<WirePart<'_>>,
    id: Option<&str>,
    name: &str,
    status: ToolStatus,
) -> WirePart<'a> {
    let (mut text, mut media) = (String::new(), Vec::new());
    for part in parts {
        match part.text {
            Some(piece) => text.push_str(&piece),
            None => media.push(Value::Object(part.other)),
        }
    }
    let mut result = json!({ "name": name, "response": response(text, status) });
    if let Some(id) = id.filter(|id| !id.is_empty()) {
        result["id"] = id.into();
    }
    if !media.is_empty() {
        result["parts"] = media.into();
    }
    WirePart::other("functionResponse", result)
}

/// The service requires an object: the text's own if it is one, or the text under a name that tells success from
/// failure.
fn response(text: String, status: ToolStatus) -> Value {
    match (status, serde_json::from_str::<Map<String, Value>>(&text)) {
        (ToolStatus::Error, _) => json!({ "error": text }),
        (_, Ok(object)) => object.into(),
        (_, Err(_)) => json!({ "output": text }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_an_object() {
        for (text, status, expected) in [
            (r#"{"a": 1}"#, ToolStatus::Success, json!({"a": 1})),
            ("[1]", ToolStatus::Success, json!({"output": "[1]"})),
            ("sunny", ToolStatus::Success, json!({"output": "sunny"})),
            ("", ToolStatus::Success, json!({"output": ""})),
            (r#"{"a": 1}"#, ToolStatus::Error, json!({"error": r#"{"a": 1}"#})),
        ] {
            assert_eq!(response(text.to_owned(), status), expected, "{text}");
        }
    }
}
