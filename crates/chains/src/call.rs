//! A single call of a chain: its inputs and its streamed outputs.

use catena_core::{Chunk, ChunkStream, Data, Record, Result};
use futures_util::{StreamExt, stream};

use crate::Chain;

/// The inputs of one call.
pub(crate) struct Prepared {
    /// The inputs given by the caller.
    pub(crate) given: Record,
    /// The inputs including the values from memory.
    pub(crate) inputs: Record,
    /// A bare value that the steps are to assign, or to report as an error.
    bare: Option<Data>,
}

impl Prepared {
    pub(crate) fn named(given: Record, inputs: Record) -> Self {
        Self { given, inputs, bare: None }
    }

    pub(crate) fn bare(value: Data) -> Self {
        Self { given: Record::new(), inputs: Record::new(), bare: Some(value) }
    }

    /// Returns the input of the steps.
    pub(crate) fn fill(&self) -> Data {
        self.bare.clone().unwrap_or_else(|| self.inputs.clone().into())
    }
}

/// A stream in progress.
struct Streaming<'a> {
    chain: &'a Chain,
    made: ChunkStream<'a, Data>,
    given: Record,
    /// The values returned besides the outputs, until they are emitted with the first chunk.
    beside: Option<Record>,
    outputs: Record,
}

impl Streaming<'_> {
    /// Returns the next chunk; `None` at the end, after the call has been saved.
    async fn next(&mut self) -> Result<Option<Record>> {
        match self.made.next().await {
            Some(made) => {
                let piece = self.chain.outputs(made?)?.mergeable();
                self.outputs.merge(piece.clone());
                Ok(Some(self.first(piece)))
            }
            None => self.chain.finish(&self.given, &self.outputs).await.map(|()| None),
        }
    }

    fn first(&mut self, piece: Record) -> Record {
        let Some(mut all) = self.beside.take() else { return piece };
        all.extend(piece);
        all.mergeable()
    }
}

/// Streams the outputs, with the inputs in the first chunk; checks and saves the call at the end.
pub(crate) fn finishing<'a>(
    chain: &'a Chain,
    prepared: Prepared,
    made: ChunkStream<'a, Data>,
) -> ChunkStream<'a, Record> {
    let beside = Some(chain.beside(&prepared));
    let outputs = Record::new().mergeable();
    let streaming = Streaming { chain, made, given: prepared.given, beside, outputs };
    let chunks = stream::unfold(Some(streaming), async |streaming| {
        let mut streaming = streaming?;
        match streaming.next().await {
            Ok(Some(chunk)) => Some((Ok(chunk), Some(streaming))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    });
    chunks.boxed()
}
