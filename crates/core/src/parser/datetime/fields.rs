//! The parsed fields of a date, and the date they determine.

use super::calendar;
use super::format::{Field, Number};
use super::instant::Datetime;
use super::read::{MONTHS, WEEKDAYS};

/// The parsed fields.
#[derive(Debug, Default)]
pub(super) struct Fields {
    year: Option<i32>,
    month: Option<u8>,
    day: Option<u8>,
    hour: u8,
    half: Option<Half>,
    minute: u8,
    second: u8,
    microsecond: u32,
    /// From 0 for Monday.
    weekday: Option<u8>,
    day_of_year: Option<u16>,
    /// The number of the week, and the weekday on which weeks begin.
    week: Option<(u8, u8)>,
    iso_year: Option<i32>,
    iso_week: Option<u8>,
    offset: Option<i32>,
}

/// The half of a 12-hour clock.
#[derive(Debug, Default, Clone, Copy)]
struct Half {
    hour: Option<u8>,
    after_noon: bool,
}

impl Fields {
    /// Stores the parsed text of a field.
    pub(super) fn set(&mut self, field: Field, text: &str) {
        match field {
            Field::ShortWeekday | Field::Weekday => self.weekday = position(&WEEKDAYS, text),
            Field::ShortMonth | Field::MonthName => {
                self.month = position(&MONTHS, text).map(|month| month + 1);
            }
            Field::AmPm => self.half.get_or_insert_default().after_noon = text.eq_ignore_ascii_case("pm"),
            Field::Offset => self.offset = Some(offset(text)),
            Field::Zone => {}
            Field::Microsecond => self.microsecond = format!("{text:0<6}").parse().unwrap_or(0),
            Field::Number(number) => self.set_number(number, text.trim_start().parse().unwrap_or(0)),
        }
    }

    fn set_number(&mut self, number: Number, value: u16) {
        // All fields but years and days of the year have at most two digits.
        let small = u8::try_from(value).unwrap_or(u8::MAX);
        match number {
            Number::Year => self.year = Some(value.into()),
            Number::YearOfCentury => {
                self.year = Some(i32::from(value) + if value < 69 { 2000 } else { 1900 });
            }
            Number::Month => self.month = Some(small),
            Number::Day => self.day = Some(small),
            Number::Hour => self.hour = small,
            Number::Hour12 => self.half.get_or_insert_default().hour = Some(small),
            Number::Minute => self.minute = small,
            Number::Second => self.second = small,
            Number::DayOfYear => self.day_of_year = Some(value),
            Number::WeekdayFromSunday => self.weekday = Some((small + 6) % 7),
            Number::WeekdayFromMonday => self.weekday = Some(small.saturating_sub(1)),
            Number::SundayWeek => self.week = Some((small, 6)),
            Number::MondayWeek => self.week = Some((small, 0)),
            Number::IsoYear => self.iso_year = Some(value.into()),
            Number::IsoWeek => self.iso_week = Some(small),
        }
    }

    /// Returns the date and time, or a description of what was expected if they are not valid.
    pub(super) fn datetime(&self) -> Result<Datetime, &'static str> {
        let (year, month, day) = self.date()?;
        if !(1..=9999).contains(&year) {
            return Err("a year from 1 to 9999");
        }
        if !(1..=calendar::days_in_month(year, month)).contains(&day.into()) {
            return Err("a day that exists in the month");
        }
        if self.second > 59 {
            return Err("a second from 0 to 59");
        }
        let Self { minute, second, microsecond, offset, .. } = *self;
        Ok(Datetime { year, month, day, hour: self.hour(), minute, second, microsecond, offset })
    }

    fn hour(&self) -> u8 {
        match self.half {
            Some(Half { hour: Some(hour), after_noon }) => hour % 12 + if after_noon { 12 } else { 0 },
            _ => self.hour,
        }
    }

    fn date(&self) -> Result<(i32, u8, u8), &'static str> {
        let year = self.year.unwrap_or(1900);
        let day = match (self.iso_year, self.iso_week, self.day_of_year, self.week, self.weekday) {
            (Some(_), _, Some(_), ..) => return Err("an ISO week date without a day of the year"),
            (Some(year), Some(week), None, _, Some(weekday)) => {
                calendar::iso_day(year, week, weekday).ok_or("a week that exists in the year")?
            }
            (Some(_), ..) | (None, Some(_), ..) => return Err("an ISO year and an ISO week with a weekday"),
            (None, None, Some(day_of_year), ..) => calendar::day(year, 1, 1) + i64::from(day_of_year) - 1,
            (None, None, None, Some((week, begin)), Some(weekday)) if self.year.is_some() => {
                day_of_week(year, week, begin, weekday)
            }
            _ => return Ok((year, self.month.unwrap_or(1), self.day.unwrap_or(1))),
        };
        Ok(calendar::date(day))
    }
}

/// Returns the day of a week of a year; the first complete week is week 1.
fn day_of_week(year: i32, week: u8, begin: u8, weekday: u8) -> i64 {
    let first = calendar::day(year, 1, 1);
    let to_week_one = (i64::from(begin) - i64::from(calendar::weekday(first))).rem_euclid(7);
    let within = (i64::from(weekday) - i64::from(begin)).rem_euclid(7);
    first + to_week_one + 7 * (i64::from(week) - 1) + within
}

fn position(words: &[&str], text: &str) -> Option<u8> {
    let begins = |word: &&str| word.get(..text.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(text));
    words.iter().position(begins).and_then(|index| u8::try_from(index).ok())
}

/// Returns the offset from UTC in seconds, ignoring fractions.
fn offset(text: &str) -> i32 {
    let whole = text.split('.').next().unwrap_or_default();
    let digits: Vec<i32> = whole
        .chars()
        .filter_map(|digit| digit.to_digit(10))
        .filter_map(|digit| i32::try_from(digit).ok())
        .collect();
    let seconds: i32 = digits.chunks(2).zip([3600, 60, 1]).map(|(pair, unit)| two(pair) * unit).sum();
    if text.starts_with('-') { -seconds } else { seconds }
}

fn two(digits: &[i32]) -> i32 {
    digits.iter().fold(0, |value, digit| value * 10 + digit)
}
