//! Dates and times in the answers of models.

mod calendar;
mod fields;
mod format;
mod instant;
mod output_parser;
mod read;
mod write;

pub use instant::Datetime;
pub use output_parser::DatetimeOutputParser;
