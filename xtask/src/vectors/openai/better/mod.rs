//! What our client does better than the recorded one: the result that binds instead of the recorded result.
//!
//! A rule looks at what a recording shows, never at its id, and changes only what the improvement is about: the rest of
//! the recording stays binding.

mod answers;
mod calls;
mod completions;
mod embeddings;
mod endpoints;
mod errors;
mod places;
mod responses;
mod sse;
mod streams;
mod usage;

use serde_json::{Value, json};

/// The recording with our result in place of the recorded one, where we give another on purpose. Only recordings that
/// leave it open can have one.
pub(super) fn instead_of(recording: &Value) -> Value {
    let mut recording = recording.clone();
    if recording["conformance"] == "recorded" {
        places::change(&mut recording);
        answers::change(&mut recording);
        streams::change(&mut recording);
        responses::change(&mut recording);
        completions::change(&mut recording);
        embeddings::change(&mut recording);
        endpoints::change(&mut recording);
        calls::change(&mut recording);
        usage::change(&mut recording);
        errors::change(&mut recording);
    }
    recording
}

/// The recording ends with an error before anything is sent.
fn sends_nothing(recording: &mut Value, kind: &str) {
    recording["expected_result"] = json!({ "error": { "kind": kind } });
    ends_after(recording, 0);
}

/// No request follows this many.
fn ends_after(recording: &mut Value, attempts: u64) {
    recording["expected_attempts"] = attempts.into();
    recording["expected_delays"] = json!([]);
    if let Some(more) = recording.get_mut("more_exchanges").and_then(Value::as_array_mut) {
        more.truncate(attempts.saturating_sub(1) as usize);
    }
}

fn is_client(recording: &Value, names: &[&str]) -> bool {
    recording["input"]["client"].as_str().is_some_and(|client| names.contains(&client))
}

fn is_of_responses_api(recording: &Value) -> bool {
    recording["expected_request"]["path"].as_str().is_some_and(|path| path.ends_with("/responses"))
}
