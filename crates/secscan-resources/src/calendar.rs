//! The names of months and days, as Go and whatever is written in it name them.

use jiff::civil::Weekday;

pub(crate) const MONTHS: [&str; 12] = [
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

/// From Monday on.
pub(crate) const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The name of a month, which is counted from one.
pub(crate) fn month(number: i8) -> &'static str {
    MONTHS[usize::from(number.unsigned_abs()).saturating_sub(1) % MONTHS.len()]
}

/// The name of a day.
pub(crate) fn weekday(day: Weekday) -> &'static str {
    DAYS[usize::from(day.to_monday_zero_offset().unsigned_abs()) % DAYS.len()]
}
