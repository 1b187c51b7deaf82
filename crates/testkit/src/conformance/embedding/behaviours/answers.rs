//! Responses that do not match the texts.

use catena_core::ErrorKind;

use super::super::super::stage::failure;
use super::super::super::verdict::{ensure, ensure_eq};
use super::super::super::{Fault, Verdict};
use super::super::EmbeddingStage;
use super::super::scripted::vectors_of;
use super::{errors_of, texts};

/// Vectors with indices may arrive in any order. Indices that do not match the texts are an error.
pub(crate) async fn numbering(stage: &EmbeddingStage) -> Verdict {
    if !stage.wire().numbers_vectors() {
        return Err(Fault::NotApplicable("the vectors of the service do not say whose they are".to_owned()));
    }
    let all = texts(["zero", "one", "two", "three"]);
    for order in [[3, 2, 1, 0], [2, 0, 3, 1], [1, 0, 3, 2]] {
        let server = stage.changing(move |_, vectors| {
            let numbered = order.iter().filter_map(|at| vectors.numbered.get(*at).cloned()).collect();
            vectors.with(numbered)
        });
        let vectors = stage.model(&server)?.embed_documents(&all).await?;
        ensure_eq!(vectors, vectors_of(&all), "the vectors that come in the order {order:?}");
    }
    for numbers in [[0, 1, 1, 3], [1, 2, 3, 4], [0, 1, 2, usize::MAX >> 12]] {
        let server = stage.changing(move |_, vectors| {
            let numbered = vectors.numbered.iter().zip(numbers).map(|((_, vector), at)| (at, vector.clone()));
            let numbered = numbered.collect();
            vectors.with(numbered)
        });
        let situation = format!("vectors with the numbers {numbers:?}");
        let error = failure(stage.model(&server)?.embed_documents(&all).await, &situation)?;
        ensure_eq!(error.kind(), ErrorKind::InvalidResponse, "the kind of the error for {situation}");
    }
    Ok(())
}

/// A response with more or fewer vectors than texts is an error: the assignment is unknown.
pub(crate) async fn counts(stage: &EmbeddingStage) -> Verdict {
    for (asked, sent) in [(4, 3), (4, 5), (4, 0), (4, 1), (1, 0), (1, 2)] {
        let server = stage.changing(move |_, vectors| {
            let vector = vectors.numbered.first().map(|(_, vector)| vector.clone()).unwrap_or_default();
            vectors.with((0..sent).map(|at| (at, vector.clone())).collect())
        });
        let situation = format!("{sent} vectors for {asked} texts");
        let error =
            failure(stage.model(&server)?.embed_documents(&super::numbered(asked)).await, &situation)?;
        ensure_eq!(error.kind(), ErrorKind::InvalidResponse, "the kind of the error for {situation}");
    }
    let none = stage.changing(|_, vectors| vectors.with(Vec::new()));
    let error = failure(stage.model(&none)?.embed_query("Hi").await, "no vector for a query")?;
    ensure_eq!(error.kind(), ErrorKind::InvalidResponse, "the kind of the error for no vector for a query");
    Ok(())
}

/// Empty vectors, and vectors of different lengths, are an error.
pub(crate) async fn odd_vectors(stage: &EmbeddingStage) -> Verdict {
    let empty = stage.changing(|_, vectors| {
        let numbered = vectors.numbered.iter().map(|(at, _)| (*at, Vec::new())).collect();
        vectors.with(numbered)
    });
    for (entry, error) in errors_of(&*stage.model(&empty)?, "a vector without numbers").await? {
        ensure_eq!(error.kind(), ErrorKind::InvalidResponse, "the error of `{entry}` for an empty vector");
    }
    let uneven = stage.changing(|_, mut vectors| {
        if let Some((_, last)) = vectors.numbered.last_mut() {
            last.pop();
        }
        vectors
    });
    let vectors = stage.model(&uneven)?.embed_documents(&texts(["one", "two"])).await;
    let error = failure(vectors, "vectors of different lengths")?;
    ensure_eq!(error.kind(), ErrorKind::InvalidResponse, "the kind of the error for different lengths");
    ensure!(error.to_string().len() < 4096, "the error is {} bytes long", error.to_string().len());
    Ok(())
}
