//! Parsers for text, lists and XML.

use catena::prelude::*;
use catena::{
    CommaSeparatedListOutputParser, DynRunnable, FromData, MarkdownListOutputParser,
    NumberedListOutputParser, Record, Result, XmlOutputParser,
};
use futures_util::stream;

pub(super) fn str(_: &Record) -> Result<DynRunnable> {
    Ok(StrOutputParser.dynamic())
}

pub(super) fn comma_list(_: &Record) -> Result<DynRunnable> {
    Ok(CommaSeparatedListOutputParser.dynamic())
}

pub(super) fn markdown_list(_: &Record) -> Result<DynRunnable> {
    Ok(MarkdownListOutputParser.dynamic())
}

pub(super) fn numbered_list(_: &Record) -> Result<DynRunnable> {
    Ok(NumberedListOutputParser.dynamic())
}

pub(super) fn xml(_: &Record) -> Result<DynRunnable> {
    Ok(XmlOutputParser::new().dynamic())
}

/// What a parser of this kind gives of a stream, if it is one of these. Not as a dynamic step, which gives the empty value
/// where there is no chunk.
pub(super) fn transform(kind: &str, chunks: &[Data]) -> Option<Vec<Result<Data>>> {
    Some(match kind {
        "comma_list" => chunks_of(&CommaSeparatedListOutputParser, chunks),
        "markdown_list" => chunks_of(&MarkdownListOutputParser, chunks),
        "numbered_list" => chunks_of(&NumberedListOutputParser, chunks),
        "xml" => chunks_of(&XmlOutputParser::new(), chunks),
        _ => return None,
    })
}

fn chunks_of<P>(parser: &P, chunks: &[Data]) -> Vec<Result<Data>>
where
    P: Runnable<Input = String>,
    P::Output: Into<Data>,
{
    let texts = stream::iter(chunks.iter().cloned().map(String::from_data)).boxed();
    let config = RunConfig::default();
    smol::block_on(parser.transform_with(texts, &config).map(|chunk| chunk.map(Into::into)).collect())
}
