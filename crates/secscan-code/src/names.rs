//! Imports: what the names of a file mean outside of it.
//!
//! A full name is a module's path as the language writes it, then the members, joined by dots: `os.path.join`,
//! `child_process.exec`, `crypto/md5.New`, `java.security.MessageDigest.getInstance`, `std.process.Command.new`.

use std::collections::{HashMap, HashSet};

use crate::grammar::Role;
use crate::language::Language;
use crate::question::default_local;
use crate::tree::{NodeId, Tree};

/// Expressions that are longer than this are no names.
const MOST_SEGMENTS: usize = 32;

/// What a name resolves to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct FullName {
    pub(crate) text: String,
    pub(crate) origin: Origin,
}

/// How it is known what a name means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Origin {
    /// The file imports it.
    Imported,
    /// The file defines a function or type of that name.
    Defined,
    /// The file says nothing: a builtin, a global, a local variable.
    Bare,
}

/// The imports and definitions of one file.
#[derive(Debug, Default)]
pub(crate) struct Names {
    imported: HashMap<String, String>,
    /// Modules all of whose names are imported.
    wildcards: Vec<String>,
    defined: HashSet<String>,
    /// Every module or member that an import names, with the place.
    modules: Vec<(String, NodeId)>,
}

impl Names {
    /// Reads the imports of a file.
    pub(crate) fn read(tree: &Tree<'_>) -> Self {
        let mut names = Self::default();
        let language = tree.grammar.dialect.language();
        for id in tree.all() {
            match tree.role(id) {
                Role::Import => match language {
                    Language::Python => names.python(tree, id),
                    Language::JavaScript => names.javascript(tree, id),
                    Language::Go => names.go(tree, id),
                    Language::Java => names.java(tree, id),
                    Language::Rust => names.rust(tree, id, "", id),
                },
                Role::Assign if language == Language::JavaScript => names.require(tree, id),
                Role::Function => names.define(tree, id),
                _ => {}
            }
        }
        names
    }

    /// Adds functions that the file defines elsewhere than in what was parsed.
    pub(crate) fn define_functions<'n>(&mut self, names: impl Iterator<Item = &'n [u8]>) {
        self.defined.extend(names.map(|name| String::from_utf8_lossy(name).into_owned()));
    }

    fn bind(&mut self, local: &str, full: String, at: NodeId) {
        self.modules.push((full.clone(), at));
        self.imported.insert(local.to_owned(), full);
    }

    fn define(&mut self, tree: &Tree<'_>, id: NodeId) {
        // Decorators and `export` may stand around it.
        let is_outermost = tree.ancestors(id).skip(1).take(2).any(|around| around == NodeId::ROOT);
        if let Some(name) = tree.child_in(id, "name").filter(|_| is_outermost) {
            self.defined.insert(tree.words(name).into_owned());
        }
    }

    fn python(&mut self, tree: &Tree<'_>, id: NodeId) {
        let module = tree.child_in(id, "module_name").map(|module| tree.words(module).into_owned());
        for child in tree.operands(id).filter(|child| !tree.stands_in_field(*child, "module_name")) {
            let at = |path: &str| match &module {
                Some(module) if module.ends_with('.') => format!("{module}{path}"),
                Some(module) => format!("{module}.{path}"),
                None => path.to_owned(),
            };
            match tree.kind_name(child) {
                "wildcard_import" => {
                    self.modules.extend(module.clone().map(|module| (module, child)));
                    self.wildcards.extend(module.clone());
                }
                "aliased_import" => {
                    if let (Some(name), Some(alias)) = (tree.child_in(child, "name"), tree.child_in(child, "alias")) {
                        self.bind(&tree.words(alias), at(&tree.words(name)), child);
                    }
                }
                _ => {
                    let path = tree.words(child);
                    match &module {
                        Some(_) => self.bind(&path, at(&path), child),
                        None => {
                            let root = path.split('.').next().unwrap_or_default();
                            self.bind(root, root.to_owned(), child);
                            self.modules.push((path.into_owned(), child));
                        }
                    }
                }
            }
        }
    }

    fn javascript(&mut self, tree: &Tree<'_>, id: NodeId) {
        let source = tree.child_in(id, "source");
        for clause in tree.operands(id) {
            if tree.kind_name(clause) == "import_require_clause" {
                if let (Some(name), Some(source)) = (tree.operands(clause).next(), tree.child_in(clause, "source")) {
                    self.bind(&tree.words(name), module(tree, source), clause);
                }
                continue;
            }
            let Some(source) = source else { continue };
            let module = module(tree, source);
            if clause == source {
                self.modules.push((module, id));
                continue;
            }
            for import in tree.operands(clause) {
                match tree.kind_name(import) {
                    "namespace_import" => {
                        if let Some(name) = tree.operands(import).next() {
                            self.bind(&tree.words(name), module.clone(), import);
                        }
                    }
                    "named_imports" => self.named_imports(tree, import, &module),
                    _ => self.bind(&tree.words(import), module.clone(), import),
                }
            }
        }
    }

    fn named_imports(&mut self, tree: &Tree<'_>, imports: NodeId, module: &str) {
        for specifier in tree.operands(imports) {
            let Some(name) = tree.child_in(specifier, "name") else { continue };
            let alias = tree.child_in(specifier, "alias").unwrap_or(name);
            let name = tree.words(name);
            let full = if name == "default" { module.to_owned() } else { format!("{module}.{name}") };
            self.bind(&tree.words(alias), full, specifier);
        }
    }

    /// `const cp = require("child_process")`, `const { exec: run } = require("child_process")`.
    fn require(&mut self, tree: &Tree<'_>, id: NodeId) {
        let (Some(target), Some(value)) = (tree.part(id, 0), tree.part(id, 1)) else { return };
        let Some(FullName { text: module, origin: Origin::Imported }) = required(tree, value) else { return };
        if tree.role(target) == Role::Name {
            self.bind(&tree.words(target), module, id);
            return;
        }
        for pattern in tree.operands(target).filter(|_| tree.kind_name(target) == "object_pattern") {
            let (key, local) = match tree.role(pattern) {
                Role::Name => (Some(pattern), Some(pattern)),
                _ => (tree.child_in(pattern, "key"), tree.child_in(pattern, "value")),
            };
            if let (Some(key), Some(local)) = (key, local) {
                self.bind(&tree.words(local), format!("{module}.{}", tree.words(key)), pattern);
            }
        }
    }

    fn go(&mut self, tree: &Tree<'_>, id: NodeId) {
        let in_list = tree.operands(id).flat_map(|child| {
            let is_list = tree.kind_name(child) == "import_spec_list";
            if is_list { tree.operands(child).collect() } else { vec![child] }
        });
        for spec in in_list.collect::<Vec<_>>() {
            let Some(path) = tree.child_in(spec, "path") else { continue };
            let path = String::from_utf8_lossy(tree.content(path)).into_owned();
            match tree.child_in(spec, "name").map(|name| tree.words(name)).as_deref() {
                Some(".") => {
                    self.modules.push((path.clone(), spec));
                    self.wildcards.push(path);
                }
                Some("_") => self.modules.push((path, spec)),
                Some(name) => self.bind(name, path, spec),
                None => self.bind(&default_local(&path), path, spec),
            }
        }
    }

    fn java(&mut self, tree: &Tree<'_>, id: NodeId) {
        let Some(path) = tree.operands(id).next() else { return };
        let full = tree.words(path).into_owned();
        if tree.operands(id).any(|child| tree.kind_name(child) == "asterisk") {
            self.modules.push((full.clone(), id));
            self.wildcards.push(full);
        } else {
            self.bind(&default_local(&full), full, id);
        }
    }

    /// A part of a `use` tree below a path.
    fn rust(&mut self, tree: &Tree<'_>, id: NodeId, path: &str, at: NodeId) {
        let join = |node: NodeId| {
            let text = tree.words(node).replace("::", ".");
            if path.is_empty() {
                text
            } else if text == "self" {
                path.to_owned()
            } else {
                format!("{path}.{text}")
            }
        };
        for child in tree.operands(id) {
            match tree.kind_name(child) {
                "use_list" => self.rust(tree, child, path, at),
                "scoped_use_list" if depth(path) < MOST_SEGMENTS => {
                    let below = tree.child_in(child, "path").map_or_else(|| path.to_owned(), join);
                    if let Some(list) = tree.child_in(child, "list") {
                        self.rust(tree, list, &below, at);
                    }
                }
                "use_as_clause" => {
                    if let (Some(name), Some(alias)) = (tree.child_in(child, "path"), tree.child_in(child, "alias")) {
                        self.bind(&tree.words(alias), join(name), at);
                    }
                }
                "use_wildcard" => self.wildcards.extend(tree.operands(child).next().map(join)),
                _ if matches!(tree.role(child), Role::Name | Role::Member) => {
                    let full = join(child);
                    self.bind(&default_local(&full), full, at);
                }
                _ => {}
            }
        }
    }

    /// The full name of an expression, when it is a name or a member of one.
    pub(crate) fn full_name(&self, tree: &Tree<'_>, id: NodeId) -> Option<FullName> {
        let mut members: Vec<NodeId> = Vec::new();
        let mut at = id;
        let root = loop {
            match tree.role(at) {
                Role::Name => break self.root(&tree.words(at)),
                Role::Member if members.len() < MOST_SEGMENTS => {
                    members.push(tree.part(at, 1)?);
                    at = tree.part(at, 0)?;
                }
                Role::Call => break required(tree, at)?,
                _ => return None,
            }
        };
        let mut full = root;
        for member in members.iter().rev() {
            full.text.push('.');
            full.text.push_str(&tree.words(*member));
        }
        Some(full)
    }

    fn root(&self, name: &str) -> FullName {
        if let Some(full) = self.imported.get(name) {
            return FullName { text: full.clone(), origin: Origin::Imported };
        }
        let origin = if self.defined.contains(name) { Origin::Defined } else { Origin::Bare };
        FullName { text: name.to_owned(), origin }
    }

    /// Whether a name means the wanted one; with `strict`, by an import.
    pub(crate) fn means(&self, name: &FullName, wanted: &str, strict: bool) -> bool {
        match name.origin {
            Origin::Imported => name.text == wanted,
            Origin::Defined => false,
            Origin::Bare => {
                let by_wildcard = |module: &String| {
                    wanted.strip_prefix(module.as_str()).and_then(|rest| rest.strip_prefix('.')) == Some(&name.text)
                };
                (!strict && name.text == wanted) || self.wildcards.iter().any(by_wildcard)
            }
        }
    }

    /// The modules and members that imports name, in their order.
    pub(crate) fn modules(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.modules.iter().map(|(path, _)| path.as_str())
    }

    /// The places where a module, or something in it, is imported.
    pub(crate) fn imports_of<'n>(&'n self, module: &'n str) -> impl Iterator<Item = NodeId> + 'n {
        let is_within = move |path: &str| {
            path.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '/']))
        };
        self.modules.iter().filter(move |(path, _)| is_within(path)).map(|(_, at)| *at)
    }
}

/// The module that a string names; Node's own modules may be written with a scheme.
fn module(tree: &Tree<'_>, text: NodeId) -> String {
    let path = String::from_utf8_lossy(tree.content(text)).into_owned();
    path.strip_prefix("node:").map(str::to_owned).unwrap_or(path)
}

/// What `require("m")`, `import("m")` or a member of them yields.
fn required(tree: &Tree<'_>, id: NodeId) -> Option<FullName> {
    let mut members = String::new();
    let mut at = id;
    while tree.role(at) == Role::Member && members.len() < 200 {
        members = format!(".{}{members}", tree.words(tree.part(at, 1)?));
        at = tree.part(at, 0)?;
    }
    let is_call = tree.role(at) == Role::Call && tree.grammar.dialect.language() == Language::JavaScript;
    let callee = tree.part(at, 0).filter(|_| is_call)?;
    if !matches!(tree.text(callee), b"require" | b"import") {
        return None;
    }
    let text = tree.part(at, 1).and_then(|arguments| tree.operands(arguments).next())?;
    let is_text = tree.role(text) == Role::Text && tree.operands(text).next().is_none();
    is_text.then(|| FullName { text: module(tree, text) + &members, origin: Origin::Imported })
}

fn depth(path: &str) -> usize {
    path.split('.').count()
}
