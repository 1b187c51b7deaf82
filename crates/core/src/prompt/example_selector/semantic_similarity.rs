//! Selection of the most similar examples.

use std::sync::Arc;

use async_trait::async_trait;

use super::ExampleSelector;
use super::embedded::Embedded;
use crate::{Data, Embeddings, Result};

/// The default number of examples selected.
pub(super) const COUNT: usize = 4;

/// Selects the examples semantically closest to the input, in descending order of similarity.
///
/// # Example
/// ```
/// use catena_core::{async_trait, vars, Embeddings, ExampleSelector, Result, SemanticSimilarityExampleSelector};
/// struct Letters;
/// #[async_trait]
/// impl Embeddings for Letters {
///     async fn embed_documents(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
///         let count = |text: &String, letter| text.matches(letter).count() as f32;
///         Ok(texts.iter().map(|text| ('a'..='z').map(|letter| count(text, letter)).collect()).collect())
///     }
/// }
/// # futures_executor::block_on(async {
/// let examples = [vars! { word: "happy" }, vars! { word: "tall" }, vars! { word: "sunny" }];
/// let selector = SemanticSimilarityExampleSelector::new(Letters, examples).await?.with_count(1);
/// assert_eq!(selector.select_examples(&vars! { word: "snappy" }).await?, [vars! { word: "happy" }]);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct SemanticSimilarityExampleSelector {
    examples: Embedded,
    count: usize,
}

impl SemanticSimilarityExampleSelector {
    /// Embeds all values of the examples and creates a selector.
    ///
    /// # Errors
    /// Those of the embedding model.
    #[doc(alias = "from_examples")]
    pub async fn new<T: Into<Data>>(
        embeddings: impl Embeddings + 'static,
        examples: impl IntoIterator<Item = T>,
    ) -> Result<Self> {
        let examples: Vec<Data> = examples.into_iter().map(Into::into).collect();
        Self::by_names(embeddings, examples, &[]).await
    }

    /// Embeds only the named values of the examples, and of the input, and creates a selector.
    ///
    /// # Errors
    /// Those of the embedding model.
    pub async fn by_names(
        embeddings: impl Embeddings + 'static,
        examples: Vec<Data>,
        names: &[&str],
    ) -> Result<Self> {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let mut embedded = Embedded::new(Arc::new(embeddings), names);
        embedded.add(examples).await?;
        Ok(Self { examples: embedded, count: COUNT })
    }

    /// Sets the number of examples selected; 4 by default.
    #[must_use]
    pub fn with_count(mut self, count: usize) -> Self {
        self.count = count;
        self
    }

    /// Embeds and adds an example.
    ///
    /// # Errors
    /// Those of the embedding model.
    pub async fn add_example(&mut self, example: impl Into<Data>) -> Result<()> {
        self.examples.add(vec![example.into()]).await
    }
}

#[async_trait]
impl ExampleSelector for SemanticSimilarityExampleSelector {
    async fn select_examples(&self, input: &Data) -> Result<Vec<Data>> {
        let found = self.examples.nearest(input, self.count).await?;
        Ok(found.into_iter().map(|found| found.example.clone()).collect())
    }
}
