//! More texts than fit into a request.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use catena_core::ErrorKind;

use super::super::super::stage::failure;
use super::super::super::verdict::{ensure, ensure_eq};
use super::super::super::{Setup, Verdict};
use super::super::scripted::vectors_of;
use super::super::{EmbeddingOption, EmbeddingSetup, EmbeddingStage};
use super::numbered;

/// No request exceeds the batch size, and the vectors are in order whichever response arrives first.
pub(crate) async fn batches(stage: &EmbeddingStage) -> Verdict {
    stage.needs(EmbeddingOption::BatchSize)?;
    for (count, batch_size, requests) in [(23, 5, 5), (20, 5, 4), (4, 5, 1), (5, 5, 1), (6, 1, 6)] {
        let all = numbered(count);
        let first = all[0].clone();
        let server = stage.replying(move |stage, asked| {
            // The response to the first texts arrives last, if there are concurrent requests.
            let late = Duration::from_millis(if asked.texts.contains(&first) { 30 } else { 0 });
            stage.fitting(asked).with_delay(late)
        });
        let vectors = stage.batching(&server, batch_size)?.embed_documents(&all).await?;
        ensure_eq!(vectors, vectors_of(&all), "the vectors of {count} texts in batches of {batch_size}");
        let sizes: Vec<usize> = stage.asked(&server).iter().map(|asked| asked.texts.len()).collect();
        ensure!(
            sizes.iter().all(|size| *size <= batch_size),
            "requests of {batch_size} texts at most hold {sizes:?}"
        );
        ensure_eq!(sizes.len(), requests, "the requests for {count} texts in batches of {batch_size}");
    }
    Ok(())
}

/// If a request fails, no vectors are returned, because some would be missing.
pub(crate) async fn failed_batch(stage: &EmbeddingStage) -> Verdict {
    stage.needs(EmbeddingOption::BatchSize)?;
    for refused in ["text 0", "text 3", "text 7"] {
        let server = stage.replying(move |stage, asked| {
            let refuse = asked.texts.iter().any(|text| text == refused);
            if refuse { stage.refusal(400) } else { stage.fitting(asked) }
        });
        let vectors = stage.batching(&server, 2)?.embed_documents(&numbered(8)).await;
        let error = failure(vectors, "a call of which one request is refused")?;
        ensure_eq!(error.kind(), ErrorKind::BadRequest, "the kind of the error when one request is refused");
    }
    Ok(())
}

/// Only the failed request is retried.
pub(crate) async fn retried_batch(stage: &EmbeddingStage) -> Verdict {
    stage.needs(EmbeddingOption::BatchSize)?;
    let refusals = AtomicUsize::new(0);
    let server = stage.replying(move |stage, asked| {
        let busy =
            asked.texts.iter().any(|text| text == "text 3") && refusals.fetch_add(1, Ordering::Relaxed) == 0;
        if busy { stage.refusal(429) } else { stage.fitting(asked) }
    });
    let connection = Setup { max_retries: 2, ..Setup::of(&server) };
    let model = stage.model_of(&EmbeddingSetup { batch_size: Some(2), ..connection.into() })?;
    let all = numbered(6);
    ensure_eq!(model.embed_documents(&all).await?, vectors_of(&all), "the vectors after a second attempt");
    ensure_eq!(server.requests().len(), 4, "the requests for three batches, one of them tried twice");
    Ok(())
}

/// Vectors of several responses have the same length; otherwise it is an error, because the model was replaced in
/// between.
pub(crate) async fn uneven_batches(stage: &EmbeddingStage) -> Verdict {
    stage.needs(EmbeddingOption::BatchSize)?;
    let server = stage.changing(|asked, mut vectors| {
        if asked.texts.iter().any(|text| text == "text 5") {
            for (_, vector) in &mut vectors.numbered {
                vector.pop();
            }
        }
        vectors
    });
    let vectors = stage.batching(&server, 2)?.embed_documents(&numbered(6)).await;
    let error = failure(vectors, "a call whose answers have vectors of two lengths")?;
    ensure_eq!(error.kind(), ErrorKind::InvalidResponse, "the kind of the error for vectors of two lengths");
    Ok(())
}
