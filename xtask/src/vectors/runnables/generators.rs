//! The test functions over chunks.

use std::sync::Arc;

use catena::pipeline::{PipelineLoader, Spec};
use catena::{
    Chunk, ChunkStream, Data, DynRunnable, Record, Result, RunnableExt, StreamExt, gather, generator,
};
use futures_util::stream;

use super::functions::{arg, failure, integer, label, own, sum, text};
use super::probes::Probes;

/// What a generator makes of one chunk.
type Each = fn(Data) -> Result<Vec<Data>>;

const EACH: [(&str, Each); 5] = [
    ("upper_chunks", |x| text(&x).map(|x| vec![x.to_uppercase().into()])),
    ("bracket", |x| text(&x).map(|x| vec![format!("[{x}]").into()])),
    ("chars", |x| text(&x).map(characters)),
    ("count_to", |x| integer(&x).map(numbers)),
    ("emit_list", |x| match x {
        Data::List(items) => Ok(items),
        other => Err(super::super::raised::raise("type_error", format!("{} is no list", other.kind()))),
    }),
];

/// Functions that give their output piece by piece.
const WHOLE: [(&str, Each); 2] =
    [("chars_of", |x| text(&x).map(characters)), ("count_up", |x| integer(&x).map(numbers))];

fn characters(text: &str) -> Vec<Data> {
    text.chars().map(|character| character.to_string().into()).collect()
}

fn numbers(last: i64) -> Vec<Data> {
    (1..=last).map(Data::from).collect()
}

pub(super) fn register(loader: PipelineLoader, probes: &Arc<Probes>) -> PipelineLoader {
    let loader = EACH.into_iter().fold(loader, |loader, (name, each)| {
        loader.with_generator(name, move |_| {
            Ok(generator(move |chunks| flat(chunks, each)).with_name(name).boxed())
        })
    });
    let loader = WHOLE.into_iter().fold(loader, |loader, (name, each)| {
        let probes = Arc::clone(probes);
        loader.with_function(name, move |args| {
            let (label, probes) = (label(&own(args.data()), name), Arc::clone(&probes));
            let made = generator(move |chunks| {
                probes.count(&label);
                flat(whole(chunks), each)
            });
            Ok(made.with_name(name).boxed())
        })
    });
    let unfinished = |rest: Data| if rest == Data::from("") { None } else { Some(rest) };
    loader
        .with_generator("split_words_stream", move |_| {
            folding("split_words_stream", "".into(), split_words, unfinished)
        })
        .with_generator("running_total", |_| folding("running_total", 0.into(), running_total, |_| None))
        .with_generator("count_chunks", |_| folding("count_chunks", 0.into(), count_chunks, Some))
        .with_generator("drop_all", |_| folding("drop_all", 0.into(), |_, _| Ok(Vec::new()), |_| None))
        .with_generator("fail_after", fail_after)
}

fn flat(chunks: ChunkStream<'_, Data>, each: Each) -> ChunkStream<'_, Data> {
    chunks
        .flat_map(move |chunk| match chunk.and_then(each) {
            Ok(made) => stream::iter(made.into_iter().map(Ok).collect::<Vec<_>>()),
            Err(error) => stream::iter(vec![Err(error)]),
        })
        .boxed()
}

fn whole(chunks: ChunkStream<'_, Data>) -> ChunkStream<'_, Data> {
    stream::once(gather(chunks)).filter_map(|whole| std::future::ready(whole.transpose())).boxed()
}

/// What to give for a chunk, and what to keep for the next.
type Fold = fn(&mut Data, Data) -> Result<Vec<Data>>;

/// A generator that keeps something from chunk to chunk and may give it at the end.
fn folding(
    name: &'static str,
    first: Data,
    fold: Fold,
    last: fn(Data) -> Option<Data>,
) -> Result<DynRunnable> {
    let made = generator(move |chunks| run_fold(chunks, first.clone(), fold, last));
    Ok(made.with_name(name).boxed())
}

fn run_fold(
    chunks: ChunkStream<'_, Data>,
    kept: Data,
    fold: Fold,
    last: fn(Data) -> Option<Data>,
) -> ChunkStream<'_, Data> {
    stream::unfold(Some((chunks, kept)), move |state| async move {
        let (mut chunks, mut kept) = state?;
        match chunks.next().await {
            Some(chunk) => match chunk.and_then(|chunk| fold(&mut kept, chunk)) {
                Ok(made) => Some((made.into_iter().map(Ok).collect(), Some((chunks, kept)))),
                Err(error) => Some((vec![Err(error)], None)),
            },
            None => Some((last(kept).into_iter().map(Ok).collect(), None)),
        }
    })
    .flat_map(|made: Vec<Result<Data>>| stream::iter(made))
    .boxed()
}

fn split_words(rest: &mut Data, chunk: Data) -> Result<Vec<Data>> {
    text(&chunk)?;
    rest.merge(chunk);
    let joined = text(rest)?.to_owned();
    let mut words: Vec<&str> = joined.split(' ').collect();
    let unfinished = words.pop().unwrap_or_default();
    let words = words.into_iter().map(Data::from).collect();
    *rest = unfinished.into();
    Ok(words)
}

fn running_total(total: &mut Data, chunk: Data) -> Result<Vec<Data>> {
    *total = sum(total, &chunk)?;
    Ok(vec![total.clone()])
}

fn count_chunks(count: &mut Data, _: Data) -> Result<Vec<Data>> {
    *count = (integer(count)? + 1).into();
    Ok(Vec::new())
}

fn fail_after(args: &Spec<'_>) -> Result<DynRunnable> {
    let args: Record = own(args.data());
    let passed = usize::try_from(integer(&arg(&args, "n"))?).unwrap_or_default();
    let made = generator(move |chunks| failing(chunks, passed, args.clone()));
    Ok(made.with_name("fail_after").boxed())
}

fn failing(chunks: ChunkStream<'_, Data>, passed: usize, args: Record) -> ChunkStream<'_, Data> {
    chunks
        .enumerate()
        .map(move |(index, chunk)| match index < passed {
            true => chunk,
            false => chunk.and_then(|_| Err(failure(&args, "no more chunks"))),
        })
        .boxed()
}
