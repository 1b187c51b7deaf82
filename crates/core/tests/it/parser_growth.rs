//! Reading an answer takes time in proportion to its length, whatever parser reads it and in however many pieces it comes.

use std::time::{Duration, Instant};

use catena_core::{
    AiMessage, BooleanOutputParser, ChunkStream, CombiningOutputParser, CommaSeparatedListOutputParser, Data,
    DatetimeOutputParser, DynOutputParser, DynRunnable, EnumOutputParser, JsonKeyOutputFunctionsParser,
    JsonOutputFunctionsParser, JsonOutputKeyToolsParser, JsonOutputParser, JsonOutputToolsParser, JsonPatch,
    JsonSchemaOutputParser, MarkdownListOutputParser, NumberedListOutputParser, OutputFunctionsParser,
    RegexDictParser, ResponseSchema, RunConfig, Runnable, RunnableExt, StrOutputParser,
    StructuredOutputParser, ToolCallChunk, ToolsParser, TypedOutputParser, XmlOutputParser, generator,
};
use futures_executor::block_on;
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use serde_json::{Value, json};

/// The length of the short answer, in bytes.
const SHORT: usize = 10_000;
/// How many times as long the long one is.
const TIMES: usize = 32;
/// How many times as long reading it may take, on a machine that does other things meanwhile. In quadratic time it would
/// be 1024 times.
const MOST: u32 = 256;
/// What other programs may take meanwhile.
const NOISE: Duration = Duration::from_millis(30);

#[derive(Debug, Clone, Deserialize)]
struct Item {
    #[serde(rename = "id")]
    _id: u64,
    #[serde(default, rename = "tags")]
    _tags: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Items {
    #[serde(default, rename = "items")]
    _items: Vec<Item>,
}

fn schema() -> Value {
    let text = json!({"type": "string"});
    let members = json!({"id": {"type": "integer"}, "tags": {"type": "array", "items": text}});
    let item = json!({"type": "object", "properties": members, "required": ["id"]});
    json!({"type": "object", "properties": {"items": {"type": "array", "items": item}}})
}

/// An answer of about so many bytes.
type Answer = fn(usize) -> String;

fn records(size: usize) -> String {
    let item = r#"{"id": 7, "title": "The \"long\" road", "tags": ["a", "b"]}"#;
    format!(r#"{{"items": [{}]}}"#, vec![item; size / item.len()].join(", "))
}

fn one_text(size: usize) -> String {
    format!(r#"{{"text": "{}"}}"#, r"All work\n and no play. ".repeat(size / 24))
}

fn many_names(size: usize) -> String {
    let members: Vec<String> = (0..size / 12).map(|number| format!(r#""{number:06}": 1"#)).collect();
    format!("{{{}}}", members.join(", "))
}

/// Prose and brackets that belong to nothing, and never any JSON.
fn prose(size: usize) -> String {
    "So: [1, {\"a\" oops ``".repeat(size / 20)
}

fn films(size: usize) -> String {
    let film = "<film><title>The &quot;long&quot; road</title><cast><name>Al</name></cast></film>";
    format!("<films>{}</films>", film.repeat(size / film.len()))
}

fn list(size: usize) -> String {
    "1. one, two\n- three, \"four\"\n".repeat(size / 28)
}

fn blank(size: usize) -> String {
    " ".repeat(size)
}

#[cfg(feature = "yaml")]
fn yaml(size: usize) -> String {
    "- {id: 1, tags: [a, b]}\n".repeat(size / 24)
}

/// How the pieces of an answer come.
type Form = fn(&str, bool) -> AiMessage;

fn text(piece: &str, _is_first: bool) -> AiMessage {
    AiMessage::new(piece)
}

fn tool_call(piece: &str, is_first: bool) -> AiMessage {
    let mut chunk = AiMessage::default();
    let piece = ToolCallChunk::new(0).with_args(piece);
    chunk.push_tool_call_chunk(if is_first { piece.with_name("add").with_id("c") } else { piece });
    chunk
}

fn function_call(piece: &str, is_first: bool) -> AiMessage {
    let name = if is_first { "add" } else { "" };
    let mut chunk = AiMessage::default();
    chunk.additional_kwargs.insert("function_call".into(), json!({"name": name, "arguments": piece}));
    chunk
}

/// How long it takes to read the answer in pieces of four bytes.
fn time(parser: &DynRunnable, form: Form, answer: &str) -> Duration {
    let pieces = answer.as_bytes().chunks(4).enumerate();
    let pieces = pieces.map(|(at, piece)| form(std::str::from_utf8(piece).expect("ASCII"), at == 0));
    let pieces: Vec<_> = pieces.map(|piece| Ok(Data::from(piece))).collect();
    let start = Instant::now();
    let mut chunks = parser.transform_with(stream::iter(pieces).boxed(), &RunConfig::new());
    block_on(async { while chunks.next().await.is_some() {} });
    start.elapsed()
}

#[track_caller]
fn check(parser: DynRunnable, form: Form, answer: Answer) {
    let (short, long) = (answer(SHORT), answer(SHORT * TIMES));
    let (mut least, mut most) = (Duration::MAX, Duration::MAX);
    // What is slow only once was somebody else's work.
    for _ in 0..4 {
        least = least.min(time(&parser, form, &short));
        most = most.min(time(&parser, form, &long));
        if most <= least * MOST + NOISE {
            return;
        }
    }
    panic!("{}: {TIMES} times the answer took {most:?} instead of {least:?}", parser.name());
}

/// How many changes each patch has.
fn changes(patches: ChunkStream<'_, JsonPatch>) -> ChunkStream<'_, Data> {
    patches.map(|patch| Ok(Data::from(patch?.operations().len()))).boxed()
}

#[test]
fn json() {
    for answer in [records, one_text, many_names, prose] {
        check(JsonOutputParser.dynamic(), text, answer);
        check((JsonOutputParser.diff() | generator(changes)).dynamic(), text, answer);
    }
}

#[test]
fn values_of_types_and_schemas() {
    for answer in [records, one_text, many_names, prose] {
        check(JsonSchemaOutputParser::new(schema()).expect("a schema").dynamic(), text, answer);
        check(TypedOutputParser::<Items>::with_schema(schema()).dynamic(), text, answer);
    }
}

#[test]
fn calls_of_tools() {
    let known = || JsonOutputToolsParser::new().with_tool("add", schema()).expect("a schema");
    for answer in [records, one_text, prose] {
        check(JsonOutputToolsParser::new().dynamic(), tool_call, answer);
        check(known().first_tool_only().dynamic(), tool_call, answer);
        check(JsonOutputKeyToolsParser::new("add").dynamic(), tool_call, answer);
        check(ToolsParser::<Items>::named("add").dynamic(), tool_call, answer);
        check(ToolsParser::<Items>::named("add").first_tool_only().dynamic(), tool_call, answer);
    }
}

#[test]
fn calls_of_functions() {
    for answer in [records, one_text, prose] {
        check(OutputFunctionsParser::new().dynamic(), function_call, answer);
        check(JsonOutputFunctionsParser::new().dynamic(), function_call, answer);
        check(JsonKeyOutputFunctionsParser::new("items").dynamic(), function_call, answer);
    }
}

#[test]
fn texts_lists_and_xml() {
    for answer in [list, prose, blank] {
        check(StrOutputParser.dynamic(), text, answer);
        check(CommaSeparatedListOutputParser.dynamic(), text, answer);
        check(NumberedListOutputParser.dynamic(), text, answer);
        check(MarkdownListOutputParser.dynamic(), text, answer);
    }
    for answer in [films, prose, blank] {
        check(XmlOutputParser::new().dynamic(), text, answer);
    }
}

#[test]
fn complete_answers() {
    let colors: EnumOutputParser<String> = ["red", "green"].into_iter().collect();
    let labelled = || RegexDictParser::new([("a", "So")]);
    let combining = || CombiningOutputParser::new([labelled(), labelled()].map(DynOutputParser::new));
    for answer in [prose, list, blank] {
        check(colors.clone().dynamic(), text, answer);
        check(BooleanOutputParser::new().dynamic(), text, answer);
        check(DatetimeOutputParser::new().dynamic(), text, answer);
        check(labelled().dynamic(), text, answer);
        check(combining().expect("two parsers").dynamic(), text, answer);
    }
    check(StructuredOutputParser::new([ResponseSchema::new("items", "all")]).dynamic(), text, records);
    check(StructuredOutputParser::new([ResponseSchema::new("items", "all")]).dynamic(), text, prose);
}

#[cfg(feature = "regex")]
#[test]
fn regular_expressions() {
    let parser = || catena_core::RegexParser::new(r"Score: (\d+)", ["score"]).expect("an expression");
    check(parser().dynamic(), text, prose);
    check(parser().dynamic(), text, blank);
}

#[cfg(feature = "yaml")]
#[test]
fn yaml_answers() {
    check(catena_core::YamlOutputParser::<Data>::new().dynamic(), text, yaml);
    check(catena_core::YamlOutputParser::<Data>::new().dynamic(), text, blank);
}
