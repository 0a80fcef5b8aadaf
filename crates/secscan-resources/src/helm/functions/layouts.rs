//! Times as Go writes and reads them: after a layout, which is how the second of January 2006, 15:04:05 at seven hours west
//! of Greenwich, would be written (<https://pkg.go.dev/time#Layout>). All times are UTC.

use jiff::SignedDuration;
use jiff::civil::DateTime;

use crate::calendar::{self, DAYS, MONTHS};

/// What stands for a part of a time. Of two that begin alike, the longer one comes first.
const PARTS: &[&str] = &[
    "January",
    "Jan",
    "Monday",
    "Mon",
    "MST",
    "01",
    "02",
    "03",
    "04",
    "05",
    "06",
    "002",
    "15",
    "1",
    "2006",
    "2",
    "__2",
    "_2",
    "3",
    "4",
    "5",
    "PM",
    "pm",
    "-070000",
    "-07:00:00",
    "-0700",
    "-07:00",
    "-07",
    "Z070000",
    "Z07:00:00",
    "Z0700",
    "Z07:00",
    "Z07",
];

/// A layout up to its first part, that part, and the rest.
fn next(layout: &str) -> Option<(&str, &str, &str)> {
    layout.char_indices().find_map(|(at, _)| {
        let rest = &layout[at..];
        let part = fraction(rest).or_else(|| PARTS.iter().copied().find(|part| begins(rest, part)))?;
        Some((&layout[..at], part, &rest[part.len()..]))
    })
}

fn begins(layout: &str, part: &str) -> bool {
    let Some(behind) = layout.strip_prefix(part) else { return false };
    match part {
        // `Jane` and `Month` are words.
        "Jan" | "Mon" => !behind.starts_with(|next: char| next.is_ascii_lowercase()),
        "_2" => !behind.starts_with("006"),
        _ => true,
    }
}

/// Parts of a second: a mark and noughts, or nines, which are left out where they would be noughts at the end.
fn fraction(layout: &str) -> Option<&str> {
    let digits = layout.strip_prefix(['.', ','])?;
    let kind = digits.chars().next().filter(|digit| matches!(digit, '0' | '9'))?;
    let count = digits.len() - digits.trim_start_matches(kind).len();
    (!digits[count..].starts_with(|next: char| next.is_ascii_digit())).then(|| &layout[..1 + count])
}

/// A time after a layout.
pub(super) fn write(mut layout: &str, time: DateTime) -> String {
    let mut written = String::new();
    while let Some((before, part, rest)) = next(layout) {
        written.push_str(before);
        written.push_str(&written_part(part, time));
        layout = rest;
    }
    written + layout
}

fn written_part(part: &str, time: DateTime) -> String {
    let (month, weekday) = (calendar::month(time.month()), calendar::weekday(time.weekday()));
    let (year, hour) = (time.year(), (time.hour() + 11) % 12 + 1);
    match part {
        "2006" => format!("{year:04}"),
        "06" => format!("{:02}", year.rem_euclid(100)),
        "January" => month.to_owned(),
        "Jan" => month[..3].to_owned(),
        "1" => time.month().to_string(),
        "01" => format!("{:02}", time.month()),
        "Monday" => weekday.to_owned(),
        "Mon" => weekday[..3].to_owned(),
        "2" => time.day().to_string(),
        "_2" => format!("{:2}", time.day()),
        "02" => format!("{:02}", time.day()),
        "__2" => format!("{:3}", time.day_of_year()),
        "002" => format!("{:03}", time.day_of_year()),
        "15" => format!("{:02}", time.hour()),
        "3" => hour.to_string(),
        "03" => format!("{hour:02}"),
        "4" => time.minute().to_string(),
        "04" => format!("{:02}", time.minute()),
        "5" => time.second().to_string(),
        "05" => format!("{:02}", time.second()),
        "PM" => if time.hour() < 12 { "AM" } else { "PM" }.to_owned(),
        "pm" => if time.hour() < 12 { "am" } else { "pm" }.to_owned(),
        "MST" => "UTC".to_owned(),
        _ if part.starts_with('Z') => "Z".to_owned(),
        _ if part.starts_with('-') => part.replace('-', "+").replace('7', "0"),
        _ => {
            let digits = format!("{:09}", time.subsec_nanosecond());
            let digits = &digits[..(part.len() - 1).min(9)];
            let digits = if part.ends_with('9') { digits.trim_end_matches('0') } else { digits };
            if digits.is_empty() { String::new() } else { format!("{}{digits}", &part[..1]) }
        }
    }
}

/// Reads a time after a layout.
pub(super) fn read(mut layout: &str, text: &str) -> Option<DateTime> {
    let mut reading = Reading { rest: text, month: 1, ..Reading::default() };
    while let Some((before, part, rest)) = next(layout) {
        reading.skip(before)?;
        reading.part(part, rest)?;
        layout = rest;
    }
    reading.skip(layout)?;
    if reading.rest.is_empty() { reading.time() } else { None }
}

/// A time while it is read.
#[derive(Default)]
struct Reading<'t> {
    rest: &'t str,
    year: i64,
    month: i64,
    day: Option<i64>,
    day_of_year: Option<i64>,
    hour: i64,
    is_afternoon: Option<bool>,
    minute: i64,
    second: i64,
    nanosecond: i64,
    /// How far its clock is ahead of UTC, in seconds.
    ahead: i64,
}

impl<'t> Reading<'t> {
    /// Passes over what a layout has between its parts. Any number of blanks is as good as another.
    fn skip(&mut self, text: &str) -> Option<()> {
        for character in text.chars() {
            match character {
                ' ' => self.rest = self.rest.trim_start_matches(' '),
                _ => self.rest = self.rest.strip_prefix(character)?,
            }
        }
        Some(())
    }

    fn take(&mut self, length: usize) -> Option<&'t str> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    /// A number of at least and at most so many figures.
    fn number(&mut self, least: usize, most: usize) -> Option<i64> {
        let figures = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if figures < least { None } else { self.take(figures)?.parse().ok() }
    }

    /// The number of the name that comes next.
    fn name(&mut self, names: &[&str], length: usize) -> Option<i64> {
        let short = |name: &str| name[..length.min(name.len())].to_owned();
        let is_next = |name: &&str| {
            self.rest.get(..short(name).len()).is_some_and(|next| next.eq_ignore_ascii_case(&short(name)))
        };
        let at = names.iter().position(is_next)?;
        self.take(short(names[at]).len())?;
        i64::try_from(at).ok()
    }

    fn part(&mut self, part: &str, behind: &str) -> Option<()> {
        match part {
            "2006" => self.year = self.number(4, 4)?,
            "06" => self.year = self.number(2, 2).map(|year| if year >= 69 { 1900 + year } else { 2000 + year })?,
            "January" => self.month = self.name(&MONTHS, usize::MAX)? + 1,
            "Jan" => self.month = self.name(&MONTHS, 3)? + 1,
            "Monday" => drop(self.name(&DAYS, usize::MAX)?),
            "Mon" => drop(self.name(&DAYS, 3)?),
            "01" => self.month = self.number(2, 2)?,
            "1" => self.month = self.number(1, 2)?,
            "02" => self.day = Some(self.number(2, 2)?),
            "2" | "_2" => {
                self.rest = self.rest.strip_prefix(' ').filter(|_| part == "_2").unwrap_or(self.rest);
                self.day = Some(self.number(1, 2)?);
            }
            "002" | "__2" => {
                let blanks = if part == "__2" { self.rest.len() - self.rest.trim_start_matches(' ').len() } else { 0 };
                self.take(blanks.min(2))?;
                self.day_of_year = Some(self.number(3 - blanks.min(2), 3 - blanks.min(2))?);
            }
            "15" | "3" => self.hour = self.number(1, 2)?,
            "03" => self.hour = self.number(2, 2)?,
            "04" => self.minute = self.number(2, 2)?,
            "4" => self.minute = self.number(1, 2)?,
            "05" | "5" => {
                self.second = self.number(if part == "05" { 2 } else { 1 }, 2)?;
                // Parts of a second are read also where the layout has none.
                if fraction(behind).is_none() {
                    self.fraction();
                }
            }
            "PM" | "pm" => {
                let (before, after) = if part == "PM" { ("AM", "PM") } else { ("am", "pm") };
                let written = self.take(2)?;
                self.is_afternoon = Some(written == after);
                (written == before || written == after).then_some(())?;
            }
            "MST" => {
                let letters = self.rest.bytes().take_while(u8::is_ascii_uppercase).count();
                (3..=5).contains(&letters).then(|| self.take(letters)).flatten()?;
            }
            _ if part.starts_with(['Z', '-']) => self.ahead = self.zone(part)?,
            _ if part.ends_with('9') => self.fraction(),
            _ => {
                let before = self.rest.len();
                self.fraction();
                (before - self.rest.len() == part.len()).then_some(())?;
            }
        }
        Some(())
    }

    /// Parts of a second, when some come next.
    fn fraction(&mut self) {
        let Some(digits) = self.rest.strip_prefix(['.', ',']) else { return };
        let count = digits.bytes().take_while(u8::is_ascii_digit).count();
        if count > 0 {
            self.nanosecond = format!("{:0<9}", &digits[..count])[..9].parse().unwrap_or(0);
            self.rest = &digits[count..];
        }
    }

    /// How far a clock is ahead of UTC, in seconds.
    fn zone(&mut self, part: &str) -> Option<i64> {
        if part.starts_with('Z') && self.rest.starts_with('Z') {
            self.take(1)?;
            return Some(0);
        }
        let sign = match self.take(1)? {
            "+" => 1,
            "-" => -1,
            _ => return None,
        };
        let mut seconds = self.number(2, 2)? * 3600;
        for (at, unit) in [(0, 60), (1, 1)] {
            let (length, mark) = if part.contains(':') { (3 + 3 * (at + 1), ":") } else { (3 + 2 * (at + 1), "") };
            if part.len() >= length {
                self.rest = self.rest.strip_prefix(mark)?;
                seconds += self.number(2, 2)? * unit;
            }
        }
        Some(sign * seconds)
    }

    fn time(&self) -> Option<DateTime> {
        let hour = match self.is_afternoon {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        let small = |number: i64| i8::try_from(number).ok();
        let clock = DateTime::new(
            i16::try_from(self.year).ok()?,
            if self.day_of_year.is_some() { 1 } else { small(self.month)? },
            if self.day_of_year.is_some() { 1 } else { small(self.day.unwrap_or(1))? },
            small(hour)?,
            small(self.minute)?,
            small(self.second)?,
            i32::try_from(self.nanosecond).ok()?,
        );
        let days = self.day_of_year.map_or(0, |day| day - 1);
        clock.ok()?.checked_add(SignedDuration::from_secs(days * 86_400 - self.ahead)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_after_a_layout() {
        let time = read("2006-01-02T15:04:05Z07:00", "2024-02-09T05:07:08.12+01:00").unwrap();
        for (layout, expected) in [
            ("2006-01-02T15:04:05Z07:00", "2024-02-09T04:07:08Z"),
            ("Mon Jan _2 15:04:05 MST 2006", "Fri Feb  9 04:07:08 UTC 2024"),
            ("Monday, January 2, 06 3:4:5 PM|pm|03", "Friday, February 9, 24 4:7:8 AM|am|04"),
            ("002 __2 -0700 -07:00 Z0700", "040  40 +0000 +00:00 Z"),
            ("05.000 05.999 05,0 .00x .07", "08.120 08.12 08,1 .12x .07"),
            ("1/2 Janet Month _2006", "2/9 Janet Month _2024"),
            ("20060102150405", "20240209040708"),
        ] {
            assert_eq!(write(layout, time), expected, "{layout}");
        }
    }

    #[test]
    fn times_are_read_after_a_layout() {
        let seconds = |layout: &str, text: &str| read(layout, text).map(|time| write("2006-01-02 15:04:05.999", time));
        for (layout, text, expected) in [
            ("2006-01-02", "2024-12-31", Some("2024-12-31 00:00:00")),
            ("2006-01-02", "2024-02-30", None),
            ("2006-01-02", "2024-2-3", None),
            ("2006-1-2 3:04PM", "2024-2-3 12:05AM", Some("2024-02-03 00:05:00")),
            ("Mon, 02 Jan 2006 15:04:05 MST", "sat, 03 feb 2024 01:02:03.5 GMT", Some("2024-02-03 01:02:03.5")),
            ("2006 002", "2024 366", Some("2024-12-31 00:00:00")),
            ("2006-01-02T15:04:05-0700", "2024-01-01T00:30:00+0130", Some("2023-12-31 23:00:00")),
            ("15:04", "7:05", Some("0000-01-01 07:05:00")),
            ("2006", "2024x", None),
            ("2006", "", None),
            ("2006-01-02", "é", None),
        ] {
            assert_eq!(seconds(layout, text).as_deref(), expected, "{layout} {text}");
        }
    }
}
