//! A parser for JSON.

use async_trait::async_trait;

use super::answer::{Answer, Piece};
use super::diff_parser::JsonDiffParser;
use super::reader::{Emit, JsonReader};
use super::value::Json;
use crate::load::Constructor;
use crate::parser::stepwise::{Stepwise, parse_all, parse_stream};
use crate::{AiMessage, ChunkStream, Context, Outline, OutputParser, Result, RunKind, Runnable};

/// Parses the JSON in a model's answer, and while it is streamed emits the value so far whenever it changes.
///
/// Surrounding prose and code fences are ignored. Whatever is open is closed and an incomplete end is dropped:
/// `{"a": [1, "tw` is read as `{"a": [1, "tw"]}` and `{"a": tru` as `{}`. This also applies at the end of the answer,
/// which may have been truncated by a length limit.
///
/// Parsing takes time linear in the length of the answer, regardless of the number of chunks. Each chunk is a [`Json`]:
/// the complete value so far, built only when it is accessed. Accessing every chunk of a long answer costs its length
/// each time; [`diff`](JsonOutputParser::diff) emits only the changes instead.
///
/// # Errors
/// At the end of the answer, after the chunks that could be read: [`Parse`](crate::ErrorKind::Parse) with the position
/// where the answer stopped being JSON, what was expected there and the text around it, or
/// [`Refusal`](crate::ErrorKind::Refusal) with the text of a refusal.
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
    /// Returns the format instructions for the model's prompt.
    pub fn format_instructions(&self) -> &'static str {
        "Return a JSON object."
    }

    /// Returns a parser that emits the changes instead of the value so far.
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

/// Parses an answer as this parser does.
pub(in crate::parser) fn json_snapshots() -> impl Stepwise<Input = AiMessage, Output = Json> {
    JsonReader::new(Snapshots)
}

/// Emits the value so far.
struct Snapshots;

impl Emit for Snapshots {
    type Output = Json;

    const HOLD: bool = false;

    fn emit(&mut self, answer: &Answer, piece: Piece) -> Json {
        answer.value(piece.start, piece.mark.cut)
    }
}
