//! What was expected against what came.

use catena::{Data, Error, Result};

use super::raised;

/// `None` if the result is what the vector expects, else where they differ.
pub(super) fn difference(expected: &Data, got: &Result<Data>) -> Option<String> {
    match (expected.get("ok"), expected.get("error"), got) {
        (Some(expected), _, Ok(got)) => value(expected, got, "result"),
        (None, Some(expected), Err(error)) => failure(expected, error),
        (Some(_), _, Err(error)) => Some(format!("failed with {}: {error}", raised::name(error))),
        (None, Some(_), Ok(_)) => Some("succeeded".to_owned()),
        (None, None, _) => Some("the vector expects neither `ok` nor `error`".to_owned()),
    }
}

/// An error against `{"kind", "contains"?}`.
fn failure(expected: &Data, error: &Error) -> Option<String> {
    let kind = expected.get("kind").and_then(Data::as_text).unwrap_or_default();
    if !raised::is(error, kind) {
        return Some(format!("the error is {}, not {kind}: {error}", raised::name(error)));
    }
    let Some(Data::List(parts)) = expected.get("contains") else { return None };
    let text = error.to_string();
    let missing = parts.iter().filter_map(Data::as_text).find(|part| !text.contains(part));
    missing.map(|part| format!("the error does not mention {part:?}: {text}"))
}

fn value(expected: &Data, got: &Data, at: &str) -> Option<String> {
    match (expected, got) {
        (Data::Text(any), _) if any == "<auto-id>" => None,
        (expected, Data::Error(error)) => {
            let error = failure(expected.get("$error").unwrap_or(expected), error);
            error.map(|why| format!("{at}: {why}"))
        }
        (Data::Number(expected), Data::Number(got)) => {
            let same = expected == got || expected.as_f64() == got.as_f64();
            (!same).then(|| format!("{at}: {got} instead of {expected}"))
        }
        (Data::List(expected), Data::List(got)) => list(expected, got, at),
        (Data::Record(expected), Data::Record(got)) => {
            if let Some(name) = got.names().find(|name| !expected.contains(name)) {
                return Some(format!("{at}.{name} should not be there"));
            }
            expected.iter().find_map(|(name, expected)| match got.get(name) {
                Some(got) => value(expected, got, &format!("{at}.{name}")),
                None => Some(format!("{at}.{name} is missing")),
            })
        }
        (expected, got) => (expected != got).then(|| format!("{at}: {got:?} instead of {expected:?}")),
    }
}

fn list(expected: &[Data], got: &[Data], at: &str) -> Option<String> {
    let different = expected.iter().zip(got).enumerate();
    let different = different
        .filter_map(|(index, (expected, got))| value(expected, got, &format!("{at}[{index}]")))
        .next();
    different.or_else(|| {
        let (expected, got) = (expected.len(), got.len());
        (expected != got).then(|| format!("{at}: {got} elements instead of {expected}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(expected: serde_json::Value, got: Data, why: Option<&str>) {
        let expected = Data::from(json!({ "ok": expected }));
        assert_eq!(difference(&expected, &Ok(got)).as_deref(), why);
    }

    #[test]
    fn values() {
        check(json!({"a": 1, "b": [2.0]}), json!({"b": [2], "a": 1}).into(), None);
        check(json!("<auto-id>"), "anything".into(), None);
        check(json!([1, 2]), json!([1]).into(), Some("result: 1 elements instead of 2"));
        check(json!({"a": 1}), json!({}).into(), Some("result.a is missing"));
        check(json!({}), json!({"a": 1}).into(), Some("result.a should not be there"));
        check(json!([true]), json!([1]).into(), Some("result[0]: 1 instead of true"));
        check(json!({"$error": {"kind": "type_error"}}), Data::Error(raised::raise("type_error", "")), None);
    }

    #[test]
    fn errors() {
        let expected = Data::from(json!({"error": {"kind": "value_error", "contains": ["zzz"]}}));
        let check = |message: &str| difference(&expected, &Err(raised::raise("value_error", message)));
        assert_eq!(check("no zzz"), None);
        assert!(check("no").is_some());
        assert!(difference(&expected, &Ok(Data::Null)).is_some());
    }
}
