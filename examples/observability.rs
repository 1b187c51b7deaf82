//! Observing a chain: token totals, the run tree, and the same as `tracing` spans.
#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use catena::prelude::*;
use catena::{RunCollector, RunRecord, TracingObserver, UsageTotals};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::WARN).init();
    let (model, _server) = catena_examples::chat_openai()?;
    let prompt = PromptTemplate::new("What is a good name for a company that makes {product}?")?;
    let chain = prompt | model | StrOutputParser;

    let (runs, usage) = (RunCollector::new(), UsageTotals::new());
    let config = RunConfig::new()
        .with_observer(runs.clone())
        .with_observer(usage.clone())
        .with_observer(TracingObserver::new());
    chain.invoke_with("kites", &config).await?;

    runs.roots().iter().for_each(|run| print_tree(run, 0));
    println!("{} tokens", usage.total().total_tokens);
    Ok(())
}

fn print_tree(run: &RunRecord, depth: usize) {
    println!("{:depth$}{} {:?}", "", run.info.name, run.status, depth = depth * 2);
    run.children.iter().for_each(|child| print_tree(child, depth + 1));
}
