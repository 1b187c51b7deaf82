//! What every parser says of an answer that it cannot read: the text that it saw, where it stopped, what it expected.

use catena_core::{
    AiMessage, BooleanOutputParser, Chunk, CombiningOutputParser, Data, DatetimeOutputParser,
    DynOutputParser, DynRunnable, EnumOutputParser, Error, ErrorKind, JsonKeyOutputFunctionsParser,
    JsonOutputFunctionsParser, JsonOutputParser, JsonOutputToolsParser, JsonPatch, JsonSchemaOutputParser,
    OutputFunctionsParser, OutputParser, RegexDictParser, ResponseSchema, Result, RunConfig, Runnable,
    RunnableExt, StructuredOutputParser, ToolCallChunk, ToolsParser, TypedOutputParser, XmlOutputParser,
    fakes::FakeChatModel, lambda,
};
use futures_executor::block_on;
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Tool {
    Add {
        #[serde(rename = "a")]
        _a: i64,
    },
}

#[derive(Debug, Clone, Deserialize)]
struct Item {
    #[serde(rename = "id")]
    _id: u8,
}

/// An answer in pieces.
type Feed = fn(&str) -> Vec<AiMessage>;

fn pieces(text: &str) -> impl Iterator<Item = (bool, String)> {
    let characters: Vec<char> = text.chars().collect();
    let pieces: Vec<String> = characters.chunks(3).map(|piece| piece.iter().collect()).collect();
    pieces.into_iter().enumerate().map(|(at, piece)| (at == 0, piece))
}

fn text(answer: &str) -> Vec<AiMessage> {
    pieces(answer).map(|(_, piece)| AiMessage::new(piece)).collect()
}

fn tool_call(args: &str) -> Vec<AiMessage> {
    let chunks = pieces(args).map(|(is_first, args)| {
        let mut chunk = AiMessage::default();
        let piece = ToolCallChunk::new(0).with_args(args);
        chunk.push_tool_call_chunk(if is_first { piece.with_name("add").with_id("c") } else { piece });
        chunk
    });
    let mut end = AiMessage::default();
    end.metadata.finish_reason = Some("tool_calls".to_owned());
    chunks.chain([end]).collect()
}

fn function_call(args: &str) -> Vec<AiMessage> {
    let chunks = pieces(args).map(|(is_first, args)| {
        let name = if is_first { "f" } else { "" };
        let mut chunk = AiMessage::default();
        chunk.additional_kwargs.insert("function_call".into(), json!({"name": name, "arguments": args}));
        chunk
    });
    chunks.collect()
}

/// A parser, an answer that it cannot read, and what it says of it.
struct Case {
    parser: DynRunnable,
    feed: Feed,
    answer: &'static str,
    /// Where it fails, as line and column. `None` where the answer as a whole does not fit.
    place: Option<(usize, usize)>,
    expected: &'static str,
    /// What a stream gives before that, at the end of it.
    before: Option<Value>,
}

fn case(parser: DynRunnable, feed: Feed, answer: &'static str, expected: &'static str) -> Case {
    Case { parser, feed, answer, place: None, expected, before: None }
}

impl Case {
    fn at(mut self, line: usize, column: usize) -> Self {
        self.place = Some((line, column));
        self
    }

    fn after(mut self, before: Value) -> Self {
        self.before = Some(before);
        self
    }
}

fn schema() -> Value {
    let item = json!({"type": "object", "required": ["id"], "properties": {"id": {"type": "integer", "maximum": 9}}});
    json!({"title": "Items", "type": "array", "items": item})
}

fn add_schema() -> Value {
    json!({"type": "object", "properties": {"a": {"type": "integer"}}})
}

/// Every parser that may fail; some in more than one way.
fn cases() -> Vec<Case> {
    let enumeration: EnumOutputParser<String> = ["red", "green"].into_iter().collect();
    let structured = StructuredOutputParser::new([ResponseSchema::new("a", "one")]);
    let labelled = || RegexDictParser::new([("a", "A")]);
    let combining =
        CombiningOutputParser::new([DynOutputParser::new(labelled()), DynOutputParser::new(labelled())]);
    vec![
        case(BooleanOutputParser::new().dynamic(), text, "perhaps", "`YES` or `NO`"),
        case(enumeration.dynamic(), text, "mauve", "one of `red`, `green`"),
        case(DatetimeOutputParser::new().dynamic(), text, " 2024-13-01", "`-`").at(1, 8),
        case(labelled().dynamic(), text, "B: 1", "a value for `a` after `A:`"),
        case(combining.expect("two parsers").dynamic(), text, "A: 1\n\nB: 2", "a value for `a` after `A:`"),
        case(structured.clone().dynamic(), text, "{\"b\":\n x}", "a value").at(2, 2),
        case(structured.dynamic(), text, "{\"b\": 1}", "an object with the member `a`"),
        case(JsonOutputParser.dynamic(), text, "So: {\"a\"", "a value").at(1, 1),
        case(
            (JsonOutputParser.diff() | lambda(|patch: JsonPatch| Data::from(patch.to_json()))).dynamic(),
            text,
            "So: {\"a\"",
            "a value",
        )
        .at(1, 1),
        case(
            JsonSchemaOutputParser::new(schema()).expect("a schema").dynamic(),
            text,
            "[{\"id\": 1}, {\"id\": 10}]",
            "`[1].id` to be at most 9, found 10",
        )
        .after(json!([{"id": 1}])),
        case(
            JsonSchemaOutputParser::new(schema()).expect("a schema").dynamic(),
            text,
            "[}",
            "a value or `]`",
        )
        .at(1, 2),
        case(
            TypedOutputParser::<Vec<Item>>::with_schema(schema()).dynamic(),
            text,
            "[{\"id\": 1}, {\"id\": \"x\"}]",
            "`[1].id` to be an integer of at most 9, found \"x\"",
        )
        .after(json!([{"id": 1}])),
        case(XmlOutputParser::new().dynamic(), text, "<a><b>1</b>\n<c></d>", "`</c>`")
            .at(2, 6)
            .after(json!({"a": [{"b": "1"}]})),
        case(
            JsonOutputToolsParser::new().with_tool("add", add_schema()).expect("a schema").dynamic(),
            tool_call,
            "{\"a\":\"x\"}",
            "`a` to be an integer, found \"x\"",
        )
        .after(json!([])),
        case(
            ToolsParser::<Tool>::new().dynamic(),
            tool_call,
            "{\"a\":\"x\"}",
            "`a`: invalid type: string \"x\", expected i64",
        )
        .after(json!([])),
        case(OutputFunctionsParser::new().dynamic(), text, "no call", "a `function_call`"),
        case(
            JsonOutputFunctionsParser::new().dynamic(),
            function_call,
            "{\"a\": 1,\n 2}",
            "a key in double quotes",
        )
        .at(2, 2)
        .after(json!({"a": 1})),
        case(
            JsonKeyOutputFunctionsParser::new("b").dynamic(),
            function_call,
            "{\"a\":1}",
            "the argument `b`",
        ),
        case(JsonOutputParser.fixed_by(FakeChatModel::new(["[1, x]"])).dynamic(), text, "oops", "a value")
            .at(1, 5),
        #[cfg(feature = "regex")]
        case(
            catena_core::RegexParser::new("Score: (.*)", ["score"]).expect("a pattern").dynamic(),
            text,
            "none",
            "a match of `Score: (.*)`",
        ),
        #[cfg(feature = "yaml")]
        case(
            catena_core::YamlOutputParser::<Data>::new().dynamic(),
            text,
            "So:\n```yaml\na: 1\nb: [\n```",
            "YAML that fits",
        )
        .at(4, 4),
    ]
}

fn called(case: &Case, answer: &str) -> Result<Data> {
    let mut chunks = (case.feed)(answer).into_iter();
    let mut whole = chunks.next().expect("an answer");
    chunks.for_each(|chunk| whole.merge(chunk));
    block_on(case.parser.invoke(Data::from(whole.into_whole())))
}

/// What came, and how it ended.
fn streamed(case: &Case, answer: &str) -> (Option<Value>, Option<Error>) {
    let chunks = stream::iter((case.feed)(answer).into_iter().map(|chunk| Ok(Data::from(chunk)))).boxed();
    let (mut whole, mut failed) = (None, None);
    for chunk in block_on(case.parser.transform_with(chunks, &RunConfig::new()).collect::<Vec<_>>()) {
        match (chunk, &mut whole) {
            (Ok(chunk), None) => whole = Some(chunk),
            (Ok(chunk), Some(whole)) => Data::merge(whole, chunk),
            (Err(error), _) => failed = Some(error),
        }
    }
    (whole.map(Data::into_json), failed)
}

#[track_caller]
fn check(case: &Case, error: &Error) {
    let name = case.parser.name();
    assert!(matches!(error.kind(), ErrorKind::Parse | ErrorKind::MissingKey), "{name}: {error}");
    let failure = error.parse_failure().unwrap_or_else(|| panic!("{name}: {error}"));
    assert_eq!(failure.line().zip(failure.column()), case.place, "{name}: {error}");
    assert!(failure.expected().contains(case.expected), "{name}: {error}");
    assert!(error.message().contains(failure.expected()), "{name}: {error}");
    assert!(error.message().ends_with(failure.answer()) && !failure.answer().is_empty(), "{name}: {error}");
}

#[test]
fn every_failure_says_what_where_and_what_instead() {
    for case in cases() {
        let error = called(&case, case.answer).expect_err(case.answer);
        check(&case, &error);
        let (before, failed) = streamed(&case, case.answer);
        let failed = failed.unwrap_or_else(|| panic!("{}: {:?} passes", case.parser.name(), case.answer));
        check(&case, &failed);
        assert_eq!(failed.message(), error.message(), "{}", case.parser.name());
        assert_eq!(before, case.before, "{}", case.parser.name());
    }
}

#[test]
fn failures_have_the_whole_answer_and_texts_of_bounded_length() {
    for case in cases() {
        let answer = format!("`x{}", "ö, ".repeat(30_000));
        let Err(error) = called(&case, &answer) else { continue };
        let name = case.parser.name();
        let (message, debug) = (error.message().len(), format!("{error:?}").len());
        assert!(message < 4_000 && debug < 8_000, "{name}: {message} and {debug} bytes");
        let failure = error.parse_failure().unwrap_or_else(|| panic!("{name}: {error}"));
        assert!(failure.feedback().len() < 4_000, "{name}");
    }
}

/// A stream that gives nothing has nothing to lose; all others must keep what they gave.
#[test]
fn most_parsers_give_something_before_they_fail() {
    assert!(cases().iter().filter(|case| case.before.is_some()).count() >= 6);
}
