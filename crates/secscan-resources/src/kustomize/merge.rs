//! Strategic merge: a patch laid over an object, lists merged by the keys of their items.
//!
//! Reading order: [`merged`] → [`map`], [`list`] → [`Keyed`] (lists whose items have keys, as Kustomize does
//! it: what the patch says comes first) → [`Directive`]. Which lists merge stands in [`super::shape`].

use std::collections::BTreeSet;
use std::sync::Arc;

use secscan_model::{Map, Node, Value};

use super::shape::{Keys, Shape};

/// The key that says what is done with a map or a list.
const DIRECTIVE: &str = "$patch";

/// Why a patch cannot be laid over an object.
#[derive(Debug)]
pub(super) struct Misfit(pub(super) String);

/// What a patch does with a map or a list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

/// An object with a patch laid over it; none when the patch deletes it.
///
/// # Errors
/// When both have different kinds of values at one place.
pub(super) fn merged(object: &Node, patch: &Node) -> Result<Option<Node>, Misfit> {
    merge(Some(object), Some(patch), None)
}

fn merge(object: Option<&Node>, patch: Option<&Node>, shape: Option<Shape>) -> Result<Option<Node>, Misfit> {
    let shape = shape.or_else(|| [object, patch].into_iter().flatten().find_map(Shape::of));
    let known = |node: Option<&Node>| node.filter(|node| !node.is_null()).cloned();
    let Some(kind) = known(object).or_else(|| known(patch)) else {
        // Nothing but null: what is written as a word in the object stays.
        return Ok(object.filter(|object| patch.is_none() && object_says_null(object)).cloned());
    };
    let fits = |node: Option<&Node>| {
        node.is_none_or(|node| {
            node.is_null()
                || node.as_unresolved().is_some()
                || kind.as_unresolved().is_some()
                || std::mem::discriminant(&node.value) == std::mem::discriminant(&kind.value)
        })
    };
    if !fits(object) || !fits(patch) {
        return Err(Misfit("the patch has another kind of value here than the object".into()));
    }
    match &kind.value {
        Value::Map(_) => map(object, patch, shape),
        Value::List(_) => list(object, patch, shape),
        // What the patch says again, such as the name that an item is found by, keeps its place.
        Value::Scalar(_) | Value::Unresolved(_) if says_the_same(object, patch) => Ok(object.cloned()),
        Value::Scalar(_) | Value::Unresolved(_) => Ok(patch.or(object).filter(|node| !node.is_null()).cloned()),
    }
}

fn says_the_same(object: Option<&Node>, patch: Option<&Node>) -> bool {
    match (object.map(|node| &node.value), patch.map(|node| &node.value)) {
        (Some(Value::Scalar(own)), Some(Value::Scalar(said))) => own == said,
        _ => false,
    }
}

fn object_says_null(object: &Node) -> bool {
    matches!(&object.value, Value::Scalar(scalar) if !scalar.text.is_empty())
}

fn map(object: Option<&Node>, patch: Option<&Node>, shape: Option<Shape>) -> Result<Option<Node>, Misfit> {
    let mut patch = patch.cloned();
    let directive = patch.as_mut().map_or(Ok(Directive::Merge), directive_of_map)?;
    let object = object.filter(|object| !object.is_null());
    let mut result = match (object, &patch, directive) {
        (_, _, Directive::Delete) => return Ok(None),
        (Some(_), Some(patch), _) if patch.is_null() => return Ok(None),
        (None, Some(patch), _) | (Some(_), Some(patch), Directive::Replace) => patch.clone(),
        (Some(object), _, _) => object.clone(),
        (None, None, _) => return Ok(None),
    };
    let keys: BTreeSet<Arc<str>> = [Some(&result), patch.as_ref()]
        .into_iter()
        .flatten()
        .flat_map(Node::entries)
        .map(|entry| entry.key.clone())
        .collect();
    for key in keys {
        let below = shape.as_ref().and_then(|shape| shape.field(&key));
        let (own, said) = (result.get(&key).cloned(), patch.as_ref().and_then(|patch| patch.get(&key)));
        let value = merge(own.as_ref(), said, below)?;
        let Some(map) = result.as_map_mut() else { continue };
        match value {
            Some(value) => drop(map.insert(key, value)),
            None => drop(map.remove(&key)),
        }
    }
    Ok(Some(result))
}

fn list(object: Option<&Node>, patch: Option<&Node>, shape: Option<Shape>) -> Result<Option<Node>, Misfit> {
    let keys = shape.as_ref().map_or(Keys::None, Shape::keys);
    if keys == Keys::None {
        return Ok(patch.or(object).filter(|node| !node.is_null()).cloned());
    }
    let object = object.filter(|object| !object.is_null());
    if object.is_some() && patch.is_some_and(Node::is_null) {
        return Ok(None);
    }
    let mut patch = patch.cloned();
    let directive = match &mut patch {
        Some(patch) if object.is_some() => directive_of_list(patch)?,
        _ => Directive::Merge,
    };
    let base = match (object, &patch, directive) {
        (_, _, Directive::Delete) => return Ok(None),
        (None, Some(patch), _) | (Some(_), Some(patch), Directive::Replace) => patch.clone(),
        (Some(object), _, _) => object.clone(),
        (None, None, _) => return Ok(None),
    };
    let said = patch.as_ref().map_or(&[][..], Node::items);
    let items = match keys {
        Keys::Whole => primitives(base.items(), said),
        Keys::Of(names) => Keyed { names, item: shape.and_then(|shape| shape.item()) }.merge(base.items(), said)?,
        Keys::None => Vec::new(),
    };
    Ok(Some(Node { value: Value::List(Arc::new(items)), ..base }))
}

/// Items that are their own keys: those of the patch first, each once.
fn primitives(base: &[Node], said: &[Node]) -> Vec<Node> {
    let mut items: Vec<Node> = Vec::new();
    for item in said.iter().chain(base) {
        let is_known = |known: &Node| known.as_str() == item.as_str();
        if !items.iter().any(is_known) {
            items.push(item.clone());
        }
    }
    items
}

/// A list whose items are told apart by some of their fields.
struct Keyed {
    names: &'static [&'static str],
    item: Option<Shape>,
}

impl Keyed {
    /// Merges two lists. This follows Kustomize step by step, also where items lack some of the keys: what comes out then
    /// is not what one would expect, but it is what is deployed.
    fn merge(&self, base: &[Node], said: &[Node]) -> Result<Vec<Node>, Misfit> {
        let mut base: Vec<Node> = base.to_vec();
        let mut wanted: Vec<Vec<String>> = Vec::new();
        for item in said.iter().chain(&base) {
            let values: Vec<String> = self.names.iter().map(|name| text_of(item, name)).collect();
            if !wanted.contains(&values) {
                wanted.push(values);
            }
        }
        if self.names.len() > 1 {
            complete(&mut wanted);
        }
        let mut items: Vec<Node> = Vec::new();
        let mut names: Vec<&str> = Vec::new();
        for values in &wanted {
            let used: Vec<usize> = self.used(&wanted);
            names = used.iter().filter_map(|index| self.names.get(*index).copied()).collect();
            let known: Vec<String> = used.iter().filter_map(|index| values.get(*index).cloned()).collect();
            let own: Vec<(&str, &str)> = self
                .names
                .iter()
                .copied()
                .zip(values.iter().map(|value| &**value))
                .filter(|(_, value)| !value.is_empty())
                .collect();
            let position = base.iter().position(|item| has_all(item, &own));
            let patch = said.iter().find(|item| has_all(item, &own));
            let mut patch = patch.cloned();
            let replaces = patch.as_mut().is_some_and(|patch| {
                let mut probe = patch.clone();
                matches!(directive_of_map(&mut probe), Ok(Directive::Replace))
            });
            let object = position.and_then(|position| base.get(position));
            let merged = merge(object, patch.as_ref(), self.item.clone())?;
            let Some(mut merged) = merged.filter(|merged| !merged.entries().is_empty()) else {
                remove(&mut base, &names, &known);
                continue;
            };
            for (name, value) in names.iter().zip(&known).filter(|(_, value)| !value.is_empty()) {
                let at = merged.at;
                if let Some(map) = merged.as_map_mut().filter(|map| map.get(name).is_none()) {
                    map.insert(*name, Node::text(value.as_str(), at));
                }
            }
            if let Some(slot) = position.filter(|_| !replaces).and_then(|position| base.get_mut(position)) {
                *slot = merged.clone();
            }
            set(&mut items, merged, &names, &known);
        }
        for item in base {
            append(&mut items, item, &names);
        }
        Ok(items)
    }

    /// The keys that any item has a value for; all of them where no item has any.
    fn used(&self, wanted: &[Vec<String>]) -> Vec<usize> {
        let all = 0..self.names.len();
        let has_value =
            |index: &usize| wanted.iter().any(|values| values.get(*index).is_some_and(|value| !value.is_empty()));
        let used: Vec<usize> = all.clone().filter(has_value).collect();
        if used.is_empty() { all.collect() } else { used }
    }
}

/// Fills in what some items leave out and others, which agree in the rest, say.
fn complete(wanted: &mut [Vec<String>]) {
    for first in 0..wanted.len() {
        for second in 0..wanted.len() {
            let (Some(one), Some(other)) = (wanted.get(first), wanted.get(second)) else { continue };
            let agree = one.iter().zip(other).all(|(one, other)| one == other || one.is_empty() || other.is_empty());
            let share = one.iter().zip(other).any(|(one, other)| one == other);
            if agree && share {
                let both: Vec<String> = one
                    .iter()
                    .zip(other)
                    .map(|(one, other)| if one.is_empty() { other } else { one }.clone())
                    .collect();
                for index in [first, second] {
                    if let Some(slot) = wanted.get_mut(index) {
                        slot.clone_from(&both);
                    }
                }
            }
        }
    }
}

fn text_of(item: &Node, name: &str) -> String {
    item.get(name).and_then(Node::as_str).unwrap_or_default().to_owned()
}

fn has_all(item: &Node, own: &[(&str, &str)]) -> bool {
    !own.is_empty() && own.iter().all(|(name, value)| item.get(name).and_then(Node::as_str) == Some(value))
}

/// Whether an item has these values; an empty one fits whatever is written, and values that are left out are not asked
/// for.
fn fits(item: &Node, names: &[&str], values: &[String]) -> bool {
    let of = |index: usize, name: &str| match values.get(index) {
        Some(value) if value.is_empty() => item.get(name).is_some(),
        Some(value) => item.get(name).and_then(Node::as_str) == Some(value.as_str()),
        None => true,
    };
    names.iter().enumerate().all(|(index, name)| of(index, name))
}

fn is_kept(item: &Node) -> bool {
    !item.is_null() && item.as_map().is_none_or(|map| !map.is_empty())
}

fn remove(items: &mut Vec<Node>, names: &[&str], values: &[String]) {
    items.retain(|item| is_kept(item) && (item.as_map().is_none() || !fits(item, names, values)));
}

/// Puts an item in the place of those that have its values, else at the end.
fn set(items: &mut Vec<Node>, new: Node, names: &[&str], values: &[String]) {
    items.retain(is_kept);
    let mut is_there = false;
    for item in items.iter_mut().filter(|item| item.as_map().is_some() && fits(item, names, values)) {
        *item = new.clone();
        is_there = true;
    }
    if !is_there {
        items.push(new);
    }
}

/// Adds an item of the object to the list that is made.
fn append(items: &mut Vec<Node>, item: Node, names: &[&str]) {
    let mut values = Vec::new();
    for name in names {
        match item.get(name) {
            Some(value) if !value.is_null() => values.push(value.as_str().unwrap_or_default().to_owned()),
            _ => items.push(item.clone()),
        }
    }
    if values.is_empty() {
        return;
    }
    if names.len() > 1 {
        remove(items, names, &values);
    }
    set(items, item, names, &values);
}

/// What a map of a patch is for; the key that says so is taken out.
fn directive_of_map(patch: &mut Node) -> Result<Directive, Misfit> {
    let Some(word) = patch.get(DIRECTIVE).map(|word| word.as_str().unwrap_or_default().to_owned()) else {
        return Ok(Directive::Merge);
    };
    let directive = directive(&word)?;
    patch.as_map_mut().and_then(|map: &mut Map| map.remove(DIRECTIVE));
    Ok(directive)
}

/// What a list of a patch is for: an item that says nothing else says so, and is taken out.
fn directive_of_list(patch: &mut Node) -> Result<Directive, Misfit> {
    let first = patch.items().iter().find(|item| item.get(DIRECTIVE).is_some());
    let Some(word) = first.filter(|item| item.entries().len() == 1).map(|item| text_of(item, DIRECTIVE)) else {
        return Ok(Directive::Merge);
    };
    let directive = directive(&word)?;
    if let Some(items) = patch.as_list_mut() {
        items.retain(|item| item.get(DIRECTIVE).and_then(Node::as_str) != Some(&word));
    }
    Ok(directive)
}

fn directive(word: &str) -> Result<Directive, Misfit> {
    match word {
        "merge" => Ok(Directive::Merge),
        "replace" => Ok(Directive::Replace),
        "delete" => Ok(Directive::Delete),
        _ => Err(Misfit(format!("`{DIRECTIVE}: {word}` is not known"))),
    }
}
