//! Maps the settings of a call, under names shared by all providers, to members of a request.

use catena_core::{Error, ErrorKind, Result};
use serde_json::{Map, Value, json};

use super::response_format::set_response_format;
use super::tool::Tools;
use super::tool_choice::tool_config;

/// Members of `generationConfig`, by their names here and on the wire.
const GENERATION: [(&str, &str); 21] = [
    ("temperature", "temperature"),
    ("top_p", "topP"),
    ("top_k", "topK"),
    ("max_tokens", "maxOutputTokens"),
    ("max_completion_tokens", "maxOutputTokens"),
    ("max_output_tokens", "maxOutputTokens"),
    ("n", "candidateCount"),
    ("candidate_count", "candidateCount"),
    ("seed", "seed"),
    ("presence_penalty", "presencePenalty"),
    ("frequency_penalty", "frequencyPenalty"),
    ("top_logprobs", "logprobs"),
    ("response_logprobs", "responseLogprobs"),
    ("response_mime_type", "responseMimeType"),
    ("response_schema", "responseSchema"),
    ("response_json_schema", "responseJsonSchema"),
    ("response_modalities", "responseModalities"),
    ("modalities", "responseModalities"),
    ("media_resolution", "mediaResolution"),
    ("speech_config", "speechConfig"),
    ("image_config", "imageConfig"),
];

/// Members of its `thinkingConfig`.
const THINKING: [(&str, &str); 3] = [
    ("thinking_budget", "thinkingBudget"),
    ("include_thoughts", "includeThoughts"),
    ("thinking_level", "thinkingLevel"),
];

/// Members of the request itself.
const BODY: [(&str, &str); 3] =
    [("cached_content", "cachedContent"), ("service_tier", "serviceTier"), ("tool_config", "toolConfig")];

/// Parameters of other services.
const UNSUPPORTED: [&str; 11] = [
    "logit_bias",
    "user",
    "functions",
    "function_call",
    "prediction",
    "web_search_options",
    "verbosity",
    "audio",
    "metadata",
    "prompt_cache_key",
    "safety_identifier",
];

/// Settings that are not part of the body; the last always holds for this service's streams.
const NOT_SENT: [&str; 4] = ["extra_headers", "extra_query", "timeout", "stream_options"];

/// Settings being assembled into a request.
#[derive(Debug, Default)]
pub(super) struct Settings {
    schema_subset: bool,
    generation: Map<String, Value>,
    thinking: Map<String, Value>,
    effort: Option<String>,
    tools: Tools,
    tool_choice: Option<Value>,
    strict: bool,
    body: Map<String, Value>,
}

impl Settings {
    pub(super) fn new(schema_subset: bool) -> Self {
        Self { schema_subset, ..Self::default() }
    }

    /// Sets a member by its shared name, its name on the wire, or an unknown name, which goes into the body unchanged.
    /// `null` has no effect.
    ///
    /// # Errors
    /// `Unsupported` for what the service does not support, `InvalidInput` for invalid values.
    pub(super) fn set(&mut self, name: &str, value: &Value) -> Result<()> {
        if value.is_null() || NOT_SENT.contains(&name) {
            return Ok(());
        }
        self.set_member(name, value)
    }

    fn set_member(&mut self, name: &str, value: &Value) -> Result<()> {
        match name {
            "stop" | "stop_sequences" | "stopSequences" => {
                self.generation.insert("stopSequences".to_owned(), stop(value)?);
            }
            "logprobs" => {
                self.generation.insert("responseLogprobs".to_owned(), (*value != false).into());
                if value.is_u64() {
                    self.generation.insert("logprobs".to_owned(), value.clone());
                }
            }
            "reasoning_effort" => self.effort = value.as_str().map(str::to_owned),
            "response_format" => set_response_format(value, self.schema_subset, &mut self.generation)?,
            "tools" => self.tools = Tools::read(value, self.schema_subset)?,
            "tool_choice" => self.tool_choice = Some(value.clone()),
            "strict" => self.strict = *value == true,
            "parallel_tool_calls" if *value == false => {
                return Err(unsupported("Gemini models do not support turning off parallel tool calls"));
            }
            "parallel_tool_calls" => {}
            "safety_settings" | "safetySettings" => {
                self.body.insert("safetySettings".to_owned(), safety(value));
            }
            "generation_config" | "generationConfig" => self.generation.extend(object(name, value)?),
            "extra_body" => {
                for (name, value) in object(name, value)? {
                    self.set_raw(&name, value)?;
                }
            }
            "stream" | "contents" | "systemInstruction" => {
                let message = format!("`{name}` cannot be set: it is determined by the call");
                return Err(Error::new(ErrorKind::InvalidInput, message));
            }
            _ if UNSUPPORTED.contains(&name) => {
                return Err(unsupported(format!("Gemini models do not support `{name}`")));
            }
            _ => self.set_by_table(name, value),
        }
        Ok(())
    }

    fn set_by_table(&mut self, name: &str, value: &Value) {
        for (table, into) in [
            (GENERATION.as_slice(), &mut self.generation),
            (THINKING.as_slice(), &mut self.thinking),
            (BODY.as_slice(), &mut self.body),
        ] {
            if let Some((_, wire)) = table.iter().find(|(known, wire)| *known == name || *wire == name) {
                into.insert((*wire).to_owned(), value.clone());
                return;
            }
        }
        self.body.insert(name.to_owned(), value.clone());
    }

    /// Sets a member of the body, unchanged.
    pub(super) fn set_raw(&mut self, name: &str, value: Value) -> Result<()> {
        match name {
            "generationConfig" => self.set_member(name, &value),
            "stream" | "contents" | "systemInstruction" => self.set_member(name, &value),
            _ => {
                self.body.insert(name.to_owned(), value);
                Ok(())
            }
        }
    }

    /// Returns the number of answers requested.
    pub(super) fn candidates(&self) -> u64 {
        self.generation.get("candidateCount").and_then(Value::as_u64).unwrap_or(1)
    }

    /// Returns the members of a request to this model.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub(super) fn into_members(mut self, model: &str) -> Result<Map<String, Value>> {
        if let Some(effort) = self.effort.take() {
            let (name, value) = thinking_of(&effort, model)?;
            self.thinking.entry(name).or_insert(value);
        }
        if !self.thinking.is_empty() {
            // Merged with what a complete `generationConfig` contains.
            let thinking = self.generation.entry("thinkingConfig").or_insert_with(|| json!({}));
            if let Value::Object(members) = thinking {
                members.extend(self.thinking);
            }
        }
        let mut members = Map::new();
        if !self.generation.is_empty() {
            members.insert("generationConfig".to_owned(), self.generation.into());
        }
        if let Some(config) = tool_config(self.tool_choice.as_ref(), self.strict, &self.tools)? {
            members.insert("toolConfig".to_owned(), config);
        }
        members.extend(self.tools.into_wire().map(|tools| ("tools".to_owned(), tools)));
        members.extend(self.body);
        Ok(members)
    }
}

fn stop(value: &Value) -> Result<Value> {
    match value {
        Value::String(text) => Ok(json!([text])),
        Value::Array(_) => Ok(value.clone()),
        _ => Err(Error::new(ErrorKind::InvalidInput, "`stop` must be a string or an array of strings")),
    }
}

/// Converts a mapping of categories to thresholds into a list.
fn safety(value: &Value) -> Value {
    let Value::Object(settings) = value else { return value.clone() };
    settings
        .iter()
        .map(|(category, threshold)| json!({ "category": category, "threshold": threshold }))
        .collect()
}

fn object(name: &str, value: &Value) -> Result<Map<String, Value>> {
    value
        .as_object()
        .cloned()
        .ok_or_else(|| Error::new(ErrorKind::InvalidInput, format!("`{name}` must be an object")))
}

/// Converts an effort to a thinking level, or to a token budget for the models before levels. The numbers are those of
/// Google's own OpenAI-compatible endpoint.
fn thinking_of(effort: &str, model: &str) -> Result<(String, Value)> {
    let by_tokens = model.rsplit('/').next().is_some_and(|name| name.starts_with("gemini-2"));
    let budget = |tokens: u32| Ok(("thinkingBudget".to_owned(), tokens.into()));
    match (effort, by_tokens) {
        ("none", _) => budget(0),
        ("minimal" | "low", true) => budget(1024),
        ("medium", true) => budget(8192),
        ("high", true) => budget(24_576),
        ("minimal" | "low" | "medium" | "high", false) => Ok(("thinkingLevel".to_owned(), effort.into())),
        _ => Err(unsupported(format!("Gemini models do not support the `reasoning_effort` `{effort:.40}`"))),
    }
}

fn unsupported(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(settings: Value, model: &str) -> Result<Value> {
        let mut read = Settings::new(false);
        for (name, value) in settings.as_object().expect("settings") {
            read.set(name, value)?;
        }
        read.into_members(model).map(Value::from)
    }

    #[track_caller]
    fn check(settings: Value, expected: Value) {
        assert_eq!(members(settings.clone(), "gemini-2.5-pro").expect("members"), expected, "{settings}");
    }

    #[test]
    fn common_names_become_those_of_the_wire() {
        check(
            json!({"temperature": 0.5, "top_p": 0.9, "top_k": 40, "max_tokens": 10, "n": 2, "seed": 7, "stop": "END",
                "presence_penalty": 0.1, "frequency_penalty": 0.2, "logprobs": true, "top_logprobs": 3}),
            json!({"generationConfig": {"temperature": 0.5, "topP": 0.9, "topK": 40, "maxOutputTokens": 10,
                "candidateCount": 2, "seed": 7, "stopSequences": ["END"], "presencePenalty": 0.1, "frequencyPenalty": 0.2,
                "responseLogprobs": true, "logprobs": 3}}),
        );
        check(
            json!({"max_completion_tokens": 5, "stop": ["a", "b"]}),
            json!({"generationConfig": {"maxOutputTokens": 5, "stopSequences": ["a", "b"]}}),
        );
        check(
            json!({"maxOutputTokens": 5, "logprobs": 2}),
            json!({"generationConfig": {"maxOutputTokens": 5, "responseLogprobs": true, "logprobs": 2}}),
        );
        check(
            json!({"temperature": null, "parallel_tool_calls": true, "timeout": 3, "stream_options": {}}),
            json!({}),
        );
    }

    #[test]
    fn the_rest_goes_where_it_belongs() {
        check(
            json!({"thinking_budget": 100, "generationConfig": {"thinkingConfig": {"includeThoughts": true}, "x": 1}}),
            json!({"generationConfig": {"thinkingConfig": {"thinkingBudget": 100, "includeThoughts": true}, "x": 1}}),
        );
        check(
            json!({"safety_settings": {"HARM_CATEGORY_HARASSMENT": "BLOCK_NONE"}, "cached_content": "cachedContents/1",
                "labels": {"a": "b"}, "extra_body": {"new": 1, "generationConfig": {"y": 2}}}),
            json!({"safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
                "cachedContent": "cachedContents/1", "labels": {"a": "b"}, "new": 1, "generationConfig": {"y": 2}}),
        );
        check(
            json!({"tools": [{"name": "f"}], "tool_choice": "f"}),
            json!({"tools": [{"functionDeclarations": [{"name": "f"}]}],
                "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}}}),
        );
        let validated = json!({"tools": [{"functionDeclarations": [{"name": "f"}]}],
            "toolConfig": {"functionCallingConfig": {"mode": "VALIDATED"}}});
        check(
            json!({"tools": [{"type": "function", "function": {"name": "f", "strict": true}}]}),
            validated.clone(),
        );
        check(json!({"tools": [{"name": "f"}], "strict": true}), validated);
        check(json!({"strict": true}), json!({}));
    }

    #[test]
    fn effort_is_a_budget_or_a_level() {
        for (model, effort, expected) in [
            ("gemini-2.5-flash", "none", json!({"thinkingBudget": 0})),
            ("models/gemini-2.5-flash", "medium", json!({"thinkingBudget": 8192})),
            ("gemini-3-pro-preview", "high", json!({"thinkingLevel": "high"})),
        ] {
            let members = members(json!({"reasoning_effort": effort}), model).expect("members");
            assert_eq!(members["generationConfig"]["thinkingConfig"], expected, "{model}");
        }
    }

    #[test]
    fn what_cannot_be_done_is_said() {
        for (settings, kind) in [
            (json!({"logit_bias": {"1": 2}}), ErrorKind::Unsupported),
            (json!({"parallel_tool_calls": false}), ErrorKind::Unsupported),
            (json!({"reasoning_effort": "vast"}), ErrorKind::Unsupported),
            (json!({"stop": 1}), ErrorKind::InvalidInput),
            (json!({"stream": true}), ErrorKind::InvalidInput),
            (json!({"contents": []}), ErrorKind::InvalidInput),
            (json!({"extra_body": {"contents": []}}), ErrorKind::InvalidInput),
            (json!({"generation_config": 1}), ErrorKind::InvalidInput),
        ] {
            assert_eq!(members(settings.clone(), "m").expect_err("an error").kind(), kind, "{settings}");
        }
    }
}
