//! What is sent: to which place, with which headers, and what comes back.

use catena_core::{AiMessage, Capability, ErrorKind, LanguageModel, Message, RunnableExt, Usage};
use catena_testkit::{Reply, Server};
use futures_executor::block_on;
use serde_json::json;

use crate::support::{KEY, answer, builder, chat, drain, events, text};

#[test]
fn a_call_has_its_place_its_key_and_its_body() {
    let server = Server::replay([
        Reply::json(200, text("Hello!")).with_header("x-request-id", "req_7"),
        Reply::sse(events(&["a"])),
    ]);
    let chat = chat(&server);
    let answer =
        block_on(chat.invoke([Message::system("Be brief."), Message::human("Hi")])).expect("an answer");
    assert_eq!((answer.text().as_ref(), answer.usage), ("Hello!", Some(Usage::new(5, 2))));
    assert_eq!(answer.metadata.model.as_deref(), Some("gemini-2.5-flash"));
    assert_eq!(answer.metadata.finish_reason.as_deref(), Some("stop"));
    assert_eq!((answer.id.as_deref(), answer.metadata.request_id.as_deref()), (Some("r1"), Some("req_7")));
    drain(chat.stream("Hi"));
    let requests = server.requests();
    assert_eq!(requests[0].path(), "/v1beta/models/gemini-2.5-flash:generateContent");
    assert_eq!(requests[1].target(), "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse");
    assert_eq!(requests[0].header("x-goog-api-key"), Some(KEY));
    assert_eq!(requests[0].header("authorization"), None);
    let sent = json!({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}], "systemInstruction": {"parts": [{"text": "Be brief."}]}});
    assert_eq!(requests[0].json(), sent);
}

#[test]
fn bound_arguments_shape_one_call() {
    let server = Server::replay([Reply::json(200, text("x"))]);
    let chat = builder(&server).with_temperature(0.5).with_max_tokens(9).build().expect("a model");
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let bound = chat
        .bind_tools([json!({"name": "f", "description": "d", "parameters": schema})])
        .bind("tool_choice", "required")
        .bind("max_tokens", 5)
        .bind("stop", json!(["END"]))
        .bind("model", "gemini-2.5-pro")
        .bind("extra_headers", json!({"x-team": "blue"}));
    block_on(bound.invoke("Hi")).expect("an answer");
    block_on(chat.invoke("Hi")).expect("an answer");
    let requests = server.requests();
    assert_eq!(requests[0].path(), "/v1beta/models/gemini-2.5-pro:generateContent");
    assert_eq!(requests[0].header("x-team"), Some("blue"));
    let contents = json!([{"role": "user", "parts": [{"text": "Hi"}]}]);
    let expected = json!({
        "contents": contents,
        "generationConfig": {"temperature": 0.5, "maxOutputTokens": 5, "stopSequences": ["END"]},
        "tools": [{"functionDeclarations": [{"name": "f", "description": "d", "parametersJsonSchema": schema}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
    });
    assert_eq!(requests[0].json(), expected);
    let plain = json!({"contents": contents, "generationConfig": {"temperature": 0.5, "maxOutputTokens": 9}});
    assert_eq!(requests[1].json(), plain);
}

#[test]
fn a_round_of_tools_sends_back_what_the_service_signed() {
    let call = json!([{"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "c2ln"}]);
    let server = Server::replay([Reply::json(200, answer(call)), Reply::json(200, text("done"))]);
    let chat = chat(&server);
    let asked = block_on(chat.invoke("Hi")).expect("an answer");
    assert_eq!(asked.metadata.finish_reason.as_deref(), Some("tool_calls"));
    let id = asked.tool_calls()[0].id.clone().expect("an id");
    // As an application keeps it: through JSON.
    let kept = serde_json::to_string(&asked).expect("JSON");
    let asked: AiMessage = serde_json::from_str(&kept).expect("a message");
    let talk = [Message::human("Hi"), asked.into(), Message::tool(r#"{"b": 2}"#, &id)];
    assert_eq!(block_on(chat.invoke(talk)).expect("an answer").text(), "done");
    let sent = &server.requests()[1].json()["contents"];
    assert_eq!(
        sent[1],
        json!({"role": "model", "parts": [{"functionCall": {"id": id, "name": "f", "args": {"a": 1}}, "thoughtSignature": "c2ln"}]})
    );
    assert_eq!(
        sent[2],
        json!({"role": "user", "parts": [{"functionResponse": {"id": id, "name": "f", "response": {"b": 2}}}]})
    );
}

#[test]
fn nothing_is_sent_that_cannot_be_done() {
    let server = Server::replay([Reply::never()]);
    let chat = chat(&server);
    for (name, value) in [
        ("logit_bias", json!({"1": 1})),
        ("parallel_tool_calls", json!(false)),
        ("response_format", json!({"type": "grammar"})),
    ] {
        let bound = chat.clone().bind(name, value);
        assert_eq!(
            block_on(bound.invoke("Hi")).expect_err("an error").kind(),
            ErrorKind::Unsupported,
            "{name}"
        );
        assert_eq!(drain(bound.stream("Hi")).1.expect("an error").kind(), ErrorKind::Unsupported, "{name}");
    }
    let error = drain(chat.clone().bind("n", 2).stream("Hi")).1.expect("an error");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_model_tells_what_it_is() {
    let server = Server::replay([Reply::never()]);
    let chat = builder(&server).with_temperature(0.5).with_schema_subset(true).build().expect("a model");
    let model: &dyn LanguageModel<Output = AiMessage> = &chat;
    assert_eq!((model.provider(), model.model_id()), (Some("gcp.gemini"), Some("gemini-2.5-flash")));
    assert!(model.capabilities().has(Capability::Reasoning));
    let expected = json!({"base_url": format!("{}/v1beta", server.url()), "model": "gemini-2.5-flash", "temperature": 0.5, "schema_subset": true});
    assert_eq!(model.parameters().map(serde_json::Value::from), Some(expected));
    let other =
        builder(&server).with_temperature(0.5).with_schema_subset(true).with_header("x-provider", "a");
    let (other, plain) = (other.build().expect("a model").parameters(), model.parameters());
    assert!(other.is_some() && other != plain, "a gateway may choose by it who answers");
}

#[test]
fn tokens_are_counted_of_the_whole_request() {
    let server = Server::replay([Reply::json(200, json!({"totalTokens": 31}))]);
    let chat = chat(&server);
    let count = block_on(chat.count_tokens([Message::system("s"), Message::human("Hi")])).expect("a count");
    assert_eq!(count, 31);
    let request = &server.requests()[0];
    assert_eq!(request.path(), "/v1beta/models/gemini-2.5-flash:countTokens");
    let sent = json!({"generateContentRequest": {"model": "models/gemini-2.5-flash",
        "contents": [{"role": "user", "parts": [{"text": "Hi"}]}], "systemInstruction": {"parts": [{"text": "s"}]}}});
    assert_eq!(request.json(), sent);
}

#[test]
fn settings_that_do_not_fit_are_errors_of_the_builder() {
    let server = Server::replay([Reply::never()]);
    for builder in [
        builder(&server).with_temperature(f64::NAN),
        builder(&server).with_n(0),
        builder(&server).without_api_key(),
        builder(&server).with_api_key(" "),
        builder(&server).with_base_url("h.test"),
        builder(&server).with_base_url("http://h.test"),
        builder(&server).with_header("bad name", "x"),
    ] {
        assert_eq!(builder.build().expect_err("an error").kind(), ErrorKind::Config);
    }
    let missing = builder(&server).with_model("..").build().expect("a model");
    assert_eq!(block_on(missing.invoke("Hi")).expect_err("an error").kind(), ErrorKind::InvalidInput);
    assert_eq!(server.connections(), 0);
}
