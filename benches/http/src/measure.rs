//! The measurements, made in a process of their own.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::ValueEnum;
use cpu_time::ProcessTime;
use serde::{Deserialize, Serialize};

use crate::contestants::{Client, Who};
use crate::server::TOKENS;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum What {
    /// CPU time per call
    Calls,
    /// CPU time per streamed token
    Tokens,
    /// Memory per call in flight
    Memory,
    /// Wall time of 10,000 calls in flight
    Flight,
    /// What a server can write to a client that does not read
    Backpressure,
}

impl What {
    /// How often it is measured.
    pub(crate) fn rounds(self, rounds: usize) -> usize {
        match self {
            Self::Backpressure => 1,
            // They take their time, and differ little.
            Self::Memory | Self::Flight => rounds.div_ceil(4),
            Self::Calls | Self::Tokens => rounds,
        }
    }
}

/// What a process found.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// The figure of the measurement, in its own unit.
    pub(crate) value: f64,
    /// CPU time of the whole measurement, in seconds.
    pub(crate) cpu: f64,
    /// Wall time of the whole measurement, in seconds.
    pub(crate) wall: f64,
}

const AT_ONCE: usize = 32;
const STREAMS_AT_ONCE: usize = 16;

pub(crate) fn run(who: Who, what: What, server: &str, quick: bool) -> Result<Figures> {
    // One worker, as the process has one core.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let client = |path: &str| Client::new(who, &format!("http://{server}/{path}/v1"));
        match what {
            What::Calls => calls(client("fast")?, if quick { 5_000 } else { 15_000 }).await,
            What::Tokens => tokens(client("stream")?, if quick { 160 } else { 480 }).await,
            What::Memory => memory(client("fast")?, client("slow")?).await,
            What::Flight => flight(client("slow")?).await,
            What::Backpressure => backpressure(client("flood")?, server).await,
        }
    })
}

async fn calls(client: Client, count: usize) -> Result<Figures> {
    at_once(&client, AT_ONCE, 20, Kind::Call).await?;
    let watch = Watch::start();
    at_once(&client, AT_ONCE, count / AT_ONCE, Kind::Call).await?;
    let (cpu, wall) = watch.stop();
    Ok(Figures { value: cpu * 1e6 / count as f64, cpu, wall })
}

async fn tokens(client: Client, count: usize) -> Result<Figures> {
    at_once(&client, STREAMS_AT_ONCE, 1, Kind::Stream).await?;
    let watch = Watch::start();
    at_once(&client, STREAMS_AT_ONCE, count / STREAMS_AT_ONCE, Kind::Stream).await?;
    let (cpu, wall) = watch.stop();
    Ok(Figures { value: cpu * 1e6 / (count * TOKENS) as f64, cpu, wall })
}

async fn memory(fast: Client, slow: Client) -> Result<Figures> {
    const CALLS: usize = 2_000;
    // What is there once and for all is not counted.
    at_once(&fast, 1, 2, Kind::Call).await?;
    let (before, watch) = (memory_of("VmRSS")?, Watch::start());
    at_once(&slow, CALLS, 1, Kind::Call).await?;
    let (cpu, wall) = watch.stop();
    Ok(Figures { value: (memory_of("VmHWM")? - before) / CALLS as f64, cpu, wall })
}

async fn flight(client: Client) -> Result<Figures> {
    let watch = Watch::start();
    at_once(&client, 10_000, 1, Kind::Call).await?;
    let (cpu, wall) = watch.stop();
    Ok(Figures { value: wall, cpu, wall })
}

async fn backpressure(client: Client, server: &str) -> Result<Figures> {
    let watch = Watch::start();
    client.read_one_and_wait(Duration::from_secs(3)).await?;
    let (cpu, wall) = watch.stop();
    let written: f64 = reqwest::get(format!("http://{server}/flooded")).await?.text().await?.parse()?;
    Ok(Figures { value: written / 1024.0, cpu, wall })
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Call,
    Stream,
}

/// `tasks` tasks make `each` calls one after the other.
async fn at_once(client: &Client, tasks: usize, each: usize, kind: Kind) -> Result<()> {
    let tasks: Vec<_> = (0..tasks)
        .map(|_| {
            let mut client = client.for_task();
            tokio::spawn(async move {
                for _ in 0..each {
                    match kind {
                        Kind::Call => {
                            let answer = client.call().await?;
                            anyhow::ensure!(answer.contains("Happy Toes"), "a wrong answer");
                        }
                        Kind::Stream => {
                            let tokens = client.stream().await?;
                            anyhow::ensure!(tokens == TOKENS, "{tokens} tokens");
                        }
                    }
                }
                Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(())
}

struct Watch(ProcessTime, Instant);

impl Watch {
    fn start() -> Self {
        Self(ProcessTime::now(), Instant::now())
    }

    fn stop(self) -> (f64, f64) {
        (self.0.elapsed().as_secs_f64(), self.1.elapsed().as_secs_f64())
    }
}

/// A figure of the process, in KiB.
fn memory_of(name: &str) -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status").context("memory is measured on Linux only")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let value = line.and_then(|line| line.split_whitespace().next()).context("no such figure")?;
    Ok(value.parse()?)
}
