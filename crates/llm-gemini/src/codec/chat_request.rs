//! Requests: `POST /models/{model}:generateContent`.

use catena_core::{Error, ErrorKind, Message, Result};
use serde::Serialize;
use serde_json::{Map, Value};

use super::chat_message::{Conversation, encode_messages};
use super::generation::Settings;
use crate::parameters::Parameters;

/// The settings of a chat model.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChatOptions {
    pub(crate) model: String,
    pub(crate) parameters: Parameters,
    /// `None` if it depends on the model's name.
    pub(crate) schema_subset: Option<bool>,
}

/// An encoded request.
#[derive(Debug)]
pub(crate) struct ChatRequest {
    pub(crate) model: String,
    pub(crate) body: Vec<u8>,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    conversation: Conversation<'a>,
    #[serde(flatten)]
    members: Map<String, Value>,
}

/// Encodes the request for these messages. The arguments bound to the call override the model's own settings.
///
/// # Errors
/// `InvalidInput` for messages and arguments that cannot be sent, `Unsupported` for what the service does not support.
pub(crate) fn encode_chat(
    options: &ChatOptions,
    arguments: Option<&Map<String, Value>>,
    messages: &[Message],
    stream: bool,
) -> Result<ChatRequest> {
    let none = Map::new();
    let arguments = arguments.unwrap_or(&none);
    let model = match arguments.get("model") {
        None | Some(Value::Null) => options.model.as_str(),
        Some(model) => model.as_str().ok_or_else(|| invalid("`model` must be a string"))?,
    };
    let settings = settings(options, arguments, model)?;
    if stream && settings.candidates() > 1 {
        let message = "streaming supports only one answer: use `generate_all`";
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    let conversation = encode_messages(model, messages)?;
    let body = Body { conversation, members: settings.into_members(model)? };
    let body = serde_json::to_vec(&body).map_err(|error| {
        Error::new(ErrorKind::InvalidInput, format!("the request cannot be serialized as JSON: {error}"))
    })?;
    Ok(ChatRequest { model: model.to_owned(), body })
}

fn settings(options: &ChatOptions, arguments: &Map<String, Value>, model: &str) -> Result<Settings> {
    let schema_subset = options.schema_subset.unwrap_or_else(|| is_older(model));
    let mut settings = Settings::new(schema_subset);
    for (name, value) in &options.parameters.members {
        if !arguments.contains_key(name) {
            settings.set(name, value)?;
        }
    }
    for (name, value) in arguments.iter().filter(|(name, _)| *name != "model") {
        settings.set(name, value)?;
    }
    for (name, value) in &options.parameters.extra {
        settings.set_raw(name, value.clone())?;
    }
    Ok(settings)
}

/// Returns true for models that do not accept plain JSON Schemas.
fn is_older(model: &str) -> bool {
    model.rsplit('/').next().is_some_and(|name| name.starts_with("gemini-1."))
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidInput, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn options(members: Value, extra: Value) -> ChatOptions {
        let object = |value: Value| value.as_object().cloned().expect("an object");
        let mut parameters = Parameters::default();
        (parameters.members, parameters.extra) = (object(members), object(extra));
        ChatOptions { model: "gemini-2.5-flash".into(), parameters, ..ChatOptions::default() }
    }

    #[track_caller]
    fn check(options: &ChatOptions, arguments: Value, model: &str, expected: Value) {
        let messages = [Message::human("Hi")];
        let request = encode_chat(options, arguments.as_object(), &messages, false).expect("a request");
        let mut wire: Value = serde_json::from_slice(&request.body).expect("JSON");
        assert_eq!(wire["contents"].take(), json!([{"role": "user", "parts": [{"text": "Hi"}]}]));
        wire.as_object_mut().expect("an object").remove("contents");
        assert_eq!((request.model.as_str(), wire), (model, expected), "{arguments}");
    }

    #[test]
    fn what_is_not_set_is_not_sent() {
        check(&options(json!({}), json!({})), Value::Null, "gemini-2.5-flash", json!({}));
    }

    #[test]
    fn arguments_win_over_settings_and_extra_members_over_both() {
        let options = options(
            json!({"temperature": 0.1, "max_tokens": 5, "seed": 1}),
            json!({"generationConfig": {"seed": 3}, "safetySettings": []}),
        );
        check(
            &options,
            json!({"temperature": 0.9, "max_completion_tokens": 6, "model": "other", "seed": null, "zzz": [1]}),
            "other",
            json!({"generationConfig": {"temperature": 0.9, "maxOutputTokens": 6, "seed": 3}, "safetySettings": [], "zzz": [1]}),
        );
    }

    #[test]
    fn older_models_get_their_form_of_schemas() {
        let options = options(
            json!({"tools": [{"name": "f", "parameters": {"properties": {"a": {"type": "string"}}}}]}),
            json!({}),
        );
        let function = |member: &str, kind: &str| json!({"tools": [{"functionDeclarations": [{"name": "f", member: {"properties": {"a": {"type": kind}}}}]}]});
        check(&options, json!({}), "gemini-2.5-flash", function("parametersJsonSchema", "string"));
        check(
            &options,
            json!({"model": "gemini-1.5-pro"}),
            "gemini-1.5-pro",
            function("parameters", "STRING"),
        );
        let options = ChatOptions { schema_subset: Some(true), ..options };
        check(&options, json!({}), "gemini-2.5-flash", function("parameters", "STRING"));
    }

    #[test]
    fn what_cannot_be_sent_is_an_error() {
        let messages = [Message::human("Hi")];
        let several = json!({"n": 2});
        let plain = options(json!({}), json!({}));
        let error = encode_chat(&plain, several.as_object(), &messages, true).expect_err("an error");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        encode_chat(&plain, several.as_object(), &messages, false).expect("a request");
        let error =
            encode_chat(&plain, json!({"model": 1}).as_object(), &messages, false).expect_err("an error");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(
            encode_chat(&plain, None, &[], false).expect_err("an error").kind(),
            ErrorKind::InvalidInput
        );
    }
}
