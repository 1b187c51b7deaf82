//! Area `legacy_chains`: the classic chains, their memories, and chains over documents.

mod built;
mod calls;
mod documents;
mod memories;
mod model;
mod node;
mod routers;
mod tags;
mod transforms;

use catena::{Data, Error, ErrorKind, Record, Result};

use super::area::Evaluated;
use super::vector::Vector;
use built::Built;
use node::{Builder, Fields};

/// How the entry points are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    Async,
    Blocking,
}

pub(super) fn run(vector: &Vector) -> Evaluated {
    let input = Fields(&vector.input);
    Evaluated::Got(match vector.op() {
        "chain_calls" => return both(|caller| chain_calls(input, caller)),
        "chain_construct" => construct(input),
        "memory_calls" => memories::calls(input),
        "stuff_runnable" => return both(|caller| documents::stuff_runnable(input, caller)),
        "split_docs" => documents::split(input),
        "collapse_documents" => documents::collapse(input),
        _ => return Evaluated::Unsupported,
    })
}

/// The same, async and blocking, each on things of its own.
fn both(op: impl Fn(Caller) -> Result<Data>) -> Evaluated {
    let (got, blocking) = (op(Caller::Async), op(Caller::Blocking));
    // Errors are never equal, so both are compared as they print.
    if format!("{got:?}") != format!("{blocking:?}") {
        return Evaluated::Disagree(format!("async gives {got:?}, blocking {blocking:?}"));
    }
    Evaluated::Got(got)
}

fn chain_calls(input: Fields<'_>, caller: Caller) -> Result<Data> {
    let builder = Builder::new();
    let built = builder.chain(input.need("chain")?)?;
    let results = input.items("calls").iter().map(|call| settled(built.call(call, caller)));
    let results: Vec<Data> = results.collect();
    let mut all = Record::from_iter([("results", results)]);
    if let Data::List(calls) = builder.asked()
        && !calls.is_empty()
    {
        all.insert("llm_calls", calls);
    }
    Ok(all.into())
}

fn construct(input: Fields<'_>) -> Result<Data> {
    Builder::new().chain(input.need("chain")?).map(|_: Built| "constructed".into())
}

/// `{"ok"}` or `{"error"}`.
fn settled(result: Result<Data>) -> Data {
    match result {
        Ok(value) => Data::from([("ok", value)]),
        Err(error) => Data::from([("error", Data::Error(error))]),
    }
}

/// Something that vectors may have and this runner does not know.
fn unknown(what: &str) -> Error {
    Error::new(ErrorKind::Other, format!("unknown {what}"))
}
