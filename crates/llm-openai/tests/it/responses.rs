//! The Responses API: when it is used, conversations, streams.

use catena_core::{ErrorKind, Message, RunnableExt};
use catena_testkit::{Reply, Server};
use futures_executor::block_on;
use serde_json::{Value, json};

use crate::support::{chat_builder, chat_completion, drain, fold};

fn response(id: &str, text: &str) -> Value {
    let part = json!({"type": "output_text", "text": text, "annotations": []});
    json!({
        "id": id, "object": "response", "status": "completed", "model": "m-1",
        "output": [{"type": "message", "id": "msg_1", "role": "assistant", "content": [part]}],
        "usage": {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7},
    })
}

#[test]
fn the_request_or_the_setting_chooses_the_interface() {
    let server = Server::start(|request| match request.path() {
        "/v1/responses" => Reply::json(200, response("resp_1", "new")),
        _ => Reply::json(200, chat_completion("old")),
    });
    let search = json!([{"type": "web_search"}]);
    for (wanted, arguments, expected) in [
        (None, json!({}), "old"),
        (Some(true), json!({}), "new"),
        (None, json!({"tools": search}), "new"),
        (Some(false), json!({"tools": search}), "old"),
        (None, json!({"previous_response_id": "resp_0"}), "new"),
        (None, json!({"use_responses_api": true}), "new"),
        (None, json!({"model": "gpt-5-codex"}), "new"),
    ] {
        let builder = chat_builder(&server);
        let builder = match wanted {
            Some(wanted) => builder.with_use_responses_api(wanted),
            None => builder,
        };
        let chat = builder.build().expect("a model");
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        let answer = block_on(chat.bind_all(arguments.clone()).invoke("Hi")).expect("an answer");
        assert_eq!(answer.text(), expected, "{wanted:?} {arguments:?}");
    }
}

#[test]
fn a_conversation_goes_on_where_the_service_left_it() {
    let replies =
        [("resp_1", "One."), ("resp_2", "Two.")].map(|(id, text)| Reply::json(200, response(id, text)));
    let server = Server::replay(replies);
    let chat = chat_builder(&server).with_use_previous_response_id(true).build().expect("a model");
    let mut messages = vec![Message::human("Count.")];
    messages.push(block_on(chat.invoke(messages.clone())).expect("an answer").into());
    messages.push(Message::human("Go on."));
    block_on(chat.invoke(messages)).expect("an answer");
    let second = server.requests()[1].json();
    assert_eq!(second["previous_response_id"], "resp_1");
    assert_eq!(second["input"], json!([{"type": "message", "role": "user", "content": "Go on."}]));
}

#[test]
fn an_answer_is_given_back_as_it_came() {
    let mut first = response("resp_1", "42");
    let thought = json!({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "E"});
    first["output"].as_array_mut().expect("a list").insert(0, thought.clone());
    let server = Server::replay([Reply::json(200, first), Reply::json(200, response("resp_2", "yes"))]);
    let chat = chat_builder(&server).with_use_responses_api(true).with_store(false).build().expect("a model");
    let answer = block_on(chat.invoke("6 * 7?")).expect("an answer");
    block_on(chat.invoke([answer.into(), Message::human("Sure?")])).expect("an answer");
    let said = json!({"type": "message", "role": "assistant",
        "content": [{"type": "output_text", "text": "42", "annotations": []}]});
    let asked = json!({"type": "message", "role": "user", "content": "Sure?"});
    assert_eq!(server.requests()[1].json()["input"], json!([thought, said, asked]));
}

fn events(last: Value) -> Vec<String> {
    let delta = |text: &str| json!({"type": "response.output_text.delta", "item_id": "msg_1", "delta": text});
    let created = json!({"type": "response.created", "response": {"id": "resp_1"}});
    [created, delta("Hel"), delta("lo"), last].iter().map(Value::to_string).collect()
}

#[test]
fn a_stream_is_cut_anywhere_and_says_what_the_answer_says() {
    let completed = json!({"type": "response.completed", "response": response("resp_1", "Hello")});
    let bytes = Reply::sse(events(completed));
    for size in [1, 7, 4096] {
        let server = Server::replay([bytes.clone().split_every(size)]);
        let chat = chat_builder(&server).with_use_responses_api(true).build().expect("a model");
        let (chunks, error) = drain(chat.stream("Hi"));
        assert!(error.is_none(), "{error:?}");
        let whole = fold(chunks);
        assert_eq!((whole.text().as_ref(), whole.id.as_deref()), ("Hello", Some("resp_1")));
        assert_eq!(whole.usage.map(|usage| usage.total_tokens), Some(7));
        assert_eq!(server.requests()[0].json()["stream"], true);
    }
}

#[test]
fn a_stream_that_breaks_off_is_an_error_behind_the_text() {
    let failed = json!({"type": "response.failed", "response": {"error": {"code": "server_error", "message": "boom"}}});
    let unfinished = json!({"type": "keepalive"});
    for (reply, kind) in [
        (Reply::sse(events(failed)), ErrorKind::Stream),
        (Reply::sse(events(unfinished.clone())), ErrorKind::Incomplete),
        (Reply::sse(events(unfinished)).end_abort(), ErrorKind::Connection),
    ] {
        let server = Server::replay([reply]);
        let chat = chat_builder(&server).with_use_responses_api(true).build().expect("a model");
        let (chunks, error) = drain(chat.stream("Hi"));
        let text: String = chunks.iter().map(|chunk| chunk.text().into_owned()).collect();
        let error = error.expect("an error");
        assert_eq!(text, "Hello");
        assert!(
            error.kind() == kind || (kind == ErrorKind::Connection && error.kind() == ErrorKind::Incomplete),
            "{error:?}"
        );
    }
}
