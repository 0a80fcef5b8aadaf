//! Times and durations. What the clock says is unknown; clocks show UTC, as where charts are built.

use std::rc::Rc;

use jiff::SignedDuration;
use jiff::civil::{DateTime, date};
use secscan_parse::gotemplate::{Data, Executor, Failure, Object, Origin, Value};

use super::arguments::{Arguments, to_int};
use super::{Called, layouts, plain_name};

const WHY: &str = "it depends on the time of the installation";
const DATE: &str = "2006-01-02";
/// When the seconds begin to count.
const EPOCH: DateTime = date(1970, 1, 1).at(0, 0, 0, 0);
/// What stands for the time of the installation.
const NOW: DateTime = date(2006, 1, 2).at(15, 4, 5, 0);
/// What Go has for a time that could not be read.
const ZERO: DateTime = date(1, 1, 1).at(0, 0, 0, 0);

/// Calls a function.
pub(super) fn call(written: &str, given: Arguments<'_>, executor: &mut Executor<'_>) -> Called {
    let must = written.starts_with("must");
    let result = match &*plain_name(written) {
        "now" => Ok(Time { at: NOW, is_known: false }.into()),
        "date" => given.text(0).map(|layout| formatted(layout, &given.value(1), "UTC", executor)),
        "dateInZone" | "date_in_zone" => {
            (|| Ok(formatted(given.text(0)?, &given.value(1), given.text(2)?, executor)))()
        }
        "htmlDate" => Ok(formatted(DATE, &given.value(0), "UTC", executor)),
        "htmlDateInZone" => given.text(1).map(|zone| formatted(DATE, &given.value(0), zone, executor)),
        "toDate" => (|| match layouts::read(given.text(0)?, given.text(1)?) {
            None if must => Err("this is no time in that layout".into()),
            time => Ok(Time { at: time.unwrap_or(ZERO), is_known: true }.into()),
        })(),
        "dateModify" | "date_modify" | "must_date_modify" => (|| {
            let time = Time::given(given, 1, executor)?;
            match nanoseconds(given.text(0)?) {
                None if must => Err("this is no duration".into()),
                by => Ok(Time { at: moved(time.at, SignedDuration::from_nanos(by.unwrap_or(0))), ..time }.into()),
            }
        })(),
        "unixEpoch" => Time::given(given, 0, executor).map(|time| time.shown(seconds(time.at).to_string().into())),
        "ago" => Ok(unknown("0s")),
        "duration" => Ok(match &given.value(0).data {
            Data::Text(text) => duration(text.as_str().parse::<i64>().unwrap_or(0).saturating_mul(SECOND)).into(),
            Data::Int(seconds) => duration(seconds.saturating_mul(SECOND)).into(),
            _ => duration(0).into(),
        }),
        "durationRound" => Ok(match &given.value(0).data {
            Data::Text(text) => rounded(nanoseconds(text.as_str()).unwrap_or(0)).into(),
            Data::Int(nanoseconds) => rounded(*nanoseconds).into(),
            Data::Object(_) => unknown("0s"),
            _ => rounded(0).into(),
        }),
        _ => return None,
    };
    Some(result)
}

fn unknown(stand_in: &str) -> Value {
    Value::unknown(stand_in, WHY)
}

/// A time after a layout. What is neither a time nor seconds stands for now; zones other than UTC are unknown.
fn formatted(layout: &str, value: &Value, zone: &str, executor: &mut Executor<'_>) -> Value {
    let time = match &value.data {
        Data::Int(seconds) => Time { at: moved(EPOCH, SignedDuration::from_secs(*seconds)), is_known: true },
        _ => Time::of(value, executor).unwrap_or(Time { at: NOW, is_known: false }),
    };
    let written = time.shown(layouts::write(layout, time.at).into());
    match zone {
        "" | "UTC" | "Local" => written,
        _ => written.with_origin(&Origin::unknown("it depends on a time zone")),
    }
}

/// A time. What hangs on the clock has a stand-in, so that templates can reckon with it.
#[derive(Clone, Copy, Debug)]
struct Time {
    at: DateTime,
    is_known: bool,
}

impl From<Time> for Value {
    fn from(time: Time) -> Self {
        time.shown(Data::Object(Rc::new(time)).into())
    }
}

impl Time {
    /// The time that a value is.
    fn of(value: &Value, executor: &mut Executor<'_>) -> Option<Self> {
        let Data::Object(object) = &value.data else { return None };
        let mut part = |name: &str| object.member(name, &[], executor)?.ok();
        let (second, nanosecond) = (part("Unix")?, part("Nanosecond")?);
        let since = SignedDuration::from_secs(to_int(&second)) + SignedDuration::from_nanos(to_int(&nanosecond));
        Some(Self { at: moved(EPOCH, since), is_known: second.origin().unknown.is_none() })
    }

    /// What is made of it, which is known where it is.
    fn shown(self, made: Value) -> Value {
        if self.is_known { made } else { made.with_origin(&Origin::unknown(WHY)) }
    }

    /// An argument that must be a time.
    fn given(given: Arguments<'_>, at: usize, executor: &mut Executor<'_>) -> Result<Self, Failure> {
        let value = given.value(at);
        let wrong = || format!("wrong type for value; expected time.Time; got {}", value.type_name());
        Self::of(&value, executor).ok_or_else(|| wrong().into())
    }
}

impl Object for Time {
    fn member(&self, name: &str, arguments: &[Value], _: &mut Executor<'_>) -> Option<Result<Value, Failure>> {
        let time = self.at;
        let value: Value = match name {
            "Unix" => seconds(time).into(),
            "Nanosecond" => i64::from(time.subsec_nanosecond()).into(),
            "Year" => i64::from(time.year()).into(),
            "Month" => layouts::write("January", time).into(),
            "Day" => i64::from(time.day()).into(),
            "YearDay" => i64::from(time.day_of_year()).into(),
            "Weekday" => layouts::write("Monday", time).into(),
            "Hour" => i64::from(time.hour()).into(),
            "Minute" => i64::from(time.minute()).into(),
            "Second" => i64::from(time.second()).into(),
            "String" => self.print().into(),
            "Format" => match Arguments(arguments).text(0) {
                Ok(layout) => layouts::write(layout, time).into(),
                Err(failure) => return Some(Err(failure)),
            },
            "UTC" | "Local" => (*self).into(),
            _ => return None,
        };
        Some(Ok(self.shown(value)))
    }

    fn document(&self) -> Value {
        layouts::write("2006-01-02T15:04:05.999999999Z07:00", self.at).into()
    }

    fn print(&self) -> String {
        layouts::write("2006-01-02 15:04:05.999999999 -0700 MST", self.at)
    }
}

const SECOND: i64 = 1_000_000_000;

/// A time so much later; the same time where there is none.
fn moved(time: DateTime, by: SignedDuration) -> DateTime {
    time.checked_add(by).unwrap_or(time)
}

/// The whole seconds that have gone by, before the epoch those that are to come with what is begun.
fn seconds(time: DateTime) -> i64 {
    let since = time.duration_since(EPOCH);
    since.as_secs() - i64::from(since.subsec_nanos() < 0)
}

/// The nanoseconds of a duration as Go writes one: `1h30m`, `-1.5s`.
fn nanoseconds(text: &str) -> Option<i64> {
    const UNITS: &[(&str, i64)] = &[
        ("ns", 1),
        ("us", 1_000),
        ("µs", 1_000),
        ("μs", 1_000),
        ("ms", 1_000_000),
        ("s", SECOND),
        ("m", 60 * SECOND),
        ("h", 3_600 * SECOND),
    ];
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut total = if rest.is_empty() { None } else { Some(0.0) };
    while !rest.is_empty() {
        let is_digit = |next: char| next.is_ascii_digit() || next == '.';
        let (number, behind) = rest.split_at(rest.find(|next| !is_digit(next))?);
        let unit = behind.find(is_digit).map_or(behind, |end| &behind[..end]);
        let (_, size) = UNITS.iter().find(|(name, _)| *name == unit)?;
        total = Some(total? + number.parse::<f64>().ok()? * *size as f64);
        rest = &behind[unit.len()..];
    }
    total.map(|total| (sign * total) as i64)
}

/// A duration as Go prints it.
fn duration(nanoseconds: i64) -> String {
    let size = nanoseconds.unsigned_abs();
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let in_units = |count: u64, unit: u64| {
        let fraction = format!("{:0width$}", count % unit, width = unit.ilog10() as usize);
        let fraction = fraction.trim_end_matches('0');
        format!("{}{}{fraction}", count / unit, if fraction.is_empty() { "" } else { "." })
    };
    let minutes = size / 60_000_000_000;
    let rest = in_units(size % 60_000_000_000, 1_000_000_000);
    match size {
        0 => "0s".to_owned(),
        1..1_000 => format!("{sign}{size}ns"),
        1_000..1_000_000 => format!("{sign}{}µs", in_units(size, 1_000)),
        1_000_000..1_000_000_000 => format!("{sign}{}ms", in_units(size, 1_000_000)),
        _ if minutes == 0 => format!("{sign}{rest}s"),
        _ if minutes < 60 => format!("{sign}{minutes}m{rest}s"),
        _ => format!("{sign}{}h{}m{rest}s", minutes / 60, minutes % 60),
    }
}

/// A duration in its largest unit.
fn rounded(nanoseconds: i64) -> String {
    const UNITS: &[(&str, u64)] =
        &[("y", 365 * 86_400), ("mo", 30 * 86_400), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];
    let size = nanoseconds.unsigned_abs();
    let unit = UNITS.iter().find(|(_, seconds)| size > seconds * 1_000_000_000);
    unit.map_or("0s".to_owned(), |(name, seconds)| format!("{}{name}", size / (seconds * 1_000_000_000)))
}
