//! `trace`: the tree of runs.

use catena::prelude::*;
use catena::{Record, Result, RunCollector, RunKind, RunRecord, RunStatus};

use super::super::tagged::sorted_text;
use super::super::vector::Vector;
use super::bench::{Bench, Caller};

pub(super) fn run(bench: &Bench, _: Caller) -> Result<Data> {
    let runs = RunCollector::new();
    let (runnable, config) = (bench.runnable()?, bench.config()?.with_observer(runs.clone()));
    // A run that fails leaves a trace too.
    match bench.field("method").and_then(Data::as_text) {
        Some("stream") => {
            smol::block_on(runnable.stream_with(bench.value("input"), &config).collect::<Vec<_>>());
        }
        Some("batch") => {
            smol::block_on(runnable.batch_with(bench.list("input"), &config));
        }
        _ => {
            let _ = smol::block_on(runnable.invoke_with(bench.value("input"), &config));
        }
    }
    Ok(Data::List(runs.roots().iter().map(describe).collect()))
}

fn describe(run: &RunRecord) -> Data {
    let kind = match run.info.kind {
        RunKind::Prompt => "prompt",
        RunKind::ChatModel | RunKind::Llm => "llm",
        RunKind::Parser => "parser",
        RunKind::Tool => "tool",
        _ => "chain",
    };
    let mut members = Record::from_iter([("name", run.info.name.as_str()), ("run_type", kind)]);
    if !run.info.tags.is_empty() {
        members.insert("tags", run.info.tags.clone());
    }
    if !run.info.metadata.is_empty() {
        members.insert("metadata", run.info.metadata.clone());
    }
    members.insert("status", if run.status == RunStatus::Ok { "ok" } else { "error" });
    if !run.children.is_empty() {
        members.insert("children", Data::List(run.children.iter().map(describe).collect()));
    }
    members.into()
}

/// Tags are in no order; runs are in none where the vector says so.
pub(super) fn order(vector: &Vector) -> fn(Data) -> Data {
    match vector.input.get("order") {
        Some(_) => |runs| ordered(runs, true),
        None => |runs| ordered(runs, false),
    }
}

fn ordered(data: Data, by_name: bool) -> Data {
    match data {
        Data::List(runs) => {
            let mut runs: Vec<Data> = runs.into_iter().map(|run| ordered(run, by_name)).collect();
            if by_name || runs.iter().all(|run| run.as_text().is_some()) {
                runs.sort_by_cached_key(sorted_text);
            }
            Data::List(runs)
        }
        Data::Record(run) => {
            run.into_iter().map(|(name, value)| (name, ordered(value, by_name))).collect::<Record>().into()
        }
        other => other,
    }
}
