//! Node's installed packages: the `package.json` of each folder of `node_modules`.

use secscan_model::Source;

use super::Contents;
use crate::packages::{Ecosystem, Package, Written};

/// Only the package's own file: further ones below it are fixtures and parts.
pub(super) fn claims(path: &str) -> Option<&str> {
    let (before, inside) = path.strip_suffix("/package.json")?.rsplit_once("node_modules/")?;
    let (scope, name) = inside.split_once('/').map_or(("@", inside), |(scope, name)| (scope, name));
    let is_whole = before.is_empty() || before.ends_with('/');
    let is_package = scope.starts_with('@') && !name.is_empty() && !name.contains('/') && !name.starts_with('.');
    (is_whole && is_package).then(|| before.trim_end_matches('/'))
}

pub(super) fn read(source: &Source, contents: &mut Contents) {
    let Some(document) = secscan_parse::json::parse(source).documents.into_iter().next() else { return };
    let field = |key| document.get(key).and_then(Written::of);
    let Some(name) = field("name") else { return };
    let mut package = Package::new(Ecosystem::Npm, "installed package.json", name, document.at);
    package.version = field("version");
    package.licence = field("license");
    contents.packages.push(package);
}
