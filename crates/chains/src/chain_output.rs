//! The output of a chain: the generated text together with the inputs.

use std::fmt;

use catena_core::{Chunk, Data, Record};
use serde_json::Value;

use crate::keys::{text_of, without};

/// The output of a chain. It converts to the text alone, or to the inputs with the text under the output key.
///
/// In a stream, the first chunk carries the inputs, and each chunk a part of the text.
///
/// # Example
/// ```
/// use catena_chains::LlmChain;
/// use catena_core::{fakes::FakeLlm, vars, Data, PromptTemplate, RunnableExt};
/// # futures_executor::block_on(async {
/// let chain = LlmChain::new(FakeLlm::new(["BrushWise"]), PromptTemplate::new("A name for {product}?")?);
/// let output = chain.invoke("toothpaste").await?;
/// assert_eq!(output.text, "BrushWise");
/// assert_eq!(Data::from(output), vars! { product: "toothpaste", text: "BrushWise" });
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ChainOutput {
    /// The inputs by name.
    pub inputs: Record,
    /// The generated text.
    pub text: String,
    /// The key of the text in a record with the inputs; `text` by default.
    pub output_key: String,
}

impl ChainOutput {
    /// Separates the text from the inputs in a record.
    pub(crate) fn from_record(record: Record, output_key: &str) -> Self {
        let text = record.get(output_key).map(text_of).unwrap_or_default();
        Self { inputs: without(&record, &[output_key.to_owned()]), text, output_key: output_key.to_owned() }
    }

    /// Converts to a record of the inputs, with the text under the output key.
    pub fn into_record(self) -> Record {
        let mut record = self.inputs;
        record.insert(self.output_key, self.text);
        record.mergeable()
    }
}

impl fmt::Display for ChainOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Chunk for ChainOutput {
    fn merge(&mut self, next: Self) {
        self.inputs.extend(next.inputs);
        self.text.merge(next.text);
    }

    fn to_json(&self) -> Value {
        self.clone().into_record().to_json()
    }
}

impl From<ChainOutput> for String {
    fn from(output: ChainOutput) -> Self {
        output.text
    }
}

impl From<ChainOutput> for Data {
    fn from(output: ChainOutput) -> Self {
        output.into_record().into()
    }
}
