//! The provider of vectors as a subject, and its wire format.

use std::sync::Arc;

use catena_core::{Embeddings, Error, Result};
use catena_testkit::Recorded;
use catena_testkit::conformance::{
    AskedVectors, EmbeddingOption, EmbeddingSetup, EmbeddingSubject, EmbeddingWire, Encoding,
    ScriptedVectors, Setup,
};
use serde_json::{Value, json};

use crate::embedding_planted::Plant;
use crate::embedding_toy::Toy;
use crate::toy_wire::{LIVE_SWITCH, LIVE_URL};

pub(crate) struct ToyVectors(pub(crate) Plant);

impl EmbeddingSubject for ToyVectors {
    fn model(&self, setup: &EmbeddingSetup) -> Result<Arc<dyn Embeddings>> {
        Ok(Arc::new(Toy::new(setup, self.0)?))
    }

    fn wire(&self) -> &dyn EmbeddingWire {
        &ToyVectorWire
    }

    fn shown(&self, setup: &EmbeddingSetup) -> String {
        format!("{:?}", Toy::new(setup, self.0))
    }

    fn options(&self) -> &[EmbeddingOption] {
        &[EmbeddingOption::BatchSize, EmbeddingOption::Dimensions]
    }

    fn live_switch(&self) -> Option<&str> {
        Some(LIVE_SWITCH)
    }

    fn live_model(&self) -> Result<Arc<dyn Embeddings>> {
        let setup = Setup::at(std::env::var(LIVE_URL).map_err(Error::other)?);
        Ok(Arc::new(Toy::new(&setup.into(), Plant::Nothing)?))
    }
}

pub(crate) struct ToyVectorWire;

impl EmbeddingWire for ToyVectorWire {
    fn read(&self, request: &Recorded) -> AskedVectors {
        let body = request.json();
        let alone = body["text"].as_str();
        let texts = body["texts"].as_array().into_iter().flatten().filter_map(Value::as_str).chain(alone);
        let mut asked = AskedVectors::of(texts);
        asked.alone = alone.is_some();
        asked.dimensions = body["length"].as_u64();
        asked.encoding = if body["packed"] == true { Encoding::Base64 } else { Encoding::Numbers };
        asked
    }

    fn answer(&self, vectors: &ScriptedVectors) -> Value {
        let numbers = |vector: &[f32]| vectors.encoding.value(vector);
        if vectors.alone {
            let first = vectors.numbered.first();
            return json!({"vector": first.map_or(Value::Null, |(_, vector)| numbers(vector))});
        }
        let item = |(of, vector): &(usize, Vec<f32>)| json!({"of": of, "numbers": numbers(vector)});
        json!({"vectors": vectors.numbered.iter().map(item).collect::<Vec<_>>()})
    }

    fn encodings(&self) -> &[Encoding] {
        &[Encoding::Base64, Encoding::Numbers]
    }

    fn numbers_vectors(&self) -> bool {
        true
    }

    fn failure(&self, _status: u16, message: &str) -> Value {
        json!({"fault": message})
    }

    fn key_header(&self) -> Option<(&str, &str)> {
        Some(("x-toy-key", ""))
    }
}
