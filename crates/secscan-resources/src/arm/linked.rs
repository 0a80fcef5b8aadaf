//! Which file of the tree a deployment links to.

use std::sync::Arc;

use super::json::{self, Named};
use super::term::{Declaration, Deploys, Kind, Parameter, Term};
use crate::roots::joined;

/// How far variables are followed.
const MAX_DEPTH: usize = 8;

/// Finds what a deployment links to by `templateLink`, from the texts that its address is put together from.
pub(super) fn resolve(
    declaration: &mut Declaration,
    variables: &Named<Term>,
    parameters: &Named<Parameter>,
    folder: &str,
) {
    if declaration.deploys.is_some() || !declaration.kind.eq_ignore_ascii_case(json::DEPLOYMENT) {
        return;
    }
    let Some(properties) = declaration.body.get("properties") else { return };
    let Some(link) = properties.get("templateLink") else { return };
    let given = properties.get("parameters").map(json::given).unwrap_or_default();
    let mut names = Vec::new();
    for key in ["relativePath", "uri"] {
        if let (Some(term), true) = (link.get(key), names.is_empty()) {
            file_names(term, variables, parameters, MAX_DEPTH, &mut names);
        }
    }
    names.dedup();
    declaration.deploys = Some(match names.as_slice() {
        [name] => Deploys::File(beside(folder, name).into(), given),
        _ => Deploys::Elsewhere("the template that it links to is not in the tree".into()),
    });
}

/// The path of a linked template. An address is put together from that of the outermost template, so that a template in
/// a folder may name its neighbours with the name of that folder.
fn beside(folder: &str, name: &str) -> String {
    let outer = name.rsplit_once('/').and_then(|(inner, _)| folder.strip_suffix(inner));
    match outer.filter(|outer| outer.is_empty() || outer.ends_with('/')) {
        Some(outer) => joined(outer, name),
        None => joined(folder, name),
    }
}

/// The texts in a term that name a JSON file of the tree.
fn file_names(
    term: &Term,
    variables: &Named<Term>,
    parameters: &Named<Parameter>,
    depth: usize,
    names: &mut Vec<Arc<str>>,
) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match &term.kind {
        Kind::Scalar(scalar) => {
            let text = scalar.text.trim_start_matches('/');
            if text.ends_with(".json") && !text.contains("://") && !names.iter().any(|name| **name == *text) {
                names.push(text.into());
            }
        }
        Kind::Call(name, arguments) => {
            let named = arguments.first().and_then(Term::as_str).map(str::to_lowercase).unwrap_or_default();
            let value = match &*name.to_lowercase() {
                "variables" => variables.get(&named),
                "parameters" => parameters.get(&named).and_then(|parameter| parameter.default.as_ref()),
                _ => None,
            };
            for part in value.into_iter().chain(arguments) {
                file_names(part, variables, parameters, depth, names);
            }
        }
        Kind::Member(of, key, _) => {
            // Of a variable that holds many file names, the one under the key counts.
            let within = match &of.kind {
                Kind::Call(name, arguments) if name.eq_ignore_ascii_case("variables") => {
                    let named = arguments.first().and_then(Term::as_str).map(str::to_lowercase).unwrap_or_default();
                    variables.get(&named).zip(key.as_str()).and_then(|(value, key)| value.get(key))
                }
                _ => None,
            };
            file_names(within.unwrap_or(of), variables, parameters, depth, names);
        }
        _ => {}
    }
}
