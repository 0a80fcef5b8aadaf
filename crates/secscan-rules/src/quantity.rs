//! Numbers with units: durations in seconds, sizes in bytes.

/// What a quantity measures.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Measure {
    /// A plain number.
    Number,
    /// Seconds.
    Time,
    /// Bytes.
    Size,
}

/// Units that mean time wherever they stand. `m` is minutes here; as a size (nginx `10m`) it is read by [`read_as`].
const TIME: &[(&str, f64)] = &[
    ("ms", 0.001),
    ("s", 1.0),
    ("m", 60.0),
    ("min", 60.0),
    ("h", 3_600.0),
    ("d", 86_400.0),
    ("w", 604_800.0),
    ("y", 31_536_000.0),
];

/// Units of size. Decimal and binary as Kubernetes has them; the bare letters `k`, `m`, `g` are binary, as nginx,
/// Docker and databases read them.
const SIZE: &[(&str, f64)] = &[
    ("b", 1.0),
    ("k", 1_024.0),
    ("m", 1_048_576.0),
    ("g", 1_073_741_824.0),
    ("t", 1_099_511_627_776.0),
    ("kb", 1_000.0),
    ("mb", 1_000_000.0),
    ("gb", 1_000_000_000.0),
    ("tb", 1_000_000_000_000.0),
    ("ki", 1_024.0),
    ("mi", 1_048_576.0),
    ("gi", 1_073_741_824.0),
    ("ti", 1_099_511_627_776.0),
    ("kib", 1_024.0),
    ("mib", 1_048_576.0),
    ("gib", 1_073_741_824.0),
    ("tib", 1_099_511_627_776.0),
];

/// Reads an operand of a rule: a number, a duration (`30d`) or a size (`100MiB`).
pub(crate) fn operand(text: &str) -> Option<(f64, Measure)> {
    if let Ok(number) = text.trim().parse() {
        return Some((number, Measure::Number));
    }
    let time = read_as(text, Measure::Time).map(|seconds| (seconds, Measure::Time));
    time.or_else(|| read_as(text, Measure::Size).map(|bytes| (bytes, Measure::Size)))
}

/// Reads a value of a scanned file as the measure that the rule asks for. A bare number is seconds or bytes.
pub(crate) fn read_as(text: &str, measure: Measure) -> Option<f64> {
    let text = text.trim();
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    match measure {
        Measure::Number => None,
        Measure::Time => iso_duration(text).or_else(|| sum_of(text, TIME)),
        Measure::Size => sum_of(text, SIZE),
    }
}

/// Numbers with units, added up: `1h30m`.
fn sum_of(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let mut rest = text;
    let mut sum = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let tail = rest[digits..].trim_start();
        let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let unit = tail[..letters].to_ascii_lowercase();
        let factor = units.iter().find(|(name, _)| *name == unit || unit.strip_suffix('s') == Some(*name))?.1;
        sum += number * factor;
        rest = tail[letters..].trim_start();
    }
    Some(sum)
}

/// ISO 8601 durations: `PT12H`, `P30D`, `P1DT12H`. Months and years are 30 and 365 days.
fn iso_duration(text: &str) -> Option<f64> {
    let body = text.strip_prefix('P')?;
    let (date, time) = body.split_once('T').unwrap_or((body, ""));
    let part = |mut rest: &str, units: &[(char, f64)]| {
        let mut sum = 0.0;
        while !rest.is_empty() {
            let end = rest.find(|c: char| c.is_ascii_alphabetic())?;
            let number: f64 = rest[..end].parse().ok()?;
            let unit = rest[end..].chars().next()?;
            sum += number * units.iter().find(|(name, _)| *name == unit)?.1;
            rest = &rest[end + 1..];
        }
        Some(sum)
    };
    let days = part(date, &[('Y', 31_536_000.0), ('M', 2_592_000.0), ('W', 604_800.0), ('D', 86_400.0)])?;
    let seconds = part(time, &[('H', 3_600.0), ('M', 60.0), ('S', 1.0)])?;
    (!body.is_empty()).then_some(days + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operands_say_what_they_measure() {
        assert_eq!(operand("30"), Some((30.0, Measure::Number)));
        assert_eq!(operand("30d"), Some((2_592_000.0, Measure::Time)));
        assert_eq!(operand("100MiB"), Some((104_857_600.0, Measure::Size)));
        assert_eq!(operand("soon"), None);
    }

    #[test]
    fn values_are_read_in_the_unit_of_the_question() {
        assert_eq!(read_as("720h", Measure::Time), Some(2_592_000.0));
        assert_eq!(read_as("PT12H", Measure::Time), Some(43_200.0));
        assert_eq!(read_as("P1DT1H", Measure::Time), Some(90_000.0));
        assert_eq!(read_as("1h30m", Measure::Time), Some(5_400.0));
        assert_eq!(read_as("10m", Measure::Size), Some(10_485_760.0));
        assert_eq!(read_as("1Gi", Measure::Size), Some(1_073_741_824.0));
        assert_eq!(read_as("45", Measure::Time), Some(45.0));
        assert_eq!(read_as("P", Measure::Time), None);
        assert_eq!(read_as("10 parsecs", Measure::Time), None);
        assert_eq!(read_as("720h", Measure::Number), None, "a unit where a plain number is asked for is another type");
    }
}
