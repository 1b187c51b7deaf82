//! JSON Schemas in the forms that services accept.

use std::collections::HashSet;

use serde_json::{Map, Value};

/// The maximum number of references inlined: definitions that use each other can make a schema exponentially larger.
const MAX_SIZE: usize = 1000;

/// Keywords that hold schemas by name.
const NAMED: [&str; 4] = ["properties", "$defs", "definitions", "patternProperties"];
/// Keywords that hold lists of schemas.
const LISTS: [&str; 4] = ["anyOf", "oneOf", "allOf", "prefixItems"];
/// Keywords that hold one schema.
const SINGLE: [&str; 3] = ["items", "additionalProperties", "not"];

/// Calls `change` on every direct subschema of a schema.
fn for_each_within(members: &mut Map<String, Value>, mut change: impl FnMut(&mut Value)) {
    for (name, value) in members.iter_mut() {
        match value {
            Value::Object(schemas) if NAMED.contains(&name.as_str()) => {
                schemas.values_mut().for_each(&mut change);
            }
            Value::Array(schemas) if LISTS.contains(&name.as_str()) || name == "items" => {
                schemas.iter_mut().for_each(&mut change);
            }
            Value::Object(_) if SINGLE.contains(&name.as_str()) => change(value),
            _ => {}
        }
    }
}

fn is_object(members: &Map<String, Value>) -> bool {
    members.contains_key("properties")
        || members.get("type").is_some_and(|kind| {
            kind == "object" || kind.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "object"))
        })
}

/// Closes every object of a schema and makes all its properties required, as LangChain does for the strict mode of
/// services: optional properties are those that may be null.
pub(crate) fn close_objects(schema: &mut Value) {
    let Value::Object(members) = schema else { return };
    if members.get("properties").and_then(Value::as_object).is_some_and(|properties| !properties.is_empty()) {
        require_all(members);
    }
    if is_object(members) || members.contains_key("additionalProperties") {
        members.insert("additionalProperties".to_owned(), false.into());
    }
    for_each_within(members, close_objects);
}

/// Converts a schema to the form that OpenAI's strict mode requires.
///
/// Objects are closed and all their properties required, defaults of `null` are dropped, references with sibling
/// keywords are inlined, a single `allOf` is replaced by its content, and `oneOf` becomes `anyOf`. Formats specific to
/// Rust, such as `uint8`, are dropped from numbers; their bounds are kept.
///
/// # Example
/// ```
/// use catena_core::strict_json_schema;
/// use serde_json::json;
/// let schema = json!({"type": "object", "properties": {"zip": {"type": ["string", "null"], "default": null}}});
/// let strict = json!({"type": "object", "properties": {"zip": {"type": ["string", "null"]}}, "required": ["zip"],
///     "additionalProperties": false});
/// assert_eq!(strict_json_schema(schema), strict);
/// ```
#[must_use]
pub fn strict_json_schema(mut schema: Value) -> Value {
    let root = schema.clone();
    make_strict(&mut schema, &root, &mut { MAX_SIZE });
    schema
}

/// `budget` is the number of references that may still be inlined.
fn make_strict(schema: &mut Value, root: &Value, budget: &mut usize) {
    let Value::Object(members) = schema else { return };
    while *budget > 0 && put_in_parts(members, root) {
        *budget -= 1;
    }
    require_all(members);
    if is_object(members) {
        members.entry("additionalProperties").or_insert(false.into());
    }
    drop_null_default(members);
    if !members.contains_key("anyOf")
        && let Some(choices) = members.remove("oneOf")
    {
        members.insert("anyOf".to_owned(), choices);
    }
    drop_number_format(members);
    for_each_within(members, |within| make_strict(within, root, budget));
}

/// Makes all properties required; those that already were come first, in their order.
fn require_all(members: &mut Map<String, Value>) {
    let Some(Value::Object(properties)) = members.get("properties") else { return };
    let required = members.get("required").and_then(Value::as_array);
    let mut all: Vec<Value> = required.into_iter().flatten().cloned().collect();
    let present: HashSet<&str> = required.into_iter().flatten().filter_map(Value::as_str).collect();
    all.extend(properties.keys().filter(|name| !present.contains(name.as_str())).cloned().map(Value::from));
    members.insert("required".to_owned(), all.into());
}

/// Inlines a reference with sibling keywords, or a single `allOf`. Returns `false` if there is neither.
fn put_in_parts(members: &mut Map<String, Value>, root: &Value) -> bool {
    let part = match target(members, root) {
        Some(Value::Object(target)) if members.len() > 1 => {
            members.remove("$ref");
            target.clone()
        }
        _ => match members.get_mut("allOf") {
            Some(Value::Array(parts)) if parts.len() == 1 && parts[0].is_object() => {
                let Some(Value::Object(part)) = parts.pop() else { return false };
                members.remove("allOf");
                part
            }
            _ => return false,
        },
    };
    for (name, value) in part {
        members.entry(name).or_insert(value);
    }
    true
}

/// Resolves a reference within `root`.
fn target<'r>(members: &Map<String, Value>, root: &'r Value) -> Option<&'r Value> {
    root.pointer(members.get("$ref")?.as_str()?.strip_prefix('#')?)
}

fn drop_null_default(members: &mut Map<String, Value>) {
    if members.get("default").is_some_and(Value::is_null) {
        members.remove("default");
    }
}

fn drop_number_format(members: &mut Map<String, Value>) {
    let is_number = |kind: &Value| kind == "integer" || kind == "number";
    let number = members.get("type").is_some_and(|kind| {
        is_number(kind) || kind.as_array().is_some_and(|kinds| kinds.iter().any(is_number))
    });
    if number {
        members.remove("format");
    }
}

/// Returns the schema with all references inlined and without definitions.
///
/// A schema that refers to itself, or that needs 1000 or more references inlined, is returned unchanged, with its
/// definitions.
///
/// # Example
/// ```
/// use catena_core::dereference_refs;
/// use serde_json::json;
/// let schema = json!({"properties": {"home": {"$ref": "#/$defs/City"}}, "$defs": {"City": {"type": "string"}}});
/// assert_eq!(dereference_refs(&schema), json!({"properties": {"home": {"type": "string"}}}));
/// ```
#[must_use]
pub fn dereference_refs(schema: &Value) -> Value {
    let mut inlining = Inlining { root: schema, open: Vec::new(), circular: false, budget: MAX_SIZE };
    let mut whole = schema.clone();
    for name in ["$defs", "definitions"] {
        if let Value::Object(members) = &mut whole {
            members.remove(name);
        }
    }
    inlining.put_in(&mut whole);
    // A schema that would grow without bound is better left as it is.
    if inlining.circular || inlining.budget == 0 { schema.clone() } else { whole }
}

struct Inlining<'s> {
    root: &'s Value,
    /// The references being inlined around the current schema.
    open: Vec<String>,
    circular: bool,
    budget: usize,
}

impl Inlining<'_> {
    fn put_in(&mut self, schema: &mut Value) {
        let Value::Object(members) = schema else { return };
        if self.circular || self.budget == 0 {
            return;
        }
        let Some(Value::Object(target)) = target(members, self.root) else {
            return for_each_within(members, |within| self.put_in(within));
        };
        let Some(Value::String(reference)) = members.remove("$ref") else { return };
        if self.open.contains(&reference) {
            self.circular = true;
            return;
        }
        self.budget -= 1;
        for (name, value) in target {
            members.entry(name.clone()).or_insert_with(|| value.clone());
        }
        self.open.push(reference);
        self.put_in(schema);
        self.open.pop();
    }
}

/// Converts the schema of a type to that of a tool's arguments: references are inlined where possible, and titles and
/// formats specific to Rust are dropped. So are defaults of null, which only state that null is accepted and which
/// strict services reject.
pub(crate) fn parameters(schema: Value) -> Value {
    let mut schema = dereference_refs(&schema);
    untitle(&mut schema);
    schema
}

fn untitle(schema: &mut Value) {
    let Value::Object(members) = schema else { return };
    if members.get("title").is_some_and(Value::is_string) {
        members.remove("title");
    }
    drop_null_default(members);
    drop_number_format(members);
    for_each_within(members, untitle);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn objects_are_closed_and_complete_at_every_level() {
        let text = json!({"type": "string"});
        let mut schema = json!({"type": "object", "required": ["type"], "properties": {
            "type": text, "list": {"type": "array", "items": {"properties": {}}},
            "map": {"additionalProperties": text}, "inner": {"$ref": "#/$defs/Inner"},
            "either": {"anyOf": [{"type": ["object", "null"]}, text]}},
            "$defs": {"Inner": {"type": "object", "properties": {"b": text, "a": text}, "required": ["b"]}}});
        close_objects(&mut schema);
        assert_eq!(
            schema,
            json!({"type": "object", "additionalProperties": false, "properties": {
                "type": text,
                "list": {"type": "array", "items": {"properties": {}, "additionalProperties": false}},
                "map": {"additionalProperties": false}, "inner": {"$ref": "#/$defs/Inner"},
                "either": {"anyOf": [{"type": ["object", "null"], "additionalProperties": false}, text]}},
                "required": ["type", "either", "inner", "list", "map"],
                "$defs": {"Inner": {"type": "object", "properties": {"b": text, "a": text}, "required": ["b", "a"],
                    "additionalProperties": false}}})
        );
    }

    #[track_caller]
    fn check_strict(schema: Value, expected: Value) {
        assert_eq!(strict_json_schema(schema), expected);
    }

    #[test]
    fn strict_schemas_leave_nothing_open() {
        let closed = |properties: Value, required: Value| {
            json!({"type": "object", "properties": properties, "required": required,
                "additionalProperties": false})
        };
        let text = json!({"type": "string"});
        check_strict(
            json!({"type": "object", "properties": {"a": text, "b": {"type": "integer", "default": null}},
                "required": ["a"]}),
            closed(json!({"a": text, "b": {"type": "integer"}}), json!(["a", "b"])),
        );
        let open = json!({"type": "object", "properties": {"a": text, "b": text, "c": text}, "required": ["c", "b"]});
        check_strict(open, closed(json!({"a": text, "b": text, "c": text}), json!(["c", "b", "a"])));
        // A property called `default`, `title` or `$ref` is a property.
        check_strict(
            json!({"type": "object", "properties": {"default": text, "$ref": text}}),
            closed(json!({"default": text, "$ref": text}), json!(["$ref", "default"])),
        );
        check_strict(json!({"oneOf": [text, {"type": "null"}]}), json!({"anyOf": [text, {"type": "null"}]}));
        check_strict(
            json!({"allOf": [text], "description": "d"}),
            json!({"type": "string", "description": "d"}),
        );
        check_strict(
            json!({"type": "integer", "format": "uint8", "minimum": 0}),
            json!({"type": "integer", "minimum": 0}),
        );
        check_strict(
            json!({"items": {"$ref": "#/$defs/A", "description": "x"}, "$defs": {"A": {"type": "string"}}}),
            json!({"items": {"type": "string", "description": "x"}, "$defs": {"A": {"type": "string"}}}),
        );
        let plain = json!({"items": {"$ref": "#/$defs/A"}, "$defs": {"A": {"type": "string"}}});
        check_strict(plain.clone(), plain);
        check_strict(
            json!({"type": "object", "additionalProperties": text}),
            json!({"type": "object", "additionalProperties": text}),
        );
    }

    #[test]
    fn references_in_a_circle_end() {
        for schema in [
            json!({"$ref": "#", "description": "x"}),
            json!({"properties": {"next": {"$ref": "#/$defs/N", "description": "x"}},
                "$defs": {"N": {"properties": {"next": {"$ref": "#/$defs/N", "description": "y"}}}}}),
            json!({"allOf": [{"allOf": [{"$ref": "#"}]}]}),
        ] {
            let _ = strict_json_schema(schema.clone());
            assert_eq!(dereference_refs(&schema), schema);
        }
    }

    #[test]
    fn references_are_put_in_and_titles_go() {
        let schema = json!({"title": "T", "properties": {"title": {"title": "Title", "type": "string"},
            "a": {"$ref": "#/$defs/A", "description": "mine"}, "b": {"$ref": "#/$defs/A"}},
            "$defs": {"A": {"title": "A", "description": "theirs", "items": {"$ref": "#/$defs/B"}}, "B": {"enum": [1]}}});
        assert_eq!(
            parameters(schema),
            json!({"properties": {"title": {"type": "string"},
                "a": {"description": "mine", "items": {"enum": [1]}},
                "b": {"description": "theirs", "items": {"enum": [1]}}}})
        );
    }

    #[test]
    fn what_would_explode_is_left_as_it_is() {
        let mut definitions = Map::new();
        for level in 0..40 {
            let next = json!({"$ref": format!("#/$defs/L{}", level + 1)});
            definitions.insert(format!("L{level}"), json!({"properties": {"a": next, "b": next}}));
        }
        definitions.insert("L40".to_owned(), json!({"type": "string"}));
        let schema = json!({"properties": {"x": {"$ref": "#/$defs/L0"}}, "$defs": definitions});
        assert_eq!(dereference_refs(&schema), schema);
    }
}
