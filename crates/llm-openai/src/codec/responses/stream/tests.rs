//! What becomes of the events of a response.

use catena_core::{Data, Usage};

use super::*;
use crate::codec::fixtures::{decode, fold};

fn completed(output: &Value) -> String {
    json!({"type": "response.completed", "response": {"id": "resp_1", "status": "completed", "model": "m", "output": output,
        "usage": {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}}})
    .to_string()
}

/// The answer that events and a `response.completed` without output make.
#[track_caller]
fn answer(events: &[Value]) -> AiMessage {
    answer_with(events, &json!([]))
}

/// The answer that events and a `response.completed` make.
#[track_caller]
fn answer_with(events: &[Value], output: &Value) -> AiMessage {
    let events: Vec<String> = events.iter().map(Value::to_string).chain([completed(output)]).collect();
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    let (chunks, end) = decode(ResponsesStream::default(), &events);
    end.expect("a complete answer");
    fold(chunks)
}

fn content(message: &AiMessage) -> Value {
    serde_json::to_value(&message.content).expect("JSON")
}

fn event(kind: &str, members: Value) -> Value {
    let mut event =
        json!({"type": format!("response.{kind}"), "output_index": 0, "content_index": 0, "item_id": "i_1"});
    if let (Value::Object(event), Value::Object(members)) = (&mut event, members) {
        event.extend(members);
    }
    event
}

#[test]
fn text_arrives_in_pieces_and_is_not_repeated() {
    let whole =
        json!({"type": "message", "id": "i_1", "content": [{"type": "output_text", "text": "Hello"}]});
    let events = [
        event("created", json!({"response": {"id": "resp_1"}})),
        event("output_item.added", json!({"item": {"type": "message", "id": "i_1", "phase": "final"}})),
        event("content_part.added", json!({"part": {"type": "output_text"}})),
        event("output_text.delta", json!({"delta": "Hel"})),
        event("output_text.delta", json!({"delta": "lo"})),
        event("output_text.annotation.added", json!({"annotation": {"type": "file_citation", "index": 3}})),
        event("output_text.done", json!({"text": "Hello"})),
        event("output_item.done", json!({"item": whole})),
    ];
    let message = answer_with(&events, &json!([whole]));
    assert_eq!(
        content(&message),
        json!([{"type": "text", "text": "Hello", "phase": "final", "id": "i_1", "index": 0,
            "annotations": [{"type": "file_citation", "file_index": 3}]}])
    );
    assert_eq!((message.id.as_deref(), message.usage), (Some("resp_1"), Some(Usage::new(1, 2))));
    assert_eq!(message.metadata.extra["status"], "completed");
}

#[test]
fn what_only_the_end_tells_is_delivered() {
    let whole = json!({"type": "message", "id": "i_1", "content": [
        {"type": "output_text", "text": "Hello"}, {"type": "refusal", "refusal": "No."}]});
    for events in [
        vec![event("output_item.done", json!({"item": whole}))],
        vec![],
        vec![
            event("output_text.done", json!({"text": "Hello"})),
            event("output_item.done", json!({"item": whole})),
        ],
        vec![
            event("output_text.delta", json!({"delta": ""})),
            event("output_text.done", json!({"text": "Hello"})),
            event("output_item.done", json!({"item": whole})),
        ],
        // The parts have other numbers, or none.
        vec![
            event("output_text.delta", json!({"delta": "Hello", "content_index": 3})),
            event("output_item.done", json!({"item": whole})),
        ],
        vec![
            json!({"type": "response.output_text.delta", "delta": "Hello"}),
            event("output_item.done", json!({"item": whole})),
        ],
        vec![
            event("output_text.delta", json!({"delta": "Hello"})),
            event("refusal.delta", json!({"delta": "No", "content_index": 1})),
            event("refusal.delta", json!({"delta": ".", "content_index": 1})),
            event("refusal.done", json!({"refusal": "No.", "content_index": 1})),
            event("output_item.done", json!({"item": whole})),
        ],
    ] {
        let message = answer_with(&events, &json!([whole]));
        assert_eq!(
            (message.text().as_ref(), message.refusal.as_deref()),
            ("Hello", Some("No.")),
            "{events:?}"
        );
    }
}

#[test]
fn calls_arrive_in_many_ways() {
    let begin = json!({"type": "function_call", "id": "i_1", "call_id": "c1", "name": "f", "arguments": "", "status": "in_progress"});
    let mut whole = begin.clone();
    whole["arguments"] = r#"{"a":1}"#.into();
    let added = event("output_item.added", json!({"item": begin}));
    let done = event("output_item.done", json!({"item": whole}));
    let deltas = [
        event("function_call_arguments.delta", json!({"delta": "{\"a\""})),
        event("function_call_arguments.delta", json!({"delta": ":1}"})),
    ];
    let all = event("function_call_arguments.done", json!({"arguments": r#"{"a":1}"#}));
    for events in [
        vec![added.clone(), deltas[0].clone(), deltas[1].clone(), all.clone(), done.clone()],
        vec![added.clone(), all.clone(), done.clone()],
        vec![added.clone(), done.clone()],
        vec![event("output_item.added", json!({"item": whole})), all, done.clone()],
        vec![event("output_item.added", json!({"item": whole})), deltas[0].clone(), deltas[1].clone()],
        vec![deltas[0].clone(), deltas[1].clone(), done.clone()],
        vec![added.clone(), added.clone(), deltas[0].clone(), deltas[1].clone()],
        vec![added.clone()],
        vec![done.clone(), done],
        vec![],
    ] {
        let message = answer_with(&events, &json!([whole]));
        let calls = message.tool_calls();
        assert_eq!((calls.len(), calls[0].name.as_str(), calls[0].id.as_deref()), (1, "f", Some("c1")));
        assert_eq!(calls[0].args.get("a"), Some(&Data::from(1)), "{events:?}");
        assert_eq!(content(&message)[0]["arguments"], r#"{"a":1}"#, "{events:?}");
    }
    // Half a command is none.
    let message = answer(&[added, deltas[0].clone()]);
    assert_eq!((message.tool_calls().len(), message.invalid_tool_calls().len()), (0, 1));
}

#[test]
fn calls_that_only_the_complete_answer_holds_are_delivered() {
    let item = |id: &str, arguments: &str| json!({"type": "function_call", "id": format!("i_{id}"), "call_id": id, "name": "f", "arguments": arguments});
    let done =
        |id: &str| event("output_item.done", json!({"output_index": null, "item": item(id, "{\"n\":1}")}));
    let complete = |ids: &[&str]| ids.iter().map(|id| item(id, "{\"n\":1}")).collect::<Value>();
    let begun = event("output_item.added", json!({"output_index": null, "item": item("a", "")}));
    for (events, output, expected) in [
        (vec![], complete(&["a", "b"]), vec!["a", "b"]),
        (vec![done("a")], complete(&["a", "b"]), vec!["a", "b"]),
        (vec![done("b")], complete(&["a", "b"]), vec!["b", "a"]),
        (vec![done("a"), done("b")], complete(&["a", "b"]), vec!["a", "b"]),
        // Other ids for the same.
        (vec![done("a"), done("b")], complete(&["x", "y"]), vec!["a", "b"]),
        (vec![begun.clone()], complete(&["x", "y"]), vec!["a", "y"]),
        (vec![begun], json!([{"type": "function_call", "arguments": {"n": 1}}]), vec!["a"]),
    ] {
        let message = answer_with(&events, &output);
        let calls = message.tool_calls();
        let ids: Vec<&str> = calls.iter().filter_map(|call| call.id.as_deref()).collect();
        assert_eq!(ids, expected, "{events:?} {output}");
        assert!(calls.iter().all(|call| call.args.get("n") == Some(&Data::from(1))), "{calls:?}");
    }
}

#[test]
fn what_no_event_brought_comes_with_the_complete_answer() {
    let output = json!([
        {"type": "reasoning", "id": "r", "summary": [], "content": [{"type": "reasoning_text", "text": "6*7"}]},
        {"type": "message", "id": "m", "content": [{"type": "output_text", "text": "42"}, {"type": "hologram"}]},
        {"type": "web_search_call", "id": "w"},
        {"type": "hologram_call", "id": "h"},
    ]);
    let thought = event("reasoning_text.delta", json!({"delta": "6*7"}));
    let text = event("output_text.delta", json!({"delta": "42"}));
    let begun = event("output_item.added", json!({"item": {"type": "reasoning", "id": "i_1"}}));
    for events in
        [vec![], vec![thought.clone()], vec![text.clone()], vec![begun, text.clone()], vec![thought, text]]
    {
        let message = answer_with(&events, &output);
        assert_eq!(
            (message.text().as_ref(), message.reasoning.as_deref()),
            ("42", Some("6*7")),
            "{events:?}"
        );
        let content = content(&message);
        let kinds = content.as_array().expect("blocks").iter().filter_map(|block| block["type"].as_str());
        let mut kinds: Vec<&str> = kinds.collect();
        kinds.sort_unstable();
        assert_eq!(kinds, ["reasoning", "text", "web_search_call"], "{events:?}");
        let is_part = |part: &Value| part["type"] == "hologram_call";
        assert!(message.metadata.extra["other_output"].as_array().expect("a list").iter().any(is_part));
    }
    let other = &answer_with(&[], &output).metadata.extra["other_output"];
    assert_eq!(*other, json!([{"type": "hologram"}, {"type": "hologram_call", "id": "h"}]));
}

#[test]
fn built_in_tools_may_share_an_id() {
    let item = |output: u64| json!({"output_index": output, "item": {"type": "web_search_call", "id": "x", "action": output}});
    let events = [0, 0, 2, 2]
        .iter()
        .enumerate()
        .map(|(nth, &output)| event(["output_item.added", "output_item.done"][nth % 2], item(output)));
    let actions: Vec<Value> = content(&answer(&events.collect::<Vec<_>>()))
        .as_array()
        .expect("blocks")
        .iter()
        .map(|block| block["action"].clone())
        .collect();
    assert_eq!(actions, [0, 2]);
}

#[test]
fn calls_of_one_answer_stay_apart() {
    let item = |id: &str, output: u64| {
        json!({"type": "response.output_item.added", "output_index": output,
            "item": {"type": "function_call", "id": id, "call_id": id, "name": "f", "arguments": ""}})
    };
    let piece = |id: &str, output: u64, delta: &str| json!({"type": "response.function_call_arguments.delta", "item_id": id, "output_index": output, "delta": delta});
    let custom =
        json!({"type": "custom_tool_call", "id": "c", "call_id": "c", "name": "run", "input": "1+1"});
    let message = answer(&[
        item("a", 0),
        item("b", 1),
        piece("a", 0, "{\"x\":"),
        piece("b", 9, "{}"),
        piece("a", 0, "1}"),
        event("output_item.done", json!({"output_index": 2, "item": custom})),
    ]);
    let calls: Vec<String> =
        message.tool_calls().iter().map(|call| format!("{:?} {:?}", call.id, call.args)).collect();
    assert_eq!(calls, [r#"Some("a") {"x": 1}"#, r#"Some("b") {}"#, r#"Some("c") {"__arg1": "1+1"}"#]);
}

#[test]
fn thoughts_and_their_summary_arrive_in_pieces() {
    let message = answer(&[
        event(
            "output_item.added",
            json!({"item": {"type": "reasoning", "id": "i_1", "summary": [], "encrypted_content": "half"}}),
        ),
        event("reasoning_summary_part.added", json!({"summary_index": 0, "part": {}})),
        event("reasoning_summary_text.delta", json!({"summary_index": 0, "delta": "Let me "})),
        event("reasoning_summary_text.delta", json!({"summary_index": 0, "delta": "think."})),
        event("reasoning_summary_part.added", json!({"summary_index": 1, "part": {}})),
        event("reasoning_summary_text.delta", json!({"summary_index": 1, "delta": "Done."})),
        event("reasoning_text.delta", json!({"delta": "6*7"})),
        event(
            "output_item.done",
            json!({"item": {"type": "reasoning", "id": "i_1", "summary": [], "encrypted_content": "E"}}),
        ),
    ]);
    assert_eq!(message.reasoning.as_deref(), Some("Let me think.\n\nDone.\n\n6*7"));
    assert_eq!(message.text(), "");
    assert_eq!(
        content(&message),
        json!([{"type": "reasoning", "id": "i_1", "index": 0, "encrypted_content": "E",
            "summary": [{"type": "summary_text", "text": "Let me think.", "index": 0}, {"type": "summary_text", "text": "Done.", "index": 1}],
            "content": [{"type": "reasoning_text", "text": "6*7", "index": 0}]}])
    );
}

#[test]
fn thoughts_that_only_the_end_tells_are_delivered() {
    let begin = json!({"type": "reasoning", "id": "i_1", "summary": [], "status": "in_progress"});
    let summary = json!([{"type": "summary_text", "text": "Let me think."}]);
    let whole = json!({"type": "reasoning", "id": "i_1", "status": "completed", "summary": summary, "encrypted_content": "E",
        "content": [{"type": "reasoning_text", "text": "6*7"}]});
    let added = event("output_item.added", json!({"item": begin}));
    let done = event("output_item.done", json!({"item": whole}));
    let texts = [
        event("reasoning_summary_text.done", json!({"summary_index": 0, "text": "Let me think."})),
        event("reasoning_text.done", json!({"text": "6*7"})),
    ];
    let mut full = added.clone();
    full["item"] = whole.clone();
    for events in [
        vec![done.clone()],
        vec![added.clone(), done.clone()],
        vec![full, done.clone()],
        vec![added.clone(), event("reasoning_summary_part.added", json!({"summary_index": 0})), done.clone()],
        vec![added.clone(), texts[0].clone(), texts[1].clone(), done.clone()],
        vec![
            event("reasoning_summary_text.delta", json!({"summary_index": 0, "delta": "Let me think."})),
            texts[0].clone(),
            event("reasoning.delta", json!({"delta": "6*"})),
            event("reasoning.delta", json!({"delta": "7"})),
            texts[1].clone(),
            done.clone(),
        ],
    ] {
        let message = answer(&events);
        assert_eq!(message.reasoning.as_deref(), Some("Let me think.\n\n6*7"), "{events:?}");
        let block = &content(&message)[0];
        let said = |name: &str| {
            block[name]
                .as_array()
                .map(|parts| parts.iter().filter_map(|part| part["text"].as_str()).collect::<String>())
        };
        assert_eq!(
            (said("summary").as_deref(), said("content").as_deref()),
            (Some("Let me think."), Some("6*7")),
            "{events:?}"
        );
        assert_eq!((&block["id"], &block["encrypted_content"]), (&json!("i_1"), &json!("E")), "{events:?}");
    }
}

#[test]
fn probabilities_of_tokens_are_delivered_once() {
    let token = |text: &str| json!([{"token": text, "logprob": -0.5}]);
    let both = json!([token("Hel")[0], token("lo")[0]]);
    let part = json!({"type": "output_text", "text": "Hello", "logprobs": both});
    let item = json!({"item": {"type": "message", "id": "i_1", "content": [part]}});
    let done = event("output_item.done", item);
    let deltas = |told: bool| {
        ["Hel", "lo"].map(|text| {
            event(
                "output_text.delta",
                json!({"delta": text, "logprobs": if told { token(text) } else { json!([]) }}),
            )
        })
    };
    let end = event("output_text.done", json!({"text": "Hello", "logprobs": both}));
    for events in [
        vec![done.clone()],
        vec![end.clone(), done.clone()],
        [deltas(true).to_vec(), vec![end.clone(), done.clone()]].concat(),
        [deltas(false).to_vec(), vec![end, done]].concat(),
    ] {
        assert_eq!(content(&answer(&events))[0]["logprobs"], both, "{events:?}");
    }
}

#[test]
fn items_of_the_service_are_kept_and_unknown_ones_disturb_nobody() {
    let message = answer(&[
        json!({"type": "keepalive"}),
        json!({}),
        event("hologram.delta", json!({"delta": "zz"})),
        event("output_item.added", json!({"item": {"type": "web_search_call", "id": "ws"}})),
        event(
            "output_item.done",
            json!({"item": {"type": "web_search_call", "id": "ws", "status": "completed"}}),
        ),
        event("output_item.done", json!({"output_index": 1, "item": {"type": "hologram_call", "id": "h"}})),
    ]);
    assert_eq!(
        content(&message),
        json!([{"type": "web_search_call", "id": "ws", "status": "completed", "index": 0}])
    );
    assert_eq!(message.metadata.extra["other_output"], json!([{"type": "hologram_call", "id": "h"}]));
}

#[track_caller]
fn check_error(last: Option<Value>, kind: ErrorKind, code: Option<&str>, part: &str) {
    let mut events = vec![event("output_text.delta", json!({"delta": "Par"})).to_string()];
    events.extend(last.map(|last| last.to_string()));
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    let (chunks, end) = decode(ResponsesStream::default(), &events);
    let error = end.expect_err("an error");
    assert_eq!(fold(chunks).text(), "Par", "what came before is delivered");
    assert_eq!(error.kind(), kind, "{error}");
    let service = error.service().expect("details");
    assert_eq!((service.code.as_deref(), service.request_id.as_deref()), (code, Some("req_1")));
    assert!(error.to_string().contains(part), "{error}");
}

#[test]
fn an_error_follows_the_text_that_came_before() {
    let failed = json!({"type": "response.failed", "response": {"status": "failed",
        "error": {"code": "server_error", "message": "Model crashed."}}});
    check_error(Some(failed), ErrorKind::Stream, Some("server_error"), "Model crashed.");
    check_error(Some(json!({"type": "response.failed"})), ErrorKind::Stream, None, "does not say why");
    let flat = json!({"type": "error", "code": "rate_limit_exceeded", "message": "Slow down", "param": null});
    check_error(Some(flat), ErrorKind::Stream, Some("rate_limit_exceeded"), "Slow down");
    let nested =
        json!({"type": "error", "error": {"code": "insufficient_quota", "message": "Quota exceeded"}});
    check_error(Some(nested), ErrorKind::Stream, Some("insufficient_quota"), "Quota exceeded");
    let overflow = json!({"error": {"code": "context_length_exceeded", "message": "long"}});
    check_error(Some(overflow), ErrorKind::ContextOverflow, Some("context_length_exceeded"), "long");
    check_error(None, ErrorKind::Incomplete, None, "response.completed");
}

#[test]
fn an_answer_that_is_cut_short_says_so() {
    let incomplete = json!({"type": "response.incomplete", "response": {"id": "resp_1", "output": [],
        "incomplete_details": {"reason": "max_output_tokens"}}});
    let events = [event("output_text.delta", json!({"delta": "Par"})).to_string(), incomplete.to_string()];
    let (chunks, end) = decode(ResponsesStream::default(), &events.each_ref().map(String::as_str));
    end.expect("an answer");
    let message = fold(chunks);
    assert_eq!((message.text().as_ref(), &message.metadata.extra["status"]), ("Par", &json!("incomplete")));
    assert_eq!(message.metadata.extra["incomplete_details"]["reason"], "max_output_tokens");
}
