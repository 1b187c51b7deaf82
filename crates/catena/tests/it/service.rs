//! What the servers of these tests answer: OpenAI's format, for text and chat, whole and streamed.

use catena_testkit::{Gate, Recorded, Reply, Server};
use serde_json::{Value, json};

/// A service that answers at once what [`said`] says.
pub(crate) fn echo() -> Server {
    Server::start(answer)
}

/// A service that answers nobody before `count` have asked.
pub(crate) fn meeting(count: usize) -> Server {
    let all_there = Gate::new();
    Server::start(move |request| {
        if request.number() + 1 >= count {
            all_there.open();
        }
        answer(request).hold(all_there.clone())
    })
}

/// What the service answers to a prompt.
pub(crate) fn said(prompt: &str) -> String {
    format!("You said: {prompt}")
}

/// The reply that says [`said`], word by word if it is streamed.
pub(crate) fn answer(request: &Recorded) -> Reply {
    let text = said(&question(request));
    reply(request, &text.split_inclusive(' ').collect::<Vec<_>>())
}

/// The reply to `request` that consists of these pieces. Streamed, each piece is one part, and so is the end.
pub(crate) fn reply(request: &Recorded, pieces: &[&str]) -> Reply {
    match (wants_stream(request), wants_chat(request)) {
        (true, _) => Reply::sse_groups(events(request, pieces)),
        (false, true) => Reply::json(200, chat_completion(&pieces.concat())),
        (false, false) => Reply::json(200, completion(&pieces.concat())),
    }
}

/// A reply to be ended in a wrong way: streamed it stops after the first piece.
pub(crate) fn half(request: &Recorded) -> Reply {
    match wants_stream(request) {
        true => Reply::sse_groups(&events(request, &["Brush", "Wise"])[..1]),
        false => reply(request, &["Brush"]),
    }
}

pub(crate) fn wants_stream(request: &Recorded) -> bool {
    request.json()["stream"] == true
}

fn wants_chat(request: &Recorded) -> bool {
    request.path().ends_with("/chat/completions")
}

/// The events of a stream, by parts.
fn events(request: &Recorded, pieces: &[&str]) -> Vec<Vec<String>> {
    if wants_chat(request) { chat_events(pieces) } else { completion_events(pieces) }
}

/// The prompt of a request; of a chat the last message.
pub(crate) fn question(request: &Recorded) -> String {
    let body: Value = request.json();
    let last = body["messages"].as_array().and_then(|messages| messages.last());
    let text = last.map_or(&body["prompt"], |message| &message["content"]);
    text.as_str().unwrap_or_default().to_owned()
}

fn completion(text: &str) -> Value {
    json!({
        "id": "cmpl-1", "object": "text_completion", "created": 1, "model": "m-1",
        "choices": [{"index": 0, "text": text, "logprobs": null, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
    })
}

fn chat_completion(text: &str) -> Value {
    let message = json!({"role": "assistant", "content": text, "refusal": null});
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m-1",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
    })
}

fn completion_events(pieces: &[&str]) -> Vec<Vec<String>> {
    let event = |text: &str, finish: Value| {
        let choice = json!({"index": 0, "text": text, "finish_reason": finish});
        json!({"id": "cmpl-1", "object": "text_completion", "model": "m-1", "choices": [choice]}).to_string()
    };
    let mut parts: Vec<_> = pieces.iter().map(|piece| vec![event(piece, Value::Null)]).collect();
    parts.push(vec![event("", "stop".into()), "[DONE]".to_owned()]);
    parts
}

fn chat_events(pieces: &[&str]) -> Vec<Vec<String>> {
    let event = |delta: Value, finish: Value| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
        json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "m-1", "choices": [choice]})
            .to_string()
    };
    let text = |piece: &&str| vec![event(json!({"content": piece}), Value::Null)];
    let mut parts: Vec<_> = pieces.iter().map(text).collect();
    // OpenAI opens with an event that only says who speaks.
    let opening = event(json!({"role": "assistant", "content": ""}), Value::Null);
    parts[0].insert(0, opening);
    parts.push(vec![event(json!({}), "stop".into()), "[DONE]".to_owned()]);
    parts
}
