//! Embeddings: `POST /api/embed`.

use catena_core::Result;
use serde::Deserialize;

use super::Origin;
use super::error::error_in_answer;
use super::line::{lacks, not_decodable};

#[derive(Deserialize)]
struct Vectors {
    embeddings: Option<Vec<Vec<f32>>>,
    #[serde(default)]
    error: serde_json::Value,
}

/// Decodes the vectors of this many texts.
///
/// # Errors
/// `Decode` for what is not JSON, `InvalidResponse` unless there is one vector per text, all of the same length, or the
/// error that the body contains.
pub(crate) fn decode_vectors(body: &[u8], texts: usize, origin: &Origin) -> Result<Vec<Vec<f32>>> {
    let text = || String::from_utf8_lossy(body);
    let answer: Vectors =
        serde_json::from_slice(body).map_err(|error| not_decodable("the answer", &text(), &error, origin))?;
    if !answer.error.is_null() {
        return Err(error_in_answer(&text(), origin));
    }
    let vectors = answer.embeddings.ok_or_else(|| lacks("embeddings", body, origin))?;
    let length = vectors.first().map_or(0, Vec::len);
    if vectors.len() != texts {
        let what = format!("vector for each text: got {} vectors for {texts} texts", vectors.len());
        return Err(lacks(&what, b"", origin));
    }
    if vectors.iter().any(|vector| vector.is_empty() || vector.len() != length) {
        return Err(lacks("vectors of equal length", b"", origin));
    }
    Ok(vectors)
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::origin;
    use super::*;
    use catena_core::ErrorKind;

    #[test]
    fn there_is_one_vector_for_each_text() {
        let body = br#"{"model":"m","embeddings":[[0.5,-1],[1e-3,2]],"total_duration":1}"#;
        let vectors = decode_vectors(body, 2, &origin()).expect("vectors");
        assert_eq!(vectors, [[0.5, -1.0], [0.001, 2.0]]);
        for (body, kind) in [
            ("", ErrorKind::Decode),
            ("{}", ErrorKind::InvalidResponse),
            (r#"{"embeddings":[[1]]}"#, ErrorKind::InvalidResponse),
            (r#"{"embeddings":[[1],[]]}"#, ErrorKind::InvalidResponse),
            (r#"{"embeddings":[[1],[1,2]]}"#, ErrorKind::InvalidResponse),
            (r#"{"embeddings":[[1],["x"]]}"#, ErrorKind::InvalidResponse),
            (r#"{"error":"no such model"}"#, ErrorKind::InvalidResponse),
            ("<html>", ErrorKind::InvalidResponse),
        ] {
            let error = decode_vectors(body.as_bytes(), 2, &origin()).expect_err(body);
            assert_eq!(error.kind(), kind, "{body}: {error}");
        }
    }
}
