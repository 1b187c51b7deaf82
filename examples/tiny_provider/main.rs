//! A custom provider in one small file, and the kit that proves it: `cargo test --example tiny_provider`.
//!
//! The guide is `docs/writing-a-provider.md`.

#![allow(clippy::print_stdout, reason = "an example prints what it does")]
#![allow(unreachable_pub, reason = "the provider is written as the crate it would be")]

#[cfg(test)]
mod conformance;
mod provider;

use std::sync::Arc;

use catena::prelude::*;
use catena_core::{Error, ErrorKind, ModelOptions, ModelRegistry, Result};
use catena_testkit::{Reply, Server};
use provider::ChatParley;

/// Registers Parley's models as `parley:...`.
pub fn provider(models: ModelRegistry) -> ModelRegistry {
    models.with_chat("parley", |model, options| Ok(Arc::new(chat_parley(model, options)?)))
}

fn chat_parley(model: &str, options: &ModelOptions) -> Result<ChatParley> {
    // Options that Parley does not support are rejected, not silently dropped.
    options.refuse("parley", &["max_tokens", "seed", "stop", "temperature", "timeout", "top_p"])?;
    let url = options.base_url.as_deref().unwrap_or("https://api.parley.example");
    let key = options.api_key().ok_or_else(|| Error::new(ErrorKind::Config, "Parley asks for a key"))?;
    let mut service = ChatParley::service(url, key);
    if let Some(admission) = options.admission() {
        service = service.with_admission(Arc::clone(admission));
    }
    if let Some(retries) = options.max_retries {
        service = service.with_max_retries(retries);
    }
    ChatParley::new(model, service)
}

fn main() -> anyhow::Result<()> {
    // A scripted service, which always gives the same answer in chunks.
    let pieces = [r#"{"says": "Rainbow "}"#, r#"{"says": "Socks"}"#, r#"{"over": "done"}"#];
    let server = Server::replay([Reply::sse(pieces)]);

    let models = catena::models().with(provider);
    let options = ModelOptions::new().with_base_url(server.url()).with_api_key("a-key");
    let model = models.chat_with("parley:small", &options)?;
    let prompt = PromptTemplate::new("What is a good name for a company that makes {product}?")?;
    let chain = prompt | model | StrOutputParser;
    for chunk in chain.blocking().stream(vars! { product: "colorful socks" }) {
        print!("{}", chunk?);
    }
    println!();
    Ok(())
}
