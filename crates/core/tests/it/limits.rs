//! The limits of a run hold through any nesting.

use std::time::Duration;

use catena_core::fakes::FakeChatModel;
use catena_core::{
    AiMessage, CancelToken, ChunkStream, Context, Error, ErrorKind, LanguageModel, PromptValue, RetryBudget,
    RetryPolicy, RunConfig, RunnableExt, SystemTimer, Timer, async_trait, gather, impl_pipe, lambda,
};
use futures_executor::block_on;
use futures_util::{FutureExt, future};

use crate::support::{Gauge, GaugedModel};

#[test]
fn max_concurrency_bounds_model_calls_through_parallel_and_batch() {
    let gauge = Gauge::default();
    let model = || GaugedModel(gauge.clone());
    let chain = lambda(|s: String| s)
        | ((model(), model()), model() | lambda(|m: AiMessage| m.text().len()), model());
    let config = RunConfig::new().with_max_concurrency(2);
    let results = block_on(chain.batch_with(["a", "b", "c", "d"], &config));
    assert!(results.iter().all(Result::is_ok));
    assert_eq!((gauge.entered(), gauge.peak(), gauge.inside()), (16, 2, 0));
}

#[test]
fn max_concurrency_bounds_streamed_model_calls() {
    let gauge = Gauge::default();
    let model = || GaugedModel(gauge.clone());
    let chain = (model(), model(), model());
    let config = RunConfig::new().with_max_concurrency(1);
    let whole = block_on(gather(chain.stream_with("abc", &config))).unwrap().unwrap();
    assert_eq!((whole.0.text().as_ref(), whole.2.text().as_ref()), ("abc", "abc"));
    assert_eq!((gauge.entered(), gauge.peak(), gauge.inside()), (3, 1, 0));
}

#[test]
fn one_permit_is_enough_for_models_in_a_row_and_models_that_ask_models() {
    struct Asks(GaugedModel);

    #[async_trait]
    impl LanguageModel for Asks {
        type Output = AiMessage;

        fn generate_stream<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, AiMessage> {
            self.0.stream_in(prompt, &cx)
        }
    }
    impl_pipe!(Asks);

    let gauge = Gauge::default();
    let model = || GaugedModel(gauge.clone());
    let chain = model() | Asks(model()) | model();
    let config = RunConfig::new().with_max_concurrency(1);
    assert_eq!(block_on(chain.invoke_with("abc", &config)).unwrap().text(), "AI: AI: abc");
    let streamed = block_on(gather(chain.stream_with("abc", &config))).unwrap().unwrap();
    assert_eq!(streamed.text(), "AI: AI: abc");
    assert_eq!((gauge.entered(), gauge.peak(), gauge.inside()), (6, 1, 0));
}

#[test]
fn a_run_that_takes_too_long_is_dropped() {
    let gauge = Gauge::default();
    let inside = gauge.clone();
    let stuck = lambda(move |_: String| {
        let inside = inside.enter();
        async move {
            future::pending::<()>().await;
            drop(inside);
            Ok(())
        }
    });
    let config = RunConfig::new().with_timeout(Duration::from_millis(5));
    let called = block_on(stuck.invoke_with("x", &config)).unwrap_err();
    let streamed = block_on(gather(stuck.stream_with("x", &config))).unwrap_err();
    let batched = block_on(stuck.batch_with(["x"], &config)).remove(0).unwrap_err();
    for error in [called, streamed, batched] {
        assert_eq!(error.kind(), ErrorKind::Timeout);
    }
    assert_eq!((gauge.entered(), gauge.inside()), (3, 0));
}

#[test]
fn runs_on_smol() {
    let chain = GaugedModel::default() | lambda(|m: AiMessage| m.text().len());
    assert_eq!(smol::block_on(chain.invoke("four")).unwrap(), 4);
}

/// A time that no clock can hold is no limit.
#[test]
fn an_endless_time_limit_limits_nothing() {
    let config = RunConfig::new().with_timeout(Duration::MAX);
    let double = lambda(|x: i64| 2 * x);
    assert_eq!(block_on(double.invoke_with(1, &config)).unwrap(), 2);
    assert_eq!(block_on(double.batch_with([1], &config)).remove(0).unwrap(), 2);
    assert_eq!(block_on(double.with_timeout(Duration::MAX).invoke_with(1, &config)).unwrap(), 2);
    let model = FakeChatModel::new(["x"]);
    assert_eq!(block_on(gather(model.stream_with("Hi", &config))).unwrap().unwrap().text(), "x");
    let mut sleep = SystemTimer.sleep(Duration::MAX);
    assert!((&mut sleep).now_or_never().is_none());
}

#[test]
fn a_step_and_its_caller_can_each_end_it() {
    let wait = lambda(|_: i64| async { future::pending::<Result<i64, Error>>().await });
    for cancelled in [0, 1] {
        let tokens = [CancelToken::new(), CancelToken::new()];
        let step = wait.clone().with_config(RunConfig::new().with_cancel(tokens[0].clone()));
        let config = RunConfig::new().with_cancel(tokens[1].clone());
        let mut run = Box::pin(step.invoke_with(1, &config));
        assert!((&mut run).now_or_never().is_none());
        tokens[cancelled].cancel();
        let error = run.now_or_never().expect("an end").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled, "token {cancelled}");
    }
    let tokens = [CancelToken::new(), CancelToken::new()];
    let ask = lambda(|_: i64, cx: Context| cx.is_cancelled());
    let step = ask.clone().with_config(RunConfig::new().with_cancel(tokens[0].clone()));
    tokens[0].cancel();
    let config = RunConfig::new().with_cancel(tokens[1].clone());
    assert!(block_on(step.invoke_with(1, &config)).is_err());
}

#[test]
fn retries_of_a_step_count_for_its_own_budget_and_its_callers() {
    let busy = lambda(|_: i64| -> Result<i64, Error> { Err(Error::new(ErrorKind::Server, "busy")) });
    let retried = busy.with_retry(RetryPolicy::new().with_max_attempts(9).without_delay());
    for (own, callers, left) in [(2, 5, (0, 3)), (5, 2, (3, 0))] {
        let (own, callers) = (RetryBudget::new(own), RetryBudget::new(callers));
        let step = retried.clone().with_config(RunConfig::new().with_retry_budget(own.clone()));
        let config = RunConfig::new().with_retry_budget(callers.clone());
        block_on(step.invoke_with(1, &config)).unwrap_err();
        assert_eq!((own.left(), callers.left()), left);
    }
}
