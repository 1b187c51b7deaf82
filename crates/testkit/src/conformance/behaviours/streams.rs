//! Streamed answers.

use std::time::Duration;

use catena_core::{ErrorKind, RunnableExt};
use futures_util::StreamExt;

use super::super::examination::bounded;
use super::super::stage::{drain, fold, has_left, said};
use super::super::subject::Answered;
use super::super::verdict::{ensure, ensure_eq};
use super::super::{Answer, Fault, Separation, Stage, Verdict};
use super::oddities::undeclared;
use crate::{Framing, Gate, Reply};

/// The merged chunks of a stream equal the result of a call, and each delta arrives as a chunk of its own.
pub(crate) async fn streaming<O: Answered>(stage: &Stage<O>) -> Verdict {
    let answer = Answer::of_text(["one ", "two ", "three"]);
    let server = stage.answering(&answer);
    let model = stage.model(&server)?;
    let whole = model.invoke("Count").await?;
    let (chunks, error) = drain(&model, "Count").await?;
    ensure!(error.is_none(), "the stream fails with {error:?}");
    let texts: Vec<String> = chunks.iter().map(Answered::said).filter(|text| !text.is_empty()).collect();
    ensure_eq!(texts, answer.texts, "the texts of the chunks");
    ensure!(stage.asked(&server)[1].streamed, "the request of a stream does not ask for one");
    let folded = super::super::stage::folded(chunks);
    let Some(folded) = folded else { return Err(Fault::Broken("the stream has no chunk".to_owned())) };
    same_facts(&whole, &folded)
}

/// A chunk is delivered as soon as the service has sent it.
pub(crate) async fn first_piece_at_once<O: Answered>(stage: &Stage<O>) -> Verdict {
    let answer = Answer::of_text(["first ", "second"]);
    let before = stage.events_before(&answer, "second")?.len();
    let gate = Gate::new();
    // The gate stays closed: whatever arrives was sent before the rest.
    let server = crate::Server::replay([stage.streamed(&answer).hold_after(before - 1, gate.clone())]);
    let model = stage.model(&server)?;
    let mut stream = model.stream("Hi");
    let mut text = String::new();
    while text != "first " {
        match stream.next().await.transpose()? {
            Some(chunk) => text.push_str(&chunk.said()),
            None => return Err(Fault::Broken(format!("the stream ends after {text:?}"))),
        }
    }
    gate.open();
    while let Some(chunk) = stream.next().await.transpose()? {
        text.push_str(&chunk.said());
    }
    ensure_eq!(text, "first second", "the text");
    Ok(())
}

/// An answer ends when the service marks its end, even if the connection stays open.
pub(crate) async fn end_at_once<O: Answered>(stage: &Stage<O>) -> Verdict {
    let stage = stage.clone();
    bounded("end_at_once", Duration::from_secs(10), move || {
        pollster::block_on(async {
            let answer = Answer::of_text(["one ", "two"]);
            let server = crate::Server::replay([stage.streamed(&answer).end_stall()]);
            let whole = fold(&stage.model(&server)?, "Hi").await?;
            ensure_eq!(whole.said(), answer.text(), "the answer");
            ensure!(has_left(&server, 1).await, "the connection stays open after the answer is over");
            Ok(())
        })
    })
}

/// However the network splits the bytes of a stream, the answer is the same.
pub(crate) async fn every_byte_boundary<O: Answered>(stage: &Stage<O>) -> Verdict {
    let answer = Answer::of_text(["Grüße, ", "🌍"]);
    let reply = stage.streamed(&answer);
    let length: usize = reply.parts().iter().map(bytes::Bytes::len).sum();
    let one_by_one = crate::Server::replay([reply.clone().split_every(1)]);
    ensure_eq!(fold(&stage.model(&one_by_one)?, "Hi").await?.said(), answer.text(), "byte by byte");
    let cuts: Vec<Reply> = (1..length).map(|cut| reply.clone().split_at([cut])).collect();
    let server = crate::Server::replay(cuts);
    let model = stage.model(&server)?;
    for cut in 1..length {
        ensure_eq!(fold(&model, "Hi").await?.said(), answer.text(), "cut at byte {cut}");
    }
    Ok(())
}

/// Any line ending is accepted, and comments are ignored.
pub(crate) async fn line_endings<O: Answered>(stage: &Stage<O>) -> Verdict {
    let answer = Answer::of_text(["one ", "two"]);
    let (separation, events) = (stage.wire().separation(), stage.wire().events(&answer));
    let mut replies = vec![separation.reply_with(&events, "\r\n")];
    if separation == Separation::ServerSentEvents {
        replies.push(separation.reply_with(&events, "\r"));
        let body: Vec<u8> = stage.events(&events).parts().join(&b": still here\n\n"[..]);
        replies.push(with_body(separation, body));
    }
    for reply in replies {
        let server = crate::Server::replay([reply]);
        ensure_eq!(fold(&stage.model(&server)?, "Hi").await?.said(), answer.text(), "{server:?}");
    }
    Ok(())
}

/// A stream that breaks off yields what arrived, and then an error.
pub(crate) async fn cut_streams<O: Answered>(stage: &Stage<O>) -> Verdict {
    let answer = Answer::of_text(["kept ", "lost"]);
    let separation = stage.wire().separation();
    let reply = stage.events(&stage.events_before(&answer, "lost")?);
    let whole = stage.streamed(&answer);
    let kept: usize = reply.parts().iter().map(bytes::Bytes::len).sum();
    // In the middle of the next event: after its first bytes, before its text.
    let halfway = whole.parts().concat()[..kept + 9].to_vec();
    let broken: &[ErrorKind] = &[ErrorKind::Incomplete, ErrorKind::Connection];
    // After a regular end of the body, the truncated event may also count as malformed.
    let misshapen: &[ErrorKind] = &[ErrorKind::Incomplete, ErrorKind::Decode];
    for (how, reply, kinds) in [
        ("which ends early", reply.clone(), broken),
        ("whose connection breaks", reply.end_abort(), broken),
        ("which ends within an event", with_body(separation, halfway.clone()), misshapen),
        ("whose connection breaks within an event", with_body(separation, halfway).end_abort(), broken),
    ] {
        let server = crate::Server::replay([reply]);
        let (chunks, error) = drain(&stage.model(&server)?, "Hi").await?;
        ensure_eq!(said(&chunks), "kept ", "what came of a stream {how}");
        let Some(error) = error else {
            return Err(Fault::Broken(format!("a stream {how} is taken for a whole answer")));
        };
        ensure!(kinds.contains(&error.kind()), "a stream {how} gives the error {error:?}");
        ensure_eq!(server.requests().len(), 1, "the requests for a stream {how}");
    }
    Ok(())
}

/// An error that the service reports within a stream is returned, after the chunks before it.
pub(crate) async fn error_within_a_stream<O: Answered>(stage: &Stage<O>) -> Verdict {
    let answer = Answer::of_text(["kept ", "lost"]);
    let Some(failure) = stage.wire().failure_event("the engine stalled") else {
        return Err(undeclared("failure_event", "error_within_a_stream"));
    };
    let mut events = stage.events_before(&answer, "lost")?;
    events.push(failure);
    let server = crate::Server::replay([stage.events(&events)]);
    let (chunks, error) = drain(&stage.model(&server)?, "Hi").await?;
    ensure_eq!(said(&chunks), "kept ", "what came before the error");
    let Some(error) = error else {
        return Err(Fault::Broken("the error is taken for the end of the answer".to_owned()));
    };
    ensure!(error.to_string().contains("the engine stalled"), "the error does not say why: {error}");
    Ok(())
}

fn with_body(separation: Separation, body: Vec<u8>) -> Reply {
    let reply = Reply::bytes(200, body).with_header("content-type", separation.content_type());
    reply.with_framing(Framing::Chunked)
}

/// Both carry the same facts.
pub(crate) fn same_facts<O: Answered>(whole: &O, folded: &O) -> Verdict {
    ensure_eq!(folded.said(), whole.said(), "the text of the stream");
    if let (Some(whole), Some(folded)) = (whole.message(), folded.message()) {
        ensure_eq!(folded.tool_calls(), whole.tool_calls(), "the tool calls of the stream");
        let facts = |message: &catena_core::AiMessage| {
            (message.id.clone(), message.metadata.model.clone(), message.metadata.finish_reason.clone())
        };
        ensure_eq!(facts(folded), facts(whole), "id, model and finish reason of the stream");
    }
    Ok(())
}
