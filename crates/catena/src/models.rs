//! A registry of all providers.

use crate::ModelRegistry;

/// Returns a registry of all providers, which creates models by name. The error of a provider whose feature is off names
/// the feature.
///
/// | Name | Feature | Also called | Names without a provider | Models |
/// |---|---|---|---|---|
/// | `openai:...` | `openai` | | `gpt-`, `chatgpt-`, `o1`, `o3`, `o4`, `text-davinci`, `text-embedding-` | chat, text, embeddings |
/// | `azure_openai:...` | `openai` | | | chat, text, embeddings |
/// | `anthropic:...` | `anthropic` | | `claude` | chat |
/// | `gemini:...` | `gemini` | `google_genai`, `google` | `gemini` | chat, embeddings |
/// | `ollama:...` | `ollama` | | | chat, text, embeddings |
///
/// Keys, addresses and everything else that is not among the [options](crate::ModelOptions) come from each provider's
/// environment variables. On Azure the model is the name of the deployment, and `base_url` the endpoint of the
/// resource.
///
/// The registry is a value: what is added to one does not affect others. Other crates are added in one line:
/// `catena::models().with(catena_llm_local::provider)` adds `local:PATH.gguf`, for models in files, which run in this
/// process. To create a provider's models differently, replace it under the same name:
/// `catena::models().with_chat("openai", |model, options| ..)`.
///
/// # Example
/// ```
/// # #[cfg(feature = "openai")] fn main() -> catena::Result<()> {
/// use catena::prelude::*;
/// use catena::ModelOptions;
/// # let service = catena_testkit::SimulatedOpenAi::start().map_err(catena::Error::other)?;
/// # let here = ModelOptions::new().with_base_url(service.base_url()).with_api_key("sk-simulated");
/// # let models = catena::models().with_options(here);
/// # let from_environment = || {
/// let models = catena::models();
/// # models };
/// let model = models.chat_with("openai:gpt-4o-mini", &ModelOptions::new().with_temperature(0.9))?;
/// let chain = PromptTemplate::new("Name a company that makes {product}.")? | model | StrOutputParser;
/// println!("{}", chain.blocking().invoke("colorful socks")?);
///
/// let embeddings = models.embeddings("openai:text-embedding-3-small")?; // `Arc<dyn Embeddings>`
/// # Ok(()) }
/// # #[cfg(not(feature = "openai"))] fn main() {}
/// ```
#[doc(alias = "init_chat_model")]
#[doc(alias = "init_embeddings")]
#[must_use]
pub fn models() -> ModelRegistry {
    ModelRegistry::new()
        .with_prefixes("anthropic", ["claude"])
        .with_prefixes("gemini", ["gemini"])
        .with_prefixes("openai", ["gpt-", "chatgpt-", "o1", "o3", "o4", "text-davinci", "text-embedding-"])
        .with_alias("google_genai", "gemini")
        .with_alias("google", "gemini")
        .with(anthropic)
        .with(gemini)
        .with(ollama)
        .with(openai)
        .with(azure_openai)
}

/// Defines the function that registers a provider whose feature is off: creating its models fails, and the error names
/// the feature.
macro_rules! disabled {
    ($($provider:ident: $feature:literal),*) => {$(
        #[cfg(not(feature = $feature))]
        fn $provider(models: ModelRegistry) -> ModelRegistry {
            let provider = stringify!($provider);
            let error = move || {
                let advice = concat!("enable the feature `", $feature, "` of the crate `catena`");
                let message = format!("the provider `{provider}` is not part of this build: {advice}");
                crate::Error::new(crate::ErrorKind::Config, message)
            };
            models
                .with_chat(provider, move |_, _| Err(error()))
                .with_text(provider, move |_, _| Err(error()))
                .with_embeddings(provider, move |_, _| Err(error()))
        }
    )*};
}
disabled!(anthropic: "anthropic", gemini: "gemini", ollama: "ollama", openai: "openai", azure_openai: "openai");

/// A builder with the connection options applied.
#[cfg(any(feature = "anthropic", feature = "gemini", feature = "ollama", feature = "openai"))]
macro_rules! connected {
    ($builder:expr, $model:expr, $options:expr) => {{
        let (mut builder, options) = ($builder.with_model($model), $options);
        if let Some(url) = &options.base_url {
            builder = builder.with_base_url(url);
        }
        if let Some(key) = options.api_key() {
            builder = builder.with_api_key(key);
        } else if options.is_keyless() {
            builder = builder.without_api_key();
        }
        if let Some(limit) = options.timeout {
            builder = builder.with_timeout(limit);
        }
        if let Some(retries) = options.max_retries {
            builder = builder.with_max_retries(retries);
        }
        if let Some(admission) = options.admission() {
            builder = builder.with_admission(std::sync::Arc::clone(admission));
        }
        builder
    }};
}

/// Also applies the sampling options, except the seed.
#[cfg(any(feature = "anthropic", feature = "gemini", feature = "ollama", feature = "openai"))]
macro_rules! speaking {
    ($builder:expr, $model:expr, $options:expr) => {{
        let mut builder = connected!($builder, $model, $options);
        if let Some(temperature) = $options.temperature {
            builder = builder.with_temperature(temperature);
        }
        if let Some(top_p) = $options.top_p {
            builder = builder.with_top_p(top_p);
        }
        if let Some(limit) = $options.max_tokens {
            builder = builder.with_max_tokens(limit);
        }
        if let Some(stop) = &$options.stop {
            builder = builder.with_stop(stop.clone());
        }
        builder
    }};
}

/// Also applies the seed.
#[cfg(any(feature = "gemini", feature = "ollama", feature = "openai"))]
macro_rules! seeded {
    ($builder:expr, $model:expr, $options:expr) => {{
        let builder = speaking!($builder, $model, $options);
        match $options.seed {
            Some(seed) => builder.with_seed(seed),
            None => builder,
        }
    }};
}

/// Options that embedding models do not support.
#[cfg(any(feature = "gemini", feature = "ollama", feature = "openai"))]
const OF_WORDS: [&str; 5] = ["temperature", "top_p", "max_tokens", "stop", "seed"];

#[cfg(feature = "anthropic")]
fn anthropic(models: ModelRegistry) -> ModelRegistry {
    use crate::anthropic::ChatAnthropic;
    models.with_chat("anthropic", |model, options| {
        options.refuse("anthropic", &["seed"])?;
        Ok(std::sync::Arc::new(speaking!(ChatAnthropic::builder(), model, options).build()?))
    })
}

#[cfg(feature = "gemini")]
fn gemini(models: ModelRegistry) -> ModelRegistry {
    use crate::gemini::{ChatGemini, GeminiEmbeddings};
    use std::sync::Arc;
    models
        .with_chat("gemini", |model, options| {
            Ok(Arc::new(seeded!(ChatGemini::builder(), model, options).build()?))
        })
        .with_embeddings("gemini", |model, options| {
            options.refuse("gemini", &OF_WORDS)?;
            Ok(Arc::new(connected!(GeminiEmbeddings::builder(), model, options).build()?))
        })
}

#[cfg(feature = "ollama")]
fn ollama(models: ModelRegistry) -> ModelRegistry {
    use crate::ollama::{ChatOllama, Ollama, OllamaEmbeddings};
    use std::sync::Arc;
    models
        .with_chat("ollama", |model, options| {
            Ok(Arc::new(seeded!(ChatOllama::builder(), model, options).build()?))
        })
        .with_text("ollama", |model, options| {
            Ok(Arc::new(seeded!(Ollama::builder(), model, options).build()?))
        })
        .with_embeddings("ollama", |model, options| {
            options.refuse("ollama", &OF_WORDS)?;
            Ok(Arc::new(connected!(OllamaEmbeddings::builder(), model, options).build()?))
        })
}

#[cfg(feature = "openai")]
fn openai(models: ModelRegistry) -> ModelRegistry {
    use crate::openai::{ChatOpenAi, OpenAi, OpenAiEmbeddings};
    use std::sync::Arc;
    models
        .with_chat("openai", |model, options| {
            Ok(Arc::new(seeded!(ChatOpenAi::builder(), model, options).build()?))
        })
        .with_text("openai", |model, options| {
            Ok(Arc::new(seeded!(OpenAi::builder(), model, options).build()?))
        })
        .with_embeddings("openai", |model, options| {
            options.refuse("openai", &OF_WORDS)?;
            Ok(Arc::new(connected!(OpenAiEmbeddings::builder(), model, options).build()?))
        })
}

/// On Azure the model is named by its deployment.
#[cfg(feature = "openai")]
fn azure_openai(models: ModelRegistry) -> ModelRegistry {
    use crate::openai::{Azure, ChatOpenAi, OpenAi, OpenAiEmbeddings};
    use std::sync::Arc;
    /// On Azure the endpoint takes the place of the base URL.
    fn placed(options: &crate::ModelOptions) -> (Azure, crate::ModelOptions) {
        let mut options = options.clone();
        match options.base_url.take() {
            Some(endpoint) => (Azure::new().with_endpoint(endpoint), options),
            None => (Azure::new(), options),
        }
    }
    models
        .with_chat("azure_openai", |model, options| {
            let (azure, options) = &placed(options);
            let builder = ChatOpenAi::builder().with_azure(azure.clone());
            Ok(Arc::new(seeded!(builder, model, options).build()?))
        })
        .with_text("azure_openai", |model, options| {
            let (azure, options) = &placed(options);
            Ok(Arc::new(seeded!(OpenAi::builder().with_azure(azure.clone()), model, options).build()?))
        })
        .with_embeddings("azure_openai", |model, options| {
            options.refuse("azure_openai", &OF_WORDS)?;
            let (azure, options) = &placed(options);
            let builder = OpenAiEmbeddings::builder().with_azure(azure.clone());
            Ok(Arc::new(connected!(builder, model, options).build()?))
        })
}
