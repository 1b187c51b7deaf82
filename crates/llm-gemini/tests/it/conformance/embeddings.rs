//! The embedding model as a subject, and the wire format of `embedContent` and `batchEmbedContents`.

use std::sync::Arc;

use catena_core::{Embeddings, Result};
use catena_llm_gemini::{GeminiEmbeddings, GeminiEmbeddingsBuilder};
use catena_testkit::Recorded;
use catena_testkit::conformance::{
    AskedVectors, EmbeddingOption, EmbeddingSetup, EmbeddingSubject, EmbeddingWire, ScriptedVectors, Wire,
};
use serde_json::{Value, json};

use super::wire::GeminiWire;

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
        Some("CATENA_LIVE_GEMINI")
    }

    fn live_model(&self) -> Result<Arc<dyn Embeddings>> {
        Ok(Arc::new(GeminiEmbeddings::new("gemini-embedding-001")?))
    }
}

fn builder(setup: &EmbeddingSetup) -> GeminiEmbeddingsBuilder {
    let connection = &setup.connection;
    let mut builder = GeminiEmbeddings::builder()
        .ignore_environment()
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
        let alone = request.path().ends_with(":embedContent");
        let requests =
            if alone { vec![body] } else { body["requests"].as_array().cloned().unwrap_or_default() };
        let text =
            |request: &Value| request["content"]["parts"][0]["text"].as_str().unwrap_or_default().to_owned();
        let mut asked = AskedVectors::of(requests.iter().map(text));
        asked.alone = alone;
        asked.dimensions = requests.first().and_then(|request| request["outputDimensionality"].as_u64());
        asked
    }

    fn answer(&self, vectors: &ScriptedVectors) -> Value {
        let mut all =
            vectors.numbered.iter().map(|(_, vector)| json!({"values": vectors.encoding.value(vector)}));
        if vectors.alone {
            return all.next().map_or_else(|| json!({}), |vector| json!({"embedding": vector}));
        }
        json!({"embeddings": all.collect::<Vec<_>>()})
    }

    fn failure(&self, status: u16, message: &str) -> Value {
        GeminiWire.failure(status, message)
    }

    fn key_header(&self) -> Option<(&str, &str)> {
        GeminiWire.key_header()
    }
}
