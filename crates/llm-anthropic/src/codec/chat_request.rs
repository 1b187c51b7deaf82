//! Chat requests: `POST /v1/messages`.

use std::borrow::Cow;

use catena_core::{Error, ErrorKind, Message, Result};
use catena_http::service::Call;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::chat_message::{Conversation, encode_messages};
use super::wire_members::Wire;
use crate::parameters::Parameters;

/// The settings of a chat model.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChatOptions {
    pub(crate) model: String,
    pub(crate) parameters: Parameters,
    /// The names of beta features.
    pub(crate) betas: Vec<String>,
    /// Whether the model accepts system messages within a conversation.
    pub(crate) system_turns: bool,
    /// Calls are streamed, and their chunks merged.
    pub(crate) streaming: bool,
    /// The parameters in wire format.
    pub(crate) wire: Wire,
}

/// A request, and what is needed to decode its answer.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) body: Vec<u8>,
    /// Whether texts of the answer may have citations.
    pub(crate) cited: bool,
}

impl ChatOptions {
    /// Converts the settings to wire format.
    ///
    /// # Errors
    /// `Config` for what JSON cannot represent, `Unsupported` for what the service does not support, `InvalidInput` for
    /// a malformed tool or format.
    pub(crate) fn finish(&mut self) -> Result<()> {
        self.parameters.check()?;
        self.wire = Wire::of(self.parameters.members.clone(), &self.parameters.extra, &self.betas)?;
        Ok(())
    }

    /// Returns the settings overridden by the arguments of a call.
    ///
    /// # Errors
    /// As for [`finish`](Self::finish).
    pub(crate) fn called(&self, arguments: Option<&Map<String, Value>>) -> Result<Cow<'_, Self>> {
        let Some(arguments) = arguments.filter(|arguments| !arguments.is_empty()) else {
            return Ok(Cow::Borrowed(self));
        };
        let mut called = self.clone();
        let Parameters { members, extra, .. } = &mut called.parameters;
        for (name, value) in arguments {
            match (name.as_str(), value) {
                ("stream", _) => {
                    let message = "`stream` cannot be bound: it is set by the method that is called";
                    return Err(Error::new(ErrorKind::InvalidInput, message));
                }
                ("extra_body" | "model_kwargs", Value::Object(_)) => {}
                ("model", Value::String(model)) => called.model.clone_from(model),
                // Tracing arguments are not meant for the service.
                (name, _) if name.starts_with("ls_") || Call::ARGUMENTS.contains(&name) => {}
                (name, value) => {
                    extra.remove(name);
                    members.insert(name.to_owned(), value.clone());
                }
            }
        }
        // Extra members take precedence, whatever the order of the arguments.
        for name in ["model_kwargs", "extra_body"] {
            extra.extend(arguments.get(name).and_then(Value::as_object).cloned().into_iter().flatten());
        }
        called.finish()?;
        Ok(Cow::Owned(called))
    }

    /// Returns everything that shapes an answer, for comparing models.
    pub(crate) fn described(&self, base_url: &str) -> Map<String, Value> {
        let facts = [("base_url", base_url), ("model", &*self.model)];
        let facts = facts.into_iter().map(|(name, value)| (name.to_owned(), value.into()));
        let betas =
            (!self.wire.betas.is_empty()).then(|| ("betas".to_owned(), self.wire.betas.clone().into()));
        facts.chain(self.wire.members.clone()).chain(self.parameters.extra.clone()).chain(betas).collect()
    }
}

/// A request body: its own members, parameters, and extra members, which override others of the same name.
struct Body<'a> {
    options: &'a ChatOptions,
    conversation: &'a Conversation<'a>,
    /// The only parameters to send, if not all.
    only: Option<&'static [&'static str]>,
    stream: bool,
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ChatOptions { model, parameters: Parameters { extra, .. }, wire, .. } = self.options;
        let wanted = |name: &str| self.only.is_none_or(|only| only.contains(&name));
        let own = |name: &str| !extra.contains_key(name);
        let mut body = serializer.serialize_map(None)?;
        if own("model") {
            body.serialize_entry("model", model)?;
        }
        if let (Some(system), true) = (&self.conversation.system, own("system")) {
            body.serialize_entry("system", system)?;
        }
        if own("messages") {
            body.serialize_entry("messages", &self.conversation.turns)?;
        }
        let members = wire.members.iter().filter(|(name, _)| own(name) && wanted(name));
        // Only a call may be streamed.
        let extra = extra
            .iter()
            .filter(|(name, _)| wanted(name) || matches!(name.as_str(), "model" | "system" | "messages"));
        for (name, value) in members.chain(extra) {
            body.serialize_entry(name, value)?;
        }
        if self.stream {
            body.serialize_entry("stream", &true)?;
        }
        body.end()
    }
}

/// Encodes a request for an answer.
///
/// # Errors
/// `InvalidInput` for a conversation that the service does not accept, `Unsupported` for messages and content that
/// cannot be sent.
pub(crate) fn encode_chat(options: &ChatOptions, messages: &[Message], stream: bool) -> Result<Request> {
    encode(options, messages, None, stream)
}

/// Encodes a request with only some of the parameters.
///
/// # Errors
/// As for [`encode_chat`].
pub(super) fn encode(
    options: &ChatOptions,
    messages: &[Message],
    only: Option<&'static [&'static str]>,
    stream: bool,
) -> Result<Request> {
    let conversation = encode_messages(messages, options.system_turns)?;
    let body = serde_json::to_vec(&Body { options, conversation: &conversation, only, stream });
    let body = body.map_err(|error| {
        Error::new(ErrorKind::InvalidInput, format!("the request cannot be serialized as JSON: {error}"))
    })?;
    Ok(Request { body, cited: conversation.cited || options.wire.searches })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn members(members: Value) -> Map<String, Value> {
        members.as_object().cloned().expect("an object")
    }

    fn options(set: Value) -> ChatOptions {
        let mut options = ChatOptions { model: "m".into(), ..ChatOptions::default() };
        options.parameters.members = members(set);
        options.finish().expect("good settings");
        options
    }

    /// What is sent beside the messages.
    fn sent(options: &ChatOptions, stream: bool) -> Map<String, Value> {
        let request = encode_chat(options, &[Message::human("Hi")], stream).expect("a request");
        let mut body = members(serde_json::from_slice(&request.body).expect("JSON"));
        assert_eq!(body.remove("messages"), Some(json!([{"role": "user", "content": "Hi"}])));
        body
    }

    /// Checks what is sent beside model and messages.
    #[track_caller]
    fn check(set: Value, arguments: Value, expected: Value) {
        let options = options(set);
        let called = options.called(Some(&members(arguments))).expect("good arguments");
        let mut body = sent(&called, false);
        assert_eq!(body.remove("model"), Some("m".into()));
        assert_eq!(Value::from(body), expected);
    }

    #[test]
    fn what_is_not_set_is_not_sent_but_the_limit() {
        assert_eq!(Value::from(sent(&options(json!({})), false)), json!({"model": "m", "max_tokens": 4096}));
        let streamed = json!({"model": "m", "max_tokens": 4096, "stream": true});
        assert_eq!(Value::from(sent(&options(json!({})), true)), streamed);
        check(
            json!({"thinking": {"type": "enabled", "budget_tokens": 2000}}),
            json!({}),
            json!({"max_tokens": 6096, "thinking": {"type": "enabled", "budget_tokens": 2000}}),
        );
    }

    #[test]
    fn arguments_have_the_names_of_openai_or_of_the_service() {
        let set = json!({"temperature": 0.1, "stop_sequences": ["A"], "max_tokens": 5});
        check(set.clone(), json!({}), set.clone());
        check(
            set.clone(),
            json!({"temperature": null, "stop": "B", "max_completion_tokens": 9, "ls_format": 1, "timeout": 3}),
            json!({"stop_sequences": ["B"], "max_tokens": 9}),
        );
        check(set.clone(), json!({"stop": []}), json!({"temperature": 0.1, "max_tokens": 5}));
        check(
            json!({}),
            json!({"user": "ada", "reasoning_effort": "low", "top_k": 3, "new_member": [1], "stream_options": {}}),
            json!({"max_tokens": 4096, "metadata": {"user_id": "ada"}, "output_config": {"effort": "low"}, "top_k": 3,
                "new_member": [1]}),
        );
        check(
            json!({"max_tokens": 5}),
            json!({"extra_body": {"max_tokens": 2, "x": 1}, "max_tokens": 3}),
            json!({"max_tokens": 2, "x": 1}),
        );
        let options = options(json!({}));
        let called = options.called(Some(&members(json!({"model": "other", "betas": ["b"]})))).expect("good");
        assert_eq!((called.model.as_str(), called.wire.betas.as_slice()), ("other", &["b".to_owned()][..]));
        assert_eq!(sent(&called, false)["model"], "other");
    }

    #[test]
    fn tools_and_formats_are_brought_into_form() {
        let tool = json!({"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}});
        let wire = json!({"name": "f", "input_schema": {"type": "object", "properties": {}}});
        check(
            json!({"parallel_tool_calls": false}),
            json!({"tools": [tool], "tool_choice": "f"}),
            json!({"max_tokens": 4096, "tools": [wire],
                "tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": true}}),
        );
        check(json!({"parallel_tool_calls": false}), json!({}), json!({"max_tokens": 4096}));
        check(json!({"tools": [tool]}), json!({"tools": []}), json!({"max_tokens": 4096}));
        let schema = json!({"type": "object", "properties": {}, "additionalProperties": false});
        check(
            json!({"effort": "high"}),
            json!({"response_format": {"type": "json_schema", "json_schema": {"name": "P", "schema": schema}}}),
            json!({"max_tokens": 4096,
                "output_config": {"effort": "high", "format": {"type": "json_schema", "schema": schema}}}),
        );
    }

    #[test]
    fn what_cannot_be_asked_for_is_refused() {
        for (argument, refused) in [
            (json!({"seed": 0}), true),
            (json!({"seed": null}), false),
            (json!({"n": 1}), false),
            (json!({"n": 2}), true),
            (
                json!({"logprobs": false, "presence_penalty": 0.0, "logit_bias": {}, "modalities": ["text"]}),
                false,
            ),
            (json!({"logprobs": true}), true),
            (json!({"frequency_penalty": 0.5}), true),
            (json!({"modalities": ["text", "audio"]}), true),
            (json!({"response_format": {"type": "json_object"}}), true),
            (json!({"tools": [{"name": "f"}], "tool_choice": "any", "thinking": {"type": "adaptive"}}), true),
            (
                json!({"tools": [{"name": "f"}], "tool_choice": "auto", "thinking": {"type": "adaptive"}}),
                false,
            ),
        ] {
            let kind =
                options(json!({})).called(Some(&members(argument.clone()))).err().map(|error| error.kind());
            assert_eq!(kind, refused.then_some(ErrorKind::Unsupported), "{argument}");
        }
        for (argument, kind) in [
            (json!({"stream": true}), ErrorKind::InvalidInput),
            (json!({"tools": "f"}), ErrorKind::InvalidInput),
        ] {
            let error = options(json!({})).called(Some(&members(argument))).expect_err("an error");
            assert_eq!(error.kind(), kind);
        }
        let mut odd = ChatOptions::default();
        odd.parameters.set_number("temperature", f64::NAN);
        assert_eq!(odd.finish().expect_err("not a number").kind(), ErrorKind::Config);
        let mut streamed = ChatOptions::default();
        streamed.parameters.extra.insert("stream".to_owned(), true.into());
        assert_eq!(streamed.finish().expect_err("not a setting").kind(), ErrorKind::Config);
    }

    #[test]
    fn extra_members_override() {
        let mut options = options(json!({"temperature": 1}));
        options.parameters.extra = members(json!({"model": "other", "temperature": 0, "system": "S"}));
        let expected = json!({"model": "other", "max_tokens": 4096, "temperature": 0, "system": "S"});
        assert_eq!(Value::from(sent(&options, false)), expected);
    }

    #[test]
    fn answers_may_be_cited_where_there_is_something_to_cite() {
        let cited = |set: Value, block: Value| {
            let message: Message =
                serde_json::from_value(json!({"type": "human", "content": [block]})).expect("a message");
            encode_chat(&options(set), &[message], false).expect("a request").cited
        };
        let text = json!({"type": "text", "text": "Hi"});
        assert!(!cited(json!({}), text.clone()));
        assert!(!cited(json!({"tools": [{"name": "f"}]}), text.clone()));
        assert!(cited(
            json!({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}),
            text.clone()
        ));
        assert!(cited(json!({"mcp_servers": []}), text));
        let document =
            |citations: Value| json!({"type": "text-plain", "text": "x", "extras": {"citations": citations}});
        assert!(cited(json!({}), document(json!({"enabled": true}))));
        assert!(!cited(json!({}), document(json!({"enabled": false}))));
    }

    #[test]
    fn counting_takes_only_what_is_read() {
        let options = options(json!({"temperature": 1, "tools": [{"name": "f"}], "tool_choice": "auto"}));
        let request =
            super::super::count_tokens::encode_count(&options, &[Message::human("Hi")]).expect("a request");
        let body: Value = serde_json::from_slice(&request.body).expect("JSON");
        let names: Vec<_> = body.as_object().expect("an object").keys().cloned().collect();
        assert_eq!(names, ["messages", "model", "tool_choice", "tools"]);
    }
}
