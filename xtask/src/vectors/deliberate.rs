//! Where catena does otherwise than LangChain on purpose: failures that are none.

use catena::Data;

use super::vector::Vector;

/// Why a vector that fails is not to pass, if it shows what catena does otherwise.
pub(super) fn reason(vector: &Vector) -> Option<&'static str> {
    let runnable = vector.input.get("runnable").unwrap_or(&Data::Null);
    let has = |member: &str| holds(runnable, &|name, _| name == member);
    let calls = |function: &str| {
        holds(runnable, &|name, value| name == "lambda" && value.as_text() == Some(function))
    };
    let fails = vector.expected.get("ok").is_some_and(|result| result.get("error").is_some());
    match vector.op() {
        "stream" | "astream" | "transform" | "events" if fails && has("retry") => {
            Some("streams are retried until their first chunk; LangChain never retries one")
        }
        "events" if has("retry") => {
            Some("the attempts of a stream are runs of their own, as those of a call are")
        }
        "events" if calls("call_llm_inside") => {
            Some("watching a call does not make it a stream; LangChain's events do")
        }
        "stream" | "astream" | "events" if has("mark_last") => {
            Some("streams end by ending; no empty chunk marks the end")
        }
        _ => None,
    }
}

/// True if a member anywhere in the data is as `is` says.
fn holds(data: &Data, is: &dyn Fn(&str, &Data) -> bool) -> bool {
    match data {
        Data::List(items) => items.iter().any(|item| holds(item, is)),
        Data::Record(record) => record.iter().any(|(name, value)| is(name, value) || holds(value, is)),
        _ => false,
    }
}
