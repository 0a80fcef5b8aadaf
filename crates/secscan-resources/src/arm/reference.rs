//! Resources named in expressions: by their ids, by their names, by their symbolic names.

use std::sync::Arc;

use secscan_model::{Map, Node, Value};

use super::evaluator::{AT_DEPLOYMENT, Deployment, Names};
use super::json::DEPLOYMENT;
use super::term::{Declaration, Deploys, Kind, Over, Parent, Term, get};
use super::value::{add, hole, inherit, perhaps, refers_to, through, unknown_because};
use crate::composed::Composed;

/// What a resource is called: its full type, and its full name, which may be known in part only.
#[derive(Clone)]
pub(super) struct Identity {
    pub(super) kind: Arc<str>,
    pub(super) name: Node,
}

impl Identity {
    /// The address, `TYPE/NAME`.
    pub(super) fn address(&self) -> String {
        format!("{}/{}", self.kind, self.name.raw_text().unwrap_or_else(|| "${...}".into()))
    }
}

impl<'a> Deployment<'a> {
    /// What a declaration is called, with the names of its loop known. `outer` is what it stands in.
    pub(super) fn identity(&mut self, declaration: &'a Declaration, outer: Option<&Identity>) -> Identity {
        let name = match declaration.body.get("name") {
            Some(name) => {
                let value = self.evaluate(name);
                match value.as_unresolved().is_some_and(|unresolved| unresolved.parts.is_empty()) {
                    true => {
                        let mut made = Composed::default();
                        add(&mut made, &value, &hole(name), value.at);
                        made.finish(value.at).named(value.name_at)
                    }
                    false => value,
                }
            }
            None => Node::unresolved("it has no name", declaration.at),
        };
        let parent = match &declaration.parent {
            Parent::Named => None,
            Parent::Outer => outer.cloned(),
            Parent::Term(term) => self.deeper(|this| this.identity_of(term)).flatten(),
        };
        let Some(parent) = parent else { return Identity { kind: declaration.kind.clone(), name } };
        let is_full = declaration.kind.split('/').next().is_some_and(|first| first.contains('.'));
        let kind = match is_full {
            true => declaration.kind.clone(),
            false => format!("{}/{}", parent.kind, declaration.kind).into(),
        };
        let depth = |text: &str| text.matches('/').count();
        if is_full
            && matches!(declaration.parent, Parent::Outer)
            && name.raw_text().is_some_and(|name| depth(&name) > 0)
        {
            return Identity { kind, name };
        }
        let mut full = Composed::default();
        add(&mut full, &parent.name, "${...}", name.at);
        full.fixed("/");
        add(&mut full, &name, "${...}", name.at);
        let at = name.at;
        Identity { kind, name: self.finish(full, at).named(name.name_at) }
    }

    /// What the resource of a symbolic name, perhaps with an index, is called.
    fn identity_of(&mut self, term: &'a Term) -> Option<Identity> {
        let (symbol, index) = symbol_of(term)?;
        let chain = self.symbols.get(&symbol.to_lowercase())?.clone();
        let index = index.map(|index| self.evaluate(index));
        let mut identity = None;
        for (position, declaration) in chain.iter().enumerate() {
            let index = index.as_ref().filter(|_| position + 1 == chain.len());
            let names = self.names_at(declaration, index);
            let outer = std::mem::replace(&mut self.names, names);
            identity = Some(self.identity(declaration, identity.as_ref()));
            self.names = outer;
        }
        identity
    }

    /// The names that a declaration sees at an index of its loop.
    pub(super) fn names_at(&mut self, declaration: &'a Declaration, index: Option<&Node>) -> Names {
        let Some(repeat) = &declaration.repeat else { return Names::new() };
        let mut names = Self::unknown_round(repeat, declaration.name_at);
        let Some(index) = index.filter(|index| index.as_int().is_some()) else { return names };
        let count = repeat.index.len();
        names.iter_mut().take(count).for_each(|(_, value)| *value = index.clone());
        if let (Over::Items(items), Some(at)) = (&repeat.over, index.as_int()) {
            let items = self.apart(|this| this.evaluate(items));
            let item = usize::try_from(at).ok().and_then(|at| items.as_list()?.get(at));
            names.iter_mut().skip(count).zip(item).for_each(|((_, value), item)| *value = item.clone());
        }
        names
    }

    /// The symbol of this deployment as references say it; of one round of a loop, with its index.
    pub(super) fn symbol_key(&self, symbol: &str, index: Option<i64>) -> String {
        let index = index.map(|index| format!("[{index}]")).unwrap_or_default();
        format!("#{}:{}{index}", self.number, symbol.to_lowercase())
    }

    /// A resource by its symbolic name, as a whole.
    pub(super) fn symbol(&mut self, name: &'a str, term: &Term) -> Node {
        let key = self.symbol_key(name, None);
        refers_to(Node::unresolved(format!("what becomes of `{name}` is {AT_DEPLOYMENT}"), term.at), key)
    }

    /// What stands in a resource or module that is named by its symbol; none when `of` is no such name.
    pub(super) fn symbol_member(&mut self, of: &'a Term, key: &'a Term, term: &'a Term) -> Option<Node> {
        let (symbol, index) = symbol_of(of)?;
        if let (Kind::Symbol(_), true) = (&of.kind, key.as_str().is_none() || self.is_repeated(symbol)) {
            // `modules[0]` by itself: what is taken from it is asked for with the index.
            let index = self.evaluate(key).as_int();
            let key = self.symbol_key(symbol, index);
            let unknown = Node::unresolved(format!("what becomes of `{symbol}` is {AT_DEPLOYMENT}"), term.at);
            return Some(refers_to(unknown, key));
        }
        let key = key.as_str()?;
        let chain = self.symbols.get(&symbol.to_lowercase())?.clone();
        let declaration = *chain.last()?;
        let index = index.map(|index| self.evaluate(index));
        let reference = self.symbol_key(symbol, index.as_ref().and_then(Node::as_int));
        let value = match key {
            "id" => {
                let identity = self.identity_of(of)?;
                self.id_of(&identity, term)
            }
            "type" => Node::text(declaration.kind.clone(), declaration.name_at),
            "outputs" if declaration.deploys.is_some() => {
                let names = self.names_at(declaration, index.as_ref());
                self.outputs_of(declaration, names, term)
            }
            _ => {
                let names = self.names_at(declaration, index.as_ref());
                match declaration.body.get(key) {
                    Some(value) if !declaration.existing || key == "name" => {
                        let outer = std::mem::replace(&mut self.names, names);
                        let value = self.evaluate(value);
                        self.names = outer;
                        open_ended(value)
                    }
                    _ => Node::unresolved(format!("`{key}` of `{symbol}` is {AT_DEPLOYMENT}"), term.at),
                }
            }
        };
        Some(refers_to(through(value, term.at), reference))
    }

    fn is_repeated(&self, symbol: &str) -> bool {
        let chain = self.symbols.get(&symbol.to_lowercase());
        chain.and_then(|chain| chain.last()).is_some_and(|declaration| declaration.repeat.is_some())
    }

    /// The outputs of what a declaration deploys.
    fn outputs_of(&mut self, declaration: &'a Declaration, names: Names, term: &Term) -> Node {
        let key = format!("{declaration:p} {:?}", names.iter().map(|(_, value)| value.raw_text()).collect::<Vec<_>>());
        if let Some(known) = self.outputs.get(&key) {
            self.shared.spend(crate::arm::value::weight(known));
            return known.clone();
        }
        let outer = std::mem::replace(&mut self.names, names);
        let inner = self.deeper(|this| this.inner(declaration)).flatten();
        self.names = outer;
        let unknown = || Node::unresolved("what the module gives out is not known from the files", term.at);
        let value = match inner {
            Some(mut inner) => {
                let template = inner.template;
                let outputs = template
                    .outputs
                    .iter()
                    .filter_map(|field| Some((field.fixed()?.clone(), inner.evaluate(&field.value))));
                let outputs: Map = outputs.collect();
                Node::map(outputs, term.at)
            }
            None => unknown(),
        };
        self.outputs.insert(key, value.clone());
        value
    }

    /// The deployment of what a declaration deploys, with names of its own.
    pub(super) fn inner(&mut self, declaration: &'a Declaration) -> Option<Deployment<'a>> {
        let (file, template, fields) = match declaration.deploys.as_ref()? {
            Deploys::File(path, fields) => {
                let file = (self.shared.files)(path).filter(|_| !self.path.contains(path))?;
                (file, &file.template, fields)
            }
            Deploys::Nested(template, fields) => (self.file, &**template, fields),
            Deploys::Inline(_) | Deploys::Elsewhere(_) => return None,
        };
        let mut path = self.path.clone();
        if let Deploys::File(next, _) = declaration.deploys.as_ref()? {
            path.push(next.clone());
        }
        let given = fields.iter().filter_map(|field| Some((field.fixed()?.to_lowercase(), &field.value)));
        let given = given.map(|(name, term)| (name, self.evaluate(term))).collect();
        Some(Deployment::new(self.shared.clone(), file, template, path, given))
    }

    /// `reference(...)`: of a deployment in this template its outputs; of all else only a deployment tells.
    pub(super) fn reference(&mut self, of: &Node, term: &'a Term) -> Node {
        let unknown = Node::unresolved(format!("what becomes of the resource is {AT_DEPLOYMENT}"), term.at);
        let Some(text) = of.raw_text() else { return inherit(unknown, [of]) };
        let prefix = format!("{DEPLOYMENT}/");
        let named = of.refs().iter().find_map(|reference| {
            let head = reference.address.get(..prefix.len())?;
            head.eq_ignore_ascii_case(&prefix).then(|| reference.address[prefix.len()..].to_owned())
        });
        let name = named.unwrap_or_else(|| text.to_string());
        let template = self.template;
        let declared = template.resources.iter().filter(|declaration| declaration.deploys.is_some());
        for declaration in declared {
            let is_symbol = declaration.symbol.as_deref() == Some(&*name);
            let called = is_symbol
                || self.apart(|this| this.identity(declaration, None)).name.raw_text().as_deref() == Some(&*name);
            if called {
                let outputs = self.outputs_of(declaration, Names::new(), term);
                let outputs = wrapped(outputs);
                let mut map = Map::with_capacity(1);
                map.push_new("outputs", outputs);
                map.rest = Some(format!("the rest is {AT_DEPLOYMENT}").into());
                return inherit(Node::map(map, term.at), [of]);
            }
        }
        match of.refs().is_empty() {
            true => refers_to(unknown, text.as_ref()),
            false => inherit(unknown, [of]),
        }
    }

    /// The id of a resource as far as it is known, which refers to it.
    pub(super) fn id_of(&self, identity: &Identity, term: &Term) -> Node {
        let names = split_name(&identity.name);
        let mut made = Composed::default();
        made.hole("${resourceGroup().id}", &format!("the resource group is {AT_DEPLOYMENT}").into());
        made.fixed("/providers");
        let mut kinds = identity.kind.split('/');
        made.fixed("/");
        made.fixed(kinds.next().unwrap_or_default());
        for (index, kind) in kinds.enumerate() {
            made.fixed("/");
            made.fixed(kind);
            if let Some(name) = names.get(index) {
                made.fixed("/");
                add(&mut made, name, "${...}", term.at);
            }
        }
        refers_to(self.finish(made, term.at), identity.address())
    }

    /// `resourceId` and its relatives: the type among the arguments, the names behind it.
    pub(super) fn resource_id(&mut self, arguments: &'a [Term], term: &'a Term) -> Node {
        let values: Vec<Node> = arguments.iter().map(|argument| self.evaluate(argument)).collect();
        let is_type = |node: &Node| node.as_str().is_some_and(|text| text.contains('/') && !text.starts_with('/'));
        let Some(at) = values.iter().position(is_type) else {
            return match values.iter().find(|value| value.as_unresolved().is_some()) {
                Some(unknown) => unknown_because(unknown, term.at),
                None => Node::unresolved("the id names no type", term.at),
            };
        };
        let mut full = Composed::default();
        for (index, (value, argument)) in values.iter().zip(arguments).skip(at + 1).enumerate() {
            if index > 0 {
                full.fixed("/");
            }
            add(&mut full, value, &hole(argument), term.at);
        }
        let name = self.finish(full, term.at);
        let kind = values[at].as_str().unwrap_or_default().into();
        self.id_of(&Identity { kind, name }, term)
    }
}

/// The symbol that a term names, and the index behind it.
fn symbol_of(term: &Term) -> Option<(&str, Option<&Term>)> {
    match &term.kind {
        Kind::Symbol(name) => Some((name, None)),
        Kind::Member(of, index, _) => match &of.kind {
            Kind::Symbol(name) if index.as_str().is_none() || index.scalar().is_some_and(is_index) => {
                Some((name, Some(index)))
            }
            _ => None,
        },
        _ => None,
    }
}

fn is_index(scalar: &secscan_model::Scalar) -> bool {
    matches!(scalar.kind, secscan_model::ScalarKind::Int(_))
}

/// The segments of a name; one that is known in part only is one segment unless it has a slash in what is known.
fn split_name(name: &Node) -> Vec<Node> {
    use secscan_model::{Part, Unresolved};
    let segment = |parts: Vec<Part>, why: &Arc<str>| {
        let value = match parts.as_slice() {
            [] => return Node::text("", name.at),
            [Part::Fixed(text)] => return Node::text(text.clone(), name.at),
            _ => Unresolved { why: why.clone(), perhaps_absent: false, parts },
        };
        Node::new(Value::Unresolved(Arc::new(value)), name.at)
    };
    match &name.value {
        Value::Unresolved(unresolved) if !unresolved.parts.is_empty() => {
            let mut segments = Vec::new();
            let mut open = Vec::new();
            for part in &unresolved.parts {
                match part {
                    Part::Hole(_) => open.push(part.clone()),
                    Part::Fixed(text) => {
                        for (index, piece) in text.split('/').enumerate() {
                            if index > 0 {
                                segments.push(segment(std::mem::take(&mut open), &unresolved.why));
                            }
                            if !piece.is_empty() {
                                open.push(Part::Fixed(piece.into()));
                            }
                        }
                    }
                }
            }
            segments.push(segment(open, &unresolved.why));
            segments
        }
        Value::Scalar(scalar) => scalar.text.split('/').map(|piece| Node::text(piece, name.at)).collect(),
        _ => vec![name.clone()],
    }
}

/// A value of a resource: the deployment may add to every map in it.
fn open_ended(mut value: Node) -> Node {
    match &mut value.value {
        Value::Map(map) => {
            let map = Arc::make_mut(map);
            let entries: Vec<_> =
                map.entries().iter().map(|entry| (entry.key.clone(), open_ended(entry.value.clone()))).collect();
            let rest = map.rest.clone().unwrap_or_else(|| format!("more is {AT_DEPLOYMENT}").into());
            *map = entries.into_iter().collect();
            map.rest = Some(rest);
        }
        Value::List(items) => Arc::make_mut(items).iter_mut().for_each(|item| *item = open_ended(item.clone())),
        Value::Scalar(_) | Value::Unresolved(_) => {}
    }
    value
}

/// Outputs as `reference` gives them: each under `value`.
fn wrapped(outputs: Node) -> Node {
    if outputs.as_map().is_none() {
        return perhaps(&outputs, outputs.at);
    }
    let wrap = |value: &Node| {
        let mut map = Map::with_capacity(1);
        map.push_new("value", value.clone());
        Node::map(map, value.at)
    };
    let entries = outputs.entries().iter().map(|entry| (entry.key.clone(), wrap(&entry.value)));
    Node::map(entries.collect(), outputs.at)
}

/// Makes the names of a `dependsOn` refer to what they name.
pub(super) fn refer_dependencies(value: Node) -> Node {
    let Some(depends) = get(&value, "dependsOn").filter(|depends| depends.as_list().is_some()) else { return value };
    let refer = |item: &Node| match item.as_str() {
        Some(name) if item.refs().is_empty() => refers_to(item.clone(), name),
        _ => item.clone(),
    };
    let items = depends.items().iter().map(refer).collect();
    let depends = crate::arm::value::like(depends, Value::List(Arc::new(items)));
    let Value::Map(map) = &value.value else { return value };
    let mut map = Map::clone(map);
    let key =
        map.entries().iter().find(|entry| entry.key.eq_ignore_ascii_case("dependsOn")).map(|entry| entry.key.clone());
    key.map(|key| map.insert(key, depends));
    Node { value: Value::Map(Arc::new(map)), ..value }
}
