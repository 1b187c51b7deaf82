//! Chat requests: `POST /chat/completions`.

use std::borrow::Cow;

use catena_core::{Error, ErrorKind, Message, Result};
use serde_json::{Map, Value};

use super::chat_message::encode_messages;
use super::lenient::is_truthy;
use super::request::{Body, encode, refuse_candidates, with_arguments};
use super::response_format::wire_format;
use super::responses::{ResponsesCall, encode_responses, prefers_responses};
use super::temperature::{is_kin, thinks};
use super::tool::{wire_choice, wire_tool};
use crate::chat_api::ChatApi;
use crate::disable_streaming::DisableStreaming;
use crate::parameters::Parameters;

/// The settings of a chat model.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChatOptions {
    pub(crate) model: String,
    pub(crate) parameters: Parameters,
    /// Older and many compatible servers only support `max_tokens` as the token limit.
    pub(crate) legacy_max_tokens: bool,
    pub(crate) stream_usage: bool,
    /// Calls are streamed, and their chunks merged.
    pub(crate) streaming: bool,
    /// Parameters that are sent only if the application sets them.
    pub(crate) disabled: Vec<String>,
    /// Whether to use the Responses API; `None` if it depends on the request.
    pub(crate) use_responses_api: Option<bool>,
    /// Continues answers stored by the service.
    pub(crate) use_previous_response_id: bool,
    /// Answers carry the response headers.
    pub(crate) response_headers: bool,
    /// The member in which chat completions receive earlier reasoning.
    pub(crate) reasoning_echo: Option<String>,
    pub(crate) disable_streaming: DisableStreaming,
}

impl ChatOptions {
    /// Normalises the settings of a new model to the wire format.
    ///
    /// # Errors
    /// `Config` for contradictory settings, `InvalidInput` for a malformed tool or format.
    pub(crate) fn finish(&mut self) -> Result<()> {
        self.parameters.check()?;
        if self.streaming {
            refuse_candidates(&self.parameters)
                .map_err(|error| Error::new(ErrorKind::Config, error.message().to_owned()))?;
        }
        self.fit_temperature();
        normalise(&mut self.parameters.members, self.legacy_max_tokens)
    }

    /// Reasoning models only accept a temperature of 1, and the first of them require it.
    fn fit_temperature(&mut self) {
        let is_disabled = self.is_disabled("temperature");
        let members = &mut self.parameters.members;
        if is_kin(&self.model, "o1") && !is_disabled {
            members.entry("temperature").or_insert_with(|| 1.0.into());
        }
        let other = members.get("temperature").is_some_and(|temperature| temperature.as_f64() != Some(1.0));
        if other && thinks(&self.model, members) {
            members.remove("temperature");
        }
    }

    /// Returns the settings overridden by the arguments of a call.
    ///
    /// # Errors
    /// As for [`finish`](Self::finish), and `Unsupported` for stop sequences with the Responses API.
    pub(crate) fn called(&self, arguments: Option<&Map<String, Value>>) -> Result<Cow<'_, Self>> {
        let Cow::Owned(parameters) = with_arguments(&self.parameters, arguments)? else {
            return Ok(Cow::Borrowed(self));
        };
        let mut called = Self { parameters, ..self.clone() };
        let members = &mut called.parameters.members;
        let names = |name: &str| arguments.is_some_and(|arguments| arguments.contains_key(name));
        if LIMITS.into_iter().any(names) {
            members.retain(|name, _| !LIMITS.contains(&name.as_str()) || names(name));
        }
        settle_effort(members, names);
        if let Some(Value::String(model)) = members.remove("model") {
            called.model = model;
        }
        if let Some(usage) = members.remove("stream_usage") {
            called.stream_usage = usage == true;
        }
        if let Some(wanted) = members.remove("use_responses_api") {
            called.use_responses_api = wanted.as_bool();
        }
        normalise(members, called.legacy_max_tokens)?;
        called.fit_temperature();
        let stops = arguments.and_then(|arguments| arguments.get("stop")).is_some_and(is_truthy);
        // What a call requests is not dropped. What is set on a model is, because its calls may go to either API.
        if stops && called.api() == ChatApi::Responses {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "the Responses API ends answers at no text: do not bind `stop`, or turn `use_responses_api` off",
            ));
        }
        Ok(Cow::Owned(called))
    }

    /// Returns the API that these settings are for.
    pub(crate) fn api(&self) -> ChatApi {
        let needed = || self.use_previous_response_id || prefers_responses(&self.model, &self.parameters);
        if self.use_responses_api.unwrap_or_else(needed) { ChatApi::Responses } else { ChatApi::Completions }
    }

    /// Returns whether a call with these arguments goes without streaming, even if a stream was requested.
    pub(crate) fn streams_at_once(&self, arguments: Option<&Map<String, Value>>) -> bool {
        let has_some = |tools: &Value| tools.as_array().is_some_and(|tools| !tools.is_empty());
        self.disable_streaming.holds(|| {
            let bound = arguments.and_then(|arguments| arguments.get("tools"));
            bound.or(self.parameters.members.get("tools")).is_some_and(has_some)
        })
    }

    /// Returns `true` for a parameter that is sent only if the application sets it.
    pub(crate) fn is_disabled(&self, parameter: &str) -> bool {
        self.disabled.iter().any(|name| name == parameter)
    }

    fn stream_options(&self) -> Option<Map<String, Value>> {
        let wanted = self.stream_usage && !self.is_disabled("stream_options");
        self.parameters.stream_options(wanted)
    }
}

/// The names of the token limit. If several are set, the one that a call names takes precedence.
const LIMITS: [&str; 3] = ["max_tokens", "max_completion_tokens", "max_output_tokens"];

/// Of the two members for the reasoning effort, the one that a call names takes precedence.
fn settle_effort(members: &mut Map<String, Value>, names: impl Fn(&str) -> bool) {
    let of_reasoning = members.get_mut("reasoning").and_then(Value::as_object_mut);
    match (names("reasoning"), names("reasoning_effort"), of_reasoning) {
        (false, true, Some(reasoning)) => _ = reasoning.remove("effort"),
        (true, false, Some(reasoning)) if reasoning.contains_key("effort") => {
            members.remove("reasoning_effort");
        }
        _ => {}
    }
}

/// Converts members to the wire format. Those that already have it remain unchanged.
fn normalise(members: &mut Map<String, Value>, legacy_max_tokens: bool) -> Result<()> {
    let strict = members.remove("strict").and_then(|strict| strict.as_bool());
    if !legacy_max_tokens && let Some(limit) = members.remove("max_tokens") {
        members.entry("max_completion_tokens").or_insert(limit);
    }
    let mut tools = Vec::new();
    match members.remove("tools") {
        None | Some(Value::Null) => {}
        Some(Value::Array(given)) => {
            tools = given.iter().map(|tool| wire_tool(tool, strict)).collect::<Result<_>>()?;
        }
        Some(_) => return Err(Error::new(ErrorKind::InvalidInput, "`tools` is a list of tools")),
    }
    if let Some(choice) = members.remove("tool_choice").and_then(|choice| wire_choice(&choice, &tools)) {
        members.insert("tool_choice".to_owned(), choice);
    }
    if !tools.is_empty() {
        members.insert("tools".to_owned(), tools.into());
    }
    if let Some(format) = members.get_mut("response_format") {
        *format = wire_format(format, strict)?;
    }
    Ok(())
}

/// Encodes a request to this API, which is the one that the settings are [for](ChatOptions::api).
///
/// # Errors
/// `InvalidInput` if there is no message, `Unsupported` for a kind of message, or a setting, that cannot be sent.
pub(crate) fn encode_for_api(
    api: ChatApi,
    options: &ChatOptions,
    messages: &[Message],
    stream: bool,
) -> Result<Vec<u8>> {
    match api {
        ChatApi::Completions => encode_chat(options, messages, stream),
        ChatApi::Responses => encode_responses(ResponsesCall {
            model: &options.model,
            parameters: &options.parameters,
            messages,
            continues: options.use_previous_response_id,
            stream,
        }),
    }
}

/// Encodes a request to chat completions.
///
/// # Errors
/// `InvalidInput` if there is no message, `Unsupported` for a kind of message that cannot be sent.
pub(crate) fn encode_chat(options: &ChatOptions, messages: &[Message], stream: bool) -> Result<Vec<u8>> {
    if messages.is_empty() {
        return Err(Error::new(ErrorKind::InvalidInput, "a chat model needs at least one message"));
    }
    if stream {
        refuse_candidates(&options.parameters)?;
    }
    let system = if is_reasoning_model(&options.model) { "developer" } else { "system" };
    encode(&Body {
        input: ("messages", encode_messages(messages, system, options.reasoning_echo.as_deref())?),
        model: &options.model,
        parameters: &without_what_lacks_tools(&options.parameters),
        stream: stream.then(|| options.stream_options()),
    })
}

/// Removes the parameter that the service rejects without tools. A model may be configured with it and be given tools
/// only in some calls.
fn without_what_lacks_tools(parameters: &Parameters) -> Cow<'_, Parameters> {
    let name = "parallel_tool_calls";
    let tools = parameters.get("tools");
    if tools.is_some_and(is_truthy) || !parameters.members.contains_key(name) {
        return Cow::Borrowed(parameters);
    }
    let mut sent = parameters.clone();
    sent.members.remove(name);
    Cow::Owned(sent)
}

/// Returns true for o1, o3 and related models, which call system messages developer messages.
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

    fn members(members: Value) -> Map<String, Value> {
        members.as_object().cloned().expect("an object")
    }

    /// Checks what is sent beside the model's name and the messages.
    #[track_caller]
    fn check_members(name: &str, set: Value, arguments: Value, expected: Value) {
        let mut options = model(name);
        options.parameters.members = members(set);
        options.finish().expect("good settings");
        let called = options.called(Some(&members(arguments))).expect("good arguments");
        let body = encode_chat(&called, &hi(), false).expect("a body");
        let mut body = members(serde_json::from_slice(&body).expect("JSON"));
        body.remove("model");
        body.remove("messages");
        assert_eq!(Value::from(body), expected);
    }

    #[test]
    fn arguments_of_a_call_replace_settings() {
        let set = json!({"temperature": 0.1, "top_p": 0.5, "stop": ["A"]});
        let same = json!({"temperature": 0.1, "top_p": 0.5, "stop": ["A"]});
        check_members("m", set.clone(), json!({}), same);
        let arguments = json!({"temperature": 0, "stop": [], "top_k": 3, "seed": null, "ls_format": "x"});
        let expected = json!({"temperature": 0, "top_p": 0.5, "top_k": 3, "seed": null});
        check_members("m", set, arguments, expected);
        check_members("m", json!({"stop": "A"}), json!({"stop": null}), json!({"stop": "A"}));
        let arguments = json!({"extra_body": {"max_tokens": 2}, "max_tokens": 3});
        check_members(
            "m",
            json!({"max_tokens": 5}),
            arguments,
            json!({"max_tokens": 2, "max_completion_tokens": 3}),
        );
        check_members("m", json!({}), json!({"max_tokens": 3}), json!({"max_completion_tokens": 3}));
        for bound in [
            json!({"stream": true}),
            json!({"extra_body": {"stream": true}}),
            json!({"model_kwargs": {"stream": false}}),
        ] {
            let error = model("m").called(Some(&members(bound))).expect_err("not a matter of arguments");
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
        let bound = members(json!({"model": "o3"}));
        assert_eq!(model("m").called(Some(&bound)).expect("good").model, "o3");
    }

    #[test]
    fn what_is_bound_counts_under_whatever_name() {
        for (set, arguments, expected) in [
            (json!({"max_tokens": 5}), json!({"max_output_tokens": 3}), json!({"max_output_tokens": 3})),
            (json!({"max_output_tokens": 5}), json!({"max_tokens": 3}), json!({"max_output_tokens": 3})),
            (json!({"max_tokens": 5}), json!({"max_tokens": 3}), json!({"max_output_tokens": 3})),
            (
                json!({"reasoning": {"effort": "low", "summary": "auto"}}),
                json!({"reasoning_effort": "high"}),
                json!({"reasoning": {"effort": "high", "summary": "auto"}}),
            ),
            (
                json!({"reasoning_effort": "low"}),
                json!({"reasoning": {"effort": "high"}}),
                json!({"reasoning": {"effort": "high"}}),
            ),
            (
                json!({"reasoning_effort": "low"}),
                json!({"reasoning": {"summary": "auto"}}),
                json!({"reasoning": {"effort": "low", "summary": "auto"}}),
            ),
        ] {
            let mut options = ChatOptions { use_responses_api: Some(true), ..model("m") };
            options.parameters.members = members(set);
            options.finish().expect("good settings");
            let called = options.called(Some(&members(arguments))).expect("good arguments");
            let body = encode_for_api(called.api(), &called, &hi(), false).expect("a body");
            let mut body = members(serde_json::from_slice(&body).expect("JSON"));
            body.retain(|name, _| name != "model" && name != "input");
            assert_eq!(Value::from(body), expected);
        }
        check_members(
            "m",
            json!({"max_tokens": 5}),
            json!({"max_completion_tokens": 3}),
            json!({"max_completion_tokens": 3}),
        );
        check_members(
            "gpt-5.1",
            json!({"reasoning_effort": "low"}),
            json!({"reasoning": {"effort": "none"}, "temperature": 0.3}),
            json!({"reasoning": {"effort": "none"}, "temperature": 0.3}),
        );
    }

    #[test]
    fn tools_and_formats_are_brought_into_form() {
        let tool = json!({"name": "f", "parameters": {"type": "object", "properties": {}}});
        let wire = json!({"type": "function", "function": tool});
        check_members("m", json!({}), json!({"tools": [tool]}), json!({"tools": [wire]}));
        let chosen = json!({"type": "function", "function": {"name": "f"}});
        let sent = json!({"tools": [wire], "tool_choice": chosen});
        check_members("m", json!({"tools": [tool], "tool_choice": "f"}), json!({"seed": null}), {
            let mut sent = sent.clone();
            sent["seed"] = Value::Null;
            sent
        });
        check_members("m", json!({"tools": [tool]}), json!({"tool_choice": "f"}), sent);
        let format = json!({"title": "P", "type": "object"});
        let wire = json!({"type": "json_schema", "json_schema": {
            "name": "P", "strict": true, "schema": {"type": "object", "additionalProperties": false}}});
        let arguments = json!({"response_format": format, "strict": true});
        check_members("m", json!({}), arguments, json!({"response_format": wire}));
        check_members("m", json!({}), json!({"tools": [], "tool_choice": false}), json!({}));
    }

    #[test]
    fn what_is_about_tools_is_sent_with_tools_only() {
        let tool = json!({"name": "f", "parameters": {"type": "object", "properties": {}}});
        let wire = json!({"type": "function", "function": tool});
        let parallel = json!({"parallel_tool_calls": false});
        check_members("m", parallel.clone(), json!({}), json!({}));
        check_members("m", parallel.clone(), json!({"tools": []}), json!({}));
        let sent = json!({"tools": [wire], "parallel_tool_calls": false});
        check_members("m", parallel.clone(), json!({"tools": [tool]}), sent.clone());
        check_members("m", parallel.clone(), json!({"extra_body": {"tools": [wire]}}), sent);
        check_members("m", json!({}), json!({"extra_body": parallel}), parallel);
    }

    #[test]
    fn reasoning_models_have_their_temperature() {
        for (name, set, expected) in [
            ("o1-mini", json!({}), json!({"temperature": 1.0})),
            ("o1", json!({"temperature": 0.5}), json!({"temperature": 0.5})),
            ("o3-mini", json!({}), json!({})),
            ("gpt-5-nano", json!({"temperature": 0.3}), json!({})),
            ("GPT-5", json!({"temperature": 1}), json!({"temperature": 1})),
            ("gpt-5-chat-latest", json!({"temperature": 0.3}), json!({"temperature": 0.3})),
            (
                "gpt-5",
                json!({"temperature": 0.3, "reasoning_effort": "none"}),
                json!({"temperature": 0.3, "reasoning_effort": "none"}),
            ),
        ] {
            check_members(name, set, json!({}), expected);
        }
        let mut options = ChatOptions { disabled: vec!["temperature".into()], ..model("o1") };
        options.finish().expect("good settings");
        assert!(options.parameters.members.is_empty());
    }

    #[test]
    fn reasoning_models_of_a_call_have_their_temperature() {
        for (name, set, arguments, expected) in [
            ("gpt-5", json!({}), json!({"temperature": 0.3}), json!({})),
            ("m", json!({"temperature": 0.3}), json!({"model": "gpt-5-mini"}), json!({})),
            ("m", json!({}), json!({"model": "o1"}), json!({"temperature": 1.0})),
            (
                "gpt-5.1",
                json!({"reasoning_effort": "none"}),
                json!({"temperature": 0.3}),
                json!({"temperature": 0.3, "reasoning_effort": "none"}),
            ),
            ("m", json!({}), json!({"temperature": 0.3}), json!({"temperature": 0.3})),
        ] {
            check_members(name, set, arguments, expected);
        }
    }

    #[test]
    fn a_stop_of_a_call_is_not_left_out() {
        let called = |set: Value, arguments: Value| {
            let mut options = ChatOptions { use_responses_api: Some(true), ..model("m") };
            options.parameters.members = members(set);
            options.called(Some(&members(arguments))).map(|called| called.api()).map_err(|error| error.kind())
        };
        for arguments in
            [json!({"stop": ["x"]}), json!({"stop": "x"}), json!({"stop": "x", "model": "gpt-5-codex"})]
        {
            assert_eq!(called(json!({}), arguments), Err(ErrorKind::Unsupported));
        }
        for arguments in [json!({"stop": []}), json!({"stop": null}), json!({"top_p": 1})] {
            assert_eq!(called(json!({"stop": ["x"]}), arguments), Ok(ChatApi::Responses));
        }
        let arguments = json!({"stop": "x", "use_responses_api": false});
        assert_eq!(called(json!({}), arguments), Ok(ChatApi::Completions));
    }

    #[test]
    fn a_stream_is_of_one_answer_and_says_what_it_used_if_asked() {
        let mut options = ChatOptions { stream_usage: true, ..model("m") };
        let wire = |stream_options: Value| {
            json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": true,
                "stream_options": stream_options})
        };
        check(&options, &hi(), true, wire(json!({"include_usage": true})));
        options.parameters.set("stream_options", json!({"include_obfuscation": false}));
        check(&options, &hi(), true, wire(json!({"include_usage": true, "include_obfuscation": false})));
        check(&options, &hi(), false, json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}]}));
        options.parameters.set("n", 2);
        let error = encode_chat(&options, &hi(), true).expect_err("two answers");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        options.streaming = true;
        assert_eq!(options.finish().expect_err("two answers").kind(), ErrorKind::Config);
        options.parameters.set("n", 0);
        assert_eq!(options.finish().expect_err("no answer").kind(), ErrorKind::Config);
    }

    #[test]
    fn extra_members_override() {
        let mut options = model("m");
        options.parameters.set("temperature", 1);
        options.parameters.extra = members(json!({"top_k": 5, "model": "other", "temperature": null}));
        let wire = json!({
            "model": "other", "top_k": 5, "temperature": null, "messages": [{"role": "user", "content": "Hi"}],
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
