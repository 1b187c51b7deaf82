//! What a call is told: at construction, and by bound arguments.

use catena_core::{ChatModelExt, ErrorKind, LanguageModel, RunnableExt, ToolOptions};
use catena_llm_openai::{ChatOpenAi, ChatOpenAiBuilder};
use catena_testkit::{Reply, Server};
use futures_executor::block_on;
use serde_json::{Value, json};

use crate::support::{chat, chat_builder, chat_completion, chat_events, completion, drain, llm, llm_builder};

/// The body of the only request.
fn sent(server: &Server) -> Value {
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    requests[0].json()
}

#[test]
fn settings_and_arguments_reach_the_service() {
    let server = Server::replay([Reply::json(200, chat_completion("Hi"))]);
    let builder =
        chat_builder(&server).with_temperature(0.1).with_max_tokens(5).with_stop("END").with_top_logprobs(2);
    let builder = builder.with_audio("alloy", "wav").with_metadata([("team", "a")]).with_prediction("Hi");
    let chat =
        builder.with_bound_tools([json!({"name": "f"})]).with_tool_choice("any").build().expect("a model");
    let tool = json!({"name": "g", "parameters": {"type": "object", "properties": {}}});
    let bound = chat
        .bind_tools_with([tool], &ToolOptions::new().with_strict(true))
        .bind("temperature", 0.5)
        .bind("max_tokens", 7);
    block_on(bound.invoke("Hi")).expect("an answer");
    let function = json!({"name": "g", "strict": true,
        "parameters": {"type": "object", "properties": {}, "additionalProperties": false}});
    let expected = json!({
        "model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hi"}], "temperature": 0.5,
        "max_completion_tokens": 7, "stop": "END", "top_logprobs": 2, "modalities": ["text", "audio"],
        "audio": {"voice": "alloy", "format": "wav"}, "metadata": {"team": "a"},
        "prediction": {"type": "content", "content": "Hi"}, "tool_choice": "required",
        "tools": [{"type": "function", "function": function}],
    });
    assert_eq!(sent(&server), expected);
}

#[test]
fn a_model_bound_to_a_call_is_asked() {
    let server = Server::replay([Reply::sse(chat_events(&["Hi"]))]);
    let bound = chat(&server).bind("model", "o3").bind("stream_usage", true);
    assert!(drain(bound.stream([catena_core::Message::system("Be brief.")])).1.is_none());
    let body = sent(&server);
    assert_eq!((&body["model"], &body["messages"][0]["role"]), (&json!("o3"), &json!("developer")));
    assert_eq!(body["stream_options"], json!({"include_usage": true}));
}

/// A gateway may choose by a header who answers. Keys do not shape an answer.
#[test]
fn models_that_ask_with_other_headers_do_not_share_answers() {
    let parameters = |change: &dyn Fn(ChatOpenAiBuilder) -> ChatOpenAiBuilder| {
        let chat = ChatOpenAi::builder().ignore_environment().with_base_url("https://h.test/v1");
        change(chat.with_api_key("sk-1")).build().expect("a model").parameters().expect("parameters")
    };
    let plain = parameters(&|chat| chat);
    let blue = parameters(&|chat| chat.with_header("x-portkey-provider", "blue"));
    for same in [
        parameters(&|chat| chat.with_api_key("sk-2")),
        parameters(&|chat| chat.with_header("helicone-auth", "secret").with_header("user-agent", "me")),
    ] {
        assert_eq!(same, plain);
    }
    let mut seen = vec![plain, blue];
    for other in [
        parameters(&|chat| chat.with_header("x-portkey-provider", "red")),
        parameters(&|chat| chat.with_organization("o")),
        parameters(&|chat| chat.with_project("o")),
    ] {
        assert!(!seen.contains(&other), "{other:?}");
        seen.push(other);
    }
}

#[test]
fn models_that_ask_with_another_query_do_not_share_answers() {
    let parameters = |url: &str, query: &[&str]| {
        let chat = ChatOpenAi::builder().ignore_environment().with_api_key("sk-1").with_base_url(url);
        let chat = query.iter().fold(chat, |chat, value| chat.with_query("tenant", *value)).build();
        chat.expect("a model").parameters().expect("parameters")
    };
    let plain = parameters("https://h.test/v1", &[]);
    assert_eq!(
        plain,
        json!({"base_url": "https://h.test/v1", "model": "gpt-4o-mini"}).as_object().cloned().unwrap()
    );
    let mut seen = vec![plain];
    for (url, query) in [
        ("https://h.test/v1?tenant=7", &[][..]),
        ("https://h.test/v1?tenant=8", &[]),
        ("https://h.test/v1", &["7"]),
        ("https://h.test/v1", &["8"]),
        ("https://h.test/v1", &["7", "8"]),
        ("https://h.test/v1?tenant=7", &["7"]),
    ] {
        let parameters = parameters(url, query);
        assert!(!seen.contains(&parameters), "{url} {query:?}");
        assert!(!format!("{parameters:?}").contains("tenant"), "a query may hold a key");
        seen.push(parameters);
    }
    assert_eq!(parameters("https://h.test/v1?tenant=7", &["7"]), seen[6], "the same model, built again");
}

#[test]
fn models_whose_answers_have_another_form_do_not_share_them() {
    let parameters = |builder: fn(ChatOpenAiBuilder) -> ChatOpenAiBuilder| {
        let chat = builder(ChatOpenAi::builder().ignore_environment().with_api_key("sk-1")).build();
        chat.expect("a model").parameters().expect("parameters")
    };
    let plain = parameters(|chat| chat);
    assert_eq!(plain, parameters(|chat| chat.with_use_responses_api(false)));
    let responses = parameters(|chat| chat.with_use_responses_api(true));
    assert_ne!(plain, responses);
    assert_eq!(responses, parameters(|chat| chat.with_use_responses_api(true).with_streaming(true)));
    assert_ne!(plain, parameters(|chat| chat.with_response_headers(true)));
}

#[test]
fn headers_and_query_of_a_call_are_not_in_its_body() {
    let server = Server::replay([Reply::json(200, chat_completion("Hi"))]);
    let bound = chat(&server).bind("extra_headers", json!({"x-team": "blue"}));
    let bound = bound.bind("extra_query", json!({"page": 2})).bind("timeout", 30);
    block_on(bound.invoke("Hi")).expect("an answer");
    let request = &server.requests()[0];
    assert_eq!((request.header("x-team"), request.query()), (Some("blue"), "page=2"));
    assert_eq!(
        request.json(),
        json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hi"}]})
    );
    let error = block_on(chat(&server).bind("timeout", -1).invoke("Hi")).expect_err("no time limit");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn all_answers_are_given() {
    let choice = |index: u32, text: &str| json!({"index": index, "message": {"content": text}, "finish_reason": "stop"});
    let mut body = chat_completion("");
    body["choices"] = json!([choice(1, "b"), choice(0, "a")]);
    let server = Server::replay([Reply::json(200, body).with_header("x-limit", "9")]);
    let chat = chat_builder(&server).with_n(2).with_response_headers(true).build().expect("a model");
    let answers = block_on(chat.generate_all("Pick")).expect("answers");
    assert_eq!(answers.iter().map(|answer| answer.text()).collect::<Vec<_>>(), ["a", "b"]);
    assert!(answers.iter().all(|answer| answer.usage.is_some_and(|usage| usage.total_tokens == 7)));
    assert_eq!(answers[1].metadata.extra["headers"]["x-limit"], "9");
    assert_eq!(sent(&server)["n"], 2);
    let (chunks, error) = drain(chat.stream("Pick"));
    assert!(chunks.is_empty());
    assert_eq!(error.expect("an error").kind(), ErrorKind::InvalidInput);
    assert_eq!(server.requests().len(), 1, "nothing is sent that cannot be read");
    let refused = chat_builder(&server).with_n(2).with_streaming(true).build();
    assert_eq!(refused.expect_err("contradictory").kind(), ErrorKind::Config);
}

#[test]
fn a_call_may_be_a_stream_that_is_put_together() {
    let server = Server::replay([Reply::sse(chat_events(&["Hel", "lo"]))]);
    let chat = chat_builder(&server).with_streaming(true).build().expect("a model");
    let answer = block_on(chat.invoke("Hi")).expect("an answer");
    assert_eq!((answer.text().as_ref(), answer.metadata.finish_reason.as_deref()), ("Hello", Some("stop")));
    assert_eq!(sent(&server)["stream"], true);
}

#[test]
fn prompts_are_completed_together() {
    let answer = |texts: &[&str]| {
        let mut body = completion("");
        body["choices"] = texts.iter().map(|text| json!({"text": text})).collect();
        Reply::json(200, body)
    };
    let server = Server::replay([answer(&["a", "b"]), answer(&["c"])]);
    let llm = llm_builder(&server).with_batch_size(2).build().expect("a model");
    let result = block_on(llm.generate_all(["A", "B", "C"])).expect("completions");
    let texts: Vec<_> = result.generations.iter().map(|all| all[0].text.as_str()).collect();
    assert_eq!(texts, ["a", "b", "c"]);
    assert_eq!(result.usage.map(|usage| usage.total_tokens), Some(14), "one usage for each request");
    let prompts: Vec<Value> =
        server.requests().iter().map(|request| request.json()["prompt"].clone()).collect();
    assert_eq!(prompts, [json!(["A", "B"]), json!(["C"])]);
    let none = block_on(llm.generate_all(Vec::<String>::new())).expect("nothing to do");
    assert!(none.generations.is_empty());
}

#[test]
fn too_few_completions_are_an_error() {
    let server = Server::replay([Reply::json(200, completion("only one"))]);
    let error = block_on(llm(&server).generate_all(["A", "B"])).expect_err("one of two");
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
}
