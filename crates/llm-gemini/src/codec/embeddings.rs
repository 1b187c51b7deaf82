//! Embeddings: `POST /models/{model}:embedContent` and `:batchEmbedContents`.

use catena_core::{Error, ErrorKind, Result};
use catena_http::service::Origin;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::envelope::decode_as;
use super::model_name::resource;
use super::object::check_error;

/// The options of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EmbeddingOptions<'a> {
    pub(crate) model: &'a str,
    /// The purpose of the vectors.
    pub(crate) task: Option<&'a str>,
    /// Members of the request of every text.
    pub(crate) members: &'a Map<String, Value>,
}

#[derive(Serialize)]
struct Batch<'a> {
    requests: Vec<Request<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    /// Repeated in each request of a batch.
    model: &'a str,
    content: Content<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_type: Option<&'a str>,
    #[serde(flatten)]
    members: &'a Map<String, Value>,
}

#[derive(Serialize)]
struct Content<'a> {
    parts: [Part<'a>; 1],
}

#[derive(Serialize)]
struct Part<'a> {
    text: &'a str,
}

/// Encodes a request for the vectors of several texts.
///
/// # Errors
/// JSON errors only, which texts cannot cause.
pub(crate) fn encode_batch(options: EmbeddingOptions<'_>, texts: &[String]) -> Result<Vec<u8>> {
    let model = resource(options.model);
    let requests = texts.iter().map(|text| request(options, &model, text)).collect();
    serde_json::to_vec(&Batch { requests }).map_err(not_written)
}

/// Encodes a request for the vector of one text.
///
/// # Errors
/// As [`encode_batch`].
pub(crate) fn encode_one(options: EmbeddingOptions<'_>, text: &str) -> Result<Vec<u8>> {
    serde_json::to_vec(&request(options, &resource(options.model), text)).map_err(not_written)
}

fn request<'a>(options: EmbeddingOptions<'a>, model: &'a str, text: &'a str) -> Request<'a> {
    let content = Content { parts: [Part { text }] };
    Request { model, content, task_type: options.task, members: options.members }
}

fn not_written(error: serde_json::Error) -> Error {
    Error::new(ErrorKind::InvalidInput, format!("the request cannot be serialized as JSON: {error}"))
}

#[derive(Deserialize)]
struct Answers {
    #[serde(default)]
    error: Value,
    #[serde(default)]
    embeddings: Option<Vec<Vector>>,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    error: Value,
    #[serde(default)]
    embedding: Option<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    #[serde(default)]
    values: Vec<f32>,
}

/// Decodes the vectors of `expected` texts.
///
/// # Errors
/// `Decode` for what is not JSON, `InvalidResponse` if there is not exactly one vector per text or their lengths
/// differ, or the error that the body contains.
pub(crate) fn decode_batch(body: &[u8], expected: usize, origin: &Origin) -> Result<Vec<Vec<f32>>> {
    let answers: Answers = decode_as(body, origin)?;
    check_error(&answers.error, body, origin)?;
    let vectors = answers.embeddings.unwrap_or_default().into_iter().map(|vector| vector.values).collect();
    checked(vectors, expected, body, origin)
}

/// Decodes the vector of one text.
///
/// # Errors
/// As [`decode_batch`].
pub(crate) fn decode_one(body: &[u8], origin: &Origin) -> Result<Vec<f32>> {
    let answer: Answer = decode_as(body, origin)?;
    check_error(&answer.error, body, origin)?;
    let vectors = answer.embedding.map(|vector| vector.values).into_iter().collect();
    checked(vectors, 1, body, origin).map(|mut vectors| vectors.pop().unwrap_or_default())
}

fn checked(vectors: Vec<Vec<f32>>, expected: usize, body: &[u8], origin: &Origin) -> Result<Vec<Vec<f32>>> {
    let length = vectors.first().map_or(0, Vec::len);
    let message = if vectors.len() != expected {
        format!("the response contains {} vectors for {expected} texts", vectors.len())
    } else if vectors.iter().any(|vector| vector.is_empty() || vector.len() != length) {
        "the response contains empty vectors, or vectors of different lengths".to_owned()
    } else {
        return Ok(vectors);
    };
    let service = origin.service_error(&String::from_utf8_lossy(body));
    Err(Error::new(ErrorKind::InvalidResponse, message).with_service(service))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::origin;
    use super::*;
    use serde_json::json;

    #[test]
    fn requests_say_what_the_vectors_are_for() {
        let members = Map::from_iter([("outputDimensionality".to_owned(), 64.into())]);
        let options = EmbeddingOptions { model: "m", task: Some("RETRIEVAL_DOCUMENT"), members: &members };
        let one = |text: &str| json!({"model": "models/m", "content": {"parts": [{"text": text}]}, "taskType": "RETRIEVAL_DOCUMENT", "outputDimensionality": 64});
        let batch = encode_batch(options, &["a".into(), "b".into()]).expect("a body");
        let batch: Value = serde_json::from_slice(&batch).expect("JSON");
        assert_eq!(batch, json!({"requests": [one("a"), one("b")]}));
        let body: Value = serde_json::from_slice(&encode_one(options, "a").expect("a body")).expect("JSON");
        assert_eq!(body, one("a"));
        let plain = EmbeddingOptions { task: None, members: &Map::new(), ..options };
        let body: Value = serde_json::from_slice(&encode_one(plain, "a").expect("a body")).expect("JSON");
        assert_eq!(body, json!({"model": "models/m", "content": {"parts": [{"text": "a"}]}}));
    }

    #[test]
    fn vectors_are_read() {
        let body = br#"{"embeddings":[{"values":[0.5,-1,2e0]},{"values":[1,0,0],"statistics":{}}],"usageMetadata":{}}"#;
        assert_eq!(decode_batch(body, 2, &origin()).expect("vectors"), [[0.5, -1.0, 2.0], [1.0, 0.0, 0.0]]);
        assert_eq!(decode_one(br#"{"embedding":{"values":[1]}}"#, &origin()).expect("a vector"), [1.0]);
    }

    #[test]
    fn what_does_not_fit_the_texts_is_an_error() {
        for (body, kind, part) in [
            ("{}", ErrorKind::InvalidResponse, "0 vectors for 2"),
            (r#"{"embeddings":null}"#, ErrorKind::InvalidResponse, "0 vectors"),
            (r#"{"embeddings":[{"values":[1]}]}"#, ErrorKind::InvalidResponse, "1 vectors"),
            (r#"{"embeddings":[{"values":[1]},{"values":[1,2]}]}"#, ErrorKind::InvalidResponse, "lengths"),
            (r#"{"embeddings":[{},{}]}"#, ErrorKind::InvalidResponse, "empty"),
            (r#"{"embeddings":[{"values":"x"},{}]}"#, ErrorKind::InvalidResponse, "shape"),
            (r#"{"error":{"code":429,"message":"slow"}}"#, ErrorKind::RateLimit, "slow"),
            ("", ErrorKind::Decode, "empty"),
        ] {
            let error = decode_batch(body.as_bytes(), 2, &origin()).expect_err(body);
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(part), "{error}");
        }
        assert!(decode_one(b"{}", &origin()).is_err());
    }
}
