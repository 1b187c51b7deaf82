//! async-openai, with its types.

use std::time::Duration;

use anyhow::{Context, Result};
use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::types::chat::{
    ChatCompletionRequestSystemMessage, ChatCompletionRequestUserMessage, CreateChatCompletionRequest,
    CreateChatCompletionRequestArgs,
};
use futures_util::StreamExt;

use super::{MODEL, QUESTION, SYSTEM};

#[derive(Clone)]
pub(crate) struct AsyncOpenai(Client<OpenAIConfig>);

impl AsyncOpenai {
    pub(super) fn new(base_url: &str) -> Result<Self> {
        let config = OpenAIConfig::new().with_api_base(base_url).with_api_key("sk-bench");
        Ok(Self(Client::with_config(config)))
    }

    pub(super) async fn call(&mut self) -> Result<String> {
        let answer = self.0.chat().create(request()?).await?;
        answer.choices.into_iter().next().and_then(|choice| choice.message.content).context("no text")
    }

    pub(super) async fn stream(&mut self) -> Result<usize> {
        let mut stream = self.0.chat().create_stream(request()?).await?;
        let mut tokens = 0;
        while let Some(chunk) = stream.next().await {
            let first = chunk?.choices.into_iter().next();
            let text = first.and_then(|choice| choice.delta.content);
            tokens += usize::from(text.is_some_and(|text| !text.is_empty()));
        }
        Ok(tokens)
    }

    pub(super) async fn read_one_and_wait(&mut self, pause: Duration) -> Result<()> {
        let mut stream = self.0.chat().create_stream(request()?).await?;
        stream.next().await.context("no token")??;
        tokio::time::sleep(pause).await;
        Ok(())
    }
}

fn request() -> Result<CreateChatCompletionRequest> {
    Ok(CreateChatCompletionRequestArgs::default()
        .model(MODEL)
        .messages([
            ChatCompletionRequestSystemMessage::from(SYSTEM).into(),
            ChatCompletionRequestUserMessage::from(QUESTION).into(),
        ])
        .build()?)
}
