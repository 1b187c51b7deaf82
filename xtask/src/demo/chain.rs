//! The chain of the demo: a prompt, an OpenAI completion model and its text. The model may be simulated.

use std::env;
use std::time::Duration;

use anyhow::{Result, bail};
use catena::prelude::*;
use catena_testkit::SimulatedOpenAi;
use clap::ValueEnum;
use clap::error::ErrorKind as Usage;

use super::Args;

const PROMPT: &str = "What is a good name for a company that makes {product}?";

/// What the simulated answers and their latencies start from.
const SEED: u64 = 219;

/// Both kinds of chain take the product and give a name.
pub(super) type NameChain = BoxRunnable<Data, String>;

/// How the chain is written. It does the same either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ChainKind {
    LlmChain,
    Lcel,
}

pub(super) fn build(kind: ChainKind, llm: OpenAi) -> catena::Result<NameChain> {
    let prompt = PromptTemplate::new(PROMPT)?;
    Ok(match kind {
        ChainKind::LlmChain => (LlmChain::new(llm, prompt) | StrOutputParser).boxed(),
        ChainKind::Lcel => (prompt | llm | StrOutputParser).boxed(),
    })
}

/// Who answers: the service that the environment names, or else a server of our own.
#[derive(Debug)]
pub(super) enum Service {
    Real,
    Simulated(SimulatedOpenAi),
}

impl Service {
    pub(super) fn find(args: &Args) -> Result<Self> {
        let has_key = env::var("OPENAI_API_KEY").is_ok_and(|key| !key.trim().is_empty());
        match (has_key, args.latency) {
            (true, None) => Ok(Self::Real),
            (true, Some(_)) => bail!(clap::Error::raw(
                Usage::ArgumentConflict,
                "--latency sets the pace of the simulated server, but OPENAI_API_KEY is set; unset it to simulate\n",
            )),
            (false, latency) => Ok(Self::Simulated(simulate(latency)?)),
        }
    }

    pub(super) fn is_simulated(&self) -> bool {
        matches!(self, Self::Simulated(_))
    }

    /// The model of the page, at this service.
    pub(super) fn llm(&self, model: Option<&str>) -> catena::Result<OpenAi> {
        let mut llm = OpenAi::builder().with_temperature(0.9);
        if let Some(model) = model {
            llm = llm.with_model(model);
        }
        match self {
            Self::Real => llm.build(),
            // The server is on this machine: no proxy and no organization has a part in it.
            Self::Simulated(server) => {
                llm.ignore_environment().with_base_url(server.base_url()).without_api_key().build()
            }
        }
    }
}

fn simulate(latency: Option<u64>) -> std::io::Result<SimulatedOpenAi> {
    let server = match latency {
        Some(exact) => SimulatedOpenAi::builder().with_latency(Duration::from_millis(exact)).with_jitter(0.0),
        // With this seed about what the page measured: 6.38 seconds and 1.54.
        None => SimulatedOpenAi::builder().with_latency(Duration::from_millis(1270)).with_jitter(0.22),
    };
    server.with_seed(SEED).start()
}
