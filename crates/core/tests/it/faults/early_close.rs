//! What is closed early is cancelled, with what had come out, in every mode.

use catena_core::fakes::FakeLlm;
use catena_core::{RunCollector, RunConfig, RunStatus, RunnableExt, StrOutputParser, generator};
use futures_executor::block_on;
use futures_util::{FutureExt, StreamExt};
use serde_json::{Value, json};

use crate::support::{Gauge, GaugedModel};

/// Every run, from the root down: its name, how it ended, and what had come out.
#[track_caller]
fn check(runs: &RunCollector, expected: &[(&str, RunStatus, Option<Value>)]) {
    let mut seen = Vec::new();
    let mut next = runs.roots();
    while let Some(run) = next.pop() {
        seen.push((run.info.name, run.status, run.output));
        next.extend(run.children.into_iter().rev());
    }
    let expected: Vec<_> = expected
        .iter()
        .map(|(name, status, output)| ((*name).to_owned(), status.clone(), output.clone()))
        .collect();
    assert_eq!(seen, expected);
}

fn watched() -> (RunCollector, RunConfig) {
    let runs = RunCollector::new();
    (runs.clone(), RunConfig::new().with_observer(runs))
}

#[test]
fn a_stream_closed_after_its_first_chunk() {
    let chain = FakeLlm::streaming(["to", "ken"]) | StrOutputParser;
    let (runs, config) = watched();
    let mut stream = chain.stream_with("x", &config);
    assert_eq!(block_on(stream.next()).unwrap().unwrap(), "to");
    drop(stream);
    let cancelled = |name| (name, RunStatus::Cancelled, Some(json!("to")));
    check(&runs, &["RunnableSequence", "FakeLlm", "StrOutputParser"].map(cancelled));
}

#[test]
fn an_event_stream_closed_early() {
    let chain = FakeLlm::streaming(["to", "ken"]) | StrOutputParser;
    let (runs, config) = watched();
    let mut events = chain.stream_events_with("x", &config);
    while let Some(event) = block_on(events.next()) {
        if event.unwrap().event == "on_parser_stream" {
            break;
        }
    }
    drop(events);
    let cancelled = |name| (name, RunStatus::Cancelled, Some(json!("to")));
    check(&runs, &["RunnableSequence", "FakeLlm", "StrOutputParser"].map(cancelled));
}

#[test]
fn a_call_dropped_while_it_waits() {
    let chain = GaugedModel(Gauge::default()) | StrOutputParser;
    let (runs, config) = watched();
    assert!(chain.invoke_with("x", &config).now_or_never().is_none());
    let cancelled = |name| (name, RunStatus::Cancelled, None);
    check(&runs, &["RunnableSequence", "GaugedModel"].map(cancelled));
}

#[test]
fn a_batch_dropped_while_it_waits() {
    let (runs, config) = watched();
    assert!(GaugedModel(Gauge::default()).batch_with(["x", "y"], &config).now_or_never().is_none());
    let cancelled = |name| (name, RunStatus::Cancelled, None);
    check(&runs, &["GaugedModel", "GaugedModel"].map(cancelled));
}

#[test]
fn a_step_whose_reader_has_enough() {
    let first = generator(|chunks: catena_core::ChunkStream<'_, String>| chunks.take(1).boxed());
    let chain = FakeLlm::streaming(["to", "ken"]) | first.with_name("first");
    let (runs, config) = watched();
    let chunks: Vec<_> = block_on(chain.stream_with("x", &config).collect());
    assert_eq!(chunks.len(), 1);
    let ok = |name| (name, RunStatus::Ok, Some(json!("to")));
    let stopped = ("FakeLlm", RunStatus::Cancelled, Some(json!("to")));
    check(&runs, &[ok("RunnableSequence"), stopped, ok("first")]);
}
