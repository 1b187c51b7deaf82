//! Tests against a live service.

use super::super::super::Verdict;
use super::super::super::verdict::ensure;
use super::super::EmbeddingStage;
use super::texts;

/// The vectors of documents have the same length.
pub(crate) async fn live_documents(stage: &EmbeddingStage) -> Verdict {
    let vectors =
        stage.live()?.embed_documents(&texts(["A text.", "Another text, which is longer."])).await?;
    let lengths: Vec<usize> = vectors.iter().map(Vec::len).collect();
    ensure!(
        matches!(*lengths, [one, other] if one == other && one > 0),
        "the vectors of two texts have the lengths {lengths:?}"
    );
    ensure!(vectors.iter().flatten().all(|number| number.is_finite()), "a vector has numbers that are none");
    Ok(())
}

/// The vector of a query is as long as those of documents.
pub(crate) async fn live_query(stage: &EmbeddingStage) -> Verdict {
    let model = stage.live()?;
    let (query, documents) =
        (model.embed_query("A text?").await?, model.embed_documents(&texts(["A text."])).await?);
    let lengths = (query.len(), documents.first().map_or(0, Vec::len));
    ensure!(lengths.0 > 0 && lengths.0 == lengths.1, "a query and a document have the lengths {lengths:?}");
    Ok(())
}

/// Texts of similar meaning have similar vectors.
pub(crate) async fn live_meaning(stage: &EmbeddingStage) -> Verdict {
    let model = stage.live()?;
    let about = texts(["Dogs bark at strangers.", "The parliament raised the income tax."]);
    let documents = model.embed_documents(&about).await?;
    let query = model.embed_query("Which pet barks?").await?;
    let likeness: Vec<f64> = documents.iter().map(|document| cosine(&query, document)).collect();
    ensure!(
        matches!(*likeness, [dogs, taxes] if dogs > taxes),
        "the likeness of a question about dogs to texts about dogs and taxes is {likeness:?}"
    );
    Ok(())
}

fn cosine(one: &[f32], other: &[f32]) -> f64 {
    let product = |one: &[f32], other: &[f32]| -> f64 {
        one.iter().zip(other).map(|(one, other)| f64::from(*one) * f64::from(*other)).sum()
    };
    product(one, other) / (product(one, one) * product(other, other)).sqrt()
}
