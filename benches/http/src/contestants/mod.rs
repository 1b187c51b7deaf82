//! Those who are measured: each calls a chat model, once or as a stream, and gives the text.

mod async_openai;
mod catena;
mod catena_http;
mod hyper;
mod reqwest;
mod wire;

use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;

/// A contestant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Who {
    Hyper,
    Catena,
    CatenaHttp,
    Reqwest,
    AsyncOpenai,
}

/// What every contestant sends.
const MODEL: &str = "gpt-4o-mini";
const SYSTEM: &str = "You name companies.";
const QUESTION: &str = "Five names for a company that makes colorful socks?";

/// A client that tasks may share.
pub(crate) enum Client {
    Hyper(hyper::Loop),
    Catena(catena::Chain),
    CatenaHttp(catena_http::Transport),
    Reqwest(reqwest::Reqwest),
    AsyncOpenai(async_openai::AsyncOpenai),
}

/// Calls the same method of whichever client it is.
macro_rules! each {
    ($client:expr, $it:ident => $call:expr) => {
        match $client {
            Client::Hyper($it) => $call,
            Client::Catena($it) => $call,
            Client::CatenaHttp($it) => $call,
            Client::Reqwest($it) => $call,
            Client::AsyncOpenai($it) => $call,
        }
    };
}

impl Client {
    pub(crate) fn new(who: Who, base_url: &str) -> Result<Self> {
        Ok(match who {
            Who::Hyper => Self::Hyper(hyper::Loop::new(base_url)?),
            Who::CatenaHttp => Self::CatenaHttp(catena_http::Transport::new(base_url)?),
            Who::Catena => Self::Catena(catena::Chain::new(base_url)?),
            Who::Reqwest => Self::Reqwest(reqwest::Reqwest::new(base_url)?),
            Who::AsyncOpenai => Self::AsyncOpenai(async_openai::AsyncOpenai::new(base_url)?),
        })
    }

    /// The client for one task: a clone that shares connections, or the loop with a connection of its own.
    pub(crate) fn for_task(&self) -> Self {
        match self {
            Self::Hyper(client) => Self::Hyper(client.for_task()),
            Self::CatenaHttp(client) => Self::CatenaHttp(client.clone()),
            Self::Catena(client) => Self::Catena(client.clone()),
            Self::Reqwest(client) => Self::Reqwest(client.clone()),
            Self::AsyncOpenai(client) => Self::AsyncOpenai(client.clone()),
        }
    }

    /// The answer to one call.
    pub(crate) async fn call(&mut self) -> Result<String> {
        each!(self, client => client.call().await)
    }

    /// How many tokens with text a streamed answer had.
    pub(crate) async fn stream(&mut self) -> Result<usize> {
        each!(self, client => client.stream().await)
    }

    /// Reads one token of a stream and then nothing for this long.
    pub(crate) async fn read_one_and_wait(mut self, pause: Duration) -> Result<()> {
        each!(&mut self, client => client.read_one_and_wait(pause).await)
    }
}
