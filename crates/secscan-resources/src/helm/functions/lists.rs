//! Lists.

use std::rc::Rc;

use secscan_parse::gotemplate::{Executor, Failure, Items, Value};

use super::Called;
use super::arguments::{Arguments, to_int, to_text, to_texts};

/// Calls a function.
pub(super) fn call(name: &str, given: Arguments<'_>, executor: &mut Executor<'_>) -> Called {
    let made = |items: Vec<Value>| Ok(Value::from(items));
    let result = match name {
        "list" | "tuple" => made(given.0.to_vec()),
        "first" => items(given, 0).map(|items| items.first().cloned().unwrap_or_default()),
        "last" => items(given, 0).map(|items| items.last().cloned().unwrap_or_default()),
        "rest" => items(given, 0).map(|items| items.get(1..).unwrap_or_default().to_vec().into()),
        "initial" => items(given, 0).map(|items| items[..items.len().saturating_sub(1)].to_vec().into()),
        "append" | "push" => items(given, 0).map(|items| [&items[..], &[given.value(1)]].concat().into()),
        "prepend" => items(given, 0).map(|items| [&[given.value(1)], &items[..]].concat().into()),
        "concat" => (0..given.0.len()).map(|at| items(given, at)).collect::<Result<Vec<_>, _>>().and_then(|lists| {
            executor.spend(lists.iter().map(|list| list.len()).sum())?;
            Ok(lists.iter().flat_map(|list| list.iter().cloned()).collect::<Vec<_>>().into())
        }),
        "reverse" => items(given, 0).map(|items| items.iter().rev().cloned().collect::<Vec<_>>().into()),
        "uniq" => items(given, 0).and_then(|items| unique(&items, executor)),
        "without" => items(given, 0).map(|items| {
            let stays = |item: &&Value| !given.0[1..].iter().any(|cut| cut.deep_equal(item));
            items.iter().filter(stays).cloned().collect::<Vec<_>>().into()
        }),
        "compact" => {
            items(given, 0).map(|items| items.iter().filter(|item| item.is_true()).cloned().collect::<Vec<_>>().into())
        }
        "has" => items(given, 1).map(|items| items.iter().any(|item| item.deep_equal(&given.value(0))).into()),
        "chunk" => (|| {
            let (size, items) = (given.count(0)?.max(1), items(given, 1)?);
            made(items.chunks(size).map(|chunk| chunk.to_vec().into()).collect())
        })(),
        "sortAlpha" => {
            let mut texts = to_texts(&given.value(0));
            texts.sort_by(|a, b| a.as_str().cmp(b.as_str()));
            made(texts.into_iter().map(Value::from).collect())
        }
        "toStrings" => made(to_texts(&given.value(0)).into_iter().map(Value::from).collect()),
        "splitList" => (|| Ok(split(given.text(0)?, given, 1)?.collect::<Vec<_>>().into()))(),
        "split" => (|| {
            let parts = split(given.text(0)?, given, 1)?.enumerate();
            Ok(parts.map(|(at, part)| (Rc::from(format!("_{at}")), part)).collect())
        })(),
        "splitn" => (|| {
            let (count, text) = (given.count(1)?, given.piece(2)?);
            let parts = text.as_str().splitn(count, given.text(0)?).enumerate();
            Ok(parts.map(|(at, part)| (Rc::from(format!("_{at}")), Value::from(part))).collect())
        })(),
        "slice" => slice(given),
        "until" => given.int(0).and_then(|count| range(0, count, count.signum(), executor)),
        "untilStep" => (|| range(given.int(0)?, given.int(1)?, given.int(2)?, executor))(),
        "seq" => seq(given, executor),
        _ => return None,
    };
    Some(result)
}

/// A list; nothing is an empty one.
fn items(given: Arguments<'_>, at: usize) -> Result<Rc<Items>, Failure> {
    if given.value(at).is_nil() { Ok(Rc::default()) } else { given.list(at) }
}

/// Sprig's `slice`, in place of Go's: it takes lists only, and makes nothing of one that is empty.
fn slice(given: Arguments<'_>) -> Result<Value, Failure> {
    let items = given.list(0)?;
    if items.is_empty() {
        return Ok(Value::nil());
    }
    let bound = |at: usize, default: usize| match given.0.get(at) {
        Some(value) => usize::try_from(to_int(value)).unwrap_or(usize::MAX),
        None => default,
    };
    let part = items.get(bound(1, 0)..bound(2, items.len()));
    part.map(|part| part.to_vec().into()).ok_or_else(|| "index out of range".into())
}

fn unique(items: &[Value], executor: &mut Executor<'_>) -> Result<Value, Failure> {
    let mut unique: Vec<Value> = Vec::new();
    for item in items {
        executor.spend(unique.len())?;
        if !unique.iter().any(|known| known.deep_equal(item)) {
            unique.push(item.clone());
        }
    }
    Ok(unique.into())
}

fn split<'a>(between: &'a str, given: Arguments<'a>, at: usize) -> Result<impl Iterator<Item = Value> + 'a, Failure> {
    let text = given.piece(at)?;
    let origin = text.origin();
    let characters = text.as_str().chars().filter(|_| between.is_empty()).map(|character| character.to_string());
    let parts = text.as_str().split(between).filter(|_| !between.is_empty()).map(str::to_owned);
    Ok(characters.chain(parts).map(move |part| Value::from(part).with_origin(&origin)))
}

fn range(start: i64, stop: i64, step: i64, executor: &mut Executor<'_>) -> Result<Value, Failure> {
    let count = if step == 0 { 0 } else { stop.saturating_sub(start).checked_div(step).unwrap_or(0).max(-1) + 1 };
    executor.spend(usize::try_from(count).unwrap_or(0))?;
    let mut numbers = Vec::new();
    let mut next = start;
    while (step > 0 && next < stop) || (step < 0 && next > stop) {
        numbers.push(Value::from(next));
        next = next.saturating_add(step);
    }
    Ok(numbers.into())
}

/// `seq 5`, `seq 2 5`, `seq 0 2 10`: text, with the last number in it.
fn seq(given: Arguments<'_>, executor: &mut Executor<'_>) -> Result<Value, Failure> {
    let numbers: Vec<i64> = given.0.iter().map(to_int).collect();
    let (start, step, stop) = match numbers[..] {
        [stop] => (1, if stop < 1 { -1 } else { 1 }, stop),
        [start, stop] => (start, if stop < start { -1 } else { 1 }, stop),
        [start, step, stop] => (start, step, stop),
        _ => return Ok("".into()),
    };
    let list = range(start, stop.saturating_add(step.signum()), step, executor)?;
    let texts: Vec<_> =
        list.as_list().unwrap_or_default().iter().map(|value| to_text(value).as_str().to_owned()).collect();
    Ok(texts.join(" ").into())
}
