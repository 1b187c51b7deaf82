//! The model in LangChain's serialization format: how it is saved, and how it is loaded.

use std::sync::Arc;

use catena_core::load::{Constructor, Kwargs, Loaded, Loader};
use catena_core::{Data, Result};
use serde_json::Map;

use crate::chat_anthropic::ChatAnthropic;
use crate::parameters::Parameters;

const CHAT: [&str; 4] = ["langchain", "chat_models", "anthropic", "ChatAnthropic"];

/// The settings that have the same name here and in LangChain.
const MEMBERS: [&str; 6] = ["max_tokens", "temperature", "top_k", "top_p", "stop_sequences", "thinking"];

/// LangChain's settings that are request members, unchanged.
const SENT_AS_THEY_ARE: [&str; 5] =
    ["output_config", "mcp_servers", "context_management", "container", "inference_geo"];

/// Settings that do not shape the answer; token counts are always reported here.
const PASSED_OVER: [&str; 9] = [
    "name",
    "cache",
    "verbose",
    "callbacks",
    "tags",
    "metadata",
    "profile",
    "custom_get_token_ids",
    "stream_usage",
];

/// Extends a loader with Anthropic's models, as saved by this crate or by LangChain for Python.
///
/// The key is the secret `ANTHROPIC_API_KEY`. Secrets that the loader was not given come from the environment, as for
/// every builder; but if the data names a server other than Anthropic's, the environment's key is not sent to it.
///
/// A saved model contains what the application set on it. A model is not saved if it has its own headers or query, or a
/// key to an MCP server, which may be secret, or tools and response formats, which LangChain binds to models. Clients,
/// timers and admissions are left to the program that loads the model.
///
/// # Errors
/// Loading fails with [`Unsupported`](catena_core::ErrorKind::Unsupported) for an unknown setting, and with the errors
/// of the builder.
///
/// # Example
/// ```
/// use catena_core::load::{Loader, dumps};
/// use catena_core::{ChatModel, LanguageModel};
/// use catena_llm_anthropic::{ChatAnthropic, with_anthropic_classes};
/// let saved = dumps(&ChatAnthropic::builder().with_api_key("sk-ant-1").with_temperature(0.5).build()?);
/// assert!(!saved.contains("sk-ant-1"));
/// let loader = with_anthropic_classes(Loader::new()).with_secret("ANTHROPIC_API_KEY", "sk-ant-1");
/// let model: ChatModel = loader.loads(&saved)?.try_into()?;
/// assert_eq!(model.model_id(), Some("claude-haiku-4-5"));
/// # Ok::<(), catena_core::Error>(())
/// ```
#[must_use]
pub fn with_anthropic_classes(loader: Loader) -> Loader {
    loader
        .with_class(CHAT, load_chat)
        .with_class(["langchain_anthropic", "chat_models", "ChatAnthropic"], load_chat)
}

fn load_chat(mut kwargs: Kwargs) -> Result<Loaded> {
    let mut builder = ChatAnthropic::builder().load_saved(&mut kwargs)?;
    if let Some(model) = kwargs.text("model")? {
        builder = builder.with_model(model);
    }
    if let Some(effort) = kwargs.text("reasoning_effort")? {
        builder = builder.with_effort(effort);
    }
    let mut betas = Vec::new();
    for beta in kwargs.list("betas")? {
        match beta {
            Loaded::Data(Data::Text(beta)) => betas.push(beta),
            other => return Err(kwargs.unfit("betas", "a list of strings", other.kind())),
        }
    }
    builder = builder.with_betas(betas);
    builder = builder.with_streaming(kwargs.flag("streaming")?.unwrap_or_default());
    kwargs.refuse_rest(&PASSED_OVER)?;
    Ok(Loaded::ChatModel(Arc::new(builder.build()?)))
}

impl Parameters {
    /// Loads saved settings.
    pub(crate) fn load(&mut self, kwargs: &mut Kwargs) -> Result<()> {
        for name in MEMBERS {
            if let Some(value) = kwargs.data(name)? {
                self.set(name, value.into_json());
            }
        }
        for name in SENT_AS_THEY_ARE {
            if let Some(value) = kwargs.data(name)? {
                self.extra.insert(name.to_owned(), value.into_json());
            }
        }
        let others = kwargs.record("model_kwargs")?;
        self.extra.extend(others.into_iter().map(|(name, value)| (name, value.into_json())));
        Ok(())
    }

    /// Serializes a model with these parameters. `None` for what LangChain has no setting for, and if one holds a key.
    pub(crate) fn written(&self, model: &str) -> Option<Constructor> {
        if self.has_secrets() {
            return None;
        }
        let mut made = Constructor::new(CHAT).with("model", model);
        let mut others = Map::new();
        for (name, value) in &self.members {
            match name.as_str() {
                "effort" => made = made.with("reasoning_effort", value.clone()),
                "service_tier" => _ = others.insert(name.clone(), value.clone()),
                known if MEMBERS.contains(&known) => made = made.with(known, value.clone()),
                _ => return None,
            }
        }
        for (name, value) in &self.extra {
            match SENT_AS_THEY_ARE.contains(&name.as_str()) {
                true => made = made.with(name.as_str(), value.clone()),
                false => _ = others.insert(name.clone(), value.clone()),
            }
        }
        Some(if others.is_empty() { made } else { made.with("model_kwargs", others) })
    }
}
