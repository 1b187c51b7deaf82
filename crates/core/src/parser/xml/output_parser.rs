//! A parser for XML.

use async_trait::async_trait;

use super::element::Xml;
use super::reader::Reader;
use super::{Failure, envelope};
use crate::parser::failure::failed_at;
use crate::parser::stepwise::{Stepwise, parse_stream};
use crate::{Chunk, ChunkStream, Context, Error, OutputParser, Result, RunKind, Runnable};

/// Parses the XML of a model's answer into objects with a single member: the name of an element, with its text or a
/// list of its children. Attributes, comments and processing instructions are skipped.
///
/// When called, it requires a complete document, optionally in a code fence, with no other text around it. In a stream,
/// it emits each innermost element, with its ancestors, as soon as it ends; text around the document is ignored, and a
/// truncated answer gives what was complete. An element with text before its first child is given with that text and
/// without its children.
///
/// It is safe for untrusted answers: parsing takes time linear in the length, elements nest at most 128 levels deep,
/// and only character entities are supported. A name in a namespace, of at most 128 bytes, becomes `{namespace}name`.
///
/// # Errors
/// [`Parse`](crate::ErrorKind::Parse) with the answer, the position where it stopped being XML and what was expected
/// there; in a stream, after the elements before it.
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeChatModel, RunnableExt, XmlOutputParser};
/// use futures_util::TryStreamExt;
/// use serde_json::json;
/// # futures_executor::block_on(async {
/// let chain = FakeChatModel::streaming(["<film><title>Bi", "g</title><year>19", "88</year></film>"]) | XmlOutputParser::new();
/// let chunks: Vec<_> = chain.stream("Name a film.").try_collect().await?;
/// assert_eq!(chunks, [json!({"film": [{"title": "Big"}]}), json!({"film": [{"year": "1988"}]})]);
/// assert_eq!(chain.invoke("Name a film.").await?, json!({"film": [{"title": "Big"}, {"year": "1988"}]}));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, Default)]
#[doc(alias = "XMLOutputParser")]
pub struct XmlOutputParser {
    tags: Vec<String>,
}

impl XmlOutputParser {
    /// Creates a parser for any document.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the names of the elements to request from the model. They are not checked.
    #[must_use]
    pub fn with_tags<S: Into<String>>(mut self, tags: impl IntoIterator<Item = S>) -> Self {
        self.tags = tags.into_iter().map(Into::into).collect();
        self
    }

    /// Parses a complete answer.
    ///
    /// # Errors
    /// [`Parse`](crate::ErrorKind::Parse) when it is not XML.
    pub fn parse(&self, answer: &str) -> Result<Xml> {
        let range = envelope::find(answer);
        let text = &answer[range.clone()];
        let mut xml = Xml::default();
        let mut reader = Reader::new(false);
        let read = reader.read(text, &mut |leaf| xml.merge(leaf)).and_then(|()| reader.end(text));
        read.map_err(|failure| error(answer, Failure { at: range.start + failure.at, ..failure }))?;
        Ok(xml)
    }
}

fn error(answer: &str, failure: Failure) -> Error {
    failed_at("XML", answer, failure.at, failure.expected)
}

#[async_trait]
impl Runnable for XmlOutputParser {
    type Input = String;
    type Output = Xml;

    async fn call(&self, answer: String, _cx: &Context) -> Result<Xml> {
        self.parse(&answer)
    }

    fn transform<'a>(&'a self, answer: ChunkStream<'a, String>, _cx: Context) -> ChunkStream<'a, Xml> {
        parse_stream(Answer { text: String::new(), reader: Reader::new(true), failure: None }, answer)
    }

    fn kind(&self) -> RunKind {
        RunKind::Parser
    }
}

crate::impl_pipe!(XmlOutputParser);

impl OutputParser for XmlOutputParser {
    fn format_instructions(&self) -> String {
        let tags = match self.tags.is_empty() {
            true => "Choose suitable element names.".to_owned(),
            false => format!("Use elements with these names: {}.", self.tags.join(", ")),
        };
        format!(
            "Answer with one XML document and nothing else. Close every element, and put all of them inside \
             a single root element, like this: <foo><bar><baz>text</baz></bar></foo>. {tags}"
        )
    }
}

/// An answer while it is streamed.
struct Answer {
    text: String,
    reader: Reader,
    failure: Option<Failure>,
}

impl Stepwise for Answer {
    type Input = String;
    type Output = Xml;

    fn push(&mut self, chunk: String, give: &mut dyn FnMut(Xml)) {
        self.text.push_str(&chunk);
        if self.failure.is_none() {
            self.failure = self.reader.read(&self.text, give).err();
        }
    }

    fn failure(&mut self) -> Option<Error> {
        self.failure.take().map(|failure| error(&self.text, failure))
    }

    fn end(&mut self, _give: &mut dyn FnMut(Xml)) -> Result<()> {
        match self.reader.has_begun() {
            true => Ok(()),
            false => Err(failed_at("XML", &self.text, self.text.len(), "an element")),
        }
    }
}
