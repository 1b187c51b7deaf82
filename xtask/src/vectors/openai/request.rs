//! What was sent against what was to be sent.

use catena_testkit::Recorded;
use serde_json::{Map, Value};

use super::multipart;

/// Where the requests differ from those of the recording.
pub(super) fn difference(recording: &Value, sent: &[Recorded]) -> Option<String> {
    let first = recording.get("expected_request");
    let more = recording["more_exchanges"].as_array().into_iter().flatten();
    let more = more.map(|exchange| match exchange["same_request"] {
        Value::Bool(true) => first,
        _ => exchange.get("expected_request"),
    });
    let expected = first.into_iter().map(Some).chain(more);
    expected.zip(sent).enumerate().find_map(|(number, (expected, sent))| {
        let why = one(expected?, sent)?;
        Some(format!("request {number}: {why}"))
    })
}

fn one(expected: &Value, sent: &Recorded) -> Option<String> {
    let line = |what: &str, expected: &Value, sent: &str| {
        let same = expected.as_str().is_none_or(|expected| expected == sent);
        (!same).then(|| format!("{what} {sent} instead of {expected}"))
    };
    line("method", &expected["method"], sent.method())
        .or_else(|| line("path", &expected["path"], sent.path()))
        .or_else(|| query(&expected["query"], sent))
        .or_else(|| headers(expected, sent))
        .or_else(|| body(expected, sent))
}

fn query(expected: &Value, sent: &Recorded) -> Option<String> {
    let sent = sent.query_pairs().into_iter().map(|(name, value)| Value::from(vec![name, value])).collect();
    let expected = expected.as_array().cloned().unwrap_or_default();
    // The order of different parameters says nothing.
    let [expected, sent]: [Value; 2] = [expected, sent].map(|mut pairs: Vec<Value>| {
        pairs.sort_by(|one, other| one[0].as_str().cmp(&other[0].as_str()));
        pairs.into()
    });
    let same = expected == sent;
    (!same).then(|| format!("query {sent} instead of {expected}"))
}

/// `accept` is for information only.
fn headers(expected: &Value, sent: &Recorded) -> Option<String> {
    let members = expected["headers"].as_object().into_iter().flatten();
    let differs = members.filter(|(name, _)| *name != "accept").find_map(|(name, value)| {
        let value = value.as_str().unwrap_or_default();
        let value = value.split("; boundary=").next().unwrap_or_default();
        let sent = sent.header(name).map(|sent| sent.split("; boundary=").next().unwrap_or_default());
        (sent != Some(value)).then(|| format!("header {name} {sent:?} instead of {value:?}"))
    });
    let absent = expected["headers_absent"].as_array().into_iter().flatten().filter_map(Value::as_str);
    differs.or_else(|| {
        let mut absent = absent.filter(|name| sent.header(name).is_some());
        absent.next().map(|name| format!("header {name} should not be sent"))
    })
}

fn body(expected: &Value, sent: &Recorded) -> Option<String> {
    if let Some(parts) = expected.get("multipart") {
        return multipart::difference(parts, sent);
    }
    let Some(expected) = expected.get("body") else {
        return (!sent.body().is_empty()).then(|| format!("a body where there is none: {}", sent.text()));
    };
    let Ok(got) = sent.json_as::<Value>() else {
        return Some(format!("the body is no JSON: {}", sent.text()));
    };
    let (expected, got) = (without_defaults(expected), without_defaults(&got));
    difference_at(&expected, &got, "body")
}

/// A body without members that say what would hold anyway.
fn without_defaults(body: &Value) -> Value {
    let Value::Object(members) = body else { return body.clone() };
    let says = |name: &str, value: &Value| !(value.is_null() || name == "stream" && *value == false);
    let kept = members.iter().filter(|(name, value)| says(name, value));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>().into()
}

/// Where two JSON values differ. Numbers count by value, arguments of tools as the JSON that their text holds.
pub(super) fn difference_at(expected: &Value, got: &Value, at: &str) -> Option<String> {
    match (expected, got) {
        (Value::Number(one), Value::Number(other)) if one.as_f64() == other.as_f64() => None,
        (Value::String(one), Value::String(other)) if at.ends_with(".arguments") => {
            let read = |text: &str| serde_json::from_str::<Value>(text).ok();
            let same = one == other || read(one).is_some_and(|one| read(other) == Some(one));
            (!same).then(|| format!("{at}: {other} instead of {one}"))
        }
        (Value::Array(expected), Value::Array(got)) if expected.len() == got.len() => {
            let mut pairs = expected.iter().zip(got).enumerate();
            pairs.find_map(|(index, (expected, got))| difference_at(expected, got, &format!("{at}[{index}]")))
        }
        (Value::Object(expected), Value::Object(got)) => {
            if let Some(name) = got.keys().find(|name| !expected.contains_key(*name)) {
                return Some(format!("{at}.{name} should not be sent: {}", got[name]));
            }
            expected.iter().find_map(|(name, expected)| match got.get(name) {
                None => Some(format!("{at}.{name} is missing")),
                Some(got) => difference_at(expected, got, &format!("{at}.{name}")),
            })
        }
        _ => (expected != got).then(|| format!("{at}: {got} instead of {expected}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(expected: Value, got: Value, why: Option<&str>) {
        let (expected, got) = (without_defaults(&expected), without_defaults(&got));
        assert_eq!(difference_at(&expected, &got, "body").as_deref(), why);
    }

    #[test]
    fn bodies_compare_by_meaning() {
        check(json!({"a": 1, "b": null}), json!({"a": 1.0, "stream": false}), None);
        check(json!({"stream": true}), json!({}), Some("body.stream is missing"));
        check(json!({}), json!({"n": 0}), Some("body.n should not be sent: 0"));
        check(json!({"a": [{"b": null}]}), json!({"a": [{}]}), Some("body.a[0].b is missing"));
        let arguments = |text: &str| json!({"function": {"arguments": text}});
        check(arguments("{\"a\": 1}"), arguments("{\"a\":1}"), None);
        check(arguments("{\"a"), arguments("{\"a"), None);
        check(arguments("{"), arguments("}"), Some("body.function.arguments: } instead of {"));
    }
}
