//! Parsers for text and lists.

use catena::prelude::*;
use catena::{
    CommaSeparatedListOutputParser, DynRunnable, MarkdownListOutputParser, NumberedListOutputParser, Record,
    Result,
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
