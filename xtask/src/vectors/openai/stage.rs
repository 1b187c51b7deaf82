//! The server of one recording.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use catena_testkit::{Recorded, Refusing, Reply, Server};
use serde_json::Value;

use super::canned;

/// Plays the answers of a recording, in order; or refuses connections.
pub(super) enum Stage {
    Playing(Server),
    Refusing(Refusing),
}

impl Stage {
    /// # Errors
    /// Why the recording cannot be played.
    pub(super) fn open(recording: &Value) -> Result<Self, String> {
        let more = recording["more_exchanges"].as_array().into_iter().flatten();
        let first = recording.get("canned_response");
        let answers: Vec<&Value> = first.into_iter().chain(more.map(|one| &one["canned_response"])).collect();
        if answers.iter().any(|answer| answer["action"] == "refuse") {
            let refusing = Refusing::new().map_err(|error| format!("no address to refuse at: {error}"))?;
            return Ok(Self::Refusing(refusing));
        }
        // Whether they can be played shows now; their headers may hold the server's address, which is known later.
        answers.iter().try_for_each(|answer| canned::reply(answer).map(drop))?;
        let answers: Vec<Value> = answers.into_iter().cloned().collect();
        let next = AtomicUsize::new(0);
        let server = Server::try_start(move |request| {
            let url = format!("http://{}", request.header("host").unwrap_or_default());
            let answer = answers.get(next.fetch_add(1, Ordering::Relaxed));
            let reply = answer.and_then(|answer| canned::reply(&with_url(answer, &url)).ok());
            reply.unwrap_or_else(|| Reply::text(418, "the recording ends before this request"))
        });
        server.map(Self::Playing).map_err(|error| format!("no test server: {error}"))
    }

    /// The recording with the server's address in it.
    pub(super) fn with_address(&self, recording: Value) -> Value {
        let url = match self {
            Self::Playing(server) => server.url(),
            Self::Refusing(address) => address.url(),
        };
        let mut recording = fill_in(recording, &url);
        // Where the requests of a client without a base URL are to go.
        if let Some(unset) = recording["input"]["config"].get_mut("base_url_unset") {
            *unset = url.into();
        }
        recording
    }

    /// What was asked for so far.
    pub(super) fn requests(&self) -> Vec<Recorded> {
        match self {
            Self::Playing(server) => server.requests(),
            Self::Refusing(_) => Vec::new(),
        }
    }

    /// How the number of attempts differs from the expected one, if so.
    pub(super) fn attempts_differ(&self, expected: &Value, waits: &[Duration]) -> Option<String> {
        let attempts = match self {
            Self::Playing(server) => server.requests().len(),
            // Connections that were refused are not seen, only the waits between them.
            Self::Refusing(_) => waits.len() + 1,
        };
        let same = expected.as_u64().is_none_or(|expected| expected == attempts as u64);
        (!same).then(|| format!("{attempts} attempts instead of {expected}"))
    }
}

/// A canned answer with the server's address in its headers. Bodies stay as they are: how long they are, and where they
/// are cut, is canned too.
fn with_url(answer: &Value, url: &str) -> Value {
    let mut answer = answer.clone();
    if let Some(headers) = answer.get_mut("headers") {
        *headers = fill_in(headers.take(), url);
    }
    answer
}

fn fill_in(value: Value, url: &str) -> Value {
    match value {
        Value::String(text) => text.replace("{server}", url).into(),
        Value::Array(items) => items.into_iter().map(|item| fill_in(item, url)).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (name, fill_in(value, url))).collect()
        }
        other => other,
    }
}
