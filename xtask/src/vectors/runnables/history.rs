//! `history`: conversations that are remembered.

use std::sync::Arc;

use catena::pipeline::PipelineLoader;
use catena::{ChatMessageHistory, Data, Message, Record, Result};

use super::super::tagged;
use super::bench::{Bench, Caller};
use super::invoke::calls;
use super::probes::{Probes, lock};

/// Keeps the sessions where the operation finds them. What they begin with is there at once.
pub(super) fn register(loader: PipelineLoader, probes: &Arc<Probes>, input: &Record) -> PipelineLoader {
    let initial =
        input.get("runnable").and_then(|node| node.get("with_history")?.get("initial")?.as_record());
    for (id, messages) in initial.into_iter().flat_map(Record::iter) {
        let messages = match tagged::decode(messages) {
            Data::List(messages) => messages.into_iter().filter_map(message).collect(),
            _ => Vec::new(),
        };
        let session = lock(&probes.sessions).entry(id.to_owned()).or_default().clone();
        // Sessions in memory do not fail.
        let _ = smol::block_on(session.add_messages(messages));
    }
    let probes = Arc::clone(probes);
    loader.with_sessions(move |id| Arc::new(lock(&probes.sessions).entry(id.to_owned()).or_default().clone()))
}

fn message(data: Data) -> Option<Message> {
    match data {
        Data::Message(message) => Some(*message),
        _ => None,
    }
}

pub(super) fn run(bench: &Bench, caller: Caller) -> Result<Data> {
    // The sessions hold the first messages already.
    let mut node = bench.field("runnable").cloned().unwrap_or_default();
    if let Data::Record(node) = &mut node
        && let Some(Data::Record(options)) = node.get_mut("with_history")
        && options.contains("initial")
    {
        options.insert("initial", Data::Null);
    }
    let runnable = bench.loader.load(&node)?;
    let results = Data::List(calls(bench, &runnable, caller)?);
    let mut stores = Record::new();
    for (id, session) in lock(&bench.probes.sessions).iter() {
        let messages = smol::block_on(session.messages())?.into_iter().map(Data::from).collect();
        stores.insert(id.as_str(), Data::List(messages));
    }
    Ok(Record::from_iter([("results", results), ("stores", stores.into())]).into())
}
