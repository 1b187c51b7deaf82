//! Date and time formats in `strptime` notation.

use crate::parser::character::is_space;
use crate::{Error, ErrorKind, Result};

/// An item of a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    /// Any amount of white space.
    Space,
    /// This character, case-insensitively.
    Literal(char),
    Field(Field),
}

/// A field of a date or time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    ShortWeekday,
    Weekday,
    ShortMonth,
    MonthName,
    AmPm,
    Offset,
    Zone,
    Microsecond,
    Number(Number),
}

/// A numeric field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    Year,
    YearOfCentury,
    Month,
    Day,
    Hour,
    Hour12,
    Minute,
    Second,
    DayOfYear,
    /// From 0 for Sunday.
    WeekdayFromSunday,
    /// From 1 for Monday.
    WeekdayFromMonday,
    /// The week number, with weeks beginning on Sunday.
    SundayWeek,
    /// The week number, with weeks beginning on Monday.
    MondayWeek,
    IsoYear,
    IsoWeek,
}

/// Describes what was expected in place of an item that does not match.
pub(super) fn expected(item: Option<&Item>) -> String {
    match item {
        None => "the end of the input".to_owned(),
        Some(Item::Space) => "whitespace".to_owned(),
        Some(Item::Literal(character)) => format!("`{character}`"),
        Some(Item::Field(field)) => name(*field).to_owned(),
    }
}

fn name(field: Field) -> &'static str {
    match field {
        Field::ShortWeekday => "a weekday like `Mon`",
        Field::Weekday => "a weekday like `Monday`",
        Field::ShortMonth => "a month like `Jan`",
        Field::MonthName => "a month like `January`",
        Field::AmPm => "`AM` or `PM`",
        Field::Offset => "an offset like `+02:00`",
        Field::Zone => "`UTC` or `GMT`",
        Field::Microsecond => "one to six digits of a fraction of a second",
        Field::Number(number) => match number {
            Number::Year | Number::IsoYear => "a four-digit year",
            Number::YearOfCentury => "a two-digit year",
            Number::Month => "a month from 1 to 12",
            Number::Day => "a day from 1 to 31",
            Number::Hour => "an hour from 0 to 23",
            Number::Hour12 => "an hour from 1 to 12",
            Number::Minute => "a minute from 0 to 59",
            Number::Second => "a second from 0 to 59",
            Number::DayOfYear => "a day from 1 to 366",
            Number::WeekdayFromSunday => "a weekday from 0 to 6",
            Number::WeekdayFromMonday => "a weekday from 1 to 7",
            Number::SundayWeek | Number::MondayWeek => "a week from 0 to 53",
            Number::IsoWeek => "a week from 1 to 53",
        },
    }
}

/// Parses a format.
pub(super) fn compile(format: &str) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    let mut rest = format.chars();
    while let Some(character) = rest.next() {
        match character {
            '%' => directive(rest.next(), format, &mut items)?,
            space if is_space(space) => items.push(Item::Space),
            literal => items.push(Item::Literal(literal)),
        }
    }
    items.dedup_by(|next, before| *next == Item::Space && *before == Item::Space);
    Ok(items)
}

fn directive(letter: Option<char>, format: &str, items: &mut Vec<Item>) -> Result<()> {
    let field = match letter {
        Some('a') => Field::ShortWeekday,
        Some('A') => Field::Weekday,
        Some('b') => Field::ShortMonth,
        Some('B') => Field::MonthName,
        Some('p') => Field::AmPm,
        Some('z') => Field::Offset,
        Some('Z') => Field::Zone,
        Some('f') => Field::Microsecond,
        Some('%') => {
            items.push(Item::Literal('%'));
            return Ok(());
        }
        Some('c') => return extend("%a %b %d %H:%M:%S %Y", items),
        Some('x') => return extend("%m/%d/%y", items),
        Some('X') => return extend("%H:%M:%S", items),
        letter => Field::Number(letter.and_then(number).ok_or_else(|| {
            let letter = letter.map_or_else(|| "%".to_owned(), |letter| format!("%{letter}"));
            Error::new(
                ErrorKind::Config,
                format!("unknown directive `{letter}` in the format `{format:.200}`"),
            )
        })?),
    };
    items.push(Item::Field(field));
    Ok(())
}

fn extend(format: &str, items: &mut Vec<Item>) -> Result<()> {
    items.extend(compile(format)?);
    Ok(())
}

fn number(letter: char) -> Option<Number> {
    Some(match letter {
        'Y' => Number::Year,
        'y' => Number::YearOfCentury,
        'm' => Number::Month,
        'd' => Number::Day,
        'H' => Number::Hour,
        'I' => Number::Hour12,
        'M' => Number::Minute,
        'S' => Number::Second,
        'j' => Number::DayOfYear,
        'w' => Number::WeekdayFromSunday,
        'u' => Number::WeekdayFromMonday,
        'U' => Number::SundayWeek,
        'W' => Number::MondayWeek,
        'G' => Number::IsoYear,
        'V' => Number::IsoWeek,
        _ => return None,
    })
}
