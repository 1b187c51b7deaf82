//! A router based on a model.

use catena_core::{Data, FromData, Runnable};

use super::{DESTINATION, NEXT_INPUTS, RouterChain, RouterOutputParser};
use crate::{Chain, LlmChain};

/// A router that asks a model which chain to run. It converts to a [`Chain`].
///
/// # Errors
/// [`Parse`](catena_core::ErrorKind::Parse) when the model's answer is not a choice; those of the model.
///
/// # Example
/// ```
/// use catena_chains::{LlmChain, LlmRouterChain, MultiRouteChain};
/// use catena_core::{fakes::FakeLlm, vars, Data, RunnableExt};
/// # futures_executor::block_on(async {
/// let model = FakeLlm::new([r#"{"destination": "math", "next_inputs": "2 + 2"}"#]);
/// let router = LlmRouterChain::new(LlmChain::from_template(model, "math or other, as JSON? {input}")?);
/// let math = LlmChain::from_template(FakeLlm::new(["4"]), "Add: {input}")?;
/// let other = LlmChain::from_template(FakeLlm::new(["Hello!"]), "{input}")?;
/// let chain = MultiRouteChain::new(router, other).with("math", math).build();
/// assert_eq!(Data::from(chain.invoke("Two and two?").await?), vars! { input: "2 + 2", text: "4" });
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[doc(alias = "LLMRouterChain")]
#[derive(Debug, Clone)]
pub struct LlmRouterChain(Chain);

impl LlmRouterChain {
    /// Creates a router that calls this chain and parses its answer with a [`RouterOutputParser`].
    pub fn new(llm_chain: LlmChain) -> Self {
        Self::with_parser(llm_chain, RouterOutputParser::new())
    }

    /// Creates a router that calls this chain and parses its answer with this parser, which returns a record of
    /// `destination` and `next_inputs`.
    pub fn with_parser<P>(llm_chain: LlmChain, parser: P) -> Self
    where
        P: Runnable + 'static,
        P::Input: FromData,
        P::Output: Into<Data>,
    {
        let read = llm_chain.with_answer_read_by(parser, [DESTINATION, NEXT_INPUTS]);
        Self(read.with_name("LlmRouterChain"))
    }
}

impl From<LlmRouterChain> for RouterChain {
    fn from(router: LlmRouterChain) -> Self {
        router.0
    }
}
