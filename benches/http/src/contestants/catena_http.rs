//! The transport alone, with the same work by hand around it as the loop: what is left to a chain is the difference.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use catena_http::{HttpClient, Proxy, Request, Response};
use futures_util::StreamExt;

use super::wire::{self, Events};

#[derive(Clone)]
pub(crate) struct Transport {
    client: HttpClient,
    request: Request,
}

impl Transport {
    pub(super) fn new(base_url: &str) -> Result<Self> {
        let client = HttpClient::builder().with_proxy(Proxy::None).build()?;
        let request = Request::post(&format!("{base_url}/chat/completions"))?;
        let request = request.with_bearer("sk-bench")?.with_header("accept", "application/json")?;
        Ok(Self { client, request })
    }

    pub(super) async fn call(&mut self) -> Result<String> {
        wire::answer(&self.send(wire::request(false)).await?.bytes().await?)
    }

    pub(super) async fn stream(&mut self) -> Result<usize> {
        let mut body = self.send(wire::request(true)).await?.into_body();
        let (mut events, mut tokens) = (Events::default(), 0);
        while let Some(bytes) = body.next().await {
            events.add(&bytes?, |_token| tokens += 1)?;
        }
        Ok(tokens)
    }

    pub(super) async fn read_one_and_wait(&mut self, pause: Duration) -> Result<()> {
        let mut body = self.send(wire::request(true)).await?.into_body();
        body.next().await.context("no bytes")??;
        tokio::time::sleep(pause).await;
        Ok(())
    }

    async fn send(&self, body: Vec<u8>) -> Result<Response> {
        let response = self.client.send(self.request.clone().with_json_body(body)).await?;
        ensure!(response.status().is_success(), "status {}", response.status());
        Ok(response)
    }
}
