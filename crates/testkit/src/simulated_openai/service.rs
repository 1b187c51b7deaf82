//! Handles the requests of the simulated service.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::answer::answer;
use super::error::Refusal;
use super::options::{Generation, Options};
use super::pace::Pace;
use super::quota::{Left, Limits, Quota};
use super::random::{Random, hash};
use super::tokens;
use super::{chat, completions, models};
use crate::recorded::Recorded;
use crate::reply::Reply;

const REQUEST_LIMIT: u64 = 10_000;
const TOKEN_LIMIT: usize = 2_000_000;

/// The state common to all calls.
pub(super) struct Service {
    pace: Pace,
    seed: u64,
    key: Option<String>,
    quota: Quota,
    /// Number of answers to each prompt so far, by its hash.
    asked: Mutex<HashMap<u64, u64>>,
}

impl Service {
    pub(super) fn new(pace: Pace, seed: u64, key: Option<String>, limits: Limits) -> Self {
        Self { pace, seed, key, quota: Quota::new(limits), asked: Mutex::default() }
    }

    pub(super) fn reply(&self, request: &Recorded) -> Reply {
        let took = self.pace.call(self.seed, request.number() as u64);
        let call = Call { service: self, number: request.number(), took };
        let reply = self.route(&call, request).unwrap_or_else(Refusal::into_reply);
        with_service_headers(reply, request, self.quota.left())
    }

    fn route(&self, call: &Call<'_>, request: &Recorded) -> Result<Reply, Refusal> {
        self.check_key(request.header("authorization"))?;
        self.quota.take(call.took, Instant::now())?;
        let (method, path) = (request.method(), request.path());
        match (method, path.strip_prefix("/v1/")) {
            ("POST", Some("chat/completions")) => chat::complete(call, &body(request)?),
            ("POST", Some("completions")) => completions::complete(call, &body(request)?),
            ("GET", Some("models")) => Ok(models::list()),
            ("GET", Some(rest)) if rest.starts_with("models/") => models::get(&rest["models/".len()..]),
            (_, Some("chat/completions" | "completions" | "models")) => {
                Err(Refusal::wrong_method(method, path))
            }
            _ => Err(Refusal::unknown_path(method, path)),
        }
    }

    fn check_key(&self, authorization: Option<&str>) -> Result<(), Refusal> {
        let Some(expected) = &self.key else { return Ok(()) };
        match authorization.and_then(|value| value.strip_prefix("Bearer ")) {
            None => Err(Refusal::no_key()),
            Some(given) if given == expected => Ok(()),
            Some(given) => Err(Refusal::wrong_key(given)),
        }
    }

    /// Returns how often the prompt was answered before.
    fn count(&self, prompt: u64) -> u64 {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let count = asked.entry(prompt).or_default();
        *count += 1;
        *count - 1
    }
}

/// A call of an endpoint.
pub(super) struct Call<'a> {
    service: &'a Service,
    number: usize,
    /// Its duration.
    took: Duration,
}

impl Call<'_> {
    /// Returns the answers to a prompt, one per choice.
    pub(super) fn answers(&self, prompt: &str, options: &Options) -> Vec<String> {
        let prompt_hash = hash(prompt);
        let one = |choice: usize| {
            let turn = if options.fixed { choice as u64 } else { self.service.count(prompt_hash) };
            answer(prompt, &mut Random::new(&[self.service.seed, options.seed, prompt_hash, turn]))
        };
        (0..options.n).map(one).collect()
    }

    pub(super) fn usage(&self, prompt_tokens: usize, generations: &[Generation]) -> Value {
        let completion_tokens: usize = generations.iter().map(|generation| generation.pieces.len()).sum();
        json!({
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
        })
    }

    /// Returns the members common to a response and all chunks of a stream.
    pub(super) fn envelope(&self, id: &str, object: &str, model: &str) -> Value {
        // A clock before 1970 is no reason to fail.
        let created = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        json!({
            "id": format!("{id}-sim-{}", self.number),
            "object": object,
            "created": created,
            "model": model,
            "system_fingerprint": "fp_simulated",
        })
    }

    /// Returns the complete response, sent at the end of the call's duration.
    pub(super) fn respond(&self, body: Value) -> Reply {
        let reply = Reply::json(200, body).with_delay(self.took);
        reply.with_header("openai-processing-ms", self.took.as_millis().to_string())
    }

    /// Returns the groups of events, spread over the call's duration.
    pub(super) fn stream(&self, groups: Vec<Vec<String>>) -> Reply {
        let parts = groups.len();
        self.service.pace.stream(Reply::sse_groups(groups), parts, self.took)
    }
}

fn body(request: &Recorded) -> Result<Value, Refusal> {
    match request.json_as::<Value>() {
        Ok(body) if body.is_object() => Ok(body),
        _ => Err(Refusal::bad_request(
            "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your \
             HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)",
        )),
    }
}

/// Adds the headers that the real service sends with every response. Limits that are not set are never reached.
fn with_service_headers(reply: Reply, request: &Recorded, left: Option<Left>) -> Reply {
    let unlimited =
        Left { limit: REQUEST_LIMIT, remaining: REQUEST_LIMIT - 1, reset: Duration::from_millis(6) };
    let Left { limit, remaining, reset } = left.unwrap_or(unlimited);
    let tokens = tokens::count(&request.text()).min(TOKEN_LIMIT);
    reply
        .with_header("x-request-id", format!("req-sim-{}", request.number()))
        .with_header("openai-version", "2020-10-01")
        .with_header("x-ratelimit-limit-requests", limit.to_string())
        .with_header("x-ratelimit-remaining-requests", remaining.to_string())
        .with_header("x-ratelimit-reset-requests", format!("{}ms", reset.as_millis()))
        .with_header("x-ratelimit-limit-tokens", TOKEN_LIMIT.to_string())
        .with_header("x-ratelimit-remaining-tokens", (TOKEN_LIMIT - tokens).to_string())
        .with_header("x-ratelimit-reset-tokens", "1ms")
}
