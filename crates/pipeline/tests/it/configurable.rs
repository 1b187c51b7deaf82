//! Configuration per call.

use catena_core::{RunConfig, RunnableExt};
use futures_executor::block_on;
use serde_json::json;

use crate::support::{check_error, check_with};

const FIELD: &str = r#"{"configurable_fields": {"runnable": {"prompt": "One fact about {x}"},
    "fields": {"template": {"id": "t", "name": "Prompt", "description": "the template"}}}}"#;

const CHOICE: &str = r#"{"configurable_fields": {"runnable": {"prompt": {"template": "unused"}},
    "fields": {"template": {"id": "style", "options": {"short": "S {x}", "long": "LONG {x}"}, "default": "short"}}}}"#;

const TWO: &str = r#"{"configurable_fields": {"runnable": {"retry": {"runnable": {"lambda": "constant",
    "args": {"value": 1}}}}, "fields": {"runnable": {"id": "step"}, "max_attempts": {"id": "attempts"}}}}"#;

fn config(key: &str, value: serde_json::Value) -> RunConfig {
    RunConfig::new().with_configurable(key, value)
}

#[test]
fn fields() {
    let input = json!({"x": "cats"});
    let check =
        |pipeline, config: &RunConfig, expected| check_with(pipeline, input.clone(), config, expected);
    check(FIELD, &RunConfig::new(), Ok(json!("One fact about cats")));
    check(FIELD, &config("t", json!("No {x}")), Ok(json!("No cats")));
    check(FIELD, &config("other", json!("No {x}")), Ok(json!("One fact about cats")));
    check(CHOICE, &RunConfig::new(), Ok(json!("S cats")));
    check(CHOICE, &config("style", json!("long")), Ok(json!("LONG cats")));
    let wrong = "invalid value \"odd\" for `style`; expected one of: short, long";
    check(CHOICE, &config("style", json!("odd")), Err(wrong));
    check(TWO, &RunConfig::new(), Ok(json!(1)));
    let both = config("step", json!({"pick": "x"})).with_configurable("attempts", 5);
    check(TWO, &both, Ok(json!("cats")));
    let wrong = "retry.runnable: unknown node `pik`";
    let chain = crate::support::loader().from_json(TWO).expect("good");
    let bad = config("step", json!({"pik": 1}));
    let error = block_on(chain.invoke_with((), &bad)).expect_err("no such node");
    assert!(error.message().starts_with(wrong), "{error}");
}

#[test]
fn alternatives() {
    let pipeline = r#"{"configurable_alternatives": {"which": {"id": "p"}, "prefix_keys": true,
        "default": {"lambda": "constant", "args": {"value": "A"}},
        "alternatives": {"b": {"configurable_fields": {"runnable": {"lambda": "constant", "args": {"value": "B"}},
            "fields": {"value": {"id": "v"}}}}}}}"#;
    let check = |config: &RunConfig, expected| check_with(pipeline, json!(1), config, expected);
    check(&RunConfig::new(), Ok(json!("A")));
    check(&config("p", json!("b")), Ok(json!("B")));
    check(&config("p", json!("b")).with_configurable("p==b/v", "BB"), Ok(json!("BB")));
    check(&config("p", json!("c")), Err("`p`: unknown alternative `c`; expected one of: default, b"));
}

#[test]
fn mistakes_show_when_it_is_loaded() {
    check_error(
        r#"{"configurable_fields": {"runnable": {"prompt": "x"}, "fields": {"tmpl": {"id": "t"}}}}"#,
        "configurable_fields.runnable.prompt: unknown option `tmpl`; known: template, format, partials",
    );
    check_error(
        r#"{"configurable_fields": {"runnable": {"prompt": "x"}, "fields": {"template": {}}}}"#,
        "configurable_fields.fields.template: missing `id`",
    );
    check_error(
        r#"{"configurable_fields": {"runnable": {"prompt": "x"},
            "fields": {"template": {"id": "t", "options": {"a": "b"}, "default": "c"}}}}"#,
        "configurable_fields.fields.template.default: the default is not one of the options",
    );
}
