//! Tests of validation and of its error messages.

use serde_json::json;

use super::*;

#[track_caller]
fn check(schema: &Value, value: Value, expected: &[&str]) {
    let found: Vec<String> = violations(schema, &value).iter().map(ToString::to_string).collect();
    assert_eq!(found, expected, "{value}");
}

#[test]
fn types() {
    let a = |name: &str| json!({ "type": name });
    for (name, value) in [
        ("string", json!("x")),
        ("integer", json!(1)),
        ("integer", json!(-1.0)),
        ("number", json!(1.5)),
        ("boolean", json!(true)),
        ("array", json!([])),
        ("object", json!({})),
        ("null", json!(null)),
    ] {
        check(&a(name), value, &[]);
    }
    check(&a("integer"), json!(1.5), &["the value to be an integer, found 1.5"]);
    check(&a("string"), json!([1]), &["the value to be a string, found an array of length 1"]);
    check(&json!({"type": ["string", "null"]}), json!(1), &["the value to be a string or null, found 1"]);
    check(&json!(true), json!(1), &[]);
    check(&json!({"const": 1}), json!(1.0), &[]);
    check(&json!({"enum": ["a", "b"]}), json!("c"), &[r#"the value to be "a" or "b", found "c""#]);
}

#[test]
fn members_and_items() {
    let schema = json!({"type": "object", "required": ["name", "age"], "additionalProperties": false, "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer", "minimum": 0},
        "pets": {"type": "array", "items": {"$ref": "#/$defs/Pet"}},
    }, "$defs": {"Pet": {"type": "object", "properties": {"legs": {"type": "integer"}}}}});
    check(&schema, json!({"name": "A", "age": 1, "pets": [{"legs": 4}, {}]}), &[]);
    check(
        &schema,
        json!({"name": 5}),
        &["`age` (an integer of at least 0), which is missing", "`name` to be a string, found 5"],
    );
    check(
        &schema,
        json!({"name": "A", "age": 1, "pets": [{"legs": 4}, {"legs": "x"}], "z": 1}),
        &[r#"`pets[1].legs` to be an integer, found "x""#, "`z` to be absent, found 1"],
    );
    check(&schema, json!([]), &["the value to be an object with `name`, `age`, found an empty array"]);
    let pair = json!({"prefixItems": [{"type": "string"}], "items": {"type": "integer"}});
    check(&pair, json!(["a", 1, "b"]), &[r#"`[2]` to be an integer, found "b""#]);
}

#[test]
fn bounds() {
    let number = json!({"minimum": 1, "exclusiveMaximum": 10, "multipleOf": 0.5});
    check(&number, json!(9.5), &[]);
    check(&number, json!(10), &["the value to be less than 10, found 10"]);
    check(
        &number,
        json!(0.7),
        &["the value to be at least 1, found 0.7", "the value to be a multiple of 0.5, found 0.7"],
    );
    check(&json!({"maximum": u64::MAX}), json!(u64::MAX), &[]);
    check(
        &json!({"minimum": u64::MAX}),
        json!(u64::MAX - 1),
        &["the value to be at least 18446744073709551615, found 18446744073709551614"],
    );
    check(&json!({"multipleOf": 0}), json!(1), &[]);
    check(&json!({"multipleOf": 0.1}), json!(0.3), &[]);
    check(&json!({"minLength": 2, "maxLength": 3}), json!("äö"), &[]);
    check(
        &json!({"maxLength": 3}),
        json!("abcd"),
        &[r#"the value to be a string of at most 3 characters, found "abcd""#],
    );
    check(
        &json!({"minItems": 1}),
        json!([]),
        &["the value to be an array of at least 1 item, found an empty array"],
    );
    check(
        &json!({"uniqueItems": true}),
        json!([1, 1]),
        &["the value to be an array without duplicate items, found an array of length 2"],
    );
    assert!(violations(&json!({"minimum": 1}), &json!(0))[0].bound);
    assert!(!violations(&json!({"type": "string"}), &json!(0))[0].bound);
}

#[test]
fn choices_explain_the_branch_that_is_meant() {
    let optional = json!({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]});
    check(&optional, json!(null), &[]);
    check(&optional, json!(0), &["the value to be at least 1, found 0"]);
    check(&optional, json!("x"), &[r#"the value to be an integer of at least 1 or null, found "x""#]);
    let shape = |kind: &str, member: &str| {
        json!({"type": "object", "required": ["kind", member],
            "properties": {"kind": {"const": kind}, member: {"type": "number"}}})
    };
    let tagged = json!({"oneOf": [shape("circle", "radius"), shape("square", "side")]});
    check(&tagged, json!({"kind": "square", "side": 2}), &[]);
    check(&tagged, json!({"kind": "square", "side": "x"}), &[r#"`side` to be a number, found "x""#]);
    check(&tagged, json!({"kind": "square"}), &["`side` (a number), which is missing"]);
    check(&json!({"not": {"type": "null"}}), json!(null), &["the value to be anything but null, found null"]);
}

#[test]
fn the_tag_of_a_choice_selects_the_branch() {
    let branch = |tag: Value, more: Value| {
        let mut branch = json!({"type": "object", "required": ["kind"], "properties": {"v": {"const": 1}}});
        branch["properties"]["kind"] = tag;
        for (name, schema) in more.as_object().into_iter().flatten() {
            branch["properties"][name] = schema.clone();
            branch["required"].as_array_mut().unwrap().push(json!(name));
        }
        branch
    };
    let late = json!({"kind": "late"});
    let schema = json!({"type": "object", "required": ["status"], "properties": {"status": {"oneOf": [
        branch(json!({"type": "string", "const": "paid"}), json!({"on": {"type": "string"}})),
        branch(json!({"enum": ["open"]}), json!({})),
        {"$ref": "#/$defs/Overdue"},
        {"type": "object", "required": ["kind"], "properties": {"kind": {"const": 4}}, "$ref": "#/$defs/Sum"},
        {"type": "null"},
    ]}}, "$defs": {
        "Overdue": branch(json!({"const": "overdue"}), json!({"days": {"type": "integer"}})),
        "Sum": {"type": "object", "required": ["sum"], "properties": {"v": {"const": 1}, "sum": {"type": "number"}}},
    }});
    let in_status = |value: &Value, expected: &[&str]| check(&schema, json!({"status": value}), expected);
    in_status(&json!({"kind": "open"}), &[]);
    in_status(&json!({"kind": 4.0, "sum": 1}), &[]);
    in_status(&late, &[r#"`status.kind` to be "paid", "open", "overdue" or 4, found "late""#]);
    in_status(
        &json!({"kind": ["paid"], "on": "x"}),
        &[r#"`status.kind` to be "paid", "open", "overdue" or 4, found an array of length 1"#],
    );
    in_status(&json!({"on": "x"}), &[r#"`status.kind` ("paid", "open", "overdue" or 4), which is missing"#]);
    in_status(&json!({"kind": "overdue", "days": "x"}), &[r#"`status.days` to be an integer, found "x""#]);
    in_status(&json!({"kind": "overdue", "on": "x"}), &["`status.days` (an integer), which is missing"]);
    in_status(&json!({"kind": "open", "v": 2}), &["`status.v` to be 1, found 2"]);
    in_status(&json!({"kind": 4, "sum": "x"}), &[r#"`status.sum` to be a number, found "x""#]);
    in_status(
        &json!("late"),
        &[r#"`status` to be an object with `kind` ("paid", "open", "overdue" or 4) or null, found "late""#],
    );
    check(
        &schema,
        json!({}),
        &[r#"`status` (an object with `kind` ("paid", "open", "overdue" or 4) or null), which is missing"#],
    );
}

#[test]
fn choices_without_a_tag_are_described() {
    let of = |first: Value, second: Value| {
        let a = json!({"type": "object", "required": ["a"], "properties": {"kind": first, "a": {}}});
        let b = json!({"type": "object", "required": ["b"], "properties": {"kind": second, "b": {}}});
        json!({"anyOf": [a, b]})
    };
    let untold = "the value to be an object with `a` or an object with `b`, found an object with `kind`";
    // The values are not fixed, or not different.
    check(
        &of(json!({"const": 1}), json!({"type": "string"})),
        json!({"kind": 2}),
        &["`b` (something else), which is missing", "`kind` to be a string, found 2"],
    );
    check(&of(json!({"const": 1}), json!({"const": 1})), json!({"kind": 2}), &[untold]);
    // A tag that may be missing is reported only if it is wrong.
    let optional = of(json!({"const": 1}), json!({"const": 2}));
    check(&optional, json!({"kind": 3}), &["`kind` to be 1 or 2, found 3"]);
    check(
        &optional,
        json!({"c": 1}),
        &["the value to be an object with `a` or an object with `b`, found an object with `c`"],
    );
    let circle = json!({"$ref": "#/$defs/A"});
    let circles = json!({"anyOf": [circle, circle], "$defs": {"A": {"$ref": "#/$defs/A"}}});
    assert_eq!(violations(&circles, &json!({})).len(), 1);
}

#[test]
fn schemas_and_values_that_nest_take_no_more_time_than_their_size() {
    let tree = json!({"$ref": "#/$defs/Tree", "$defs": {"Tree": {"anyOf": [
        {"type": "integer"},
        {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
        {"type": "array", "items": {"anyOf": [{"$ref": "#/$defs/Tree"}, {"type": "null"}]}},
    ]}}});
    let mut value = json!("x");
    for _ in 0..100 {
        value = json!([value]);
    }
    assert_eq!(violations(&tree, &value).len(), 1);
    let circle = json!({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}});
    assert_eq!(violations(&circle, &json!(1)).len(), 1);
    let many = json!({"items": {"type": "string"}});
    assert_eq!(violations(&many, &json!(vec![1; 1000])).len(), 8);
}

#[test]
fn values_are_completed() {
    let schema = json!({"properties": {
        "a": {"default": 1},
        "b": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/B"}]},
        "c": {"type": "array", "items": {"$ref": "#/$defs/B"}},
        "d": {"additionalProperties": {"$ref": "#/$defs/B"}},
    }, "$defs": {"B": {"type": "object", "properties": {"x": {"default": null}}}}});
    let value = json!({"b": {"y": 1}, "c": [{}, {"x": 2}], "d": {"k": {}}, "z": 1});
    let whole = json!({"a": 1, "b": {"x": null}, "c": [{"x": null}, {"x": 2}], "d": {"k": {"x": null}}});
    assert_eq!(fill(&schema, value), whole);
    assert_eq!(fill(&json!({}), json!({"a": [1]})), json!({"a": [1]}));
}

#[test]
fn rules_that_are_not_checked_are_found() {
    let check = |schema: Value, expected: Option<&str>| {
        assert_eq!(unchecked(&schema).as_deref(), expected, "{schema}");
    };
    check(json!({"properties": {"pattern": {"type": "string"}}, "$defs": {"if": true}}), None);
    #[cfg(not(feature = "regex"))]
    check(json!({"items": {"pattern": "x"}}), Some("its keyword `pattern` requires the feature `regex`"));
    check(
        json!({"items": {"patternProperties": {}}}),
        Some("its keyword `patternProperties` is not supported"),
    );
    check(json!({"anyOf": [{"$ref": "#/x"}]}), Some("its `$ref` \"#/x\" cannot be resolved"));
    check(json!({"items": 5}), Some("5 is not a schema"));
    check(json!({"anyOf": {}}), Some("its `anyOf` is not an array"));
}

#[cfg(feature = "regex")]
#[test]
fn texts_match_their_patterns() {
    let schema = json!({"items": {"pattern": "^a.$"}});
    check(&schema, json!(["ab", "aé", 5]), &[]);
    let found = violations(&schema, &json!(["ab", "b"]));
    assert_eq!(found.len(), 1);
    assert!(format!("{:?}", found[0]).contains("a string that matches `^a.$`"), "{found:?}");
    assert_eq!(unchecked(&schema), None);
    assert!(
        unchecked(&json!({"pattern": "("}))
            .is_some_and(|why| why.contains("is not a valid regular expression"))
    );
    assert_eq!(unchecked(&json!({"pattern": 5})).as_deref(), Some("its `pattern` is not a string"));
}
