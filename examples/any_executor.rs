//! One chain, called from tokio, from smol and from plain threads.
#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use catena::prelude::*;

fn main() -> anyhow::Result<()> {
    let (llm, _server) = catena_examples::openai()?;
    let chain = LlmChain::from_template(llm, "What is a good name for a company that makes {product}?")?;

    let name = smol::block_on(chain.arun("toothpaste"))?;
    println!("smol:   {}", name.trim());

    let runtime = tokio::runtime::Runtime::new()?;
    let name = runtime.block_on(chain.arun("toothpaste"))?;
    println!("tokio:  {}", name.trim());
    drop(runtime);

    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| match chain.run("toothpaste") {
                Ok(name) => println!("thread: {}", name.trim()),
                Err(error) => println!("thread: {error}"),
            });
        }
    });
    Ok(())
}
