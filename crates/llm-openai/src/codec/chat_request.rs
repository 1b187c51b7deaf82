//! Chat requests: `POST /chat/completions`.

use catena_core::{Error, ErrorKind, Message, Result};
use serde::Serialize;
use serde_json::{Map, Value};

use super::chat_message::{WireMessage, encode_messages};
use super::request::encode;
use crate::sampling::Sampling;

/// The settings of a chat model, as it sends them.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct ChatOptions {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) model: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_completion_tokens: Option<u32>,
    /// What older and many compatible servers understand instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_tokens: Option<u32>,
    #[serde(flatten)]
    pub(crate) sampling: Sampling,
    #[serde(skip)]
    pub(crate) stream_usage: bool,
    #[serde(skip)]
    pub(crate) extra_body: Map<String, Value>,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    options: &'a ChatOptions,
    messages: Vec<WireMessage<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

/// The body of a request.
///
/// # Errors
/// `InvalidInput` if there is no message, `Unsupported` for a kind of message that cannot be sent.
pub(crate) fn encode_chat(options: &ChatOptions, messages: &[Message], stream: bool) -> Result<Vec<u8>> {
    if messages.is_empty() {
        return Err(Error::new(ErrorKind::InvalidInput, "a chat model needs at least one message"));
    }
    let system = if is_reasoning_model(&options.model) { "developer" } else { "system" };
    let messages = encode_messages(messages, system)?;
    let stream_options = (stream && options.stream_usage).then_some(StreamOptions { include_usage: true });
    encode(&Body { options, messages, stream, stream_options }, &options.extra_body)
}

/// True for o1, o3 and their kin, which call system messages developer messages.
fn is_reasoning_model(model: &str) -> bool {
    let mut bytes = model.bytes();
    bytes.next() == Some(b'o') && bytes.next().is_some_and(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use catena_core::{AiMessage, ContentBlock};
    use serde_json::json;

    #[track_caller]
    fn check(options: &ChatOptions, messages: &[Message], stream: bool, expected: Value) {
        let body = encode_chat(options, messages, stream).expect("a body");
        assert_eq!(serde_json::from_slice::<Value>(&body).expect("JSON"), expected);
    }

    fn model(model: &str) -> ChatOptions {
        ChatOptions { model: model.into(), ..ChatOptions::default() }
    }

    fn hi() -> [Message; 1] {
        [Message::human("Hi")]
    }

    #[test]
    fn what_is_not_set_is_not_sent() {
        let wire = json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}]});
        check(&model("m"), &hi(), false, wire);
        let wire = json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": true});
        check(&model("m"), &hi(), true, wire);
    }

    #[test]
    fn settings_are_sent_under_their_names() {
        let sampling = Sampling {
            temperature: Some(0.0),
            top_p: Some(0.5),
            presence_penalty: Some(-0.5),
            frequency_penalty: Some(1.0),
            stop: vec!["END".into()],
            seed: Some(-7),
            logit_bias: [(50256, -100)].into(),
            user: Some("ada".into()),
        };
        let options = ChatOptions {
            max_completion_tokens: Some(5),
            sampling,
            stream_usage: true,
            ..model("gpt-4o-mini")
        };
        let mut wire = json!({
            "model": "gpt-4o-mini", "max_completion_tokens": 5, "temperature": 0.0, "top_p": 0.5,
            "presence_penalty": -0.5, "frequency_penalty": 1.0, "stop": ["END"], "seed": -7,
            "logit_bias": {"50256": -100}, "user": "ada", "messages": [{"role": "user", "content": "Hi"}],
        });
        check(&options, &hi(), false, wire.clone());
        wire["stream"] = true.into();
        wire["stream_options"] = json!({"include_usage": true});
        check(&options, &hi(), true, wire);
    }

    #[test]
    fn extra_members_override() {
        let Value::Object(extra_body) = json!({"top_k": 5, "model": "other", "temperature": null}) else {
            return;
        };
        let options = ChatOptions { max_tokens: Some(9), extra_body, ..model("m") };
        let wire = json!({
            "model": "other", "max_tokens": 9, "top_k": 5, "temperature": null,
            "messages": [{"role": "user", "content": "Hi"}],
        });
        check(&options, &hi(), false, wire);
    }

    #[test]
    fn messages_have_the_roles_of_the_wire() {
        let mut refused = AiMessage::new("");
        refused.refusal = Some("No.".into());
        let blocks = vec![ContentBlock::text("What?"), ContentBlock::image_url("https://e.org/a.png")];
        let messages =
            [Message::system("Be brief."), Message::human(blocks), Message::ai("Hi"), Message::Ai(refused)];
        let parts = json!([
            {"type": "text", "text": "What?"}, {"type": "image_url", "image_url": {"url": "https://e.org/a.png"}},
        ]);
        let wire = |system: &str, model: &str| {
            json!({"model": model, "messages": [
                {"role": system, "content": "Be brief."},
                {"role": "user", "content": parts},
                {"role": "assistant", "content": "Hi"},
                {"role": "assistant", "content": "", "refusal": "No."},
            ]})
        };
        for (name, role) in [
            ("gpt-4o", "system"),
            ("o1", "developer"),
            ("o3-mini", "developer"),
            ("olmo", "system"),
            ("gpt-5", "system"),
        ] {
            check(&model(name), &messages, false, wire(role, name));
        }
    }

    #[test]
    fn no_messages_is_an_error() {
        assert_eq!(encode_chat(&model("m"), &[], false).expect_err("none").kind(), ErrorKind::InvalidInput);
    }
}
