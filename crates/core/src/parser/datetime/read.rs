//! Matching of a text against a date format.

use super::fields::Fields;
use super::format::{Field, Item, Number};
use crate::parser::character::is_space;

pub(super) const WEEKDAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Matches the text against the items, and returns the fields and the length matched. Numbers of variable length take
/// as many digits as let the rest match. Fails with the furthest byte reached and the index of the item that did not
/// match there.
pub(super) fn read(items: &[Item], text: &str) -> Result<(Fields, usize), (usize, usize)> {
    // The candidate ends of each item so far, longest first.
    let mut tried: Vec<(usize, Vec<usize>)> = Vec::with_capacity(items.len());
    let mut failed = std::collections::HashSet::new();
    let (mut at, mut furthest) = (0, (0, 0));
    loop {
        let index = tried.len();
        if index == items.len() {
            return Ok((collect(items, text, &tried, at), at));
        }
        furthest = furthest.max((at, index));
        let mut ends = if failed.contains(&(index, at)) { Vec::new() } else { ends(&items[index], text, at) };
        ends.reverse();
        let mut begin = at;
        // Take the next candidate for this item, or backtrack to one before it.
        loop {
            if let Some(end) = ends.pop() {
                tried.push((begin, ends));
                at = end;
                break;
            }
            failed.insert((tried.len(), begin));
            (begin, ends) = tried.pop().ok_or(furthest)?;
        }
    }
}

fn collect(items: &[Item], text: &str, tried: &[(usize, Vec<usize>)], end: usize) -> Fields {
    let begins = tried.iter().map(|(begin, _)| *begin);
    let ends = begins.clone().skip(1).chain([end]);
    let mut fields = Fields::default();
    for (item, (begin, end)) in items.iter().zip(begins.zip(ends)) {
        if let Item::Field(field) = item {
            fields.set(*field, &text[begin..end]);
        }
    }
    fields
}

/// Returns where the item may end if it starts at this byte, in the order to try.
fn ends(item: &Item, text: &str, at: usize) -> Vec<usize> {
    let rest = &text[at..];
    let lengths = match item {
        Item::Space => space(rest),
        Item::Literal(literal) => rest
            .chars()
            .next()
            .filter(|got| got == literal || got.to_lowercase().eq(literal.to_lowercase()))
            .map_or_else(Vec::new, |got| vec![got.len_utf8()]),
        Item::Field(field) => lengths(*field, rest),
    };
    lengths.into_iter().map(|length| at + length).collect()
}

/// Matches all white space: no item that may follow starts with any.
fn space(text: &str) -> Vec<usize> {
    let length = text.find(|character| !is_space(character)).unwrap_or(text.len());
    if length == 0 { Vec::new() } else { vec![length] }
}

fn lengths(field: Field, text: &str) -> Vec<usize> {
    let begins = |word: &str| text.get(..word.len()).is_some_and(|got| got.eq_ignore_ascii_case(word));
    let word = |words: &[&str], length: usize| {
        let words = words.iter().map(|word| &word[..length.min(word.len())]);
        words.filter(|word| begins(word)).map(str::len).collect()
    };
    match field {
        Field::ShortWeekday => word(&WEEKDAYS, 3),
        Field::Weekday => word(&WEEKDAYS, usize::MAX),
        Field::ShortMonth => word(&MONTHS, 3),
        Field::MonthName => word(&MONTHS, usize::MAX),
        Field::AmPm => word(&["AM", "PM"], 2),
        Field::Zone => word(&["UTC", "GMT"], 3),
        Field::Offset => offset(text),
        Field::Microsecond => digits(text, 1, 6).collect(),
        Field::Number(number) => numbers(number, text),
    }
}

/// Returns the possible numbers of digits at the start of the text, in descending order.
fn digits(text: &str, fewest: usize, most: usize) -> impl Iterator<Item = usize> {
    let there = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    (fewest..=there).rev()
}

fn numbers(number: Number, text: &str) -> Vec<usize> {
    let (fewest, most, range) = match number {
        Number::Year | Number::IsoYear => (4, 4, 0..=9999),
        Number::YearOfCentury => (2, 2, 0..=99),
        Number::Month | Number::Hour12 => (1, 2, 1..=12),
        Number::Day => (1, 2, 1..=31),
        Number::Hour => (1, 2, 0..=23),
        Number::Minute => (1, 2, 0..=59),
        Number::Second => (1, 2, 0..=61),
        Number::DayOfYear => (1, 3, 1..=366),
        Number::WeekdayFromSunday => (1, 1, 0..=6),
        Number::WeekdayFromMonday => (1, 1, 1..=7),
        Number::SundayWeek | Number::MondayWeek => (1, 2, 0..=53),
        Number::IsoWeek => (1, 2, 1..=53),
    };
    let fits = |length: &usize| text[..*length].parse().is_ok_and(|value: u32| range.contains(&value));
    let mut lengths: Vec<usize> = digits(text, fewest, most).filter(fits).collect();
    if number == Number::Day && matches!(text.as_bytes(), [b' ', b'1'..=b'9', ..]) {
        lengths.push(2);
    }
    lengths
}

/// Matches `Z`, or a sign, hours and minutes, optional seconds and an optional fraction of them, with or without
/// colons.
fn offset(text: &str) -> Vec<usize> {
    if text.starts_with('Z') {
        return vec![1];
    }
    let Some(hours) = text.strip_prefix(['+', '-']).and_then(|text| after_two(text, '9', "")) else {
        return Vec::new();
    };
    let length = |rest: &str| text.len() - rest.len();
    let colon = if hours.starts_with(':') { ":" } else { "" };
    let Some(minutes) = after_two(hours, '5', colon) else { return Vec::new() };
    let mut lengths = vec![length(minutes)];
    if let Some(seconds) = after_two(minutes, '5', colon) {
        lengths.insert(0, length(seconds));
        if let Some(fraction) = seconds.strip_prefix('.') {
            let fractions = digits(fraction, 1, 6).map(|digits| length(fraction) + digits);
            lengths.splice(0..0, fractions.collect::<Vec<_>>());
        }
    }
    lengths
}

/// Returns the text after a colon and two digits, the first of which is at most `most`.
fn after_two<'a>(text: &'a str, most: char, colon: &str) -> Option<&'a str> {
    let digits = text.strip_prefix(colon)?;
    let first = digits.strip_prefix(|digit: char| digit.is_ascii_digit() && digit <= most)?;
    first.strip_prefix(|digit: char| digit.is_ascii_digit())
}
