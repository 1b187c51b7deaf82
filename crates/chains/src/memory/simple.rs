//! A memory of fixed values.

use async_trait::async_trait;
use catena_core::{Record, Result};

use super::Memory;

/// A memory that gives the same values to every call and saves nothing.
///
/// # Example
/// ```
/// use catena_chains::{LlmChain, SimpleMemory};
/// use catena_core::{fakes::FakeLlm, RunnableExt};
/// # futures_executor::block_on(async {
/// let model = FakeLlm::new(["Hello"]);
/// let chain = LlmChain::from_template(model.clone(), "{name}: {question}")?
///     .with_memory(SimpleMemory::new([("name", "Ada")]));
/// chain.arun("Hi").await?;
/// assert_eq!(model.prompts()[0].to_string(), "Ada: Hi");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, Default)]
pub struct SimpleMemory(Record);

impl SimpleMemory {
    /// Creates a memory of these values.
    pub fn new<K: Into<String>, V: Into<catena_core::Data>>(
        values: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Self(values.into_iter().collect())
    }
}

#[async_trait]
impl Memory for SimpleMemory {
    fn variables(&self) -> Vec<String> {
        self.0.names().map(str::to_owned).collect()
    }

    async fn load(&self, _inputs: &Record) -> Result<Record> {
        Ok(self.0.clone())
    }

    async fn save(&self, _inputs: &Record, _outputs: &Record) -> Result<()> {
        Ok(())
    }

    async fn clear(&self) -> Result<()> {
        Ok(())
    }
}
