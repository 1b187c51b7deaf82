//! The loop that one would write by hand: hyper's own connection, one per task, and as little as possible around it.
//!
//! It encodes the request with serde and the body of the answer, which it does not copy, into a struct of the one text that
//! it wants; events are cut from a buffer, and each text is given as a string. It pools nothing, retries nothing, has no
//! time limits, and knows neither token counts nor errors: less than any program that one would run.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::wire::{self, Events};

pub(crate) struct Loop {
    url: Uri,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Loop {
    pub(super) fn new(base_url: &str) -> Result<Self> {
        Ok(Self { url: format!("{base_url}/chat/completions").parse()?, sender: None })
    }

    pub(super) fn for_task(&self) -> Self {
        Self { url: self.url.clone(), sender: None }
    }

    pub(super) async fn call(&mut self) -> Result<String> {
        let answer = self.send(wire::request(false)).await?;
        wire::answer(&answer.into_body().collect().await?.to_bytes())
    }

    pub(super) async fn stream(&mut self) -> Result<usize> {
        let mut body = self.send(wire::request(true)).await?.into_body();
        let (mut events, mut tokens) = (Events::default(), 0);
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame?.into_data() {
                events.add(&data, |_token| tokens += 1)?;
            }
        }
        Ok(tokens)
    }

    pub(super) async fn read_one_and_wait(&mut self, pause: Duration) -> Result<()> {
        let mut body = self.send(wire::request(true)).await?.into_body();
        body.frame().await.context("no frame")??;
        tokio::time::sleep(pause).await;
        Ok(())
    }

    async fn send(&mut self, body: Vec<u8>) -> Result<Response<Incoming>> {
        let host = self.url.authority().context("no host")?.as_str();
        if self.sender.is_none() {
            let tcp = TcpStream::connect(host).await?;
            tcp.set_nodelay(true)?;
            let (sender, connection) = handshake(TokioIo::new(tcp)).await?;
            tokio::spawn(connection);
            self.sender = Some(sender);
        }
        let sender = self.sender.as_mut().context("no connection")?;
        sender.ready().await?;
        let request = Request::post(self.url.path())
            .header("host", host)
            .header("authorization", "Bearer sk-bench")
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .body(Full::from(body))?;
        let answer = sender.send_request(request).await?;
        ensure!(answer.status().is_success(), "status {}", answer.status());
        Ok(answer)
    }
}
