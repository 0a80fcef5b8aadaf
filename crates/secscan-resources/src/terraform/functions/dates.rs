//! Dates and times. What the clock says is not known.

use jiff::SignedDuration;
use jiff::civil::DateTime;
use secscan_model::Node;

use super::super::value::{Failure, Outcome, fail};
use super::{Call, Function, strict};
use crate::calendar::{month, weekday};

pub(super) static FUNCTIONS: &[Function] = &[
    strict("formatdate", 2..=2, formatdate),
    strict("plantimestamp", 0..=0, |call| {
        Ok(Node::unresolved("what time it is when Terraform runs is not known", call.at))
    }),
    strict("timeadd", 2..=2, timeadd),
    strict("timecmp", 2..=2, timecmp),
    strict("timestamp", 0..=0, |call| {
        Ok(Node::unresolved("what time it is when Terraform runs is not known", call.at))
    }),
    strict("uuid", 0..=0, |call| Ok(Node::unresolved("`uuid` gives another text every time", call.at))),
];

/// A point in time, as a clock shows it that is ahead of UTC.
struct Time {
    clock: DateTime,
    /// In minutes.
    ahead: i64,
}

impl Time {
    /// Reads a time in the format of RFC 3339.
    fn read(text: &str) -> Result<Self, Failure> {
        let wrong = || Failure::new(format!("`{text}` is no time as RFC 3339 has it"));
        let bytes = text.as_bytes();
        let number = |from: usize, to: usize| -> Option<i64> {
            let digits = bytes.get(from..to)?;
            if !digits.iter().all(u8::is_ascii_digit) {
                return None;
            }
            std::str::from_utf8(digits).ok()?.parse().ok()
        };
        let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
        if marks.iter().any(|(at, mark)| bytes.get(*at) != Some(mark)) {
            return Err(wrong());
        }
        let parts = [(0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19)];
        let parts: Vec<i64> =
            parts.iter().map(|(from, to)| number(*from, *to)).collect::<Option<_>>().ok_or_else(wrong)?;
        let fraction = bytes
            .get(19)
            .filter(|byte| **byte == b'.')
            .map_or(0, |_| 1 + bytes[20..].iter().take_while(|byte| byte.is_ascii_digit()).count());
        let nanoseconds = text.get(20..19 + fraction.max(1)).unwrap_or_default();
        let nanoseconds: i64 =
            format!("{nanoseconds:0<9}").get(..9).and_then(|digits| digits.parse().ok()).unwrap_or(0);
        let zone = 19 + fraction;
        let ahead = match bytes.get(zone) {
            Some(b'Z') if bytes.len() == zone + 1 => 0,
            Some(sign @ (b'+' | b'-')) if bytes.len() == zone + 6 && bytes[zone + 3] == b':' => {
                let hours = number(zone + 1, zone + 3).ok_or_else(wrong)?;
                let minutes = number(zone + 4, zone + 6).ok_or_else(wrong)?;
                (hours * 60 + minutes) * if *sign == b'-' { -1 } else { 1 }
            }
            _ => return Err(wrong()),
        };
        let small = |index: usize| i8::try_from(parts[index]).unwrap_or(-1);
        let year = i16::try_from(parts[0]).unwrap_or(-1);
        let clock = DateTime::new(
            year,
            small(1),
            small(2),
            small(3),
            small(4),
            small(5),
            i32::try_from(nanoseconds).unwrap_or(0),
        );
        Ok(Self { clock: clock.map_err(|_| wrong())?, ahead })
    }

    fn universal(&self) -> Result<DateTime, Failure> {
        let universal = self.clock.checked_sub(SignedDuration::from_mins(self.ahead));
        universal.map_err(|_| Failure::new("the time is too far away"))
    }

    /// Hours and minutes ahead of UTC, with a text between them.
    fn zone(&self, between: &str) -> String {
        let sign = if self.ahead < 0 { '-' } else { '+' };
        format!("{sign}{:02}{between}{:02}", self.ahead.abs() / 60, self.ahead.abs() % 60)
    }
}

fn timecmp(call: &Call<'_>) -> Outcome {
    let (a, b) = (Time::read(&call.text(0)?)?.universal()?, Time::read(&call.text(1)?)?.universal()?);
    Ok(Node::int(a.cmp(&b) as i64, call.at))
}

fn timeadd(call: &Call<'_>) -> Outcome {
    let time = Time::read(&call.text(0)?)?;
    let clock = time.clock.checked_add(duration(&call.text(1)?)?);
    let clock = clock.map_err(|_| Failure::new("the time is too far away"))?;
    let zone = if time.ahead == 0 { "Z".to_owned() } else { time.zone(":") };
    call.made(format!("{}{zone}", clock.strftime("%Y-%m-%dT%H:%M:%S")))
}

/// A duration such as `-1.5h10m`.
fn duration(text: &str) -> Result<SignedDuration, Failure> {
    let wrong = || Failure::new(format!("`{text}` is no duration"));
    let (sign, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (-1.0, &text[1..]),
        Some(b'+') => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    if rest == "0" {
        return Ok(SignedDuration::ZERO);
    }
    if rest.is_empty() {
        return Err(wrong());
    }
    let mut total = SignedDuration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let amount: f64 = rest[..digits].parse().map_err(|_| wrong())?;
        let unit = rest[digits..].find(|c: char| c.is_ascii_digit() || c == '.').map_or(rest.len(), |end| digits + end);
        let seconds = match &rest[digits..unit] {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3_600.0,
            _ => return Err(wrong()),
        };
        let part = SignedDuration::try_from_secs_f64(sign * amount * seconds).map_err(|_| wrong())?;
        total = total.checked_add(part).ok_or_else(wrong)?;
        rest = &rest[unit..];
    }
    Ok(total)
}

fn formatdate(call: &Call<'_>) -> Outcome {
    let spec = call.text(0)?;
    let time = Time::read(&call.text(1)?)?;
    let mut out = String::new();
    let mut rest = &*spec;
    while let Some(first) = rest.chars().next() {
        if first == '\'' {
            let (literal, after) = literal(&rest[1..])?;
            out.push_str(&literal);
            rest = after;
            continue;
        }
        let length: usize = rest.chars().take_while(|c| *c == first).map(char::len_utf8).sum();
        let (verb, after) = rest.split_at(length);
        match first.is_ascii_alphabetic() {
            true => out.push_str(&field(verb, &time)?),
            false => out.push_str(verb),
        }
        rest = after;
    }
    call.made(out)
}

/// A text between quotes, in which two quotes stand for one; and what follows it.
fn literal(mut rest: &str) -> Result<(String, &str), Failure> {
    let mut out = String::new();
    loop {
        let Some(end) = rest.find('\'') else { return fail("a quote is not closed") };
        out.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('\'') {
            Some(after) => {
                out.push('\'');
                rest = after;
            }
            None => return Ok((out, rest)),
        }
    }
}

/// What a verb stands for.
fn field(verb: &str, time: &Time) -> Result<String, Failure> {
    let clock = &time.clock;
    let hour = (clock.hour() + 11) % 12 + 1;
    Ok(match verb {
        "YYYY" => format!("{:04}", clock.year()),
        "YY" => format!("{:02}", clock.year() % 100),
        "MMMM" => month(clock.month()).to_owned(),
        "MMM" => month(clock.month())[..3].to_owned(),
        "MM" => format!("{:02}", clock.month()),
        "M" => clock.month().to_string(),
        "DD" => format!("{:02}", clock.day()),
        "D" => clock.day().to_string(),
        "EEEE" => weekday(clock.weekday()).to_owned(),
        "EEE" => weekday(clock.weekday())[..3].to_owned(),
        "hh" => format!("{:02}", clock.hour()),
        "h" => clock.hour().to_string(),
        "HH" => format!("{hour:02}"),
        "H" => hour.to_string(),
        "AA" => if clock.hour() < 12 { "AM" } else { "PM" }.to_owned(),
        "aa" => if clock.hour() < 12 { "am" } else { "pm" }.to_owned(),
        "mm" => format!("{:02}", clock.minute()),
        "m" => clock.minute().to_string(),
        "ss" => format!("{:02}", clock.second()),
        "s" => clock.second().to_string(),
        "ZZZZZ" => time.zone(":"),
        "ZZZZ" => time.zone(""),
        "ZZZ" if time.ahead == 0 => "UTC".to_owned(),
        "ZZZ" => time.zone(""),
        "Z" if time.ahead == 0 => "Z".to_owned(),
        "Z" => time.zone(":"),
        _ => return fail(format!("`{verb}` is no part of a date")),
    })
}
