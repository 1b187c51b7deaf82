//! Under which names settings are sent.

use catena_core::{
    AtLimit, ChatModelExt, Context, ErrorKind, RetryBudget, RunConfig, RunnableExt, StructuredMethod,
    ToolOptions, tool,
};
use catena_llm_openai::{Call, ChatOpenAiBuilder, HttpClient, OpenAiBuilder, OpenAiClient};
use catena_testkit::{Reply, Server};
use futures_executor::block_on;
use futures_util::TryStreamExt;
use serde_json::{Value, json};

use crate::support::{KEY, chat_builder, chat_completion, completion, llm_builder};

/// The body of a request, without the model and what it is asked.
fn settings(server: &Server) -> Value {
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    let mut body = requests[0].json();
    let members = body.as_object_mut().expect("an object");
    members.retain(|name, _| !["model", "messages", "input", "prompt", "stream"].contains(&name.as_str()));
    body
}

#[track_caller]
fn check_chat(set: impl FnOnce(ChatOpenAiBuilder) -> ChatOpenAiBuilder, expected: Value) {
    let responses =
        json!({"output": [{"type": "message", "content": [{"type": "output_text", "text": "Hi"}]}]});
    let server = Server::start(move |request| match request.path() {
        "/v1/responses" => Reply::json(200, responses.clone()),
        _ => Reply::json(200, chat_completion("Hi")),
    });
    let chat = set(chat_builder(&server)).build().expect("a model");
    assert_eq!(block_on(chat.invoke("Hi")).expect("an answer").text(), "Hi");
    assert_eq!(settings(&server), expected);
}

#[track_caller]
fn check_text(set: impl FnOnce(OpenAiBuilder) -> OpenAiBuilder, expected: Value) {
    let server = Server::replay([Reply::json(200, completion("Hi"))]);
    let all = ["temperature", "max_tokens", "top_p", "frequency_penalty", "presence_penalty", "n"];
    let llm = set(llm_builder(&server).with_disabled_params(all)).build().expect("a model");
    assert_eq!(block_on(llm.invoke("Hi")).expect("an answer"), "Hi");
    assert_eq!(settings(&server), expected);
}

#[test]
fn settings_of_chats_have_the_names_of_the_service() {
    let tool = json!({"name": "f", "parameters": {"type": "object", "properties": {}}});
    let tools = json!([{"type": "function", "function": tool}]);
    check_chat(
        |chat| chat.with_bound_tools([tool.clone()]).with_parallel_tool_calls(false),
        json!({"tools": tools, "parallel_tool_calls": false}),
    );
    // Without tools the service refuses it.
    check_chat(|chat| chat.with_parallel_tool_calls(false), json!({}));
    let format = json!({"type": "json_object"});
    check_chat(|chat| chat.with_response_format(format.clone()), json!({ "response_format": format }));
    let tgi = json!({"type": "json_schema", "value": {"name": "f", "schema": {"type": "object"}}});
    check_chat(|chat| chat.with_response_format(tgi.clone()), json!({ "response_format": tgi }));
    check_chat(|chat| chat.with_prompt_cache_key("k"), json!({"prompt_cache_key": "k"}));
    check_chat(|chat| chat.with_safety_identifier("u"), json!({"safety_identifier": "u"}));
    let options = json!({"mode": "explicit"});
    check_chat(
        |chat| chat.with_prompt_cache_options(options.clone()),
        json!({ "prompt_cache_options": options }),
    );
    let management = json!([{"type": "compaction", "compact_threshold": 100}]);
    check_chat(
        |chat| chat.with_context_management(management.clone()),
        json!({ "context_management": management }),
    );
    check_chat(|chat| chat.with_stop("END"), json!({"stop": "END"}));
    check_chat(|chat| chat.with_stop(["END"]), json!({"stop": ["END"]}));
}

#[test]
fn settings_of_completions_have_the_names_of_the_service() {
    check_text(|llm| llm, json!({}));
    check_text(|llm| llm.with_suffix("}").with_echo(true), json!({"suffix": "}", "echo": true}));
    check_text(|llm| llm.with_top_p(0.5).with_n(1), json!({"top_p": 0.5, "n": 1}));
    let rest =
        json!({"temperature": 0.7, "max_tokens": 256, "frequency_penalty": 0, "presence_penalty": 0, "n": 1});
    check_text(|llm| llm.with_disabled_params(["top_p"]), rest);
}

#[test]
fn what_is_disabled_is_sent_only_where_the_application_says_so() {
    let schema = || json!({"title": "Person", "type": "object", "properties": {"name": {"type": "string"}}});
    let call = json!({"id": "c", "function": {"name": "Person", "arguments": "{\"name\": \"Ada\"}"}});
    let mut answer = chat_completion("");
    answer["choices"][0]["message"]["tool_calls"] = json!([call]);
    let sent = |disabled: &[&str], explicit: bool| {
        let server = Server::replay([Reply::json(200, answer.clone())]);
        let chat =
            chat_builder(&server).with_disabled_params(disabled.iter().copied()).build().expect("a model");
        if explicit {
            let options = ToolOptions::new().with_choice("any").with_parallel(false);
            block_on(chat.bind_tools_with([schema()], &options).invoke("Hi")).expect("an answer");
        } else {
            let chain =
                chat.with_structured_output_schema(schema()).with_method(StructuredMethod::FunctionCalling);
            assert_eq!(block_on(chain.invoke("Hi")).expect("an answer")["name"], "Ada");
        }
        let body = settings(&server);
        ["parallel_tool_calls", "tool_choice"].map(|name| body.get(name).is_some())
    };
    assert_eq!(sent(&[], false), [true, true]);
    assert_eq!(sent(&["parallel_tool_calls"], false), [false, true]);
    assert_eq!(sent(&["tool_choice"], false), [true, false]);
    assert_eq!(sent(&["parallel_tool_calls", "tool_choice"], true), [true, true]);
}

#[test]
fn a_loop_of_tools_does_without_a_choice_that_is_disabled() {
    let last = |disabled: &[&str]| {
        let server = Server::replay([Reply::json(200, chat_completion("Hi"))]);
        let chat =
            chat_builder(&server).with_disabled_params(disabled.iter().copied()).build().expect("a model");
        let echo = tool("echo", "Says it again.", json!({"type": "object"}), |args: Value| args);
        let run = chat.with_tools([echo]).with_max_rounds(0).with_at_limit(AtLimit::Answer);
        block_on(run.invoke("Go")).expect("an answer");
        settings(&server)["tool_choice"].take()
    };
    assert_eq!(last(&[]), "none");
    assert_eq!(last(&["tool_choice"]), Value::Null);
}

#[test]
fn calls_of_any_kind_are_steps_of_a_run() {
    let server = Server::start(|request| match request.method() {
        _ if request.number() < 2 => Reply::text(503, "busy"),
        "GET" => Reply::json(200, json!({"id": "resp_1"})),
        _ => Reply::sse([r#"{"type": "response.created"}"#]),
    });
    let http = HttpClient::builder().with_user_agent("names/1").build().expect("a client");
    let client = OpenAiClient::builder().ignore_environment().with_base_url(server.url()).with_api_key(KEY);
    let client = client.with_http_client(http).build().expect("a client");
    let once = || Context::new(&RunConfig::new().with_retry_budget(RetryBudget::new(0)));
    let call = || Call::post("responses").with_json(r#"{"stream": true}"#);
    let error = block_on(client.fetch_in::<Value>(Call::get("responses/resp_1"), &once())).expect_err("busy");
    assert_eq!((error.kind(), server.requests().len()), (ErrorKind::Server, 1));
    let error = block_on(client.events_in(call(), once()).try_collect::<Vec<_>>()).expect_err("busy");
    assert_eq!((error.kind(), server.requests().len()), (ErrorKind::Server, 2));
    let cx = Context::default();
    let fetched: Value = block_on(client.fetch_in(Call::get("responses/resp_1"), &cx)).expect("an answer");
    assert_eq!(fetched["id"], "resp_1");
    let events: Vec<Value> = block_on(client.events_in(call(), cx).try_collect()).expect("events");
    assert_eq!(events, [json!({"type": "response.created"})]);
    assert!(server.requests().iter().all(|request| request.header("user-agent") == Some("names/1")));
}
