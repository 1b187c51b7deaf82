//! What was found with the laws: each once more by itself.

use catena_core::{
    ChunkStream, Data, DynRunnable, Error, ErrorKind, InMemoryChatMessageHistory, Record, RetryPolicy,
    Runnable, RunnableAssign, RunnableExt, RunnableParallel, RunnablePassthrough, RunnablePick,
    WithMessageHistory, generator, lambda,
};
use catena_testkit::laws::{LawViolation, Laws};
use futures_util::{StreamExt, stream};

use crate::build::config;
use crate::executor::run;

/// Checks a law under the config that the trees have.
#[track_caller]
fn check<F>(law: impl FnOnce(Laws) -> F)
where
    F: Future<Output = Result<(), LawViolation>>,
{
    run(law(Laws::new().with_config(config()))).unwrap_or_else(|violation| panic!("{violation}"));
}

#[track_caller]
fn check_streaming(chain: &DynRunnable) {
    check(|laws| async move { laws.streaming(chain, "x".into()).await });
}

/// Gives no chunk at all.
fn silent() -> impl Runnable<Input = Data, Output = String> {
    generator(|chunks: ChunkStream<'_, Data>| {
        chunks.filter_map(|chunk| std::future::ready(chunk.err().map(Err))).boxed()
    })
}

/// Gives these chunks.
fn gives(chunks: impl Fn() -> Vec<Data> + Send + Sync + 'static) -> DynRunnable {
    generator(move |input: ChunkStream<'_, Data>| {
        let chunks = chunks();
        let gathered = input.collect::<Vec<_>>();
        stream::once(async move {
            gathered.await;
            stream::iter(chunks).map(Ok)
        })
        .flatten()
        .boxed()
    })
    .boxed()
}

fn fails() -> DynRunnable {
    lambda(|_: Data| Err::<Data, _>(Error::new(ErrorKind::Server, "down"))).boxed()
}

#[test]
fn a_step_after_one_that_gives_no_chunk_runs_on_the_empty_value() {
    check_streaming(
        &(lambda(|_: Data| Data::Null).pick_missing() | lambda(|data: Data| format!("{data:?}"))).dynamic(),
    );
    check_streaming(&silent().pipe(lambda(|text: String| format!("<{text}>"))).dynamic());
}

#[test]
fn a_branch_that_gives_no_chunk_is_in_the_record() {
    check_streaming(
        &RunnableParallel::new().with("a", silent()).with("b", lambda(|data: Data| data)).boxed(),
    );
    let record = lambda(|data: Data| Data::from([("old", data)]));
    check_streaming(&record.assign("new", silent()).boxed());
}

#[test]
fn an_answer_without_a_chunk_is_remembered_as_an_empty_one() {
    let text = |data: Data| data.as_text().unwrap_or("a list").to_owned();
    let chat = WithMessageHistory::new(silent(), |_| InMemoryChatMessageHistory::new());
    check_streaming(&(lambda(text) | chat).dynamic());
}

#[test]
fn an_input_that_was_read_by_an_attempt_is_there_for_the_next() {
    let chunks = || ["to", "ke", "n"].map(Data::from);
    let spare = fails().with_fallbacks([RunnablePassthrough::new()]);
    check(|laws| async move { laws.chunked(&spare, chunks()).await });
    let retried = RunnablePassthrough::new().with_retry(RetryPolicy::new().without_delay());
    check(|laws| async move { laws.chunked(&retried, chunks()).await });
}

#[test]
fn records_that_replace_each_other_are_picked_from_as_one() {
    let grows = || gives(|| ["t", "to", "tok"].map(|text| Data::from([("a", text)])).to_vec());
    check_streaming(&grows().pipe(RunnablePick::one("a")).boxed());
    check_streaming(&grows().pipe(RunnablePick::many(["a", "b"])).boxed());
    let assign = || {
        let length = lambda(|data: Data| data.get("a").and_then(Data::as_text).map(str::len));
        RunnableAssign::new(RunnableParallel::new().with("new", length))
    };
    check_streaming(&grows().pipe(assign()).boxed());
    // What counts is the last record, not what any of them had.
    let shrinks = gives(|| vec![Data::from([("a", 1), ("b", 2)]), Data::from([("b", 3)])]);
    check_streaming(&shrinks.clone().pipe(RunnablePick::one("a")).boxed());
    check_streaming(&shrinks.pipe(assign()).boxed());
}

#[test]
fn values_that_replace_each_other_are_read_as_one() {
    let json = |text: &str| Data::from(catena_core::Json::from(serde_json::json!(text)));
    let grows = gives(move || vec![json("t"), json("to"), json("tok")]);
    check_streaming(&grows.pipe(lambda(|text: String| text).dynamic()).boxed());
}

#[test]
fn maps_add_up_beyond_the_seam() {
    use std::collections::BTreeMap;
    let pair = |name: &str| BTreeMap::from([(name.to_owned(), name.to_owned())]);
    let maps =
        generator(move |_: ChunkStream<'_, Data>| stream::iter([Ok(pair("a")), Ok(pair("b"))]).boxed());
    check_streaming(&maps.pipe(lambda(|data: Data| data)).boxed());
}

#[test]
fn records_merge_in_any_grouping() {
    use catena_core::Chunk;
    let whole = |name: &str, text: &str| Record::from_iter([(name, text)]);
    let pieces = [
        Record::new(),
        whole("a", "1"),
        whole("b", "2"),
        whole("a", "3").mergeable(),
        whole("b", "4").mergeable(),
    ];
    let merged = |mut a: Record, b: &Record| {
        a.merge(b.clone());
        a
    };
    for (a, b, c) in triples(&pieces) {
        let left = merged(merged(a.clone(), b), c);
        let right = merged(a.clone(), &merged(b.clone(), c));
        assert_eq!(left, right, "{a:?}, {b:?}, {c:?}");
        assert_eq!(merged(Record::new(), a), *a);
        assert_eq!(merged(a.clone(), &Record::new()), *a);
    }
}

fn triples<T>(items: &[T]) -> Vec<(&T, &T, &T)> {
    let mut all = Vec::new();
    for a in items {
        for b in items {
            all.extend(items.iter().map(|c| (a, b, c)));
        }
    }
    all
}

#[test]
fn what_a_run_is_made_of_ends_before_the_run_does() {
    // The second step has enough after one chunk, or fails: the first is still at work.
    let chunks = || gives(|| ["to", "ken"].map(Data::from).to_vec());
    let first = generator(|chunks: ChunkStream<'_, Data>| chunks.take(1).boxed());
    let enough = chunks().pipe(first);
    check(|laws| async move { laws.events(&enough, "x".into()).await });
    let stops = generator(|chunks: ChunkStream<'_, Data>| {
        chunks.map(|_| Err::<Data, _>(Error::new(ErrorKind::Other, "enough"))).boxed()
    });
    let fails = chunks().pipe(stops);
    check(|laws| async move { laws.events(&fails, "x".into()).await });
}

#[test]
fn nothing_comes_after_an_error() {
    let goes_on = generator(|_: ChunkStream<'_, Data>| {
        stream::iter([Ok("a".into()), Err(Error::new(ErrorKind::Other, "oh")), Ok(Data::from("b"))]).boxed()
    });
    check(|laws| async move { laws.streaming(&goes_on, "x".into()).await });
}

trait PickMissing: Runnable<Output = Data> + Sized {
    /// Picks what is not there.
    fn pick_missing(self) -> catena_core::Pipe<catena_core::Pipe<Self, DynRunnable>, RunnablePick> {
        self.pipe(lambda(|_: Data| Data::from([("a", 1)])).boxed()).pipe(RunnablePick::one("b"))
    }
}

impl<R: Runnable<Output = Data>> PickMissing for R {}
