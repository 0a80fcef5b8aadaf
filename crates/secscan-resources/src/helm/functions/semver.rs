//! Versions and what they must satisfy, as <https://semver.org> and Helm's constraints have them.

use std::cmp::Ordering;

use secscan_parse::gotemplate::{Failure, Value};

use super::Called;
use super::arguments::Arguments;

/// Calls a function.
pub(super) fn call(name: &str, given: Arguments<'_>) -> Called {
    let result = match name {
        "semver" => (|| {
            let text = given.text(0)?;
            let version = Version::of(text).ok_or_else(|| Failure::from("this is no version"))?;
            let [major, minor, patch] = version.numbers.map(|number| Value::from(number as i64));
            Ok(Value::map([
                ("Major", major),
                ("Minor", minor),
                ("Patch", patch),
                ("Prerelease", version.pre.as_str().into()),
                ("Metadata", version.metadata.as_str().into()),
                ("Original", text.into()),
            ]))
        })(),
        "semverCompare" => (|| {
            let version = Version::of(given.text(1)?).ok_or_else(|| Failure::from("this is no version"))?;
            satisfies(&version, given.text(0)?).map(Value::from).ok_or_else(|| "this is no constraint".into())
        })(),
        _ => return None,
    };
    Some(result)
}

/// Whether a version satisfies a constraint; none when either cannot be read.
pub(in super::super) fn matches(version: &str, constraint: &str) -> Option<bool> {
    satisfies(&Version::of(version)?, constraint)
}

/// A version; what is not written is zero.
#[derive(Clone, Debug, PartialEq)]
struct Version {
    numbers: [u64; 3],
    /// How many of the numbers are written.
    written: usize,
    pre: String,
    metadata: String,
}

impl Version {
    fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let (text, metadata) = text.split_once('+').unwrap_or((text, ""));
        let (text, pre) = text.split_once('-').unwrap_or((text, ""));
        let mut version = Self { numbers: [0; 3], written: 0, pre: pre.to_owned(), metadata: metadata.to_owned() };
        for (at, part) in text.split('.').enumerate() {
            if matches!(part, "x" | "X" | "*") {
                break;
            }
            *version.numbers.get_mut(at)? = part.parse().ok()?;
            version.written = at + 1;
        }
        Some(version)
    }

    fn order(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => compare_pre(&self.pre, &other.pre),
        })
    }

    /// The first version behind those that begin with the first `count` numbers of this one.
    fn next(&self, count: usize) -> Self {
        let mut numbers = [0; 3];
        for (at, number) in numbers.iter_mut().enumerate().take(count) {
            *number = self.numbers[at].saturating_add(u64::from(at + 1 == count));
        }
        Self { numbers, written: 3, pre: "0".into(), metadata: String::new() }
    }
}

fn compare_pre(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => match (a.parse::<u64>(), b.parse::<u64>()) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                _ => a.cmp(b),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Alternatives by `||`, each of conditions by blanks or commas.
fn satisfies(version: &Version, constraint: &str) -> Option<bool> {
    let mut any = false;
    for alternative in constraint.split("||") {
        any |= conditions(alternative)?
            .iter()
            .map(|condition| holds(version, condition))
            .try_fold(true, |all, one| one.map(|one| all && one))?;
    }
    Some(any)
}

/// The conditions of an alternative: an operator and a version each. `1.2 - 1.4` is two of them.
fn conditions(text: &str) -> Option<Vec<(String, Version)>> {
    if let Some((low, high)) = text.split_once(" - ") {
        return Some(vec![(">=".into(), Version::of(low)?), ("<=".into(), Version::of(high)?)]);
    }
    let mut conditions = Vec::new();
    let mut operator = String::new();
    for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
        let rest = word.trim_start_matches(['=', '!', '<', '>', '~', '^']);
        operator.push_str(&word[..word.len() - rest.len()]);
        if !rest.is_empty() {
            conditions.push((std::mem::take(&mut operator), Version::of(rest)?));
        }
    }
    (operator.is_empty() && !conditions.is_empty()).then_some(conditions)
}

fn holds(version: &Version, (operator, wanted): &(String, Version)) -> Option<bool> {
    // A pre-release satisfies only conditions that name one themselves.
    if !version.pre.is_empty() && wanted.pre.is_empty() {
        return Some(operator == "!=");
    }
    let order = version.order(wanted);
    let within = |count: usize| order != Ordering::Less && version.order(&wanted.next(count)) == Ordering::Less;
    let is_any = wanted.written == 0;
    Some(match &**operator {
        "" | "=" | "==" if is_any => true,
        "" | "=" | "==" if wanted.written < 3 => within(wanted.written),
        "" | "=" | "==" => order == Ordering::Equal,
        "!=" if is_any => false,
        "!=" if wanted.written < 3 => !within(wanted.written),
        "!=" => order != Ordering::Equal,
        ">" if wanted.written < 3 && !is_any => version.order(&wanted.next(wanted.written)) != Ordering::Less,
        ">" => order == Ordering::Greater,
        ">=" | "=>" => order != Ordering::Less,
        "<" => order == Ordering::Less,
        "<=" | "=<" if wanted.written < 3 && !is_any => version.order(&wanted.next(wanted.written)) == Ordering::Less,
        "<=" | "=<" => order != Ordering::Greater,
        "~" | "~>" if is_any => true,
        "~" | "~>" => within(wanted.written.min(2)),
        "^" if is_any => true,
        "^" => within(match wanted.numbers {
            [0, 0, _] if wanted.written == 3 => 3,
            [0, minor, _] if wanted.written >= 2 && (minor > 0 || wanted.written == 2) => 2,
            _ => 1,
        }),
        _ => return None,
    })
}
