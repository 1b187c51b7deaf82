//! `max_concurrency` bounds the model calls, through any nesting.

use catena_core::{
    AiMessage, Data, DynRunnable, PromptValue, RunConfig, Runnable, RunnableExt, RunnableParallel, gather,
    lambda,
};
use futures_executor::block_on;
use futures_util::future;

use crate::support::{Gauge, GaugedModel};

fn four_ways(gauge: &Gauge) -> DynRunnable {
    let names = ["a", "b", "c", "d"];
    let all = names.iter().fold(RunnableParallel::new(), |all, name| {
        all.with(*name, GaugedModel(gauge.clone()) | lambda(|m: AiMessage| m.text().into_owned()))
    });
    (lambda(|text: String| PromptValue::from(text)) | all).dynamic()
}

/// Runs four inputs, called and streamed, and checks how many model calls there were and how many at once.
#[track_caller]
fn check(chain: impl Runnable<Input = Data, Output = Data>, gauge: &Gauge, calls: usize) {
    let config = RunConfig::new().with_max_concurrency(2);
    let results = block_on(chain.batch_with(["1", "2", "3", "4"], &config));
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!((gauge.entered(), gauge.peak(), gauge.inside()), (4 * calls, 2, 0));
    block_on(gather(chain.stream_with("1", &config))).unwrap();
    assert_eq!((gauge.entered(), gauge.peak(), gauge.inside()), (5 * calls, 2, 0), "streamed");
}

#[test]
fn w5_a_parallel_within_a_batch_makes_two_calls_at_once() {
    let gauge = Gauge::default();
    check(four_ways(&gauge), &gauge, 4);
}

#[test]
fn w5_nesting_does_not_multiply_the_limit() {
    let gauge = Gauge::default();
    let twice = RunnableParallel::new().with("x", four_ways(&gauge)).with("y", four_ways(&gauge));
    check(twice, &gauge, 8);

    let gauge = Gauge::default();
    let pair = lambda(|text: Data| vec![text.clone(), text]) | four_ways(&gauge).map();
    check(pair.dynamic(), &gauge, 8);
}

#[test]
fn w5_a_function_that_calls_models_counts_too() {
    let gauge = Gauge::default();
    let inner = four_ways(&gauge);
    let calling = lambda(move |input: Data, cx: catena_core::Context| {
        let inner = inner.clone();
        async move {
            let calls = (0..3).map(|_| inner.invoke_in(input.clone(), &cx));
            future::try_join_all(calls).await.map(Data::List)
        }
    });
    check(calling, &gauge, 12);
}

#[test]
fn w5_without_a_limit_all_run_at_once() {
    let gauge = Gauge::default();
    block_on(four_ways(&gauge).batch(["1", "2"]));
    assert_eq!(gauge.peak(), 8);
}
