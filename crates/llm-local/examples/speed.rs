//! How fast a model answers, and in how much memory: figures for `benches/compare.py`, as JSON.
//!
//!     cargo run --release --example speed -- MODEL.gguf [TOKENS]

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use catena_core::RunnableExt;
use catena_llm_local::ChatLocal;
use futures_executor::block_on;
use futures_util::{StreamExt, future};
use serde_json::json;

const PROMPT: &str = "What is a good name for a company that makes colorful socks?";

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().context("usage: speed MODEL.gguf [TOKENS]")?;
    let tokens: u32 = arguments.next().map_or(Ok(64), |tokens| tokens.parse())?;
    let start = Instant::now();
    let builder =
        ChatLocal::builder(path).with_temperature(0.0).with_repeat_penalty(1.0).with_max_tokens(tokens);
    let chat = builder.with_context_length(2048).with_kept_prompts(0).build_chat()?;
    let load = start.elapsed();
    let (first, rest, text) = block_on(answer(&chat))?;
    let (start, busy) = (Instant::now(), busy());
    let four = block_on(future::try_join_all((0..4).map(|_| chat.invoke(PROMPT))))?;
    let (took, busy) = (start.elapsed(), crate::busy() - busy);
    let made: u64 = four.iter().filter_map(|answer| answer.usage).map(|usage| usage.output_tokens).sum();
    let figures = json!({
        "load_s": load.as_secs_f64(),
        "first_token_s": first.as_secs_f64(),
        "tokens_per_s": f64::from(tokens - 1) / rest.as_secs_f64(),
        "four_at_once_tokens_per_s": made as f64 / took.as_secs_f64(),
        "four_at_once_cpu_s": busy,
        "peak_rss_mib": peak_memory(),
        "text": text,
    });
    #[expect(clippy::print_stdout, reason = "this is what the program is for")]
    {
        println!("{figures}");
    }
    Ok(())
}

/// The time to the first text, the time of the rest, and the text.
async fn answer(chat: &ChatLocal) -> Result<(Duration, Duration, String)> {
    let start = Instant::now();
    let mut stream = chat.stream(PROMPT);
    let mut text = stream.next().await.context("no answer")??.text().into_owned();
    let first = start.elapsed();
    while let Some(piece) = stream.next().await {
        text.push_str(&piece?.text());
    }
    Ok((first, start.elapsed() - first, text))
}

/// Seconds of processor time so far, of all threads; 0 where the system does not say it, in ticks of a hundredth.
fn busy() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// In MiB, where the system says it.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}
