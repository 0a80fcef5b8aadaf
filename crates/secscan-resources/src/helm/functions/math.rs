//! Numbers.

use secscan_parse::gotemplate::{Failure, Value};

use super::Called;
use super::arguments::{Arguments, to_float, to_int};

/// Calls a function.
pub(super) fn call(name: &str, given: Arguments<'_>) -> Called {
    let first = given.value(0);
    let whole = |fold: fn(i64, i64) -> Option<i64>| {
        let mut numbers = given.0.iter().map(to_int);
        let first = numbers.next().unwrap_or(0);
        let result = numbers.try_fold(first, fold);
        result.map(Value::from).ok_or_else(|| Failure::from("the numbers cannot be reckoned with"))
    };
    let real = |fold: fn(f64, f64) -> f64| {
        let mut numbers = given.0.iter().map(to_float);
        let first = numbers.next().unwrap_or(0.0);
        Ok(Value::from(numbers.fold(first, fold)))
    };
    let result = match name {
        "add" => whole(|a, b| Some(a.wrapping_add(b))),
        "sub" => whole(|a, b| Some(a.wrapping_sub(b))),
        "mul" => whole(|a, b| Some(a.wrapping_mul(b))),
        "div" => whole(i64::checked_div),
        "mod" => whole(i64::checked_rem),
        "add1" => Ok(to_int(&first).wrapping_add(1).into()),
        "max" | "biggest" => whole(|a, b| Some(a.max(b))),
        "min" => whole(|a, b| Some(a.min(b))),
        "addf" => real(|a, b| a + b),
        "add1f" => Ok((to_float(&first) + 1.0).into()),
        "subf" => real(|a, b| a - b),
        "mulf" => real(|a, b| a * b),
        "divf" => real(|a, b| a / b),
        "maxf" => real(f64::max),
        "minf" => real(f64::min),
        "floor" => Ok(to_float(&first).floor().into()),
        "ceil" => Ok(to_float(&first).ceil().into()),
        "round" => {
            let scale = 10f64.powi(i32::try_from(to_int(&given.value(1))).unwrap_or(0));
            Ok(((to_float(&first) * scale).round() / scale).into())
        }
        "int" | "int64" | "atoi" => Ok(to_int(&first).into()),
        "float64" => Ok(to_float(&first).into()),
        "toDecimal" => {
            let digits = super::arguments::to_text(&first);
            Ok(i64::from_str_radix(digits.as_str(), 8).unwrap_or(0).into())
        }
        _ => return None,
    };
    Some(result)
}
