//! Errors in pipelines and their locations.

use catena_core::{Data, ErrorKind};

use crate::support::{check_error, loader};

#[test]
fn the_place_of_a_mistake_is_named() {
    check_error(r#"5"#, "expected a node (an object), got a number");
    check_error(r#"{"seq": []}"#, "seq: a sequence requires at least 2 steps, this one has 0");
    check_error(r#"{"seq": {}}"#, "seq: expected a list, got a record");
    check_error(r#"{"map": {}}"#, "map: missing node kind");
    check_error(
        r#"{"seq": [{"pick": "a"}, {"pick": "a", "map": {}}]}"#,
        "seq[1]: a node must have exactly one kind, this one has `pick` and `map`",
    );
    check_error(r#"{"pick": "a", "name": "x"}"#, "unknown option `name`; `pick` has no options");
    check_error(
        r#"{"lambda": "add_one", "arg": {}}"#,
        "unknown option `arg`; `lambda` has the options: name, args",
    );
    check_error(
        r#"{"parallel": {"a": {"lambda": "ad_one"}}}"#,
        "parallel.a.lambda: unknown function `ad_one`; known: add_one, call, constant, fail, is_positive",
    );
    check_error(r#"{"gen": "x"}"#, "gen: unknown generator `x`; known: upper");
    check_error(r#"{"map": {"lambda": "constant"}}"#, "map.lambda.args: missing `value`");
    check_error(r#"{"model": "x"}"#, "model: expected a list, got a string");
    check_error(r#"{"pick": 1}"#, "pick: expected a name or a list of names, got a number");
    check_error(
        r#"{"passthrough": {"fn": "x"}}"#,
        "passthrough: unknown option `fn`; no options are supported",
    );
    check_error(r#"{"parser": "jsn"}"#.replace("jsn", "xxx").as_str(), &parser_error());
}

fn parser_error() -> String {
    let error = loader().from_json(r#"{"parser": "xxx"}"#).expect_err("no such parser").to_string();
    assert!(error.starts_with("parser: unknown parser `xxx`; known: "), "{error}");
    error
}

#[test]
fn options_are_checked() {
    check_error(
        r#"{"branch": {"branches": [], "default": {"pick": "a"}}}"#,
        "branch.branches: a branch requires at least one arm besides its default",
    );
    check_error(
        r#"{"branch": {"branches": [[{"pick": "a"}]], "default": {"pick": "a"}}}"#,
        "branch.branches[0]: expected an arm of a condition and a node, got 1 parts",
    );
    check_error(
        r#"{"retry": {"runnable": {"pick": "a"}, "attempts": 3}}"#,
        "retry: unknown option `attempts`; known: runnable, max_attempts, exceptions, initial_delay, max_delay, jitter",
    );
    check_error(
        r#"{"retry": {"runnable": {"pick": "a"}, "max_attempts": -1}}"#,
        "retry.max_attempts: expected a non-negative integer, got a number",
    );
    check_error(
        r#"{"retry": {"runnable": {"pick": "a"}, "exceptions": ["oops"]}}"#,
        "retry.exceptions[0]: unknown error kind \"oops\"",
    );
    check_error(
        r#"{"with_config": {"runnable": {"pick": "a"}, "config": {"tag": "x"}}}"#,
        "with_config.config: unknown option `tag`; known: tags, metadata, run_name, max_concurrency, \
         recursion_limit, configurable, timeout, handlers",
    );
    check_error(
        r#"{"map": {"prompt": {"template": "a", "format": "erb"}}}"#,
        "map.prompt.format: unknown template format `erb`: use `f-string`, `mustache` or `jinja2`",
    );
    for pipeline in [
        r#"{"prompt": {"template": "{{ a }}", "format": "jinja2"}}"#,
        r#"{"chat_prompt": {"messages": ["{{ a }}"], "format": "jinja2"}}"#,
    ] {
        let error = loader().from_json(pipeline).expect_err("a program");
        assert!(error.to_string().contains("it is a program; see `PipelineLoader::allow_jinja2`"), "{error}");
        // Without the feature it still fails, but because the feature is missing.
        let allowed = loader().allow_jinja2().from_json(pipeline).err();
        assert!(!allowed.is_some_and(|error| error.to_string().contains("program")));
    }
    check_error(
        r#"{"chat_prompt": [["human"]]}"#,
        "chat_prompt[0]: expected a message of a role and a template",
    );
    check_error(r#"{"bind": {"runnable": {"pick": "a"}}}"#, "bind: missing `kwargs`");
}

#[test]
fn a_bad_template_keeps_its_kind() {
    let error = loader().from_json(r#"{"map": {"prompt": "a {b"}}"#).expect_err("a bad template");
    assert_eq!(error.kind(), ErrorKind::Template);
    assert!(error.to_string().starts_with("map.prompt: template, character 3: "), "{error}");
}

#[test]
fn an_unknown_node_is_told_what_there_is() {
    let error = loader().from_json(r#"{"seq": [{"pick": "a"}, {"lamda": "f"}]}"#).expect_err("a typo");
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().starts_with("seq[1]: unknown node `lamda`; known: assign, bind, branch, "));
    assert!(error.to_string().contains("model, parallel"), "{error}");
}

#[test]
fn nodes_do_not_nest_without_bound() {
    let nested = |depth| (0..depth).fold(Data::from([("pick", "a")]), |node, _| Data::from([("map", node)]));
    assert!(loader().load(&nested(127)).is_ok());
    let error = loader().load(&nested(128)).expect_err("too deep");
    assert_eq!(error.to_string(), "nodes are nested more than 128 levels deep");
    assert!(loader().from_json(&"[".repeat(100_000)).is_err());
}
