//! `batch`, `abatch` and `batch_as_completed`.

use catena::prelude::*;
use catena::{DynRunnable, Result};
use futures_util::future::join_all;

use super::bench::{Bench, Caller};

pub(super) fn batch(bench: &Bench, caller: Caller) -> Result<Data> {
    let results = bench.runnable().and_then(|runnable| run(bench, &runnable, caller));
    bench.observed(results.and_then(|results| all(bench, results)))
}

fn run(bench: &Bench, runnable: &DynRunnable, caller: Caller) -> Result<Vec<Result<Data>>> {
    let inputs = bench.list("inputs");
    let Some(Data::List(configs)) = bench.field("config") else {
        let config = bench.config()?;
        return Ok(match caller {
            Caller::Async => smol::block_on(runnable.batch_with(inputs, &config)),
            Caller::Blocking => runnable.blocking().batch_with(inputs, &config),
        });
    };
    // A config for each input: so many calls at once.
    let configs = configs.iter().map(|config| bench.read_config(config)).collect::<Result<Vec<_>>>()?;
    super::config::one_for_each(&configs, inputs.len())?;
    let calls = inputs.into_iter().zip(&configs).map(|(input, config)| runnable.invoke_with(input, config));
    Ok(match caller {
        Caller::Async => smol::block_on(join_all(calls)),
        Caller::Blocking => catena::blocking::block_on(join_all(calls))?,
    })
}

/// The outputs, with errors in their places if they are wanted there, else the first error.
fn all(bench: &Bench, results: Vec<Result<Data>>) -> Result<Data> {
    let kept = bench.flag("return_exceptions");
    let place = |result: Result<Data>| if kept { Ok(result.unwrap_or_else(Data::Error)) } else { result };
    results.into_iter().map(place).collect::<Result<Vec<_>>>().map(Data::List)
}

pub(super) fn as_completed(bench: &Bench, caller: Caller) -> Result<Data> {
    let runnable = bench.runnable()?;
    let (inputs, config) = (bench.list("inputs"), bench.config()?);
    let completed = runnable.batch_as_completed_with(inputs, &config);
    let completed: Vec<(usize, Result<Data>)> = match caller {
        Caller::Async => smol::block_on(completed.collect()),
        Caller::Blocking => catena::blocking::block_on(completed.collect())?,
    };
    let pair = |(index, result): (usize, Result<Data>)| {
        let output =
            if bench.flag("return_exceptions") { result.unwrap_or_else(Data::Error) } else { result? };
        Ok(Data::List(vec![index.into(), output]))
    };
    bench.observed(completed.into_iter().map(pair).collect::<Result<Vec<_>>>().map(Data::List))
}
