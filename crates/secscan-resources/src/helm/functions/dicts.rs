//! Maps, defaults and types.

use std::rc::Rc;

use secscan_parse::MAX_DEPTH;
use secscan_parse::gotemplate::{Data, Executor, Failure, MapRef, Value};

use super::Called;
use super::arguments::{Arguments, to_text};
use super::strings::is_text;

/// Calls a function.
pub(super) fn call(name: &str, given: Arguments<'_>, executor: &mut Executor<'_>) -> Called {
    let result = match name {
        "dict" => Ok(given
            .0
            .chunks(2)
            .map(|pair| (key(&pair[0]), pair.get(1).cloned().unwrap_or_else(|| "".into())))
            .collect()),
        "get" => (|| Ok(given.map(0)?.borrow().get(given.text(1)?).cloned().unwrap_or_else(|| "".into())))(),
        "set" => (|| {
            given.map(0)?.borrow_mut().insert(given.text(1)?.into(), given.value(2));
            Ok(given.value(0))
        })(),
        "unset" => (|| {
            given.map(0)?.borrow_mut().remove(given.text(1)?);
            Ok(given.value(0))
        })(),
        "hasKey" => (|| Ok(given.map(0)?.borrow().contains_key(given.text(1)?).into()))(),
        "pluck" => (|| {
            let (key, maps) = (given.text(0)?, maps(given, 1)?);
            Ok(maps.iter().filter_map(|map| map.borrow().get(key).cloned()).collect::<Vec<_>>().into())
        })(),
        "dig" => dig(given),
        "keys" => maps(given, 0).map(|maps| {
            maps.iter()
                .flat_map(|map| map.borrow().keys().map(|key| Value::from(&**key)).collect::<Vec<_>>())
                .collect::<Vec<_>>()
                .into()
        }),
        "values" => given.map(0).map(|map| map.borrow().values().cloned().collect::<Vec<_>>().into()),
        "pick" | "omit" => given.map(0).map(|map| {
            let named = |key: &str| given.0[1..].iter().any(|wanted| wanted.as_str() == Some(key));
            let map = map.borrow();
            map.iter()
                .filter(|(key, _)| named(key) == (name == "pick"))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect()
        }),
        "merge" => merge(given, false, executor),
        "mergeOverwrite" => merge(given, true, executor),
        "deepCopy" => Ok(given.value(0).deep_copy()),
        "deepEqual" => Ok(given.value(0).deep_equal(&given.value(1)).into()),
        "default" => Ok(if given.0.len() > 1 && given.value(1).is_true() { given.value(1) } else { given.value(0) }),
        "empty" => Ok((!given.value(0).is_true()).into()),
        "coalesce" => Ok(given.0.iter().find(|value| value.is_true()).cloned().unwrap_or_default()),
        "all" => Ok(given.0.iter().all(Value::is_true).into()),
        "any" => Ok(given.0.iter().any(Value::is_true).into()),
        "ternary" => match given.value(2).data {
            Data::Bool(chosen) => Ok(given.value(usize::from(!chosen))),
            _ => Err(format!("wrong type for value; expected bool; got {}", given.value(2).type_name()).into()),
        },
        "typeOf" => Ok(given.value(0).type_name().into()),
        "kindOf" => Ok(given.value(0).kind_name().into()),
        "typeIs" | "typeIsLike" => given.text(0).map(|name| (name == given.value(1).type_name()).into()),
        "kindIs" => given.text(0).map(|name| (name == given.value(1).kind_name()).into()),
        _ => return None,
    };
    Some(result)
}

fn key(value: &Value) -> Rc<str> {
    to_text(value).as_str().into()
}

/// The arguments from one on, which must be maps.
fn maps(given: Arguments<'_>, from: usize) -> Result<Vec<MapRef>, Failure> {
    (from..given.0.len()).map(|at| given.map(at)).collect()
}

/// `dig KEY ... DEFAULT MAP`
fn dig(given: Arguments<'_>) -> Result<Value, Failure> {
    let [keys @ .., default, of] = given.0 else { return Err("wants at least three arguments".into()) };
    let mut found = of.clone();
    for key in keys.iter().filter(|key| is_text(key)) {
        let next = match &found.data {
            Data::Map(map) => map.borrow().get(key.as_str().unwrap_or_default()).cloned(),
            Data::Nil => None,
            _ => return Err(format!("a map is wanted, not {}", found.type_name()).into()),
        };
        match next {
            Some(next) => found = next,
            None => return Ok(default.clone()),
        }
    }
    Ok(found)
}

/// The maps merged into the first one, which is changed.
fn merge(given: Arguments<'_>, overwrites: bool, executor: &mut Executor<'_>) -> Result<Value, Failure> {
    let (into, rest) = given.0.split_first().ok_or("wants a map")?;
    let target = given.map(0)?;
    for at in 1..=rest.len() {
        if !given.value(at).is_nil() {
            merge_into(&target, &given.map(at)?, overwrites, MAX_DEPTH, executor)?;
        }
    }
    Ok(into.clone())
}

fn merge_into(
    target: &MapRef,
    from: &MapRef,
    overwrites: bool,
    depth: usize,
    executor: &mut Executor<'_>,
) -> Result<(), Failure> {
    if Rc::ptr_eq(target, from) {
        return Ok(());
    }
    let depth = depth.checked_sub(1).ok_or_else(|| Failure::limit("maps nest too deep to merge them"))?;
    let entries: Vec<_> = from.borrow().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    for (key, value) in entries {
        executor.spend(1)?;
        let known = target.borrow().get(&key).cloned();
        match (known.as_ref().map(|known| &known.data), &value.data) {
            (Some(Data::Map(inner)), Data::Map(other)) => merge_into(inner, other, overwrites, depth, executor)?,
            (Some(_), _) if !overwrites && known.as_ref().is_some_and(Value::is_true) => {}
            // Nothing is nothing to take over, unless it replaces something.
            (_, Data::Nil) if !overwrites => {}
            // A map that is taken over is not shared: merging into it later must not change where it came from.
            _ => {
                target.borrow_mut().insert(key, value.deep_copy());
            }
        }
    }
    Ok(())
}
