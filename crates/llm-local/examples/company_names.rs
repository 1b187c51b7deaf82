//! The main job, offline: company names from a model on this machine, one after the other and then at once.
//!
//!     cargo run --release --example company_names -- local:MODEL.gguf [PRODUCT] [CALLS]

use std::io::Write;
use std::time::Instant;

use anyhow::{Context, Result};
use catena_core::{ModelOptions, ModelRegistry, PromptTemplate, RunnableExt, StrOutputParser};
use futures_executor::block_on;
use futures_util::future;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let model = arguments.next().context("usage: company_names local:MODEL.gguf [PRODUCT] [CALLS]")?;
    let product = arguments.next().unwrap_or_else(|| "colorful socks".to_owned());
    let calls: usize = arguments.next().map_or(Ok(5), |calls| calls.parse())?;

    let models = ModelRegistry::new().with(catena_llm_local::provider);
    let chat = models.chat_with(&model, &ModelOptions::new().with_temperature(0.9).with_max_tokens(64))?;
    let prompt = PromptTemplate::new("What is a good name for a company that makes {product}?")?;
    let chain = prompt | chat | StrOutputParser;
    let ask = || chain.invoke([("product", product.as_str())]);
    let mut out = std::io::stdout().lock();
    block_on(async {
        let start = Instant::now();
        for _ in 0..calls {
            writeln!(out, "{}\n", ask().await?)?;
        }
        writeln!(out, "Serial executed in {:.2} seconds.\n", start.elapsed().as_secs_f64())?;
        let start = Instant::now();
        for name in future::try_join_all((0..calls).map(|_| ask())).await? {
            writeln!(out, "{name}\n")?;
        }
        writeln!(out, "Concurrent executed in {:.2} seconds.", start.elapsed().as_secs_f64())?;
        Ok(())
    })
}
