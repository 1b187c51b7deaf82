//! The request members that both endpoints have in common.

use serde_json::Value;

use super::error::Refusal;
use super::tokens;

const MOST_CHOICES: u64 = 128;

pub(super) struct Options {
    pub(super) model: String,
    pub(super) n: usize,
    pub(super) stream: bool,
    pub(super) include_usage: bool,
    /// `None` for no limit.
    pub(super) max_tokens: Option<usize>,
    /// Whether the same prompt always yields the same answer.
    pub(super) fixed: bool,
    pub(super) seed: u64,
    stop: Vec<String>,
}

impl Options {
    /// Parses the members; the limit is the first of `limits` that is present.
    pub(super) fn read(body: &Value, limits: &[&'static str]) -> Result<Self, Refusal> {
        let model = match &body["model"] {
            Value::String(model) if !model.is_empty() => model.clone(),
            Value::Null | Value::String(_) => {
                return Err(Refusal::bad_request("you must provide a model parameter"));
            }
            _ => return Err(Refusal::bad_param("model", "Invalid type for 'model': expected a string.")),
        };
        let include_usage = body["stream_options"]["include_usage"] == true;
        let stream = body["stream"] == true;
        if !stream && !body["stream_options"].is_null() {
            let message = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
            return Err(Refusal::bad_param("stream_options", message));
        }
        Ok(Self {
            model,
            n: choices(&body["n"])?,
            stream,
            include_usage,
            max_tokens: max_tokens(body, limits)?,
            fixed: body["temperature"].as_f64() == Some(0.0),
            seed: body["seed"].as_i64().unwrap_or_default() as u64,
            stop: stop(&body["stop"])?,
        })
    }

    /// Truncates a text where the request wants it to end, and returns the remaining pieces and the finish reason.
    pub(super) fn finish(&self, text: &str) -> Generation {
        let stops = self.stop.iter().filter_map(|stop| text.find(stop));
        let text = &text[..stops.min().unwrap_or(text.len())];
        let mut pieces: Vec<String> = tokens::pieces(text).into_iter().map(str::to_owned).collect();
        let limit = self.max_tokens.unwrap_or(usize::MAX);
        let finish_reason = if pieces.len() > limit { "length" } else { "stop" };
        pieces.truncate(limit);
        Generation { pieces, finish_reason }
    }
}

/// The text of one choice.
pub(super) struct Generation {
    pub(super) pieces: Vec<String>,
    pub(super) finish_reason: &'static str,
}

impl Generation {
    pub(super) fn text(&self) -> String {
        self.pieces.concat()
    }
}

fn choices(n: &Value) -> Result<usize, Refusal> {
    match n {
        Value::Null => Ok(1),
        n => match n.as_u64() {
            Some(n) if (1..=MOST_CHOICES).contains(&n) => Ok(n as usize),
            _ => Err(Refusal::bad_param(
                "n",
                format!("Invalid 'n': expected a number from 1 to {MOST_CHOICES}."),
            )),
        },
    }
}

fn max_tokens(body: &Value, names: &[&'static str]) -> Result<Option<usize>, Refusal> {
    let Some(name) = names.iter().find(|name| !body[**name].is_null()) else { return Ok(None) };
    match body[*name].as_i64() {
        // Clients send -1 for "up to the context length".
        Some(-1) => Ok(Some(usize::MAX)),
        Some(limit @ 1..) => Ok(Some(limit as usize)),
        _ => Err(Refusal::bad_param(name, format!("Invalid '{name}': expected a positive number."))),
    }
}

fn stop(stop: &Value) -> Result<Vec<String>, Refusal> {
    let texts: Option<Vec<String>> = match stop {
        Value::Null => Some(Vec::new()),
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(texts) => texts.iter().map(|text| text.as_str().map(str::to_owned)).collect(),
        _ => None,
    };
    let mut texts = texts.ok_or_else(|| Refusal::bad_param("stop", "Invalid 'stop': expected strings."))?;
    // An empty text would end every answer immediately.
    texts.retain(|text| !text.is_empty());
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(body: Value, expected: &str, finish_reason: &str) {
        let mut body = body;
        body["model"] = json!("m");
        let generation = Options::read(&body, &["max_tokens"]).unwrap().finish("one, two three");
        assert_eq!((generation.text().as_str(), generation.finish_reason), (expected, finish_reason));
    }

    #[test]
    fn a_text_ends_where_the_request_wants() {
        check(json!({}), "one, two three", "stop");
        check(json!({"max_tokens": 3}), "one, two", "length");
        check(json!({"max_tokens": 4}), "one, two three", "stop");
        check(json!({"max_tokens": -1}), "one, two three", "stop");
        check(json!({"stop": " three"}), "one, two", "stop");
        check(json!({"stop": ["three", ",", ""]}), "one", "stop");
    }

    #[test]
    fn nonsense_is_refused() {
        let bodies = [
            json!({}),
            json!({"model": ""}),
            json!({"model": 4}),
            json!({"model": "m", "n": 0}),
            json!({"model": "m", "n": "two"}),
            json!({"model": "m", "max_tokens": 0}),
            json!({"model": "m", "stop": 1}),
            json!({"model": "m", "stream_options": {"include_usage": true}}),
        ];
        for body in bodies {
            assert!(Options::read(&body, &["max_tokens"]).is_err(), "{body}");
        }
    }
}
