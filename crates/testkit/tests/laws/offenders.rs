//! Runnables that break a law, so that it is known that the laws notice.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use catena_core::{
    ChunkStream, Context, Result, RunConfig, RunEventKind, Runnable, RunnableExt, async_trait, gather, lambda,
};
use catena_testkit::laws::{LawViolation, Laws, Mode, Probe};
use futures_util::{StreamExt, stream};

use crate::executor::run;

#[track_caller]
fn check(violation: Result<(), LawViolation>, law: &str, got: &str) {
    let violation = violation.expect_err("the law is broken");
    assert_eq!(violation.law, law, "{violation}");
    assert!(violation.got.contains(got), "{violation}");
}

/// Streams what the function makes of the context, and returns its input.
struct Streams<F>(F);

#[async_trait]
impl<F> Runnable for Streams<F>
where
    F: Fn(Context) -> ChunkStream<'static, String> + Send + Sync,
{
    type Input = String;
    type Output = String;

    async fn call(&self, input: String, _cx: &Context) -> Result<String> {
        Ok(input)
    }

    fn transform<'a>(&'a self, _: ChunkStream<'a, String>, cx: Context) -> ChunkStream<'a, String> {
        (self.0)(cx)
    }
}

#[test]
fn a_stream_that_says_something_else() {
    let liar = Streams(|_| stream::iter([Ok("other".to_owned())]).boxed());
    check(run(Laws::new().streaming(&liar, "x".into())), "streaming", "other");
    check(run(Laws::new().chunked(&liar, ["x".into(), "y".into()])), "chunked", "other");
    check(run(Laws::new().chunked(&liar, [])), "chunked", "other");
}

#[test]
fn work_before_the_first_poll() {
    let probe = Probe::new();
    let inside = probe.clone();
    let eager = Streams(move |_| {
        drop(inside.enter("eager", Mode::Stream));
        stream::empty().boxed()
    });
    let laws = Laws::new().with_probe(&probe);
    check(run(laws.laziness(&eager, "x".into())), "laziness", "1 calls and 0 events");
}

#[test]
fn outputs_that_depend_on_who_came_before() {
    let turn = AtomicUsize::new(0);
    let moody = lambda(move |x: i64| x + turn.fetch_add(1, Ordering::Relaxed) as i64);
    check(run(Laws::new().batch(&moody, vec![1, 2])), "batch", "Ok(3)");
}

#[test]
fn work_that_outlives_its_caller() {
    let probe = Probe::new();
    let inside = probe.clone();
    let left = Arc::new(std::sync::Mutex::new(Vec::new()));
    let leaky = lambda(move |text: String| {
        left.lock().unwrap().push(inside.enter("leaky", Mode::Call));
        async move { pending::<Result<String>>().await.map(|_| text) }
    });
    let laws = Laws::new().with_probe(&probe).with_max_polls(3);
    check(run(laws.cancellation(&leaky, "x".into())), "cancellation", "1 at work");
}

#[test]
fn a_run_that_ends_after_the_one_it_is_part_of() {
    let leaky = Streams(|cx: Context| {
        let inner = Arc::new(lambda(async |_: String| pending::<Result<String>>().await));
        let mut call = Box::pin(async move { inner.invoke_in("x", &cx).await });
        let kept = stream::poll_fn(move |task| {
            assert!(call.as_mut().poll(task).is_pending());
            std::task::Poll::Ready(None)
        });
        // Keeps its part although it has ended; a well-behaved one would have let go of it.
        kept.boxed()
    });
    // Core itself lets go of what a run held before it says that the run has ended.
    run(Laws::new().events(&leaky, "x".into())).unwrap();
}

#[test]
fn a_choice_that_depends_on_being_watched() {
    let probe = Probe::new();
    let model = Arc::new(probe.watch(lambda(|text: String| text).with_name("model")));
    let shy = lambda(move |text: String, cx: Context| {
        let model = Arc::clone(&model);
        async move {
            match cx.run_info() {
                Some(_) => gather(model.stream_in(text, &cx)).await.map(Option::unwrap_or_default),
                None => model.invoke_in(text, &cx).await,
            }
        }
    });
    let laws = Laws::new().with_probe(&probe);
    check(run(laws.observation(&shy, "x".into())), "observation", "mode: Stream");
}

#[test]
fn the_probe_sees_who_is_at_work_and_how_they_were_called() {
    let probe = Probe::new();
    let step = probe.watch(lambda(|text: String| text).with_name("step"));
    run(async {
        step.invoke("x").await.unwrap();
        let mut stream = step.stream("x");
        assert_eq!(probe.entered(), 1);
        stream.next().await.unwrap().unwrap();
        assert_eq!((probe.entered(), probe.inside()), (2, 1));
        drop(stream);
    });
    let calls: Vec<(String, Mode)> = probe.calls().into_iter().map(|call| (call.name, call.mode)).collect();
    assert_eq!(calls, [("step".to_owned(), Mode::Call), ("step".to_owned(), Mode::Stream)]);
    assert_eq!((probe.inside(), probe.peak()), (0, 1));
}

#[test]
fn laws_run_under_the_config_they_are_given() {
    let who = lambda(|_: String, cx: Context| {
        cx.configurable("user").and_then(|user| user.as_str()).unwrap_or_default().to_owned()
    });
    let laws = Laws::new().with_config(RunConfig::new().with_configurable("user", "ada"));
    run(laws.assert_all(&who, ["x".into()]));
    let _ = |kind: RunEventKind<'_>| kind.is_terminal();
}
