//! The blocking calls of chains, by LangChain's names.

use super::block_on;
use crate::chains::{Chain, Generation};
use crate::{Data, LlmChain, Record, Result, Runnable};

/// The blocking calls of [`LlmChain`], by LangChain's names; with an `a` before it each is the name of
/// the async one.
///
/// # Example
/// ```
/// use catena::{fakes::FakeLlm, prelude::*};
/// let chain = LlmChain::from_template(FakeLlm::new(["BrushWise"]), "A company that makes {product}?")?;
/// assert_eq!(chain.run(vars! { product: "toothpaste" })?, "BrushWise");
/// assert_eq!(chain.run("toothpaste")?, "BrushWise");
/// # Ok::<(), catena::Error>(())
/// ```
pub trait LlmChainExt {
    /// Runs with one bare value or with named values, and gives the text.
    #[doc(alias = "predict")]
    fn run(&self, inputs: impl Into<Data>) -> Result<String>;

    /// Runs every input and gives the texts in the order of the inputs. See [`aapply`](LlmChain::aapply).
    fn apply<I: Into<Data>>(&self, inputs: impl IntoIterator<Item = I>) -> Vec<Result<String>>;

    /// Asks the model with every input, concurrently, and gives its whole answers. See
    /// [`agenerate`](LlmChain::agenerate).
    fn generate<I: Into<Data>>(&self, inputs: impl IntoIterator<Item = I>) -> Result<Vec<Generation>>;

    /// Runs once and reads the text with a parser.
    fn predict_and_parse<P>(&self, inputs: impl Into<Data>, parser: &P) -> Result<P::Output>
    where
        P: Runnable<Input: From<String>>;

    /// Runs every input and reads each text with a parser.
    fn apply_and_parse<I: Into<Data>, P>(
        &self,
        inputs: impl IntoIterator<Item = I>,
        parser: &P,
    ) -> Vec<Result<P::Output>>
    where
        P: Runnable<Input: From<String>>;
}

impl LlmChainExt for LlmChain {
    fn run(&self, inputs: impl Into<Data>) -> Result<String> {
        block_on(self.arun(inputs))?
    }

    fn apply<I: Into<Data>>(&self, inputs: impl IntoIterator<Item = I>) -> Vec<Result<String>> {
        block_on_each(inputs, |inputs| self.aapply(inputs))
    }

    fn generate<I: Into<Data>>(&self, inputs: impl IntoIterator<Item = I>) -> Result<Vec<Generation>> {
        block_on(self.agenerate(inputs))?
    }

    fn predict_and_parse<P>(&self, inputs: impl Into<Data>, parser: &P) -> Result<P::Output>
    where
        P: Runnable<Input: From<String>>,
    {
        block_on(self.apredict_and_parse(inputs, parser))?
    }

    fn apply_and_parse<I: Into<Data>, P>(
        &self,
        inputs: impl IntoIterator<Item = I>,
        parser: &P,
    ) -> Vec<Result<P::Output>>
    where
        P: Runnable<Input: From<String>>,
    {
        block_on_each(inputs, |inputs| self.aapply_and_parse(inputs, parser))
    }
}

/// The blocking calls of every [`Chain`], by LangChain's names; with an `a` before it each is the
/// name of the async one.
///
/// # Example
/// ```
/// use catena::{blocking::ChainExt, chains::Chain, prelude::*};
/// let chain = Chain::new(["text"], ["length"], lambda(|text: Data| text.get("text").and_then(Data::as_text).map(str::len)));
/// assert_eq!(chain.run("four")?, "4");
/// assert_eq!(chain.run_value("four")?, Data::from(4));
/// # Ok::<(), catena::Error>(())
/// ```
pub trait ChainExt {
    /// Runs with one bare value or with named values, and gives the one output as text.
    #[doc(alias = "predict")]
    fn run(&self, inputs: impl Into<Data>) -> Result<String>;

    /// Runs with one bare value or with named values, and gives the one output as it is.
    fn run_value(&self, inputs: impl Into<Data>) -> Result<Data>;

    /// Runs every input and gives what each call gives, in the order of the inputs; a chain of one prompt and one model
    /// gives its outputs alone here. See [`aapply`](Chain::aapply).
    fn apply<I: Into<Data>>(&self, inputs: impl IntoIterator<Item = I>) -> Vec<Result<Record>>;
}

impl ChainExt for Chain {
    fn run(&self, inputs: impl Into<Data>) -> Result<String> {
        block_on(self.arun(inputs))?
    }

    fn run_value(&self, inputs: impl Into<Data>) -> Result<Data> {
        block_on(self.arun_value(inputs))?
    }

    fn apply<I: Into<Data>>(&self, inputs: impl IntoIterator<Item = I>) -> Vec<Result<Record>> {
        block_on_each(inputs, |inputs| self.aapply(inputs))
    }
}

/// Blocks for a result of each input; each fails if blocking itself does.
fn block_on_each<I: Into<Data>, T, F>(
    inputs: impl IntoIterator<Item = I>,
    run: impl FnOnce(Vec<Data>) -> F,
) -> Vec<Result<T>>
where
    F: Future<Output = Vec<Result<T>>>,
{
    let inputs: Vec<Data> = inputs.into_iter().map(Into::into).collect();
    let count = inputs.len();
    block_on(run(inputs)).unwrap_or_else(|error| (0..count).map(|_| Err(error.clone())).collect())
}
