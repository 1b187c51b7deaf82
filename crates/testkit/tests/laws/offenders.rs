//! Runnables that break a law, so that it is known that the laws notice.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use catena_core::{
    ChunkStream, Context, Result, RunConfig, Runnable, RunnableExt, async_trait, gather, lambda,
};
use catena_testkit::laws::{LawViolation, Laws, Mode, Probe};
use futures_util::{FutureExt, StreamExt, stream};

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
    let left = Mutex::new(Vec::new());
    let leaky = lambda(move |text: String| {
        left.lock().unwrap().push(inside.enter("leaky", Mode::Call));
        async move { pending::<Result<String>>().await.map(|_| text) }
    });
    let laws = Laws::new().with_probe(&probe).with_max_polls(3);
    check(run(laws.cancellation(&leaky, "x".into())), "cancellation", "1 at work");
}

#[test]
fn a_part_that_outlives_its_run() {
    let left = Mutex::new(Vec::new());
    let leaky = lambda(move |text: String, cx: Context| {
        let part = lambda(async |_: String| pending::<Result<String>>().await);
        let mut call = Box::pin(async move { part.invoke_in("x", &cx).await });
        assert!(call.as_mut().now_or_never().is_none());
        left.lock().unwrap().push(call);
        text
    });
    check(run(Laws::new().events(&leaky, "x".into())), "events", "ends while 1 of its parts go on");
}

#[test]
fn a_part_that_its_run_still_holds_ends_with_it() {
    let holds = Streams(|cx: Context| {
        let part = lambda(async |_: String| pending::<Result<String>>().await);
        let mut call = Box::pin(async move { part.invoke_in("x", &cx).await });
        stream::poll_fn(move |_| {
            assert!(call.as_mut().now_or_never().is_none());
            Poll::Ready(None)
        })
        .boxed()
    });
    run(Laws::new().events(&holds, "x".into())).unwrap();
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
    let who = lambda(|text: String, cx: Context| {
        assert_eq!(cx.configurable("user").expect("a user"), "ada");
        text
    });
    let laws = Laws::new().with_config(RunConfig::new().with_configurable("user", "ada"));
    run(laws.assert_all(&who, ["x".into()]));
}
