//! What programs say of their parts, as `secscan-image` writes it out: the module list of Go's linker, and the JSON of
//! cargo-auditable.

use secscan_model::{Source, Span};

use super::Contents;
use super::lines::{columns, lines};
use crate::packages::{Ecosystem, Package, Written};

pub(super) fn claims_go(path: &str) -> Option<&str> {
    path.strip_suffix("!go-modules")
}

pub(super) fn claims_cargo(path: &str) -> Option<&str> {
    path.strip_suffix("!cargo-packages.json")
}

/// Lines as `go version -m` prints them: `go`, `mod`, `dep` and `=>` (in place of the one before) with path, version and
/// checksum between tabs.
pub(super) fn read_go(source: &Source, contents: &mut Contents) {
    for (at, line) in lines(source.text().unwrap_or_default()) {
        let mut fields = columns(source, at, line);
        let (Some(word), Some(name)) = (fields.next(), fields.next()) else { continue };
        let whole = source.at(Span::new(at, at + line.len()));
        let mut package = Package::new(Ecosystem::Golang, "Go build info", name.clone(), whole);
        match &*word.text {
            // The standard library, whose advisories speak of `stdlib` and of versions without `go`.
            "go" => {
                package.version = name.text.strip_prefix("go").map(|version| Written::new(version, name.at));
                package.name = Written::new("stdlib", name.at);
            }
            "dep" => package.version = fields.next().filter(|version| !version.text.is_empty()),
            "=>" => {
                contents.packages.pop();
                package.version = fields.next().filter(|version| !version.text.is_empty());
            }
            _ => continue,
        }
        contents.packages.push(package);
    }
}

/// `{"packages": [{"name", "version", "source", "kind", "root"}]}` (cargo-auditable, `PARSING.md`).
pub(super) fn read_cargo(source: &Source, contents: &mut Contents) {
    let Some(document) = secscan_parse::json::parse(source).documents.into_iter().next() else { return };
    for entry in document.get("packages").map(|list| list.items()).unwrap_or_default() {
        let field = |key| entry.get(key).and_then(Written::of);
        let is_root = entry.get("root").and_then(|root| root.as_bool()) == Some(true);
        let Some(name) = field("name").filter(|_| !is_root) else { continue };
        let mut package = Package::new(Ecosystem::Cargo, "cargo-auditable", name, entry.at);
        package.version = field("version");
        package.dev = Some(field("kind").is_some_and(|kind| &*kind.text == "build"));
        contents.packages.push(package);
    }
}
