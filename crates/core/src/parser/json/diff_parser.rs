//! A parser that reads JSON and emits the changes.

use async_trait::async_trait;

use super::answer::{Answer, Piece};
use super::changes::Changes;
use super::patch::JsonPatch;
use super::reader::{Emit, JsonReader};
use crate::parser::stepwise::{parse_all, parse_stream};
use crate::{AiMessage, ChunkStream, Context, Result, RunKind, Runnable};

/// A [`JsonOutputParser`](crate::JsonOutputParser) that emits the changes to the value, created by its
/// [`diff`](crate::JsonOutputParser::diff).
///
/// The first patch sets the whole value. Later ones add members and items, and replace a text or number that grows.
/// Producing and applying the patches takes time linear in the length of the answer, except for growing texts: each
/// patch contains the complete text so far, built when it is accessed.
///
/// # Errors
/// Those of [`JsonOutputParser`](crate::JsonOutputParser).
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeChatModel, JsonOutputParser, RunnableExt};
/// use futures_util::TryStreamExt;
/// use serde_json::json;
/// # futures_executor::block_on(async {
/// let chain = FakeChatModel::streaming(["{\"a\": [1", ", 2], \"b\": \"x", "y\"}"]) | JsonOutputParser.diff();
/// let patches: Vec<_> = chain.stream("?").try_collect().await?;
/// assert_eq!(json!(patches), json!([
///     [{"op": "replace", "path": "", "value": {"a": [1]}}],
///     [{"op": "add", "path": "/b", "value": "x"}, {"op": "add", "path": "/a/1", "value": 2}],
///     [{"op": "replace", "path": "/b", "value": "xy"}],
/// ]));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonDiffParser;

#[async_trait]
impl Runnable for JsonDiffParser {
    type Input = AiMessage;
    type Output = JsonPatch;

    async fn call(&self, answer: AiMessage, _cx: &Context) -> Result<JsonPatch> {
        parse_all(JsonReader::new(Patches(None)), answer)
    }

    fn transform<'a>(
        &'a self,
        answer: ChunkStream<'a, AiMessage>,
        _cx: Context,
    ) -> ChunkStream<'a, JsonPatch> {
        parse_stream(JsonReader::new(Patches(None)), answer)
    }

    fn kind(&self) -> RunKind {
        RunKind::Parser
    }
}

crate::impl_pipe!(JsonDiffParser);

/// Emits the changes since the last chunk.
struct Patches(Option<(usize, Changes)>);

impl Emit for Patches {
    type Output = JsonPatch;

    const HOLD: bool = true;

    fn emit(&mut self, answer: &Answer, Piece { start, mark }: Piece) -> JsonPatch {
        // A different value, or one that has shrunk, is emitted from scratch.
        let goes_on = |(begin, changes): &(usize, Changes)| *begin == start && changes.at() <= mark.cut;
        let known = self.0.take().filter(goes_on);
        let (_, changes) = self.0.insert(known.unwrap_or_else(|| (start, Changes::new(start))));
        let value = |start, cut| answer.value(start, cut);
        JsonPatch::new(answer.with_text(|text| changes.read(text, mark.cut, &value)))
    }
}
