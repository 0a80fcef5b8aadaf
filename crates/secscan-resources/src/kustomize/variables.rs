//! `vars`: values of objects that take the place of `$(NAME)` in others. Replacements have superseded them.

use std::collections::BTreeMap;
use std::sync::Arc;

use secscan_model::{Node, Scalar, ScalarKind, Value};

use super::fields::{self, Field, Made, each, split_dotted};
use super::id::{Gvk, Id};
use super::object::Object;
use super::replacements::{look_up, selector};
use super::transform::Report;

/// A variable as a kustomization declares it.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    name: Arc<str>,
    path: String,
    written: Node,
}

/// The field that is meant when none is named.
const DEFAULT_FIELD: &str = "metadata.name";

/// The longest text that is made, in bytes.
const MAX_TEXT: usize = 1 << 16;

/// Declares a variable: the object that it takes its value from keeps the name in mind, whatever else it is called later.
pub(super) fn declare(objects: &mut [Object], written: &Node, report: &mut Report<'_>) -> Option<Variable> {
    let name: Arc<str> = written.get("name").and_then(Node::as_str)?.into();
    let reference = written.get("objref")?;
    let Id { gvk, name: object, namespace, .. } = selector(reference);
    let wanted = Id::new(gvk, &object, &namespace);
    let is_meant = |id: &Id| match wanted.namespace.is_empty() && !wanted.is_cluster_scoped {
        true => id.name == wanted.name && id.gvk == wanted.gvk,
        false => id.is_same(&wanted),
    };
    let mut found = objects.iter_mut().filter(|object| object.was_ever(is_meant));
    match (found.next(), found.next()) {
        (Some(_), Some(_)) => {
            report(written.at, format!("several objects may be meant by the variable `{name}`"));
            return None;
        }
        (Some(object), None) => object.variables.push(name.clone()),
        (None, _) => {}
    }
    let path = written.at_path(&["fieldref", "fieldPath"]).or_else(|| written.at_path(&["fieldref", "fieldpath"]));
    let path = path.and_then(Node::as_str).unwrap_or(DEFAULT_FIELD).to_owned();
    Some(Variable { name, path, written: written.clone() })
}

/// Replaces variables in the fields that Kustomize knows to hold them.
pub(super) fn resolve(objects: &mut [Object], variables: &[Variable], known: &[Field], report: &mut Report<'_>) {
    let mut values: BTreeMap<&str, Node> = BTreeMap::new();
    for variable in variables {
        match value(objects, variable) {
            Some(value) => drop(values.insert(&variable.name, value)),
            None => report(variable.written.at, format!("the variable `{}` has no value", variable.name)),
        }
    }
    if values.is_empty() {
        return;
    }
    let mut set = |node: &mut Node| in_value(node, &values);
    for object in objects {
        let gvk = Gvk::of(&object.value);
        for field in known.iter().filter(|field| gvk.is_selected_by(&field.of)) {
            // What leads nowhere holds no variables.
            let _ = each(&mut object.value, field, Made::Nothing, &mut set);
        }
    }
}

fn value(objects: &[Object], variable: &Variable) -> Option<Node> {
    let object = objects.iter().find(|object| object.variables.contains(&variable.name))?;
    let mut path = Vec::new();
    for part in split_dotted(&variable.path) {
        match part.strip_suffix(']').and_then(|part| part.split_once('[')) {
            Some((key, index)) => path.extend([key.to_owned(), index.to_owned()]),
            None => path.push(part),
        }
    }
    path.retain(|part| !part.is_empty());
    look_up(&object.value, &path).filter(|value| matches!(value.value, Value::Scalar(_))).cloned()
}

/// Replaces variables in a text, in the items of a list, and in the values of a map.
fn in_value(node: &mut Node, values: &BTreeMap<&str, Node>) {
    match &node.value {
        Value::Scalar(Scalar { kind: ScalarKind::Text, text }) if text.contains('$') => {
            let text = text.clone();
            in_text(node, &text, values);
        }
        Value::List(_) => node.as_list_mut().into_iter().flatten().for_each(|item| in_text_of(item, values)),
        Value::Map(_) => {
            let map = node.as_map_mut();
            map.into_iter().flat_map(|map| map.values_mut()).for_each(|(_, value)| in_text_of(value, values));
        }
        Value::Scalar(_) | Value::Unresolved(_) => {}
    }
}

fn in_text_of(node: &mut Node, values: &BTreeMap<&str, Node>) {
    if let Value::Scalar(Scalar { kind: ScalarKind::Text, text }) = &node.value {
        let text = text.clone();
        in_text(node, &text, values);
    }
}

/// A text that is nothing but a variable becomes its value, with its kind; elsewhere values become text. `$$` is a dollar
/// sign.
fn in_text(node: &mut Node, text: &str, values: &BTreeMap<&str, Node>) {
    let whole = text.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')'));
    if let Some(value) = whole.and_then(|name| values.get(name)) {
        let before = node.at;
        *node = Node { name_at: node.name_at, ..value.clone() };
        node.extra_mut().via = vec![before];
        return;
    }
    let mut new = String::with_capacity(text.len());
    let (mut rest, mut used) = (text, None);
    while let Some(at) = rest.find('$').filter(|at| at + 1 < rest.len()) {
        new.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        let closed = behind.strip_prefix('(').and_then(|inner| inner.split_once(')'));
        rest = if let Some(behind) = behind.strip_prefix('$') {
            new.push('$');
            behind
        } else if let Some((name, behind)) = closed {
            match values.get(name) {
                Some(value) => {
                    new.push_str(value.as_str().unwrap_or_default());
                    used = Some(value);
                }
                None => new.push_str(&format!("$({name})")),
            }
            behind
        } else {
            new.push('$');
            behind
        };
        if new.len() > MAX_TEXT {
            return;
        }
    }
    new.push_str(rest);
    match used {
        Some(value) => fields::extend(node, new, value),
        None if new != text => node.value = Node::text(new, node.at).value,
        None => {}
    }
}
