//! Local models by name, for a registry.

use std::sync::Arc;

use catena_core::{ModelOptions, ModelRegistry, Result};

use crate::local_builder::LocalBuilder;

/// Registers `local:PATH.gguf` as chat and text completion models.
///
/// Each model requested loads its file: keep it, and share it by cloning the `Arc`. Because there is no service,
/// addresses, keys, timeouts, retries and admissions are `ErrorKind::Unsupported`.
///
/// # Example
/// ```
/// use catena_core::{ErrorKind, ModelOptions, ModelRegistry};
///
/// let models = ModelRegistry::new().with(catena_llm_local::provider);
/// let options = ModelOptions::new().with_temperature(0.0).with_seed(1);
/// let error = models.chat_with("local:no-such-file.gguf", &options).err().expect("no such file");
/// assert_eq!(error.kind(), ErrorKind::Config);
/// ```
#[must_use]
pub fn provider(models: ModelRegistry) -> ModelRegistry {
    models
        .with_chat("local", |path, options| Ok(Arc::new(builder(path, options)?.build_chat()?)))
        .with_text("local", |path, options| Ok(Arc::new(builder(path, options)?.build()?)))
}

fn builder(path: &str, options: &ModelOptions) -> Result<LocalBuilder> {
    options.refuse("local", &["base_url", "api_key", "timeout", "max_retries", "admission"])?;
    let mut builder = LocalBuilder::new(path);
    if let Some(temperature) = options.temperature {
        builder = builder.with_temperature(temperature);
    }
    if let Some(top_p) = options.top_p {
        builder = builder.with_top_p(top_p);
    }
    if let Some(limit) = options.max_tokens {
        builder = builder.with_max_tokens(limit);
    }
    if let Some(stop) = &options.stop {
        builder = builder.with_stop(stop.clone());
    }
    if let Some(seed) = options.seed {
        builder = builder.with_seed(seed);
    }
    Ok(builder)
}
