//! The behaviours of embedding models, by topic.

mod answers;
mod batches;
mod endings;
mod live;
mod of_all_models;
mod vectors;

pub(crate) use answers::*;
pub(crate) use batches::*;
pub(crate) use endings::*;
pub(crate) use live::*;
pub(crate) use of_all_models::*;
pub(crate) use vectors::*;

use catena_core::Embeddings;

/// Converts texts to the type that embedding models accept.
fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Vec<String> {
    texts.into_iter().map(Into::into).collect()
}

/// Returns this many distinct texts.
fn numbered(count: usize) -> Vec<String> {
    texts((0..count).map(|number| format!("text {number}")))
}

/// Returns the errors of the two ways to embed a text: `embed_query`, and `embed_documents` of that text alone.
async fn errors_of(
    model: &dyn Embeddings,
    situation: &str,
) -> Result<[(&'static str, catena_core::Error); 2], super::super::Fault> {
    use super::super::stage::failure;
    let query = failure(model.embed_query("Hi").await, &format!("`embed_query` with {situation}"))?;
    let documents = model.embed_documents(&["Hi".to_owned()]).await;
    let documents = failure(documents, &format!("`embed_documents` with {situation}"))?;
    Ok([("embed_query", query), ("embed_documents", documents)])
}
