//! A read-only memory.

use async_trait::async_trait;
use catena_core::{Record, Result};

use super::Memory;

/// A memory that gives the values of another one, and ignores `save` and `clear`.
///
/// # Example
/// ```
/// use catena_chains::{ConversationBufferMemory, Memory, ReadOnlyMemory};
/// use catena_core::{Data, Record};
/// # futures_executor::block_on(async {
/// let shared = ConversationBufferMemory::new();
/// let memory = ReadOnlyMemory::new(shared.clone());
/// let (question, answer) = (Record::from_iter([("q", "Hi")]), Record::from_iter([("text", "Hello")]));
/// memory.save(&question, &answer).await?;
/// assert_eq!(memory.load(&question).await?.get("history"), Some(&Data::from("")));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[doc(alias = "ReadOnlySharedMemory")]
#[derive(Debug, Clone)]
pub struct ReadOnlyMemory<M>(M);

impl<M: Memory> ReadOnlyMemory<M> {
    /// Creates a read-only view of this memory.
    pub fn new(memory: M) -> Self {
        Self(memory)
    }
}

#[async_trait]
impl<M: Memory> Memory for ReadOnlyMemory<M> {
    fn variables(&self) -> Vec<String> {
        self.0.variables()
    }

    async fn load(&self, inputs: &Record) -> Result<Record> {
        self.0.load(inputs).await
    }

    async fn save(&self, _inputs: &Record, _outputs: &Record) -> Result<()> {
        Ok(())
    }

    async fn clear(&self) -> Result<()> {
        Ok(())
    }
}
