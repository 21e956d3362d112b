//! Civil dates of documents and people. Not a clock: nothing here knows what day it is, every date comes from a persona.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use super::error::ValueError;

/// A day of the proleptic Gregorian calendar, 1900 to 2099 (the range a two-digit year of a fiscal code or of a
/// certificate can meet). Written `YYYY-MM-DD`, ISO 8601.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// A date from its parts, or [`ValueError::Date`] when the calendar has no such day.
    pub fn new(year: u16, month: u8, day: u8) -> Result<Self, ValueError> {
        let known = (1900..=2099).contains(&year) && (1..=days_in(year, month)).contains(&day);
        if known {
            Ok(Self { year, month, day })
        } else {
            Err(ValueError::Date(format!("{year:04}-{month:02}-{day:02}")))
        }
    }

    /// The year, four digits.
    pub fn year(self) -> u16 {
        self.year
    }

    /// The month, 1 to 12.
    pub fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, 1 to 31.
    pub fn day(self) -> u8 {
        self.day
    }

    /// The same day some years later; 29 February becomes 1 March where there is none.
    pub fn plus_years(self, years: u16) -> Result<Self, ValueError> {
        let year = self.year.saturating_add(years);
        Self::new(year, self.month, self.day).or_else(|_| Self::new(year, 3, 1))
    }

    /// The digits `YYYYMMDD`.
    pub fn compact(self) -> String {
        format!("{:04}{:02}{:02}", self.year, self.month, self.day)
    }
}

/// Days of a month; 0 for a month that does not exist.
fn days_in(year: u16, month: u8) -> u8 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 0,
    }
}

impl FromStr for Date {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let wrong = || ValueError::Date(text.to_owned());
        let shape = text.len() == 10
            && text.bytes().enumerate().all(|(index, byte)| match index {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !shape {
            return Err(wrong());
        }
        let part = |range: std::ops::Range<usize>| text.get(range).ok_or_else(wrong);
        let year = part(0..4)?.parse().map_err(|_| wrong())?;
        let month = part(5..7)?.parse().map_err(|_| wrong())?;
        let day = part(8..10)?.parse().map_err(|_| wrong())?;
        Self::new(year, month, day)
    }
}

impl TryFrom<String> for Date {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        text.parse()
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::first("1900-01-01")]
    #[case::leap("2000-02-29")]
    #[case::last("2099-12-31")]
    fn a_date_reads_back_as_written(#[case] text: &str) {
        assert_eq!(text.parse::<Date>().unwrap().to_string(), text);
    }

    #[rstest]
    #[case::no_leap("1900-02-29")]
    #[case::month_13("1980-13-01")]
    #[case::day_zero("1980-01-00")]
    #[case::too_early("1899-12-31")]
    #[case::short("1980-1-1")]
    #[case::signs("+980-01-01")]
    #[case::not_ascii("198\u{00e8}-01-1")]
    #[case::empty("")]
    fn a_day_that_does_not_exist_is_refused(#[case] text: &str) {
        assert_eq!(text.parse::<Date>(), Err(ValueError::Date(text.to_owned())));
    }

    #[test]
    fn a_leap_day_birthday_moves_to_march() {
        let born = Date::new(2000, 2, 29).unwrap();
        assert_eq!(born.plus_years(1).unwrap(), Date::new(2001, 3, 1).unwrap());
    }
}
