//! `events`: what happens in a run, event by event.

use std::collections::BTreeMap;

use catena::prelude::*;
use catena::{EventFilter, Record, Result, RunKind, StreamEvent};

use super::super::tagged::sorted_text;
use super::super::vector::Vector;
use super::bench::{Bench, Caller};

pub(super) fn run(bench: &Bench, _: Caller) -> Result<Data> {
    let (runnable, config) = (bench.runnable()?, bench.config()?);
    let filter = bench.field("filters").map(filter).unwrap_or_default();
    let events = runnable.stream_events_with(bench.value("input"), &config).filtered(filter);
    let mut kept = Vec::new();
    let mut error = None;
    for event in smol::block_on(events.collect::<Vec<_>>()) {
        match event {
            Ok(event) if is_known(&event.event) => kept.push(describe(event)),
            // LangChain has no event for how a run fails.
            Ok(_) => {}
            Err(failure) => error = Some(failure),
        }
    }
    let mut all = Record::from_iter([("events", Data::List(kept))]);
    if let Some(error) = error {
        all.insert("error", Data::Error(error));
    }
    Ok(all.into())
}

fn is_known(event: &str) -> bool {
    ["_start", "_stream", "_end"].iter().any(|end| event.ends_with(end)) && event != "on_custom_event"
}

fn filter(filters: &Data) -> EventFilter {
    let names = |name: &str| match filters.get(name) {
        Some(Data::List(names)) => names.iter().filter_map(Data::as_text).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let kinds = |name: &str| names(name).into_iter().filter_map(|word| kind(&word));
    let filter = names("include_names").into_iter().fold(EventFilter::new(), EventFilter::include_name);
    let filter = names("include_tags").into_iter().fold(filter, EventFilter::include_tag);
    let filter = kinds("include_types").fold(filter, EventFilter::include_kind);
    let filter = names("exclude_names").into_iter().fold(filter, EventFilter::exclude_name);
    let filter = names("exclude_tags").into_iter().fold(filter, EventFilter::exclude_tag);
    kinds("exclude_types").fold(filter, EventFilter::exclude_kind)
}

fn kind(word: &str) -> Option<RunKind> {
    Some(match word {
        "chain" => RunKind::Chain,
        "prompt" => RunKind::Prompt,
        "chat_model" => RunKind::ChatModel,
        "llm" => RunKind::Llm,
        "parser" => RunKind::Parser,
        "tool" => RunKind::Tool,
        _ => return None,
    })
}

fn describe(event: StreamEvent) -> Data {
    let is_model = matches!(event.kind, RunKind::ChatModel | RunKind::Llm);
    let parents: Vec<String> = event.parent_ids.iter().map(ToString::to_string).collect();
    let mut members = Record::new();
    members.insert("event", event.event);
    members.insert("name", event.name);
    members.insert("run_id", event.run_id.to_string());
    members.insert("parent_ids", parents);
    members.insert("tags", event.tags);
    // What models say about themselves is left out.
    let metadata = event.metadata.into_iter().filter(|(name, _)| !(is_model && name.starts_with("ls_")));
    members.insert("metadata", metadata.collect::<serde_json::Map<_, _>>());
    members.insert("data", event.data);
    members.into()
}

/// Runs are scheduled in different ways: what counts is what happens in each run, in order, and that no run starts
/// before its parent.
pub(super) fn order(vector: &Vector) -> fn(Data) -> Data {
    let grouped = vector.input.get("group_by_run") == Some(&Data::Bool(true));
    let data = vector.input.get("data") != Some(&Data::Bool(false));
    match (grouped, data) {
        (true, true) => |result| by_run(result, true, true),
        (true, false) => |result| by_run(result, true, false),
        (false, true) => |result| by_run(result, false, true),
        (false, false) => |result| by_run(result, false, false),
    }
}

fn by_run(result: Data, grouped: bool, with_data: bool) -> Data {
    let Data::Record(mut result) = result else { return result };
    let runs = match (result.get("events"), result.get("runs")) {
        (Some(Data::List(events)), _) => group(events, grouped, with_data),
        (_, Some(Data::List(runs))) => runs.clone(),
        _ => return result.into(),
    };
    let mut runs: Vec<Data> = runs.into_iter().map(in_order).collect();
    runs.sort_by_cached_key(sorted_text);
    result = result.into_iter().filter(|(name, _)| name != "events").collect();
    result.insert("runs", Data::List(runs));
    result.into()
}

fn group(events: &[Data], grouped: bool, with_data: bool) -> Vec<Data> {
    let text =
        |event: &Data, name: &str| event.get(name).and_then(Data::as_text).unwrap_or_default().to_owned();
    let names: BTreeMap<String, String> =
        events.iter().map(|event| (text(event, "run_id"), text(event, "name"))).collect();
    let mut runs: Vec<(String, Record)> = Vec::new();
    for event in events {
        let id = text(event, "run_id");
        let at = runs.iter().position(|(known, _)| *known == id).unwrap_or_else(|| {
            let early = early_parents(event, &runs, &names);
            runs.push((id, begin(event, &names, grouped, early)));
            runs.len() - 1
        });
        let mut members = Record::from_iter([("event", event.get("event").cloned())]);
        if !grouped {
            // Every event of a run says the same of it.
            for name in ["name", "tags", "metadata"] {
                members.insert(name, said(event, name));
            }
        }
        if let Some(data) = event.get("data").filter(|_| with_data) {
            members.insert("data", data.clone());
        }
        if let Some(Data::List(events)) = runs[at].1.get_mut("events") {
            events.push(members.into());
        }
    }
    runs.into_iter().map(|(_, run)| run.into()).collect()
}

/// True if a parent whose events are there has not started yet.
fn early_parents(event: &Data, runs: &[(String, Record)], names: &BTreeMap<String, String>) -> bool {
    let Some(Data::List(parents)) = event.get("parent_ids") else { return false };
    let waiting = |parent: &&str| names.contains_key(*parent) && !runs.iter().any(|(id, _)| id == parent);
    parents.iter().filter_map(Data::as_text).any(|parent| waiting(&parent))
}

fn begin(event: &Data, names: &BTreeMap<String, String>, grouped: bool, early: bool) -> Record {
    let parents: Vec<&str> = match event.get("parent_ids") {
        Some(Data::List(parents)) => {
            let name = |parent| names.get(parent).map_or("?", String::as_str);
            parents.iter().filter_map(Data::as_text).map(name).collect()
        }
        _ => Vec::new(),
    };
    let mut run = Record::new();
    run.insert("name", event.get("name").cloned());
    run.insert("parents", parents);
    if let (true, Some(tags)) = (grouped, said(event, "tags")) {
        run.insert("tags", tags);
    }
    if early {
        run.insert("started before its parent", true);
    }
    run.insert("events", Data::List(Vec::new()));
    run
}

/// What an event says of its run, unless it says nothing.
fn said(event: &Data, name: &str) -> Option<Data> {
    let empty = |value: &&Data| match value {
        Data::List(items) => items.is_empty(),
        Data::Record(record) => record.is_empty(),
        _ => false,
    };
    event.get(name).filter(|value| !empty(value)).cloned()
}

/// Chunks of different branches come in no order.
fn in_order(run: Data) -> Data {
    let Data::Record(mut run) = run else { return run };
    if let Some(Data::List(events)) = run.get_mut("events") {
        for chunks in events.chunk_by_mut(|a, b| branch(a).is_some() && branch(b).is_some()) {
            chunks.sort_by_key(branch);
        }
    }
    run.into()
}

/// The only name in the record that an event carries as a chunk.
fn branch(event: &Data) -> Option<String> {
    let chunk = event.get("data")?.get("chunk")?.as_record()?;
    chunk.names().next().filter(|_| chunk.len() == 1).map(str::to_owned)
}
