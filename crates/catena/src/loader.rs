//! A loader for all enabled providers.

use crate::load::Loader;

/// Returns a loader for what was [saved](crate::load), including models of all providers whose features are enabled.
///
/// | Class of LangChain | Feature | Secret |
/// |---|---|---|
/// | `ChatAnthropic` | `anthropic` | `ANTHROPIC_API_KEY` |
/// | `ChatOpenAI`, `OpenAI` | `openai` | `OPENAI_API_KEY` |
///
/// The data decides which model is called, and where: only load data that you trust. Keys from the environment are
/// never sent to a server that the data names; give the loader the secret for that.
///
/// # Example
/// ```
/// # #[cfg(feature = "openai")] fn main() -> catena::Result<()> {
/// use catena::{DynRunnable, prelude::*};
/// // What `dumps(prompt | ChatOpenAI(model="gpt-4o-mini", temperature=0.9))` writes in Python.
/// let saved = r#"{"lc": 1, "type": "constructor", "id": ["langchain", "schema", "runnable", "RunnableSequence"], "kwargs": {
///     "first": {"lc": 1, "type": "constructor", "id": ["langchain", "prompts", "prompt", "PromptTemplate"],
///         "kwargs": {"template": "Name a maker of {product}.", "input_variables": ["product"]}},
///     "last": {"lc": 1, "type": "constructor", "id": ["langchain", "chat_models", "openai", "ChatOpenAI"], "kwargs": {
///         "model_name": "gpt-4o-mini", "temperature": 0.9,
///         "openai_api_key": {"lc": 1, "type": "secret", "id": ["OPENAI_API_KEY"]}}}}}"#;
/// let chain: DynRunnable = catena::loader().with_secret("OPENAI_API_KEY", "sk-...").loads(saved)?.try_into()?;
/// assert_eq!(catena::load::dumpd(&chain)["kwargs"]["last"]["kwargs"]["temperature"], 0.9);
/// # Ok(()) }
/// # #[cfg(not(feature = "openai"))] fn main() {}
/// ```
#[must_use]
pub fn loader() -> Loader {
    let loader = Loader::new();
    #[cfg(feature = "anthropic")]
    let loader = crate::anthropic::with_anthropic_classes(loader);
    #[cfg(feature = "openai")]
    let loader = crate::openai::with_openai_classes(loader);
    loader
}
