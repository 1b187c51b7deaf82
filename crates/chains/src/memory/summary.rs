//! A memory that summarises the conversation.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use catena_core::{
    BufferString, ChatMessageHistory, Data, InMemoryChatMessageHistory, Message, PromptTemplate, PromptValue,
    Record, Result, Runnable, TokenCounter, vars,
};
use futures_util::lock::Mutex;

use super::Memory;
use super::exchange::{SavedKeys, last_that_fit};
use crate::LlmChain;

/// A memory that keeps a summary of the conversation, which a model updates after every exchange.
///
/// With a [buffer](Self::with_buffer), the last messages are kept verbatim and only older ones are summarised, as in
/// LangChain's `ConversationSummaryBufferMemory`. Clones share the conversation.
///
/// # Errors
/// Saving fails as for a [`ConversationBufferMemory`](crate::ConversationBufferMemory), and with the errors of the
/// model: the exchange is then in the history, and the summary is unchanged.
///
/// # Cancellation
/// Dropping a save during the model call has the effect of an error of the model. With a buffer, dropping it while the
/// history is rewritten afterwards can lose messages, if that history is asynchronous.
///
/// # Example
/// ```
/// use catena_chains::{ConversationSummaryMemory, Memory};
/// use catena_core::{fakes::FakeLlm, Data, Record};
/// # futures_executor::block_on(async {
/// let memory = ConversationSummaryMemory::new(FakeLlm::new(["The human is called Ada."]))?;
/// let said = Record::from_iter([("question", "I am Ada")]);
/// memory.save(&said, &Record::from_iter([("text", "Hello Ada")])).await?;
/// let loaded = memory.load(&Record::new()).await?;
/// assert_eq!(loaded.get("history"), Some(&Data::from("The human is called Ada.")));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[doc(alias = "ConversationSummaryBufferMemory")]
#[derive(Clone)]
pub struct ConversationSummaryMemory {
    summarize: LlmChain,
    history: Arc<dyn ChatMessageHistory>,
    /// The lock also prevents concurrent summarisation.
    summary: Arc<Mutex<String>>,
    key: String,
    /// The text format; `None` for messages.
    text: Option<BufferString>,
    buffer: Option<(usize, Arc<dyn TokenCounter>)>,
    saved: SavedKeys,
}

impl ConversationSummaryMemory {
    /// Creates an empty in-memory conversation, summarised by this model and given as a text named `history`.
    ///
    /// # Errors
    /// None in practice: the built-in template is well-formed.
    pub fn new<M>(llm: M) -> Result<Self>
    where
        M: Runnable<Input = PromptValue> + 'static,
        M::Output: Into<String> + Into<Data>,
    {
        Ok(Self {
            summarize: LlmChain::new(llm, PromptTemplate::new(SUMMARIZE)?),
            history: Arc::new(InMemoryChatMessageHistory::new()),
            summary: Arc::default(),
            key: "history".to_owned(),
            text: Some(BufferString::new()),
            buffer: None,
            saved: SavedKeys::default(),
        })
    }

    /// Keeps as many of the last messages as fit within `limit` tokens, and summarises those before them.
    #[must_use]
    #[doc(alias = "max_token_limit")]
    pub fn with_buffer(mut self, limit: usize, counter: impl TokenCounter + 'static) -> Self {
        self.buffer = Some((limit, Arc::new(counter)));
        self
    }

    /// Sets the summarising chain, whose prompt has the variables `summary`, the summary so far, and `new_lines`.
    #[must_use]
    pub fn with_prompt(mut self, summarize: LlmChain) -> Self {
        self.summarize = summarize;
        self
    }

    /// Sets where the messages are stored.
    #[must_use]
    pub fn with_history(mut self, history: impl ChatMessageHistory + 'static) -> Self {
        self.history = Arc::new(history);
        self
    }

    /// Sets the name of the conversation among the inputs; `history` by default.
    #[must_use]
    pub fn with_memory_key(mut self, key: impl Into<String>) -> Self {
        self.key = key.into();
        self
    }

    /// Gives messages, for a placeholder in a chat prompt, with the summary as a system message.
    #[must_use]
    #[doc(alias = "return_messages")]
    pub fn as_messages(mut self) -> Self {
        self.text = None;
        self
    }

    /// Sets which input is saved.
    #[must_use]
    pub fn with_input_key(mut self, key: impl Into<String>) -> Self {
        self.saved.input = Some(key.into());
        self
    }

    /// Sets which output is saved.
    #[must_use]
    pub fn with_output_key(mut self, key: impl Into<String>) -> Self {
        self.saved.output = Some(key.into());
        self
    }

    /// Updates the summary with these messages.
    async fn summed_up(&self, summary: &str, messages: &[Message]) -> Result<String> {
        let writing = self.text.clone().unwrap_or_default();
        self.summarize.arun(vars! { summary: summary, new_lines: writing.write(messages) }).await
    }

    /// Summarises the messages that no longer fit the buffer.
    async fn prune(&self, limit: usize, counter: &dyn TokenCounter, summary: &mut String) -> Result<()> {
        let mut messages = self.history.messages().await?;
        let kept = messages.split_off(last_that_fit(&messages, limit, counter));
        if messages.is_empty() {
            return Ok(());
        }
        let summed_up = self.summed_up(summary, &messages).await?;
        self.history.clear().await?;
        self.history.add_messages(kept).await?;
        *summary = summed_up;
        Ok(())
    }
}

impl fmt::Debug for ConversationSummaryMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConversationSummaryMemory").field("key", &self.key).finish_non_exhaustive()
    }
}

#[async_trait]
impl Memory for ConversationSummaryMemory {
    fn variables(&self) -> Vec<String> {
        vec![self.key.clone()]
    }

    async fn load(&self, _inputs: &Record) -> Result<Record> {
        let summary = self.summary.lock().await;
        let kept = if self.buffer.is_some() { self.history.messages().await? } else { Vec::new() };
        let value = match &self.text {
            Some(_) if kept.is_empty() && self.buffer.is_none() => Data::from(summary.as_str()),
            writing => {
                let summary = (!summary.is_empty()).then(|| Message::system(summary.as_str()));
                let messages: Vec<Message> = summary.into_iter().chain(kept).collect();
                writing.as_ref().map_or_else(|| messages.clone().into(), |text| text.write(&messages).into())
            }
        };
        Ok(Record::from_iter([(self.key.clone(), value)]))
    }

    async fn save(&self, inputs: &Record, outputs: &Record) -> Result<()> {
        let exchange = self.saved.exchange(inputs, outputs, &self.key)?;
        let mut summary = self.summary.lock().await;
        self.history.add_messages(exchange.to_vec()).await?;
        match &self.buffer {
            Some((limit, counter)) => self.prune(*limit, &**counter, &mut summary).await,
            None => {
                *summary = self.summed_up(&summary, &exchange).await?;
                Ok(())
            }
        }
    }

    async fn clear(&self) -> Result<()> {
        let mut summary = self.summary.lock().await;
        self.history.clear().await?;
        summary.clear();
        Ok(())
    }
}

/// The summarisation prompt.
const SUMMARIZE: &str = "\
Below is a summary of a conversation so far, and the lines that were said since. Write one summary of it all: keep what \
the summary says, and add what is new in the lines.

Summary so far:
{summary}

New lines:
{new_lines}

Summary of it all:";

#[cfg(test)]
mod tests {
    use super::*;
    use catena_core::fakes::FakeLlm;
    use catena_core::{Error, ErrorKind};
    use futures_executor::block_on;

    fn words(messages: &[Message]) -> usize {
        messages.iter().map(|message| message.text().split_whitespace().count()).sum()
    }

    fn save(memory: &ConversationSummaryMemory, said: &str, answered: &str) -> Result<()> {
        let (inputs, outputs) = (Record::from_iter([("i", said)]), Record::from_iter([("o", answered)]));
        block_on(memory.save(&inputs, &outputs))
    }

    #[track_caller]
    fn check(memory: &ConversationSummaryMemory, expected: impl Into<Data>) {
        let loaded = block_on(memory.load(&Record::new())).expect("loaded");
        assert_eq!(loaded.get("history"), Some(&expected.into()));
    }

    fn asked(model: &FakeLlm) -> Vec<String> {
        let between = |prompt: String| prompt.split_once("so far:\n").expect("a summary").1.to_owned();
        model.prompts().iter().map(|prompt| between(prompt.to_string())).collect()
    }

    #[test]
    fn every_exchange_is_summed_up() {
        let model = FakeLlm::new(["s1", "s2"]);
        let memory = ConversationSummaryMemory::new(model.clone()).expect("a good template");
        check(&memory, "");
        save(&memory, "1", "a").expect("saved");
        check(&memory, "s1");
        save(&memory, "2", "b").expect("saved");
        check(&memory, "s2");
        check(&memory.clone().as_messages(), vec![Message::system("s2")]);
        assert!(asked(&model)[1].starts_with("s1\n\nNew lines:\nHuman: 2\nAI: b\n"), "{:?}", asked(&model));
        block_on(memory.clear()).expect("cleared");
        check(&memory, "");
    }

    #[test]
    fn only_what_does_not_fit_is_summed_up() {
        let model = FakeLlm::new(["s1", "s2"]);
        let memory = ConversationSummaryMemory::new(model.clone()).expect("a good template");
        let memory = memory.with_buffer(4, words);
        save(&memory, "one", "two").expect("saved");
        check(&memory, "Human: one\nAI: two");
        save(&memory, "three four", "five").expect("saved");
        check(&memory, "System: s1\nAI: two\nHuman: three four\nAI: five");
        save(&memory, "a b c d e", "f").expect("saved");
        check(&memory, "System: s2\nAI: f");
        assert!(asked(&model)[0].starts_with("\n\nNew lines:\nHuman: one\n\n"), "{:?}", asked(&model));
        assert!(asked(&model)[1].contains("AI: two\nHuman: three four\nAI: five\nHuman: a b c d e\n\n"));
    }

    #[test]
    fn a_model_that_fails_changes_no_summary() {
        let broken = FakeLlm::failing(["x"], Error::new(ErrorKind::Server, "down"));
        let memory = ConversationSummaryMemory::new(broken).expect("a good template").with_buffer(1, words);
        assert_eq!(save(&memory, "one", "two").expect_err("it fails").kind(), ErrorKind::Server);
        check(&memory, "Human: one\nAI: two");
    }
}
