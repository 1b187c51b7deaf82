//! Streamed responses of servers that number and name output items each in its own way.
//!
//! The files in `servers` hold all events of a stream, one a line, in the order and with the members in which the source
//! code of the server writes them.

use catena_core::{AiMessage, Chunk, Message, RunnableExt};
use catena_testkit::{Reply, Server};
use futures_executor::block_on;
use serde_json::{Value, json};

use crate::support::{chat_builder, drain, fold};

/// What is streamed: chunks of the text, of the thoughts and of the arguments of calls, none of them empty.
#[derive(Debug, PartialEq)]
struct Pieces {
    text: Vec<String>,
    thoughts: Vec<String>,
    arguments: Vec<String>,
}

impl Pieces {
    /// The pieces that the events bring; the arguments of calls that no event is about come with the end.
    fn of_events(events: &[Value]) -> Self {
        let deltas = |kinds: &[&str]| {
            let is_meant = |event: &&Value| kinds.iter().any(|kind| event["type"] == *kind);
            let deltas = events.iter().filter(is_meant).map(|event| text(&event["delta"]));
            deltas.filter(|delta| !delta.is_empty()).collect::<Vec<_>>()
        };
        let mut arguments = deltas(&["response.function_call_arguments.delta"]);
        if arguments.is_empty() {
            let output = items(&last(events)["output"]).iter();
            arguments.extend(
                output.filter(|item| item["type"] == "function_call").map(|item| text(&item["arguments"])),
            );
        }
        let thoughts = ["response.reasoning_text.delta", "response.reasoning_summary_text.delta"];
        Self { text: deltas(&["response.output_text.delta"]), thoughts: deltas(&thoughts), arguments }
    }

    fn of_chunks(chunks: &[AiMessage]) -> Self {
        let filled = |texts: Vec<String>| texts.into_iter().filter(|text| !text.is_empty()).collect();
        let arguments = chunks.iter().flat_map(AiMessage::tool_call_chunks).map(|piece| piece.args.clone());
        Self {
            text: filled(chunks.iter().map(|chunk| chunk.text().into_owned()).collect()),
            // Between two thoughts there is a blank line, which no event brings.
            thoughts: filled(
                chunks
                    .iter()
                    .filter_map(|chunk| Some(chunk.reasoning.as_deref()?.trim_start_matches('\n').to_owned()))
                    .collect(),
            ),
            arguments: filled(arguments.flatten().collect()),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The response that the last event holds.
fn last(events: &[Value]) -> &Value {
    &events.last().expect("a last event")["response"]
}

/// The calls of an answer as `name(arguments)`.
fn calls(answer: &AiMessage) -> Vec<String> {
    assert_eq!(answer.invalid_tool_calls(), [], "every call can be read");
    answer.tool_calls().iter().map(|call| format!("{}({:?})", call.name, call.args)).collect()
}

/// Says the same however the chunks are put together.
fn check_grouping(chunks: &[AiMessage], whole: &AiMessage) {
    for split in 0..=chunks.len() {
        let mut grouped = fold(chunks[..split].iter().cloned());
        grouped.merge(fold(chunks[split..].iter().cloned()));
        assert_eq!(&grouped, whole, "grouped at {split}");
    }
}

/// What the next request says of an answer, without names, which need not be the same for both.
fn echo(server: &Server) -> Value {
    let mut input = server.requests().last().expect("a request").json()["input"].clone();
    for item in input.as_array_mut().expect("items").iter_mut().filter_map(Value::as_object_mut) {
        item.retain(|name, value| {
            !["id", "call_id", "status"].contains(&name.as_str())
                && (name != "encrypted_content" || value != "")
        });
        if let Some(arguments) = item.get_mut("arguments") {
            *arguments = serde_json::from_str(&text(arguments)).expect("arguments");
        }
    }
    input
}

/// The same answer streamed and whole, and both given back to the server.
#[track_caller]
fn check(events: &str, call_ids: &[&str]) {
    let events: Vec<Value> =
        events.lines().map(|event| serde_json::from_str(event).expect("an event")).collect();
    let next = || Reply::json(200, json!({"id": "resp_2", "status": "completed", "output": []}));
    let streamed = Reply::sse(events.iter().map(Value::to_string));
    let whole = Reply::json(200, last(&events).clone());
    let server = Server::replay([streamed, next(), whole, next()]);
    let chat = chat_builder(&server).with_use_responses_api(true).build().expect("a model");
    let give_back = |answer: &AiMessage| {
        let messages = [Message::human("Hi"), answer.clone().into(), Message::human("And now?")];
        block_on(chat.invoke(messages)).expect("an answer");
        echo(&server)
    };

    let (chunks, error) = drain(chat.stream("Hi"));
    assert!(error.is_none(), "{error:?}");
    let gathered = fold(chunks.iter().cloned());
    let echoed = give_back(&gathered);
    let whole = block_on(chat.invoke("Hi")).expect("an answer");
    let expected = give_back(&whole);

    assert_eq!(Pieces::of_chunks(&chunks), Pieces::of_events(&events));
    assert_eq!(gathered.text(), whole.text());
    assert_eq!(gathered.reasoning, whole.reasoning);
    assert_eq!(calls(&gathered), calls(&whole));
    assert_eq!((&gathered.usage, &gathered.id), (&whole.usage, &whole.id));
    assert_eq!(gathered.usage.as_ref().map(|usage| usage.total_tokens), Some(109));
    check_grouping(&chunks, &gathered);
    assert_eq!(echoed, expected);
    let ids: Vec<&str> = gathered.tool_calls().iter().filter_map(|call| call.id.as_deref()).collect();
    assert_eq!(ids, call_ids);
    let sent = server.requests()[1].json();
    let sent = items(&sent["input"]).iter().filter_map(|item| item["call_id"].as_str());
    assert_eq!(sent.collect::<Vec<_>>(), call_ids, "a result finds its call");
}

#[test]
fn vllm_numbers_the_parts_of_all_items_in_one_row() {
    check(include_str!("servers/vllm_gpt_oss_text.jsonl"), &[]);
    check(include_str!("servers/vllm_gpt_oss_call.jsonl"), &["call_c1"]);
}

#[test]
fn vllm_sends_the_first_arguments_twice() {
    check(include_str!("servers/vllm_arguments_twice.jsonl"), &["call_c1", "call_c2"]);
}

#[test]
fn llama_cpp_numbers_no_items() {
    check(include_str!("servers/llama_cpp_text.jsonl"), &[]);
    check(include_str!("servers/llama_cpp_reasoning.jsonl"), &[]);
    check(include_str!("servers/llama_cpp_calls.jsonl"), &["call_a1", "call_b2"]);
    check(include_str!("servers/llama_cpp_calls_without_item_id.jsonl"), &["fc_a1", "fc_b2"]);
}

#[test]
fn sglang_gives_all_items_one_id_and_calls_at_the_end() {
    check(include_str!("servers/sglang_gpt_oss_text.jsonl"), &[]);
    check(include_str!("servers/sglang_gpt_oss_calls.jsonl"), &["call_a1", "call_b2"]);
}

#[test]
fn sglang_counts_tokens_of_whole_answers_as_for_chat() {
    let counts = json!({"prompt_tokens": 71, "total_tokens": 109, "completion_tokens": 38,
        "prompt_tokens_details": null, "reasoning_tokens": 12});
    let said = json!({"type": "message", "content": [{"type": "output_text", "text": "Hello"}]});
    let whole = json!({"id": "resp_1", "status": "completed", "output": [said], "usage": counts});
    let server = Server::replay([Reply::json(200, whole)]);
    let chat = chat_builder(&server).with_use_responses_api(true).build().expect("a model");
    let usage = block_on(chat.invoke("Hi")).expect("an answer").usage.expect("a usage");
    assert_eq!((usage.input_tokens, usage.output_tokens, usage.total_tokens), (71, 38, 109));
    assert_eq!(usage.output_token_details.reasoning, Some(12));
}

#[test]
fn a_gateway_gives_each_event_an_id_of_its_own() {
    check(include_str!("servers/gateway_ids_of_events.jsonl"), &["call_2", "call_3"]);
}
