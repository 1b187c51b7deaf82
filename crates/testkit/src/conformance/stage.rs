//! The setup of a subject with a scripted service.

use std::sync::Arc;
use std::time::Duration;

use catena_core::{Capabilities, Capability, Chunk, Error, PromptValue, Result, Runnable, RunnableExt};
use futures_util::StreamExt;

use super::subject::{Answered, Model, PATIENCE, Setup, Subject};
use super::verdict::ensure;
use super::waits::SkippedWaits;
use super::wire::{Event, Wire};
use super::{Answer, Asked, Fault};
use crate::{Reply, Server};

/// A subject, and what is needed to test it.
pub struct Stage<O> {
    subject: Arc<dyn Subject<Output = O>>,
}

impl<O: Answered> Stage<O> {
    pub(super) fn new(subject: Arc<dyn Subject<Output = O>>) -> Self {
        Self { subject }
    }

    pub(super) fn subject(&self) -> &Arc<dyn Subject<Output = O>> {
        &self.subject
    }

    pub(super) fn wire(&self) -> &dyn Wire {
        self.subject.wire()
    }

    /// Starts a service that always gives this answer, complete or streamed as requested.
    pub(super) fn answering(&self, answer: &Answer) -> Server {
        let (whole, streamed) = (self.whole(answer), self.streamed(answer));
        self.choosing(whole, streamed)
    }

    /// Starts a service with one reply for plain requests and another for streaming ones.
    pub(super) fn choosing(&self, whole: Reply, streamed: Reply) -> Server {
        let subject = Arc::clone(&self.subject);
        Server::start(
            move |request| {
                if subject.wire().read(request).streamed { streamed.clone() } else { whole.clone() }
            },
        )
    }

    /// Starts a service that echoes the last message of each request.
    pub(super) fn echoing(&self, shape: impl Fn(&str, Reply) -> Reply + Send + Sync + 'static) -> Server {
        let stage = self.clone();
        Server::start(move |request| {
            let asked = stage.wire().read(request);
            let text = asked.messages.last().map_or("", |message| &message.text);
            let answer = Answer::of_text([text]);
            shape(text, if asked.streamed { stage.streamed(&answer) } else { stage.whole(&answer) })
        })
    }

    /// Starts a service that computes its answer from the request.
    pub(super) fn deciding(&self, decide: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Server {
        let stage = self.clone();
        Server::start(move |request| {
            let asked = stage.wire().read(request);
            let answer = decide(&asked);
            if asked.streamed { stage.streamed(&answer) } else { stage.whole(&answer) }
        })
    }

    /// Makes a call and a stream, and returns the request and the result of each; `make` builds the runnable from the
    /// model.
    pub(super) async fn exchanges<R>(
        &self,
        answer: &Answer,
        prompt: impl Into<PromptValue>,
        make: impl Fn(Model<O>) -> R,
    ) -> Result<[Exchange<R::Output>; 2], Fault>
    where
        R: Runnable<Input = PromptValue>,
    {
        let prompt = prompt.into();
        // A separate model each, so that state kept by one does not matter.
        let (first, second) = (self.answering(answer), self.answering(answer));
        let called = make(self.model(&first)?).invoke(prompt.clone()).await?;
        let streamed = fold(&make(self.model(&second)?), prompt).await?;
        Ok([
            Exchange { how: "call", asked: self.asked_once(&first)?, answer: called },
            Exchange { how: "stream", asked: self.asked_once(&second)?, answer: streamed },
        ])
    }

    /// Returns the reply with the complete answer.
    pub(super) fn whole(&self, answer: &Answer) -> Reply {
        Reply::json(200, self.wire().whole(answer))
    }

    /// Returns the reply with the streamed answer, one part per event.
    pub(super) fn streamed(&self, answer: &Answer) -> Reply {
        self.events(&self.wire().events(answer))
    }

    /// Returns an error reply with this status.
    pub(super) fn refusal(&self, status: u16) -> Reply {
        Reply::json(status, self.wire().failure(status, "because of the weather"))
    }

    /// Returns the reply with these events, one part each.
    pub(super) fn events(&self, events: &[Event]) -> Reply {
        self.wire().separation().reply(events)
    }

    /// Returns the events of the answer that precede the first one with `text`.
    pub(super) fn events_before(&self, answer: &Answer, text: &str) -> Result<Vec<Event>, Fault> {
        let events = self.wire().events(answer);
        let brings = |event: &Event| format!("{:?}", event.data).contains(text);
        match events.iter().position(brings) {
            Some(end) => Ok(events[..end].to_vec()),
            None => Err(Fault::Broken(format!("the wire has no event with the text {text:?}: {events:?}"))),
        }
    }

    pub(super) fn model(&self, server: &Server) -> Result<Model<O>> {
        self.subject.model(&Setup::of(server))
    }

    /// Returns a model of the live service, if it is to be tested.
    pub(super) fn live(&self) -> Result<Model<O>, Fault> {
        live_is_on(self.subject.live_switch())?;
        Ok(self.subject.live_model()?)
    }

    /// Returns a live model that declares the capability.
    pub(super) fn live_with(&self, capability: Capability) -> Result<Model<O>, Fault> {
        let model = self.live()?;
        if model.capabilities().has(capability) {
            return Ok(model);
        }
        Err(Fault::NotApplicable(format!("the live model does not declare {capability:?}")))
    }

    /// Returns a model with this many retries, and the waits between its attempts, which are skipped.
    pub(super) fn trying(&self, server: &Server, max_retries: usize) -> Result<(Model<O>, SkippedWaits)> {
        let waits = SkippedWaits::default();
        let timer = Arc::new(waits.clone());
        let model = self.subject.model(&Setup { max_retries, timer, ..Setup::of(server) })?;
        Ok((model, waits))
    }

    /// Returns the decoded requests.
    pub(super) fn asked(&self, server: &Server) -> Vec<Asked> {
        server.requests().iter().map(|request| self.wire().read(request)).collect()
    }

    /// Returns the only request, decoded.
    pub(super) fn asked_once(&self, server: &Server) -> Result<Asked, Fault> {
        let mut asked = self.asked(server);
        ensure!(asked.len() == 1, "expected one request, got {}: {asked:?}", asked.len());
        Ok(asked.remove(0))
    }

    /// Returns the capabilities that the model declares.
    pub(super) fn capabilities(&self) -> Result<Capabilities> {
        // This model is never called.
        Ok(self.subject.model(&Setup::at("http://127.0.0.1:9"))?.capabilities())
    }

    /// Succeeds if the model declares the capability.
    pub(super) fn needs(&self, capability: Capability) -> Result<(), Fault> {
        if self.capabilities()?.has(capability) {
            return Ok(());
        }
        Err(Fault::NotApplicable(format!("the model does not declare {capability:?}")))
    }
}

/// A request, and the result of the call or stream that sent it.
pub(super) struct Exchange<T> {
    /// `call` or `stream`.
    pub(super) how: &'static str,
    pub(super) asked: Asked,
    pub(super) answer: T,
}

impl<O> Clone for Stage<O> {
    fn clone(&self) -> Self {
        Self { subject: Arc::clone(&self.subject) }
    }
}

impl<O> std::fmt::Debug for Stage<O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stage").finish_non_exhaustive()
    }
}

/// Succeeds if the live service behind this switch is to be tested.
pub(super) fn live_is_on(switch: Option<&str>) -> Result<(), Fault> {
    let Some(switch) = switch else {
        return Err(Fault::NotApplicable("the subject knows no live service".to_owned()));
    };
    if std::env::var(switch).is_ok_and(|value| value == "1") {
        return Ok(());
    }
    Err(Fault::NotApplicable(format!("set {switch}=1, and the provider's key, to ask the live service")))
}

/// Collects all chunks of a stream, and the error that ended it. An item after an error is a fault.
pub(super) async fn drain<R>(
    model: &R,
    prompt: impl Into<PromptValue>,
) -> Result<(Vec<R::Output>, Option<Error>), Fault>
where
    R: Runnable<Input = PromptValue> + ?Sized,
{
    let mut chunks = Vec::new();
    let mut stream = model.stream(prompt);
    while let Some(chunk) = stream.next().await {
        match chunk {
            Ok(chunk) => chunks.push(chunk),
            Err(error) => {
                ensure!(stream.next().await.is_none(), "the stream goes on after {error:?}");
                return Ok((chunks, Some(error)));
            }
        }
    }
    Ok((chunks, None))
}

/// Merges the chunks of a stream that must succeed.
pub(super) async fn fold<R>(model: &R, prompt: impl Into<PromptValue>) -> Result<R::Output, Fault>
where
    R: Runnable<Input = PromptValue> + ?Sized,
{
    let (chunks, error) = drain(model, prompt).await?;
    ensure!(error.is_none(), "the stream fails with {error:?}");
    folded(chunks).ok_or_else(|| Fault::Broken("the stream has no chunk".to_owned()))
}

/// Merges chunks.
pub(super) fn folded<O: Chunk>(chunks: Vec<O>) -> Option<O> {
    chunks.into_iter().reduce(|mut whole, chunk| {
        whole.merge(chunk);
        whole
    })
}

/// Returns the text of chunks.
pub(super) fn said<O: Answered>(chunks: &[O]) -> String {
    chunks.iter().map(Answered::said).collect()
}

/// Returns the error of a call that must fail.
pub(super) fn failure<T: std::fmt::Debug>(result: Result<T>, situation: &str) -> Result<Error, Fault> {
    match result {
        Err(error) => Ok(error),
        Ok(answer) => Err(Fault::Broken(format!("{situation} gives an answer: {answer:?}"))),
    }
}

/// Waits until this many clients have disconnected, with a time limit generous enough for a busy machine.
pub(super) async fn has_left(server: &Server, count: usize) -> bool {
    server.wait_for_disconnects_async(count, Duration::from_secs(5)).await
}

/// Waits until this many requests have arrived.
pub(super) async fn has_come(server: &Server, count: usize) -> bool {
    server.wait_for_requests_async(count, PATIENCE).await
}
