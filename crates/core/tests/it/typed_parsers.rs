//! Parsers that give values of types: streamed as called, for whatever a model says, in time that grows with it.

use std::time::{Duration, Instant};

use catena_core::{
    AiMessage, Error, ErrorKind, Json, JsonOutputFunctionsParser, JsonOutputKeyToolsParser,
    JsonOutputToolsParser, JsonSchemaOutputParser, OutputParser, Parsed, Result, RunConfig, Runnable,
    RunnableExt, ToolCallChunk, ToolsParser, TypedOutputParser, gather,
};
use futures_executor::block_on;
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Team {
    title: String,
    #[serde(default)]
    members: Vec<Member>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Member {
    name: String,
    age: u8,
}

fn team_schema() -> Value {
    json!({"title": "Team", "type": "object", "required": ["title"], "properties": {
        "title": {"type": "string", "maxLength": 20},
        "members": {"type": "array", "default": [], "items": {"$ref": "#/$defs/Member"}},
    }, "$defs": {"Member": {"type": "object", "required": ["name", "age"], "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer", "minimum": 0, "maximum": 150},
    }}}})
}

fn team() -> TypedOutputParser<Team> {
    TypedOutputParser::with_schema(team_schema())
}

/// Numbers that look random, the same ones each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    /// The text in pieces of a few characters.
    fn cut(&mut self, text: &str, longest: usize) -> Vec<String> {
        let mut pieces = vec![String::new()];
        let mut left = self.below(longest) + 1;
        for character in text.chars() {
            if left == 0 {
                pieces.push(String::new());
                left = self.below(longest) + 1;
            }
            pieces.last_mut().unwrap().push(character);
            left -= 1;
        }
        pieces
    }
}

fn streamed<R>(parser: &R, chunks: Vec<AiMessage>) -> Result<Option<R::Output>>
where
    R: Runnable<Input = AiMessage>,
{
    let chunks = stream::iter(chunks.into_iter().map(Ok)).boxed();
    block_on(gather(parser.transform_with(chunks, &RunConfig::default())))
}

/// What is wrong, without the answer that it is wrong with.
fn reason(error: &Error) -> (ErrorKind, String, Option<String>) {
    let failure = error.parse_failure();
    let text = if failure.is_some() { String::new() } else { error.to_string() };
    (error.kind(), text, failure.map(|failure| failure.expected().to_owned()))
}

/// Checks that an answer gives the same in pieces as at once.
#[track_caller]
fn check_law<R>(parser: &R, pieces: &[Vec<AiMessage>], whole: AiMessage)
where
    R: Runnable<Input = AiMessage>,
    R::Output: PartialEq + std::fmt::Debug,
{
    let called = block_on(parser.invoke(whole));
    for chunks in pieces {
        match (&called, streamed(parser, chunks.clone())) {
            (Ok(called), Ok(streamed)) => assert_eq!(Some(called), streamed.as_ref()),
            // A stream may know from a part of the answer that it cannot be read: it shows that part.
            (Err(called), Err(streamed)) => assert_eq!(reason(called), reason(&streamed)),
            (called, streamed) => panic!("{called:?} called, {streamed:?} streamed"),
        }
    }
}

const ANSWERS: [&str; 8] = [
    r#"{"title": "T", "members": [{"name": "Ä", "age": 3}, {"name": "B\u00e9", "age": 40}]}"#,
    "Here:\n```json\n{\"title\": \"T\",\n \"members\": []}\n```\nDone.",
    r#"{"title": "T", "members": [{"name": "A", "age": 300}]}"#,
    r#"{"title": "T", "members": [{"name": "A"}]}"#,
    r#"{"title": "a title of more than twenty characters"}"#,
    r#"{"members": []}"#,
    r#"{"title": "cut off", "members": [{"name": "A", "age": 1}, {"na"#,
    "no JSON at all",
];

#[test]
fn typed_answers_stream_as_they_are_called() {
    let mut dice = Dice(1);
    for answer in ANSWERS {
        let pieces: Vec<Vec<AiMessage>> =
            (0..20).map(|_| dice.cut(answer, 9).into_iter().map(AiMessage::new).collect()).collect();
        check_law(&team(), &pieces, AiMessage::new(answer));
        let by_schema = JsonSchemaOutputParser::new(team_schema()).unwrap();
        check_law(&by_schema, &pieces, AiMessage::new(answer));
        check_law(&by_schema.with_defaults(), &pieces, AiMessage::new(answer));
    }
}

fn piece_of_call(index: i64, name: Option<&str>, args: &str) -> AiMessage {
    let mut message = AiMessage::default();
    let mut piece = ToolCallChunk::new(index).with_args(args);
    if let Some(name) = name {
        piece = piece.with_name(name).with_id(format!("call_{index}"));
    }
    message.push_tool_call_chunk(piece);
    message
}

/// The pieces of an answer with these calls.
fn pieces_of_calls(calls: &[(&str, &str)], dice: &mut Dice) -> Vec<AiMessage> {
    let mut chunks = vec![AiMessage::new("Let me see.")];
    for (index, (name, args)) in (0_i64..).zip(calls) {
        let mut pieces = dice.cut(args, 6).into_iter();
        chunks.push(piece_of_call(index, Some(name), &pieces.next().unwrap()));
        chunks.extend(pieces.map(|args| piece_of_call(index, None, &args)));
    }
    let mut last = AiMessage::default();
    last.metadata.finish_reason = Some("tool_calls".into());
    chunks.push(last);
    chunks
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Tool {
    Add { a: i64, b: i64 },
    Ask(Question),
    Stop,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Question {
    text: String,
}

#[test]
fn tool_calls_stream_as_they_are_called() {
    let mut dice = Dice(2);
    let add = json!({"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]});
    for calls in [
        &[][..],
        &[("add", r#"{"a": 1, "b": 2}"#)],
        &[("add", r#"{"a": 1, "b": 2}"#), ("ask", r#"{"text": "Why\u00e9?"}"#), ("stop", "")],
        &[("add", r#"{"a": 1}"#)],
        &[("add", r#"{"a": 1, "b": "x"}"#)],
        &[("add", r#"{"a": 1, "b"#)],
        &[("unknown", "{}"), ("add", r#"{"a": 1, "b": 2}"#)],
        &[("add", "[1]")],
    ] {
        let pieces: Vec<_> = (0..20).map(|_| pieces_of_calls(calls, &mut dice)).collect();
        let whole = pieces[0].iter().fold(AiMessage::default(), |mut whole, chunk| {
            catena_core::Chunk::merge(&mut whole, chunk.clone());
            whole
        });
        check_law(&JsonOutputToolsParser::new(), &pieces, whole.clone());
        check_law(&JsonOutputToolsParser::new().first_tool_only().with_id(), &pieces, whole.clone());
        check_law(
            &JsonOutputToolsParser::new().with_tool("add", add.clone()).unwrap(),
            &pieces,
            whole.clone(),
        );
        check_law(&JsonOutputKeyToolsParser::new("ask"), &pieces, whole.clone());
        check_law(&JsonOutputKeyToolsParser::new("ask").first_tool_only(), &pieces, whole.clone());
        check_law(&ToolsParser::<Tool>::new(), &pieces, whole.clone());
        check_law(&ToolsParser::<Tool>::new().first_tool_only(), &pieces, whole);
    }
}

#[track_caller]
fn calls_fail(calls: &[(&str, &str)], expected: &str) {
    let chunks = pieces_of_calls(calls, &mut Dice(3));
    let error = streamed(&ToolsParser::<Tool>::new(), chunks).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Parse);
    assert!(error.message().starts_with(expected), "{error}");
}

#[test]
fn calls_that_fit_no_tool_say_why() {
    calls_fail(
        &[("divide", r#"{"a": 1}"#)],
        r#"invalid tool call `divide` output: expected a call of one of the tools `add`, `ask`, `stop` in: {"#,
    );
    calls_fail(
        &[("add", r#"{"a": 1, "b": "x"}"#)],
        "invalid tool call `add` output: expected valid arguments for the tool: `b`: invalid type: string \"x\", \
         expected i64 in: {\"a\":1,\"b\":\"x\"}",
    );
}

#[test]
fn calls_that_are_not_json_are_left_out() {
    let calls = [("add", r#"{"a": 1, "b": 2}"#), ("add", r#"{"a": 1, "#)];
    let chunks = || pieces_of_calls(&calls, &mut Dice(3));
    let args = json!({"a": 1, "b": 2});
    let tools = streamed(&ToolsParser::<Tool>::new(), chunks()).unwrap();
    assert_eq!(*tools.unwrap(), [Tool::Add { a: 1, b: 2 }]);
    let all = streamed(&JsonOutputToolsParser::new(), chunks()).unwrap();
    assert_eq!(all.unwrap().value(), &json!([{"type": "add", "args": args}]));
    let named = streamed(&JsonOutputKeyToolsParser::new("add"), chunks()).unwrap();
    assert_eq!(named.unwrap().value(), &json!([args]));
    let raw = json!({"type": "ai", "content": "", "additional_kwargs": {"tool_calls": [
        {"id": "c", "type": "function", "function": {"name": "add", "arguments": "{oops"}}]}});
    let raw: AiMessage = serde_json::from_value(raw).unwrap();
    assert_eq!(block_on(JsonOutputToolsParser::new().invoke(raw)).unwrap_err().kind(), ErrorKind::Parse);
    let none = JsonOutputToolsParser::new().first_tool_only();
    let unreadable = streamed(&none, pieces_of_calls(&calls[1..], &mut Dice(3))).unwrap();
    assert_eq!(unreadable.unwrap().value(), &json!([]));
}

#[test]
fn enums_of_tools_may_be_tagged_as_serde_can() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(tag = "type", rename_all = "snake_case")]
    enum Internal {
        Add { a: i64, b: i64 },
    }
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(tag = "type", content = "args", rename_all = "snake_case")]
    enum Adjacent {
        Add { a: i64, b: i64 },
    }
    let chunks = || pieces_of_calls(&[("add", r#"{"a": 1, "b": 2}"#)], &mut Dice(4));
    let internal: Parsed<Vec<Internal>> = streamed(&ToolsParser::new(), chunks()).unwrap().unwrap();
    assert_eq!(*internal, [Internal::Add { a: 1, b: 2 }]);
    let adjacent: Parsed<Vec<Adjacent>> = streamed(&ToolsParser::new(), chunks()).unwrap().unwrap();
    assert_eq!(*adjacent, [Adjacent::Add { a: 1, b: 2 }]);
}

#[test]
fn a_refusal_is_no_answer() {
    let mut refusal = AiMessage::new("");
    refusal.refusal = Some("I will not. ".repeat(1000));
    let kind = |error: catena_core::Error| {
        let words = error.parse_failure().map(|failure| failure.answer().len());
        assert_eq!(
            (error.message().len(), words),
            ("the model refused to answer: ".len() + 500, Some(12_000))
        );
        error.kind()
    };
    assert_eq!(kind(block_on(team().invoke(refusal.clone())).unwrap_err()), ErrorKind::Refusal);
    let tools = JsonOutputToolsParser::new();
    assert_eq!(kind(block_on(tools.invoke(refusal.clone())).unwrap_err()), ErrorKind::Refusal);
    let functions = JsonOutputFunctionsParser::new();
    assert_eq!(kind(block_on(functions.invoke(refusal)).unwrap_err()), ErrorKind::Refusal);
}

#[test]
fn chunks_are_whole_values_and_the_last_one_counts() {
    let chunks = ["{\"title\": \"T", "wo\", \"members\": [{\"name\": \"A\"", ", \"age\": 1", "2}]}"];
    let chunks = stream::iter(chunks.map(|text| Ok(AiMessage::new(text)))).boxed();
    let parser = team();
    let values: Vec<_> = block_on(parser.transform_with(chunks, &RunConfig::default()).collect::<Vec<_>>());
    let seen: Vec<(String, Vec<u8>)> = values
        .iter()
        .map(|team| team.as_ref().unwrap())
        .map(|team| (team.title.clone(), team.members.iter().map(|member| member.age).collect()))
        .collect();
    assert_eq!(seen, [("T".into(), vec![]), ("Two".into(), vec![1]), ("Two".into(), vec![12])]);
}

#[test]
fn whatever_a_model_says_is_read_or_refused() {
    const PARTS: [&str; 22] = [
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "\\",
        "title",
        "members",
        "\"title\":",
        "\"age\":",
        "1",
        "-",
        "1e999",
        "null",
        "tru",
        "```",
        "json",
        "\u{0}",
        "é",
        "\n",
    ];
    let mut dice = Dice(5);
    let schema = JsonSchemaOutputParser::new(team_schema()).unwrap().with_defaults();
    for _ in 0..3000 {
        let parts: Vec<&str> = (0..dice.below(14)).map(|_| PARTS[dice.below(PARTS.len())]).collect();
        let text = parts.concat();
        let pieces = [dice.cut(&text, 4).into_iter().map(AiMessage::new).collect()];
        check_law(&team(), &pieces, AiMessage::new(text.clone()));
        check_law(&schema, &pieces, AiMessage::new(text.clone()));
        let calls = vec![piece_of_call(0, Some("add"), &text), piece_of_call(0, None, &text)];
        drop(streamed(&ToolsParser::<Tool>::new(), calls.clone()));
        drop(streamed(&JsonOutputToolsParser::new(), calls));
    }
}

#[test]
fn errors_are_bounded_and_keep_the_answer() {
    let answer = json!({"title": "x".repeat(100_000)}).to_string();
    let error = block_on(team().invoke(answer.clone())).unwrap_err();
    assert!(error.to_string().len() < 1500, "{}", error.to_string().len());
    let failure = error.parse_failure().unwrap();
    assert_eq!(failure.answer(), answer);
    assert!(failure.feedback().contains("expected `title` to be a string of at most 20 characters"));
    let names: serde_json::Map<_, _> =
        (0..1000).map(|name| ("n".repeat(900) + &name.to_string(), json!(1))).collect();
    let closed = json!({"additionalProperties": {"type": "string"}});
    let parser = JsonSchemaOutputParser::new(closed).unwrap();
    let error = block_on(parser.invoke(Value::from(names).to_string())).unwrap_err();
    assert!(error.to_string().len() < 3000, "{}", error.to_string().len());
}

#[test]
fn a_megabyte_takes_the_time_of_a_megabyte() {
    let member = json!({"name": "somebody", "age": 30});
    let members = vec![member; (1 << 20) / 30];
    let answer = json!({"title": "T", "members": members}).to_string();
    let count = members.len();
    let cut = |text: &str| Dice(6).cut(text, 15);
    let start = Instant::now();
    let chunks = cut(&answer).into_iter().map(AiMessage::new).collect();
    assert_eq!(streamed(&team(), chunks).unwrap().unwrap().members.len(), count);
    let answer = json!({"members": vec![json!({"name": "somebody", "age": 30}); count / 4]}).to_string();
    let chunks = cut(&answer).into_iter().enumerate();
    let chunks = chunks.map(|(at, args)| piece_of_call(0, (at == 0).then_some("f"), &args)).collect();
    let calls: Json = streamed(&JsonOutputToolsParser::new(), chunks).unwrap().unwrap();
    assert_eq!(calls[0]["args"]["members"].as_array().map(Vec::len), Some(count / 4));
    // Reading anew after each piece would take hours.
    assert!(start.elapsed() < Duration::from_secs(120), "{:?}", start.elapsed());
}

#[test]
fn the_schema_is_told_to_the_model() {
    let told = team().format_instructions();
    let schema = told.rsplit("```").nth(1).unwrap();
    let schema: Value = serde_json::from_str(schema).unwrap();
    assert_eq!(schema["required"], json!(["title"]));
    assert_eq!(schema.get("title"), None);
    assert_eq!(team().output_schema()["title"], "Team");
}

#[cfg(feature = "schemars")]
mod described {
    use catena_core::{Parsed, RunnableExt, parse};
    use futures_executor::block_on;
    use schemars::JsonSchema;
    use serde::{Deserialize, Deserializer};

    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "read by the test's comparison only")]
    struct Order {
        #[serde(alias = "item_name")]
        item: String,
        #[schemars(range(min = 1, max = 9))]
        count: u8,
        #[serde(default)]
        size: Option<Size>,
        #[serde(default, deserialize_with = "number_or_text")]
        price: f64,
    }

    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Size {
        Small,
        Large,
        Custom { width: u32 },
    }

    fn number_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        Ok(value.as_f64().or_else(|| value.as_str()?.parse().ok()).unwrap_or_default())
    }

    #[track_caller]
    fn fails(answer: &str, expected: &str) {
        let error = block_on(parse::<Order>().invoke(answer)).unwrap_err();
        let message = error.message();
        assert!(message.contains(expected), "{message}");
    }

    fn reads(answer: &str) -> Parsed<Order> {
        block_on(parse::<Order>().invoke(answer)).unwrap()
    }

    #[test]
    fn what_the_type_takes_counts() {
        assert_eq!(reads(r#"{"item_name": "sock", "count": 2, "price": "1.5"}"#).price, 1.5);
        assert_eq!(reads(r#"{"item": "sock", "count": 2, "size": "large"}"#).size, Some(Size::Large));
    }

    #[test]
    fn errors_say_where_and_what() {
        fails(
            r#"{"item": "sock", "count": 10}"#,
            "invalid Order output: expected `count` to be at most 9, found 10",
        );
        fails(r#"{"item": "sock"}"#, "expected `count` (an integer from 1 to 9), which is missing");
        fails(r#"{"item": 5, "count": 2}"#, "expected `item` to be a string, found 5");
        fails(r#"{"item": "x", "count": 2, "size": "tiny"}"#, r#"`size` to be "#);
        fails(
            r#"{"item": "x", "count": 2, "size": {"custom": {"width": "w"}}}"#,
            r#"`size.custom.width` to be an integer"#,
        );
    }
}

#[test]
fn what_follows_a_value_is_in_errors_streamed_and_called() {
    let parser = JsonSchemaOutputParser::new(json!({"type": "integer"})).unwrap();
    let pieces = ["[1,", "1]", " so", " it is"];
    let called = block_on(parser.invoke(pieces.concat())).unwrap_err();
    let input = stream::iter(pieces.map(|piece| Ok(AiMessage::new(piece)))).boxed();
    let streamed = block_on(gather(parser.transform(input, Default::default()))).unwrap_err();
    assert_eq!(called.message(), streamed.message());
}
