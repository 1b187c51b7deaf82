//! A chain as calls find it.

use std::sync::Arc;

use catena::chains::{Chain, Memory, StuffDocumentsChain};
use catena::{DynRunnable, LlmChain};

/// A chain, and what is known of it beside.
pub(super) struct Built {
    pub(super) chain: Chain,
    /// If it is one prompt and one model: without what is made of the answer.
    pub(super) llm: Option<LlmChain>,
    /// Nothing is made of the answer.
    pub(super) plain: bool,
    pub(super) memory: Option<Arc<dyn Memory>>,
    /// The parser that is attached to its prompt.
    pub(super) parser: Option<DynRunnable>,
    /// If it writes all documents into one prompt.
    pub(super) stuff: Option<StuffDocumentsChain>,
}

impl Built {
    pub(super) fn of(chain: Chain) -> Self {
        Self { chain, llm: None, plain: false, memory: None, parser: None, stuff: None }
    }
}
