//! `GET /v1/models` and `GET /v1/models/{id}`.

use serde_json::{Value, json};

use super::error::Refusal;
use crate::reply::Reply;

const MODELS: [&str; 4] = ["gpt-4o", "gpt-4o-mini", "gpt-3.5-turbo", "gpt-3.5-turbo-instruct"];

pub(super) fn list() -> Reply {
    Reply::json(200, json!({"object": "list", "data": MODELS.map(model)}))
}

pub(super) fn get(id: &str) -> Result<Reply, Refusal> {
    match MODELS.contains(&id) {
        true => Ok(Reply::json(200, model(id))),
        false => Err(Refusal::unknown_model(id)),
    }
}

fn model(id: &str) -> Value {
    json!({"id": id, "object": "model", "created": 1_700_000_000, "owned_by": "simulated"})
}
