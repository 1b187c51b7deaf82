//! The blocking methods of chains, under LangChain's names.

use super::block_on;
use crate::chains::{Chain, Generation};
use crate::{Data, LlmChain, Record, Result, Runnable};

/// The blocking methods of [`LlmChain`], under LangChain's names; the async methods have an `a` in front.
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
    /// Runs the chain with a single value or named values, and returns the text.
    #[doc(alias = "predict")]
    fn run(&self, inputs: impl Into<Data>) -> Result<String>;

    /// Runs the chain on every input and returns the texts in the order of the inputs. See
    /// [`aapply`](LlmChain::aapply).
    fn apply<I: Into<Data>>(&self, inputs: impl IntoIterator<Item = I>) -> Vec<Result<String>>;

    /// Calls the model with every input concurrently, and returns its complete answers. See
    /// [`agenerate`](LlmChain::agenerate).
    fn generate<I: Into<Data>>(&self, inputs: impl IntoIterator<Item = I>) -> Result<Vec<Generation>>;

    /// Runs the chain once and parses its text.
    fn predict_and_parse<P>(&self, inputs: impl Into<Data>, parser: &P) -> Result<P::Output>
    where
        P: Runnable<Input: From<String>>;

    /// Runs the chain on every input and parses each text.
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

/// The blocking methods of every [`Chain`], under LangChain's names; the async methods have an `a` in front.
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
    /// Runs the chain with a single value or named values, and returns its only output as text.
    #[doc(alias = "predict")]
    fn run(&self, inputs: impl Into<Data>) -> Result<String>;

    /// Runs the chain with a single value or named values, and returns its only output unchanged.
    fn run_value(&self, inputs: impl Into<Data>) -> Result<Data>;

    /// Runs the chain on every input and returns each call's outputs in the order of the inputs; for a chain of one
    /// prompt and one model these are its own outputs, without the inputs. See [`aapply`](Chain::aapply).
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

/// Blocks on one result per input; each of them fails if blocking itself does.
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
