//! Malformed answers, and answers with unknown additions.

use catena_core::{AiMessage, ErrorKind, RunnableExt};
use serde_json::Value;

use super::super::stage::{drain, failure, fold, said};
use super::super::subject::Answered;
use super::super::verdict::{ensure, ensure_eq};
use super::super::wire::EventData;
use super::super::{Answer, Event, Fault, Stage, Verdict};
use super::streams::same_facts;
use crate::{Reply, Server};

/// Unknown members, of every type and everywhere, change nothing.
pub(crate) async fn unknown_members<O: Answered>(stage: &Stage<O>) -> Verdict {
    let answer = Answer::of_text(["one ", "two"]);
    let keep = stage.wire().free_form();
    let whole = strange(stage.wire().whole(&answer), keep);
    let events = stage.wire().events(&answer).into_iter().map(|event| match event.data {
        EventData::Json(data) => Event { data: EventData::Json(strange(data, keep)), ..event },
        EventData::Text(_) => event,
    });
    let events: Vec<Event> = events.collect();
    let server = stage.choosing(Reply::json(200, whole), stage.events(&events));
    let model = stage.model(&server)?;
    let whole = model.invoke("Hi").await?;
    ensure_eq!(whole.said(), answer.text(), "the answer with unknown members");
    let folded = fold(&model, "Hi").await?;
    same_facts(&whole, &folded)?;
    let plain = stage.answering(&answer);
    let expected = stage.model(&plain)?.invoke("Hi").await?;
    same_facts(&expected, &whole)
}

/// Unknown members of the answer are preserved, for streams as for calls.
pub(crate) async fn unknown_kept(stage: &Stage<AiMessage>) -> Verdict {
    let news = serde_json::json!({"weather": ["fine", 21.5, null]});
    let scripted = Answer::of_text(["one ", "two"]);
    let mut whole = stage.wire().whole(&scripted);
    whole["kit_news"] = news.clone();
    // Members of an event's envelope need not be preserved, so they are added everywhere.
    let events = stage.wire().events(&scripted).into_iter().map(|event| match event.data {
        EventData::Json(data) => {
            Event { data: EventData::Json(strange(data, stage.wire().free_form())), ..event }
        }
        EventData::Text(_) => event,
    });
    let server = stage.choosing(Reply::json(200, whole), stage.events(&events.collect::<Vec<_>>()));
    let model = stage.model(&server)?;
    let answer = model.invoke("Hi").await?;
    ensure_eq!(answer.metadata.extra.get("kit_news"), Some(&news), "an unknown member of the answer");
    let kept = fold(&model, "Hi").await?.metadata.extra;
    ensure!(kept.contains_key("kit_object"), "of the unknown members of a stream there are only {kept:?}");
    Ok(())
}

/// Events of unknown types are skipped, wherever they occur.
pub(crate) async fn unknown_events<O: Answered>(stage: &Stage<O>) -> Verdict {
    let Some(unknown) = stage.wire().unknown_event() else {
        return Err(undeclared("unknown_event", "unknown_events"));
    };
    let answer = Answer::of_text(["one ", "two"]);
    let events = stage.wire().events(&answer).into_iter().flat_map(|event| [unknown.clone(), event]);
    let server = Server::replay([stage.events(&events.collect::<Vec<_>>())]);
    ensure_eq!(fold(&stage.model(&server)?, "Hi").await?.said(), answer.text(), "the answer");
    Ok(())
}

/// The fault of a subject that silently omits what a behaviour depends on.
pub(super) fn undeclared(method: &str, behaviour: &str) -> Fault {
    let message =
        format!("`Wire::{method}` gives nothing: if the service has none, skip `{behaviour}` and say so");
    Fault::Broken(message)
}

/// A response that is not an answer at all yields an error, never an empty answer.
pub(crate) async fn not_an_answer<O: Answered>(stage: &Stage<O>) -> Verdict {
    let whole = stage.wire().whole(&Answer::of_text(["lost"])).to_string();
    let html = "<!doctype html><html><body><h1>Captive portal</h1></body></html>";
    for (what, reply) in [
        ("HTML", Reply::html(200, html)),
        ("nothing", Reply::text(200, "")),
        ("half of an answer", Reply::bytes(200, whole[..whole.len() / 2].to_owned())),
        ("a number", Reply::json(200, 7.into())),
        ("a list", Reply::json(200, Value::Array(Vec::new()))),
        ("bytes that are no text", Reply::bytes(200, vec![b'{', 0xff, 0xfe, b'}'])),
        ("a stream without events", stage.events(&[])),
    ] {
        let server = Server::replay([reply]);
        let model = stage.model(&server)?;
        let called = failure(model.invoke("Hi").await, what)?;
        let (chunks, streamed) = drain(&model, "Hi").await?;
        let Some(streamed) = streamed else {
            return Err(Fault::Broken(format!("a stream takes {what} for an answer: {chunks:?}")));
        };
        ensure_eq!(said(&chunks), "", "the text of {what}");
        for (how, error) in [("call", called), ("stream", streamed)] {
            let kinds =
                [ErrorKind::Decode, ErrorKind::InvalidResponse, ErrorKind::Incomplete, ErrorKind::Connection];
            ensure!(kinds.contains(&error.kind()), "{what} as the answer of a {how} is {error:?}");
            ensure!(
                error.to_string().len() < 4096,
                "the error for {what} is {} bytes long",
                error.to_string().len()
            );
        }
    }
    Ok(())
}

/// A complete response to a streaming request yields that answer, or an error; it is not lost.
pub(crate) async fn whole_for_a_stream<O: Answered>(stage: &Stage<O>) -> Verdict {
    let server = Server::replay([stage.whole(&Answer::of_text(["all at once"]))]);
    let (chunks, error) = drain(&stage.model(&server)?, "Hi").await?;
    let text = said(&chunks);
    let known = if error.is_none() { text == "all at once" } else { text.is_empty() };
    ensure!(known, "a whole answer for a stream gives {text:?} and {error:?}");
    Ok(())
}

/// Returns the value with unknown members added to all its objects.
fn strange(value: Value, keep: &[&str]) -> Value {
    match value {
        Value::Object(members) => {
            let inner = members.into_iter().map(|(name, value)| {
                let value = if keep.contains(&&*name) { value } else { strange(value, keep) };
                (name, value)
            });
            let unknown = [
                ("kit_text", Value::from("new")),
                ("kit_number", 1.5.into()),
                ("kit_null", Value::Null),
                ("kit_list", serde_json::json!([{"a": []}])),
                ("kit_object", serde_json::json!({"b": {"c": false}})),
            ];
            inner.chain(unknown.map(|(name, value)| (name.to_owned(), value))).collect()
        }
        Value::Array(items) => items.into_iter().map(|item| strange(item, keep)).collect(),
        other => other,
    }
}
