//! The embedding model as a subject, and the wire format of `/api/embed`.

use std::sync::Arc;

use catena_core::{Embeddings, Result};
use catena_llm_ollama::{OllamaEmbeddings, OllamaEmbeddingsBuilder};
use catena_testkit::Recorded;
use catena_testkit::conformance::{
    AskedVectors, EmbeddingOption, EmbeddingSetup, EmbeddingSubject, EmbeddingWire, ScriptedVectors, Wire,
};
use serde_json::{Value, json};

use super::chat_subject::{Chat, live_model};

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
        Some("CATENA_LIVE_OLLAMA")
    }

    fn live_model(&self) -> Result<Arc<dyn Embeddings>> {
        Ok(Arc::new(OllamaEmbeddings::new(live_model("EMBEDDING_MODEL", "nomic-embed-text"))?))
    }
}

fn builder(setup: &EmbeddingSetup) -> OllamaEmbeddingsBuilder {
    let connection = &setup.connection;
    let mut builder = OllamaEmbeddings::builder()
        .ignore_environment()
        .with_model("nomic-embed-text")
        .with_base_url(&connection.base_url)
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
        let mut asked =
            AskedVectors::of(body["input"].as_array().into_iter().flatten().filter_map(Value::as_str));
        asked.dimensions = body["dimensions"].as_u64();
        asked
    }

    fn answer(&self, vectors: &ScriptedVectors) -> Value {
        let all = vectors.numbered.iter().map(|(_, vector)| vectors.encoding.value(vector));
        json!({
            "model": "nomic-embed-text", "embeddings": all.collect::<Vec<_>>(),
            "total_duration": 14_143_917, "load_duration": 1_019_500, "prompt_eval_count": 8,
        })
    }

    fn failure(&self, status: u16, message: &str) -> Value {
        Chat.failure(status, message)
    }
}
