//! The main job, offline: company names from a model on this machine, one after the other and then at once.
//!
//!     cargo run --release --example company_names -- local:MODEL.gguf [PRODUCT] [CALLS]

use std::io::Write;
use std::time::Instant;

use anyhow::{Context, Result};
use catena_core::{ModelOptions, ModelRegistry, PromptTemplate, RunConfig, RunnableExt, StrOutputParser};
use futures_executor::block_on;

/// Enough that nobody waits for the next call, and far fewer than the model lets wait.
const AT_ONCE: usize = 16;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let model = arguments.next().context("usage: company_names local:MODEL.gguf [PRODUCT] [CALLS]")?;
    let product = arguments.next().unwrap_or_else(|| "colorful socks".to_owned());
    let calls: usize = arguments.next().map_or(Ok(5), |calls| calls.parse())?;

    let models = ModelRegistry::new().with(catena_llm_local::provider);
    let chat = models.chat_with(&model, &ModelOptions::new().with_temperature(0.9).with_max_tokens(64))?;
    let prompt = PromptTemplate::new("What is a good name for a company that makes {product}?")?;
    let chain = prompt | chat | StrOutputParser;
    let input = || [("product", product.as_str())];
    let mut out = std::io::stdout().lock();
    block_on(async {
        let start = Instant::now();
        for _ in 0..calls {
            writeln!(out, "{}\n", chain.invoke(input()).await?)?;
        }
        writeln!(out, "Serial executed in {:.2} seconds.\n", start.elapsed().as_secs_f64())?;
        let start = Instant::now();
        let bounded = RunConfig::new().with_max_concurrency(AT_ONCE);
        for name in chain.try_batch_with((0..calls).map(|_| input()), &bounded).await? {
            writeln!(out, "{name}\n")?;
        }
        writeln!(out, "Concurrent executed in {:.2} seconds.", start.elapsed().as_secs_f64())?;
        Ok(())
    })
}
