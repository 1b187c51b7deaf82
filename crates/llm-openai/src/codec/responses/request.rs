//! Requests: `POST /responses`.

use catena_core::{Error, ErrorKind, Message, Result};
use serde_json::{Map, Value};

use super::input::input;
use super::tools::{tool_choice, tools};
use crate::codec::lenient::is_truthy;
use crate::codec::request::{Body, encode};
use crate::codec::temperature::thinks;
use crate::parameters::Parameters;

/// What a request is made of.
pub(crate) struct ResponsesCall<'a> {
    pub(crate) model: &'a str,
    /// The parameters of the same request to chat completions.
    pub(crate) parameters: &'a Parameters,
    /// The conversation.
    pub(crate) messages: &'a [Message],
    /// Sends only the messages after the last stored answer, with a reference to it.
    pub(crate) continues: bool,
    /// Requests a stream.
    pub(crate) stream: bool,
}

/// Parameters of chat completions that this API does not support, and that are rejected if set.
const NOT_HERE: [&str; 10] = [
    "audio",
    "frequency_penalty",
    "function_call",
    "functions",
    "logit_bias",
    "modalities",
    "prediction",
    "presence_penalty",
    "seed",
    "web_search_options",
];

/// Encodes a request.
///
/// # Errors
/// `InvalidInput` if there is no message or one lacks something, `Unsupported` for what this API cannot do.
pub(crate) fn encode_responses(call: ResponsesCall<'_>) -> Result<Vec<u8>> {
    if call.messages.is_empty() {
        return Err(Error::new(ErrorKind::InvalidInput, "a chat model needs at least one message"));
    }
    let mut parameters = call.parameters.clone();
    let mut first = 0;
    if let (true, Some((next, id))) = (call.continues, last_kept(call.messages)) {
        parameters.set("previous_response_id", id);
        first = next;
    }
    let mut settings = convert(call.model, std::mem::take(&mut parameters.members), call.stream)?;
    let stream_options = stream_options(settings.remove("stream_options"));
    parameters.members = settings;
    let store = parameters.extra.get("store").or_else(|| parameters.members.get("store"));
    let store = store.is_none_or(|store| *store != false);
    let input = ("input", input(call.messages, first, store)?);
    let stream = call.stream.then_some(stream_options);
    encode(&Body { input, model: call.model, parameters: &parameters, stream })
}

/// Here token counts are always sent.
fn stream_options(options: Option<Value>) -> Option<Map<String, Value>> {
    let Some(Value::Object(mut options)) = options else { return None };
    options.remove("include_usage");
    (!options.is_empty()).then_some(options)
}

/// Returns the index of the first message after the last stored answer, and that answer's id.
fn last_kept(messages: &[Message]) -> Option<(usize, &str)> {
    messages.iter().enumerate().rev().find_map(|(at, message)| Some((at + 1, kept_id(message)?)))
}

fn kept_id(message: &Message) -> Option<&str> {
    let Message::Ai(message) = message else { return None };
    let ids = [message.metadata.extra.get("id").and_then(Value::as_str), message.id.as_deref()];
    ids.into_iter().flatten().find(|id| id.starts_with("resp_"))
}

/// Converts the settings of chat completions to this API's.
fn convert(model: &str, mut settings: Map<String, Value>, stream: bool) -> Result<Map<String, Value>> {
    settings.retain(|_, value| !value.is_null());
    refuse(&mut settings)?;
    for name in ["max_completion_tokens", "max_tokens"] {
        if let Some(limit) = settings.remove(name) {
            settings.entry("max_output_tokens").or_insert(limit);
        }
    }
    if let Some(effort) = settings.remove("reasoning_effort")
        && let Value::Object(reasoning) = settings.entry("reasoning").or_insert_with(|| Map::new().into())
        && reasoning.get("effort").is_none_or(Value::is_null)
    {
        reasoning.insert("effort".to_owned(), effort);
    }
    // This API has no stop sequences; chat completions do.
    settings.remove("stop");
    // Not even a temperature of 1 is accepted here.
    if thinks(model, &settings) {
        settings.remove("temperature");
    }
    if settings.remove("logprobs").is_some_and(|wanted| wanted == true) {
        include(&mut settings, "message.output_text.logprobs");
    }
    if let Some(given) = settings.remove("tools") {
        settings.insert("tools".to_owned(), tools(given, stream));
    }
    if let Some(choice) = settings.remove("tool_choice") {
        settings.insert("tool_choice".to_owned(), tool_choice(choice));
    }
    text_settings(&mut settings);
    Ok(settings)
}

/// Removes settings without effect, and rejects those that would be lost.
fn refuse(settings: &mut Map<String, Value>) -> Result<()> {
    let candidates = settings.remove("n").and_then(|n| n.as_u64()).unwrap_or(1);
    let lost =
        NOT_HERE.into_iter().find(|name| settings.remove(*name).is_some_and(|value| is_truthy(&value)));
    match lost.or((candidates != 1).then_some("n")) {
        None => Ok(()),
        Some(name) => Err(Error::new(
            ErrorKind::Unsupported,
            format!("the Responses API has nothing like `{name}`: unset it, or turn `use_responses_api` off"),
        )),
    }
}

fn include(settings: &mut Map<String, Value>, what: &str) {
    let included = settings.entry("include").or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(included) = included
        && !included.iter().any(|other| other == what)
    {
        included.push(what.into());
    }
}

/// The response format and the verbosity are members of `text` here.
fn text_settings(settings: &mut Map<String, Value>) {
    let format = settings.remove("response_format").map(|format| match format {
        Value::Object(mut format) => {
            if let Some(Value::Object(schema)) = format.remove("json_schema") {
                format.extend(schema);
            }
            format.into()
        }
        other => other,
    });
    for (name, value) in [("format", format), ("verbosity", settings.remove("verbosity"))] {
        if let (Some(value), Value::Object(text)) =
            (value, settings.entry("text").or_insert_with(|| Map::new().into()))
        {
            text.insert(name.to_owned(), value);
        }
    }
    if settings.get("text").and_then(Value::as_object).is_some_and(Map::is_empty) {
        settings.remove("text");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use catena_core::AiMessage;
    use serde_json::json;

    fn object_of(value: Value) -> Map<String, Value> {
        value.as_object().cloned().expect("an object")
    }

    fn encoded(
        settings: Value,
        messages: &[Message],
        continues: bool,
        stream: bool,
        extra: Value,
    ) -> Result<Value> {
        let mut parameters = Parameters::default();
        parameters.extra = object_of(extra);
        let mut members = object_of(settings);
        let model = members.remove("model").and_then(|model| model.as_str().map(str::to_owned));
        parameters.members = members;
        let model = model.unwrap_or_default();
        let call = ResponsesCall { model: &model, parameters: &parameters, messages, continues, stream };
        encode_responses(call).map(|body| serde_json::from_slice(&body).expect("JSON"))
    }

    #[track_caller]
    fn check(settings: Value, expected: Value) {
        let mut body = encoded(settings, &[Message::human("Hi")], false, false, json!({})).expect("a body");
        let input = body.as_object_mut().and_then(|body| body.remove("input"));
        assert_eq!(input, Some(json!([{"type": "message", "role": "user", "content": "Hi"}])));
        assert_eq!(body, expected);
    }

    #[test]
    fn settings_get_the_names_of_this_api() {
        check(
            json!({"model": "m", "max_completion_tokens": 5, "stop": ["x"], "temperature": 0.0, "n": 1, "seed": null,
                "presence_penalty": 0.0, "reasoning_effort": "low", "verbosity": "high", "user": "u"}),
            json!({"model": "m", "max_output_tokens": 5, "temperature": 0.0, "reasoning": {"effort": "low"},
                "text": {"verbosity": "high"}, "user": "u"}),
        );
        check(
            json!({"model": "m", "max_tokens": 5, "reasoning": {"summary": "auto"}, "reasoning_effort": "low",
                "logprobs": true, "top_logprobs": 2, "include": ["a"]}),
            json!({"model": "m", "max_output_tokens": 5, "reasoning": {"effort": "low", "summary": "auto"}, "top_logprobs": 2,
                "include": ["a", "message.output_text.logprobs"]}),
        );
        check(
            json!({"model": "m", "max_output_tokens": 4, "max_completion_tokens": 5, "max_tokens": 6,
                "reasoning": {"effort": "high"}, "reasoning_effort": "low"}),
            json!({"model": "m", "max_output_tokens": 4, "reasoning": {"effort": "high"}}),
        );
        check(
            json!({"model": "m", "text": {"verbosity": "low"},
                "response_format": {"type": "json_schema", "json_schema": {"name": "P", "schema": {}, "strict": true}}}),
            json!({"model": "m", "text": {"verbosity": "low",
                "format": {"type": "json_schema", "name": "P", "schema": {}, "strict": true}}}),
        );
        check(
            json!({"model": "m", "response_format": {"type": "json_object"}}),
            json!({"model": "m", "text": {"format": {"type": "json_object"}}}),
        );
    }

    #[test]
    fn gpt_5_takes_a_temperature_only_when_it_does_not_think() {
        for (model, effort, kept) in [
            ("gpt-5", None, false),
            ("gpt-5.1", Some("none"), true),
            ("gpt-5.1", Some("low"), false),
            ("gpt-5-chat-latest", None, true),
            ("gpt-4.1", Some("low"), true),
        ] {
            let settings = json!({"model": model, "temperature": 0.5, "reasoning_effort": effort});
            let body = encoded(settings, &[Message::human("Hi")], false, false, json!({})).expect("a body");
            assert_eq!(body.get("temperature").is_some(), kept, "{model} {effort:?}");
        }
    }

    #[test]
    fn what_would_be_lost_is_refused() {
        for (name, value) in [
            ("seed", json!(7)),
            ("n", json!(2)),
            ("logit_bias", json!({"1": 1})),
            ("presence_penalty", json!(0.5)),
        ] {
            let error =
                encoded(json!({"model": "m", name: value}), &[Message::human("Hi")], false, false, json!({}))
                    .expect_err(name);
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert!(error.to_string().contains(name), "{error}");
        }
        let error = encoded(json!({}), &[], false, false, json!({})).expect_err("no messages");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn a_kept_answer_is_named_instead_of_sent() {
        let mut kept = AiMessage::new("1");
        kept.id = Some("resp_1".into());
        let mut other = AiMessage::new("2");
        other.id = Some("chatcmpl-2".into());
        let messages = [
            Message::human("One"),
            kept.into(),
            Message::human("Two"),
            other.into(),
            Message::human("Three"),
        ];
        let body = encoded(json!({"model": "m"}), &messages, true, true, json!({"truncation": "x"}))
            .expect("a body");
        assert_eq!(body["previous_response_id"], "resp_1");
        assert_eq!(body["input"].as_array().map(Vec::len), Some(3));
        assert_eq!((&body["truncation"], &body["stream"]), (&json!("x"), &json!(true)));
        let body = encoded(json!({"model": "m"}), &messages, false, true, json!({})).expect("a body");
        assert_eq!((body.get("previous_response_id"), &body["stream"]), (None, &json!(true)));
        let body =
            encoded(json!({"model": "m"}), &[Message::human("One")], true, false, json!({})).expect("a body");
        assert_eq!((body.get("previous_response_id"), body.get("stream")), (None, None));
    }
}
