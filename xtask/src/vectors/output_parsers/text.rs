//! Parsers for text, lists and XML.

use catena::prelude::*;
use catena::{
    CommaSeparatedListOutputParser, DynRunnable, MarkdownListOutputParser, NumberedListOutputParser, Record,
    Result, XmlOutputParser,
};

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
