//! Tests of every kind of node.

use catena_core::{InMemorySessions, RunCollector, RunConfig, RunnableExt};
use futures_executor::block_on;
use futures_util::StreamExt;
use serde_json::json;

use crate::support::{check, check_with, loader, name_of};

#[test]
fn composition() {
    check(
        r#"{"seq": [{"lambda": "add_one"}, {"lambda": "add_one"}, {"lambda": "add_one"}]}"#,
        json!(1),
        json!(4),
    );
    check(
        r#"{"parallel": {"b": {"lambda": "add_one"}, "a": {"passthrough": {}}}}"#,
        json!(1),
        json!({"b": 2, "a": 1}),
    );
    check(
        r#"{"assign": {"n": {"seq": [{"pick": "x"}, {"lambda": "add_one"}]}}}"#,
        json!({"x": 1}),
        json!({"x": 1, "n": 2}),
    );
    check(r#"{"pick": ["b", "a"]}"#, json!({"a": 1, "b": 2, "c": 3}), json!({"a": 1, "b": 2}));
    check(r#"{"map": {"lambda": "add_one"}}"#, json!([1, 2]), json!([2, 3]));
    check(
        r#"{"seq": [{"prompt": "Hi {name}"}, {"model": ["a b c"]}, {"parser": "str"}, {"gen": "upper"}]}"#,
        json!({"name": "Ada"}),
        json!("A B C"),
    );
}

#[test]
fn prompts() {
    check(r#"{"prompt": {"template": "{a}", "format": "f-string"}}"#, json!("x"), json!("x"));
    let partial = r#"{"prompt": {"template": "{a} {b}", "partials": {"b": "B"}}}"#;
    check(partial, json!("x"), json!("x B"));
    let chat = r#"{"seq": [{"chat_prompt": [["system", "Be {how}."], ["placeholder", "{past}"],
        {"placeholder": {"name": "last", "n_messages": 1}}, {"$message": {"type": "ai", "content": "{}"}},
        {"role": "human", "content": "{q}"}, "{q}?"]}, {"pick_texts": {}}]}"#;
    let loader = loader().with_node("pick_texts", |_| {
        let texts = |prompt: catena_core::PromptValue| prompt.to_string();
        Ok(catena_core::lambda(texts).dynamic())
    });
    let input = json!({"how": "brief", "q": "Why", "last": ["a", ["ai", "b"]]});
    let shown = block_on(loader.from_json(chat).expect("good").invoke(catena_core::Data::from(input)));
    assert_eq!(shown.expect("a text"), "System: Be brief.\nAI: b\nAI: {}\nHuman: Why\nHuman: Why?".into());
}

#[test]
fn the_first_condition_that_holds_counts() {
    let branch = r#"{"branch": {
        "branches": [[{"pick": "a"}, {"lambda": "constant", "args": {"value": "A"}}],
                     [{"pick": "b"}, {"lambda": "constant", "args": {"value": "B"}}]],
        "default": {"lambda": "constant", "args": {"value": "none"}}}}"#;
    check(branch, json!({"a": true, "b": true}), json!("A"));
    check(branch, json!({"a": 0, "b": "x"}), json!("B"));
    check(branch, json!({"a": [], "b": {}}), json!("none"));
    check(branch, json!({"a": null, "b": ""}), json!("none"));
}

#[test]
fn a_router_reads_its_key_and_input_from_different_branches() {
    let routed = r#"{"seq": [
        {"parallel": {"key": {"lambda": "constant", "args": {"value": "add"}}, "input": {"passthrough": {}}}},
        {"router": {"add": {"lambda": "add_one"}, "same": {"passthrough": {}}}}]}"#;
    check(routed, json!(1), json!(2));
}

#[test]
fn recovery() {
    let all = r#"{"fallbacks": {"primary": {"lambda": "fail"}, "fallbacks": [{"lambda": "add_one"}]}}"#;
    check(all, json!(1), json!(2));
    let some = r#"{"fallbacks": {"primary": {"lambda": "fail"}, "fallbacks": [{"lambda": "add_one"}],
        "exceptions": ["rate_limit", "server"]}}"#;
    check_with(some, json!(1), &RunConfig::new(), Err("failed"));
    let told = r#"{"fallbacks": {"primary": {"lambda": "fail"}, "fallbacks": [{"pick": "error"}],
        "exception_key": "error"}}"#;
    check(told, json!({}), json!("fallback[0] > RunnableLambda: failed"));
}

#[test]
fn retries_ask_the_errors_unless_told() {
    let attempts = |exceptions: &str, busy: &str| {
        let runs = RunCollector::new();
        let pipeline = format!(
            r#"{{"retry": {{"runnable": {{"lambda": "fail", "args": {{{busy}}}}}, "max_attempts": 2,
                "initial_delay": 0, "jitter": 0 {exceptions}}}}}"#
        );
        let chain = loader().from_json(&pipeline).expect("a good pipeline");
        let config = RunConfig::new().with_observer(runs.clone());
        assert!(block_on(chain.invoke_with((), &config)).is_err());
        runs.roots()[0].children.len()
    };
    assert_eq!(attempts("", ""), 1);
    assert_eq!(attempts("", r#""busy": true"#), 2);
    assert_eq!(attempts(r#", "exceptions": ["any"]"#, ""), 2);
    assert_eq!(attempts(r#", "exceptions": ["retryable"]"#, ""), 1);
}

#[test]
fn names_and_configs() {
    assert_eq!(name_of(r#"{"seq": [{"pick": "a"}, {"pick": "b"}]}"#), "RunnableSequence");
    assert_eq!(name_of(r#"{"seq": [{"pick": "a"}, {"pick": "b"}], "name": "both"}"#), "both");
    assert_eq!(name_of(r#"{"lambda": "add_one"}"#), "add_one");
    assert_eq!(name_of(r#"{"lambda": "add_one", "name": "next"}"#), "next");

    let runs = RunCollector::new();
    let loader = loader().with_observer("runs", runs.clone());
    let pipeline = r#"{"with_config": {"runnable": {"seq": [{"lambda": "add_one", "name": "a"}, {"pick": "x"}]},
        "config": {"tags": ["t"], "run_name": "mine", "metadata": {"m": 1}, "handlers": ["runs"]}}}"#;
    assert!(block_on(loader.from_json(pipeline).expect("good").invoke(1)).is_err());
    let roots = runs.roots();
    assert_eq!(
        (roots[0].info.name.as_str(), roots[0].info.tags.as_slice()),
        ("mine", ["t".to_owned()].as_slice())
    );
    assert_eq!((roots[0].children[0].info.name.as_str(), &roots[0].info.metadata["m"]), ("a", &json!(1)));
}

#[test]
fn conversations() {
    let sessions = InMemorySessions::new();
    let kept = sessions.clone();
    let loader = loader().with_sessions(move |id| std::sync::Arc::new(kept.session(id)));
    let pipeline = r#"{"with_history": {"runnable": {"model": ["one", "two"]},
        "initial": {"s": [["system", "Count."], ["human", "Begin"]]}}}"#;
    let chain = loader.from_json(pipeline).expect("good");
    let config = RunConfig::new().with_configurable("session_id", "s");
    assert_eq!(
        block_on(chain.invoke_with("go on", &config)).expect("an answer").into_json()["content"],
        "one"
    );
    let history = sessions.session("s");
    let messages = block_on(catena_core::ChatMessageHistory::messages(&history)).expect("messages");
    let texts: Vec<_> = messages.iter().map(|message| message.text().into_owned()).collect();
    assert_eq!(texts, ["Count.", "Begin", "go on", "one"]);
}

#[test]
fn a_long_sequence_streams_and_an_endless_one_is_refused() {
    let long = |steps| format!(r#"{{"seq": [{}]}}"#, vec![r#"{"gen": "upper"}"#; steps].join(","));
    let nested = format!(r#"{{"seq": [{}, {{"pick": "a"}}]}}"#, long(128));
    let error = loader().from_json(&nested).expect_err("too long");
    assert_eq!(error.to_string(), "seq: a sequence can have at most 128 steps, this one has 129");
    let chain = loader().from_json(&long(128)).expect("good");
    let chunks = futures_util::stream::iter(["a", "b"].map(|text| Ok(text.into()))).boxed();
    let chunks: Vec<_> = block_on(chain.transform_with(chunks, &RunConfig::new()).collect());
    let chunks: Vec<_> = chunks.into_iter().map(|chunk| chunk.expect("a chunk").into_json()).collect();
    assert_eq!(chunks, ["A", "B"]);
}

#[cfg(feature = "yaml")]
#[test]
fn yaml_says_the_same() {
    let yaml = "
seq:
  - prompt: 'Say {word}'
  - model: [yes]
  - parser: str
  - gen: upper
";
    // A plain `yes` is a text in YAML 1.2.
    let chain = loader().from_yaml(yaml).expect("good");
    assert_eq!(block_on(chain.invoke("x")).expect("an answer"), "YES".into());
    let error = loader().from_yaml("seq: [{lambda: add_one}]").expect_err("one step");
    assert_eq!(error.to_string(), "seq: a sequence requires at least 2 steps, this one has 1");
    assert!(loader().from_yaml("a: [").is_err());
}
