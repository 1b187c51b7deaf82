//! What is sent and what comes back, whole and in pieces.

use catena_core::{
    ErrorKind, LanguageModel, Message, PromptTemplate, RunConfig, RunnableExt, StrOutputParser, ToolCall,
    Usage, UsageTotals,
};
use catena_testkit::{Gate, Reply, Server};
use futures_executor::block_on;
use futures_util::StreamExt;
use serde_json::{Value, json};

use crate::support::{
    KEY, chat, chat_answer, chat_builder, chat_lines, completion, completion_lines, drain, fold, llm,
    llm_builder, ndjson,
};

/// The body of the only request.
fn sent(server: &Server) -> Value {
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    requests[0].json()
}

#[test]
fn a_chat_is_a_request_and_an_answer() {
    let server = Server::replay([Reply::json(200, chat_answer("Hi")).with_header("x-request-id", "req_1")]);
    let builder =
        chat_builder(&server).with_temperature(0.5).with_max_tokens(7).with_num_ctx(4096).with_seed(1);
    let builder =
        builder.with_stop(["END"]).with_keep_alive("10m").with_think(false).with_option("num_gpu", 2);
    let chat = builder.with_format("json").with_extra("truncate", true).build().expect("a model");
    let answer =
        block_on(chat.invoke([Message::system("Be brief."), Message::human("Hello")])).expect("an answer");
    assert_eq!((answer.text().as_ref(), answer.usage), ("Hi", Some(Usage::new(5, 2))));
    assert_eq!(answer.metadata.model.as_deref(), Some("m-1"));
    assert_eq!(answer.metadata.request_id.as_deref(), Some("req_1"));
    assert_eq!(answer.metadata.extra["total_duration"], 9);
    let expected = json!({
        "model": "m", "stream": false, "keep_alive": "10m", "think": false, "format": "json", "truncate": true,
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}],
        "options": {"temperature": 0.5, "num_predict": 7, "num_ctx": 4096, "seed": 1, "stop": ["END"], "num_gpu": 2},
    });
    assert_eq!(sent(&server), expected);
    let request = &server.requests()[0];
    assert_eq!((request.method(), request.path()), ("POST", "/api/chat"));
    assert_eq!(request.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
}

#[test]
fn a_completion_is_a_request_and_an_answer() {
    let server = Server::replay([Reply::json(200, completion("Hi"))]);
    let llm = llm_builder(&server).with_system("Be brief.").with_raw(true).build().expect("a model");
    let completion = block_on(llm.complete("Hello")).expect("an answer");
    assert_eq!((completion.text.as_str(), completion.usage), ("Hi", Some(Usage::new(5, 2))));
    let expected =
        json!({"model": "m", "prompt": "Hello", "stream": false, "system": "Be brief.", "raw": true});
    assert_eq!(sent(&server), expected);
    assert_eq!(server.requests()[0].path(), "/api/generate");
}

#[test]
fn calls_and_streams_of_texts_say_what_they_used() {
    let lines = completion_lines(&["H", "i"]);
    let server = Server::replay([
        Reply::json(200, completion("Hi")),
        ndjson(&lines),
        Reply::json(200, completion("Hi")),
    ]);
    let (llm, totals) = (llm(&server), UsageTotals::new());
    let config = RunConfig::new().with_observer(totals.clone());
    block_on(llm.invoke_with("Hi", &config)).expect("an answer");
    for count in [2, 3] {
        assert!(drain(llm.stream_with("Hi", &config)).1.is_none());
        assert_eq!(totals.by_model()["m-1"], Usage::new(5 * count, 2 * count));
    }
}

#[test]
fn a_stream_says_the_same_however_it_is_cut() {
    let server = Server::replay([
        Reply::json(200, chat_answer("Hellö")),
        ndjson(&chat_lines(&["Hel", "lö"])),
        ndjson(&chat_lines(&["Hel", "lö"])).split_every(1),
        ndjson(&chat_lines(&["Hel", "lö"])).with_header("content-type", "text/plain"),
        Reply::json(200, chat_answer("Hellö")),
    ]);
    let chat = chat(&server);
    let whole = block_on(chat.invoke("Hi")).expect("an answer");
    for chunks_wanted in [3, 3, 1, 1] {
        let (chunks, error) = drain(chat.stream("Hi"));
        assert!(error.is_none(), "{error:?}");
        assert_eq!(chunks.len(), chunks_wanted);
        assert_eq!(fold(chunks), whole);
    }
    assert_eq!(server.requests()[1].json()["stream"], true);
}

#[test]
fn the_first_token_is_seen_while_the_rest_does_not_exist() {
    let gate = Gate::new();
    let lines = completion_lines(&["Rain", "bow"]);
    let first = format!("{}\n", lines[0]).len();
    let server = Server::replay([ndjson(&lines).split_at([first]).hold_after(0, gate.clone())]);
    let llm = llm(&server);
    let mut stream = llm.stream("Hi");
    assert_eq!(block_on(stream.next()).expect("a chunk").expect("a text"), "Rain");
    gate.open();
    let rest: Vec<_> = block_on(stream.map(|chunk| chunk.expect("a text")).collect());
    assert_eq!(rest, ["bow"]);
}

#[test]
fn tools_are_called_and_answered() {
    let call = json!({"function": {"name": "get_weather", "arguments": {"city": "Paris"}}});
    let mut asks = chat_answer("");
    asks["message"]["tool_calls"] = json!([call]);
    let server = Server::replay([Reply::json(200, asks), Reply::json(200, chat_answer("Sunny"))]);
    let tool = json!({"name": "get_weather", "description": "d", "parameters": {"type": "object", "properties": {}}});
    let bound = chat(&server).bind("tools", vec![tool.clone()]).bind("tool_choice", "auto");
    let question = Message::human("How is the weather in Paris?");
    let answer = block_on(bound.invoke([question.clone()])).expect("an answer");
    let id = answer.tool_calls()[0].id.clone().expect("an id");
    assert_eq!(answer.tool_calls(), [ToolCall::new("get_weather", [("city", "Paris")]).with_id(id.clone())]);
    let talk = [question, answer.into(), Message::tool("sunny", id.clone())];
    assert_eq!(block_on(bound.invoke(talk)).expect("an answer").text(), "Sunny");
    let requests = server.requests();
    assert_eq!(requests[0].json()["tools"], json!([{"type": "function", "function": tool}]));
    assert_eq!(requests[0].json().get("tool_choice"), None);
    let told = json!([
        {"role": "assistant", "content": "",
            "tool_calls": [{"id": id, "function": {"name": "get_weather", "arguments": {"city": "Paris"}}}]},
        {"role": "tool", "content": "sunny", "tool_name": "get_weather", "tool_call_id": id},
    ]);
    assert_eq!(Value::from(&requests[1].json()["messages"].as_array().expect("messages")[1..]), told);
}

#[test]
fn arguments_of_a_call_are_for_its_body_its_headers_or_its_limits() {
    let server = Server::replay([Reply::json(200, chat_answer("{}"))]);
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let format =
        json!({"type": "json_schema", "json_schema": {"name": "A", "strict": true, "schema": schema}});
    let bound =
        chat_builder(&server).with_max_tokens(5).build().expect("a model").bind("response_format", format);
    let bound = bound.bind("max_tokens", 9).bind("model", "other").bind("timeout", 30);
    let bound = bound.bind("extra_headers", json!({"x-team": "blue"}));
    block_on(bound.invoke("Hi")).expect("an answer");
    let expected = json!({"model": "other", "stream": false, "format": schema, "options": {"num_predict": 9},
        "messages": [{"role": "user", "content": "Hi"}]});
    assert_eq!(sent(&server), expected);
    assert_eq!(server.requests()[0].header("x-team"), Some("blue"));
}

#[test]
fn what_cannot_be_done_is_refused_before_anything_is_sent() {
    let server = Server::replay([Reply::json(200, chat_answer("Hi"))]);
    let kind = |error: catena_core::Error| error.kind();
    let chat = chat(&server);
    let forced = chat.clone().bind("tool_choice", "required");
    assert_eq!(kind(block_on(forced.invoke("Hi")).expect_err("refused")), ErrorKind::Unsupported);
    assert_eq!(drain(forced.stream("Hi")).1.map(kind), Some(ErrorKind::Unsupported));
    let tools = llm(&server).bind("tools", json!([{"name": "f"}]));
    assert_eq!(kind(block_on(tools.invoke("Hi")).expect_err("refused")), ErrorKind::Unsupported);
    assert_eq!(
        kind(block_on(chat.invoke(Vec::<Message>::new())).expect_err("refused")),
        ErrorKind::InvalidInput
    );
    assert!(server.requests().is_empty());
}

#[test]
fn a_model_pipes_and_describes_itself() {
    let server = Server::replay([Reply::json(200, chat_answer("Socks"))]);
    let chat = chat_builder(&server).with_max_tokens(3).build().expect("a model");
    let parameters = chat.parameters().expect("parameters");
    assert_eq!((&parameters["model"], &parameters["max_tokens"]), (&json!("m"), &json!(3)));
    assert!(!format!("{parameters:?}").contains(KEY));
    assert_eq!((chat.provider(), chat.model_id()), (Some("ollama"), Some("m")));
    let prompt = PromptTemplate::new("Name a company that makes {product}.").expect("a template");
    let chain = prompt | chat | StrOutputParser;
    assert_eq!(block_on(chain.invoke([("product", "socks")])).expect("an answer"), "Socks");
}

#[test]
fn the_list_of_models_is_read() {
    let server =
        Server::replay([Reply::json(200, json!({"models": [{"name": "a"}, {"name": "b", "size": 7}]}))]);
    let models = block_on(chat(&server).list_models()).expect("a list");
    assert_eq!((models[1].name.as_str(), models[1].size), ("b", Some(7)));
    assert_eq!((server.requests()[0].method(), server.requests()[0].path()), ("GET", "/api/tags"));
}

#[test]
fn models_that_ask_with_another_query_or_other_headers_do_not_share_answers() {
    let server = Server::replay([Reply::never()]);
    let chats = [
        chat_builder(&server),
        chat_builder(&server).with_header("x-node", "a"),
        chat_builder(&server).with_query("node", "a"),
    ];
    let llms = [
        llm_builder(&server),
        llm_builder(&server).with_header("x-node", "a"),
        llm_builder(&server).with_query("node", "a"),
    ];
    let chats = chats.map(|chat| chat.build().expect("a model").parameters());
    let llms = llms.map(|llm| llm.build().expect("a model").parameters());
    for all in [chats, llms] {
        assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2] && all.iter().all(Option::is_some));
    }
}
