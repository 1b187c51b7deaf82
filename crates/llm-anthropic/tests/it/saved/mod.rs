//! Models that Python's LangChain saved send what they sent there; what is saved here is loaded here and there.

use std::io::Write;
use std::process::{Command, Stdio};

use catena_core::load::{Loader, dumpd};
use catena_core::{ChatModel, ErrorKind, LanguageModel, RunnableExt};
use catena_llm_anthropic::{ChatAnthropic, ChatAnthropicBuilder, with_anthropic_classes};
use catena_testkit::{Reply, Server};
use futures_executor::block_on;
use serde_json::{Map, Value, json};

use crate::support::{KEY, text_message};

/// Where the servers of langchain.json are.
const BASE: &str = "http://127.0.0.1:1";

/// Made by langchain.py.
fn cases() -> Vec<Value> {
    serde_json::from_str(include_str!("langchain.json")).expect("JSON")
}

fn model(loader: &Loader, envelope: &Value, server: &Server) -> ChatModel {
    let text = envelope.to_string().replace(BASE, &server.url());
    loader.loads(&text).expect("it loads").try_into().expect("a chat model")
}

fn loader() -> Loader {
    with_anthropic_classes(Loader::new()).with_secret("ANTHROPIC_API_KEY", KEY)
}

/// The body of the request, but for its input.
fn sends(envelope: &Value) -> Value {
    let server = Server::replay([Reply::json(200, text_message("Hi"))]);
    block_on(model(&loader(), envelope, &server).invoke("Hi")).expect("an answer");
    let request = &server.requests()[0];
    assert_eq!(request.header("x-api-key"), Some(KEY));
    let betas = envelope["kwargs"]["betas"][0].as_str();
    assert_eq!(request.header("anthropic-beta"), betas);
    let mut body: Map<String, Value> = request.json().as_object().cloned().expect("an object");
    assert!(body.remove("messages").expect("an input").to_string().contains("Hi"));
    body.into()
}

fn saved_again(envelope: &Value) -> Value {
    let model: ChatModel = loader().load(envelope).expect("it loads").try_into().expect("a chat model");
    dumpd(&model)
}

#[test]
fn what_python_saved_sends_what_it_sent() {
    for case in cases() {
        assert_eq!(sends(&case["envelope"]), case["sends"], "{}", case["name"]);
        let again = saved_again(&case["envelope"]);
        assert!(!again.to_string().contains(KEY), "{again}");
        assert_eq!(sends(&again), case["sends"], "{}", case["name"]);
    }
}

/// Runs langchain.py with the Python that `CATENA_PYTHON` names.
#[test]
#[ignore = "needs Python with langchain-anthropic: CATENA_PYTHON=.venv/bin/python cargo test -p catena-llm-anthropic -- --ignored python"]
fn python_loads_what_is_saved() {
    let name = |case: &Value| case["name"].as_str().expect("a name").to_owned();
    let mut written: Map<String, Value> =
        cases().iter().map(|case| (name(case), saved_again(&case["envelope"]))).collect();
    let built = ChatAnthropic::builder().ignore_environment().with_api_key(KEY).with_base_url(BASE);
    let built = built.with_max_tokens(9).with_top_p(0.5).with_extra("top_k", 4).build().expect("a model");
    written.insert("built".to_owned(), dumpd(&built));
    let python = std::env::var("CATENA_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/saved/langchain.py");
    let mut check = Command::new(python);
    let check = check.args([script, "check"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut check = check.spawn().expect("Python");
    let text = Value::from(written.clone()).to_string();
    check.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("it reads");
    let output = check.wait_with_output().expect("an end");
    assert!(output.status.success(), "langchain.py failed");
    let sent: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    for (name, envelope) in written {
        assert_eq!(sent[&name], sends(&envelope), "{name}");
    }
}

#[track_caller]
fn check_refused(loader: &Loader, name: &str, value: Value, kind: ErrorKind, part: &str) {
    let mut envelope = cases()[0]["envelope"].clone();
    envelope["kwargs"][name] = value;
    let error = loader.load(&envelope).expect_err("an error");
    assert!(error.kind() == kind && error.message().contains(part), "{:?} {error}", error.kind());
}

#[test]
fn what_is_not_known_is_refused() {
    use ErrorKind::{Config, InvalidInput, Unsupported};
    check_refused(&loader(), "wings", json!(2), Unsupported, "`wings`");
    check_refused(&loader(), "betas", json!([1]), InvalidInput, "`betas`");
    check_refused(&loader(), "streaming", json!("yes"), InvalidInput, "`streaming`");
    check_refused(&loader(), "max_retries", json!(-1), InvalidInput, "`max_retries`");
    check_refused(&loader(), "default_headers", json!({"a": 1}), InvalidInput, "default_headers");
    check_refused(&loader(), "anthropic_api_url", json!("nowhere"), Config, "base URL");
    let without_secret = with_anthropic_classes(Loader::new());
    check_refused(&without_secret, "top_k", json!(1), Config, "ANTHROPIC_API_KEY");
}

#[test]
fn what_may_hold_a_key_is_not_saved() {
    let builder = || ChatAnthropic::builder().ignore_environment().with_api_key(KEY);
    let saved = |builder: ChatAnthropicBuilder| builder.build().expect("a model").constructor();
    let made = saved(builder().with_effort("low")).expect("saved");
    assert_eq!(made.kwargs()["reasoning_effort"], "low");
    for hidden in [
        builder().with_header("x-key", "k"),
        builder().with_query("key", "k"),
        builder().with_base_url("https://h.test?key=k"),
        builder().with_user("u"),
        builder().with_system_turns(true),
    ] {
        assert_eq!(saved(hidden), None);
    }
}
