//! Conversations of several turns: what the service said goes back to it unchanged.

use catena_core::{ContentBlock, ErrorKind, Message, RunnableExt};
use catena_testkit::{Reply, Server};
use futures_executor::block_on;
use serde_json::{Value, json};

use crate::support::{builder, chat, drain, events, fold, message, named, text_message};

fn weather() -> Value {
    json!({"type": "function", "function": {"name": "get_weather", "description": "The weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}})
}

/// Thoughts, a text and two calls, and the events that say the same.
fn calls() -> (Value, Vec<String>) {
    let call = |id: &str, city: &str| json!({"type": "tool_use", "id": id, "name": "get_weather", "input": {"city": city}});
    let begun = |id: &str| json!({"type": "tool_use", "id": id, "name": "get_weather", "input": {}});
    let pieces = |city: &str| {
        ["", "{\"ci", "ty\": \"", city, "\"}"]
            .map(|json| json!({"type": "input_json_delta", "partial_json": json}))
            .to_vec()
    };
    let thinking = json!({"type": "thinking", "thinking": "Two cities.", "signature": "c2ln"});
    let blocks = [
        (
            json!({"type": "thinking", "thinking": "", "signature": ""}),
            vec![
                json!({"type": "thinking_delta", "thinking": "Two "}),
                json!({"type": "thinking_delta", "thinking": "cities."}),
                json!({"type": "signature_delta", "signature": "c2ln"}),
            ],
        ),
        (json!({"type": "text", "text": ""}), vec![json!({"type": "text_delta", "text": "Let me look."})]),
        (begun("toolu_1"), pieces("Paris")),
        (begun("toolu_2"), pieces("Oslo")),
    ];
    let text = json!({"type": "text", "text": "Let me look."});
    let content = json!([thinking, text, call("toolu_1", "Paris"), call("toolu_2", "Oslo")]);
    (content, events(&blocks, "tool_use"))
}

#[test]
fn tools_are_called_and_their_results_sent_back() {
    let (content, events) = calls();
    let whole = Reply::json(200, message(content.clone(), "tool_use"));
    let done = Reply::json(200, text_message("Mild and cold."));
    let server = Server::replay([whole, done.clone(), named(&events).split_every(3), done]);
    let chat = builder(&server).with_thinking(1024).build().expect("a model");
    let bound = chat.bind_tools([weather()]);
    for streamed in [false, true] {
        let question = Message::human("How is the weather in Paris and Oslo?");
        let answer = match streamed {
            false => block_on(bound.invoke([question.clone()])).expect("an answer"),
            true => fold(drain(bound.stream([question.clone()])).0),
        };
        assert_eq!(answer.metadata.finish_reason.as_deref(), Some("tool_calls"));
        assert_eq!(
            (answer.text().as_ref(), answer.reasoning.as_deref()),
            ("Let me look.", Some("Two cities."))
        );
        let ids: Vec<String> = answer.tool_calls().iter().filter_map(|call| call.id.clone()).collect();
        assert_eq!(ids, ["toolu_1", "toolu_2"]);
        let mut messages = vec![question, Message::Ai(answer)];
        messages.extend(ids.into_iter().map(|id| Message::tool("5 degrees", id)));
        assert_eq!(block_on(bound.invoke(messages)).expect("an answer").text(), "Mild and cold.");
        let sent = server.requests().last().expect("a request").json();
        assert_eq!(sent["messages"][1], json!({"role": "assistant", "content": content}), "unchanged");
        let result = |id: &str| json!({"type": "tool_result", "tool_use_id": id, "content": "5 degrees"});
        assert_eq!(
            sent["messages"][2],
            json!({"role": "user", "content": [result("toolu_1"), result("toolu_2")]})
        );
        assert_eq!(sent["messages"].as_array().map(Vec::len), Some(3));
    }
    let sent = server.requests()[0].json();
    assert_eq!(sent["tools"][0]["name"], "get_weather");
    assert_eq!(sent["tools"][0]["input_schema"]["required"], json!(["city"]));
    assert_eq!((&sent["max_tokens"], &sent["thinking"]["budget_tokens"]), (&json!(5120), &json!(1024)));
}

#[test]
fn a_paused_turn_goes_on() {
    let search =
        json!({"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}});
    let paused = Reply::json(200, message(json!([search]), "pause_turn"));
    let server = Server::replay([paused, Reply::json(200, text_message("Found."))]);
    let tool = json!({"type": "web_search_20250305", "name": "web_search"});
    let chat = chat(&server).bind_tools([tool.clone()]);
    let question = Message::human("Search!");
    let answer = block_on(chat.invoke([question.clone()])).expect("an answer");
    assert_eq!(answer.metadata.finish_reason.as_deref(), Some("pause_turn"));
    let rest = block_on(chat.invoke([question, Message::Ai(answer)])).expect("an answer");
    assert_eq!(rest.text(), "Found.");
    let sent = server.requests()[1].json();
    assert_eq!(sent["messages"][1]["content"], json!([search]));
    assert_eq!(sent["tools"], json!([tool]));
}

#[test]
fn images_and_documents_are_sent() {
    let server = Server::replay([Reply::json(200, text_message("A cat."))]);
    let pdf = json!({"type": "file", "base64": "JVBERi0=", "mime_type": "application/pdf"});
    let content = vec![
        ContentBlock::text("What is this?"),
        ContentBlock::image_url("data:image/png;base64,iVBORw0="),
        ContentBlock::Data(pdf.as_object().cloned().expect("an object")),
    ];
    block_on(chat(&server).invoke([Message::human(content)])).expect("an answer");
    let expected = json!([
        {"type": "text", "text": "What is this?"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0="}},
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}},
    ]);
    assert_eq!(server.requests()[0].json()["messages"][0]["content"], expected);
}

#[test]
fn what_cannot_be_asked_for_is_not_sent() {
    let server = Server::replay([Reply::json(200, text_message("Hi"))]);
    let chat = chat(&server);
    let sound = json!({"type": "audio", "base64": "QQ==", "mime_type": "audio/wav"});
    let sound = Message::human(vec![ContentBlock::Data(sound.as_object().cloned().expect("an object"))]);
    let kinds = [
        block_on(chat.invoke([sound.clone()])).expect_err("sound").kind(),
        drain(chat.stream([sound])).1.expect("sound").kind(),
        block_on(chat.clone().bind("seed", 7).invoke("Hi")).expect_err("a seed").kind(),
        block_on(chat.clone().bind("response_format", json!({"type": "json_object"})).invoke("Hi"))
            .expect_err("no schema")
            .kind(),
    ];
    assert_eq!(kinds, [ErrorKind::Unsupported; 4]);
    assert_eq!(server.connections(), 0);
}
