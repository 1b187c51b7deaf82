//! The settings shared by all models, and the mapping of bound arguments.

use std::borrow::Cow;
use std::fmt;

use catena_core::{Error, ErrorKind, RedactedArguments, Result};
use catena_http::service::Call;
use serde_json::{Map, Number, Value};

use crate::codec::tool::{wire_format, wire_tools};

/// Everything in a request besides its messages. Unset members are not sent, so the model's defaults apply.
#[derive(Clone, Default)]
pub(crate) struct Parameters {
    /// Runtime parameters: the service's `options`.
    pub(crate) options: Map<String, Value>,
    /// Members of the body.
    pub(crate) members: Map<String, Value>,
    /// Whether tool calls are disabled.
    no_tools: bool,
    /// Whether tool calls must conform exactly to their schemas.
    strict: bool,
    /// Why a setting cannot be sent.
    problem: Option<String>,
}

/// The names that belong in `options`.
const OPTIONS: [&str; 31] = [
    "embedding_only",
    "f16_kv",
    "frequency_penalty",
    "logits_all",
    "low_vram",
    "main_gpu",
    "min_p",
    "mirostat",
    "mirostat_eta",
    "mirostat_tau",
    "num_batch",
    "num_ctx",
    "num_gpu",
    "num_keep",
    "num_predict",
    "num_thread",
    "numa",
    "penalize_newline",
    "presence_penalty",
    "repeat_last_n",
    "repeat_penalty",
    "seed",
    "stop",
    "temperature",
    "tfs_z",
    "top_k",
    "top_p",
    "typical_p",
    "use_mlock",
    "use_mmap",
    "vocab_only",
];

/// Aliases of the token limit, which are mapped to an entry of [`OPTIONS`].
const LIMITS: [&str; 3] = ["max_tokens", "max_completion_tokens", "max_output_tokens"];

/// Parameters of other services. Ollama ignores unknown members, so nobody would notice that they had no effect.
const UNSUPPORTED: [&str; 14] = [
    "audio",
    "best_of",
    "function_call",
    "functions",
    "logit_bias",
    "metadata",
    "modalities",
    "prediction",
    "prompt_cache_key",
    "safety_identifier",
    "service_tier",
    "user",
    "verbosity",
    "web_search_options",
];

/// Redacts the keys to MCP servers.
impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Parameters");
        shown.field("options", &self.options).field("members", &RedactedArguments(&self.members));
        shown.field("no_tools", &self.no_tools).field("strict", &self.strict);
        shown.field("problem", &self.problem).finish()
    }
}

impl Parameters {
    /// Sets a numeric option.
    pub(crate) fn set_number(&mut self, name: &'static str, number: f64) {
        match Number::from_f64(number) {
            Some(number) => drop(self.options.insert(name.to_owned(), number.into())),
            None => self.problem = Some(format!("`{name}` is not a finite number")),
        }
    }

    /// Sets an option.
    pub(crate) fn set_option(&mut self, name: &str, value: impl Into<Value>) {
        self.options.insert(name.to_owned(), value.into());
    }

    /// Sets a member of the body, unchanged.
    pub(crate) fn set_member(&mut self, name: &str, value: impl Into<Value>) {
        self.members.insert(name.to_owned(), value.into());
    }

    /// Rejects what JSON cannot represent and what would contradict the call. Ranges are left to the service.
    ///
    /// # Errors
    /// `Config`.
    pub(crate) fn check(&self) -> Result<()> {
        if self.members.contains_key("stream") {
            let message = "`stream` cannot be an extra field: it is set by the method that is called";
            return Err(Error::new(ErrorKind::Config, message));
        }
        match &self.problem {
            Some(problem) => Err(Error::new(ErrorKind::Config, problem.clone())),
            None => Ok(()),
        }
    }

    /// Sets an argument of a call, under the name shared by all providers or Ollama's own.
    ///
    /// # Errors
    /// `Unsupported` for what the service does not support, `InvalidInput` for invalid values.
    pub(crate) fn set(&mut self, name: &str, value: &Value) -> Result<()> {
        match (name, value) {
            ("stream", _) => {
                let message = "`stream` cannot be bound: it is set by the method that is called";
                return Err(Error::new(ErrorKind::InvalidInput, message));
            }
            ("options", Value::Object(options)) => self.options.extend(options.clone()),
            ("stop", Value::String(text)) => self.set_option(name, vec![text.clone()]),
            ("stop", Value::Array(texts)) if texts.is_empty() => drop(self.options.remove(name)),
            ("response_format", format) => self.set_or_remove("format", wire_format(format)?),
            ("reasoning_effort", effort) => self.set_or_remove("think", effort_as_think(effort)),
            ("reasoning", Value::Object(reasoning)) => {
                self.set_or_remove("think", effort_as_think(&reasoning["effort"]));
            }
            ("reasoning", think) => self.set_or_remove("think", think.clone()),
            ("tools", tools) => self.set_or_remove("tools", wire_tools(tools)?),
            ("tool_choice", choice) => self.no_tools = chooses_none(choice)?,
            ("strict", strict) => self.strict = strict == true,
            ("parallel_tool_calls", Value::Bool(false)) => {
                return Err(unsupported("turn off parallel tool calls (`parallel_tool_calls`)"));
            }
            ("parallel_tool_calls", _) => {}
            ("n", Value::Null) => {}
            ("n", number) if *number == 1 => {}
            ("n", _) => return Err(unsupported("return several answers to one prompt (`n`)")),
            (name, Value::Null) if UNSUPPORTED.contains(&name) => {}
            ("modalities", Value::Array(forms)) if forms.iter().all(|form| form == "text") => {}
            (name, _) if UNSUPPORTED.contains(&name) => {
                return Err(unsupported(&format!("handle `{name}`")));
            }
            (name, Value::Null) if OPTIONS.contains(&name) => drop(self.options.remove(name)),
            (name, Value::Null) if LIMITS.contains(&name) => drop(self.options.remove("num_predict")),
            (name, value) if LIMITS.contains(&name) => self.set_option("num_predict", value.clone()),
            (name, value) if OPTIONS.contains(&name) => self.set_option(name, value.clone()),
            (name, value) => self.set_or_remove(name, value.clone()),
        }
        Ok(())
    }

    fn set_or_remove(&mut self, name: &str, value: Value) {
        match value {
            Value::Null => drop(self.members.remove(name)),
            value => drop(self.members.insert(name.to_owned(), value)),
        }
    }

    /// Returns these parameters, overridden by the arguments of a call.
    ///
    /// # Errors
    /// As for [`set`](Self::set).
    pub(crate) fn called(&self, arguments: Option<&Map<String, Value>>) -> Result<Cow<'_, Self>> {
        let arguments = arguments.filter(|arguments| !arguments.is_empty());
        let mut called = match arguments {
            None if !self.members.contains_key("tools") => return Ok(Cow::Borrowed(self)),
            _ => self.clone(),
        };
        let raw = ["model_kwargs", "extra_body"];
        for (name, value) in arguments.into_iter().flatten() {
            // Tracing arguments are not meant for the service.
            let elsewhere = name.starts_with("ls_") || Call::ARGUMENTS.contains(&name.as_str());
            let added_last = raw.contains(&name.as_str()) && value.is_object();
            if !elsewhere && !added_last {
                called.set(name, value)?;
            }
        }
        for members in raw.iter().filter_map(|name| arguments?.get(*name)?.as_object()) {
            called.members.extend(members.clone());
        }
        called.choose_tools()?;
        Ok(Cow::Owned(called))
    }

    /// Without tools, the model calls none.
    fn choose_tools(&mut self) -> Result<()> {
        if self.no_tools {
            self.members.remove("tools");
        }
        if self.strict && self.members.contains_key("tools") {
            return Err(unsupported("enforce the schemas of tools (`strict`)"));
        }
        Ok(())
    }

    /// Returns everything that shapes an answer, for comparing models. The token limit has its name shared by all
    /// providers.
    pub(crate) fn described(&self, base_url: &str, model: &str) -> Map<String, Value> {
        let facts = [("base_url", base_url), ("model", model)];
        let facts = facts.into_iter().map(|(name, value)| (name.to_owned(), value.into()));
        let options = self.options.iter().map(|(name, value)| {
            let name = if name == "num_predict" { "max_tokens" } else { name };
            (name.to_owned(), value.clone())
        });
        facts.chain(options).chain(self.members.clone()).collect()
    }
}

/// Maps a reasoning effort to the service's `think`.
fn effort_as_think(effort: &Value) -> Value {
    match effort.as_str() {
        Some("none") => false.into(),
        Some("minimal") => "low".into(),
        Some("xhigh") => "high".into(),
        _ => effort.clone(),
    }
}

/// Returns true if no tool is to be called.
fn chooses_none(choice: &Value) -> Result<bool> {
    match choice {
        Value::Null | Value::Bool(false) => Ok(false),
        Value::String(word) if word == "auto" => Ok(false),
        Value::String(word) if word == "none" => Ok(true),
        _ => Err(unsupported("force a tool call (`tool_choice`)")),
    }
}

pub(crate) fn unsupported(what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("Ollama cannot {what}"))
}

/// The sampling methods of a builder with a field `parameters`.
macro_rules! shared_parameters {
    ($builder:ty) => {
        /// Sampling and other generation parameters. Unset parameters are left to the model.
        impl $builder {
            /// Sets the sampling temperature: 0 always picks the likeliest token, 2 is nearly random.
            pub fn with_temperature(mut self, temperature: f64) -> Self {
                self.parameters.set_number("temperature", temperature);
                self
            }

            /// Restricts sampling to the likeliest tokens whose probabilities add up to this value, from 0 to 1.
            pub fn with_top_p(mut self, top_p: f64) -> Self {
                self.parameters.set_number("top_p", top_p);
                self
            }

            /// Restricts sampling to this many of the likeliest tokens.
            pub fn with_top_k(mut self, tokens: u32) -> Self {
                self.parameters.set_option("top_k", tokens);
                self
            }

            /// Penalizes tokens that have already occurred: 1 has no effect, 1.5 a strong one.
            pub fn with_repeat_penalty(mut self, penalty: f64) -> Self {
                self.parameters.set_number("repeat_penalty", penalty);
                self
            }

            /// Sets the maximum number of tokens to generate, the service's `num_predict`.
            pub fn with_max_tokens(mut self, limit: u32) -> Self {
                self.parameters.set_option("num_predict", limit);
                self
            }

            /// Sets the size of the context window in tokens. Longer prompts are truncated at the beginning.
            pub fn with_num_ctx(mut self, tokens: u32) -> Self {
                self.parameters.set_option("num_ctx", tokens);
                self
            }

            /// Sets the stop sequences: texts at which generation ends, and which the answer does not include. Takes
            /// one or a list, and replaces those set before.
            pub fn with_stop(mut self, stop: impl Into<::catena_core::Stop>) -> Self {
                self.parameters.set_option("stop", stop.into().into_texts());
                self
            }

            /// Sets the seed, for reproducible answers.
            pub fn with_seed(mut self, seed: i64) -> Self {
                self.parameters.set_option("seed", seed);
                self
            }

            /// Sets whether the model thinks before it answers: true or false, or `low`, `medium` or `high` for models
            /// that support levels. The thinking is the answer's `reasoning`.
            pub fn with_think(mut self, think: impl Into<serde_json::Value>) -> Self {
                self.parameters.set_member("think", think);
                self
            }

            /// Sets the format of the answer: `"json"`, or a JSON Schema that it conforms to.
            pub fn with_format(mut self, format: impl Into<serde_json::Value>) -> Self {
                self.parameters.set_member("format", format);
                self
            }
        }
        $crate::parameters::shared_settings!($builder);
    };
}
pub(crate) use shared_parameters;

/// The methods of every builder with a field `parameters`.
macro_rules! shared_settings {
    ($builder:ty) => {
        /// How the model is run.
        impl $builder {
            /// Sets how long the model stays loaded after the call: `"10m"`, a number of seconds, -1 for ever, 0 to
            /// unload it at once. The service's default is five minutes.
            pub fn with_keep_alive(mut self, time: impl Into<serde_json::Value>) -> Self {
                self.parameters.set_member("keep_alive", time);
                self
            }

            /// Sets one of the service's `options` that has no method here: `with_option("num_gpu", 20)`.
            pub fn with_option(mut self, name: impl AsRef<str>, value: impl Into<serde_json::Value>) -> Self {
                self.parameters.set_option(name.as_ref(), value);
                self
            }

            /// Adds a member to the body of every request, unchanged. For parameters that this crate does not know.
            pub fn with_extra(mut self, name: impl AsRef<str>, value: impl Into<serde_json::Value>) -> Self {
                self.parameters.set_member(name.as_ref(), value);
                self
            }
        }
    };
}
pub(crate) use shared_settings;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn called(arguments: &Value) -> Result<(Value, Value)> {
        let called = Parameters::default().called(arguments.as_object()).map(Cow::into_owned)?;
        Ok((called.options.into(), called.members.into()))
    }

    #[test]
    fn arguments_have_the_service_s_names() {
        let function = json!({"type": "function", "function": {"name": "f"}});
        let schema = json!({"type": "object"});
        for (arguments, options, members) in [
            (json!({"temperature": 0.5, "num_ctx": 9}), json!({"temperature": 0.5, "num_ctx": 9}), json!({})),
            (json!({"max_tokens": 5}), json!({"num_predict": 5}), json!({})),
            (json!({"max_completion_tokens": 5, "seed": null}), json!({"num_predict": 5}), json!({})),
            (json!({"stop": "a"}), json!({"stop": ["a"]}), json!({})),
            (json!({"stop": ["a", "b"]}), json!({"stop": ["a", "b"]}), json!({})),
            (json!({"stop": []}), json!({}), json!({})),
            (
                json!({"options": {"num_gpu": 1}, "keep_alive": "5m"}),
                json!({"num_gpu": 1}),
                json!({"keep_alive": "5m"}),
            ),
            (json!({"reasoning_effort": "none"}), json!({}), json!({"think": false})),
            (json!({"reasoning_effort": "minimal"}), json!({}), json!({"think": "low"})),
            (json!({"reasoning": true}), json!({}), json!({"think": true})),
            (json!({"reasoning": {"effort": "high"}}), json!({}), json!({"think": "high"})),
            (json!({"response_format": {"type": "json_object"}}), json!({}), json!({"format": "json"})),
            (
                json!({"response_format": {"type": "json_schema", "json_schema": {"name": "P", "strict": true, "schema": schema}}}),
                json!({}),
                json!({"format": schema}),
            ),
            (json!({"tools": [function], "tool_choice": "auto"}), json!({}), json!({"tools": [function]})),
            (json!({"tools": [function], "tool_choice": "none"}), json!({}), json!({})),
            (json!({"tools": [], "parallel_tool_calls": true, "n": 1, "strict": true}), json!({}), json!({})),
            (json!({"user": null, "functions": null, "modalities": ["text"]}), json!({}), json!({})),
            (
                json!({"logprobs": true, "top_logprobs": 2, "ls_x": 1, "timeout": 3}),
                json!({}),
                json!({"logprobs": true, "top_logprobs": 2}),
            ),
            (json!({"extra_body": {"new": "eve"}, "new": "ada"}), json!({}), json!({"new": "eve"})),
        ] {
            assert_eq!(called(&arguments).expect("parameters"), (options, members), "{arguments}");
        }
    }

    #[test]
    fn what_the_service_cannot_do_is_refused() {
        let tool = json!([{"name": "f"}]);
        for (arguments, kind) in [
            (json!({"tool_choice": "required"}), ErrorKind::Unsupported),
            (json!({"tool_choice": true}), ErrorKind::Unsupported),
            (json!({"tool_choice": {"type": "function", "function": {"name": "f"}}}), ErrorKind::Unsupported),
            (json!({"parallel_tool_calls": false}), ErrorKind::Unsupported),
            (json!({"n": 2}), ErrorKind::Unsupported),
            (json!({"audio": {"voice": "alloy"}}), ErrorKind::Unsupported),
            (json!({"best_of": 2}), ErrorKind::Unsupported),
            (json!({"function_call": "auto"}), ErrorKind::Unsupported),
            (json!({"functions": [{"name": "f"}]}), ErrorKind::Unsupported),
            (json!({"logit_bias": {"1": 2}}), ErrorKind::Unsupported),
            (json!({"metadata": {"user_id": "ada"}}), ErrorKind::Unsupported),
            (json!({"modalities": ["text", "audio"]}), ErrorKind::Unsupported),
            (json!({"prediction": {"type": "content", "content": "x"}}), ErrorKind::Unsupported),
            (json!({"prompt_cache_key": "k"}), ErrorKind::Unsupported),
            (json!({"safety_identifier": "s"}), ErrorKind::Unsupported),
            (json!({"service_tier": "flex"}), ErrorKind::Unsupported),
            (json!({"user": "ada"}), ErrorKind::Unsupported),
            (json!({"verbosity": "low"}), ErrorKind::Unsupported),
            (json!({"web_search_options": {}}), ErrorKind::Unsupported),
            (json!({"tools": tool, "strict": true}), ErrorKind::Unsupported),
            (json!({"stream": true}), ErrorKind::InvalidInput),
            (json!({"tools": "f"}), ErrorKind::InvalidInput),
        ] {
            assert_eq!(called(&arguments).expect_err("refused").kind(), kind, "{arguments}");
        }
    }

    #[test]
    fn a_call_counts_more_than_the_model() {
        let mut parameters = Parameters::default();
        parameters.set_number("temperature", 0.1);
        parameters.set_option("num_predict", 3);
        let arguments = json!({"temperature": 0.9, "max_tokens": null});
        let called = parameters.called(arguments.as_object()).expect("parameters");
        assert_eq!(Value::from(called.options.clone()), json!({"temperature": 0.9}));
        let described = parameters.described("http://h", "m");
        assert_eq!(described["max_tokens"], 3);
        parameters.set_number("top_p", f64::NAN);
        assert_eq!(parameters.check().expect_err("not a number").kind(), ErrorKind::Config);
    }
}
