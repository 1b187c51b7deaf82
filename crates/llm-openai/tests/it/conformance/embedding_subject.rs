//! The embedding model as a subject, and its wire format.

use std::sync::Arc;

use catena_core::{Embeddings, Result};
use catena_llm_openai::{OpenAiEmbeddings, OpenAiEmbeddingsBuilder};
use catena_testkit::Recorded;
use catena_testkit::conformance::{
    AskedVectors, EmbeddingOption, EmbeddingSetup, EmbeddingSubject, EmbeddingWire, Encoding,
    ScriptedVectors, Wire,
};
use serde_json::{Value, json};

use super::chat_wire::{ChatWire, texts};

pub(super) struct Vectors;

impl EmbeddingSubject for Vectors {
    fn model(&self, setup: &EmbeddingSetup) -> Result<Arc<dyn Embeddings>> {
        Ok(Arc::new(builder(setup).build()?))
    }

    fn wire(&self) -> &dyn EmbeddingWire {
        self
    }

    fn shown(&self, setup: &EmbeddingSetup) -> String {
        format!("{:?} {:#?}", builder(setup), builder(setup).build())
    }

    fn options(&self) -> &[EmbeddingOption] {
        &[EmbeddingOption::BatchSize, EmbeddingOption::Dimensions]
    }

    fn live_switch(&self) -> Option<&str> {
        Some("CATENA_LIVE_OPENAI")
    }

    fn live_model(&self) -> Result<Arc<dyn Embeddings>> {
        Ok(Arc::new(OpenAiEmbeddings::new("text-embedding-3-small")?))
    }
}

fn builder(setup: &EmbeddingSetup) -> OpenAiEmbeddingsBuilder {
    let connection = &setup.connection;
    let mut builder = OpenAiEmbeddings::builder()
        .ignore_environment()
        .with_base_url(format!("{}/v1", connection.base_url))
        .with_api_key(connection.api_key.as_str())
        .with_max_retries(connection.max_retries)
        .with_timer(Arc::clone(&connection.timer))
        .with_first_byte_timeout(connection.first_byte_timeout)
        .with_idle_timeout(connection.idle_timeout);
    if let Some(texts) = setup.batch_size {
        builder = builder.with_batch_size(texts);
    }
    if let Some(dimensions) = setup.dimensions {
        builder = builder.with_dimensions(dimensions);
    }
    builder
}

impl EmbeddingWire for Vectors {
    fn read(&self, request: &Recorded) -> AskedVectors {
        let body = request.json();
        let mut asked = AskedVectors::of(texts(&body["input"]));
        asked.dimensions = body["dimensions"].as_u64();
        if body["encoding_format"] == "base64" {
            asked.encoding = Encoding::Base64;
        }
        asked
    }

    fn answer(&self, vectors: &ScriptedVectors) -> Value {
        let item = |(index, vector): &(usize, Vec<f32>)| json!({"object": "embedding", "index": index, "embedding": vectors.encoding.value(vector)});
        json!({
            "object": "list", "model": "text-embedding-3-small",
            "data": vectors.numbered.iter().map(item).collect::<Vec<_>>(),
            "usage": {"prompt_tokens": 8, "total_tokens": 8},
        })
    }

    fn encodings(&self) -> &[Encoding] {
        &[Encoding::Base64, Encoding::Numbers]
    }

    fn numbers_vectors(&self) -> bool {
        true
    }

    fn failure(&self, status: u16, message: &str) -> Value {
        ChatWire.failure(status, message)
    }
}
