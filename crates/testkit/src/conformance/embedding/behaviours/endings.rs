//! Calls that end before their response.

use std::pin::pin;
use std::time::Duration;

use catena_core::ErrorKind;
use futures_util::future::{Either, select};

use super::super::super::examination::bounded;
use super::super::super::stage::{has_come, has_left};
use super::super::super::verdict::{ensure, ensure_eq};
use super::super::super::{Fault, Setup, Verdict};
use super::super::EmbeddingStage;
use super::{errors_of, numbered};
use crate::{Reply, Server};

/// A call to a service that does not respond in time, or stalls in the middle, is ended, and its connection closed.
pub(crate) async fn timeouts(stage: &EmbeddingStage) -> Verdict {
    let stage = stage.clone();
    bounded("timeouts", Duration::from_secs(10), move || pollster::block_on(in_time(&stage)))
}

async fn in_time(stage: &EmbeddingStage) -> Verdict {
    let short = Duration::from_millis(60);
    let silent = Server::replay([Reply::never()]);
    let connection = Setup { first_byte_timeout: short, ..Setup::of(&silent) };
    let stalled = Server::replay([Reply::json(200, serde_json::Value::Null).split_every(1).end_stall()]);
    let stopped = Setup { idle_timeout: short, ..Setup::of(&stalled) };
    for (situation, server, setup) in
        [("no answer", silent, connection), ("an answer that stands still", stalled, stopped)]
    {
        for (entry, error) in errors_of(&*stage.model_of(&setup.into())?, situation).await? {
            let seen = (error.kind(), error.is_retryable());
            ensure_eq!(seen, (ErrorKind::Timeout, true), "the error of `{entry}` with {situation}");
        }
        ensure!(has_left(&server, 2).await, "the connection stays open after its time, with {situation}");
    }
    Ok(())
}

/// Dropping a call with many texts closes all its connections.
pub(crate) async fn dropped_documents(stage: &EmbeddingStage) -> Verdict {
    let server = Server::replay([Reply::never()]);
    let model = stage.batching(&server, 1)?;
    let all = numbered(3);
    {
        let (call, arrival) = (pin!(model.embed_documents(&all)), pin!(has_come(&server, 1)));
        if let Either::Left((result, _)) = select(call, arrival).await {
            return Err(Fault::Broken(format!("a call without an answer gives {result:?}")));
        }
    }
    let made = server.requests().len();
    ensure!(made > 0, "the call sends nothing");
    ensure!(has_left(&server, made).await, "connections of a dropped call stay open");
    Ok(())
}
