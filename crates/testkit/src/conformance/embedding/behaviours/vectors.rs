//! Texts and their vectors.

use super::super::super::verdict::{ensure, ensure_eq};
use super::super::super::{Fault, Verdict};
use super::super::scripted::{ScriptedVectors, vector_of, vectors_of};
use super::super::{EmbeddingOption, EmbeddingSetup, EmbeddingStage};
use super::{numbered, texts};
use catena_core::ErrorKind;

/// Each text reaches the service unchanged and gets its vector, in the order of the texts.
pub(crate) async fn documents(stage: &EmbeddingStage) -> Verdict {
    let server = stage.serving();
    let all = texts(["zebra", "apple", "Mango, ripe", "apple pie", "b"]);
    let vectors = stage.model(&server)?.embed_documents(&all).await?;
    ensure_eq!(vectors, vectors_of(&all), "the vectors");
    let sent: Vec<String> = stage.asked(&server).into_iter().flat_map(|asked| asked.texts).collect();
    ensure_eq!(sent, all, "the texts of the requests");
    Ok(())
}

/// A query gets the vector that the service sends for it.
pub(crate) async fn query(stage: &EmbeddingStage) -> Verdict {
    let server = stage.serving();
    let model = stage.model(&server)?;
    for text in ["What do zebras eat?", "And apples?"] {
        ensure_eq!(model.embed_query(text).await?, vectors_of(&[text])[0], "the vector of {text:?}");
    }
    let asked: Vec<_> = stage.asked(&server).into_iter().map(|asked| asked.texts).collect();
    ensure_eq!(asked, [["What do zebras eat?"], ["And apples?"]], "the texts of the requests");
    Ok(())
}

/// The vectors of queries and documents have the same length.
pub(crate) async fn query_beside_documents(stage: &EmbeddingStage) -> Verdict {
    let server = stage.serving();
    let model = stage.model(&server)?;
    let documents = model.embed_documents(&texts(["one", "two"])).await?;
    let query = model.embed_query("one").await?;
    let lengths: Vec<usize> = documents.iter().chain([&query]).map(Vec::len).collect();
    ensure!(lengths.iter().all(|length| *length == lengths[0]), "the vectors have the lengths {lengths:?}");
    Ok(())
}

/// The same text gets the same vector each time: twice in a call, and in the next call.
pub(crate) async fn same_text(stage: &EmbeddingStage) -> Verdict {
    let server = stage.serving();
    let model = stage.model(&server)?;
    let all = texts(["same", "other", "same", "same"]);
    for call in ["first", "second"] {
        let vectors = model.embed_documents(&all).await?;
        ensure_eq!(vectors, vectors_of(&all), "the vectors of the {call} call");
    }
    ensure_eq!(model.embed_query("same").await?, model.embed_query("same").await?, "the vector of a query");
    Ok(())
}

/// No texts yield no vectors, without a request.
pub(crate) async fn no_texts(stage: &EmbeddingStage) -> Verdict {
    let server = stage.serving();
    let vectors = stage.model(&server)?.embed_documents(&[]).await?;
    ensure!(vectors.is_empty(), "no texts have {} vectors", vectors.len());
    ensure!(server.requests().is_empty(), "a request is sent for no texts");
    Ok(())
}

/// An empty text keeps its position or is rejected; no vector is assigned to another text.
pub(crate) async fn empty_text(stage: &EmbeddingStage) -> Verdict {
    let server = stage.serving();
    let all = texts(["first", "", "last"]);
    match stage.model(&server)?.embed_documents(&all).await {
        Ok(vectors) => {
            ensure_eq!(vectors.len(), 3, "the number of vectors");
            let outer = [&vectors[0], &vectors[2]];
            ensure_eq!(
                outer,
                [&vectors_of(&["first"])[0], &vectors_of(&["last"])[0]],
                "the vectors around it"
            );
            ensure_eq!(vectors[1].len(), vectors[0].len(), "the length of the vector of an empty text");
        }
        Err(error) => {
            ensure_eq!(error.kind(), ErrorKind::InvalidInput, "the kind of the error for an empty text");
        }
    }
    Ok(())
}

/// Thousands of texts are split into requests that the service accepts, and none is lost.
pub(crate) async fn many_texts(stage: &EmbeddingStage) -> Verdict {
    let server = stage.serving();
    let all = numbered(5000);
    let vectors = stage.model(&server)?.embed_documents(&all).await?;
    ensure_eq!(vectors.len(), all.len(), "the number of vectors");
    let expected = vectors_of(&all);
    let wrong = vectors.iter().zip(&expected).position(|(got, expected)| got != expected);
    ensure!(wrong.is_none(), "text {} of {} gets another's vector", wrong.unwrap_or_default(), all.len());
    Ok(())
}

/// Elements keep their precision and range, in every encoding that the service uses.
pub(crate) async fn precision(stage: &EmbeddingStage) -> Verdict {
    let hard = vec![1.0 / 3.0, -0.1, f32::MAX, f32::MIN_POSITIVE, -1e-45, 16_777_215.0, 0.0, 1.000_000_1];
    for &encoding in stage.wire().encodings() {
        let vector = hard.clone();
        let server = stage.changing(move |asked, vectors| {
            let numbered = asked.texts.iter().enumerate().map(|(at, _)| (at, vector.clone()));
            ScriptedVectors { encoding, ..vectors.with(numbered.collect()) }
        });
        let model = stage.model(&server)?;
        ensure_eq!(model.embed_query("Hi").await?, hard, "the vector of a query as {encoding:?}");
        let vectors = model.embed_documents(&texts(["Hi", "Ho"])).await?;
        ensure_eq!(vectors, [&*hard, &*hard], "the vectors of documents as {encoding:?}");
    }
    Ok(())
}

/// The requested dimensions reach the service, for documents and queries.
pub(crate) async fn dimensions(stage: &EmbeddingStage) -> Verdict {
    stage.needs(EmbeddingOption::Dimensions)?;
    for dimensions in [3, 7] {
        let server = stage.serving();
        let setup =
            EmbeddingSetup { dimensions: Some(dimensions), ..super::super::super::Setup::of(&server).into() };
        let model = stage.model_of(&setup)?;
        let length = dimensions as usize;
        ensure_eq!(model.embed_query("Hi").await?, vector_of("Hi", length), "the vector of a query");
        let vectors = model.embed_documents(&texts(["Hi"])).await?;
        ensure_eq!(vectors, [vector_of("Hi", length)], "the vectors of documents");
        for asked in stage.asked(&server) {
            ensure_eq!(asked.dimensions, Some(dimensions.into()), "the length in the request");
        }
    }
    let server = stage.serving();
    stage.model(&server)?.embed_query("Hi").await?;
    ensure_eq!(
        stage.asked(&server)[0].dimensions,
        None,
        "the length in a request where nobody asked for one"
    );
    Ok(())
}

/// Vectors are decoded in every encoding that the service may use, whichever was requested.
pub(crate) async fn encodings(stage: &EmbeddingStage) -> Verdict {
    let encodings = stage.wire().encodings().to_vec();
    let [first, _, ..] = *encodings else {
        return Err(Fault::NotApplicable("the service sends vectors in one form only".to_owned()));
    };
    for encoding in encodings {
        let server = stage.changing(move |_, vectors| ScriptedVectors { encoding, ..vectors });
        let model = stage.model(&server)?;
        let all = texts(["one", "two"]);
        ensure_eq!(model.embed_documents(&all).await?, vectors_of(&all), "the vectors as {encoding:?}");
        ensure_eq!(
            model.embed_query("one").await?,
            vectors_of(&["one"])[0],
            "a query's vector as {encoding:?}"
        );
        ensure_eq!(stage.asked(&server)[0].encoding, first, "the form that is asked for");
    }
    Ok(())
}
