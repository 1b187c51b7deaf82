//! Catena: a whole chain, prompt | model | parser.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use catena::prelude::*;
use catena::{ChatPromptTemplate, Data};
use futures_util::StreamExt;

use super::{MODEL, QUESTION, SYSTEM};

#[derive(Clone)]
pub(crate) struct Chain(Arc<dyn Runnable<Input = Data, Output = String>>);

impl Chain {
    pub(super) fn new(base_url: &str) -> Result<Self> {
        let prompt = ChatPromptTemplate::new([("system", SYSTEM), ("human", "{question}")])?;
        let model = ChatOpenAi::builder()
            .ignore_environment()
            .allow_insecure_http()
            .with_base_url(base_url)
            .with_api_key("sk-bench")
            .with_model(MODEL)
            .build()?;
        Ok(Self(Arc::new(prompt | model | StrOutputParser)))
    }

    pub(super) async fn call(&mut self) -> Result<String> {
        Ok(self.0.invoke(QUESTION).await?)
    }

    pub(super) async fn stream(&mut self) -> Result<usize> {
        let (mut stream, mut tokens) = (self.0.stream(QUESTION), 0);
        while let Some(token) = stream.next().await {
            tokens += usize::from(!token?.is_empty());
        }
        Ok(tokens)
    }

    pub(super) async fn read_one_and_wait(&mut self, pause: Duration) -> Result<()> {
        let mut stream = self.0.stream(QUESTION);
        stream.next().await.context("no token")??;
        tokio::time::sleep(pause).await;
        Ok(())
    }
}
