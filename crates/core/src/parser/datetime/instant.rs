//! A date and time as given in an answer.

use std::fmt;

use serde_json::Value;

use crate::{Chunk, Data};

/// A date and time of day, as parsed by [`DatetimeOutputParser`](crate::DatetimeOutputParser). Fields not in the answer
/// default to those of 1900-01-01, midnight.
///
/// It is displayed in ISO 8601 format, which calendar libraries can parse: `2024-01-31T23:59:01`, with `.000123` if
/// there are microseconds and `+02:00` if the answer gives an offset from UTC.
///
/// # Example
/// ```
/// use catena_core::{DatetimeOutputParser, RunnableExt};
/// # futures_executor::block_on(async {
/// let parser = DatetimeOutputParser::with_format("%d %B %Y")?;
/// let date = parser.invoke("05 March 2021").await?;
/// assert_eq!((date.year, date.month, date.day), (2021, 3, 5));
/// assert_eq!(date.to_string(), "2021-03-05T00:00:00");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Datetime {
    /// From 1 to 9999.
    pub year: i32,
    /// From 1 to 12.
    pub month: u8,
    /// From 1 to the last day of the month.
    pub day: u8,
    /// From 0 to 23.
    pub hour: u8,
    /// From 0 to 59.
    pub minute: u8,
    /// From 0 to 59.
    pub second: u8,
    /// From 0 to 999999.
    pub microsecond: u32,
    /// The offset from UTC in seconds, positive to the east, if the answer gives one.
    pub offset: Option<i32>,
}

impl fmt::Display for Datetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, hour, minute, second, microsecond, offset } = self;
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if *microsecond > 0 {
            write!(f, ".{microsecond:06}")?;
        }
        match offset {
            Some(offset) => f.write_str(&offset_text(*offset, ":")),
            None => Ok(()),
        }
    }
}

/// Formats an offset as `+02:00`, with seconds if there are any.
pub(super) fn offset_text(offset: i32, colon: &str) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    let seconds = offset.unsigned_abs();
    let text = format!("{sign}{:02}{colon}{:02}", seconds / 3600, seconds / 60 % 60);
    if seconds.is_multiple_of(60) { text } else { format!("{text}{colon}{:02}", seconds % 60) }
}

/// Merging keeps the last value.
impl Chunk for Datetime {
    fn to_json(&self) -> Value {
        Value::String(self.to_string())
    }
}

/// Converts to the displayed text.
impl From<Datetime> for Data {
    fn from(datetime: Datetime) -> Self {
        Self::Text(datetime.to_string())
    }
}
