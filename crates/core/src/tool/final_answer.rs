//! The final answer of a tool loop.

use std::borrow::Cow;

use async_trait::async_trait;

use super::tool_loop::ToolLoop;
use crate::{AiMessage, Context, Message, PromptValue, Result, Runnable};

/// A runnable that returns the last message of a [`ToolLoop`]. Created by [`ToolLoop::final_answer`].
///
/// # Example
/// See [`ToolLoop`].
#[derive(Debug, Clone)]
pub struct FinalAnswer<R>(ToolLoop<R>);

impl<R> FinalAnswer<R> {
    pub(super) fn new(tool_loop: ToolLoop<R>) -> Self {
        Self(tool_loop)
    }
}

#[async_trait]
impl<R> Runnable for FinalAnswer<R>
where
    R: Runnable<Input = PromptValue, Output = AiMessage>,
{
    type Input = PromptValue;
    type Output = AiMessage;

    async fn call(&self, prompt: PromptValue, cx: &Context) -> Result<AiMessage> {
        let transcript = self.0.call(prompt, cx).await?;
        Ok(match transcript.into_messages().pop() {
            Some(Message::Ai(answer)) => answer,
            // The output of a tool that returns directly.
            Some(other) => AiMessage::new(other.content().clone()),
            None => AiMessage::default(),
        })
    }

    fn name(&self) -> Cow<'_, str> {
        self.0.name()
    }
}

crate::impl_pipe!(impl [R: Runnable<Input = PromptValue, Output = AiMessage>] FinalAnswer<R>);
