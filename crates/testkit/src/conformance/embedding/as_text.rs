//! Adapts an embedding model to a text model, so that behaviours common to all models are tested by the same code.

use std::sync::Arc;

use catena_core::{
    ChunkStream, Context, Embeddings, Error, ErrorKind, LanguageModel, PromptValue, Result, async_trait,
};
use futures_util::{FutureExt, StreamExt, stream};
use serde_json::Value;

use super::super::{Answer, Asked, AskedMessage, Event, Model, Role, Separation, Setup, Subject, Wire};
use super::{EmbeddingSubject, ScriptedVectors};
use crate::Recorded;

/// A call is `embed_query`, a stream is `embed_documents` of one text, and an answer is a text whose bytes are the
/// elements of a vector.
pub(super) struct AsText(pub(super) Arc<dyn EmbeddingSubject>);

impl Subject for AsText {
    type Output = String;

    fn model(&self, setup: &Setup) -> Result<Model<String>> {
        Ok(Arc::new(TextModel(self.0.model(&setup.clone().into())?)))
    }

    fn wire(&self) -> &dyn Wire {
        self
    }

    fn shown(&self, setup: &Setup) -> String {
        self.0.shown(&setup.clone().into())
    }
}

impl Wire for AsText {
    fn whole(&self, answer: &Answer) -> Value {
        self.answer(answer, true)
    }

    fn events(&self, answer: &Answer) -> Vec<Event> {
        vec![Event::json(self.answer(answer, false))]
    }

    fn separation(&self) -> Separation {
        Separation::Lines
    }

    fn failure(&self, status: u16, message: &str) -> Value {
        self.0.wire().failure(status, message)
    }

    fn failure_event(&self, _message: &str) -> Option<Event> {
        None
    }

    fn free_form(&self) -> &[&str] {
        self.0.wire().free_form()
    }

    fn read(&self, request: &Recorded) -> Asked {
        let vectors = self.0.wire().read(request);
        let messages = vec![AskedMessage::new(Role::Human, vectors.texts.concat())];
        Asked { streamed: !vectors.alone, messages, ..Asked::default() }
    }

    fn key_header(&self) -> Option<(&str, &str)> {
        self.0.wire().key_header()
    }
}

impl AsText {
    fn answer(&self, answer: &Answer, alone: bool) -> Value {
        let wire = self.0.wire();
        let encoding = wire.encodings().first().copied().unwrap_or_default();
        wire.answer(&ScriptedVectors { encoding, alone, ..ScriptedVectors::of([vector_of(&answer.text())]) })
    }
}

struct TextModel(Arc<dyn Embeddings>);

#[async_trait]
impl LanguageModel for TextModel {
    type Output = String;

    async fn generate(&self, prompt: PromptValue, _cx: &Context) -> Result<String> {
        text_of(&self.0.embed_query(&prompt.into_text()).await?)
    }

    fn generate_stream<'a>(&'a self, prompt: PromptValue, _cx: Context) -> ChunkStream<'a, String> {
        let texts = [prompt.into_text()];
        let embedded = async move {
            match &*self.0.embed_documents(&texts).await? {
                [vector] => text_of(vector),
                vectors => Err(not_one(vectors.len())),
            }
        };
        stream::once(embedded.boxed()).boxed()
    }
}

/// The first element of every vector, so that none is empty.
const MARK: f32 = 0.5;

fn vector_of(text: &str) -> Vec<f32> {
    std::iter::once(MARK).chain(text.bytes().map(f32::from)).collect()
}

fn text_of(vector: &[f32]) -> Result<String> {
    let bytes = match vector {
        [MARK, numbers @ ..] => numbers.iter().map(|number| *number as u8).collect(),
        _ => Vec::new(),
    };
    String::from_utf8(bytes).map_err(Error::other)
}

fn not_one(count: usize) -> Error {
    Error::new(ErrorKind::Other, format!("`embed_documents` gives {count} vectors for one text"))
}
