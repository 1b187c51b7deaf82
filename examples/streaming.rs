//! Tokens are printed as the model generates them, through a whole chain.
#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use std::io::Write;

use catena::prelude::*;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (model, _server) = catena_examples::chat_openai()?;
    let prompt = PromptTemplate::new("What is a good name for a company that makes {product}?")?;
    let chain = prompt | model | StrOutputParser;

    let mut tokens = chain.stream("toothpaste");
    while let Some(token) = tokens.next().await {
        print!("{}", token?);
        std::io::stdout().flush()?;
    }
    println!();
    Ok(())
}
