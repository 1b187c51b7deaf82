//! A failure or an early break stops the siblings, and no run stays open.

use std::task::Poll;

use catena_core::{
    AiMessage, Context, DynRunnable, Error, ErrorKind, RunCollector, RunConfig, RunRecord, RunStatus,
    Runnable, RunnableExt, RunnableParallel, gather, lambda,
};
use futures_executor::block_on;
use futures_util::{FutureExt, StreamExt, future};

use crate::support::{Gauge, GaugedModel, yield_now};

/// Fails on `bad`, after others have begun; goes on for ever on anything else.
fn worker(gauge: &Gauge) -> impl Runnable<Input = String, Output = String> + Clone + use<> {
    let gauge = gauge.clone();
    lambda(move |text: String, _: Context| {
        let inside = gauge.enter();
        async move {
            yield_now().await;
            if text == "bad" {
                return Err(Error::new(ErrorKind::Server, "bad"));
            }
            future::pending::<()>().await;
            drop(inside);
            Ok(text)
        }
    })
}

/// Fails where the other works for ever.
fn failing() -> impl Runnable<Input = String, Output = String> + Clone {
    lambda(async |_: String| {
        yield_now().await;
        Err::<String, _>(Error::new(ErrorKind::Server, "bad"))
    })
}

#[track_caller]
fn assert_all_ended(runs: &[RunRecord]) {
    for run in runs {
        assert_ne!(run.status, RunStatus::Running, "{} is open", run.info.name);
        assert_all_ended(&run.children);
    }
}

/// Checks that the call failed, that nobody works any more, and that every run has ended.
#[track_caller]
fn check<T: std::fmt::Debug>(result: Result<T, Error>, gauge: &Gauge, runs: &RunCollector) {
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Server);
    assert!(gauge.entered() > 0, "a sibling was at work");
    assert_eq!(gauge.inside(), 0);
    assert!(!runs.roots().is_empty());
    assert_all_ended(&runs.roots());
}

fn watched() -> (Gauge, RunCollector, RunConfig) {
    let runs = RunCollector::new();
    (Gauge::default(), runs.clone(), RunConfig::new().with_observer(runs))
}

#[test]
fn w2_a_failing_item_stops_a_batch_that_wants_all() {
    let (gauge, runs, config) = watched();
    let result = block_on(worker(&gauge).try_batch_with(["good", "bad", "good"], &config));
    check(result, &gauge, &runs);
    assert_eq!(gauge.entered(), 3);
}

#[test]
fn w2_breaking_off_a_batch_stops_the_items_under_way() {
    let (gauge, runs, config) = watched();
    let worker = worker(&gauge);
    let mut completed = worker.batch_as_completed_with(["good", "bad", "good"], &config);
    let (index, result) = block_on(completed.next()).unwrap();
    assert_eq!((index, gauge.inside()), (1, 2));
    drop(completed);
    check(result, &gauge, &runs);
}

#[test]
fn w2_a_failing_branch_of_a_tuple_stops_the_others() {
    let (gauge, runs, config) = watched();
    let branches = (worker(&gauge), failing(), worker(&gauge));
    check(block_on(branches.invoke_with("good", &config)), &gauge, &runs);
    check(block_on(gather(branches.stream_with("good", &config))), &gauge, &runs);
}

#[test]
fn w2_a_failing_named_branch_stops_the_others() {
    let (gauge, runs, config) = watched();
    let branches = RunnableParallel::new().with("a", worker(&gauge)).with("b", failing());
    check(block_on(branches.invoke_with("good", &config)), &gauge, &runs);
    check(block_on(gather(branches.stream_with("good", &config))), &gauge, &runs);
}

#[test]
fn w2_a_failing_element_of_a_list_stops_the_others() {
    let (gauge, runs, config) = watched();
    let each = worker(&gauge).map();
    let words = || ["good", "bad", "good"].map(str::to_owned).to_vec();
    check(block_on(each.invoke_with(words(), &config)), &gauge, &runs);
}

#[test]
fn w2_siblings_stop_with_the_error_even_if_the_stream_is_kept() {
    let gauge = Gauge::default();
    let tuple = (worker(&gauge), failing());
    let mut stream = tuple.stream("good");
    assert!(block_on(stream.next()).unwrap().is_err());
    assert_eq!((gauge.entered(), gauge.inside()), (1, 0));
    let named = RunnableParallel::new().with("a", worker(&gauge)).with("b", failing());
    let mut stream = named.stream("good");
    assert!(block_on(stream.next()).unwrap().is_err());
    assert_eq!((gauge.entered(), gauge.inside()), (2, 0));
}

#[test]
fn a_dropped_call_ends_every_run_also_of_one_that_waits_for_a_permit() {
    let models = |gauge: &Gauge| -> DynRunnable {
        let model = || GaugedModel(gauge.clone()) | lambda(|m: AiMessage| m.text().into_owned());
        let all = RunnableParallel::new().with("a", model()).with("b", model()).with("c", model());
        (lambda(|text: String| catena_core::PromptValue::from(text)) | all).dynamic()
    };
    for streaming in [false, true] {
        let (gauge, runs, config) = watched();
        // Three branches at once, one model call at a time: two wait.
        let chain = models(&gauge).with_config(RunConfig::new().with_max_concurrency(1));
        let config = config.with_max_concurrency(1);
        if streaming {
            let mut stream = chain.stream_with("text", &config);
            assert!(stream.next().now_or_never().is_none());
        } else {
            let call = chain.invoke_with("text", &config);
            assert!(call.now_or_never().is_none());
        }
        assert_eq!((gauge.entered(), gauge.inside()), (1, 0), "streaming: {streaming}");
        assert_all_ended(&runs.roots());
        assert_eq!(runs.roots()[0].status, RunStatus::Cancelled);
    }
}

#[test]
fn calls_that_wait_for_a_permit_are_cancelled_too() {
    let (gauge, runs, config) = watched();
    let config = config.with_max_concurrency(1);
    let model = GaugedModel(gauge.clone());
    let branches = (model.clone(), model.clone(), model);
    let mut call = Box::pin(branches.invoke_with("text", &config));
    assert!((&mut call).now_or_never().is_none());
    assert_eq!(gauge.inside(), 1);
    let open = &runs.roots()[0];
    assert_eq!(open.children.len(), 3, "all three have started; two wait");
    drop(call);
    let root = &runs.roots()[0];
    assert_eq!(root.status, RunStatus::Cancelled);
    assert!(root.children.iter().all(|run| run.status == RunStatus::Cancelled));
    assert_eq!(gauge.inside(), 0);
}

#[test]
fn a_dropped_batch_ends_every_run() {
    let (gauge, runs, config) = watched();
    let worker = worker(&gauge).pipe(lambda(|text: String| text.len()));
    let mut batch = Box::pin(worker.batch_with(["good", "good"], &config));
    block_on(future::poll_fn(|task| Poll::Ready(batch.as_mut().poll(task).is_pending())));
    assert_eq!(gauge.inside(), 2);
    drop(batch);
    assert_eq!(gauge.inside(), 0);
    assert_eq!(runs.roots().len(), 2);
    assert_all_ended(&runs.roots());
}
