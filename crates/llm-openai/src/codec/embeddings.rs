//! Embeddings: `POST /embeddings`.

use std::fmt;

use catena_core::{Demand, Error, ErrorKind, Result, Usage};
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize as DeriveDeserialize, Serialize};
use serde_json::Value;

use super::base64;
use super::envelope::not_an_answer;
use super::error::decode_error_in_answer;
use super::lenient::{Text, count, is_truthy};
use super::origin::Origin;
use super::request::{Body, encode};
use super::usage::decode_usage;
use crate::parameters::Parameters;

/// The input of a request.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(crate) enum Input<'a> {
    /// One text, sent as such.
    Text(&'a str),
    /// Texts.
    Texts(&'a [String]),
    /// Texts that are not contiguous.
    Some(Vec<&'a str>),
    /// Texts as token ids.
    Tokens(&'a [Vec<u32>]),
}

impl Input<'_> {
    /// Returns what a request demands of the limits.
    pub(crate) fn demand<'m>(&self, model: &'m str) -> Demand<'m> {
        match self {
            Self::Text(text) => Demand::of_embedding(model, [text]),
            Self::Texts(texts) => Demand::of_embedding(model, *texts),
            Self::Some(texts) => Demand::of_embedding(model, texts),
            Self::Tokens(texts) => {
                Demand::of_call(Some(model), texts.iter().map(|text| text.len() as u64).sum(), 0)
            }
        }
    }

    /// Returns the number of vectors expected.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Text(_) => 1,
            Self::Texts(texts) => texts.len(),
            Self::Some(texts) => texts.len(),
            Self::Tokens(texts) => texts.len(),
        }
    }
}

/// Encodes a request.
///
/// # Errors
/// None that input can cause.
pub(crate) fn encode_embeddings(model: &str, parameters: &Parameters, input: &Input<'_>) -> Result<Vec<u8>> {
    encode(&Body { input: ("input", input), model, parameters, stream: None })
}

/// The decoded response.
#[derive(Debug)]
pub(crate) struct Embedded {
    /// One vector per input, in order.
    pub(crate) vectors: Vec<Vec<f32>>,
    pub(crate) model: Option<String>,
    pub(crate) usage: Option<Usage>,
}

#[derive(DeriveDeserialize)]
struct Response<'a> {
    #[serde(default, borrow)]
    model: Text<'a>,
    #[serde(default)]
    data: Option<Vec<Item>>,
    #[serde(default)]
    usage: Value,
    #[serde(default)]
    error: Value,
}

#[derive(DeriveDeserialize)]
struct Item {
    #[serde(default)]
    index: Value,
    embedding: Vector,
}

/// Decodes the vectors of `expected` inputs.
///
/// # Errors
/// `Decode` for what is not JSON, `InvalidResponse` if there is not exactly one vector per input or their lengths
/// differ, or the error that the body contains.
pub(crate) fn decode_embeddings(body: &[u8], expected: usize, origin: &Origin) -> Result<Embedded> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let response: Response<'_> =
        serde_json::from_slice(body).map_err(|error| not_an_answer(body, &error, origin))?;
    if is_truthy(&response.error) {
        return Err(decode_error_in_answer(&String::from_utf8_lossy(body), origin));
    }
    let wrong = |message: String| {
        let service = origin.service_error(&String::from_utf8_lossy(body));
        Error::new(ErrorKind::InvalidResponse, message).with_service(service)
    };
    let items = response.data.unwrap_or_default();
    if items.len() != expected {
        return Err(wrong(format!("the answer holds {} vectors for {expected} inputs", items.len())));
    }
    let vectors = in_order(items)
        .ok_or_else(|| wrong("the vectors of the answer are not numbered 0, 1, ..".to_owned()))?;
    let length = vectors.first().map_or(0, Vec::len);
    if vectors.iter().any(|vector| vector.is_empty() || vector.len() != length) {
        return Err(wrong("the vectors of the answer are empty or of different lengths".to_owned()));
    }
    Ok(Embedded { vectors, model: response.model.into_string(), usage: decode_usage(&response.usage) })
}

/// Sorts the vectors by `index`, or keeps their order if all have the same index or none. If only one has none, it gets
/// the index that is left: some services omit a zero.
fn in_order(items: Vec<Item>) -> Option<Vec<Vec<f32>>> {
    let indices: Vec<_> = items.iter().map(|item| count(Some(&item.index))).collect();
    let mut vectors = items.into_iter().map(|item| item.embedding.0);
    if indices.windows(2).all(|pair| pair[0] == pair[1]) {
        return Some(vectors.collect());
    }
    let mut places: Vec<Option<Vec<f32>>> = indices.iter().map(|_| None).collect();
    let mut unnumbered = None;
    for (index, vector) in indices.iter().zip(&mut vectors) {
        let place = match index {
            Some(index) => places.get_mut(usize::try_from(*index).ok()?)?,
            None => &mut unnumbered,
        };
        if place.replace(vector).is_some() {
            return None;
        }
    }
    places.into_iter().map(|place| place.or_else(|| unnumbered.take())).collect()
}

/// A vector: a list of numbers, or Base64 of 32-bit floats.
struct Vector(Vec<f32>);

impl<'de> Deserialize<'de> for Vector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(VectorVisitor)
    }
}

struct VectorVisitor;

impl<'de> Visitor<'de> for VectorVisitor {
    type Value = Vector;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of numbers, or Base64 of 32-bit floats")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Vector, E> {
        base64::floats(text).map(Vector).ok_or_else(|| E::custom("a vector is not Base64 of 32-bit floats"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<Vector, A::Error> {
        let mut vector = Vec::with_capacity(numbers.size_hint().unwrap_or(0).min(1 << 14));
        while let Some(number) = numbers.next_element()? {
            vector.push(number);
        }
        Ok(Vector(vector))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::origin;
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(body: Value, expected: &[&[f32]]) {
        let embedded =
            decode_embeddings(body.to_string().as_bytes(), expected.len(), &origin()).expect("vectors");
        assert_eq!(embedded.vectors, expected, "{body}");
    }

    #[track_caller]
    fn check_error(body: &str, expected: usize, kind: ErrorKind, part: &str) {
        let error = decode_embeddings(body.as_bytes(), expected, &origin()).expect_err(body);
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!(error.service().and_then(|service| service.request_id.as_deref()), Some("req_1"));
    }

    #[test]
    fn vectors_are_read_in_any_form_and_put_in_order() {
        check(json!({"data": [{"index": 0, "embedding": "AAAAPwAAgL4AAIA/"}]}), &[&[0.5, -0.25, 1.0]]);
        check(json!({"data": [{"index": 0, "embedding": [0.5, -1, 2e0]}]}), &[&[0.5, -1.0, 2.0]]);
        check(
            json!({"data": [{"index": 1, "embedding": [1.0]}, {"index": 0.0, "embedding": [0.0]}]}),
            &[&[0.0], &[1.0]],
        );
        check(json!({"data": [{"embedding": [1.0]}, {"embedding": [0.0]}]}), &[&[1.0], &[0.0]]);
    }

    #[test]
    fn vectors_go_to_their_inputs_however_they_are_numbered() {
        let decode = |indices: [&str; 3]| {
            let items = indices.iter().zip(["[0]", "[1]", "[2]"]);
            let items = items.map(|(index, vector)| format!(r#"{{"index":{index},"embedding":{vector}}}"#));
            let body = format!(r#"{{"data":[{}]}}"#, items.collect::<Vec<_>>().join(","));
            decode_embeddings(body.as_bytes(), 3, &origin())
        };
        for (indices, expected) in [
            (["0", "1", "2"], [0.0, 1.0, 2.0]),
            (["2", "0", "1"], [1.0, 2.0, 0.0]),
            // A service that leaves out zeros.
            (["null", "1", "2"], [0.0, 1.0, 2.0]),
            (["2", "null", "1"], [1.0, 2.0, 0.0]),
            (["\"a\"", "1", "0"], [2.0, 1.0, 0.0]),
            // One that numbers nothing.
            (["0", "0", "0"], [0.0, 1.0, 2.0]),
            (["\"a\"", "null", "{}"], [0.0, 1.0, 2.0]),
        ] {
            assert_eq!(
                decode(indices).expect("vectors").vectors,
                expected.map(|value| [value]),
                "{indices:?}"
            );
        }
        for indices in
            [["1", "2", "3"], ["0", "1", "1"], ["null", "1", "1"], ["null", "9", "0"], ["null", "null", "0"]]
        {
            let error = decode(indices).expect_err("nobody knows whose they are");
            assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{error}");
            assert!(error.to_string().contains("numbered"), "{error}");
        }
    }

    #[test]
    fn what_is_said_beside_the_vectors_is_kept() {
        let body = r#"{"data":[{"embedding":[1]}],"model":"m","usage":{"prompt_tokens":4,"total_tokens":4}}"#;
        let embedded = decode_embeddings(body.as_bytes(), 1, &origin()).expect("vectors");
        assert_eq!((embedded.model.as_deref(), embedded.usage), (Some("m"), Some(Usage::new(4, 0))));
    }

    #[test]
    fn what_does_not_fit_the_inputs_is_an_error() {
        check_error("{}", 1, ErrorKind::InvalidResponse, "0 vectors for 1");
        check_error(r#"{"data":[]}"#, 2, ErrorKind::InvalidResponse, "0 vectors for 2");
        check_error(r#"{"data":[{"embedding":[1]}]}"#, 2, ErrorKind::InvalidResponse, "1 vectors for 2");
        check_error(
            r#"{"data":[{"embedding":[1]},{"embedding":[1,2]}]}"#,
            2,
            ErrorKind::InvalidResponse,
            "lengths",
        );
        check_error(r#"{"data":[{"embedding":[]}]}"#, 1, ErrorKind::InvalidResponse, "empty");
        check_error(r#"{"data":[{"embedding":"?"}]}"#, 1, ErrorKind::InvalidResponse, "Base64");
        check_error(r#"{"data":[{"embedding":{}}]}"#, 1, ErrorKind::InvalidResponse, "shape");
        check_error(
            r#"{"error":{"message":"model not found"},"data":null}"#,
            1,
            ErrorKind::InvalidResponse,
            "model not found",
        );
        check_error("<html>Sign in", 1, ErrorKind::InvalidResponse, "Sign in");
        check_error("", 1, ErrorKind::Decode, "empty");
    }

    #[test]
    fn inputs_are_sent_as_what_they_are() {
        let mut parameters = Parameters::default();
        parameters.set("encoding_format", "base64");
        let texts = ["a".to_owned(), "b".to_owned()];
        let tokens = [vec![1, 2], vec![3]];
        for (input, expected) in [
            (Input::Text("a"), json!("a")),
            (Input::Texts(&texts), json!(["a", "b"])),
            (Input::Some(vec!["a"]), json!(["a"])),
            (Input::Tokens(&tokens), json!([[1, 2], [3]])),
        ] {
            let body = encode_embeddings("m", &parameters, &input).expect("a body");
            let body: Value = serde_json::from_slice(&body).expect("JSON");
            assert_eq!(body, json!({"model": "m", "input": expected, "encoding_format": "base64"}));
        }
    }
}
