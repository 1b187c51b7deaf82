//! Storage for conversations.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::{Message, Result};

/// Storage for the messages of one conversation.
///
/// # Contract
/// `add_messages` is atomic: messages that two callers append concurrently are not interleaved.
///
/// # Errors
/// Errors of the underlying store.
///
/// # Cancellation
/// A dropped future has stored either all messages or none.
///
/// # Wrappers
/// None: histories are shared as `Arc<dyn ChatMessageHistory>`.
///
/// # Example
/// ```
/// use catena_core::{ChatMessageHistory, InMemoryChatMessageHistory, Message};
/// # futures_executor::block_on(async {
/// let history = InMemoryChatMessageHistory::new();
/// history.add_messages(vec![Message::human("Hi"), Message::ai("Hello")]).await?;
/// assert_eq!(history.messages().await?.len(), 2);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[doc(alias = "BaseChatMessageHistory")]
#[async_trait]
pub trait ChatMessageHistory: Send + Sync {
    /// Returns all messages, oldest first.
    async fn messages(&self) -> Result<Vec<Message>>;

    /// Appends messages.
    async fn add_messages(&self, messages: Vec<Message>) -> Result<()>;

    /// Removes all messages.
    async fn clear(&self) -> Result<()>;
}

/// A conversation in memory. Clones share the messages.
///
/// # Example
/// See [`ChatMessageHistory`].
#[derive(Clone, Default)]
pub struct InMemoryChatMessageHistory(Arc<Mutex<Vec<Message>>>);

impl InMemoryChatMessageHistory {
    /// Creates an empty conversation.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Message>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for InMemoryChatMessageHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InMemoryChatMessageHistory").field("messages", &self.lock().len()).finish()
    }
}

#[async_trait]
impl ChatMessageHistory for InMemoryChatMessageHistory {
    async fn messages(&self) -> Result<Vec<Message>> {
        Ok(self.lock().clone())
    }

    async fn add_messages(&self, messages: Vec<Message>) -> Result<()> {
        self.lock().extend(messages);
        Ok(())
    }

    async fn clear(&self) -> Result<()> {
        self.lock().clear();
        Ok(())
    }
}

/// Conversations in memory, by session id. Clones share them.
///
/// # Example
/// See [`WithMessageHistory`](crate::WithMessageHistory).
#[derive(Debug, Clone, Default)]
pub struct InMemorySessions(Arc<Mutex<HashMap<String, InMemoryChatMessageHistory>>>);

impl InMemorySessions {
    /// Creates a store without sessions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the conversation of a session, creating it if it does not exist.
    pub fn session(&self, id: &str) -> InMemoryChatMessageHistory {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.entry(id.to_owned()).or_default().clone()
    }
}
