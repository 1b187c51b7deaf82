//! Where catena does otherwise than LangChain on purpose: failures that are none.

use catena::XmlOutputParser;
use catena::prelude::*;

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
        _ if vector.area == "messages" => about_messages(vector),
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
        "trim" if option("allow_partial").is_some() && option("text_splitter").is_some() => {
            Some("the text that is kept is counted as it is; LangChain counts its pieces in reverse order")
        }
        "add_chunks" if has("usage_metadata") => {
            Some("of the usages in a stream the last counts, they are running totals; LangChain adds them up")
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
        "convert_to_openai" if holds(&given, &|_, value| value.as_text() == Some("audio/mpeg")) => Some(
            "sound of the type audio/mpeg has the format mp3, the name OpenAI knows; LangChain sends mpeg",
        ),
        _ => None,
    }
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
