//! The behaviours of models without a service.

use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use catena_core::fakes::FakeTimer;
use catena_core::{CancelToken, Capability, Error, ErrorKind, RunConfig, RunnableExt, UsageTotals, gather};
use futures_util::StreamExt;
use futures_util::future::{join_all, poll_fn};

use super::super::behaviours::{
    Home, anywhere, everywhere, obey_laws, same_facts, tells_who_it_is, undeclared_requests,
};
use super::super::examination::bounded;
use super::super::stage::{drain, failure, fold};
use super::super::subject::{Answered, Model};
use super::super::verdict::{ensure, ensure_eq};
use super::super::{Fault, Verdict};
use super::InProcessStage;
use super::stage::Known;
use crate::laws::Laws;

/// The same prompt yields the same answer, which the other behaviours rely on.
pub(crate) async fn steady<O: Answered>(stage: &InProcessStage<O>) -> Verdict {
    let model = stage.model()?;
    for Known { prompt, text } in stage.both(&model).await? {
        ensure_eq!(model.invoke(prompt).await?.said(), text, "the answer to the same prompt");
    }
    Ok(())
}

/// The merged chunks of a stream equal the result of a call, and there are several chunks.
pub(crate) async fn streaming<O: Answered>(stage: &InProcessStage<O>) -> Verdict {
    let model = stage.model()?;
    let Known { prompt, .. } = stage.known(&model).await?;
    let whole = model.invoke(prompt.clone()).await?;
    let (chunks, error) = drain(&model, prompt.clone()).await?;
    ensure!(error.is_none(), "the stream fails with {error:?}");
    let pieces = chunks.iter().filter(|chunk| !chunk.said().is_empty()).count();
    ensure!(pieces > 1, "the stream has {pieces} pieces of text");
    same_facts(&whole, &fold(&model, prompt).await?)
}

/// An answer ends before a stop sequence.
pub(crate) async fn stop<O: Answered>(stage: &InProcessStage<O>) -> Verdict {
    let model = stage.able(Capability::Stop)?;
    let Known { prompt, text } = stage.known(&model).await?;
    // A sequence from its middle.
    let middle: Vec<char> = text.chars().skip(text.chars().count() / 2).take(3).collect();
    let sequence: String = middle.into_iter().collect();
    let expected = text.split(&sequence).next().unwrap_or_default().to_owned();
    let stopping = model.bind("stop", vec![sequence.clone()]);
    for (how, said) in [
        ("call", stopping.invoke(prompt.clone()).await?.said()),
        ("stream", fold(&stopping, prompt).await?.said()),
    ] {
        ensure_eq!(said, expected, "a {how} that is to end before {sequence:?}");
    }
    Ok(())
}

/// Usage is reported; for a stream too, if the model declares that capability.
pub(crate) async fn usage<O: Answered>(stage: &InProcessStage<O>) -> Verdict {
    let model = stage.able(Capability::Usage)?;
    let Known { prompt, .. } = stage.known(&model).await?;
    let (totals, config) = counted();
    let called = model.invoke_with(prompt.clone(), &config).await?.usage().unwrap_or_else(|| totals.total());
    ensure!(called.input_tokens > 0 && called.output_tokens > 0, "a call used {called:?}");
    if model.capabilities().has(Capability::StreamedUsage) {
        let (totals, config) = counted();
        let streamed = gather(model.stream_with(prompt, &config)).await?;
        let streamed = streamed.and_then(|folded| folded.usage()).unwrap_or_else(|| totals.total());
        ensure_eq!(streamed, called, "what a stream used");
    }
    Ok(())
}

/// A text cannot carry its usage, so it is taken from the observers.
fn counted() -> (UsageTotals, RunConfig) {
    let totals = UsageTotals::new();
    (totals.clone(), RunConfig::new().with_observer(totals))
}

/// A run's deadline ends its call or stream.
pub(crate) async fn run_deadline<O: Answered>(stage: &InProcessStage<O>) -> Verdict {
    const LIMIT: Duration = Duration::from_secs(30);
    let timer = FakeTimer::new();
    let config = RunConfig::new().with_timer(timer.clone()).with_timeout(LIMIT);
    stream_ends(stage, &config, ErrorKind::Timeout, || timer.advance(LIMIT)).await?;
    let over = RunConfig::new().with_timer(FakeTimer::new()).with_timeout(Duration::ZERO);
    call_ends(stage, &over, ErrorKind::Timeout).await
}

/// Cancelling a run ends its call or stream.
pub(crate) async fn run_cancelled<O: Answered>(stage: &InProcessStage<O>) -> Verdict {
    let token = CancelToken::new();
    let config = RunConfig::new().with_cancel(token.clone());
    stream_ends(stage, &config, ErrorKind::Cancelled, || token.cancel()).await?;
    call_ends(stage, &config, ErrorKind::Cancelled).await
}

async fn stream_ends<O: Answered>(
    stage: &InProcessStage<O>,
    config: &RunConfig,
    kind: ErrorKind,
    end: impl Fn(),
) -> Verdict {
    let model = stage.model()?;
    let Known { prompt, text } = stage.known(&model).await?;
    let mut stream = model.stream_with(prompt.clone(), config);
    ensure!(stream.next().await.transpose()?.is_some(), "the stream has no chunk");
    end();
    let mut error = None;
    while let Some(next) = stream.next().await {
        ensure!(error.is_none(), "the stream goes on after {error:?}");
        error = next.err();
    }
    ensure_eq!(error.as_ref().map(Error::kind), Some(kind), "the end of a stream whose run is over");
    drop(stream);
    ensure_eq!(model.invoke(prompt).await?.said(), text, "the answer after a run that was ended");
    Ok(())
}

async fn call_ends<O: Answered>(stage: &InProcessStage<O>, over: &RunConfig, kind: ErrorKind) -> Verdict {
    let model = stage.model()?;
    let Known { prompt, .. } = stage.known(&model).await?;
    let error = failure(model.invoke_with(prompt, over).await, "a call whose run is over")?;
    ensure_eq!(error.kind(), kind, "the kind of the error of a call whose run is over");
    Ok(())
}

/// A call or stream that is dropped, at its start or in the middle, does not affect later ones.
pub(crate) async fn dropped<O: Answered>(stage: &InProcessStage<O>) -> Verdict {
    let model = stage.model()?;
    let Known { prompt, text } = stage.known(&model).await?;
    for _ in 0..8 {
        drop(model.invoke(prompt.clone()));
        drop(model.stream(prompt.clone()));
        {
            let mut call = pin!(model.invoke(prompt.clone()));
            poll_fn(|task| Poll::Ready(call.as_mut().poll(task).is_ready())).await;
        }
        let mut stream = model.stream(prompt.clone());
        ensure!(stream.next().await.transpose()?.is_some(), "the stream has no chunk");
    }
    ensure_eq!(model.invoke(prompt.clone()).await?.said(), text, "the answer after others were dropped");
    ensure_eq!(fold(&model, prompt).await?.said(), text, "the stream after others were dropped");
    Ok(())
}

/// Concurrent calls and streams all complete, each with its own answer.
pub(crate) async fn concurrency<O: Answered>(stage: &InProcessStage<O>) -> Verdict {
    let model = stage.model()?;
    let known = stage.both(&model).await?;
    let calls = (0..8_usize).map(|index| {
        let (model, Known { prompt, text }) = (&model, &known[index / 2 % 2]);
        async move {
            let said = match index % 2 {
                0 => model.invoke(prompt.clone()).await?.said(),
                _ => fold(model, prompt.clone()).await?.said(),
            };
            ensure_eq!(said, *text, "the answer of one of eight calls at once");
            Ok(())
        }
    });
    join_all(calls).await.into_iter().collect()
}

/// A batch returns each item's own result, in order.
pub(crate) async fn batch<O: Answered>(stage: &InProcessStage<O>) -> Verdict {
    let model = stage.model()?;
    let known = stage.both(&model).await?;
    let order = [0, 1, 1, 0];
    let results = model.batch(order.map(|which| known[which].prompt.clone())).await;
    ensure_eq!(results.len(), order.len(), "the number of results");
    for (at, (result, which)) in results.into_iter().zip(order).enumerate() {
        ensure_eq!(result?.said(), known[which].text, "the result of item {at}");
    }
    Ok(())
}

/// A model works on every executor.
pub(crate) async fn executors<O: Answered>(stage: &InProcessStage<O>) -> Verdict {
    let model = stage.model()?;
    everywhere(&model, &home(stage, &model).await?)
}

/// A blocking call works on a plain thread and inside every runtime.
pub(crate) async fn blocking<O: Answered>(stage: &InProcessStage<O>) -> Verdict {
    let model = stage.model()?;
    let home = home(stage, &model).await?;
    bounded("blocking", Duration::from_secs(20), move || anywhere(&model, &home))
}

async fn home<O: Answered>(stage: &InProcessStage<O>, model: &Model<O>) -> Result<Home, Fault> {
    let Known { prompt, text } = stage.known(model).await?;
    Ok(Home { prompt, text })
}

/// A call does not block the thread that polls it while it computes.
pub(crate) async fn yielding<O: Answered>(stage: &InProcessStage<O>) -> Verdict {
    /// A shorter time is harmless, and cannot be measured reliably on a busy machine.
    const SHORT: Duration = Duration::from_millis(100);
    let model = stage.model()?;
    let Known { prompt, .. } = stage.known(&model).await?;
    let (begin, mut longest) = (Instant::now(), Duration::ZERO);
    let mut call = pin!(model.invoke(prompt));
    let answer = poll_fn(|task| {
        let begin = Instant::now();
        let polled = call.as_mut().poll(task);
        longest = longest.max(begin.elapsed());
        polled
    });
    answer.await?;
    let whole = begin.elapsed();
    ensure!(longest < SHORT || longest < whole / 2, "a poll takes {longest:?} of the {whole:?} of a call");
    Ok(())
}

/// Features that the model does not declare are rejected.
pub(crate) async fn unsupported<O: Answered>(stage: &InProcessStage<O>) -> Verdict {
    let model = stage.model()?;
    for (capability, prompt, arguments) in undeclared_requests::<O>(model.capabilities()) {
        let asked = model.clone().bind_all(arguments);
        let called = failure(asked.invoke(prompt.clone()).await, &format!("a request for {capability:?}"))?;
        ensure_eq!(called.kind(), ErrorKind::Unsupported, "the kind of {called}");
        let kind = drain(&asked, prompt).await?.1.map(|error| error.kind());
        ensure_eq!(kind, Some(ErrorKind::Unsupported), "the error of a stream that asks for {capability:?}");
    }
    Ok(())
}

/// The model reports its provider, its ID and its parameters.
pub(crate) async fn identity<O: Answered>(stage: &InProcessStage<O>) -> Verdict {
    tells_who_it_is(&*stage.model()?, &*stage.model()?)
}

/// The laws of a runnable hold, except the streaming law.
pub(crate) async fn laws<O: Answered>(stage: &InProcessStage<O>) -> Verdict {
    let model = stage.model()?;
    let inputs = stage.both(&model).await?.map(|known| known.prompt);
    obey_laws(&*model, inputs).await
}

/// The merged chunks of a stream equal the result of a call, in every member.
pub(crate) async fn streaming_law<O: Answered>(stage: &InProcessStage<O>) -> Verdict {
    let model = stage.model()?;
    let Known { prompt, .. } = stage.known(&model).await?;
    let checked = Laws::new().streaming(&*model, prompt).await;
    checked.map_err(|violation| Fault::Broken(violation.to_string()))
}
