//! What is retried, and what is not.

use std::time::Duration;

use catena_core::{ErrorKind, RunnableExt};

use super::super::examination::bounded;
use super::super::stage::{drain, failure, fold, has_left, said};
use super::super::subject::Answered;
use super::super::verdict::{ensure, ensure_eq};
use super::super::{Answer, Setup, Stage, Verdict};
use crate::{Reply, Server};

/// The error carries the delay that the service asks for.
pub(crate) async fn retry_hints<O: Answered>(stage: &Stage<O>) -> Verdict {
    for (status, header, value, expected) in [
        (429, "retry-after", "7", Some(Duration::from_secs(7))),
        (503, "retry-after", "2", Some(Duration::from_secs(2))),
        (429, "retry-after-ms", "1500", Some(Duration::from_millis(1500))),
        (429, "x-nothing", "7", None),
    ] {
        let server = Server::replay([stage.refusal(status).with_header(header, value)]);
        let model = stage.model(&server)?;
        let called = failure(model.invoke("Hi").await, "a refused call")?;
        ensure_eq!(called.retry_after(), expected, "the hint of HTTP {status} with `{header}: {value}`");
        let (_, streamed) = drain(&model, "Hi").await?;
        let hint = streamed.and_then(|error| error.retry_after());
        ensure_eq!(hint, expected, "the hint of a stream's HTTP {status} with `{header}: {value}`");
    }
    Ok(())
}

/// Transient failures are retried, after the delay that the service asks for.
pub(crate) async fn retries<O: Answered>(stage: &Stage<O>) -> Verdict {
    let answer = Answer::of_text(["at ", "last"]);
    for streamed in [false, true] {
        let success = || if streamed { stage.streamed(&answer) } else { stage.whole(&answer) };
        let hinted = stage.refusal(429).with_header("retry-after", "7");
        for (replies, waits) in [
            (vec![hinted, success()], Some(vec![Duration::from_secs(7)])),
            (vec![stage.refusal(503), stage.refusal(500), success()], None),
            (vec![Reply::drop_connection(), success()], None),
        ] {
            let (server, attempts) = (Server::replay(replies.clone()), replies.len());
            let (model, waited) = stage.trying(&server, 2)?;
            let text = if streamed { fold(&model, "Hi").await? } else { model.invoke("Hi").await? }.said();
            ensure_eq!(text, answer.text(), "the answer after {} attempts", attempts);
            ensure_eq!(server.requests().len(), attempts, "the requests");
            if let Some(waits) = waits {
                ensure_eq!(waited.skipped(), waits, "the waits between attempts");
            }
        }
    }
    Ok(())
}

/// Permanent failures are not retried, and retries are limited.
pub(crate) async fn retries_end<O: Answered>(stage: &Stage<O>) -> Verdict {
    for (status, requests) in [(400, 1), (401, 1), (403, 1), (404, 1), (422, 1), (500, 3), (429, 3)] {
        let server = Server::replay([stage.refusal(status)]);
        let (model, _) = stage.trying(&server, 2)?;
        let error = failure(model.invoke("Hi").await, "a refused call")?;
        ensure_eq!(server.requests().len(), requests, "the requests of a call that gets HTTP {status}");
        ensure_eq!(error.attempts(), requests, "the attempts that the error of HTTP {status} tells");
        let (_, error) = drain(&model, "Hi").await?;
        ensure!(error.is_some(), "a stream that gets HTTP {status} has no error");
        ensure_eq!(
            server.requests().len(),
            2 * requests,
            "the requests after a stream that gets HTTP {status}"
        );
    }
    Ok(())
}

/// After the first chunk there is no retry, which would deliver it twice.
pub(crate) async fn no_replay<O: Answered>(stage: &Stage<O>) -> Verdict {
    let answer = Answer::of_text(["kept ", "lost"]);
    let cut = stage.events(&stage.events_before(&answer, "lost")?);
    for reply in [cut.clone(), cut.end_abort()] {
        let server = Server::replay([reply, stage.streamed(&answer)]);
        let (model, _) = stage.trying(&server, 2)?;
        let (chunks, error) = drain(&model, "Hi").await?;
        ensure_eq!(said(&chunks), "kept ", "what a broken stream delivers");
        ensure!(error.is_some(), "a broken stream has no error");
        ensure_eq!(server.requests().len(), 1, "the requests of a stream that breaks after its first piece");
    }
    Ok(())
}

/// A call to a service that does not respond in time is ended, and its connection closed.
pub(crate) async fn timeouts<O: Answered>(stage: &Stage<O>) -> Verdict {
    let stage = stage.clone();
    bounded("timeouts", Duration::from_secs(10), move || pollster::block_on(in_time(&stage)))
}

async fn in_time<O: Answered>(stage: &Stage<O>) -> Verdict {
    let server = Server::replay([Reply::never()]);
    let first_byte_timeout = Duration::from_millis(60);
    let model = stage.subject().model(&Setup { first_byte_timeout, ..Setup::of(&server) })?;
    let called = failure(model.invoke("Hi").await, "a call without an answer")?;
    let (_, streamed) = drain(&model, "Hi").await?;
    for (how, error) in [("call", Some(called)), ("stream", streamed)] {
        let seen = error.as_ref().map(|error| (error.kind(), error.is_retryable()));
        ensure_eq!(seen, Some((ErrorKind::Timeout, true)), "the error of a {how} that gets no answer");
    }
    ensure!(has_left(&server, 2).await, "the connection stays open after its time");

    let events = stage.events_before(&Answer::of_text(["kept ", "lost"]), "lost")?;
    let server = Server::replay([stage.events(&events).end_stall()]);
    // A busy machine must not reach it before the text is there.
    let setup = Setup { idle_timeout: Duration::from_secs(1), ..Setup::of(&server) };
    let (chunks, error) = drain(&stage.subject().model(&setup)?, "Hi").await?;
    ensure_eq!(said(&chunks), "kept ", "what came before the stream stood still");
    let kind = error.map(|error| error.kind());
    ensure_eq!(kind, Some(ErrorKind::Timeout), "the error of a stream that stands still");
    Ok(())
}
