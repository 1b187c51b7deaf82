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
        let is_folded = streams::unfold(&mut recording);
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
        if is_folded && let Some(result) = recording["expected_result"].as_object_mut() {
            result.remove("deltas");
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn recording(client: &str, operation: &str, answer: Value, result: Value) -> Value {
        json!({
            "conformance": "recorded", "input": { "client": client, "operation": operation },
            "canned_response": answer, "expected_result": result,
        })
    }

    #[track_caller]
    fn check(recording: &Value, expected: &Value) {
        assert_eq!(&instead_of(recording)["expected_result"], expected);
        let exact = json!({ "conformance": "exact" });
        let mut bound = recording.clone();
        bound["conformance"] = exact["conformance"].clone();
        assert_eq!(instead_of(&bound), bound, "what binds stays");
    }

    #[test]
    fn errors_have_the_kind_that_the_service_says() {
        let refused = json!({ "error": { "kind": "invalid_response" } });
        let answer = |error: Value| json!({ "status": 200, "json": { "error": error } });
        let check = |error: Value, kind: &str, code: Value| {
            let expected = json!({ "kind": kind, "code": code, "server_message": error["message"] });
            let recording = recording("chat", "invoke", answer(error), refused.clone());
            check(&recording, &json!({ "error": expected }));
        };
        check(json!({ "code": 503, "message": "down" }), "server", json!("503"));
        check(json!({ "code": "429" }), "rate_limit", json!("429"));
        check(
            json!({ "code": "context_length_exceeded" }),
            "context_overflow",
            json!("context_length_exceeded"),
        );
        check(json!({ "message": "?" }), "invalid_response", Value::Null);
    }

    #[test]
    fn an_account_that_is_empty_is_not_asked_again() {
        let answer = json!({ "status": 429, "json": { "error": { "code": "insufficient_quota" } } });
        let mut recording = recording("chat", "invoke", answer.clone(), json!({ "message": {} }));
        recording["more_exchanges"] = json!([{ "canned_response": answer }]);
        let ours = instead_of(&recording);
        assert_eq!(ours["expected_result"]["error"]["kind"], "rate_limit");
        assert_eq!((&ours["expected_attempts"], &ours["more_exchanges"]), (&json!(1), &json!([])));
    }

    #[test]
    fn a_stream_is_an_answer_if_it_is_complete() {
        let stream = |text: &str, end: &str| {
            let event = json!({ "choices": [{ "index": 0, "delta": { "content": text } }] });
            json!({ "status": 200, "text": format!("data: {event}\n\n{end}") })
        };
        let recorded = json!({ "deltas": [{ "text": "a" }], "message": { "text": "a" } });
        let complete = recording("chat", "stream", stream("a", "data: [DONE]\n\n"), recorded.clone());
        check(&complete, &recorded);
        let cut = instead_of(&recording("chat", "stream", stream("a", ""), recorded));
        assert_eq!(cut["expected_result"]["deltas"][0]["text"], "a");
        assert_eq!(cut["expected_result"]["error"]["kind"], "connection");
    }

    #[test]
    fn a_call_that_was_cut_off_is_none() {
        let piece = |args: &str| json!([{ "index": 0, "id": "c", "name": "f", "args": args }]);
        let streamed = |args: &str, message: Value| {
            let deltas = json!([{ "tool_call_chunks": piece(args) }]);
            recording("chat", "stream", json!({}), json!({ "deltas": deltas, "message": message }))
        };
        let repaired = json!({ "tool_calls": [{ "id": "c", "name": "f", "args": { "a": 1 } }] });
        let ours = instead_of(&streamed("{\"a\":1", repaired));
        let message = &ours["expected_result"]["message"];
        assert_eq!(message["tool_calls"], json!([]));
        assert_eq!(message["invalid_tool_calls"][0]["args"], "{\"a\":1");
    }

    #[test]
    fn details_of_usages_are_named_alike() {
        let usage = |details: Value| json!({ "message": { "usage": { "input_token_details": details } } });
        let of_a_tier = usage(json!({ "flex_cache_read": 4, "flex": 6 }));
        check(&recording("chat", "invoke", json!({}), of_a_tier), &usage(json!({ "cache_read": 4 })));
    }
}
