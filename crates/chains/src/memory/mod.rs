//! The memory of a chain between calls.

mod buffer;
mod combined;
mod exchange;
mod read_only;
mod simple;
mod summary;

pub use buffer::ConversationBufferMemory;
pub use combined::CombinedMemory;
pub use read_only::ReadOnlyMemory;
pub use simple::SimpleMemory;
pub use summary::ConversationSummaryMemory;

use std::sync::Arc;

use async_trait::async_trait;
use catena_core::{Record, Result};

/// Provides a chain with values in addition to its inputs, and saves its calls.
///
/// # Contract
/// `load` gives a value for each of `variables`. A chain loads before it runs and saves after it has succeeded, or when
/// its stream is complete; a call that failed or was dropped is not saved.
///
/// # Errors
/// Those of the store; [`InvalidInput`](catena_core::ErrorKind::InvalidInput) when it is ambiguous what to save.
///
/// # Cancellation
/// A dropped future has saved either everything or nothing.
///
/// # Wrappers
/// `Arc<dyn Memory>` is a memory; [`ReadOnlyMemory`] and [`CombinedMemory`] wrap others.
///
/// # Example
/// ```
/// use catena_chains::{ConversationBufferMemory, Memory};
/// use catena_core::{Data, Record};
/// # futures_executor::block_on(async {
/// let memory = ConversationBufferMemory::new();
/// let said = Record::from_iter([("question", "Hi")]);
/// memory.save(&said, &Record::from_iter([("text", "Hello")])).await?;
/// let loaded = memory.load(&Record::new()).await?;
/// assert_eq!(loaded.get("history"), Some(&Data::from("Human: Hi\nAI: Hello")));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[doc(alias = "BaseMemory")]
#[async_trait]
pub trait Memory: Send + Sync {
    /// Returns the names of the values it gives.
    #[doc(alias = "memory_variables")]
    fn variables(&self) -> Vec<String>;

    /// Loads the values for a call with these inputs.
    #[doc(alias = "load_memory_variables")]
    async fn load(&self, inputs: &Record) -> Result<Record>;

    /// Saves a call.
    #[doc(alias = "save_context")]
    async fn save(&self, inputs: &Record, outputs: &Record) -> Result<()>;

    /// Removes everything saved.
    async fn clear(&self) -> Result<()>;
}

#[async_trait]
impl<M: Memory + ?Sized> Memory for Arc<M> {
    fn variables(&self) -> Vec<String> {
        (**self).variables()
    }

    async fn load(&self, inputs: &Record) -> Result<Record> {
        (**self).load(inputs).await
    }

    async fn save(&self, inputs: &Record, outputs: &Record) -> Result<()> {
        (**self).save(inputs, outputs).await
    }

    async fn clear(&self) -> Result<()> {
        (**self).clear().await
    }
}
