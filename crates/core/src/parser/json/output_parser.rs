//! The parser that reads JSON.

use async_trait::async_trait;

use super::answer::{Answer, Piece};
use super::diff_parser::JsonDiffParser;
use super::reader::{Emit, JsonReader};
use super::value::Json;
use crate::load::Constructor;
use crate::parser::stepwise::{Stepwise, parse_all, parse_stream};
use crate::{AiMessage, ChunkStream, Context, Outline, OutputParser, Result, RunKind, Runnable};

/// Reads the JSON of a model's answer, and gives what there is of it so far whenever that changes.
///
/// Prose and a fence around the JSON do not count. What is open is closed, and an incomplete end is dropped:
/// `{"a": [1, "tw` reads as `{"a": [1, "tw"]}` and `{"a": tru` as `{}`, also at the end of the answer, which a limit on
/// its length may have cut.
///
/// Reading takes time proportional to the answer, however many pieces it comes in. A chunk is a [`Json`]: the whole
/// value so far, built only when it is looked at. Looking at every chunk of a long answer costs its length each time;
/// [`diff`](JsonOutputParser::diff) gives what is new instead.
///
/// # Errors
/// At the end of the answer, after the chunks that could be read: [`Parse`](crate::ErrorKind::Parse) with the place
/// where the answer stopped being JSON, what should have come there and the text around it, or
/// [`Refusal`](crate::ErrorKind::Refusal) with the words of a model that refused.
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeChatModel, JsonOutputParser, RunnableExt};
/// use futures_util::TryStreamExt;
/// use serde_json::json;
/// # futures_executor::block_on(async {
/// let chain = FakeChatModel::streaming(["```json\n{\"title\": ", "\"Long", " road\"", "}\n```"]) | JsonOutputParser;
/// let chunks: Vec<_> = chain.stream("Name a book, as JSON.").try_collect().await?;
/// assert_eq!(chunks, [json!({}), json!({"title": "Long"}), json!({"title": "Long road"})]);
/// assert_eq!(chain.invoke("Name a book, as JSON.").await?["title"], "Long road");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[doc(alias = "SimpleJsonOutputParser")]
pub struct JsonOutputParser;

impl JsonOutputParser {
    /// What to tell the model about its answer.
    pub fn format_instructions(&self) -> &'static str {
        "Return a JSON object."
    }

    /// The parser that gives the changes instead of the value so far.
    pub fn diff(&self) -> JsonDiffParser {
        JsonDiffParser
    }
}

#[async_trait]
impl Runnable for JsonOutputParser {
    type Input = AiMessage;
    type Output = Json;

    async fn call(&self, answer: AiMessage, _cx: &Context) -> Result<Json> {
        parse_all(JsonReader::new(Snapshots), answer)
    }

    fn transform<'a>(&'a self, answer: ChunkStream<'a, AiMessage>, _cx: Context) -> ChunkStream<'a, Json> {
        parse_stream(JsonReader::new(Snapshots), answer)
    }

    fn kind(&self) -> RunKind {
        RunKind::Parser
    }

    fn outline(&self) -> Outline {
        let made = Constructor::new(["langchain_core", "output_parsers", "json", "JsonOutputParser"]);
        Outline::of(self).with_constructor(made)
    }
}

crate::impl_pipe!(JsonOutputParser);

impl OutputParser for JsonOutputParser {
    fn format_instructions(&self) -> String {
        self.format_instructions().to_owned()
    }
}

/// Reads an answer as this parser does.
pub(in crate::parser) fn json_snapshots() -> impl Stepwise<Input = AiMessage, Output = Json> {
    JsonReader::new(Snapshots)
}

/// Gives the value so far.
struct Snapshots;

impl Emit for Snapshots {
    type Output = Json;

    const HOLD: bool = false;

    fn emit(&mut self, answer: &Answer, piece: Piece) -> Json {
        answer.value(piece.start, piece.mark.cut)
    }
}
