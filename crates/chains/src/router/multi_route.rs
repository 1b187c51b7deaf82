//! A chain that runs one of several chains, selected by a router.

use std::collections::BTreeMap;

use catena_core::{BoxRunnable, Context, Data, Error, ErrorKind, RunnableExt, RunnablePick, delegate};

use super::{DESTINATION, NEXT_INPUTS, RouterChain};
use crate::Chain;
use crate::keys::{list, text_of};

/// The maximum length at which an unknown name is shown in errors.
const SHOWN: usize = 60;

/// Builds a chain that runs the chain selected by a router and returns its output, which includes that chain's inputs.
///
/// The selected chain streams. If the router gives no destination, the default chain runs.
///
/// # Errors
/// [`InvalidInput`](ErrorKind::InvalidInput) when the router selects an unknown chain, unless
/// [silent](MultiRouteChain::with_silent_errors); those of the router and of the selected chain.
///
/// # Example
/// ```
/// use catena_chains::{Chain, LlmChain, MultiRouteChain};
/// use catena_core::{fakes::FakeLlm, lambda, vars, Data, RunnableExt};
/// # futures_executor::block_on(async {
/// let router = Chain::new(["input"], ["destination", "next_inputs"], lambda(|inputs: Data| {
///     let sum = inputs.get("input").and_then(Data::as_text).is_some_and(|text| text.contains('+'));
///     vars! { destination: sum.then_some("math"), next_inputs: inputs }
/// }));
/// let math = LlmChain::from_template(FakeLlm::new(["4"]), "Add: {input}")?;
/// let other = LlmChain::from_template(FakeLlm::new(["Hello!"]), "{input}")?;
/// let chain = MultiRouteChain::new(router, other).with("math", math).build();
/// assert_eq!(Data::from(chain.invoke("2 + 2").await?), vars! { input: "2 + 2", text: "4" });
/// assert_eq!(Data::from(chain.invoke("Hi").await?), vars! { input: "Hi", text: "Hello!" });
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct MultiRouteChain {
    router: Chain,
    destinations: BTreeMap<String, Chain>,
    default: Chain,
    silent: bool,
}

impl MultiRouteChain {
    /// Creates a chain with this router; `default` runs if the router gives no destination.
    pub fn new(router: impl Into<RouterChain>, default: impl Into<Chain>) -> Self {
        let (router, default) = (router.into(), default.into());
        Self { router, destinations: BTreeMap::new(), default, silent: false }
    }

    /// Adds a chain that the router may select. A chain with the same name is replaced.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, chain: impl Into<Chain>) -> Self {
        self.destinations.insert(name.into(), chain.into());
        self
    }

    /// Runs the default chain if the router selects an unknown chain.
    #[must_use]
    #[doc(alias = "silent_errors")]
    pub fn with_silent_errors(mut self) -> Self {
        self.silent = true;
        self
    }

    /// Builds the chain.
    pub fn build(self) -> Chain {
        let Self { router, destinations, default, silent } = self;
        let ask = |chain: Chain| RunnablePick::one(NEXT_INPUTS).pipe(chain).dynamic();
        let default = ask(default);
        let destinations: BTreeMap<_, _> =
            destinations.into_iter().map(|(name, chain)| (name, ask(chain))).collect();
        let choose = delegate(move |route: &Data, _: &Context| -> Result<BoxRunnable<Data, Data>, Error> {
            let name = route.get(DESTINATION).map(text_of).unwrap_or_default();
            match destinations.get(&name) {
                Some(chosen) => Ok(chosen.clone()),
                None if silent || name.is_empty() => Ok(default.clone()),
                None => Err(unknown(&name, destinations.keys())),
            }
        });
        let keys = router.free_keys();
        let steps = router.only_outputs().pipe(choose.with_name("choose"));
        Chain::new(keys, [] as [&str; 0], steps).with_name("MultiRouteChain")
    }
}

fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a String>) -> Error {
    let known = list(known);
    Error::new(
        ErrorKind::InvalidInput,
        format!("the router chose an unknown chain `{name:.SHOWN$}`; available chains: {known}"),
    )
}
