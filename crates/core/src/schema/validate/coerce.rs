//! Coercion of unambiguous scalars to the types required by a schema.

use std::borrow::Cow;

use serde_json::{Number, Value};

use super::resolve;
use super::walk::{MAX_DEPTH, Walk, is_a};

/// The words for true and false, in lower case.
const TRUE: [&str; 6] = ["true", "yes", "on", "1", "t", "y"];
const FALSE: [&str; 6] = ["false", "no", "off", "0", "f", "n"];

/// Coerces scalars to the types required by the schema, following pydantic's rules: a text becomes the number or
/// boolean it represents, 1 and 0 become booleans, booleans become numbers, and 1.0 becomes an integer. Nothing becomes
/// a text. Other values are unchanged and left to validation.
pub(crate) fn coerce(schema: &Value, value: &mut Value) {
    coerced(&mut Walk::new(schema), schema, value);
}

fn coerced<'s>(walk: &mut Walk<'s>, schema: &'s Value, value: &mut Value) {
    let schema = followed(walk, schema, value);
    match value {
        Value::Object(members) => {
            let (properties, others) = (schema.get("properties"), schema.get("additionalProperties"));
            for (name, member) in members {
                let known = properties.and_then(|properties| properties.get(name.as_str()));
                if let Some(schema) = known.or(others) {
                    coerced(walk, schema, member);
                }
            }
        }
        Value::Array(items) => {
            let (prefix, rest) = (schema.get("prefixItems"), schema.get("items"));
            for (index, item) in items.iter_mut().enumerate() {
                if let Some(schema) = prefix.and_then(|prefix| prefix.get(index)).or(rest) {
                    coerced(walk, schema, item);
                }
            }
        }
        scalar => {
            if let Some(meant) = as_asked(schema, scalar) {
                *scalar = meant;
            }
        }
    }
}

/// Resolves references and choices.
fn followed<'s>(walk: &mut Walk<'s>, mut schema: &'s Value, value: &Value) -> &'s Value {
    // References may be cyclic.
    for _ in 0..MAX_DEPTH {
        let only = schema.get("allOf").and_then(Value::as_array).filter(|parts| parts.len() == 1);
        let next = resolve(walk.root, schema)
            .or_else(|| only.and_then(|parts| parts.first()))
            .or_else(|| branch(walk, schema, value));
        match next {
            Some(next) => schema = next,
            None => break,
        }
    }
    schema
}

/// Returns the branch of a choice that the value matches as it is, otherwise the one that it can be coerced to.
fn branch<'s>(walk: &mut Walk<'s>, schema: &'s Value, value: &Value) -> Option<&'s Value> {
    let branches = schema.get("anyOf").or_else(|| schema.get("oneOf"))?.as_array()?;
    let root = walk.root;
    let fitting = branches.iter().find(|branch| walk.fits(branch, value));
    fitting.or_else(|| match value {
        Value::Object(_) | Value::Array(_) => walk.meant(branches, value),
        scalar => {
            let target = |branch: &'s Value| resolve(root, branch).unwrap_or(branch);
            branches.iter().find(|branch| as_asked(target(branch), scalar).is_some())
        }
    })
}

/// Coerces the scalar to one of the required types. `None` if it has one of them already, or cannot be coerced.
fn as_asked(schema: &Value, scalar: &Value) -> Option<Value> {
    // Fixed values are compared as they are.
    if schema.get("enum").is_some() || schema.get("const").is_some() {
        return None;
    }
    let types = schema.get("type")?;
    let types = types.as_array().map_or(std::slice::from_ref(types), Vec::as_slice);
    let mut types = types.iter().filter_map(Value::as_str);
    let is_float = scalar.as_number().is_some_and(Number::is_f64);
    if types.clone().any(|name| is_a(name, scalar) && !(is_float && name == "integer")) {
        return None;
    }
    types.find_map(|name| match name {
        "integer" => as_integer(scalar).map(Value::Number),
        "number" => as_number(scalar).map(Value::Number),
        "boolean" => as_boolean(scalar).map(Value::Bool),
        _ => None,
    })
}

fn as_integer(scalar: &Value) -> Option<Number> {
    match scalar {
        Value::Bool(value) => Some(u8::from(*value).into()),
        Value::Number(number) => {
            let whole = number.as_f64().filter(|number| number.fract() == 0.0)?;
            format!("{whole:.0}").parse::<i64>().ok().map(Number::from)
        }
        Value::String(text) => {
            let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
            let is_whole = !fraction.is_empty() && fraction.bytes().all(|digit| digit == b'0');
            let whole = ungrouped(whole).filter(|_| is_whole)?;
            let signed = whole.parse::<i64>().map(Number::from);
            signed.or_else(|_| whole.parse::<u64>().map(Number::from)).ok()
        }
        _ => None,
    }
}

fn as_number(scalar: &Value) -> Option<Number> {
    match scalar {
        Value::Bool(value) => Some(u8::from(*value).into()),
        Value::String(text) => Number::from_f64(ungrouped(text.trim())?.parse().ok()?),
        _ => None,
    }
}

fn as_boolean(scalar: &Value) -> Option<bool> {
    match scalar {
        Value::Number(number) => match number.as_f64()? {
            0.0 => Some(false),
            1.0 => Some(true),
            _ => None,
        },
        Value::String(text) => {
            let is_one_of = |words: [&str; 6]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
            if is_one_of(TRUE) { Some(true) } else { is_one_of(FALSE).then_some(false) }
        }
        _ => None,
    }
}

/// Removes the underscores between the digits of a number. `None` if there is one anywhere else.
fn ungrouped(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('_') {
        return Some(text.into());
    }
    let is_digit =
        |at: Option<usize>| at.and_then(|at| text.as_bytes().get(at)).is_some_and(u8::is_ascii_digit);
    let groups = |(at, _)| is_digit(usize::checked_sub(at, 1)) && is_digit(Some(at + 1));
    text.match_indices('_').all(groups).then(|| text.replace('_', "").into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(schema: Value, value: Value, expected: Value) {
        let mut coerced = value.clone();
        coerce(&schema, &mut coerced);
        assert_eq!(coerced, expected, "{value} as {schema}");
    }

    #[track_caller]
    fn stays(schema: Value, value: Value) {
        check(schema, value.clone(), value);
    }

    #[test]
    fn integers() {
        let schema = || json!({"type": "integer"});
        for text in ["7", " 7 ", "+7", "007", "7.0", "7.00", "\n7\t", "\u{a0}7"] {
            check(schema(), json!(text), json!(7));
        }
        check(schema(), json!("-1_000.0"), json!(-1000));
        check(schema(), json!("18446744073709551615"), json!(u64::MAX));
        check(schema(), json!(7.0), json!(7));
        check(schema(), json!(true), json!(1));
        for text in ["", "x", "1.5", "1.", ".0", "1e3", "0x5", "--1", "+ 1", "1__0", "_1", "1_", "1.0_0", "١"]
        {
            stays(schema(), json!(text));
        }
        for other in [json!(1.5), json!(1e20), json!(null), json!([1]), json!({})] {
            stays(schema(), other);
        }
    }

    #[test]
    fn numbers_and_truth_values() {
        let number = || json!({"type": "number"});
        check(number(), json!(" 1.5 "), json!(1.5));
        check(number(), json!("-1_0.5e1"), json!(-105.0));
        check(number(), json!("1."), json!(1.0));
        check(number(), json!(false), json!(0));
        for text in ["", "nan", "inf", "1e400", "1,5", "0x5", "1__0"] {
            stays(number(), json!(text));
        }
        stays(number(), json!(2));
        let truth = || json!({"type": "boolean"});
        for yes in [json!(1), json!(1.0), json!("1"), json!("YES"), json!("on"), json!("t"), json!("True")] {
            check(truth(), yes, json!(true));
        }
        for no in [json!(0), json!("n"), json!("oFf"), json!("false")] {
            check(truth(), no, json!(false));
        }
        for other in [json!(2), json!(" yes "), json!("1.0"), json!(""), json!(null)] {
            stays(truth(), other);
        }
    }

    #[test]
    fn nothing_becomes_a_text_or_a_fixed_value() {
        stays(json!({"type": "string"}), json!(5));
        stays(json!({"type": "integer", "enum": [1, 2]}), json!("1"));
        stays(json!({"const": 1}), json!("1"));
        stays(json!({"type": ["string", "integer"]}), json!("1"));
        stays(json!({}), json!("1"));
    }

    #[test]
    fn values_within_values() {
        let schema = json!({"$defs": {"N": {"type": "integer"}}, "properties": {
            "a": {"$ref": "#/$defs/N"},
            "b": {"items": {"allOf": [{"$ref": "#/$defs/N"}]}, "prefixItems": [{"type": "boolean"}]},
            "c": {"additionalProperties": {"type": "number"}},
            "d": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/N"}]},
            "e": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
            "f": {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "null"}]},
        }});
        check(
            schema,
            json!({"a": "1", "b": ["1", "1"], "c": {"x": "1"}, "d": "1", "e": "1", "f": ["1"], "g": "1"}),
            json!({"a": 1, "b": [true, 1], "c": {"x": 1.0}, "d": 1, "e": "1", "f": [1], "g": "1"}),
        );
        let circle = json!({"$defs": {"A": {"$ref": "#/$defs/A"}}, "$ref": "#/$defs/A"});
        stays(circle, json!("1"));
    }
}
