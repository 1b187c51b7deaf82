//! JSON as models write it, complete and in chunks.

use futures_executor::block_on;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use super::{JsonOutputParser, JsonPatch, JsonPatchOperation, parse_json_markdown, parse_partial_json};
use crate::{
    AiMessage, Chunk, Context, Data, ErrorKind, Json, PromptTemplate, Result, Runnable, RunnableExt,
};

fn shown(result: Result<Value>) -> String {
    result.map_or_else(|error| error.message().to_owned(), |value| value.to_string())
}

#[test]
fn partial_json() {
    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(shown(parse_partial_json(text, false)), expected, "{text}");
    }
    check(r#"{"a": [1, 2.5, true, null, "x"]}"#, r#"{"a":[1,2.5,true,null,"x"]}"#);
    check(r#" {"a": "hel"#, r#"{"a":"hel"}"#);
    check(r#"{"a": 1, "b"#, r#"{"a":1}"#);
    check(r#"{"a": 1,"#, r#"{"a":1}"#);
    check("[1, 2,", "[1,2]");
    check(r#"{"a": tru"#, "{}");
    check(r#"{"a": 12.5, "b": 12."#, r#"{"a":12.5,"b":12}"#);
    check("[-0, 1e", "[0,1]");
    check("[1, -", "[1]");
    check(r#"{"a": "x\"y\"#, r#"{"a":"x\"y"}"#);
    check(r#"{"a": "x\u00"#, "{}");
    check(r#"["\u00e9\ud83d\ude00", "\ud83d"#, r#"["é😀",""]"#);
    check(r#"["\ud83dx", "\ude00", "\ud83d"]"#, "[\"\u{fffd}x\",\"\u{fffd}\",\"\u{fffd}\"]");
    check("{\"a\": \"x\ny\t", r#"{"a":"x\ny\t"}"#);
    check(r#"{"a": "}{][", "b": [1"#, r#"{"a":"}{][","b":[1]}"#);
    check(r#"{"a": 1, "a": 2}"#, r#"{"a":2}"#);
    check(r#"{"a": 1} and more"#, r#"{"a":1}"#);
    check("42 is the answer", "42");
    check(r#"{"a": 1}}"#, "null");
    check("}", "null");
    check("[1}", "null");
    // Content of an open list or object that is not JSON is dropped, with everything opened after it.
    check(r#"[1, {"a": 2, b: "#, r#"[1,{"a":2}]"#);
    check(r#"[1, {"a": 2, b: 3}, 4"#, "[1]");
    check(r#"["a", "b\q", "c"#, r#"["a"]"#);
    check("[1, 1e999", "[1]");
}

#[test]
fn what_is_no_json() {
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let message = shown(parse_partial_json(text, true));
        let (what, _) = message
            .strip_prefix("invalid JSON output: ")
            .unwrap_or(&message)
            .split_once(" of:")
            .unwrap_or((message.strip_prefix("invalid JSON output: ").unwrap_or(&message), ""));
        assert_eq!(what, expected, "{text}");
    }
    check("  ", "expected a value, but the answer is empty");
    check("hello", "expected a value, found `h` at line 1, column 1");
    check("{'a': 1}", "expected a key in double quotes or `}`, found `'` at line 1, column 2");
    check("{\"é\": 1,\n \"b\" 2}", "expected `:`, found `2` at line 2, column 6");
    check("[1, 2,]", "expected a value, found `]` at line 1, column 7");
    check("[1 2]", "expected `,` or `]`, found `2` at line 1, column 4");
    check("[tru]", "expected `true`, `false` or `null`, found `]` at line 1, column 5");
    check("[1.]", "expected a digit, found `]` at line 1, column 4");
    check("[1e999]", "expected a number in the range of 64 bits, found `]` at line 1, column 7");
    check("[\"a\tb\"]", "expected an escaped control character, found `\\t` at line 1, column 4");
    check("-", "expected a digit, found the end of the input at line 1, column 2");
    check("\"\\u00", "expected the rest of a string, found the end of the input at line 1, column 6");
}

#[test]
fn fences() {
    #[track_caller]
    fn check(text: &str, expected: Value) {
        assert_eq!(parse_json_markdown(text).expect("JSON"), expected, "{text}");
    }
    check("```json\n{\"a\": 1}\n```", json!({"a": 1}));
    check("Here [1] you go:\n```\n{\"a\": 1}\n```\n```json\n2\n```", json!({"a": 1}));
    check("```json\n{\"a\": [1, \"x\n``", json!({"a": [1, "x"]}));
    check("```json{\"a\": 1}```", json!({"a": 1}));
    check(" {\"code\": \"```py\\nx\\n```\"} \n", json!({"code": "```py\nx\n```"}));
    assert!(parse_json_markdown("```python\nx = 1\n```").is_err());
}

fn transform(chunks: &[&str]) -> Vec<Result<Json>> {
    let answer = stream::iter(chunks.iter().map(|chunk| Ok(AiMessage::new(*chunk))).collect::<Vec<_>>());
    block_on(JsonOutputParser.transform(answer.boxed(), Context::default()).collect())
}

#[test]
fn a_stream_gives_each_change() {
    #[track_caller]
    fn check(chunks: &[&str], expected: &[&str]) {
        let given = transform(chunks).into_iter().map(|json| shown(json.map(Json::into_value)));
        assert_eq!(given.collect::<Vec<_>>(), expected, "{chunks:?}");
    }
    check(
        &["{\"title\": ", "\"Long", " road", "\", \"aut", "hor\": \"N", "obody\"", "}"],
        &[
            "{}",
            r#"{"title":"Long"}"#,
            r#"{"title":"Long road"}"#,
            r#"{"author":"N","title":"Long road"}"#,
            r#"{"author":"Nobody","title":"Long road"}"#,
        ],
    );
    check(&["```", "json\n", "{\"a\"", ": 1", "0}", "\n``", "`"], &["{}", r#"{"a":1}"#, r#"{"a":10}"#]);
    check(&["Sure", ":\n``", "`js", "on\n{\"a\":", " \"b", "\"}\n```", " bye"], &["{}", r#"{"a":"b"}"#]);
    check(&["{\"a\": 1", " ", ", ", "\"b\": 2", "}", " "], &[r#"{"a":1}"#, r#"{"a":1,"b":2}"#]);
    check(&["[tr", "ue, nu", "ll"], &["[]", "[true]", "[true,null]"]);
    check(&["[\"x\\", "n", "y\\u00", "e9\"]"], &[r#"["x"]"#, r#"["x\n"]"#, "[]", r#"["x\nyé"]"#]);
    check(&["[1", ".", "5", "0", "]"], &["[1]", "[1.5]"]);
    check(&["{\"a\": 1}", "}"], &[r#"{"a":1}"#]);
    check(&["null"], &["null"]);
    check(&[], &[]);
    check(
        &["[1", ", x", "]", ""],
        &["[1]", "invalid JSON output: expected a value, found `x` at line 1, column 5 of: [1, x]"],
    );
}

#[test]
fn a_call_gives_what_the_chunks_add_up_to() {
    let answers = [
        r#"{"a": [1, 2.50, {"b": "x\u00e9\ud83d\ude00 "}], "c": null, "a": tru"#,
        "Sure:\n```json\n[1, [\"a\", \"b\"], -1.5e3]\n```\nDone.",
        "[see] ```json {\"a\": 1}```",
        "\"text",
        "{\"a\": 1}} [",
        "[1, [2, bad], 3]",
        "no",
        "",
    ];
    for answer in answers {
        let called = block_on(JsonOutputParser.invoke(answer));
        for size in [1, 2, 3, 100] {
            let characters: Vec<char> = answer.chars().collect();
            let pieces: Vec<String> = characters.chunks(size).map(|piece| piece.iter().collect()).collect();
            let mut pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            pieces.push("");
            let folded = transform(&pieces).into_iter().reduce(|whole, next| {
                let (mut whole, next) = (whole?, next?);
                whole.merge(next);
                Ok(whole)
            });
            let (called, folded) = (called.clone(), folded.expect("something"));
            assert_eq!(shown(folded.map(Json::into_value)), shown(called.map(Json::into_value)), "{answer}");
        }
    }
}

/// Random bytes, mostly of JSON: nothing panics, and a prefix is read as the stream reads it.
#[test]
fn any_text_is_read_alike_whole_and_in_pieces() {
    let alphabet = [
        "{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\\", "\\u0", "1", "-", ".", "e", "tru", "e", "null",
        " ", "é", "`",
    ];
    let mut seed = 1_u64;
    let mut next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        alphabet[(seed >> 33) as usize % alphabet.len()]
    };
    for _ in 0..3_000 {
        let pieces: Vec<&str> = (0..12).map(|_| next()).collect();
        let whole = block_on(JsonOutputParser.invoke(pieces.concat()));
        let last = transform(&pieces).pop().expect("something");
        assert_eq!(shown(last.map(Json::into_value)), shown(whole.map(Json::into_value)), "{pieces:?}");

        let whole = block_on(JsonOutputParser.diff().invoke(pieces.concat()));
        let mut document = Value::Null;
        let patched = patches(&pieces).into_iter().try_for_each(|patch| patch?.apply(&mut document));
        let patched = patched.map(|()| document);
        let whole = whole.and_then(|patch| {
            let mut document = Value::Null;
            patch.apply(&mut document).map(|()| document)
        });
        assert_eq!(shown(patched), shown(whole), "{pieces:?}");
    }
}

fn patches(chunks: &[&str]) -> Vec<Result<JsonPatch>> {
    let answer = stream::iter(chunks.iter().map(|chunk| Ok(AiMessage::new(*chunk))).collect::<Vec<_>>());
    block_on(JsonOutputParser.diff().transform(answer.boxed(), Context::default()).collect())
}

#[test]
fn changes_as_patches() {
    #[track_caller]
    fn check(chunks: &[&str], expected: Value) {
        let patches: Vec<JsonPatch> = patches(chunks).into_iter().collect::<Result<_>>().expect("patches");
        let shown = patches.iter().map(|patch| {
            let operations = patch.operations().iter().map(|operation| match operation {
                JsonPatchOperation::Add { path, value } => json!([path, value]),
                JsonPatchOperation::Replace { path, value } => json!(["=", path, value]),
            });
            operations.collect::<Value>()
        });
        assert_eq!(shown.collect::<Value>(), expected, "{chunks:?}");
        let added_up = patches.into_iter().reduce(|mut whole, next| {
            whole.merge(next);
            whole
        });
        let whole = block_on(JsonOutputParser.diff().invoke(chunks.concat())).expect("a patch");
        assert_eq!(added_up, Some(whole), "{chunks:?}");
    }
    check(
        &["{\"a\": 1", ", \"b\": \"x", "y\"", ", \"c\": [1", ", 2]}"],
        json!([[["=", "", {"a": 1}]], [["/b", "x"]], [["=", "/b", "xy"]], [["/c", [1]]], [["/c/1", 2]]]),
    );
    check(
        &["[", "1", "2, {\"a/~\": {}, \"\\u00e9\": \"b", "c\"}, true", "]"],
        json!([
            [["=", "", []]],
            [["/0", 1]],
            [["=", "/0", 12], ["/1", {"a/~": {}, "é": "b"}]],
            [["=", "/1/é", "bc"], ["/2", true]],
        ]),
    );
    check(
        &["{\"a/~\": [{\"n\": 1", "}, {}], \"z\": 1, \"y\": null", "}"],
        json!([[["=", "", {"a/~": [{"n": 1}]}]], [["/z", 1], ["/y", null], ["/a~1~0/1", {}]]]),
    );
    // A string that ends within an escape is held back, not dropped; a value that has shrunk is emitted from scratch.
    check(&["[\"x\\u00", "e9\"", ", 1"], json!([[["=", "", ["x"]]], [["=", "/0", "xé"]], [["/1", 1]]]));
    check(&["[1, [2", ", bad", "], "], json!([[["=", "", [1, [2]]]], [["=", "", [1]]]]));
    check(&["\"a", "b"], json!([[["=", "", "a"]], [["=", "", "ab"]]]));
    // If a name is repeated within a chunk, its earlier value is discarded.
    check(&["{\"a\": \"x", "y\", \"a\": 1}"], json!([[["=", "", {"a": "x"}]], [["/a", 1]]]));
    check(
        &["{\"a\": [[1", ", 2], 3], \"ab\": 4, \"a\": []}"],
        json!([[["=", "", {"a": [[1]]}]], [["/ab", 4], ["/a", []]]]),
    );
}

#[test]
fn a_patch_that_does_not_fit_is_an_error() {
    let patch = |path: &str| {
        let operations = vec![JsonPatchOperation::Add { path: path.to_owned(), value: json!(1).into() }];
        JsonPatch::new(operations).apply(&mut json!({"a": [0], "b": 2})).map(|()| Value::Null)
    };
    assert_eq!(shown(patch("/a/0")), "null");
    assert_eq!(shown(patch("/a/-")), "null");
    assert_eq!(shown(patch("/a/2")), "the value has no member or element at the path `/a/2`");
    assert_eq!(shown(patch("/b/x")), "the value has no member or element at the path `/b/x`");
}

#[test]
fn deep_nesting_is_an_error() {
    for text in ["[".repeat(100_000), "{\"a\":".repeat(100_000), "[".repeat(129) + &"]".repeat(129)] {
        let error = block_on(JsonOutputParser.invoke(text)).expect_err("too deep");
        assert!(error.message().contains("at most 128 nested arrays and objects"), "{error}");
        assert!(error.message().len() < 1_000);
    }
    assert!(parse_partial_json(&"[".repeat(128), false).is_ok());
}

#[test]
fn a_refusal_is_an_error() {
    let answer = AiMessage { refusal: Some("I cannot help with that.".to_owned()), ..AiMessage::default() };
    let error = block_on(JsonOutputParser.invoke(answer)).expect_err("a refusal");
    assert_eq!(error.kind(), ErrorKind::Refusal);
    assert!(error.message().ends_with("I cannot help with that."));
}

#[test]
fn later_pieces_replace_earlier_ones_in_dynamic_chains_too() {
    let last = |chunks: &[&str], chain: &dyn Fn(Data) -> Data| {
        let mut whole = Data::Null;
        transform(chunks).into_iter().for_each(|json| whole.merge(chain(json.expect("JSON").into())));
        whole
    };
    assert_eq!(last(&["[1", ", 2]"], &|data| data), json!([1, 2]).into());
    assert_eq!(last(&["\"a", "b\""], &|data| data), "ab".into());

    let names = PromptTemplate::new("{b} {a}").expect("a template");
    let json = Json::from(json!({"a": [1], "b": "x"}));
    assert_eq!(block_on(names.invoke(json)).expect("a prompt").to_string(), "x [1]");

    let model = crate::fakes::FakeChatModel::streaming(["{\"b\": \"x", "y\", \"a\": [1", ", 2]}"]);
    let pick = model.clone() | JsonOutputParser.pick("b");
    let assign = model
        | JsonOutputParser.assign("n", crate::lambda(|data: Data| data.as_record().map(crate::Record::len)));
    assert_eq!(block_on(crate::gather(pick.stream("?"))).expect("b"), Some("xy".into()));
    let expected: Data = json!({"b": "xy", "a": [1, 2], "n": 2}).into();
    assert_eq!(block_on(crate::gather(assign.stream("?"))).expect("a record"), Some(expected.clone()));
    assert_eq!(block_on(assign.invoke("?")).expect("a record"), expected);
}

#[test]
fn members_keep_the_order_of_the_text() {
    let json = block_on(JsonOutputParser.invoke(r#"{"b": 1, "a": 2}"#)).expect("JSON");
    let names: Vec<&str> = json.data().as_record().expect("a record").names().collect();
    assert_eq!(names, ["b", "a"]);
}
