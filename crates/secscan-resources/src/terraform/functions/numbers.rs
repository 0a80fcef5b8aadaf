//! Numbers.

use num_bigint::BigInt;
use secscan_model::Node;

use super::super::number::Number;
use super::super::value::{Failure, Outcome, fail, number};
use super::{Call, Function, strict};

const ANY: usize = usize::MAX;

/// Terraform's own limit of `range`.
const MAX_RANGE: usize = 1_024;

pub(super) static FUNCTIONS: &[Function] = &[
    strict("abs", 1..=1, |call| {
        let value = call.number(0)?;
        Ok(if value.is_negative() { value.negated() } else { value }.node(call.at))
    }),
    strict("ceil", 1..=1, |call| Ok(call.number(0)?.ceiling().node(call.at))),
    strict("floor", 1..=1, |call| Ok(call.number(0)?.floor().node(call.at))),
    strict("log", 2..=2, |call| by_machine(call, |number, base| number.ln() / base.ln())),
    strict("max", 1..=ANY, |call| best(call, std::cmp::Ordering::Greater)),
    strict("min", 1..=ANY, |call| best(call, std::cmp::Ordering::Less)),
    strict("parseint", 2..=2, parseint),
    strict("pow", 2..=2, |call| by_machine(call, f64::powf)),
    strict("range", 1..=3, range),
    strict("signum", 1..=1, |call| Ok(Node::int(call.int(0)?.signum(), call.at))),
    strict("sum", 1..=1, sum),
];

fn by_machine(call: &Call<'_>, compute: fn(f64, f64) -> f64) -> Outcome {
    let result = compute(call.number(0)?.to_f64(), call.number(1)?.to_f64());
    match Number::from_f64(result) {
        Some(number) => Ok(number.node(call.at)),
        None => fail("the result is no number"),
    }
}

fn best(call: &Call<'_>, wanted: std::cmp::Ordering) -> Outcome {
    let mut best = call.number(0)?;
    for index in 1..call.args.len() {
        let new = call.number(index)?;
        if new.compare(&best) == wanted {
            best = new;
        }
    }
    Ok(best.node(call.at))
}

fn parseint(call: &Call<'_>) -> Outcome {
    let base = u32::try_from(call.int(1)?).ok().filter(|base| (2..=62).contains(base));
    let base = base.ok_or_else(|| Failure::new("the base must lie between 2 and 62"))?;
    let whole = call.text(0)?;
    let (negative, digits) = match whole.as_bytes().first() {
        Some(b'-') => (true, &whole[1..]),
        Some(b'+') => (false, &whole[1..]),
        _ => (false, &*whole),
    };
    if digits.is_empty() || digits.len() > 1_000 {
        return fail("the text is no number");
    }
    let mut value = BigInt::from(0);
    for c in digits.chars() {
        let digit = digit(c, base).ok_or_else(|| Failure::new("the text is no number"))?;
        value = value * base + digit;
    }
    Ok(Number::from(if negative { -value } else { value }).node(call.at))
}

/// The value of a digit. Up to base 36 upper and lower case mean the same.
fn digit(c: char, base: u32) -> Option<u32> {
    let value = match c {
        '0'..='9' => c as u32 - '0' as u32,
        'a'..='z' => c as u32 - 'a' as u32 + 10,
        'A'..='Z' if base <= 36 => c as u32 - 'A' as u32 + 10,
        'A'..='Z' => c as u32 - 'A' as u32 + 36,
        _ => return None,
    };
    (value < base).then_some(value)
}

fn range(call: &Call<'_>) -> Outcome {
    let zero = || Number::Int(0);
    let numbers: Vec<Number> = (0..call.args.len()).map(|index| call.number(index)).collect::<Result<_, _>>()?;
    let down = |start: &Number, end: &Number| end.compare(start).is_lt();
    let (start, end, step) = match &*numbers {
        [end] => (zero(), end.clone(), Number::Int(if down(&zero(), end) { -1 } else { 1 })),
        [start, end] => (start.clone(), end.clone(), Number::Int(if down(start, end) { -1 } else { 1 })),
        [start, end, step] => (start.clone(), end.clone(), step.clone()),
        _ => return fail("`range` takes up to three numbers"),
    };
    if step.is_zero() || (step.is_negative() && down(&end, &start)) || (!step.is_negative() && down(&start, &end)) {
        return fail("the steps of `range` do not lead to its end");
    }
    let mut items = Vec::new();
    let mut next = start;
    let goes_on = |next: &Number| if step.is_negative() { down(next, &end) } else { down(&end, next) };
    while goes_on(&next) {
        if items.len() >= MAX_RANGE {
            return fail("`range` makes at most 1,024 values");
        }
        items.push(next.node(call.at));
        next = next.plus(&step);
    }
    call.items(items)
}

fn sum(call: &Call<'_>) -> Outcome {
    let items = call.list(0)?;
    if items.is_empty() {
        return fail("there is nothing to add");
    }
    // Nothing changes when this zero is added to it.
    let sum = items.iter().try_fold(Number::NegativeZero, |sum, item| Ok(sum.plus(&number(item)?)));
    sum.map(|sum| sum.node(call.at))
}
