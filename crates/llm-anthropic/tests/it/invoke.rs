//! Answers in one piece.

use catena_core::{Capability, LanguageModel, Message, PromptTemplate, RunnableExt, StrOutputParser, Usage};
use catena_testkit::{Reply, Server};
use futures_executor::block_on;
use serde_json::json;

use crate::support::{KEY, builder, chat, named, text_events, text_message};

#[test]
fn an_answer_says_what_is_known_about_it() {
    let server = Server::replay([Reply::json(200, text_message("Hi")).with_header("request-id", "req_7")]);
    let chat = builder(&server).with_stop(["END"]).with_temperature(0.0).build().expect("a model");
    let answer =
        block_on(chat.invoke([Message::system("Be brief."), Message::human("Hello")])).expect("an answer");
    assert_eq!((answer.text().as_ref(), answer.id.as_deref()), ("Hi", Some("msg_1")));
    assert_eq!(answer.usage, Some(Usage::new(5, 2)));
    let metadata = &answer.metadata;
    assert_eq!(metadata.request_id.as_deref(), Some("req_7"));
    assert_eq!(
        (metadata.model.as_deref(), metadata.finish_reason.as_deref()),
        (Some("claude-x"), Some("stop"))
    );
    let expected = json!({"model": "claude-haiku-4-5", "max_tokens": 4096, "temperature": 0.0, "stop_sequences": ["END"],
        "system": "Be brief.", "messages": [{"role": "user", "content": "Hello"}]});
    assert_eq!(server.requests()[0].json(), expected);
}

#[test]
fn a_model_is_a_part_of_a_chain() {
    let server = Server::replay([Reply::json(200, text_message("Sock & Co"))]);
    let prompt = PromptTemplate::new("Name a company that makes {product}").expect("a template");
    let chain = prompt | chat(&server) | StrOutputParser;
    assert_eq!(block_on(chain.invoke("socks")).expect("an answer"), "Sock & Co");
    let sent = server.requests()[0].json();
    assert_eq!(sent["messages"][0]["content"], "Name a company that makes socks");
}

#[test]
fn a_stream_may_serve_a_call() {
    let server = Server::replay([named(&text_events(&["He", "llo"]))]);
    let chat = builder(&server).with_streaming(true).build().expect("a model");
    let answer = block_on(chat.invoke("Hi")).expect("an answer");
    assert_eq!((answer.text().as_ref(), answer.usage), ("Hello", Some(Usage::new(5, 2))));
    assert_eq!(server.requests()[0].json()["stream"], true);
}

#[test]
fn a_model_describes_itself_without_secrets() {
    let server = Server::replay([Reply::never()]);
    let base_url = format!("{}/?key={KEY}", server.url());
    let chat =
        builder(&server).with_base_url(base_url).with_top_k(4).with_betas(["b"]).build().expect("a model");
    assert_eq!((chat.provider(), chat.model_id()), (Some("anthropic"), Some("claude-haiku-4-5")));
    assert!(
        chat.capabilities().has(Capability::Reasoning) && !chat.capabilities().has(Capability::AudioInput)
    );
    let mut parameters = chat.parameters().expect("parameters");
    // The query and the version are in it.
    assert!(parameters.remove("endpoint_digest").is_some());
    let expected = json!({"base_url": format!("{}/", server.url()), "model": "claude-haiku-4-5", "max_tokens": 4096,
        "top_k": 4, "betas": ["b"]});
    assert_eq!(serde_json::Value::from(parameters), expected);
}

#[test]
fn models_that_ask_with_another_query_or_other_headers_do_not_share_answers() {
    let server = Server::replay([Reply::never()]);
    let plain = builder(&server).build().expect("a model").parameters();
    let header =
        |value| builder(&server).with_header("x-provider", value).build().expect("a model").parameters();
    let queried = builder(&server).with_query("tenant", "7").build().expect("a model").parameters();
    let other_key = builder(&server).with_api_key("another").build().expect("a model").parameters();
    assert_eq!((&plain, header("a")), (&other_key, header("a")));
    let all = [plain, header("a"), header("b"), queried];
    for (index, one) in all.iter().enumerate() {
        assert!(one.is_some() && !all[..index].contains(one), "{index}");
    }
}

#[test]
fn tokens_are_counted_by_the_service() {
    let server =
        Server::replay([Reply::json(200, json!({"input_tokens": 403})), Reply::json(200, json!({}))]);
    let chat = chat(&server).bind_tools([json!({"name": "f"})]);
    let count = catena_core::lambda({
        let model = crate::support::chat(&server);
        move |text: String, cx: catena_core::Context| {
            let model = model.clone();
            async move { model.count_tokens_in(text, &cx).await }
        }
    });
    let counted = count.bind("tools", json!([{"name": "f"}])).bind("temperature", 0.5);
    assert_eq!(block_on(counted.invoke("Hi")).expect("a count"), 403);
    let expected = json!({"model": "claude-haiku-4-5", "messages": [{"role": "user", "content": "Hi"}],
        "tools": [{"name": "f", "input_schema": {"type": "object", "properties": {}}}]});
    assert_eq!(server.requests()[0].json(), expected);
    let error = block_on(crate::support::chat(&server).count_tokens("Hi")).expect_err("no count");
    assert_eq!(error.kind(), catena_core::ErrorKind::InvalidResponse);
    drop(chat);
}
