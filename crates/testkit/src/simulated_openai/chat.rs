//! `POST /v1/chat/completions`.

use serde_json::{Value, json};

use super::error::Refusal;
use super::options::{Generation, Options};
use super::service::Call;
use super::stream::Shape;
use super::tokens;
use crate::reply::Reply;

/// Token overhead per message.
const TOKENS_PER_MESSAGE: usize = 3;

pub(super) fn complete(call: &Call<'_>, body: &Value) -> Result<Reply, Refusal> {
    let options = Options::read(body, &["max_completion_tokens", "max_tokens"])?;
    let conversation = Conversation::read(body)?;
    let texts = call.answers(&conversation.question, &options);
    let generations: Vec<Generation> = texts.iter().map(|text| options.finish(text)).collect();
    let usage = call.usage(conversation.tokens, &generations);
    if options.stream {
        let envelope = call.envelope("chatcmpl", "chat.completion.chunk", &options.model);
        let shape = Shape {
            envelope: &envelope,
            opening: Some(|index| chunk(index, json!({"role": "assistant", "content": ""}), None)),
            piece: |index, piece| chunk(index, json!({"content": piece}), None),
            finish: |index, reason| chunk(index, json!({}), Some(reason)),
            usage: options.include_usage.then_some(&usage),
        };
        return Ok(call.stream(shape.groups(&generations)));
    }
    let mut envelope = call.envelope("chatcmpl", "chat.completion", &options.model);
    envelope["choices"] = generations.iter().enumerate().map(|(index, one)| choice(index, one)).collect();
    envelope["usage"] = usage;
    Ok(call.respond(envelope))
}

fn choice(index: usize, generation: &Generation) -> Value {
    let message = json!({"role": "assistant", "content": generation.text(), "refusal": null});
    json!({"index": index, "message": message, "logprobs": null, "finish_reason": generation.finish_reason})
}

fn chunk(index: usize, delta: Value, finish_reason: Option<&str>) -> Value {
    json!({"index": index, "delta": delta, "logprobs": null, "finish_reason": finish_reason})
}

struct Conversation {
    /// The text of the last user message, or else of the last message.
    question: String,
    tokens: usize,
}

impl Conversation {
    fn read(body: &Value) -> Result<Self, Refusal> {
        // A program that requires a tool call could not use the sentence that it would receive.
        if body["tool_choice"] == "required" || body["tool_choice"].is_object() {
            return Err(Refusal::bad_param("tool_choice", "The simulated service does not call tools."));
        }
        check_tools(body)?;
        let messages = match &body["messages"] {
            Value::Null => return Err(Refusal::missing_param("messages")),
            Value::Array(messages) if !messages.is_empty() => messages,
            _ => {
                return Err(Refusal::bad_param(
                    "messages",
                    "Invalid 'messages': expected a list of messages.",
                ));
            }
        };
        if !messages.iter().all(|message| message["role"].is_string()) {
            return Err(Refusal::bad_param(
                "messages",
                "Invalid 'messages': expected a role in every message.",
            ));
        }
        let of_user = messages.iter().rfind(|message| message["role"] == "user");
        let question = of_user.or(messages.last()).map(text).unwrap_or_default();
        let counts = messages.iter().map(|message| tokens::count(&text(message)) + TOKENS_PER_MESSAGE);
        Ok(Self { question, tokens: counts.sum() })
    }
}

/// Rejects the argument schemas that OpenAI rejects: values that are not objects, and objects without properties.
fn check_tools(body: &Value) -> Result<(), Refusal> {
    for tool in body["tools"].as_array().into_iter().flatten() {
        let (name, schema) = (&tool["function"]["name"], &tool["function"]["parameters"]);
        let fault = match schema {
            Value::Null => continue,
            schema if schema["type"] != "object" => {
                format!("schema must be a JSON Schema of 'type: \"object\"', got 'type: {}'.", schema["type"])
            }
            schema if !schema["properties"].is_object() => {
                "In context=(), object schema missing properties.".to_owned()
            }
            _ => continue,
        };
        let name = name.as_str().unwrap_or_default();
        return Err(Refusal::bad_schema(format!("Invalid schema for function '{name}': {fault}")));
    }
    Ok(())
}

/// Returns the text of a message, or of its text parts.
fn text(message: &Value) -> String {
    match &message["content"] {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(messages: Value, expected: Option<&str>) {
        let read = Conversation::read(&json!({"messages": messages}));
        assert_eq!(read.ok().map(|conversation| conversation.question).as_deref(), expected);
    }

    #[test]
    fn a_schema_of_arguments_is_that_of_an_object_with_properties() {
        for (parameters, fault) in [
            (json!(null), None),
            (json!({"type": "object", "properties": {}}), None),
            (json!({"type": "object"}), Some("object schema missing properties")),
            (json!({"type": "string"}), Some("must be a JSON Schema of 'type: \"object\"'")),
        ] {
            let tools = json!([{"type": "function", "function": {"name": "f", "parameters": parameters}}]);
            let body = json!({"messages": [{"role": "user", "content": "hi"}], "tools": tools});
            let refusal = Conversation::read(&body).err().map(|refusal| format!("{refusal:?}"));
            assert_eq!(refusal.is_some(), fault.is_some(), "{parameters}");
            assert!(refusal.unwrap_or_default().replace('\\', "").contains(fault.unwrap_or_default()));
        }
    }

    #[test]
    fn the_question_is_what_the_user_said_last() {
        check(json!([{"role": "system", "content": "be"}, {"role": "user", "content": "hi"}]), Some("hi"));
        check(json!([{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]), Some("hi"));
        let parts =
            json!([{"type": "text", "text": "a"}, {"type": "image_url"}, {"type": "text", "text": "b"}]);
        check(json!([{"role": "user", "content": parts}]), Some("ab"));
        check(json!([{"role": "assistant", "content": null}]), Some(""));
        check(json!(null), None);
        check(json!([]), None);
        check(json!(["hi"]), None);
        check(json!("hi"), None);
    }
}
