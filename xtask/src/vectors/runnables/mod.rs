//! Area `runnables`: how runnables are composed, called, streamed, batched and watched.

mod batch;
mod bench;
mod config;
mod events;
mod fake_answer;
mod fake_models;
mod fakes;
mod functions;
mod generators;
mod graph;
mod history;
mod invoke;
mod names;
mod nested;
mod probes;
mod schemas;
mod stateful;
mod stream;
mod trace;

use catena::{Data, Result};

use super::area::Evaluated;
use super::vector::Vector;
use bench::{Bench, Caller};
pub(super) use fakes::Fakes;
pub(super) use schemas::without_habits;

/// An operation, made through one of the entry points.
type Op = fn(&Bench, Caller) -> Result<Data>;

pub(super) fn run(vector: &Vector) -> Evaluated {
    let Some((op, kind)) = op(vector.op()) else { return Evaluated::Unsupported };
    match kind {
        Kind::Both => both(vector, op),
        Kind::Once => Evaluated::Got(op(&Bench::new(vector), Caller::Async)),
        Kind::Ordered(order) => Evaluated::Ordered(op(&Bench::new(vector), Caller::Async), order(vector)),
    }
}

/// How an operation is run and compared.
enum Kind {
    /// Async and blocking.
    Both,
    /// Once: it says nothing of how it is called, or has no blocking form.
    Once,
    /// Once, with what means nothing brought into an order of its own.
    Ordered(fn(&Vector) -> fn(Data) -> Data),
}

/// The operation of this name.
fn op(name: &str) -> Option<(Op, Kind)> {
    Some(match name {
        "invoke" => (invoke::invoke, Kind::Both),
        "invoke_key_order" => (invoke::invoke_key_order, Kind::Both),
        "invoke_many" => (invoke::invoke_many, Kind::Both),
        "batch" | "abatch" => (batch::batch, Kind::Both),
        "batch_as_completed" => (batch::as_completed, Kind::Both),
        "stream" | "astream" => (stream::stream, Kind::Both),
        "transform" => (stream::transform, Kind::Once),
        "stream_by_key" => (stream::by_key, Kind::Once),
        "concat_chunks" => (stream::concat, Kind::Once),
        "get_name" => (names::get_name, Kind::Once),
        "get_prompts" => (names::get_prompts, Kind::Once),
        "config_specs" => (names::config_specs, Kind::Once),
        "merge_configs" => (config::merge, Kind::Once),
        "ensure_config" => (config::ensure, Kind::Once),
        "patch_config" => (config::patch, Kind::Once),
        "config_list" => (config::list, Kind::Once),
        "callbacks_seen" => (config::callbacks_seen, Kind::Once),
        "history" => (history::run, Kind::Both),
        "trace" => (trace::run, Kind::Ordered(trace::order)),
        "events" => (events::run, Kind::Ordered(events::order)),
        "input_schema" => (schemas::input, Kind::Ordered(|_| schemas::without_habits)),
        "output_schema" => (schemas::output, Kind::Ordered(|_| schemas::without_habits)),
        "config_schema" => (schemas::config, Kind::Ordered(|_| schemas::without_habits)),
        "graph" => (graph::graph, Kind::Once),
        "mermaid" => (graph::mermaid, Kind::Once),
        "ascii" => (graph::ascii, Kind::Once),
        "graph_build" => (graph::build, Kind::Once),
        _ => return None,
    })
}

/// The same, async and blocking, each on things of its own.
fn both(vector: &Vector, op: Op) -> Evaluated {
    let got = op(&Bench::new(vector), Caller::Async);
    let blocking = op(&Bench::new(vector), Caller::Blocking);
    match (&got, &blocking) {
        (Ok(got), Ok(blocking)) if same(got, blocking) => {}
        (Err(got), Err(blocking)) if got.to_string() == blocking.to_string() => {}
        _ => return Evaluated::Disagree(format!("async gives {got:?}, blocking {blocking:?}")),
    }
    Evaluated::Got(got)
}

/// Errors are never equal, so values that may hold some are compared as they print.
fn same(left: &Data, right: &Data) -> bool {
    left == right || format!("{left:?}") == format!("{right:?}")
}
