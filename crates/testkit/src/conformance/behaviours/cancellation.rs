//! Cancellation by dropping.

use catena_core::RunnableExt;
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use std::pin::pin;

use super::super::stage::{has_come, has_left};
use super::super::subject::Answered;
use super::super::verdict::ensure;
use super::super::{Answer, Fault, Stage, Verdict};
use crate::{Reply, Server};

/// Dropping a stream closes its connection, and a stream that was never polled sends nothing.
pub(crate) async fn dropped_stream<O: Answered>(stage: &Stage<O>) -> Verdict {
    let answer = Answer::of_text(["first ", "second"]);
    let events = stage.events_before(&answer, "second")?;
    let server = Server::replay([stage.events(&events).end_stall()]);
    let model = stage.model(&server)?;
    drop(model.stream("Hi"));
    let mut stream = model.stream("Hi");
    ensure!(stream.next().await.transpose()?.is_some(), "the stream has no chunk");
    drop(stream);
    ensure!(has_left(&server, 1).await, "the connection of a dropped stream stays open");
    ensure!(server.requests().len() == 1, "one polled stream sends {} requests", server.requests().len());
    Ok(())
}

/// Dropping a call closes its connection, and a call that was never polled sends nothing.
pub(crate) async fn dropped_call<O: Answered>(stage: &Stage<O>) -> Verdict {
    let server = Server::replay([Reply::never()]);
    let model = stage.model(&server)?;
    drop(model.invoke("Hi"));
    {
        let (call, arrival) = (pin!(model.invoke("Hi")), pin!(has_come(&server, 1)));
        if let Either::Left((result, _)) = select(call, arrival).await {
            return Err(Fault::Broken(format!("a call without an answer gives {result:?}")));
        }
    }
    ensure!(server.requests().len() == 1, "one polled call sends {} requests", server.requests().len());
    ensure!(has_left(&server, 1).await, "the connection of a dropped call stays open");
    Ok(())
}
