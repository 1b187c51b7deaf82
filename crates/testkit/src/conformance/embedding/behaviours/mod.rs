//! The behaviours of embedding models, in groups.

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

/// Texts as embedding models take them.
fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Vec<String> {
    texts.into_iter().map(Into::into).collect()
}

/// So many texts, all different.
fn numbered(count: usize) -> Vec<String> {
    texts((0..count).map(|number| format!("text {number}")))
}

/// Both ways to one vector: the error of `embed_query`, and that of `embed_documents` of the same text.
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
