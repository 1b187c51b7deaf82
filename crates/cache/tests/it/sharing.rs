//! Equal calls at the same time.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Wake, Waker};
use std::time::Duration;

use catena_cache::{Cached, MemoryStore};
use catena_core::fakes::{FakeLlm, FakeTimer};
use catena_core::{
    Admission, Admitted, AiMessage, ChunkStream, Context, Demand, Error, ErrorKind, LanguageModel, Outcome,
    PromptValue, Result, RetryBudget, RunConfig, RunnableExt, Usage, async_trait,
};
use futures_executor::block_on;
use futures_util::future::join_all;
use futures_util::{FutureExt, StreamExt, stream};
use serde_json::{Map, Value};

use crate::support::{Events, Slow, chunk, usage};

fn cached(model: &Arc<Slow>) -> Cached<Slow> {
    Cached::new(Arc::clone(model), Arc::new(MemoryStore::new(10)))
}

#[test]
fn equal_calls_at_once_are_one_call() {
    let (model, answers) = Slow::new();
    let cached = cached(&model);
    let mut all = Box::pin(join_all((0..8).map(|_| cached.invoke("Hi"))));
    assert!((&mut all).now_or_never().is_none());
    answers.unbounded_send(chunk("one")).unwrap();
    answers.unbounded_send(chunk("")).unwrap();
    let all: Vec<_> = block_on(all).into_iter().map(|answer| answer.unwrap()).collect();
    assert_eq!(model.calls.load(Ordering::SeqCst), 1);
    assert!(all.iter().all(|answer| answer.text() == "one"));
    assert_eq!(all.iter().filter(|answer| !answer.metadata.cached).count(), 1, "one of them paid");
}

#[test]
fn streams_share_chunks_as_they_arrive() {
    let (model, answers) = Slow::new();
    let cached = cached(&model);
    let (mut first, mut second) = (cached.stream("Hi"), cached.stream("Hi"));
    assert!(first.next().now_or_never().is_none());
    answers.unbounded_send(chunk("one ")).unwrap();
    for stream in [&mut first, &mut second] {
        let next = stream.next().now_or_never().flatten().expect("a chunk while the answer goes on");
        assert_eq!(next.unwrap().text(), "one ");
    }
    let mut late = cached.stream("Hi");
    assert_eq!(late.next().now_or_never().flatten().unwrap().unwrap().text(), "one ");
}

#[test]
fn when_the_first_caller_leaves_the_others_carry_on() {
    let (model, answers) = Slow::new();
    let cached = cached(&model);
    let mut first = cached.stream("Hi");
    assert!(first.next().now_or_never().is_none());
    let mut second = Box::pin(cached.invoke("Hi"));
    assert!((&mut second).now_or_never().is_none());
    drop(first);
    answers.unbounded_send(chunk("one")).unwrap();
    answers.unbounded_send(chunk("")).unwrap();
    let answer = block_on(second).unwrap();
    assert_eq!(answer.text(), "one");
    assert!(!answer.metadata.cached, "nobody else paid for it");
    assert_eq!(model.calls.load(Ordering::SeqCst), 1);
}

/// What the first one read of it counts for him.
#[test]
fn when_the_first_caller_leaves_who_has_heard_what_was_used_the_others_have_a_copy() {
    let (model, answers) = Slow::new();
    let cached = cached(&model);
    let mut first = cached.stream("Hi");
    assert!(first.next().now_or_never().is_none());
    let mut second = Box::pin(cached.invoke("Hi"));
    let mut begun = chunk("one ").unwrap();
    begun.usage = Some(usage());
    answers.unbounded_send(Ok(begun)).unwrap();
    assert!(first.next().now_or_never().flatten().unwrap().unwrap().usage.is_some());
    assert!((&mut second).now_or_never().is_none());
    drop(first);
    answers.unbounded_send(chunk("two")).unwrap();
    answers.unbounded_send(chunk("")).unwrap();
    let answer = block_on(second).unwrap();
    assert_eq!((answer.text().as_ref(), answer.metadata.cached), ("one two", true));
}

/// Notes what calls used.
#[derive(Debug, Clone, Default)]
struct Used(Arc<Mutex<Vec<Option<Usage>>>>);

#[async_trait]
impl Admission for Used {
    async fn admit(&self, _demand: &Demand<'_>) -> Result<Box<dyn Admitted>> {
        Ok(Box::new(self.clone()))
    }
}

impl Admitted for Used {
    fn report(self: Box<Self>, outcome: &Outcome<'_>) {
        self.0.lock().unwrap().push(outcome.usage);
    }
}

/// A model of texts whose answer takes a moment.
struct Late(FakeLlm);

#[async_trait]
impl LanguageModel for Late {
    type Output = String;

    fn generate_stream<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, String> {
        let mut chunks = self.0.generate_stream(prompt, cx);
        let mut is_early = true;
        Box::pin(stream::poll_fn(move |task| {
            if std::mem::take(&mut is_early) {
                task.waker().wake_by_ref();
                return Poll::Pending;
            }
            chunks.as_mut().poll_next(task)
        }))
    }

    fn parameters(&self) -> Option<Map<String, Value>> {
        Some(Map::new())
    }
}

/// A text cannot say that it is a copy.
#[test]
fn a_copy_of_a_text_counts_for_nothing() {
    let model = Late(FakeLlm::new(["one"]).with_usage(usage()));
    let cached = Cached::new(Arc::new(model), Arc::new(MemoryStore::new(10)));
    let used = Used::default();
    let config = RunConfig::new().with_admission(used.clone());
    let answers = block_on(cached.batch_with(["Hi", "Hi"], &config));
    assert!(answers.iter().all(Result::is_ok));
    let mut used = used.0.lock().unwrap().clone();
    used.sort_by_key(|used| used.map(|used| used.total_tokens));
    assert_eq!(used, [Some(Usage::default()), Some(usage())]);
}

#[test]
fn when_the_last_caller_leaves_the_call_ends() {
    let (model, _answers) = Slow::new();
    let cached = cached(&model);
    let (mut first, mut second) = (cached.stream("Hi"), cached.stream("Hi"));
    assert!(first.next().now_or_never().is_none());
    assert!(second.next().now_or_never().is_none());
    drop(first);
    assert_eq!(model.open.load(Ordering::SeqCst), 1);
    drop(second);
    assert_eq!(model.open.load(Ordering::SeqCst), 0);
    assert!(cached.stream("Hi").next().now_or_never().is_none());
    assert_eq!(model.calls.load(Ordering::SeqCst), 2, "the next caller begins anew");
}

#[test]
fn an_error_reaches_all_and_is_forgotten() {
    let (model, answers) = Slow::new();
    let cached = cached(&model);
    let mut all = Box::pin(join_all((0..3).map(|_| cached.invoke("Hi"))));
    assert!((&mut all).now_or_never().is_none());
    answers.unbounded_send(Err(Error::new(ErrorKind::Server, "down"))).unwrap();
    assert!(block_on(all).iter().all(|answer| answer.as_ref().unwrap_err().kind() == ErrorKind::Server));
    answers.unbounded_send(chunk("")).unwrap();
    answers.unbounded_send(chunk("one")).unwrap();
    answers.unbounded_send(chunk("")).unwrap();
    assert!(block_on(cached.invoke("Hi")).is_err(), "an answer without a chunk is none");
    assert_eq!(block_on(cached.invoke("Hi")).unwrap().text(), "one");
}

/// Gives way before each of its chunks.
struct Yielding;

#[async_trait]
impl LanguageModel for Yielding {
    type Output = AiMessage;

    fn generate_stream<'a>(&'a self, _prompt: PromptValue, _cx: Context) -> ChunkStream<'a, AiMessage> {
        Box::pin(stream::iter(0..20).then(|_| async {
            let mut asked = false;
            poll_fn(|task| {
                task.waker().wake_by_ref();
                if std::mem::replace(&mut asked, true) { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            chunk("x")
        }))
    }

    fn parameters(&self) -> Option<Map<String, Value>> {
        Some(Map::new())
    }
}

/// Some leave at once: nobody waits for ever, and the answers of the others are whole.
#[test]
fn callers_on_many_threads_come_and_go() {
    for round in 0..50 {
        let cached = Cached::new(Arc::new(Yielding), Arc::new(MemoryStore::new(10)));
        let callers: Vec<_> = (0..16)
            .map(|caller| {
                let cached = cached.clone();
                std::thread::spawn(move || block_on(read(&cached, caller % 3 == 0)))
            })
            .collect();
        for text in callers.into_iter().filter_map(|caller| caller.join().unwrap()) {
            assert_eq!(text, "x".repeat(20), "round {round}");
        }
    }
}

/// The whole text, or nothing of one who leaves with the first chunk.
async fn read(cached: &Cached<Yielding>, leaves: bool) -> Option<String> {
    let mut stream = cached.stream("Hi");
    let mut text = String::new();
    while let Some(chunk) = stream.next().await {
        text += &chunk.unwrap().text();
        if leaves {
            return None;
        }
    }
    Some(text)
}

/// Panics when it is asked for the second time.
struct Panicking(AtomicUsize);

#[async_trait]
impl LanguageModel for Panicking {
    type Output = AiMessage;

    fn generate_stream<'a>(&'a self, _prompt: PromptValue, _cx: Context) -> ChunkStream<'a, AiMessage> {
        Box::pin(stream::poll_fn(|_| match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => Poll::Pending,
            _ => panic!("as the test wants it"),
        }))
    }

    fn parameters(&self) -> Option<Map<String, Value>> {
        Some(Map::new())
    }
}

#[test]
fn a_model_that_panics_leaves_nobody_waiting() {
    let cached = Cached::new(Arc::new(Panicking(AtomicUsize::new(0))), Arc::new(MemoryStore::new(10)));
    let (mut first, mut second) = (cached.stream("Hi"), cached.stream("Hi"));
    assert!(first.next().now_or_never().is_none());
    assert!(catch_unwind(AssertUnwindSafe(|| first.next().now_or_never())).is_err());
    let error = second.next().now_or_never().flatten().expect("an end").unwrap_err();
    assert!(error.to_string().contains("panicked"), "{error}");
}

/// Asks again as clients do, as long as the run lets it.
struct Patient(Arc<Slow>);

#[async_trait]
impl LanguageModel for Patient {
    type Output = AiMessage;

    fn generate_stream<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, AiMessage> {
        Box::pin(stream::once(async move { self.generate(prompt, &cx).await }))
    }

    async fn generate(&self, prompt: PromptValue, cx: &Context) -> catena_core::Result<AiMessage> {
        loop {
            let error = match self.0.generate(prompt.clone(), cx).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let in_time = cx.deadline().is_none_or(|deadline| cx.timer().now() < deadline);
            if !error.is_retryable() || !in_time || !cx.take_retry() {
                return Err(error);
            }
            cx.emit("retry", &Value::Null);
        }
    }

    fn parameters(&self) -> Option<Map<String, Value>> {
        Some(Map::new())
    }
}

#[test]
fn the_limits_of_a_caller_who_left_do_not_concern_the_others() {
    let (slow, answers) = Slow::new();
    let cached = Cached::new(Arc::new(Patient(slow)), Arc::new(MemoryStore::new(10)));
    let (timer, [of_first, of_second]) = (FakeTimer::new(), [Events::default(), Events::default()]);
    let hurried = RunConfig::new().with_timer(timer.clone()).with_timeout(Duration::from_secs(1));
    let hurried = hurried.with_retry_budget(RetryBudget::new(0)).with_observer(of_first.clone());
    let watched = RunConfig::new().with_observer(of_second.clone());

    let mut first = Box::pin(cached.invoke_with("Hi", &hurried));
    assert!((&mut first).now_or_never().is_none());
    let mut second = Box::pin(cached.invoke_with("Hi", &watched));
    assert!((&mut second).now_or_never().is_none());
    timer.advance(Duration::from_secs(2));
    let error = first.now_or_never().expect("an end").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);

    let busy = Error::new(ErrorKind::RateLimit, "busy").with_retryable(true);
    answers.unbounded_send(Err(busy)).unwrap();
    answers.unbounded_send(chunk("one")).unwrap();
    answers.unbounded_send(chunk("")).unwrap();
    let answer = block_on(second).unwrap();
    assert_eq!((answer.text().as_ref(), answer.metadata.cached), ("one", false));
    assert!(of_first.0.lock().unwrap().is_empty(), "its run has ended");
    assert!(of_second.0.lock().unwrap().is_empty(), "it paid");
}

fn busy() -> Error {
    Error::new(ErrorKind::RateLimit, "busy").with_retryable(true)
}

/// Checks who gets an answer, and the number of calls, if the call of the first one fails with the first of these
/// errors while all the others wait for it. After the errors there is an answer.
#[track_caller]
fn check_failing(configs: &[&RunConfig], errors: Vec<Error>, answered: &[bool], calls: usize) {
    let (model, answers) = Slow::new();
    let (cached, timer) = (cached(&model), FakeTimer::new());
    let configs: Vec<_> = configs.iter().map(|&config| config.clone().with_timer(timer.clone())).collect();
    let mut all = Box::pin(join_all(configs.iter().map(|config| cached.invoke_with("Hi", config))));
    assert!((&mut all).now_or_never().is_none());
    let script = errors.into_iter().map(Err).chain([chunk("one"), chunk("")]);
    script.for_each(|chunk| answers.unbounded_send(chunk).unwrap());
    let mut answers = None;
    for _ in 0..4 {
        answers = answers.or_else(|| (&mut all).now_or_never());
        timer.advance(Duration::from_millis(250));
    }
    let answers = answers.expect("an end for everybody");
    assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), answered);
    assert_eq!(model.calls.load(Ordering::SeqCst), calls);
    let paid = answers.iter().flatten().filter(|answer| !answer.metadata.cached).count();
    assert_eq!(paid, usize::from(answered.contains(&true)));
}

fn within(millis: u64) -> RunConfig {
    RunConfig::new().with_timeout(Duration::from_millis(millis))
}

#[test]
fn the_limits_of_the_first_caller_do_not_fail_the_others() {
    let (free, once) = (&RunConfig::new(), || RunConfig::new().with_retry_budget(RetryBudget::new(0)));
    let hurried = &within(100);
    check_failing(&[&once(), free, free], vec![busy()], &[false, true, true], 2);
    check_failing(&[hurried, free], vec![busy()], &[false, true], 2);
    // Each stays within its own limits.
    check_failing(&[&once(), &once(), hurried, free], vec![busy()], &[false, false, false, true], 2);
    check_failing(&[&once(), hurried], vec![busy()], &[false, false], 1);
    let later = || busy().with_retry_after(Duration::from_millis(700));
    check_failing(&[&once(), &within(600)], vec![later()], &[false, false], 1);
    check_failing(&[&once(), &within(800)], vec![later()], &[false, true], 2);
}

#[test]
fn callers_share_one_more_call_at_most() {
    let (free, limited) = (&RunConfig::new(), &within(10_000));
    check_failing(&[free, free], vec![busy()], &[false, false], 1);
    check_failing(&[limited, free], vec![Error::new(ErrorKind::Authentication, "who?")], &[false, false], 1);
    let all = [limited, limited, free, limited, free];
    check_failing(&all, vec![busy(), busy()], &[false; 5], 2);
    let shared = RunConfig::new().with_retry_budget(RetryBudget::new(1));
    check_failing(&[&shared; 5], vec![busy()], &[false, true, true, true, true], 2);
    check_failing(&[&shared; 5], vec![busy()], &[false; 5], 1);
}

/// Whoever wakes first starts the next call while another is still ending the one that failed.
#[test]
fn callers_on_many_threads_share_the_next_call() {
    let hurried = RunConfig::new().with_retry_budget(RetryBudget::new(0));
    for round in 0..100 {
        let (model, answers) = Slow::new();
        let cached = cached(&model);
        let mut first = cached.stream_with("Hi", &hurried);
        assert!(first.next().now_or_never().is_none());
        let callers: Vec<_> = (0..8)
            .map(|_| {
                let cached = cached.clone();
                std::thread::spawn(move || block_on(cached.invoke("Hi")))
            })
            .collect();
        answers.unbounded_send(Err(busy().with_retry_after(Duration::ZERO))).unwrap();
        (0..8).flat_map(|_| ["one", ""]).for_each(|text| answers.unbounded_send(chunk(text)).unwrap());
        assert!(block_on(first.next()).unwrap().is_err());
        for caller in callers {
            assert_eq!(caller.join().unwrap().unwrap().text(), "one", "round {round}");
        }
    }
}

#[test]
fn whoever_gets_a_copy_is_told_that_it_cost_nothing() {
    let (model, answers) = Slow::new();
    let cached = cached(&model);
    let runs: Vec<_> = (0..3).map(|_| Events::default()).collect();
    let configs: Vec<_> = runs.iter().map(|events| RunConfig::new().with_observer(events.clone())).collect();
    let mut all = Box::pin(join_all(configs.iter().map(|config| cached.invoke_with("Hi", config))));
    assert!((&mut all).now_or_never().is_none());
    answers.unbounded_send(chunk("one")).unwrap();
    answers.unbounded_send(chunk("")).unwrap();
    block_on(all).into_iter().for_each(|answer| drop(answer.unwrap()));
    let heard = |run: usize| runs[run].0.lock().unwrap().clone();
    assert_eq!((heard(0).len(), heard(1), heard(2)), (0, vec!["cache_hit".to_owned()], heard(1)));
}

/// Notes that it was called.
#[derive(Default)]
struct Called(AtomicBool);

impl Wake for Called {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// While it is polled for the first time it calls, and only then another caller comes, polls and leaves its waker.
#[derive(Default)]
struct Overlapping {
    other: Mutex<Option<ChunkStream<'static, AiMessage>>>,
    called: Arc<Called>,
}

#[async_trait]
impl LanguageModel for Overlapping {
    type Output = AiMessage;

    fn generate_stream<'a>(&'a self, _prompt: PromptValue, _cx: Context) -> ChunkStream<'a, AiMessage> {
        Box::pin(stream::poll_fn(|task| {
            let mut other = self.other.lock().unwrap();
            let Some(stream) = other.as_mut().filter(|_| !self.called.0.load(Ordering::SeqCst)) else {
                return Poll::Ready(Some(chunk("x")));
            };
            task.waker().wake_by_ref();
            let waker = Waker::from(Arc::clone(&self.called));
            assert!(stream.as_mut().poll_next(&mut std::task::Context::from_waker(&waker)).is_pending());
            Poll::Pending
        }))
    }

    fn parameters(&self) -> Option<Map<String, Value>> {
        Some(Map::new())
    }
}

#[test]
fn one_who_comes_while_another_polls_is_called_again() {
    let model = Arc::new(Overlapping::default());
    let cached = Cached::new(Arc::clone(&model), Arc::new(MemoryStore::new(10)));
    let mut first = cached.stream("Hi");
    let second = cached.clone();
    *model.other.lock().unwrap() = Some(catena_core::owning_stream(move |slot| async move {
        slot.put_all(second.stream("Hi")).await;
    }));
    // The first one does not come back, whoever calls it.
    assert!(first.next().now_or_never().is_none());
    assert!(model.called.0.load(Ordering::SeqCst), "the second one can go on");
}
