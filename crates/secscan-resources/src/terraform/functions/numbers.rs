//! Numbers.

use secscan_model::Node;

use super::super::value::{Failure, Number, Outcome, fail, number};
use super::{Call, Function, strict};

const ANY: usize = usize::MAX;

/// Terraform's own limit of `range`.
const MAX_RANGE: usize = 1_024;

pub(super) static FUNCTIONS: &[Function] = &[
    strict("abs", 1..=1, |call| float(call, f64::abs)),
    strict("ceil", 1..=1, |call| float(call, f64::ceil)),
    strict("floor", 1..=1, |call| float(call, f64::floor)),
    strict("log", 2..=2, |call| made(call, call.number(0)?.as_f64().log(call.number(1)?.as_f64()))),
    strict("max", 1..=ANY, |call| best(call, |new, best| new > best)),
    strict("min", 1..=ANY, |call| best(call, |new, best| new < best)),
    strict("parseint", 2..=2, parseint),
    strict("pow", 2..=2, |call| made(call, call.number(0)?.as_f64().powf(call.number(1)?.as_f64()))),
    strict("range", 1..=3, range),
    strict("signum", 1..=1, |call| float(call, |value| if value == 0.0 { 0.0 } else { value.signum() })),
    strict("sum", 1..=1, sum),
];

fn made(call: &Call<'_>, value: f64) -> Outcome {
    if value.is_finite() { Ok(Number::from_f64(value).node(call.at)) } else { fail("the result is no number") }
}

fn float(call: &Call<'_>, compute: fn(f64) -> f64) -> Outcome {
    made(call, compute(call.number(0)?.as_f64()))
}

fn best(call: &Call<'_>, better: fn(f64, f64) -> bool) -> Outcome {
    let mut best = call.number(0)?;
    for index in 1..call.args.len() {
        let new = call.number(index)?;
        if better(new.as_f64(), best.as_f64()) {
            best = new;
        }
    }
    Ok(best.node(call.at))
}

fn parseint(call: &Call<'_>) -> Outcome {
    let base = u32::try_from(call.int(1)?).ok().filter(|base| (2..=36).contains(base));
    let base = base.ok_or_else(|| Failure::new("the base must lie between 2 and 36"))?;
    match i64::from_str_radix(&call.text(0)?, base) {
        Ok(value) => Ok(Node::int(value, call.at)),
        Err(_) => fail("the text is no number"),
    }
}

fn range(call: &Call<'_>) -> Outcome {
    let numbers: Vec<f64> =
        (0..call.args.len()).map(|index| Ok(call.number(index)?.as_f64())).collect::<Result<_, _>>()?;
    let (start, end, step) = match *numbers {
        [end] => (0.0, end, if end < 0.0 { -1.0 } else { 1.0 }),
        [start, end] => (start, end, if end < start { -1.0 } else { 1.0 }),
        [start, end, step] => (start, end, step),
        _ => return fail("`range` takes up to three numbers"),
    };
    let mut items = Vec::new();
    let mut next: f64 = start;
    while (step > 0.0 && next < end) || (step < 0.0 && next > end) {
        if items.len() >= MAX_RANGE {
            return fail("`range` makes at most 1,024 values");
        }
        items.push(Number::from_f64(next).node(call.at));
        next += step;
    }
    call.items(items)
}

fn sum(call: &Call<'_>) -> Outcome {
    let items = call.list(0)?;
    let numbers: Vec<Number> = items.iter().map(number).collect::<Result<_, _>>()?;
    let whole = numbers.iter().try_fold(0i64, |sum, number| match number {
        Number::Int(value) => sum.checked_add(*value),
        Number::Float(_) => None,
    });
    match whole {
        Some(whole) => Ok(Node::int(whole, call.at)),
        None => made(call, numbers.iter().map(|number| number.as_f64()).sum()),
    }
}
