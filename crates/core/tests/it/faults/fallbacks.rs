//! Fallbacks leave the caller's input alone, and their attempts belong to their run in every mode.

use catena_core::{
    Data, Error, ErrorKind, RunCollector, RunConfig, RunKind, RunRecord, Runnable, RunnableExt, gather,
    lambda, vars,
};
use futures_executor::block_on;

fn fails() -> impl Runnable<Input = Data, Output = String> {
    lambda(|_: Data| Err::<String, _>(Error::new(ErrorKind::Server, "down"))).with_name("fails")
}

fn tells() -> impl Runnable<Input = Data, Output = String> {
    let error_of = |input: Data| match input.get("error") {
        Some(Data::Error(error)) => format!("{:?} {error}", error.kind()),
        other => format!("{other:?}"),
    };
    lambda(error_of).with_name("tells")
}

#[test]
fn the_error_is_put_into_a_copy_of_the_input() {
    let step = fails().with_fallbacks([tells()]).with_error_key("error");
    let input = vars! { question: "why?" };
    let told = "Server fallback[0] > fails: down";
    assert_eq!(block_on(step.invoke(input.clone())).unwrap(), told);
    assert_eq!(block_on(gather(step.stream(input.clone()))).unwrap().unwrap(), told);
    assert_eq!(input, vars! { question: "why?" });
    // The caller's value is the same for the next call: no error of the last one is in it.
    assert_eq!(block_on(tells().invoke(input)).unwrap(), "None");
}

#[track_caller]
fn check(mode: &str, runs: &[RunRecord]) {
    assert_eq!(runs.len(), 1, "{mode}: {runs:?}");
    let root = &runs[0];
    assert_eq!((root.info.name.as_str(), root.info.kind), ("RunnableWithFallbacks", RunKind::Chain));
    let attempts: Vec<&str> = root.children.iter().map(|run| run.info.name.as_str()).collect();
    assert_eq!(attempts, ["fails", "tells"], "{mode}");
    assert!(root.children.iter().all(|run| run.info.parent_ids == [root.info.id]));
}

#[test]
fn attempts_are_children_of_the_fallback_run_in_every_mode() {
    let step = fails().with_fallbacks([tells()]);
    let run = |mode: &str, call: &dyn Fn(&RunConfig)| {
        let runs = RunCollector::new();
        call(&RunConfig::new().with_observer(runs.clone()));
        check(mode, &runs.roots());
    };
    run("invoke", &|config| drop(block_on(step.invoke_with("x", config))));
    run("stream", &|config| drop(block_on(gather(step.stream_with("x", config)))));
    run("batch", &|config| drop(block_on(step.batch_with(["x"], config))));
}
