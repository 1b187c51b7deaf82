//! Several memories combined.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use catena_core::{Record, Result};

use super::Memory;
use crate::keys::misbuilt;

/// A memory that gives the values of several memories and saves every call to each of them.
///
/// # Example
/// ```
/// use catena_chains::{CombinedMemory, ConversationBufferMemory, Memory, SimpleMemory};
/// let memory = CombinedMemory::new()
///     .with(ConversationBufferMemory::new())?
///     .with(SimpleMemory::new([("name", "Ada")]))?;
/// assert_eq!(memory.variables(), ["history", "name"]);
/// assert!(memory.with(ConversationBufferMemory::new()).is_err());
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct CombinedMemory(Vec<Arc<dyn Memory>>);

impl CombinedMemory {
    /// Creates an empty combination.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a memory.
    ///
    /// # Errors
    /// [`Config`](catena_core::ErrorKind::Config) when another one gives a value with the same name.
    pub fn with(mut self, memory: impl Memory + 'static) -> Result<Self> {
        let present = self.variables();
        if let Some(name) = memory.variables().into_iter().find(|name| present.contains(name)) {
            return Err(misbuilt(format!("two of the combined memories provide a variable named `{name}`")));
        }
        self.0.push(Arc::new(memory));
        Ok(self)
    }
}

impl fmt::Debug for CombinedMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CombinedMemory").field(&self.variables()).finish()
    }
}

#[async_trait]
impl Memory for CombinedMemory {
    fn variables(&self) -> Vec<String> {
        self.0.iter().flat_map(Memory::variables).collect()
    }

    async fn load(&self, inputs: &Record) -> Result<Record> {
        let mut values = Record::new();
        for memory in &self.0 {
            values.extend(memory.load(inputs).await?);
        }
        Ok(values)
    }

    async fn save(&self, inputs: &Record, outputs: &Record) -> Result<()> {
        for memory in &self.0 {
            memory.save(&crate::keys::without(inputs, &self.variables()), outputs).await?;
        }
        Ok(())
    }

    async fn clear(&self) -> Result<()> {
        for memory in &self.0 {
            memory.clear().await?;
        }
        Ok(())
    }
}
