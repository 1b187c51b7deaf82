//! A parser for dates and times.

use super::format::{Item, compile, expected};
use super::instant::Datetime;
use super::read::read;
use super::write::write;
use crate::parser::character::is_space;
use crate::parser::failure::{failed, failed_at};
use crate::parser::whole::whole_parser;
use crate::{OutputParser, Result};

/// LangChain's default format: `2023-07-04T14:30:00.000000Z`.
const DEFAULT: &str = "%Y-%m-%dT%H:%M:%S.%fZ";

/// Parses an answer that is a date, a time, or both, in a given format in the notation of C's and Python's `strptime`.
/// Surrounding white space is ignored, and matching is case-insensitive.
///
/// All of Python's directives are supported, with English names:
/// `%a %A %b %B %c %d %f %G %H %I %j %m %M %p %S %u %U %V %w %W %x %X %y %Y %z %Z %%`. `%Z` accepts `UTC` and `GMT` and
/// has no effect.
///
/// # Errors
/// [`Parse`](crate::ErrorKind::Parse) with the answer, the position where it does not match the format and what was
/// expected there; or with the reason if the date does not exist.
///
/// # Example
/// ```
/// use catena_core::{DatetimeOutputParser, RunnableExt};
/// # futures_executor::block_on(async {
/// let when = DatetimeOutputParser::new().invoke("2024-01-31T23:59:01.000123Z").await?;
/// assert_eq!(when.to_string(), "2024-01-31T23:59:01.000123");
/// let error = DatetimeOutputParser::with_format("%d.%m.%Y")?.invoke("31.02.2024").await.unwrap_err();
/// assert!(error.message().contains("a day that exists in the month"));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct DatetimeOutputParser {
    format: String,
    items: Vec<Item>,
}

impl Default for DatetimeOutputParser {
    fn default() -> Self {
        Self::new()
    }
}

impl DatetimeOutputParser {
    /// Creates a parser for the format `%Y-%m-%dT%H:%M:%S.%fZ`, in which the `Z` is a literal.
    pub fn new() -> Self {
        // Cannot fail: the constant format has only known directives, as tests check.
        Self { format: DEFAULT.to_owned(), items: compile(DEFAULT).unwrap_or_default() }
    }

    /// Creates a parser for another format.
    ///
    /// # Errors
    /// [`Config`](crate::ErrorKind::Config) when it has an unknown directive.
    pub fn with_format(format: impl Into<String>) -> Result<Self> {
        let format = format.into();
        Ok(Self { items: compile(&format)?, format })
    }

    /// Parses a complete answer.
    ///
    /// # Errors
    /// [`Parse`](crate::ErrorKind::Parse) when it does not match the format, or the date does not exist.
    pub fn parse(&self, answer: &str) -> Result<Datetime> {
        let text = answer.trim_matches(is_space);
        let before = answer.len() - answer.trim_start_matches(is_space).len();
        let misfit = |at: usize, item| failed_at("datetime", answer, before + at, expected(item));
        let (fields, end) =
            read(&self.items, text).map_err(|(at, index)| misfit(at, self.items.get(index)))?;
        if end < text.len() {
            return Err(misfit(end, None));
        }
        fields.datetime().map_err(|expected| failed("datetime", answer, expected))
    }
}

whole_parser!(DatetimeOutputParser => Datetime);

impl OutputParser for DatetimeOutputParser {
    fn format_instructions(&self) -> String {
        let examples = [(2023, 7, 4, 14, 30), (1999, 12, 31, 23, 59), (2025, 1, 1, 0, 0)];
        let examples = examples.map(|(year, month, day, hour, minute)| {
            let datetime =
                Datetime { year, month, day, hour, minute, second: 0, microsecond: 0, offset: None };
            write(&self.items, &datetime)
        });
        let examples = examples.join(", ");
        format!(
            "Answer with a date and time in the format `{}` and with nothing else. Examples: {examples}",
            self.format
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(format: &str, answer: &str, expected: Result<&str, &str>) {
        let parsed = DatetimeOutputParser::with_format(format).expect("a format").parse(answer);
        let parsed = parsed.map(|datetime| datetime.to_string()).map_err(|error| {
            let message = error.message().trim_start_matches("invalid datetime output: expected ").to_owned();
            message
                .split_once(" of: ")
                .or(message.split_once(" in: "))
                .map_or(message.clone(), |(text, _)| text.to_owned())
        });
        assert_eq!(parsed.as_deref().map_err(String::as_str), expected, "{format} {answer:?}");
    }

    #[test]
    fn dates_and_times() {
        check(DEFAULT, " 2024-01-31T23:59:01.000123Z\n", Ok("2024-01-31T23:59:01.000123"));
        check(DEFAULT, "2024-1-3t2:9:1.5z", Ok("2024-01-03T02:09:01.500000"));
        check("%d %B %Y", "05 March 2021", Ok("2021-03-05T00:00:00"));
        check("%a, %d %b %y", "mon,\n 5 JUL 69", Ok("1969-07-05T00:00:00"));
        check("%A %d%m%Y", "Friday 1122024", Ok("2024-02-11T00:00:00"));
        check("%I:%M %p", "12:05 am", Ok("1900-01-01T00:05:00"));
        check("%I:%M %p", "12:05 PM", Ok("1900-01-01T12:05:00"));
        check("%H:%M %p", "13:05 AM", Ok("1900-01-01T13:05:00"));
        check("%Y-%j", "2024-366", Ok("2024-12-31T00:00:00"));
        check("%Y %U %w", "2024 01 0", Ok("2024-01-07T00:00:00"));
        check("%Y %W %a", "2023 00 Sun", Ok("2023-01-01T00:00:00"));
        check("%G-W%V-%u", "2020-W53-5", Ok("2021-01-01T00:00:00"));
        check("%H:%M%z", "10:00+02:30", Ok("1900-01-01T10:00:00+02:30"));
        check("%H:%M%z", "10:00-0030", Ok("1900-01-01T10:00:00-00:30"));
        check("%H:%M%z", "10:00Z", Ok("1900-01-01T10:00:00+00:00"));
        check("%H:%M%z", "10:00+01:02:03.5", Ok("1900-01-01T10:00:00+01:02:03"));
        check("%c", "Tue Jul  4 14:30:00 2023", Ok("2023-07-04T14:30:00"));
        check("%x %X %Z%%", "07/04/23 14:30:00 utc%", Ok("2023-07-04T14:30:00"));
        check("", "", Ok("1900-01-01T00:00:00"));
    }

    #[test]
    fn what_is_none() {
        check(DEFAULT, "yesterday", Err("a four-digit year, found `y` at line 1, column 1"));
        check("%Y-%m-%d", "2023-02-03 ok", Err("the end of the input, found ` ` at line 1, column 11"));
        check("%Y-%m-%d", "2023-13-03", Err("`-`, found `3` at line 1, column 7"));
        check("%Y-%m-%d", "2023-02-29", Err("a day that exists in the month"));
        check("%d %m", "29 2", Err("a day that exists in the month"));
        check("%S", "60", Err("a second from 0 to 59"));
        check("%Y", "0000", Err("a year from 1 to 9999"));
        check("%Y %B", "2023 Märch", Err("a month like `January`, found `M` at line 1, column 6"));
        check("%G %V", "2023 01", Err("an ISO year and an ISO week with a weekday"));
        check("%Y", "", Err("a four-digit year, but the answer is empty"));
    }

    #[test]
    fn formats_that_are_none() {
        for format in ["%", "%D", "%é", "%Y %-d"] {
            let error = DatetimeOutputParser::with_format(format).expect_err("unknown");
            assert_eq!(error.kind(), crate::ErrorKind::Config, "{format}");
        }
    }

    #[test]
    fn examples_are_in_the_format() {
        let formats =
            [DEFAULT, "%c", "%x %X", "%A %d %B %Y %I:%M %p", "%G-W%V-%u", "%Y %U %w", "%Y %W %a", "%Y-%j%z"];
        for format in formats {
            let parser = DatetimeOutputParser::with_format(format).expect("a format");
            let instructions = OutputParser::format_instructions(&parser);
            let (_, examples) = instructions.rsplit_once("Examples: ").expect("examples");
            let dates: Vec<_> =
                examples.split(", ").map(|example| parser.parse(example).expect(example)).collect();
            assert_eq!(
                dates.iter().map(|date| date.year).collect::<Vec<_>>(),
                [2023, 1999, 2025],
                "{format}"
            );
            assert_eq!((dates[1].month, dates[1].day), (12, 31), "{format}");
        }
    }

    #[test]
    fn much_white_space_takes_linear_time() {
        let answer = format!("2020{}x", " ".repeat(1_000_000));
        check(
            "%Y %m",
            &answer,
            Err(&format!("a month from 1 to 12, found `x` at line 1, column {}", 1_000_005)),
        );
    }
}
