//! Formatting of dates and times, for examples of a format.

use super::calendar;
use super::format::{Field, Item, Number};
use super::instant::{Datetime, offset_text};
use super::read::{MONTHS, WEEKDAYS};

/// Formats a date and time so that the items match it.
pub(super) fn write(items: &[Item], datetime: &Datetime) -> String {
    let item = |item: &Item| match item {
        Item::Space => " ".to_owned(),
        Item::Literal(literal) => literal.to_string(),
        Item::Field(field) => field_text(*field, datetime),
    };
    items.iter().map(item).collect()
}

fn field_text(field: Field, datetime: &Datetime) -> String {
    let weekday = WEEKDAYS[usize::from(calendar::weekday(day(datetime))) % WEEKDAYS.len()];
    let month = MONTHS[usize::from(datetime.month).wrapping_sub(1) % MONTHS.len()];
    match field {
        Field::ShortWeekday => weekday[..3].to_owned(),
        Field::Weekday => weekday.to_owned(),
        Field::ShortMonth => month[..3].to_owned(),
        Field::MonthName => month.to_owned(),
        Field::AmPm => if datetime.hour < 12 { "AM" } else { "PM" }.to_owned(),
        Field::Offset => offset_text(datetime.offset.unwrap_or(0), ""),
        Field::Zone => "UTC".to_owned(),
        Field::Microsecond => format!("{:06}", datetime.microsecond),
        Field::Number(number) => number_text(number, datetime),
    }
}

fn day(datetime: &Datetime) -> i64 {
    calendar::day(datetime.year, datetime.month, datetime.day)
}

fn number_text(number: Number, datetime: &Datetime) -> String {
    let Datetime { year, month, day: of_month, hour, minute, second, .. } = *datetime;
    let of_year = i64::from(calendar::day_of_year(year, month, of_month));
    let weekday = i64::from(calendar::weekday(day(datetime)));
    let (iso_year, iso_week) = calendar::iso_week(day(datetime));
    match number {
        Number::Year => format!("{year:04}"),
        Number::YearOfCentury => format!("{:02}", year % 100),
        Number::Month => format!("{month:02}"),
        Number::Day => format!("{of_month:02}"),
        Number::Hour => format!("{hour:02}"),
        Number::Hour12 => format!("{:02}", (hour + 11) % 12 + 1),
        Number::Minute => format!("{minute:02}"),
        Number::Second => format!("{second:02}"),
        Number::DayOfYear => format!("{of_year:03}"),
        Number::WeekdayFromSunday => ((weekday + 1) % 7).to_string(),
        Number::WeekdayFromMonday => (weekday + 1).to_string(),
        Number::SundayWeek => format!("{:02}", (of_year + 6 - (weekday + 1) % 7) / 7),
        Number::MondayWeek => format!("{:02}", (of_year + 6 - weekday) / 7),
        Number::IsoYear => format!("{iso_year:04}"),
        Number::IsoWeek => format!("{iso_week:02}"),
    }
}
