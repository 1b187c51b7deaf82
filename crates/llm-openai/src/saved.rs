//! Models in LangChain's serialization format: how one is saved, and how it is loaded.

use std::sync::Arc;

use catena_core::load::{Constructor, Kwargs, Loaded, Loader};
use catena_core::{Data, Result};
use serde_json::{Map, Value};

use crate::chat_openai::ChatOpenAi;
use crate::disable_streaming::DisableStreaming;
use crate::openai::OpenAi;
use crate::parameters::Parameters;

/// The ids of LangChain's chat model, in serialized form and in its code.
const CHAT: [[&str; 4]; 2] = [
    ["langchain", "chat_models", "openai", "ChatOpenAI"],
    ["langchain_openai", "chat_models", "base", "ChatOpenAI"],
];

const TEXT: [[&str; 4]; 2] =
    [["langchain", "llms", "openai", "OpenAI"], ["langchain_openai", "llms", "base", "OpenAI"]];

/// The request members that LangChain's chat model has as settings of their own; it keeps the others in `model_kwargs`.
const MEMBERS_OF_CHAT: [&str; 20] = [
    "temperature",
    "max_tokens",
    "top_p",
    "presence_penalty",
    "frequency_penalty",
    "stop",
    "seed",
    "n",
    "logprobs",
    "top_logprobs",
    "logit_bias",
    "reasoning_effort",
    "reasoning",
    "verbosity",
    "service_tier",
    "store",
    "include",
    "truncation",
    "context_management",
    "prompt_cache_options",
];

const MEMBERS_OF_TEXT: [&str; 10] = [
    "temperature",
    "max_tokens",
    "top_p",
    "presence_penalty",
    "frequency_penalty",
    "seed",
    "n",
    "best_of",
    "logprobs",
    "logit_bias",
];

/// A request member whose name means something else in LangChain, which sends it only as an extra member.
const OTHERWISE_KNOWN: &str = "metadata";

/// Settings that do not shape the answer, or only Python's view of it.
const PASSED_OVER: [&str; 13] = [
    "name",
    "cache",
    "verbose",
    "callbacks",
    "tags",
    "metadata",
    "profile",
    "custom_get_token_ids",
    "tiktoken_model_name",
    "allowed_special",
    "disallowed_special",
    "output_version",
    "http_socket_options",
];

/// Extends a loader with OpenAI's models, as saved by this crate or by LangChain for Python.
///
/// The key is the secret `OPENAI_API_KEY`. Secrets that the loader was not given come from the environment, as for
/// every builder; but if the data names the server, the environment's key is not sent to it.
///
/// A saved model contains what the application set on it: parameters, base URL without the query, organization, timeout
/// and retries. A model is not saved if it has its own headers or query, or an MCP server's, which may hold keys, or if
/// it is on Azure or belongs to a project. Clients, timers and admissions are left to the program that loads the model.
///
/// # Errors
/// Loading fails with [`Unsupported`](catena_core::ErrorKind::Unsupported) for an unknown setting, and with the errors
/// of the builders.
///
/// # Example
/// ```
/// use catena_core::load::{Loader, dumps};
/// use catena_core::{DynRunnable, PromptTemplate, RunnableExt, StrOutputParser, vars};
/// use catena_llm_openai::{ChatOpenAi, with_openai_classes};
/// use catena_testkit::SimulatedOpenAi;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let service = SimulatedOpenAi::start()?; // instead of api.openai.com
/// let chat = ChatOpenAi::builder().with_base_url(service.base_url()).with_api_key("sk-1").with_temperature(0.9).build()?;
/// let saved = dumps(&(PromptTemplate::new("Name a maker of {product}.")? | chat | StrOutputParser));
/// assert!(saved.contains("ChatOpenAI") && !saved.contains("sk-1"));
///
/// let loader = with_openai_classes(Loader::new()).with_secret("OPENAI_API_KEY", "sk-1");
/// let chain: DynRunnable = loader.loads(&saved)?.try_into()?;
/// # futures_executor::block_on(async {
/// assert!(chain.invoke(vars! { product: "socks" }).await?.as_text().is_some());
/// # Ok::<(), catena_core::Error>(()) })?;
/// # Ok(()) }
/// ```
#[must_use]
pub fn with_openai_classes(loader: Loader) -> Loader {
    let loader = CHAT.iter().fold(loader, |loader, id| loader.with_class(*id, load_chat));
    TEXT.iter().fold(loader, |loader, id| loader.with_class(*id, load_text))
}

fn load_chat(mut kwargs: Kwargs) -> Result<Loaded> {
    let mut builder =
        ChatOpenAi::builder().load_connection(&mut kwargs)?.load_parameters(&mut kwargs, &MEMBERS_OF_CHAT)?;
    if let Some(model) = text_of_either(&mut kwargs, ["model_name", "model"])? {
        builder = builder.with_model(model);
    }
    if let Some(wanted) = kwargs.flag("stream_usage")? {
        builder = builder.with_stream_usage(wanted);
    }
    if let Some(wanted) = kwargs.flag("use_responses_api")? {
        builder = builder.with_use_responses_api(wanted);
    }
    if let Some(member) = kwargs.text("reasoning_echo")? {
        builder = builder.with_reasoning_echo(member);
    }
    builder = builder
        .with_streaming(kwargs.flag("streaming")?.unwrap_or_default())
        .with_use_previous_response_id(kwargs.flag("use_previous_response_id")?.unwrap_or_default())
        .with_response_headers(kwargs.flag("include_response_headers")?.unwrap_or_default())
        .with_disabled_params(disabled(&mut kwargs)?);
    if let Some(word) = kwargs.data("disable_streaming")? {
        let word = word.into_json();
        let disabled = DisableStreaming::read(&word);
        builder = builder.with_disable_streaming(disabled.ok_or_else(|| {
            kwargs.unfit(
                "disable_streaming",
                "true, false or \"tool_calling\"",
                &format!("{:.50}", word.to_string()),
            )
        })?);
    }
    kwargs.refuse_rest(&PASSED_OVER)?;
    Ok(Loaded::ChatModel(Arc::new(builder.build()?)))
}

fn load_text(mut kwargs: Kwargs) -> Result<Loaded> {
    let mut builder =
        OpenAi::builder().load_connection(&mut kwargs)?.load_parameters(&mut kwargs, &MEMBERS_OF_TEXT)?;
    if let Some(model) = text_of_either(&mut kwargs, ["model_name", "model"])? {
        builder = builder.with_model(model);
    }
    if let Some(prompts) = kwargs.count("batch_size")? {
        builder = builder.with_batch_size(prompts);
    }
    builder = builder
        .with_streaming(kwargs.flag("streaming")?.unwrap_or_default())
        .with_disabled_params(disabled(&mut kwargs)?);
    kwargs.refuse_rest(&PASSED_OVER)?;
    Ok(Loaded::TextModel(Arc::new(builder.build()?)))
}

/// Reads the names of parameters that are not sent, each mapped to null; lists of values to suppress are not supported.
fn disabled(kwargs: &mut Kwargs) -> Result<Vec<String>> {
    let named = kwargs.record("disabled_params")?;
    match named.iter().find(|(_, values)| **values != Data::Null) {
        None => Ok(named.names().map(str::to_owned).collect()),
        Some((_, values)) => Err(kwargs.unfit("disabled_params", "names without values", values.kind())),
    }
}

/// Adds the names of disabled parameters, if any.
pub(crate) fn with_disabled(made: Constructor, names: &[String]) -> Constructor {
    if names.is_empty() {
        return made;
    }
    let disabled = names.iter().map(|name| (name.clone(), Value::Null));
    made.with("disabled_params", disabled.collect::<Map<_, _>>())
}

fn text_of_either(kwargs: &mut Kwargs, names: [&str; 2]) -> Result<Option<String>> {
    let [first, second] = names;
    match kwargs.text(first)? {
        None => kwargs.text(second),
        text => Ok(text),
    }
}

/// Serializes a chat model.
pub(crate) fn chat_constructor(model: &str, parameters: &Parameters) -> Constructor {
    written(CHAT[0], model, parameters, &MEMBERS_OF_CHAT)
}

/// Serializes a text completion model.
pub(crate) fn text_constructor(model: &str, parameters: &Parameters) -> Constructor {
    written(TEXT[0], model, parameters, &MEMBERS_OF_TEXT)
}

fn written(id: [&str; 4], model: &str, parameters: &Parameters, known: &[&str]) -> Constructor {
    let mut made = Constructor::new(id);
    if !model.is_empty() {
        made = made.with("model_name", model);
    }
    let (mut others, mut as_they_are) = (Map::new(), parameters.extra.clone());
    for (name, value) in &parameters.members {
        match name.as_str() {
            OTHERWISE_KNOWN => _ = as_they_are.entry(name.as_str()).or_insert_with(|| value.clone()),
            known_name if known.contains(&known_name) => made = made.with(known_name, value.clone()),
            _ => _ = others.insert(name.clone(), value.clone()),
        }
    }
    for (name, members) in [("model_kwargs", others), ("extra_body", as_they_are)] {
        if !members.is_empty() {
            made = made.with(name, members);
        }
    }
    made
}
