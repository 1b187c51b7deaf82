//! Arranges the chunks of a streamed response.

use serde_json::{Value, json};

use super::options::Generation;

/// How an endpoint encodes its chunks.
pub(super) struct Shape<'a> {
    /// The members common to all chunks.
    pub(super) envelope: &'a Value,
    /// The choice that opens a response, if the endpoint has one.
    pub(super) opening: Option<fn(index: usize) -> Value>,
    pub(super) piece: fn(index: usize, piece: &str) -> Value,
    pub(super) finish: fn(index: usize, reason: &str) -> Value,
    /// The usage, if requested.
    pub(super) usage: Option<&'a Value>,
}

impl Shape<'_> {
    /// Returns the events, grouped by what is sent together: first the openings with every choice's first piece, then
    /// piece after piece with the choices interleaved; the last group also ends the stream.
    pub(super) fn groups(&self, generations: &[Generation]) -> Vec<Vec<String>> {
        let longest = generations.iter().map(|generation| generation.pieces.len()).max().unwrap_or_default();
        let mut groups = vec![Vec::new(); longest.max(1)];
        groups[0]
            .extend(self.opening.iter().flat_map(|open| (0..generations.len()).map(|i| self.chunk(open(i)))));
        for (index, generation) in generations.iter().enumerate() {
            for (group, piece) in groups.iter_mut().zip(&generation.pieces) {
                group.push(self.chunk((self.piece)(index, piece)));
            }
        }
        if let Some(last) = groups.last_mut() {
            let indexed = generations.iter().enumerate();
            last.extend(
                indexed.map(|(i, generation)| self.chunk((self.finish)(i, generation.finish_reason))),
            );
            last.extend(self.usage.map(|usage| self.event(json!([]), usage)));
            last.push("[DONE]".to_owned());
        }
        groups
    }

    fn chunk(&self, choice: Value) -> String {
        self.event(json!([choice]), &Value::Null)
    }

    fn event(&self, choices: Value, usage: &Value) -> String {
        let mut event = self.envelope.clone();
        event["choices"] = choices;
        // Unless usage was requested, the member is absent from all chunks.
        if self.usage.is_some() {
            event["usage"] = usage.clone();
        }
        event.to_string()
    }
}
