//! A custom step: what it does to one value, and how it passes chunks on.
#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use catena::prelude::*;
use catena::{Result, async_trait, impl_pipe};

/// Converts text to upper case. Chunks are converted one by one, so it does not wait for the whole text.
struct Shout;

#[async_trait]
impl Runnable for Shout {
    type Input = String;
    type Output = String;

    async fn call(&self, text: String, _cx: &Context) -> Result<String> {
        Ok(text.to_uppercase())
    }

    fn transform<'a>(&'a self, text: ChunkStream<'a, String>, _cx: Context) -> ChunkStream<'a, String> {
        text.map(|chunk| Ok(chunk?.to_uppercase())).boxed()
    }
}

impl_pipe!(Shout);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (model, _server) = catena_examples::chat_openai()?;
    let chain = model | StrOutputParser | Shout | lambda(|text: String| text.trim().to_string());

    println!("{}", chain.invoke("What is a good name for a company that makes megaphones?").await?);
    Ok(())
}
