//! Concurrency, and the contexts from which calls can be made.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use catena_core::{ErrorKind, PromptValue, RunnableExt};
use futures_util::future::{join, join_all};
use tokio::runtime::{Builder, Runtime};

use super::super::examination::bounded;
use super::super::stage::{fold, has_come};
use super::super::subject::{Answered, Model};
use super::super::verdict::{ensure, ensure_eq};
use super::super::{Answer, Fault, Stage, Verdict};
use crate::{Gate, Server};

/// Fifty concurrent calls and streams all complete, each with its own answer.
pub(crate) async fn concurrency<O: Answered>(stage: &Stage<O>) -> Verdict {
    const CALLS: usize = 50;
    let gate = Gate::new();
    let held = gate.clone();
    let server = stage.echoing(move |_, reply| reply.hold(held.clone()));
    let model = stage.model(&server)?;
    let calls = join_all((0..CALLS).map(|index| {
        let (model, prompt) = (&model, format!("number {index}"));
        async move {
            if index % 2 == 0 {
                return Ok((model.invoke(prompt.clone()).await?.said(), prompt));
            }
            Ok::<_, Fault>((fold(model, prompt.clone()).await?.said(), prompt))
        }
    }));
    // All requests must be in flight before any is answered.
    let open = async {
        let all = has_come(&server, CALLS).await;
        gate.open();
        all
    };
    let (answers, all) = join(pin!(calls), pin!(open)).await;
    ensure!(all, "{} of {CALLS} calls are under way at once", server.requests().len());
    for answer in answers {
        let (got, expected) = answer?;
        ensure_eq!(got, expected, "the answer of one of {CALLS} calls");
    }
    Ok(())
}

/// A batch returns each item's own result, in order, whatever happens to the others.
pub(crate) async fn batch<O: Answered>(stage: &Stage<O>) -> Verdict {
    let refusal = stage.refusal(400);
    let server = stage.echoing(move |text, reply| if text.ends_with('3') { refusal.clone() } else { reply });
    let model = stage.model(&server)?;
    let results = model.batch((0..20).map(|index| format!("item {index}"))).await;
    ensure_eq!(results.len(), 20, "the number of results");
    for (index, result) in results.into_iter().enumerate() {
        let got = result.map(|answer| answer.said()).map_err(|error| error.kind());
        let prompt = format!("item {index}");
        let expected = if prompt.ends_with('3') { Err(ErrorKind::BadRequest) } else { Ok(prompt) };
        ensure_eq!(got, expected, "the result of item {index}");
    }
    Ok(())
}

/// A model works on every executor.
pub(crate) async fn executors<O: Answered>(stage: &Stage<O>) -> Verdict {
    let server = stage.answering(&Answer::of_text(["at ", "home"]));
    everywhere(&stage.model(&server)?, &Home::default())
}

/// The prompt used in every context, and the model's answer to it.
pub(crate) struct Home {
    pub(crate) prompt: PromptValue,
    pub(crate) text: String,
}

impl Default for Home {
    fn default() -> Self {
        Self { prompt: "Hi".into(), text: "at home".to_owned() }
    }
}

/// The model works on every executor.
pub(crate) fn everywhere<O: Answered>(model: &Model<O>, home: &Home) -> Verdict {
    let works = || works(model.clone(), home.prompt.clone());
    // Twice each, so that the second call reuses a connection.
    for _ in 0..2 {
        home.is("plain block_on", pollster::block_on(works()))?;
        home.is("smol", smol::block_on(works()))?;
        home.is("a task of smol", smol::block_on(smol::spawn(works())))?;
        let multi = multi()?;
        home.is("tokio", multi.block_on(works()))?;
        home.is("a task of tokio", joined(multi.block_on(multi.spawn(works()))))?;
        let current = current()?;
        home.is("current-thread tokio", current.block_on(works()))?;
        home.is("a task of current-thread tokio", joined(current.block_on(current.spawn(works()))))?;
    }
    // The runtimes have shut down; the model still works.
    home.is("plain block_on, after runtimes", pollster::block_on(works()))
}

/// A call never blocks the thread that polls it.
pub(crate) async fn yielding<O: Answered>(stage: &Stage<O>) -> Verdict {
    let gate = Gate::new();
    let held = gate.clone();
    let server = Arc::new(stage.echoing(move |_, reply| reply.hold(held.clone())));
    let model = stage.model(&server)?;
    bounded("yielding", Duration::from_secs(10), move || {
        current()?.block_on(async {
            // The same thread must open the gate that the call is waiting for.
            let open = async {
                has_come(&server, 1).await;
                gate.open();
            };
            let (answer, ()) = join(pin!(model.invoke("Hi")), pin!(open)).await;
            ensure_eq!(answer?.said(), "Hi", "the answer");
            Ok(())
        })
    })
}

/// A blocking call works on a plain thread and inside every runtime.
pub(crate) async fn blocking<O: Answered>(stage: &Stage<O>) -> Verdict {
    let server = stage.answering(&Answer::of_text(["at ", "home"]));
    let model = stage.model(&server)?;
    bounded("blocking", Duration::from_secs(10), move || anywhere(&model, &Home::default()))
}

/// The model works in blocking calls, in every context.
pub(crate) fn anywhere<O: Answered>(model: &Model<O>, home: &Home) -> Verdict {
    let (multi, current) = (multi()?, current()?);
    let inside = || {
        let (model, prompt) = (model.clone(), home.prompt.clone());
        async { blocked(model, prompt) }
    };
    home.is("a plain thread", blocked(model.clone(), home.prompt.clone()))?;
    home.is("tokio", multi.block_on(inside()))?;
    home.is("a task of tokio", joined(multi.block_on(multi.spawn(inside()))))?;
    home.is("current-thread tokio", current.block_on(inside()))?;
    home.is("a task of current-thread tokio", joined(current.block_on(current.spawn(inside()))))?;
    home.is("smol", smol::block_on(inside()))
}

/// Sequential calls reuse a connection.
pub(crate) async fn kept_connection<O: Answered>(stage: &Stage<O>) -> Verdict {
    let server = stage.answering(&Answer::of_text(["again"]));
    let model = stage.model(&server)?;
    for _ in 0..5 {
        model.invoke("Hi").await?;
        fold(&model, "Hi").await?;
    }
    ensure!(server.connections() <= 2, "ten calls in a row open {} connections", server.connections());
    Ok(())
}

fn blocked<O: Answered>(model: Model<O>, prompt: PromptValue) -> Result<String, Fault> {
    let _scope = catena_http::blocking::enter()?;
    pollster::block_on(works(model, prompt))
}

async fn works<O: Answered>(model: Model<O>, prompt: PromptValue) -> Result<String, Fault> {
    let (called, streamed) = (model.invoke(prompt.clone()).await?.said(), fold(&model, prompt).await?.said());
    ensure_eq!(streamed, called, "the text of the stream");
    Ok(called)
}

impl Home {
    fn is(&self, place: &str, got: Result<String, Fault>) -> Verdict {
        match got {
            Ok(text) if text == self.text => Ok(()),
            Ok(text) => Err(Fault::Broken(format!("{place}: the answer is {text:?}"))),
            Err(fault) => Err(Fault::Broken(format!("{place}: {fault}"))),
        }
    }
}

fn joined(result: Result<Result<String, Fault>, tokio::task::JoinError>) -> Result<String, Fault> {
    result.unwrap_or_else(|error| Err(Fault::Broken(format!("the task panics: {error}"))))
}

fn multi() -> Result<Runtime, Fault> {
    runtime(Builder::new_multi_thread().worker_threads(2))
}

fn current() -> Result<Runtime, Fault> {
    runtime(&mut Builder::new_current_thread())
}

fn runtime(builder: &mut Builder) -> Result<Runtime, Fault> {
    builder.enable_all().build().map_err(|error| Fault::Broken(format!("no runtime for the test: {error}")))
}

/// A server that goes away causes an error, not a hang.
pub(crate) async fn nobody_there<O: Answered>(stage: &Stage<O>) -> Verdict {
    let server = Server::start(|_| crate::Reply::never());
    let model = stage.model(&server)?;
    drop(server);
    let error = super::super::stage::failure(model.invoke("Hi").await, "a call to nobody")?;
    ensure_eq!(
        (error.kind(), error.is_retryable()),
        (ErrorKind::Connection, true),
        "the error where nobody listens"
    );
    Ok(())
}
