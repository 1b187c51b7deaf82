//! Days of the proleptic Gregorian calendar, counted from 1970-01-01.

/// The days of the months in a common year.
const MONTHS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Returns the number of days of the month; `month` from 1 to 12.
pub(super) fn days_in_month(year: i32, month: u8) -> i64 {
    let leap_day = i64::from(month == 2 && is_leap(year));
    MONTHS.get(usize::from(month).wrapping_sub(1)).copied().unwrap_or(0) + leap_day
}

/// Returns the first day of the year.
fn begin_of_year(year: i32) -> i64 {
    let years = i64::from(year) - 1;
    let leap_days = years.div_euclid(4) - years.div_euclid(100) + years.div_euclid(400);
    // 0001-01-01 is 719162 days before 1970-01-01.
    years * 365 + leap_days - 719_162
}

/// Returns the day with this date.
pub(super) fn day(year: i32, month: u8, day_of_month: u8) -> i64 {
    begin_of_year(year) + i64::from(day_of_year(year, month, day_of_month)) - 1
}

/// Returns the day of the year, from 1.
pub(super) fn day_of_year(year: i32, month: u8, day_of_month: u8) -> u16 {
    let before: i64 = (1..month).map(|month| days_in_month(year, month)).sum();
    u16::try_from(before).unwrap_or(0) + u16::from(day_of_month)
}

/// Returns the year, month and day of the month.
pub(super) fn date(day: i64) -> (i32, u8, u8) {
    // 400 years have 146097 days. The estimate is at most two years too early and never too late.
    let mut year = i32::try_from(((day + 719_162) * 400).div_euclid(146_097)).unwrap_or(i32::MAX / 2);
    while begin_of_year(year + 1) <= day {
        year += 1;
    }
    let mut rest = day - begin_of_year(year);
    let mut month = 1;
    while rest >= days_in_month(year, month) && month < 12 {
        rest -= days_in_month(year, month);
        month += 1;
    }
    (year, month, u8::try_from(rest + 1).unwrap_or(1))
}

/// Returns the day of the week, from 0 for Monday.
pub(super) fn weekday(day: i64) -> u8 {
    // 1970-01-01 was a Thursday.
    u8::try_from((day + 3).rem_euclid(7)).unwrap_or(0)
}

/// Returns a day of an ISO week; week 1 contains January 4. `None` if the year has no such week.
pub(super) fn iso_day(year: i32, week: u8, weekday: u8) -> Option<i64> {
    let first = iso_begin(year);
    let begin = first + 7 * (i64::from(week) - 1);
    (week > 0 && begin < iso_begin(year + 1)).then_some(begin + i64::from(weekday))
}

/// Returns the Monday of the first ISO week of a year.
fn iso_begin(year: i32) -> i64 {
    let fourth = day(year, 1, 4);
    fourth - i64::from(weekday(fourth))
}

/// Returns the ISO year and week of a day.
pub(super) fn iso_week(day: i64) -> (i32, i64) {
    let (near, _, _) = date(day);
    let year = [near + 1, near].into_iter().find(|year| iso_begin(*year) <= day).unwrap_or(near - 1);
    (year, (day - iso_begin(year)) / 7 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates() {
        assert_eq!(day(1970, 1, 1), 0);
        assert_eq!(day(2000, 3, 1), 11_017);
        assert_eq!((weekday(0), weekday(day(2024, 2, 29))), (3, 3));
        assert_eq!(iso_day(2020, 53, 4).map(date), Some((2021, 1, 1)));
        assert_eq!((iso_day(2021, 53, 0), iso_day(2021, 0, 0)), (None, None));
        assert_eq!(iso_week(day(2021, 1, 1)), (2020, 53));
        assert_eq!(iso_week(day(2018, 12, 31)), (2019, 1));
    }

    #[test]
    fn every_day_has_its_date() {
        for years in [(1, 5), (1896, 2105), (9990, 9999)] {
            check_days(years);
        }
    }

    fn check_days((first, last): (i32, i32)) {
        let mut expected = (first, 1, 1);
        for day in day(first, 1, 1)..=day(last, 12, 31) {
            assert_eq!(date(day), expected);
            let (year, month, of_month) = expected;
            expected = match i64::from(of_month) < days_in_month(year, month) {
                true => (year, month, of_month + 1),
                false if month < 12 => (year, month + 1, 1),
                false => (year + 1, 1, 1),
            };
        }
    }
}
