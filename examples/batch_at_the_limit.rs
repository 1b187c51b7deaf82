//! A thousand calls to a service that allows 50 in flight and 3,000 per minute: at the service's limit, and all at
//! once.
//!
//! The service is simulated, and ten times as fast: answers take 0.1 s, and a minute lasts 6 s. The best possible time
//! is then 2 s.

#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use std::time::{Duration, Instant};

use anyhow::Result;
use catena::limits::AdaptiveConcurrency;
use catena::{ChatOpenAi, RunnableExt, StrOutputParser};
use catena::{Sleep, SystemTimer, Timer};
use catena_testkit::SimulatedOpenAi;

const CALLS: usize = 1_000;
const SPEED: u32 = 10;

#[tokio::main]
async fn main() -> Result<()> {
    println!("The service is simulated.");
    let adaptive = AdaptiveConcurrency::new();
    run("adaptive concurrency", Some(&adaptive)).await?;
    println!("  it learned: {:?}", adaptive.state());
    run("all at once", None).await
}

async fn run(name: &str, adaptive: Option<&AdaptiveConcurrency>) -> Result<()> {
    let service = SimulatedOpenAi::builder()
        .with_latency(Duration::from_secs(1) / SPEED)
        .with_max_at_once(50)
        .with_requests_per_minute(3_000 * SPEED)
        .start()?;
    let chat = ChatOpenAi::builder()
        .with_base_url(service.base_url())
        .with_max_retries(100)
        .without_api_key()
        .with_timer(Fast);
    let chat = match adaptive {
        Some(adaptive) => chat.with_admission(adaptive.clone()),
        None => chat,
    };
    let chain = chat.build()?.pipe(StrOutputParser);

    let start = Instant::now();
    let answers = chain.batch((0..CALLS).map(|number| format!("Say the number {number}"))).await;
    let (took, sent) = (start.elapsed(), service.server().requests().len());

    let failed = answers.iter().filter(|answer| answer.is_err()).count();
    let refused = 100.0 * (sent - CALLS) as f64 / sent as f64;
    println!(
        "{name}: {took:.2?} for {CALLS} calls, {failed} failed; {sent} requests, {refused:.1} % of them refused"
    );
    Ok(())
}

/// Shortens the delays between attempts by the same factor.
#[derive(Debug)]
struct Fast;

impl Timer for Fast {
    fn now(&self) -> Instant {
        SystemTimer.now()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        SystemTimer.sleep(duration / SPEED)
    }
}
