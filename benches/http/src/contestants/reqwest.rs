//! reqwest, and the same work by hand around it.

use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::StreamExt;
use reqwest::{Client, Response};

use super::wire::{self, Events};

#[derive(Clone)]
pub(crate) struct Reqwest {
    client: Client,
    url: String,
}

impl Reqwest {
    pub(super) fn new(base_url: &str) -> Result<Self> {
        let client = Client::builder().no_proxy().pool_max_idle_per_host(usize::MAX).build()?;
        Ok(Self { client, url: format!("{base_url}/chat/completions") })
    }

    pub(super) async fn call(&mut self) -> Result<String> {
        wire::answer(&self.send(wire::request(false)).await?.bytes().await?)
    }

    pub(super) async fn stream(&mut self) -> Result<usize> {
        let mut body = self.send(wire::request(true)).await?.bytes_stream();
        let (mut events, mut tokens) = (Events::default(), 0);
        while let Some(bytes) = body.next().await {
            events.add(&bytes?, |_token| tokens += 1)?;
        }
        Ok(tokens)
    }

    pub(super) async fn read_one_and_wait(&mut self, pause: Duration) -> Result<()> {
        let mut body = self.send(wire::request(true)).await?.bytes_stream();
        body.next().await.context("no bytes")??;
        tokio::time::sleep(pause).await;
        Ok(())
    }

    async fn send(&self, body: Vec<u8>) -> Result<Response> {
        let request = self.client.post(&self.url).bearer_auth("sk-bench");
        let request = request.header("content-type", "application/json").header("accept", "application/json");
        Ok(request.body(body).send().await?.error_for_status()?)
    }
}
