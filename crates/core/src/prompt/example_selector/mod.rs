//! Few-shot examples selected for the input at hand.

mod embedded;
mod length_based;
mod max_marginal_relevance;
mod semantic_similarity;

pub use length_based::LengthBasedExampleSelector;
pub use max_marginal_relevance::MaxMarginalRelevanceExampleSelector;
pub use semantic_similarity::SemanticSimilarityExampleSelector;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{Data, Result};

/// Selects the examples that suit an input.
///
/// # Contract
/// The input is a record of the prompt's variables. The selected examples are records for the example prompt, in the
/// order in which they are shown.
///
/// # Errors
/// Those of the services it calls, such as embeddings.
///
/// # Cancellation
/// Dropping the future cancels the calls in progress.
///
/// # Wrappers
/// None: selectors are shared as `Arc<dyn ExampleSelector>`.
///
/// # Example
/// ```
/// use catena_core::{async_trait, vars, Data, ExampleSelector, Examples, FewShotPromptTemplate, PromptTemplate, Result};
///
/// struct InLanguage;
///
/// #[async_trait]
/// impl ExampleSelector for InLanguage {
///     async fn select_examples(&self, input: &Data) -> Result<Vec<Data>> {
///         let hello = if input.get("to") == Some(&"French".into()) { "bonjour" } else { "hola" };
///         Ok(vec![vars! { word: "hello", translated: hello }])
///     }
/// }
///
/// let row = PromptTemplate::new("{word}: {translated}")?;
/// let prompt = FewShotPromptTemplate::new(Examples::chosen_by(InLanguage), row, PromptTemplate::new("{word} in {to}:")?);
/// assert_eq!(prompt.format(vars! { word: "bread", to: "French" })?, "hello: bonjour\n\nbread in French:");
/// # Ok::<(), catena_core::Error>(())
/// ```
#[async_trait]
pub trait ExampleSelector: Send + Sync {
    /// Selects the examples for this input.
    async fn select_examples(&self, input: &Data) -> Result<Vec<Data>>;
}

#[async_trait]
impl<S: ExampleSelector + ?Sized> ExampleSelector for Arc<S> {
    async fn select_examples(&self, input: &Data) -> Result<Vec<Data>> {
        (**self).select_examples(input).await
    }
}

/// The examples of a few-shot prompt: fixed, or selected for each input.
///
/// # Example
/// ```
/// use catena_core::{vars, Examples};
/// let examples = Examples::new([vars! { q: "2+2", a: "4" }, vars! { q: "3+3", a: "6" }]);
/// ```
#[derive(Clone)]
pub struct Examples(Source);

#[derive(Clone)]
enum Source {
    Fixed(Arc<Vec<Data>>),
    Selector(Arc<dyn ExampleSelector>),
}

impl Examples {
    /// Creates a fixed list of examples.
    pub fn new<T: Into<Data>>(examples: impl IntoIterator<Item = T>) -> Self {
        Self(Source::Fixed(Arc::new(examples.into_iter().map(Into::into).collect())))
    }

    /// Creates examples that a selector chooses for each input.
    pub fn chosen_by(selector: impl ExampleSelector + 'static) -> Self {
        Self(Source::Selector(Arc::new(selector)))
    }

    /// Returns the examples, if they are fixed.
    pub(super) fn fixed(&self) -> Option<Vec<Data>> {
        match &self.0 {
            Source::Fixed(examples) => Some(examples.to_vec()),
            Source::Selector(_) => None,
        }
    }

    pub(super) async fn of(&self, input: &Data) -> Result<Cow<'_, [Data]>> {
        match &self.0 {
            Source::Fixed(examples) => Ok(Cow::Borrowed(examples)),
            Source::Selector(selector) => selector.select_examples(input).await.map(Cow::Owned),
        }
    }
}

/// Selectors are equal if they are the same allocation.
impl PartialEq for Examples {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Source::Fixed(a), Source::Fixed(b)) => a == b,
            (Source::Selector(a), Source::Selector(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl fmt::Debug for Examples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Fixed(examples) => examples.fmt(f),
            Source::Selector(_) => f.write_str("chosen by a selector"),
        }
    }
}

/// Joins the values of a record into one text, in the order of their names.
fn text_of_record(record: &Data, names: &[String]) -> String {
    let mut values: Vec<(&str, &Data)> =
        record.as_record().map(|record| record.iter().collect()).unwrap_or_default();
    values.retain(|(name, _)| names.is_empty() || names.iter().any(|wanted| wanted == name));
    values.sort_by_key(|(name, _)| *name);
    let values: Vec<Cow<'_, str>> =
        values.into_iter().map(|(_, value)| super::text_of::text_of(value)).collect();
    values.join(" ")
}
