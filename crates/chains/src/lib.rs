#![doc = include_str!("../README.md")]

mod asking;
mod call;
mod chain;
mod chain_output;
mod chain_prompt;
mod conversation;
mod documents;
mod generation;
mod keys;
mod llm_chain;
mod memory;
mod retrieval;
mod router;
mod sequential;
mod simple_sequential;

pub use chain::{Chain, TransformChain};
pub use chain_output::ChainOutput;
pub use chain_prompt::ChainPrompt;
pub use conversation::ConversationChain;
pub use documents::{
    AnalyzeDocumentChain, DocumentWriting, MapReduceDocumentsChain, MapRerankDocumentsChain,
    ReduceDocumentsChain, RefineDocumentsChain, StuffDocumentsChain, collapse_docs, split_list_of_docs,
};
pub use generation::Generation;
pub use llm_chain::LlmChain;
pub use memory::{
    CombinedMemory, ConversationBufferMemory, ConversationSummaryMemory, Memory, ReadOnlyMemory, SimpleMemory,
};
pub use retrieval::{
    create_history_aware_retriever, create_retrieval_chain, create_stuff_documents_chain,
    create_stuff_documents_chain_with,
};
pub use router::{
    EmbeddingRouterChain, LlmRouterChain, MultiPromptChain, MultiRouteChain, RouterChain, RouterOutputParser,
};
pub use sequential::SequentialChain;
pub use simple_sequential::SimpleSequentialChain;
