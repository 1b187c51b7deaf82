//! Sequences of chains, each of which sees the outputs of those before it.

use std::fmt;
use std::sync::Arc;

use catena_core::{DynRunnable, Result, RunnableExt, RunnablePassthrough};

use crate::chain::Gives;
use crate::keys::{list, misbuilt};
use crate::{Chain, Memory};

/// Builds a sequence of chains: the outputs of each are inputs of those after it.
///
/// # Errors
/// [`build`](SequentialChain::build) fails with [`Config`](catena_core::ErrorKind::Config) when there is no chain, when
/// a chain has an input that is not available or an output whose name is already in use, or when a requested output
/// does not exist.
///
/// # Example
/// ```
/// use catena_chains::{LlmChain, SequentialChain};
/// use catena_core::{fakes::FakeLlm, vars, Data, RunnableExt};
/// # futures_executor::block_on(async {
/// let name = LlmChain::from_template(FakeLlm::new(["BrushWise"]), "A name for a maker of {product}?")?;
/// let slogan = LlmChain::from_template(FakeLlm::new(["Smile!"]), "A slogan for {name}, makers of {product}?")?;
/// let both = SequentialChain::new(["product"])
///     .with(name.with_output_key("name"))
///     .with(slogan.with_output_key("slogan"))
///     .build()?;
/// let output = both.invoke("toothpaste").await?;
/// assert_eq!(Data::from(output), vars! { product: "toothpaste", slogan: "Smile!" });
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct SequentialChain {
    input_keys: Vec<String>,
    chains: Vec<Chain>,
    outputs: Outputs,
    memory: Option<Arc<dyn Memory>>,
}

/// The outputs of the sequence.
#[derive(Debug, Clone)]
enum Outputs {
    OfTheLast,
    All,
    These(Vec<String>),
}

impl SequentialChain {
    /// Creates an empty sequence with these inputs.
    pub fn new<K: Into<String>>(input_keys: impl IntoIterator<Item = K>) -> Self {
        let input_keys = input_keys.into_iter().map(Into::into).collect();
        Self { input_keys, chains: Vec::new(), outputs: Outputs::OfTheLast, memory: None }
    }

    /// Appends a chain.
    #[must_use]
    pub fn with(mut self, chain: impl Into<Chain>) -> Self {
        self.chains.push(chain.into());
        self
    }

    /// Sets the outputs, which may include inputs; by default, those of the last chain.
    #[must_use]
    #[doc(alias = "output_variables")]
    pub fn with_outputs<K: Into<String>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.outputs = Outputs::These(keys.into_iter().map(Into::into).collect());
        self
    }

    /// Returns the outputs of all chains, and the values from memory.
    #[must_use]
    #[doc(alias = "return_all")]
    pub fn with_all_outputs(mut self) -> Self {
        self.outputs = Outputs::All;
        self
    }

    /// Loads values for the chains from this memory.
    #[must_use]
    pub fn with_memory(mut self, memory: impl Memory + 'static) -> Self {
        self.memory = Some(Arc::new(memory));
        self
    }

    /// Builds the sequence, checking that the chains fit together.
    ///
    /// # Errors
    /// Those listed on the type.
    pub fn build(self) -> Result<Chain> {
        let Some(last) = self.chains.last() else { return Err(misbuilt("the sequence has no chains")) };
        let mut known = self.known_keys()?;
        let output_keys = match self.outputs {
            Outputs::OfTheLast => last.output_keys.clone(),
            Outputs::All => known.split_off(self.input_keys.len()),
            Outputs::These(keys) => {
                let unknown: Vec<&String> = keys.iter().filter(|key| !known.contains(key)).collect();
                if !unknown.is_empty() {
                    let (unknown, known) = (list(unknown), list(known));
                    return Err(misbuilt(format!(
                        "unknown outputs {unknown} of the sequence: it has {known}"
                    )));
                }
                keys
            }
        };
        let chain =
            Chain::new(self.input_keys, output_keys, sequence(self.chains)).with_name("SequentialChain");
        Ok(Chain { memory: self.memory, ..chain })
    }

    /// Returns the names of the inputs, the values from memory and the outputs of all chains. Fails unless each chain
    /// has all its inputs and new output names.
    fn known_keys(&self) -> Result<Vec<String>> {
        let remembered = self.memory.as_ref().map(Memory::variables).unwrap_or_default();
        if let Some(key) = self.input_keys.iter().find(|key| remembered.contains(key)) {
            return Err(misbuilt(format!(
                "the input `{key}` of the sequence is also a variable of its memory"
            )));
        }
        let mut known = [self.input_keys.clone(), remembered].concat();
        for (index, chain) in self.chains.iter().enumerate() {
            let free = chain.free_keys();
            let missing: Vec<&String> = free.iter().filter(|key| !known.contains(key)).collect();
            let place = || format!("chain {index} of the sequence ({})", chain.name);
            if !missing.is_empty() {
                let (missing, known) = (list(missing), list(&known));
                return Err(misbuilt(format!(
                    "{} requires {missing}, but only {known} are available",
                    place()
                )));
            }
            if let Some(key) = chain.output_keys.iter().find(|key| known.contains(key)) {
                return Err(misbuilt(format!("{} returns `{key}`, which already exists", place())));
            }
            known.extend(chain.output_keys.iter().cloned());
        }
        Ok(known)
    }
}

impl fmt::Debug for SequentialChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SequentialChain")
            .field("input_keys", &self.input_keys)
            .field("chains", &self.chains)
            .field("outputs", &self.outputs)
            .finish_non_exhaustive()
    }
}

/// Runs the chains, each of which adds its outputs to its inputs.
fn sequence(chains: Vec<Chain>) -> DynRunnable {
    let steps = chains.into_iter().map(|chain| Chain { gives: Gives::Given, ..chain }.dynamic());
    steps
        .reduce(|before, next| before.pipe(next).boxed())
        .unwrap_or_else(|| RunnablePassthrough::new().boxed())
}
