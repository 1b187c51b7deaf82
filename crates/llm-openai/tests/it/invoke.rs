//! Calls without a stream: what is sent, and what comes back.

use std::time::Duration;

use catena_core::{ContentBlock, Message, RunnableExt, Usage};
use catena_llm_openai::Completion;
use catena_testkit::{Reply, Server, SimulatedOpenAi};
use futures_executor::block_on;
use serde_json::json;

use crate::support::{KEY, chat, chat_builder, chat_completion, completion, llm, llm_builder};

#[test]
fn a_text_is_completed() {
    let server = Server::replay([Reply::json(200, completion(" Socks!"))]);
    let llm = llm_builder(&server).with_temperature(0.9).build().expect("a model");
    assert_eq!(block_on(llm.invoke("Name?")).expect("an answer"), " Socks!");

    let request = &server.requests()[0];
    assert_eq!((request.method(), request.target()), ("POST", "/v1/completions"));
    assert_eq!(request.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("accept"), Some("application/json"));
    for absent in ["openai-organization", "openai-project", "idempotency-key", "api-key"] {
        assert_eq!(request.header(absent), None);
    }
    let sent = json!({
        "model": "gpt-3.5-turbo-instruct", "prompt": "Name?", "temperature": 0.9, "max_tokens": 256, "top_p": 1, "n": 1,
        "frequency_penalty": 0, "presence_penalty": 0,
    });
    assert_eq!(request.json(), sent);
}

#[test]
fn a_completion_has_its_details() {
    let server = Server::replay([Reply::json(200, completion("Socks")).with_header("x-request-id", "req_7")]);
    let seen = block_on(llm(&server).complete("Name?")).expect("an answer");
    let Completion { text, finish_reason, usage, model, id, request_id, .. } = seen;
    assert_eq!((text.as_str(), finish_reason.as_deref()), ("Socks", Some("stop")));
    assert_eq!(usage, Some(Usage::new(5, 2)));
    assert_eq!((model.as_deref(), id.as_deref()), (Some("m-1"), Some("cmpl-1")));
    assert_eq!(request_id.as_deref(), Some("req_7"));
}

#[test]
fn messages_are_answered() {
    let reply = Reply::json(200, chat_completion("Grüße ✓")).with_header("x-request-id", "req_7");
    let server = Server::replay([reply]);
    let chat = chat_builder(&server).with_max_tokens(9).with_organization("org-1").with_project("proj-1");
    let chat = chat.build().expect("a model");
    let blocks = vec![ContentBlock::text("What?"), ContentBlock::image_url("data:image/png;base64,AA==")];
    let question =
        [Message::system("Be brief."), Message::human(blocks), Message::ai("Hm."), Message::human("So?")];
    let answer = block_on(chat.invoke(question)).expect("an answer");
    assert_eq!(answer.text(), "Grüße ✓");
    assert_eq!(answer.usage, Some(Usage::new(5, 2)));
    assert_eq!(answer.id.as_deref(), Some("chatcmpl-1"));
    assert_eq!(answer.metadata.finish_reason.as_deref(), Some("stop"));
    assert_eq!(answer.metadata.model.as_deref(), Some("m-1"));
    assert_eq!(answer.metadata.request_id.as_deref(), Some("req_7"));
    assert_eq!(answer.metadata.extra["system_fingerprint"], "fp");

    let request = &server.requests()[0];
    assert_eq!((request.method(), request.target()), ("POST", "/v1/chat/completions"));
    assert_eq!(request.header("openai-organization"), Some("org-1"));
    assert_eq!(request.header("openai-project"), Some("proj-1"));
    let sent = json!({"model": "gpt-4o-mini", "max_completion_tokens": 9, "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [
            {"type": "text", "text": "What?"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
        ]},
        {"role": "assistant", "content": "Hm."},
        {"role": "user", "content": "So?"},
    ]});
    assert_eq!(request.json(), sent);
}

#[test]
fn a_second_call_uses_the_same_connection() {
    let server = Server::replay([Reply::json(200, chat_completion("Hi"))]);
    let chat = chat(&server);
    for _ in 0..3 {
        block_on(chat.invoke("Hi")).expect("an answer");
    }
    assert_eq!(server.connections(), 1);
}

#[test]
fn the_label_of_an_answer_is_only_a_hint() {
    let body = format!("\n\n{}", chat_completion("plain"));
    let server = Server::replay([Reply::text(200, body.clone()), Reply::bytes(200, body)]);
    for _ in 0..2 {
        assert_eq!(block_on(chat(&server).invoke("Hi")).expect("an answer").text(), "plain");
    }
}

#[test]
fn a_simulated_service_answers_without_a_key() {
    let service = SimulatedOpenAi::builder().with_latency(Duration::ZERO).start().expect("a service");
    let builder = catena_llm_openai::OpenAi::builder().ignore_environment().with_base_url(service.base_url());
    let builder = builder.without_api_key();
    let name = block_on(builder.build().expect("a model").invoke("Name a company that makes socks"));
    assert!(!name.expect("an answer").is_empty());
    assert_eq!(service.server().requests()[0].header("authorization"), None);
}
