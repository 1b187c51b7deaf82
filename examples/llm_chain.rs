//! The program of LangChain's "Async API" page: five calls in series, then five concurrently, with timings.
#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use std::time::Instant;

use catena::prelude::*;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (llm, _server) = catena_examples::openai()?;
    let prompt = PromptTemplate::new("What is a good name for a company that makes {product}?")?;
    let chain = LlmChain::new(llm, prompt);

    let start = Instant::now();
    for _ in 0..5 {
        println!("{}", chain.arun(vars! { product: "toothpaste" }).await?.trim());
    }
    println!("Serial executed in {:.2} seconds.", start.elapsed().as_secs_f64());

    let start = Instant::now();
    for name in chain.aapply(["toothpaste"; 5]).await {
        println!("{}", name?.trim());
    }
    println!("Concurrent executed in {:.2} seconds.", start.elapsed().as_secs_f64());
    Ok(())
}
