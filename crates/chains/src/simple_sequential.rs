//! Sequences of chains with a single input and output.

use catena_core::{ChunkStream, DynRunnable, Result, RunnableExt, RunnablePick, generator};
use futures_util::{StreamExt, stream};

use crate::Chain;
use crate::keys::{list, misbuilt};

/// Builds a sequence of chains with one input and one output each: the output of each is the input of the next.
///
/// # Errors
/// [`build`](SimpleSequentialChain::build) fails with [`Config`](catena_core::ErrorKind::Config) when a chain does not
/// have exactly one input and one output. An empty sequence returns its input.
///
/// # Example
/// ```
/// use catena_chains::{LlmChain, SimpleSequentialChain};
/// use catena_core::fakes::FakeLlm;
/// # futures_executor::block_on(async {
/// let slogans = FakeLlm::new(["Smile!"]);
/// let both = SimpleSequentialChain::new()
///     .with(LlmChain::from_template(FakeLlm::new(["BrushWise"]), "A name for a maker of {product}?")?)
///     .with(LlmChain::from_template(slogans.clone(), "A slogan for {name}?")?)
///     .build()?;
/// assert_eq!(both.arun("toothpaste").await?, "Smile!");
/// assert_eq!(slogans.prompts()[0].to_string(), "A slogan for BrushWise?");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct SimpleSequentialChain {
    chains: Vec<Chain>,
    strip: bool,
    input_key: String,
    output_key: String,
}

impl SimpleSequentialChain {
    /// Creates an empty sequence from `input` to `output`.
    pub fn new() -> Self {
        Self { chains: Vec::new(), strip: false, input_key: "input".into(), output_key: "output".into() }
    }

    /// Appends a chain.
    #[must_use]
    pub fn with(mut self, chain: impl Into<Chain>) -> Self {
        self.chains.push(chain.into());
        self
    }

    /// Trims white space from the output of every chain.
    #[must_use]
    #[doc(alias = "strip_outputs")]
    pub fn with_stripped_outputs(mut self) -> Self {
        self.strip = true;
        self
    }

    /// Sets the name of the input; `input` by default.
    #[must_use]
    pub fn with_input_key(mut self, key: impl Into<String>) -> Self {
        self.input_key = key.into();
        self
    }

    /// Sets the name of the output; `output` by default.
    #[must_use]
    pub fn with_output_key(mut self, key: impl Into<String>) -> Self {
        self.output_key = key.into();
        self
    }

    /// Builds the sequence, checking that the chains fit together.
    ///
    /// # Errors
    /// Those listed on the type.
    pub fn build(self) -> Result<Chain> {
        let mut steps: DynRunnable = RunnablePick::one(&self.input_key).dynamic();
        for (index, chain) in self.chains.into_iter().enumerate() {
            steps = steps.pipe(text_to_text(chain, index)?).boxed();
            if self.strip {
                steps = steps.pipe(generator(stripped).with_name("strip").dynamic()).boxed();
            }
        }
        Ok(Chain::new([self.input_key], [self.output_key], steps).with_name("SimpleSequentialChain"))
    }
}

impl Default for SimpleSequentialChain {
    fn default() -> Self {
        Self::new()
    }
}

fn text_to_text(chain: Chain, index: usize) -> Result<DynRunnable> {
    let (inputs, outputs) = (chain.free_keys(), &chain.output_keys);
    if inputs.len() == 1 && outputs.len() == 1 {
        return chain.into_value();
    }
    let (name, inputs, outputs) = (&chain.name, list(inputs), list(outputs));
    Err(misbuilt(format!(
        "chain {index} of the simple sequence ({name}) must have one input and one output, but has {inputs} and {outputs}"
    )))
}

/// Trims a streamed text; white space that may be at its end is held back.
fn stripped(pieces: ChunkStream<'_, String>) -> ChunkStream<'_, String> {
    let state = (pieces, String::new(), false);
    stream::unfold(state, async |(mut pieces, mut held, mut begun)| {
        let piece = match pieces.next().await? {
            Ok(piece) => piece,
            Err(error) => return Some((Err(error), (pieces, held, begun))),
        };
        held.push_str(if begun { &piece } else { piece.trim_start() });
        begun = begun || !held.is_empty();
        let rest = held.split_off(held.trim_end().len());
        Some((Ok(held), (pieces, rest, begun)))
    })
    .boxed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_executor::block_on;

    #[track_caller]
    fn check(pieces: &[&str], expected: &[&str]) {
        let pieces = stream::iter(pieces.iter().map(|piece| Ok((*piece).to_owned()))).boxed();
        let given: Vec<String> = block_on(stripped(pieces).map(|piece| piece.expect("a piece")).collect());
        assert_eq!(given, expected);
    }

    #[test]
    fn white_space_is_stripped_as_it_streams() {
        check(&["  a ", "b", " "], &["a", " b", ""]);
        check(&[" ", " ", "a", "\n", "\n"], &["", "", "a", "", ""]);
        check(&[" a  b "], &["a  b"]);
    }
}
