//! The same chain without `async`: one call, a concurrent batch, a stream as an iterator.
#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use catena::prelude::*;

fn main() -> anyhow::Result<()> {
    let (llm, _server) = catena_examples::openai()?;
    let chain = LlmChain::from_template(llm, "What is a good name for a company that makes {product}?")?;

    println!("{}", chain.run(vars! { product: "toothpaste" })?.trim());

    for name in chain.apply(["socks", "tea", "bicycles"]) {
        println!("{}", name?.trim());
    }

    for piece in chain.blocking().stream("violins") {
        print!("{}", piece?.text);
    }
    println!();
    Ok(())
}
