//! Bodies of several parts, as forms with files have them.

use catena_testkit::Recorded;
use serde_json::{Map, Value, json};

/// Where the parts of a request differ from the recorded ones. The boundary is any.
pub(super) fn difference(expected: &Value, sent: &Recorded) -> Option<String> {
    let boundary = sent.header("content-type").and_then(|value| value.split_once("boundary="));
    let Some((_, boundary)) = boundary else { return Some("the body is not in parts".to_owned()) };
    let got = parts(&sent.text(), boundary.trim_matches('"'));
    let shown = |parts: &Value| {
        let parts = parts.as_array().into_iter().flatten();
        parts.map(members).collect::<Vec<_>>()
    };
    let (expected, got) = (shown(expected), shown(&got));
    (expected != got).then(|| format!("parts {} instead of {}", Value::from(got), Value::from(expected)))
}

/// A part without members that are null.
fn members(part: &Value) -> Value {
    let members = part.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    members.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>().into()
}

fn parts(body: &str, boundary: &str) -> Value {
    let delimiter = format!("--{boundary}");
    let parts = body.split(delimiter.as_str()).skip(1).filter(|part| !part.starts_with("--"));
    parts.map(part).collect()
}

fn part(part: &str) -> Value {
    let part = part.strip_prefix("\r\n").unwrap_or(part);
    let (head, value) = part.split_once("\r\n\r\n").unwrap_or((part, ""));
    let parameter = |name: &str| {
        let (_, rest) = head.split_once(&format!(" {name}=\""))?;
        rest.split_once('"').map(|(value, _)| value.to_owned())
    };
    let header = |name: &str| {
        let lines = head.lines().filter_map(|line| line.split_once(':'));
        lines
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
            .next()
    };
    json!({
        "name": parameter("name"), "filename": parameter("filename"), "content_type": header("content-type"),
        "value": value.strip_suffix("\r\n").unwrap_or(value),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read() {
        let body = "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--b\r\n\
                    Content-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\
                    \r\none\r\ntwo\r\n--b--\r\n";
        let expected = json!([
            {"name": "purpose", "filename": null, "content_type": null, "value": "batch"},
            {"name": "file", "filename": "a.txt", "content_type": "text/plain", "value": "one\r\ntwo"},
        ]);
        assert_eq!(parts(body, "b"), expected);
    }
}
