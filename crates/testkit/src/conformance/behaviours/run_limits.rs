//! Deadlines and cancellation of runs while the service is responding.

use std::pin::pin;
use std::time::Duration;

use catena_core::fakes::FakeTimer;
use catena_core::{CancelToken, ErrorKind, RunConfig, RunnableExt};
use futures_util::StreamExt;
use futures_util::future::join;

use super::super::stage::{failure, has_come, has_left};
use super::super::subject::Answered;
use super::super::verdict::{ensure, ensure_eq};
use super::super::{Answer, Fault, Stage, Verdict};
use crate::{Reply, Server};

/// A run's config, and the action that ends the run.
type Limited = (RunConfig, Box<dyn Fn() + Send + Sync>);

/// A run's deadline ends its call or stream, and closes the connection.
pub(crate) async fn run_deadline<O: Answered>(stage: &Stage<O>) -> Verdict {
    const LIMIT: Duration = Duration::from_secs(30);
    let limited = || -> Limited {
        let timer = FakeTimer::new();
        let config = RunConfig::new().with_timer(timer.clone()).with_timeout(LIMIT);
        (config, Box::new(move || timer.advance(LIMIT)))
    };
    call_ends(stage, limited(), ErrorKind::Timeout).await?;
    stream_ends(stage, limited(), ErrorKind::Timeout).await
}

/// Cancelling a run ends its call or stream, and closes the connection.
pub(crate) async fn run_cancelled<O: Answered>(stage: &Stage<O>) -> Verdict {
    let limited = || -> Limited {
        let token = CancelToken::new();
        (RunConfig::new().with_cancel(token.clone()), Box::new(move || token.cancel()))
    };
    call_ends(stage, limited(), ErrorKind::Cancelled).await?;
    stream_ends(stage, limited(), ErrorKind::Cancelled).await
}

async fn call_ends<O: Answered>(stage: &Stage<O>, (config, end): Limited, kind: ErrorKind) -> Verdict {
    let server = Server::replay([Reply::never()]);
    let model = stage.model(&server)?;
    let ending = async {
        let came = has_come(&server, 1).await;
        end();
        came
    };
    let (result, came) = join(pin!(model.invoke_with("Hi", &config)), pin!(ending)).await;
    ensure!(came, "the call sends nothing");
    let error = failure(result, "a call whose run ends")?;
    ensure_eq!(error.kind(), kind, "the kind of the error of a call whose run ends");
    ensure!(has_left(&server, 1).await, "the connection of a call stays open after its run ({kind:?})");
    Ok(())
}

async fn stream_ends<O: Answered>(stage: &Stage<O>, (config, end): Limited, kind: ErrorKind) -> Verdict {
    let events = stage.events_before(&Answer::of_text(["first ", "second"]), "second")?;
    let server = Server::replay([stage.events(&events).end_stall()]);
    let model = stage.model(&server)?;
    let mut stream = model.stream_with("Hi", &config);
    ensure!(stream.next().await.transpose()?.is_some(), "the stream has no chunk");
    end();
    let error = loop {
        match stream.next().await {
            Some(Ok(_)) => {}
            Some(Err(error)) => break error,
            None => return Err(Fault::Broken("a stream whose run ends is taken for whole".to_owned())),
        }
    };
    ensure_eq!(error.kind(), kind, "the kind of the error of a stream whose run ends");
    ensure!(stream.next().await.is_none(), "the stream goes on after its run");
    // The stream is still alive, so it is not its drop that closes the connection.
    ensure!(has_left(&server, 1).await, "the connection of a stream stays open after its run ({kind:?})");
    Ok(())
}
