//! The last day on which something counts.

use jiff::civil::Date;

/// Whether the last day has gone by; the last day itself counts.
pub(crate) fn is_over(until: Option<Date>, today: Date) -> bool {
    until.is_some_and(|until| until < today)
}

/// A day as settings and comments write it: `YYYY-MM-DD`, nothing else.
pub(crate) fn parse_day(text: &str) -> Option<Date> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    shape.then(|| text.parse().ok()).flatten()
}
