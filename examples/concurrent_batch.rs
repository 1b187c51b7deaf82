//! A hundred inputs, ten at a time, with a separate result for each.
#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use catena::prelude::*;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (llm, _server) = catena_examples::openai()?;
    let prompt = PromptTemplate::new("What is a good name for a company that makes {product}?")?;
    let chain = prompt | llm | StrOutputParser;

    let products: Vec<String> = (1..=100).map(|number| format!("toothpaste no. {number}")).collect();
    let config = RunConfig::new().with_max_concurrency(10);

    let mut completed = chain.batch_as_completed_with(products.clone(), &config);
    while let Some((index, name)) = completed.next().await {
        match name {
            Ok(name) => println!("{}: {}", products[index], name.trim()),
            Err(error) => println!("{}: failed: {error}", products[index]),
        }
    }
    Ok(())
}
