//! `stream`, `transform`, `stream_by_key` and `concat_chunks`.

use catena::prelude::*;
use catena::{ChunkStream, DynRunnable, Record, Result};
use futures_util::stream;

use super::super::raised::raise;
use super::bench::{Bench, Caller};

pub(super) fn stream(bench: &Bench, caller: Caller) -> Result<Data> {
    let (runnable, config) = (bench.runnable()?, bench.config()?);
    let input = bench.value("input");
    let chunks = match caller {
        Caller::Async => collect(runnable.stream_with(input, &config)),
        Caller::Blocking => until_error(runnable.blocking().stream_with(input, &config)),
    };
    Ok(with_observed(bench, chunks))
}

pub(super) fn transform(bench: &Bench, _: Caller) -> Result<Data> {
    let (runnable, config) = (bench.runnable()?, bench.config()?);
    let chunks = stream::iter(bench.list("chunks").into_iter().map(Ok)).boxed();
    Ok(with_observed(bench, collect(runnable.transform_with(chunks, &config))))
}

/// The chunks before the end or the first error, and the error.
type Collected = (Vec<Data>, Option<catena::Error>);

fn collect(chunks: ChunkStream<'_, Data>) -> Collected {
    let all: Vec<Result<Data>> = smol::block_on(chunks.collect());
    until_error(all)
}

fn until_error(all: impl IntoIterator<Item = Result<Data>>) -> Collected {
    let mut chunks = Vec::new();
    for chunk in all {
        match chunk {
            Ok(chunk) => chunks.push(chunk),
            Err(error) => return (chunks, Some(error)),
        }
    }
    (chunks, None)
}

fn with_observed(bench: &Bench, (chunks, error): Collected) -> Data {
    let mut all = Record::from_iter([("chunks", Data::List(chunks))]);
    if let Some(error) = error {
        all.insert("error", Data::Error(error));
    }
    bench.add_observed(&mut all);
    all.into()
}

pub(super) fn by_key(bench: &Bench, _: Caller) -> Result<Data> {
    let runnable = bench.runnable()?;
    let chunks = by_key_source(bench, &runnable)?;
    let chunks: Vec<Data> = smol::block_on(chunks.collect::<Vec<_>>()).into_iter().collect::<Result<_>>()?;
    let mut by_key = Record::new();
    for (name, value) in chunks.iter().filter_map(Data::as_record).flat_map(Record::iter) {
        match by_key.get_mut(name) {
            Some(Data::List(values)) => values.push(value.clone()),
            _ => by_key.insert(name, Data::List(vec![value.clone()])),
        }
    }
    let mut whole = Data::Null;
    chunks.into_iter().for_each(|chunk| whole.merge(chunk));
    Ok(Record::from_iter([("by_key", Data::from(by_key)), ("final", whole)]).into())
}

fn by_key_source<'a>(bench: &Bench, runnable: &'a DynRunnable) -> Result<ChunkStream<'a, Data>> {
    let config = bench.config()?;
    Ok(match bench.field("chunks") {
        Some(_) => {
            let chunks = stream::iter(bench.list("chunks").into_iter().map(Ok)).boxed();
            runnable.transform_with(chunks, &config)
        }
        None => runnable.stream_with(bench.value("input"), &config),
    })
}

/// Adds chunks up. What does not add is an error here; steps that need their whole input keep the last.
pub(super) fn concat(bench: &Bench, _: Caller) -> Result<Data> {
    let mut whole = Data::Null;
    for chunk in bench.list("chunks") {
        let chunk = mergeable(chunk);
        addable(&whole, &chunk, "the chunks")?;
        whole.merge(chunk);
    }
    Ok(whole)
}

/// Records as the steps of a chain make them.
fn mergeable(chunk: Data) -> Data {
    match chunk {
        Data::Record(record) => record.mergeable().into(),
        other => other,
    }
}

fn addable(whole: &Data, next: &Data, at: &str) -> Result<()> {
    match (whole, next) {
        (Data::Null, _) | (_, Data::Null) => Ok(()),
        (Data::Record(whole), Data::Record(next)) => next.iter().try_for_each(|(name, value)| {
            whole.get(name).map_or(Ok(()), |present| addable(present, value, &format!("{at} under `{name}`")))
        }),
        (Data::Text(_), Data::Text(_))
        | (Data::List(_), Data::List(_))
        | (Data::Message(_), Data::Message(_)) => Ok(()),
        (Data::Number(_), Data::Number(_)) => Ok(()),
        _ => Err(raise("type_error", format!("{at} do not add: {} and {}", whole.kind(), next.kind()))),
    }
}
