//! A router based on semantic similarity.

use std::sync::Arc;

use catena_core::{
    Data, Embeddings, ExampleSelector, Record, Result, SemanticSimilarityExampleSelector, lambda, vars,
};

use super::{DESTINATION, NEXT_INPUTS, RouterChain};
use crate::Chain;
use crate::keys::text_of;

/// A router to the chain whose description is semantically closest to the input. It converts to a [`Chain`].
///
/// # Errors
/// Those of the embedding model.
///
/// # Example
/// ```
/// use catena_chains::{Chain, EmbeddingRouterChain};
/// use catena_core::{async_trait, Data, Embeddings, Result, RunnableExt};
/// struct Letters;
/// #[async_trait]
/// impl Embeddings for Letters {
///     async fn embed_documents(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
///         let count = |text: &String, letter| text.matches(letter).count() as f32;
///         Ok(texts.iter().map(|text| ('a'..='z').map(|letter| count(text, letter)).collect()).collect())
///     }
/// }
/// # futures_executor::block_on(async {
/// let chains = [("math", "adding numbers"), ("tea", "hot drinks")];
/// let router = Chain::from(EmbeddingRouterChain::new(Letters, chains, ["query"]).await?);
/// let route = router.invoke("a hot drink").await?;
/// assert_eq!(route.get("destination"), Some(&Data::from("tea")));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct EmbeddingRouterChain(Chain);

impl EmbeddingRouterChain {
    /// Creates a router to chains with these names and descriptions, based on the inputs with these names. A chain may
    /// have several descriptions. The selected chain receives all inputs.
    ///
    /// # Errors
    /// Those of the embedding model, which embeds the descriptions.
    #[doc(alias = "afrom_names_and_descriptions")]
    pub async fn new<N: Into<String>, D: Into<String>, K: Into<String>>(
        embeddings: impl Embeddings + 'static,
        chains: impl IntoIterator<Item = (N, D)>,
        routing_keys: impl IntoIterator<Item = K>,
    ) -> Result<Self> {
        let described = |(name, description): (N, D)| {
            vars! { name: name.into(), description: description.into() }
        };
        let described: Vec<Data> = chains.into_iter().map(described).collect();
        let nearest = SemanticSimilarityExampleSelector::by_names(embeddings, described, &["description"]);
        let nearest = Arc::new(nearest.await?.with_count(1));
        let keys: Vec<String> = routing_keys.into_iter().map(Into::into).collect();
        let asked = keys.clone();
        let route = lambda(move |inputs: Record| {
            let (nearest, query) = (Arc::clone(&nearest), query(&inputs, &asked));
            async move {
                let found = nearest.select_examples(&vars! { description: query }).await?;
                let name = found.first().and_then(|chain| chain.get("name")).cloned().unwrap_or_default();
                let mut route = Record::new();
                route.insert(DESTINATION, name);
                route.insert(NEXT_INPUTS, inputs);
                Ok(route)
            }
        });
        let chain = Chain::new(keys, [DESTINATION, NEXT_INPUTS], route.with_name("route"));
        Ok(Self(chain.with_name("EmbeddingRouterChain")))
    }
}

impl From<EmbeddingRouterChain> for RouterChain {
    fn from(router: EmbeddingRouterChain) -> Self {
        router.0
    }
}

fn query(inputs: &Record, keys: &[String]) -> String {
    let texts = keys.iter().filter_map(|key| inputs.get(key).map(text_of));
    texts.collect::<Vec<_>>().join(", ")
}
