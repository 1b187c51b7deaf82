//! Where catena does otherwise than LangChain on purpose: failures that are none.

use catena::XmlOutputParser;
use catena::prelude::*;
use catena::{Data, ErrorKind};

use super::output_parsers;
use super::vector::Vector;

/// Why a vector that fails is not to pass, if it shows what catena does otherwise.
pub(super) fn reason(vector: &Vector) -> Option<&'static str> {
    let runnable = vector.input.get("runnable").unwrap_or(&Data::Null);
    let has = |member: &str| holds(runnable, &|name, _| name == member);
    let calls = |function: &str| {
        holds(runnable, &|name, value| name == "lambda" && value.as_text() == Some(function))
    };
    let fails = vector.expected.get("ok").is_some_and(|result| result.get("error").is_some());
    match vector.op() {
        "stream" | "astream" | "transform" | "events" if fails && has("retry") => {
            Some("streams are retried until their first chunk; LangChain never retries one")
        }
        "events" if has("retry") => {
            Some("the attempts of a stream are runs of their own, as those of a call are")
        }
        "events" if calls("call_llm_inside") => {
            Some("watching a call does not make it a stream; LangChain's events do")
        }
        "transform" | "stream_by_key" if chunks_are_records(vector) => Some(
            "records that a caller streams replace each other: what is made of the last counts, as in a call",
        ),
        "stream" | "astream" | "events" if has("mark_last") => {
            Some("streams end by ending; no empty chunk marks the end")
        }
        "mustache_render" if vector.id.contains("context-precedence") => {
            Some("the first part of a dotted name decides, as mustache's specification says")
        }
        "chain_calls" if fails_in_a_call(vector, "apply") => Some(
            "each input that is applied has a result and a `stop` of its own; one that fails harms no other",
        ),
        "parse" | "parse_invoke" if parses_tool_calls(vector) => {
            Some("a text is an answer without tool calls, which a parser of tool calls reads as none")
        }
        "parse_tool_call" | "parse_tool_calls"
            if holds(&vector.expected, &|name, args| name == "args" && args.as_record().is_none()) =>
        {
            Some("the arguments of a call are an object")
        }
        _ if holds(&vector.expected, &|name, _| name == "$float") => {
            Some("numbers are those of JSON, which has neither NaN nor infinity")
        }
        "parse" | "parse_message" | "transform_parse" => about_answers(vector),
        "pretty_repr" if expects_kind(vector, "not_implemented") => {
            Some("what a prompt is made of is shown; LangChain shows no blocks and no examples")
        }
        _ if vector.area == "messages" => about_messages(vector),
        _ if matches!(vector.area.as_str(), "fstring" | "mustache" | "chat_prompts") => {
            about_templates(vector)
        }
        _ => None,
    }
}

/// Parsers of the text of an answer, called and streamed.
fn about_answers(vector: &Vector) -> Option<&'static str> {
    let kind = vector.input.get("parser").and_then(output_parsers::kind)?;
    let expected = vector.expected.get("ok");
    match (vector.op(), expected) {
        ("transform_parse", Some(_)) if fails(kind, &streamed_text(vector)?) => Some(
            "a stream fails where the call does; LangChain's ends without a word about what is malformed",
        ),
        ("parse" | "parse_message", Some(Data::Null)) if kind == "json" => {
            Some("JSON with a bracket that closes nothing is no null, it is malformed")
        }
        ("parse", None) if kind == "yaml" && vector.input.get("text").is_some_and(is_of_yaml_1_1) => {
            Some("words like `yes` and dates are texts where texts are asked for, as YAML 1.2 has it")
        }
        _ => None,
    }
}

/// True if a call of the parser fails.
fn fails(kind: &str, text: &str) -> bool {
    match kind {
        "json" => JsonOutputParser.blocking().invoke(text).is_err(),
        "xml" => XmlOutputParser::new().parse(text).is_err(),
        _ => false,
    }
}

/// The chunks of a stream in one. `None` if there are others than texts.
fn streamed_text(vector: &Vector) -> Option<String> {
    let Some(Data::List(chunks)) = vector.input.get("chunks") else { return None };
    let text = |chunk: &'_ Data| match chunk.get("$message") {
        Some(message) => message.get("content").and_then(Data::as_text).map(str::to_owned),
        None => chunk.as_text().map(str::to_owned),
    };
    chunks.iter().map(text).collect()
}

/// True if a value in the text is one that only YAML 1.1 takes for something else than a text.
fn is_of_yaml_1_1(text: &Data) -> bool {
    let values = text.as_text().unwrap_or_default().lines();
    let mut values = values.filter_map(|line| line.split_once(": ").map(|(_, value)| value.trim()));
    values.any(|value| {
        let is_word = ["yes", "no", "on", "off"].iter().any(|word| value.eq_ignore_ascii_case(word));
        is_word || value.splitn(3, '-').filter(|part| part.parse::<u16>().is_ok()).count() == 3
    })
}

/// What can never be filled is refused when a prompt is made. LangChain makes such prompts, and fails later or leaves
/// the place empty.
fn about_templates(vector: &Vector) -> Option<&'static str> {
    let given = Data::from(vector.input.clone());
    let format = if vector.area == "mustache" { "mustache" } else { "f-string" };
    let refusal = |text: &str| {
        let template = catena::PromptTemplate::parse(text, format.parse().ok()?);
        let message = template.err().filter(|error| error.kind() == ErrorKind::Template)?.to_string();
        let says = |parts: &[&str]| parts.iter().any(|part| message.contains(part));
        Some(match format {
            "f-string"
                if says(&[
                    "format type",
                    "unknown conversion",
                    "missing variable name",
                    "missing digits",
                ]) =>
            {
                "a field without a name, or with a format that nobody knows, is refused in the template"
            }
            "mustache" if says(&["is not a valid name", "invalid delimiters", "expected `}"]) => {
                "a tag without a name or an end is refused in the template"
            }
            _ => return None,
        })
    };
    // A template that is made is one thing, a text that is filled another.
    let makes = !matches!(vector.op(), "format" | "format_messages" | "invoke" | "prompt_to_string")
        || vector.area == "mustache"
        || ["index", "missing_key"].iter().any(|kind| expects_kind(vector, kind));
    if makes && let Some(reason) = first_text(&given, &|text| refusal(text)) {
        return Some(reason);
    }
    let is_optional =
        |name: &str, value: &Data| name == "placeholder" && value.get("optional") == Some(&Data::Bool(true));
    match vector.op() {
        "template_schema" if first_text(&given, &has_section).is_some() => {
            Some("what a section is for may be of any type; LangChain calls it an object")
        }
        "mustache_render" | "format" if vector.area == "mustache" && lists_nothing(&given) => {
            Some("every element of a list has its section, as mustache's specification says, zero as well")
        }
        _ if first_text(&given, &|text| refused_placeholder(text)).is_some()
            && has_placeholder_role(&given) =>
        {
            Some("the name of a placeholder is a name, without braces in it")
        }
        "format_messages" | "invoke"
            if holds(&given, &is_optional) && expects_kind(vector, "value_error") =>
        {
            Some("the history of an optional placeholder may be null, which is none")
        }
        _ if expects_kind(vector, "value_error") && is_in(&given, "jinja2") && has(&given, "type") => Some(
            "blocks may be templates in jinja2, which reaches nothing but its values; LangChain forbids them",
        ),
        _ if expects_kind(vector, "validation") && is_in(&given, "mustache") && has(&given, "few_shot") => {
            Some("examples may stand in a template of any language")
        }
        _ => None,
    }
}

fn has_section(text: &str) -> Option<&'static str> {
    (text.contains("{{#") || text.contains("{{^")).then_some("")
}

/// True if an element of a list is what a section of its own would not stand for.
fn lists_nothing(data: &Data) -> bool {
    let is_nothing = |item: &Data| match item {
        Data::Null | Data::Bool(false) => true,
        Data::Number(number) => number.as_f64() == Some(0.0),
        Data::Text(text) => text.is_empty(),
        Data::List(items) => items.is_empty(),
        _ => false,
    };
    holds(data, &|_, value| matches!(value, Data::List(items) if items.iter().any(is_nothing)))
}

/// True if a template is in this language.
fn is_in(data: &Data, language: &str) -> bool {
    holds(data, &|name, value| name == "format" && value.as_text() == Some(language))
}

/// True if there is a member of this name.
fn has(data: &Data, member: &str) -> bool {
    holds(data, &|name, _| name == member)
}

fn refused_placeholder(text: &str) -> Option<&'static str> {
    let name = text.strip_prefix('{')?.strip_suffix('}')?;
    (name.is_empty() || name.contains(['{', '}'])).then_some("")
}

/// True if an entry of a prompt has the role of a placeholder.
fn has_placeholder_role(data: &Data) -> bool {
    first_text(data, &|text| (text == "placeholder").then_some("")).is_some()
}

/// The first of the texts in the data that gives something.
fn first_text(data: &Data, of: &dyn Fn(&str) -> Option<&'static str>) -> Option<&'static str> {
    match data {
        Data::Text(text) => of(text),
        Data::List(items) => items.iter().find_map(|item| first_text(item, of)),
        Data::Record(record) => record.iter().find_map(|(_, value)| first_text(value, of)),
        _ => None,
    }
}

/// True if the vector expects an error of this kind.
fn expects_kind(vector: &Vector, kind: &str) -> bool {
    let error = vector.expected.get("error");
    error.and_then(|error| error.get("kind")).and_then(Data::as_text) == Some(kind)
}

/// True if a call whose name has this in it is expected to fail.
fn fails_in_a_call(vector: &Vector, name: &str) -> bool {
    let results = vector.expected.get("ok").and_then(|expected| expected.get("results"));
    let (Some(Data::List(calls)), Some(Data::List(results))) = (vector.input.get("calls"), results) else {
        return false;
    };
    let called =
        |call: &Data| call.get("call").and_then(Data::as_text).is_some_and(|call| call.contains(name));
    calls.iter().zip(results).any(|(call, result)| called(call) && result.get("error").is_some())
}

fn about_messages(vector: &Vector) -> Option<&'static str> {
    let options = vector.input.get("options").unwrap_or(&Data::Null);
    let option = |name: &str| options.get(name).filter(|value| **value != Data::Null);
    let given = Data::from(vector.input.clone());
    let has = |member: &str| holds(&given, &|name, _| name == member);
    match vector.op() {
        "trim" if option("allow_partial").is_some() && option("strategy") != Some(&"first".into()) => {
            Some("the text that is kept is counted as it is; LangChain counts its pieces in reverse order")
        }
        "add_chunks" if has("usage_metadata") => {
            Some("of the usages in a stream the last counts, they are running totals; LangChain adds them up")
        }
        "add_chunks" if has("additional_kwargs") && expects_kind(vector, "type_error") => {
            Some("of values that cannot be joined the last counts: no stream breaks off for them")
        }
        "add_chunks" if has("response_metadata") => {
            Some("of each fact about a call the last value counts; LangChain joins texts and adds numbers")
        }
        "add_chunks" if holds(&given, &|name, value| name == "content" && matches!(value, Data::List(_))) => {
            Some("texts are joined wherever they meet, so that it makes no difference how pieces are grouped")
        }
        "add_chunks" | "merge_runs"
            if holds(&given, &|tag, value| tag == "$message" && value.get("name").is_some()) =>
        {
            Some("the name of the speaker is kept; LangChain loses it")
        }
        "count_tokens" if expects_kind(vector, "value_error") => {
            Some("counting cannot fail: what is no message to a model counts as one without text")
        }
        "convert_to_openai" if has_image_at_address(&given) => Some(
            "an image of Anthropic's at an address is an image at an address; LangChain knows only Base64",
        ),
        "message_pretty_repr" | "to_dict" if holds(&given, &is_piece) => {
            Some("a piece of a message is a message, and is called one")
        }
        op if holds(&given, &|name, value| match value.as_text() {
            Some("null") => matches!(name, "args" | "arguments"),
            // Of a piece no text says nothing.
            Some("") => name == "arguments" && matches!(op, "message" | "convert_to_messages"),
            _ => false,
        }) =>
        {
            Some("no text and `null` are no arguments, whoever reads them")
        }
        "convert_to_openai" if holds(&given, &|_, value| value.as_text() == Some("audio/mpeg")) => Some(
            "sound of the type audio/mpeg has the format mp3, the name OpenAI knows; LangChain sends mpeg",
        ),
        _ => None,
    }
}

fn is_piece(name: &str, value: &Data) -> bool {
    name == "type" && value.as_text().is_some_and(|kind| kind.ends_with("MessageChunk"))
}

fn has_image_at_address(data: &Data) -> bool {
    holds(data, &|name, value| {
        name == "source"
            && value.get("type").and_then(Data::as_text) == Some("url")
            && value.get("url").is_some()
    })
}

/// True for a parser of tool calls that is given a text.
fn parses_tool_calls(vector: &Vector) -> bool {
    let parser = vector.input.get("parser");
    let kind = parser.and_then(|parser| parser.get("kind").unwrap_or(parser).as_text());
    let given = vector.input.get("input").or_else(|| vector.input.get("text"));
    matches!(kind, Some("json_tools" | "json_key_tools" | "pydantic_tools"))
        && given.is_some_and(|given| given.as_text().is_some())
}

fn chunks_are_records(vector: &Vector) -> bool {
    match vector.input.get("chunks") {
        Some(Data::List(chunks)) => {
            chunks.len() > 1 && chunks.iter().any(|chunk| chunk.as_record().is_some())
        }
        _ => false,
    }
}

/// True if a member anywhere in the data is as `is` says.
fn holds(data: &Data, is: &dyn Fn(&str, &Data) -> bool) -> bool {
    match data {
        Data::List(items) => items.iter().any(|item| holds(item, is)),
        Data::Record(record) => record.iter().any(|(name, value)| is(name, value) || holds(value, is)),
        _ => false,
    }
}
