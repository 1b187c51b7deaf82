//! A memory that keeps the conversation.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use catena_core::{
    BufferString, ChatMessageHistory, Data, InMemoryChatMessageHistory, Message, Record, Result, TokenCounter,
};

use super::Memory;
use super::exchange::{SavedKeys, last_that_fit};

/// A memory that keeps the conversation and gives it as a text or as messages.
///
/// It gives the whole conversation, unless limited with [`with_window`](Self::with_window) or
/// [`with_token_limit`](Self::with_token_limit). Clones share the conversation.
///
/// # Errors
/// Saving fails with [`InvalidInput`](catena_core::ErrorKind::InvalidInput) when there is not exactly one input or
/// output and no key selects one, and with [`MissingKey`](catena_core::ErrorKind::MissingKey) when the selected one is
/// absent. Of several outputs, one named `output` is selected by default.
///
/// # Example
/// ```
/// use catena_chains::{ConversationBufferMemory, LlmChain};
/// use catena_core::fakes::FakeLlm;
/// # futures_executor::block_on(async {
/// let model = FakeLlm::new(["Hello Ada", "You are Ada"]);
/// let chain = LlmChain::from_template(model.clone(), "{history}\nHuman: {question}\nAI:")?
///     .with_memory(ConversationBufferMemory::new());
/// chain.arun("I am Ada").await?;
/// chain.arun("Who am I?").await?;
/// let prompt = model.prompts()[1].to_string();
/// assert_eq!(prompt, "Human: I am Ada\nAI: Hello Ada\nHuman: Who am I?\nAI:");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[doc(alias = "ConversationBufferWindowMemory")]
#[doc(alias = "ConversationTokenBufferMemory")]
#[derive(Clone)]
pub struct ConversationBufferMemory {
    history: Arc<dyn ChatMessageHistory>,
    key: String,
    /// The text format; `None` for messages.
    text: Option<BufferString>,
    keep: Keep,
    saved: SavedKeys,
    /// The prefix of the text, unless it is empty.
    lead: &'static str,
}

/// The part of the conversation that is given.
#[derive(Clone)]
enum Keep {
    All,
    Exchanges(usize),
    Tokens(usize, Arc<dyn TokenCounter>),
}

impl ConversationBufferMemory {
    /// Creates an empty in-memory conversation, given as a text named `history`.
    pub fn new() -> Self {
        Self::with_history(InMemoryChatMessageHistory::new())
    }

    /// Creates a memory over this message history.
    pub fn with_history(history: impl ChatMessageHistory + 'static) -> Self {
        Self {
            history: Arc::new(history),
            key: "history".to_owned(),
            text: Some(BufferString::new()),
            keep: Keep::All,
            saved: SavedKeys::default(),
            lead: "",
        }
    }

    /// Creates an empty in-memory conversation, given as a text that starts with a newline unless it is empty:
    /// LangChain's `ConversationStringBufferMemory`.
    #[doc(alias = "ConversationStringBufferMemory")]
    pub fn string_buffer() -> Self {
        Self { lead: "\n", ..Self::new() }
    }

    /// Sets the name of the conversation among the inputs; `history` by default.
    #[must_use]
    pub fn with_memory_key(mut self, key: impl Into<String>) -> Self {
        self.key = key.into();
        self
    }

    /// Gives messages, for a placeholder in a chat prompt.
    #[must_use]
    #[doc(alias = "return_messages")]
    pub fn as_messages(mut self) -> Self {
        self.text = None;
        self
    }

    /// Gives a text in this format, for example with custom prefixes.
    #[must_use]
    pub fn as_text(mut self, text: BufferString) -> Self {
        self.text = Some(text);
        self
    }

    /// Gives only the last exchanges, each of which is an input and its answer.
    #[must_use]
    pub fn with_window(mut self, exchanges: usize) -> Self {
        self.keep = Keep::Exchanges(exchanges);
        self
    }

    /// Gives as many of the last messages as fit within `limit` tokens, as counted by `count`.
    #[must_use]
    pub fn with_token_limit(mut self, limit: usize, count: impl TokenCounter + 'static) -> Self {
        self.keep = Keep::Tokens(limit, Arc::new(count));
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
}

impl Keep {
    fn of<'a>(&self, messages: &'a [Message]) -> &'a [Message] {
        let from = match self {
            Self::All => 0,
            Self::Exchanges(count) => messages.len().saturating_sub(count.saturating_mul(2)),
            Self::Tokens(limit, count) => last_that_fit(messages, *limit, &**count),
        };
        &messages[from..]
    }
}

impl Default for ConversationBufferMemory {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ConversationBufferMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConversationBufferMemory").field("key", &self.key).finish_non_exhaustive()
    }
}

#[async_trait]
impl Memory for ConversationBufferMemory {
    fn variables(&self) -> Vec<String> {
        vec![self.key.clone()]
    }

    async fn load(&self, _inputs: &Record) -> Result<Record> {
        let messages = self.history.messages().await?;
        let kept = self.keep.of(&messages);
        let value = match &self.text {
            Some(text) => match text.write(kept) {
                text if text.is_empty() => Data::from(text),
                text => Data::from(format!("{}{text}", self.lead)),
            },
            None => Data::from(kept.to_vec()),
        };
        Ok(Record::from_iter([(self.key.clone(), value)]))
    }

    async fn save(&self, inputs: &Record, outputs: &Record) -> Result<()> {
        let exchange = self.saved.exchange(inputs, outputs, &self.key)?;
        self.history.add_messages(exchange.into()).await
    }

    async fn clear(&self) -> Result<()> {
        self.history.clear().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::text_of;
    use futures_executor::block_on;

    fn record(values: &[(&str, &str)]) -> Record {
        values.iter().copied().collect()
    }

    #[track_caller]
    fn check(memory: &ConversationBufferMemory, exchanges: &[(&str, &str)], expected: &str) {
        for (said, answered) in exchanges {
            block_on(memory.save(&record(&[("i", said)]), &record(&[("o", answered)]))).expect("saved");
        }
        let loaded = block_on(memory.load(&Record::new())).expect("loaded");
        assert_eq!(loaded.get("history"), Some(&Data::from(expected)));
    }

    #[test]
    fn gives_as_much_as_it_is_told() {
        let memory = ConversationBufferMemory::new;
        check(&memory(), &[], "");
        check(&memory(), &[("1", "a"), ("2", "b")], "Human: 1\nAI: a\nHuman: 2\nAI: b");
        let three = [("1", "a"), ("2", "b"), ("3", "c")];
        check(&memory().with_window(2), &three, "Human: 2\nAI: b\nHuman: 3\nAI: c");
        check(&memory().with_window(0), &three, "");
        let words =
            |messages: &[Message]| catena_core::get_buffer_string(messages).split_whitespace().count();
        let limited = memory().with_token_limit(8, words);
        check(&limited, &[("one two", "three")], "Human: one two\nAI: three");
        check(&limited, &[("four five", "six")], "AI: three\nHuman: four five\nAI: six");
        check(&ConversationBufferMemory::string_buffer(), &[], "");
        check(&ConversationBufferMemory::string_buffer(), &[("1", "a")], "\nHuman: 1\nAI: a");
        block_on(limited.clear()).expect("cleared");
        check(&limited, &[], "");
    }

    #[test]
    fn saves_what_it_can_tell_apart() {
        let save = |memory: ConversationBufferMemory, inputs: &[_], outputs: &[_]| {
            block_on(memory.save(&record(inputs), &record(outputs)))
                .map_err(|error| error.message().to_owned())?;
            let loaded = block_on(memory.load(&Record::new())).expect("loaded");
            Ok::<_, String>(text_of(loaded.get("history").expect("a history")))
        };
        let memory = ConversationBufferMemory::new;
        let (one, two) = ([("i", "1")], [("i", "1"), ("j", "2")]);
        assert!(save(memory(), &two, &[("o", "a")]).is_err_and(|text| text.contains("`i`, `j`")));
        assert!(save(memory(), &one, &[("o", "a"), ("p", "b")]).is_err());
        let answer = "Human: 1\nAI: a".to_owned();
        assert_eq!(save(memory(), &one, &[("output", "a"), ("p", "b")]), Ok(answer.clone()));
        assert_eq!(save(memory().with_input_key("i"), &two, &[("o", "a")]), Ok(answer.clone()));
        assert_eq!(save(memory().with_output_key("o"), &one, &[("o", "a"), ("p", "b")]), Ok(answer));
        assert!(save(memory().with_output_key("zzz"), &one, &[("o", "a")]).is_err());
    }
}
