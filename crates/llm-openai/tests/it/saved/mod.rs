//! Models that Python's LangChain saved send what they sent there; what is saved here is loaded here and there.

use std::io::Write;
use std::process::{Command, Stdio};

use catena_core::load::{Loaded, Loader, dumpd, load};
use catena_core::{AiMessage, ChatModel, Data, DynRunnable, ErrorKind, LanguageModel, Message, RunnableExt};
use catena_llm_openai::{Azure, ChatOpenAi, ChatOpenAiBuilder, OpenAi, with_openai_classes};
use catena_testkit::{Reply, Server};
use futures_executor::block_on;
use serde_json::{Map, Value, json};

use crate::support::{KEY, chat_completion, completion};

/// Where the servers of langchain.json are.
const BASE: &str = "http://127.0.0.1:1/v1";

/// Made by langchain.py.
fn cases() -> Vec<Value> {
    serde_json::from_str(include_str!("langchain.json")).expect("JSON")
}

fn loader() -> Loader {
    with_openai_classes(Loader::new()).with_secret("OPENAI_API_KEY", KEY)
}

/// The envelope with another server in it.
fn at(envelope: &Value, server: &Server) -> Value {
    let text = envelope.to_string().replace(BASE, &format!("{}/v1", server.url()));
    serde_json::from_str(&text).expect("JSON")
}

/// What the loaded thing sends when it is asked: the members of the body that say something, but for its input.
fn sends(envelope: &Value) -> Value {
    let is_text = envelope.to_string().contains("llms");
    let answer = if is_text { completion("Hi") } else { chat_completion("Hi") };
    let server = Server::replay([Reply::json(200, answer)]);
    let runnable: DynRunnable =
        loader().load(&at(envelope, &server)).expect("it loads").try_into().expect("it runs");
    block_on(runnable.invoke("Hi")).expect("an answer");
    let request = &server.requests()[0];
    assert_eq!(request.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    let mut body: Map<String, Value> = request.json().as_object().cloned().expect("an object");
    let input = body.remove(if is_text { "prompt" } else { "messages" }).expect("an input");
    assert!(input.to_string().contains("Hi"), "{input}");
    said(body.into())
}

/// Members that say something; 1 and 1.0 say the same.
fn said(mut body: Value) -> Value {
    let members = body.as_object_mut().expect("an object");
    members.retain(|_, value| !value.is_null());
    members.values_mut().filter(|value| value.is_number()).for_each(|value| *value = value.as_f64().into());
    body
}

#[test]
fn what_python_saved_sends_what_it_sent() {
    for case in cases() {
        assert_eq!(sends(&case["envelope"]), said(case["sends"].clone()), "{}", case["name"]);
    }
}

/// What was loaded, saved again.
fn saved_again(envelope: &Value) -> Value {
    match loader().load(envelope).expect("it loads") {
        Loaded::ChatModel(model) => dumpd(&model),
        Loaded::TextModel(model) => dumpd(&model),
        other => dumpd(&DynRunnable::try_from(other).expect("it runs")),
    }
}

/// Headers may hold keys, and are not saved here.
fn without_headers() -> Vec<Value> {
    cases().into_iter().filter(|case| case["name"] != "chat_headers").collect()
}

#[test]
fn what_is_saved_again_sends_the_same() {
    for case in without_headers() {
        let again = saved_again(&case["envelope"]);
        assert!(!again.to_string().contains(KEY), "{again}");
        assert_eq!(sends(&again), said(case["sends"].clone()), "{}", case["name"]);
        assert_eq!(saved_again(&again), again);
    }
}

/// Runs langchain.py with the Python that `CATENA_PYTHON` names.
#[test]
#[ignore = "needs Python with langchain-openai: CATENA_PYTHON=.venv/bin/python cargo test -p catena-llm-openai -- --ignored python"]
fn python_loads_what_is_saved() {
    let built = ChatOpenAi::builder()
        .ignore_environment()
        .with_base_url(BASE)
        .with_api_key(KEY)
        .with_max_tokens(5)
        .with_legacy_max_tokens(true)
        .with_user("u")
        .with_metadata([("k", "v")])
        .with_timeout(std::time::Duration::from_millis(1500))
        .with_stop(["a", "b"])
        .build()
        .expect("a model");
    let mut expected: Map<String, Value> = without_headers()
        .iter()
        .map(|case| (case["name"].as_str().expect("a name").to_owned(), said(case["sends"].clone())))
        .collect();
    let mut written: Map<String, Value> = without_headers()
        .iter()
        .map(|case| (case["name"].as_str().expect("a name").to_owned(), saved_again(&case["envelope"])))
        .collect();
    written.insert("built".to_owned(), dumpd(&built));
    expected.insert("built".to_owned(), sends(&dumpd(&built)));
    let python = std::env::var("CATENA_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/saved/langchain.py");
    let mut check = Command::new(python);
    let check = check.args([script, "check"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut check = check.spawn().expect("Python");
    let text = Value::from(written).to_string();
    check.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("it reads");
    let output = check.wait_with_output().expect("an end");
    assert!(output.status.success(), "langchain.py failed");
    let sent: Map<String, Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    for (name, expected) in expected {
        assert_eq!(said(sent[&name].clone()), expected, "{name}");
    }
}

#[test]
fn headers_query_and_retries_are_loaded() {
    let envelope = cases().into_iter().find(|case| case["name"] == "chat_headers").expect("a case");
    let server = Server::replay([Reply::json(500, json!({})), Reply::json(200, chat_completion("Hi"))]);
    let mut envelope = at(&envelope["envelope"], &server);
    envelope["kwargs"]["max_retries"] = json!(0);
    let model: ChatModel = loader().load(&envelope).expect("it loads").try_into().expect("a chat model");
    let error = block_on(model.invoke("Hi")).expect_err("no second attempt");
    assert_eq!(error.kind(), ErrorKind::Server, "{error}");
    let request = &server.requests()[0];
    assert_eq!(request.header("x-team"), Some("blue"));
    assert!(request.target().ends_with("?c=d"), "{}", request.target());
}

/// A model with one setting more.
fn envelope(name: &str, value: Value) -> Value {
    let mut envelope = cases()[0]["envelope"].clone();
    envelope["kwargs"][name] = value;
    envelope
}

#[track_caller]
fn check_refused(loader: &Loader, envelope: &Value, kind: ErrorKind, part: &str) {
    let error = loader.load(envelope).expect_err("an error");
    assert!(error.kind() == kind && error.message().contains(part), "{:?} {error}", error.kind());
}

#[test]
fn thoughts_are_told_again_after_loading_too() {
    let server = Server::replay([Reply::json(200, chat_completion("Hi"))]);
    let chat = ChatOpenAi::builder().with_base_url(format!("{}/v1", server.url())).with_api_key(KEY);
    let saved = dumpd(&chat.with_reasoning_echo("reasoning_content").build().expect("a model"));
    let loaded: DynRunnable = loader().load(&saved).expect("it loads").try_into().expect("it runs");
    let mut answer = AiMessage::new("a");
    answer.reasoning = Some("hm".into());
    block_on(loaded.invoke(vec![answer.into(), Message::human("Hi")])).expect("an answer");
    assert_eq!(server.requests()[0].json()["messages"][0]["reasoning_content"], "hm");
}

#[test]
fn what_is_not_known_is_refused() {
    use ErrorKind::{Config, InvalidInput, Unsupported};
    check_refused(&loader(), &envelope("wings", json!(2)), Unsupported, "`wings`");
    check_refused(
        &loader(),
        &envelope("disable_streaming", json!("no")),
        InvalidInput,
        "`disable_streaming`",
    );
    check_refused(&loader(), &envelope("streaming", json!("yes")), InvalidInput, "`streaming`");
    check_refused(&loader(), &envelope("max_retries", json!(-1)), InvalidInput, "`max_retries`");
    check_refused(&loader(), &envelope("request_timeout", json!([1, 2])), InvalidInput, "`request_timeout`");
    check_refused(
        &loader(),
        &envelope("disabled_params", json!({"a": [1]})),
        InvalidInput,
        "disabled_params",
    );
    check_refused(&loader(), &envelope("openai_api_base", json!("nowhere")), Config, "base URL");
    check_refused(&loader(), &envelope("model_kwargs", json!([1])), InvalidInput, "model_kwargs");
    check_refused(&loader(), &envelope("model_kwargs", json!({"stream": true})), InvalidInput, "`stream`");
    check_refused(&loader(), &envelope("extra_body", json!({"stream": true})), Config, "`stream`");
    check_refused(&Loader::new(), &envelope("n", json!(1)), InvalidInput, "unknown class");
    assert!(load(&envelope("n", json!(1))).is_err(), "nobody gave the class");
}

#[test]
fn a_key_that_was_not_given_goes_to_no_server_that_the_data_names() {
    let without_secret = with_openai_classes(Loader::new());
    check_refused(&without_secret, &envelope("n", json!(1)), ErrorKind::Config, "OPENAI_API_KEY");
    let server = Server::replay([Reply::json(200, chat_completion("Hi"))]);
    let mut keyless = at(&cases()[0]["envelope"], &server);
    keyless["kwargs"].as_object_mut().expect("an object").remove("openai_api_key");
    let model: ChatModel = without_secret.load(&keyless).expect("it loads").try_into().expect("a chat model");
    block_on(model.invoke("Hi")).expect("an answer");
    assert_eq!(server.requests()[0].header("authorization"), None);
}

#[test]
fn what_may_hold_a_key_is_not_saved() {
    let builder = || ChatOpenAi::builder().ignore_environment().with_api_key(KEY);
    let saved = |builder: ChatOpenAiBuilder| builder.build().expect("a model").constructor();
    assert!(saved(builder()).is_some());
    assert!(saved(builder().with_base_url("https://h.test/v1")).is_some());
    for hidden in [
        builder().with_header("x-key", "k"),
        builder().with_query("key", "k"),
        builder().with_base_url("https://h.test/v1?key=k"),
        builder().with_azure(Azure::new().with_endpoint("https://r.openai.azure.com").with_api_version("1")),
    ] {
        assert_eq!(saved(hidden), None);
    }
    let text = OpenAi::builder().ignore_environment().with_api_key(KEY).build().expect("a model");
    let made = text.constructor().expect("saved");
    assert_eq!(made.id()[1], "llms");
    assert_eq!(made.kwargs()["model_name"], "gpt-3.5-turbo-instruct");
    assert_eq!(Data::from(Value::from(made.kwargs().clone())).get("temperature"), Some(&0.7.into()));
}

#[test]
fn models_that_do_not_stream_are_saved_so() {
    use catena_llm_openai::DisableStreaming;
    for (disabled, word) in [
        (DisableStreaming::Always, json!(true)),
        (DisableStreaming::ToolCalling, json!("tool_calling")),
        (DisableStreaming::Never, json!(null)),
    ] {
        let chat =
            ChatOpenAi::builder().ignore_environment().with_api_key(KEY).with_disable_streaming(disabled);
        let saved = dumpd(&chat.build().expect("a model"));
        assert_eq!(saved["kwargs"].get("disable_streaming").unwrap_or(&Value::Null), &word);
        assert_eq!(saved_again(&saved)["kwargs"], saved["kwargs"]);
    }
}

#[test]
fn what_is_disabled_is_saved_so() {
    let server = Server::start(|_| Reply::json(200, completion("Hi")));
    let llm = OpenAi::builder().ignore_environment().with_api_key(KEY).with_base_url(server.url());
    let llm = llm.with_disabled_params(["top_p", "n"]).build().expect("a model");
    let saved = dumpd(&llm);
    assert_eq!(saved["kwargs"]["disabled_params"], json!({"top_p": null, "n": null}));
    assert_eq!(saved_again(&saved)["kwargs"], saved["kwargs"]);
    let again: DynRunnable = loader().load(&saved).expect("it loads").try_into().expect("it runs");
    block_on(again.invoke("Hi")).expect("an answer");
    block_on(llm.invoke("Hi")).expect("an answer");
    let requests = server.requests();
    assert_eq!(requests[0].json(), requests[1].json());
    assert_eq!((requests[0].json().get("top_p"), &requests[0].json()["temperature"]), (None, &json!(0.7)));
}

/// LangChain's -1 is never sent: the service has no such limit.
#[test]
fn a_limit_of_what_is_left_is_a_number_when_it_is_sent() {
    let mut saved =
        dumpd(&OpenAi::builder().ignore_environment().with_api_key(KEY).build().expect("a model"));
    saved["kwargs"]["max_tokens"] = json!(-1);
    let server = Server::replay([Reply::json(200, completion("Hi"))]);
    saved["kwargs"]["openai_api_base"] = json!(server.url());
    let llm: DynRunnable = loader().load(&saved).expect("it loads").try_into().expect("it runs");
    block_on(llm.invoke("Hi!")).expect("an answer");
    assert_eq!(server.requests()[0].json()["max_tokens"], 4095);
}
