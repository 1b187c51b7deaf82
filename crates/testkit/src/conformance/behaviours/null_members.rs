//! Answers with missing members.

use catena_core::{Capability, Error, ErrorKind, RunnableExt};
use serde_json::Value;

use super::super::stage::drain;
use super::super::subject::Answered;
use super::super::verdict::ensure;
use super::super::wire::EventData;
use super::super::{Answer, Event, ScriptedCall, Stage, Verdict};
use crate::{Reply, Server};

/// An answer in which a usual member is null or absent yields the same answer, or an error that says what is wrong with
/// it: servers that imitate a service's format leave out what they do not know. It never yields a different answer, and
/// its text is not lost.
pub(crate) async fn null_members<O: Answered>(stage: &Stage<O>) -> Verdict {
    lacking(stage, &Answer::of_text(["one ", "two"])).await?;
    if O::TELLS_ROLES && stage.capabilities()?.has(Capability::Tools) {
        let call = ScriptedCall::new("call_1", "weather", [r#"{"city":"#, r#""Paris"}"#]);
        lacking(stage, &Answer { texts: vec!["Let me ".into(), "look.".into()], ..Answer::of_call(call) })
            .await?;
    }
    Ok(())
}

async fn lacking<O: Answered>(stage: &Stage<O>, answer: &Answer) -> Verdict {
    let keep = stage.wire().free_form();
    let lacks = variants(&stage.wire().whole(answer), keep);
    let server = Server::replay(lacks.iter().map(|lack| Reply::json(200, lack.value.clone())));
    let model = stage.model(&server)?;
    for lack in lacks {
        let text = answer.text();
        let has_text = lack.value.to_string().contains(&text);
        let result = model.invoke("Hi").await.map(|answer| answer.said());
        let known = lack.is_told || !has_text;
        is_that_or_an_error(result, known.then_some(""), &text, &format!("an answer {}", lack.what))?;
    }
    let events = stage.wire().events(answer);
    for (at, event) in events.iter().enumerate() {
        let EventData::Json(data) = &event.data else { continue };
        for lack in variants(data, keep) {
            let mut events = events.clone();
            events[at] = Event { name: event.name.clone(), data: EventData::Json(lack.value.clone()) };
            streams(stage, &events, answer, data, &lack).await?;
        }
    }
    Ok(())
}

/// The stream with a member missing in one event delivers everything, or everything except what that event carries.
async fn streams<O: Answered>(
    stage: &Stage<O>,
    events: &[Event],
    answer: &Answer,
    data: &Value,
    lack: &Lack,
) -> Verdict {
    let server = Server::replay([stage.events(events)]);
    let (chunks, error) = drain(&stage.model(&server)?, "Hi").await?;
    let result = match error {
        Some(error) => Err(error),
        None => Ok(super::super::stage::said(&chunks)),
    };
    let brought = answer.texts.iter().find(|text| data.to_string().contains(text.as_str()));
    let lost = brought.filter(|text| lack.is_told || !lack.value.to_string().contains(text.as_str()));
    let rest = lost
        .map(|lost| answer.texts.iter().filter(|text| *text != lost).map(String::as_str).collect::<String>());
    is_that_or_an_error(result, rest.as_deref(), &answer.text(), &format!("an event {} ({data})", lack.what))
}

fn is_that_or_an_error(result: Result<String, Error>, rest: Option<&str>, text: &str, what: &str) -> Verdict {
    const KINDS: [ErrorKind; 4] =
        [ErrorKind::Decode, ErrorKind::InvalidResponse, ErrorKind::Incomplete, ErrorKind::Stream];
    match result {
        Ok(said) => ensure!(said == text || Some(&*said) == rest, "{what} is read as {said:?}"),
        Err(error) => ensure!(KINDS.contains(&error.kind()), "{what} gives {error:?}"),
    }
    Ok(())
}

/// An answer with a member missing.
struct Lack {
    what: String,
    value: Value,
    /// Whether the member determines how the others are interpreted.
    is_told: bool,
}

/// Returns the value with each of its members null, and then absent.
fn variants(value: &Value, keep: &[&str]) -> Vec<Lack> {
    let mut members = Vec::new();
    pointers(value, keep, String::new(), &mut members);
    let lack = |(pointer, name): &(String, String), absent: bool| {
        let mut value = value.clone();
        let holder = &pointer[..pointer.len() - name.len() - 1];
        if let Some(Value::Object(members)) = value.pointer_mut(holder) {
            match absent {
                true => drop(members.remove(name)),
                false => drop(members.insert(name.clone(), Value::Null)),
            }
        }
        let what = format!("{} `{pointer}`", if absent { "without" } else { "with null as" });
        Lack { what, value, is_told: name == "type" || name == "role" || name == "done" }
    };
    members.iter().flat_map(|member| [lack(member, false), lack(member, true)]).collect()
}

/// Collects the members: their paths and names.
fn pointers(value: &Value, keep: &[&str], here: String, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let there = format!("{here}/{name}");
                found.push((there.clone(), name.clone()));
                if !keep.contains(&&**name) {
                    pointers(value, keep, there, found);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                pointers(item, keep, format!("{here}/{index}"), found);
            }
        }
        _ => {}
    }
}
