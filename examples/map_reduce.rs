//! Summarizes each document, a few concurrently; then streams the answer over all of them.
#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use std::io::Write;

use catena::Document;
use catena::chains::{Chain, MapReduceDocumentsChain, ReduceDocumentsChain, StuffDocumentsChain};
use catena::prelude::*;

const REVIEWS: [&str; 6] = [
    "The brush is soft and the paste tastes of mint.",
    "Far too expensive, but my teeth have never been whiter.",
    "It foams like a bath. My children love it.",
    "The cap broke on the second day.",
    "Works as well as the others, and comes in a tube without plastic.",
    "I would buy it again for the smell alone.",
];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (llm, _server) = catena_examples::openai()?;
    let chain = summarize(&llm)?;

    let pages = REVIEWS.iter().enumerate();
    let reviews: Vec<Document> =
        pages.map(|(index, text)| Document::new(*text).with_metadata("review", index + 1)).collect();
    let config = RunConfig::new().with_max_concurrency(3);
    let mut output = chain.stream_with(reviews, &config);
    while let Some(piece) = output.next().await {
        if let Some(token) = piece?.get("output_text").and_then(Data::as_text) {
            print!("{token}");
            std::io::stdout().flush()?;
        }
    }
    println!();
    Ok(())
}

/// What each review says, then what all of them say; many reviews are first summarized in groups.
fn summarize(llm: &catena::OpenAi) -> catena::Result<Chain> {
    let map = LlmChain::from_template(llm.clone(), "In one line, what does this review say? {review}")?;
    let all = LlmChain::from_template(llm.clone(), "Sum up what these reviews say:\n\n{reviews}")?;
    let reduce = ReduceDocumentsChain::new(StuffDocumentsChain::new(all)).with_token_max(2000).build()?;
    MapReduceDocumentsChain::new(map, reduce).build()
}
