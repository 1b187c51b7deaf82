//! `invoke`, `invoke_key_order` and `invoke_many`.

use catena::prelude::*;
use catena::{DynRunnable, Record, Result};

use super::super::tagged;
use super::bench::{Bench, Caller};

/// Calls once.
pub(super) fn call(caller: Caller, runnable: &DynRunnable, input: Data, config: &RunConfig) -> Result<Data> {
    match caller {
        Caller::Async => smol::block_on(runnable.invoke_with(input, config)),
        Caller::Blocking => runnable.blocking().invoke_with(input, config),
    }
}

pub(super) fn invoke(bench: &Bench, caller: Caller) -> Result<Data> {
    let called =
        bench.runnable().and_then(|runnable| call(caller, &runnable, bench.value("input"), &bench.config()?));
    bench.observed(called)
}

pub(super) fn invoke_key_order(bench: &Bench, caller: Caller) -> Result<Data> {
    let value = invoke(bench, caller)?;
    let keys: Vec<String> =
        value.as_record().map(|record| record.names().map(str::to_owned).collect()).unwrap_or_default();
    Ok(Record::from_iter([("keys", keys.into()), ("value", value)]).into())
}

pub(super) fn invoke_many(bench: &Bench, caller: Caller) -> Result<Data> {
    let runnable = bench.runnable()?;
    calls(bench, &runnable, caller).map(Data::List)
}

/// Makes the `calls` of the operation one after the other; each ends as `{"ok"}` or `{"error"}`.
pub(super) fn calls(bench: &Bench, runnable: &DynRunnable, caller: Caller) -> Result<Vec<Data>> {
    let Some(Data::List(calls)) = bench.field("calls") else { return Ok(Vec::new()) };
    let one = |each: &Data| {
        let config =
            each.get("config").map(|config| bench.read_config(config)).transpose()?.unwrap_or_default();
        let input = each.get("input").map(tagged::decode).unwrap_or_default();
        Ok(match call(caller, runnable, input, &config) {
            Ok(output) => Data::from([("ok", output)]),
            Err(error) => Data::from([("error", Data::Error(error))]),
        })
    };
    calls.iter().map(one).collect()
}
