//! Merging of the JSON values in messages: LangChain's rules, and a lenient variant of them for streams.

use serde_json::{Map, Number, Value};

use super::{Content, ContentBlock};
use crate::{Error, ErrorKind, Result};

/// The treatment of values that cannot be merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// Integers are summed; conflicting values are an error.
    Strict,
    /// The last value is kept: the end of a stream is too late to report an error in its middle.
    Lenient,
}

/// Merges objects from left to right: texts are concatenated, integers summed, objects and lists merged; `null` is
/// replaced by any value. Members named `index`, `created` and `timestamp` keep the last number.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] naming the member whose values have different types or conflict.
///
/// # Example
/// ```
/// use catena_core::merge_dicts;
/// use serde_json::{json, Map, Value};
/// let dict = |value: Value| value.as_object().cloned().unwrap_or_default();
/// let merged = merge_dicts([dict(json!({"a": "x", "n": 1})), dict(json!({"a": "y", "n": 2}))])?;
/// assert_eq!(Value::Object(merged), json!({"a": "xy", "n": 3}));
/// assert!(merge_dicts([dict(json!({"b": true})), dict(json!({"b": false}))]).is_err());
/// # Ok::<(), catena_core::Error>(())
/// ```
pub fn merge_dicts(dicts: impl IntoIterator<Item = Map<String, Value>>) -> Result<Map<String, Value>> {
    let mut dicts = dicts.into_iter();
    let mut merged = dicts.next().unwrap_or_default();
    for next in dicts {
        merge_members(&mut merged, next, Rule::Strict)?;
    }
    Ok(merged)
}

/// Merges lists: objects with the same `index` are merged, all other elements are appended. `None` if there is no list.
///
/// # Errors
/// Those of [`merge_dicts`].
///
/// # Example
/// ```
/// use catena_core::merge_lists;
/// use serde_json::json;
/// let piece = |text| Some(vec![json!({"index": 0, "text": text})]);
/// assert_eq!(merge_lists([piece("a"), None, piece("b")])?, piece("ab"));
/// # Ok::<(), catena_core::Error>(())
/// ```
pub fn merge_lists(lists: impl IntoIterator<Item = Option<Vec<Value>>>) -> Result<Option<Vec<Value>>> {
    let mut lists = lists.into_iter().flatten();
    let Some(mut merged) = lists.next() else { return Ok(None) };
    for next in lists {
        merge_items(&mut merged, next, Rule::Strict)?;
    }
    Ok(Some(merged))
}

/// Merges contents from left to right as LangChain does: a text before a list becomes a separate element; a text after
/// a list is appended to a text at its end.
///
/// Streams merge contents as [chunks](crate::Chunk) instead. That always joins adjacent texts, so the result does not
/// depend on how chunks are grouped.
///
/// # Errors
/// Those of [`merge_dicts`].
///
/// # Example
/// ```
/// use catena_core::{merge_content, Content, ContentBlock};
/// let merged = merge_content(["a".into(), Content::from(vec![ContentBlock::plain("b")]), "c".into()])?;
/// assert_eq!(merged, Content::from(vec![ContentBlock::plain("a"), ContentBlock::plain("bc")]));
/// # Ok::<(), catena_core::Error>(())
/// ```
pub fn merge_content(contents: impl IntoIterator<Item = Content>) -> Result<Content> {
    let mut contents = contents.into_iter();
    let mut merged = contents.next().unwrap_or_default();
    for next in contents {
        merged = add_content(merged, next)?;
    }
    Ok(merged)
}

fn add_content(merged: Content, next: Content) -> Result<Content> {
    Ok(match (merged, next) {
        (Content::Text(text), Content::Text(next)) => Content::Text(text + &next),
        (Content::Text(text), Content::Blocks(next)) => {
            std::iter::once(ContentBlock::Plain(text)).chain(next).collect::<Vec<_>>().into()
        }
        (Content::Blocks(blocks), Content::Blocks(next)) => {
            let mut values = blocks.into_iter().map(Value::from).collect();
            merge_items(&mut values, next.into_iter().map(Value::from).collect(), Rule::Strict)?;
            values.into_iter().filter_map(ContentBlock::from_value).collect::<Vec<_>>().into()
        }
        (Content::Blocks(mut blocks), Content::Text(next)) => {
            // LangChain drops a text that is added to an empty list.
            if !next.is_empty() {
                blocks.push(ContentBlock::Plain(next));
            }
            Content::Blocks(blocks)
        }
    })
}

/// Merges the members of `next`.
pub(super) fn merge_members(
    members: &mut Map<String, Value>,
    next: Map<String, Value>,
    rule: Rule,
) -> Result<()> {
    for (name, value) in next {
        match members.get_mut(&name) {
            Some(present) if !present.is_null() => merge_member(&name, present, value, rule)?,
            _ => {
                members.insert(name, value);
            }
        }
    }
    Ok(())
}

/// Merges the members of `next` as chunks of a stream.
pub(super) fn merge_lenient(members: &mut Map<String, Value>, next: Map<String, Value>) {
    // The lenient rule never fails.
    let _ = merge_members(members, next, Rule::Lenient);
}

fn merge_member(name: &str, present: &mut Value, next: Value, rule: Rule) -> Result<()> {
    match (&mut *present, next) {
        (_, Value::Null) => {}
        (Value::String(text), Value::String(next)) => match name {
            "index" if text.starts_with("lc_") => {}
            "id" | "output_version" | "model_provider" if *text == next => {}
            "type" | "role" | "id" if rule == Rule::Lenient => *text = next,
            _ => text.push_str(&next),
        },
        (Value::Object(members), Value::Object(next)) => merge_members(members, next, rule)?,
        (Value::Array(items), Value::Array(next)) => merge_items(items, next, rule)?,
        (present, next) if *present == next => {}
        (Value::Number(number), Value::Number(next))
            if rule == Rule::Strict && both_integers(number, &next) =>
        {
            *number =
                if matches!(name, "index" | "created" | "timestamp") { next } else { sum(number, &next) };
        }
        (present, next) if rule == Rule::Lenient => *present = next,
        (present, next) => return Err(clash(name, present, &next)),
    }
    Ok(())
}

/// Merges the items of `next`: objects into those with the same index, unless their ids differ.
pub(super) fn merge_items(items: &mut Vec<Value>, next: Vec<Value>, rule: Rule) -> Result<()> {
    for item in next {
        let open = match item.as_object() {
            Some(piece) if index(piece).is_some() => {
                items.iter_mut().find_map(|open| open.as_object_mut().filter(|open| continues(open, piece)))
            }
            _ => None,
        };
        match (open, item) {
            (Some(open), Value::Object(piece)) => merge_piece(open, piece, rule)?,
            (_, item) => items.push(item),
        }
    }
    Ok(())
}

/// Returns the `index` by which a chunk of a block is matched, if it has one.
pub(super) fn index(block: &Map<String, Value>) -> Option<&Value> {
    block.get("index").filter(|index| match index {
        Value::Number(number) => !number.is_f64(),
        Value::String(text) => text.starts_with("lc_"),
        _ => false,
    })
}

/// Returns whether the chunk has the index of the open block and no different id.
pub(super) fn continues(open: &Map<String, Value>, piece: &Map<String, Value>) -> bool {
    let id = |block: &Map<String, Value>| {
        block.get("id").filter(|id| !id.is_null() && id.as_str() != Some("")).cloned()
    };
    open.get("index") == piece.get("index")
        && match (id(open), id(piece)) {
            (Some(open), Some(piece)) => open == piece,
            _ => true,
        }
}

/// Merges a chunk into the block that it continues. The block keeps its type; a chunk of a non-standard type
/// contributes only extras.
pub(super) fn merge_piece(
    open: &mut Map<String, Value>,
    mut piece: Map<String, Value>,
    rule: Rule,
) -> Result<()> {
    let non_standard =
        piece.get("type").is_some_and(|kind| kind == "non_standard") && piece.contains_key("value");
    let open_type = open.get("type").and_then(Value::as_str);
    if let Some(open_type) = open_type
        && non_standard
    {
        let mut value = piece.remove("value").unwrap_or_default();
        if let Value::Object(value) = &mut value {
            value.remove("type");
        }
        let name = if open_type == "non_standard" { "value" } else { "extras" };
        piece = Map::from_iter([(name.to_owned(), value)]);
    }
    piece.remove("type");
    merge_members(open, piece, rule)
}

fn both_integers(a: &Number, b: &Number) -> bool {
    !a.is_f64() && !b.is_f64()
}

fn sum(a: &Number, b: &Number) -> Number {
    let exact = match (a.as_i64(), b.as_i64(), a.as_u64(), b.as_u64()) {
        (Some(a), Some(b), ..) => a.checked_add(b).map(Number::from),
        (_, _, Some(a), Some(b)) => a.checked_add(b).map(Number::from),
        _ => None,
    };
    let float = || Number::from_f64(a.as_f64()? + b.as_f64()?);
    exact.or_else(float).unwrap_or_else(|| b.clone())
}

fn clash(name: &str, present: &Value, next: &Value) -> Error {
    let message = format!(
        "cannot merge `{name:.100}`: {} and {}; set it only once, or to the same value",
        kind(present),
        kind(next)
    );
    Error::new(ErrorKind::InvalidInput, message)
}

fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::String(_) => "a string".to_owned(),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(values: &[Value], expected: Result<Value, &str>) {
        let dicts = values.iter().map(|value| value.as_object().cloned().expect("an object"));
        match (merge_dicts(dicts), expected) {
            (Ok(merged), Ok(expected)) => assert_eq!(Value::Object(merged), expected),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (merged, expected) => panic!("{merged:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn mappings_add_up() {
        check(
            &[json!({"a": "x", "n": 1, "m": {"k": "p"}}), json!({"a": "y", "n": 2, "m": {"k": "q", "z": 1}})],
            Ok(json!({"a": "xy", "n": 3, "m": {"k": "pq", "z": 1}})),
        );
        check(
            &[json!({"index": "lc_1", "id": "a"}), json!({"index": "lc_2", "id": "a"})],
            Ok(json!({"index": "lc_1", "id": "a"})),
        );
        check(
            &[json!({"index": 1, "created": 5}), json!({"index": 2, "created": 6})],
            Ok(json!({"index": 2, "created": 6})),
        );
        check(&[json!({"a": null, "b": 1}), json!({"a": 1, "b": null})], Ok(json!({"a": 1, "b": 1})));
        check(
            &[json!({"b": true, "f": 1.5}), json!({"b": true, "f": 1.5})],
            Ok(json!({"b": true, "f": 1.5})),
        );
        check(&[json!({"b": true}), json!({"b": false})], Err("`b`"));
        check(&[json!({"f": 1.5}), json!({"f": 2.5})], Err("`f`"));
        check(&[json!({"a": "x"}), json!({"a": 1})], Err("`a`"));
    }

    #[test]
    fn pieces_of_blocks_go_where_their_index_says() {
        let merge = |pieces: Value| {
            let lists = pieces.as_array().cloned().expect("lists");
            Value::from(merge_lists(lists.into_iter().map(|list| list.as_array().cloned())).expect("merged"))
        };
        assert_eq!(
            merge(json!([
                [{"type": "text", "text": "a", "index": 0}],
                [{"type": "tool", "index": 1, "id": "x"}, {"type": "text", "text": "b", "index": 0}],
                [{"index": 1, "id": "y"}],
            ])),
            json!([
                {"type": "text", "text": "ab", "index": 0}, {"type": "tool", "index": 1, "id": "x"}, {"index": 1, "id": "y"},
            ])
        );
        assert_eq!(
            merge(json!([
                [{"type": "text", "text": "a", "index": 0}],
                [{"type": "non_standard", "value": {"type": "z", "signature": "s"}, "index": 0}],
            ])),
            json!([{"type": "text", "text": "a", "index": 0, "extras": {"signature": "s"}}])
        );
        assert_eq!(merge(json!([null, [1], null, [2]])), json!([1, 2]));
        assert_eq!(merge(json!([null])), Value::Null);
    }
}
