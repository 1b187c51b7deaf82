//! Recordings of OpenAI's wire protocol: canned answers are played to our client, and what it sent and returned is
//! compared with what was recorded.
//!
//! One file per client, one line in [`player`]; the rest is shared.

mod better;
mod canned;
mod case;
mod chat;
mod connection;
mod diverted;
mod embeddings;
mod error;
mod expected;
mod llm;
mod message;
mod multipart;
mod neutral;
mod request;
mod sdk;
mod settings;
mod stage;
mod stream;
mod structured;
mod timer;

use serde_json::Value;

use super::report::{Failure, Verdict};
use case::{Case, Played};
use stage::Stage;

/// Drives our client as a recording's `input` says.
type Player = fn(&Case<'_>) -> Played;

/// What plays the recordings of one client and operation.
fn player(client: &str, operation: &str) -> Option<Player> {
    match (client, operation) {
        ("azure_chat" | "chat", "invoke") => Some(chat::invoke),
        ("azure_chat" | "chat", "generate") => Some(chat::generate),
        ("azure_chat" | "chat", "stream") => Some(chat::stream),
        ("azure_embeddings" | "embeddings", "embed_documents") => Some(embeddings::embed_documents),
        ("azure_embeddings" | "embeddings", "embed_query") => Some(embeddings::embed_query),
        ("llm", "generate") => Some(llm::generate),
        ("llm", "stream") => Some(llm::stream),
        ("sdk" | "sdk_azure", "call" | "list") => Some(sdk::call),
        ("sdk", "call_twice") => Some(sdk::call_twice),
        ("sdk", "list_all") => Some(sdk::list_all),
        ("sdk", "stream") => Some(sdk::stream),
        _ => None,
    }
}

/// Plays one recording.
pub(super) fn verdict(recording: &Value) -> Verdict {
    let word = |name: &str| recording["input"][name].as_str().unwrap_or_default();
    let Some(play) = player(word("client"), word("operation")) else {
        let why = format!("`{}` of the client `{}` is not run", word("operation"), word("client"));
        return Verdict::Skipped(why);
    };
    let stage = match Stage::open(recording) {
        Ok(stage) => stage,
        Err(why) => return failed(recording, why, "nothing: it cannot be played"),
    };
    let recording = stage.with_address(better::instead_of(recording));
    let case = Case::new(&recording["input"], &recording["clock"]);
    match play(&case) {
        Played::Unsupported(why) => Verdict::Skipped(why),
        Played::Done(outcome) => match difference(&recording, &stage, &case, &outcome) {
            None => Verdict::Passed,
            Some(why) => failed(&recording, why, &outcome.to_string()),
        },
    }
}

fn failed(recording: &Value, why: String, got: &str) -> Verdict {
    Verdict::Failed(Failure { why, expected: recording["expected_result"].to_string(), got: got.to_owned() })
}

/// Where what was sent, returned and waited for differs from the recording.
fn difference(recording: &Value, stage: &Stage, case: &Case<'_>, outcome: &case::Outcome) -> Option<String> {
    let waits = case.timer.waits();
    expected::difference(&recording["expected_result"], outcome)
        .or_else(|| request::difference(recording, &stage.requests()))
        .or_else(|| stage.attempts_differ(&recording["expected_attempts"], &waits))
        .or_else(|| timer::waits_differ(&recording["expected_delays"], &waits))
}
