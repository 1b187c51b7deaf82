//! Embeddings.

use serde_json::{Value, json};

use super::super::canned;
use super::is_client;

pub(super) fn change(recording: &mut Value) {
    if !is_client(recording, &["azure_embeddings", "embeddings"]) {
        return;
    }
    // Line breaks make the vectors of the first models worse.
    let is_first =
        recording["expected_request"]["body"]["model"].as_str().is_some_and(|model| model.ends_with("001"));
    if is_first
        && let Some(texts) =
            recording.pointer_mut("/expected_request/body/input").and_then(Value::as_array_mut)
    {
        let texts = texts.iter_mut();
        for text in texts.filter(|text| text.is_string()) {
            *text = text.as_str().unwrap_or_default().replace('\n', " ").into();
        }
    }
    let more = recording["more_exchanges"].as_array().into_iter().flatten();
    let exchanges: Vec<&Value> = [&*recording].into_iter().chain(more).collect();
    let Some(answers) = exchanges.iter().map(|one| data(one)).collect::<Option<Vec<_>>>() else { return };
    let inputs = |exchange: &Value| exchange["expected_request"]["body"]["input"].as_array().map(Vec::len);
    let is_short = exchanges
        .iter()
        .zip(&answers)
        .any(|(one, data)| inputs(one).is_some_and(|inputs| inputs != data.len()));
    let vectors: Vec<Option<Value>> = answers.concat();
    // A vector too few belongs to no text, and an empty one says nothing.
    if is_short || vectors.iter().any(|vector| vector.as_ref().is_none_or(|vector| vector == &json!([]))) {
        recording["expected_result"] = json!({ "error": { "kind": "invalid_response" } });
        return;
    }
    let vectors: Vec<Value> = vectors.into_iter().flatten().collect();
    let is_query = recording["input"]["operation"] == "embed_query";
    let result = &mut recording["expected_result"];
    // Those of the pieces of a text are one: it is as long as recorded.
    let is_each =
        |recorded: &Value| recorded.as_array().is_some_and(|recorded| recorded.len() == vectors.len());
    if result.get("embeddings").is_some_and(is_each) || result["error"]["kind"] == "invalid_response" {
        *result =
            if is_query { json!({ "embedding": vectors.first() }) } else { json!({ "embeddings": vectors }) };
    }
}

/// The vectors of an answer. One belongs to the text that its index names; `None` is one that cannot be read.
fn data(exchange: &Value) -> Option<Vec<Option<Value>>> {
    let answer = &exchange["canned_response"];
    if answer["status"] != 200 {
        return None;
    }
    let mut data = answer["json"]["data"].as_array()?.clone();
    data.sort_by_key(|item| item["index"].as_u64());
    Some(data.iter().map(|item| vector(&item["embedding"])).collect())
}

/// Numbers, or the bytes of 32-bit floats in Base64, with or without padding.
fn vector(wire: &Value) -> Option<Value> {
    let Some(text) = wire.as_str() else { return wire.is_array().then(|| wire.clone()) };
    let bytes = canned::base64(text)?;
    let (floats, []) = bytes.as_chunks() else { return None };
    let number = |float: f32| float.to_string().parse::<f64>().unwrap_or_default();
    Some(floats.iter().map(|bytes| number(f32::from_le_bytes(*bytes))).collect())
}
