//! Parameters and arguments in the service's wire format.

use std::fmt;

use catena_core::{Error, ErrorKind, RedactedArguments, Result};
use serde_json::{Map, Value, json};

use super::response_format::wire_format;
use super::tool::{wire_choice, wire_tool};

/// The default token limit, without the thinking budget. The service has no default.
const MAX_TOKENS: u64 = 4096;

/// Parameters of other services that this one does not support. Dropping them would give another answer than was asked
/// for.
const UNSUPPORTED: [&str; 10] = [
    "audio",
    "frequency_penalty",
    "functions",
    "logit_bias",
    "logprobs",
    "modalities",
    "n",
    "prediction",
    "presence_penalty",
    "seed",
];

/// Parameters in wire format.
#[derive(Clone, Default)]
pub(crate) struct Wire {
    pub(crate) members: Map<String, Value>,
    pub(crate) betas: Vec<String>,
    /// Whether the service may run searches, and cite the results.
    pub(super) searches: bool,
}

/// Redacts the keys to MCP servers.
impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Wire");
        shown.field("members", &RedactedArguments(&self.members)).field("betas", &self.betas);
        shown.field("searches", &self.searches).finish()
    }
}

impl Wire {
    /// Converts members to the service's format; `extra` and `betas` are set separately.
    ///
    /// # Errors
    /// `Unsupported` for what the service does not support, `InvalidInput` for a malformed tool or format.
    pub(super) fn of(
        mut members: Map<String, Value>,
        extra: &Map<String, Value>,
        betas: &[String],
    ) -> Result<Self> {
        members.retain(|_, value| !value.is_null());
        refuse_unsupported(&mut members)?;
        rename(&mut members);
        let searches =
            add_tools(&mut members)? || [&members, extra].iter().any(|set| set.contains_key("mcp_servers"));
        if let Some(format) = members.remove("response_format")
            && let Some(format) = wire_format(&format)?
        {
            set_in(&mut members, "output_config", "format", format);
        }
        let thinking = extra.get("thinking").or_else(|| members.get("thinking"));
        check_choice(&members, thinking)?;
        let budget = thinking.and_then(|thinking| thinking.get("budget_tokens")?.as_u64()).unwrap_or(0);
        members.entry("max_tokens").or_insert_with(|| MAX_TOKENS.saturating_add(budget).into());
        let mut all = betas.to_vec();
        let bound = members.remove("betas");
        let bound = bound.as_ref().map(texts).unwrap_or_default();
        all.extend(bound.into_iter().filter(|beta| !betas.contains(beta)));
        Ok(Self { members, betas: all, searches })
    }
}

/// Removes unsupported members without effect.
///
/// # Errors
/// `Unsupported` for the other unsupported members.
fn refuse_unsupported(members: &mut Map<String, Value>) -> Result<()> {
    for name in UNSUPPORTED {
        let Some(value) = members.remove(name) else { continue };
        let nothing = match &value {
            Value::Bool(wanted) => !wanted,
            Value::Number(number) => {
                number.as_f64() == Some(if name == "n" { 1.0 } else { 0.0 }) && name != "seed"
            }
            Value::Array(items) => items.iter().all(|item| item == "text"),
            Value::Object(members) => members.is_empty(),
            _ => false,
        };
        if !nothing {
            let message = format!("`{name}` is not supported by Anthropic's models");
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
    }
    Ok(())
}

/// Renames members to the service's names.
fn rename(members: &mut Map<String, Value>) {
    if let Some(stop) = members.remove("stop") {
        members.insert("stop_sequences".to_owned(), texts(&stop).into());
    }
    if members.get("stop_sequences").is_some_and(|stop| stop.as_array().is_some_and(Vec::is_empty)) {
        members.remove("stop_sequences");
    }
    if let Some(limit) = members.remove("max_completion_tokens") {
        members.insert("max_tokens".to_owned(), limit);
    }
    if let Some(user) = members.remove("user") {
        set_in(members, "metadata", "user_id", user);
    }
    for name in ["reasoning_effort", "effort"] {
        if let Some(effort) = members.remove(name) {
            set_in(members, "output_config", "effort", effort);
        }
    }
    // Streams always report usage.
    members.remove("stream_usage");
    members.remove("stream_options");
}

/// Returns one text, or those of a list.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

/// Sets a member of a nested object.
fn set_in(members: &mut Map<String, Value>, outer: &str, name: &str, value: Value) {
    match members.entry(outer).or_insert_with(|| json!({})) {
        Value::Object(inner) => drop(inner.insert(name.to_owned(), value)),
        other => *other = json!({ name: value }),
    }
}

/// Converts tools and the tool choice to wire format. Returns true if one of them is run by the service.
fn add_tools(members: &mut Map<String, Value>) -> Result<bool> {
    let strict = members.remove("strict").and_then(|strict| strict.as_bool());
    let parallel = members.remove("parallel_tool_calls").and_then(|parallel| parallel.as_bool());
    let tools: Vec<Value> = match members.remove("tools") {
        None => Vec::new(),
        Some(Value::Array(given)) => {
            given.iter().map(|tool| wire_tool(tool, strict)).collect::<Result<_>>()?
        }
        Some(_) => return Err(Error::new(ErrorKind::InvalidInput, "`tools` must be an array of tools")),
    };
    let choice = members.remove("tool_choice").unwrap_or_default();
    if let Some(choice) = wire_choice(&choice, parallel, &tools) {
        members.insert("tool_choice".to_owned(), choice);
    }
    let own = |tool: &Value| tool.get("type").is_none_or(|kind| kind == "custom");
    let searches = !tools.iter().all(own);
    if !tools.is_empty() {
        members.insert("tools".to_owned(), tools.into());
    }
    Ok(searches)
}

/// A thinking model cannot be forced to call a tool.
fn check_choice(members: &Map<String, Value>, thinking: Option<&Value>) -> Result<()> {
    let forced = members
        .get("tool_choice")
        .is_some_and(|choice| matches!(choice["type"].as_str(), Some("any" | "tool")));
    let thinks =
        thinking.is_some_and(|thinking| matches!(thinking["type"].as_str(), Some("enabled" | "adaptive")));
    if forced && thinks {
        let message = "a forced `tool_choice` is not supported with `thinking`: use an automatic `tool_choice`, turn `thinking` \
                       off, or use `response_format` for structured output";
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    Ok(())
}
