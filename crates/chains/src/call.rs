//! One call of a chain: its inputs, and its outputs as they stream.

use catena_core::{Chunk, ChunkStream, Data, Record, Result};
use futures_util::{StreamExt, stream};

use crate::Chain;

/// The inputs of one call.
pub(crate) struct Prepared {
    /// By the caller.
    pub(crate) given: Record,
    /// With what the memory has.
    pub(crate) inputs: Record,
    /// A bare value that the steps are to place, or to report.
    bare: Option<Data>,
}

impl Prepared {
    pub(crate) fn named(given: Record, inputs: Record) -> Self {
        Self { given, inputs, bare: None }
    }

    pub(crate) fn bare(value: Data) -> Self {
        Self { given: Record::new(), inputs: Record::new(), bare: Some(value) }
    }

    /// What the steps get.
    pub(crate) fn fill(&self) -> Data {
        self.bare.clone().unwrap_or_else(|| self.inputs.clone().into())
    }
}

/// A stream under way.
struct Streaming<'a> {
    chain: &'a Chain,
    made: ChunkStream<'a, Data>,
    given: Record,
    /// What stands beside the outputs, until the first chunk takes it along.
    beside: Option<Record>,
    outputs: Record,
}

impl Streaming<'_> {
    /// The next chunk; `None` at the end, once the call is remembered.
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

/// The outputs piece by piece, the inputs with the first; checked and remembered at the end.
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
