//! Blocks to trees: arguments and nested blocks by name, `dynamic` blocks written out.

use std::sync::Arc;

use secscan_model::{DiagnosticKind, Location, Map, Node, Reference, Span, Value};

use super::evaluator::{Evaluator, Name, Scope};
use super::frame::FrameId;
use super::module::Written;
use super::value::{Entries, Shape, sorted, unresolved_by, with_refs};
use secscan_parse::hcl::syntax::{Attribute, Block, Body, Expression, Item, Kind, Step};

/// How many blocks one `dynamic` block is written out to.
const MAX_BLOCKS: usize = 1_000;

/// Arguments that name things instead of having a value.
const SYMBOLIC: [&str; 7] = [
    "configuration_aliases",
    "depends_on",
    "experiments",
    "ignore_changes",
    "provider",
    "providers",
    "replace_triggered_by",
];

/// Arguments whose values may be words of the language (`when = destroy`).
const KEYWORDS: [&str; 2] = ["on_failure", "when"];

/// Adds a block to the list of those of its type; the list has the place and the header of the first.
fn add_block(tree: &mut Entries, name: &Arc<str>, block: Node) {
    match tree.get_mut(name).map(|known| &mut known.value) {
        Some(Value::List(blocks)) => Arc::make_mut(blocks).push(block),
        _ => {
            let (at, name_at) = (block.at, block.name_at);
            tree.insert(name.clone(), Node::list(vec![block], at).named(name_at));
        }
    }
}

/// The header of a block: its type and labels.
pub(super) fn header(block: &Block, scope: Scope<'_>) -> Location {
    scope.at(block.header)
}

impl<'a> Evaluator<'a> {
    /// The tree of a block's body. `known` are arguments whose values the caller has found already.
    pub(super) fn body(&mut self, body: &Body, scope: Scope<'_>, known: &[(&str, Node)]) -> Map {
        let mut tree = Entries::default();
        for item in &body.items {
            match item {
                Item::Attribute(attribute) => {
                    let value = match known.iter().find(|(known, _)| *known == &*attribute.name) {
                        Some((_, value)) => value.clone(),
                        None => self.attribute(attribute, scope),
                    };
                    let value = self.commented(value, scope.at(attribute.value.span), scope);
                    tree.insert(attribute.name.clone(), value.named(scope.at(attribute.name_span)));
                }
                Item::Block(block) if &*block.of == "dynamic" => self.dynamic(block, scope, &mut tree),
                Item::Block(block) => {
                    let tree_of_block = self.block(block, scope);
                    add_block(&mut tree, &block.of, tree_of_block);
                }
            }
        }
        tree.into_map()
    }

    fn attribute(&mut self, attribute: &Attribute, scope: Scope<'_>) -> Node {
        let keyword = attribute.value.as_name().filter(|_| KEYWORDS.contains(&&*attribute.name));
        if let Some(keyword) = keyword {
            return Node::text(keyword.clone(), scope.at(attribute.value.span));
        }
        if SYMBOLIC.contains(&&*attribute.name) {
            self.symbols(&attribute.name, &attribute.value, scope)
        } else {
            self.value(&attribute.value, scope)
        }
    }

    /// A nested block. Labels become keys around it, as in Terraform's JSON syntax.
    pub(super) fn block(&mut self, block: &Block, scope: Scope<'_>) -> Node {
        let at = scope.at(block.span);
        let place = |node: Node| node.named(header(block, scope));
        if self.enter(at).is_err() {
            return place(Node::unresolved("blocks nest too deeply", at));
        }
        let body = self.body(&block.body, scope, &[]);
        self.depth -= 1;
        block.labels.iter().rev().fold(place(Node::map(body, at)), |inner, label| {
            let mut map = Map::with_capacity(1);
            map.push_new(label.clone(), inner);
            place(Node::map(map, at))
        })
    }

    /// Adds the comment that stands behind a value on its line.
    pub(super) fn commented(&self, mut node: Node, at: Location, scope: Scope<'_>) -> Node {
        if let Some(comment) = scope.unit.file.comment_behind(&scope.unit.source.bytes, at.span) {
            node.extra_mut().comment = Some(comment.into());
        }
        node
    }

    /// `dynamic "NAME" { for_each, iterator, labels, content }`.
    fn dynamic(&mut self, block: &Block, scope: Scope<'_>, tree: &mut Entries) {
        let Some(name) = block.labels.first() else { return };
        let at = scope.at(block.span);
        let place = |node: Node| node.named(header(block, scope));
        let content = block.body.blocks().find(|block| &*block.of == "content");
        let (Some(for_each), Some(content)) = (block.body.attribute("for_each"), content) else {
            add_block(tree, name, place(Node::perhaps_absent("the dynamic block is not complete", at)));
            return;
        };
        let each = self.value(&for_each.value, scope);
        let each_at = scope.at(for_each.value.span);
        let Some(Elements { pairs, more }) = elements(&each) else {
            let why =
                each.as_unresolved().map_or_else(|| "`for_each` is no collection".into(), |each| each.why.clone());
            let refs = unresolved_by(&each, each.at);
            add_block(tree, name, place(with_refs(Node::perhaps_absent(why, each_at), refs.refs())));
            return;
        };
        if pairs.len() > MAX_BLOCKS {
            let message = format!("only the first {MAX_BLOCKS} blocks of `dynamic \"{name}\"` were looked at");
            self.report(DiagnosticKind::Limit, at, message);
        }
        let iterator = block.body.attribute("iterator").and_then(|written| written.value.as_name()).unwrap_or(name);
        for (key, value) in pairs.into_iter().take(MAX_BLOCKS) {
            if value.as_unresolved().is_some_and(|value| value.perhaps_absent) {
                add_block(tree, name, place(value));
                continue;
            }
            let item = pair(key, value);
            let names = Name { name: iterator, value: &item, outer: scope.names };
            let scope = Scope { names: Some(&names), ..scope };
            let body = place(Node::map(self.body(&content.body, scope, &[]), at));
            let labelled = self.labelled(block, body, scope);
            add_block(tree, name, place(labelled));
        }
        if let Some(why) = more {
            add_block(tree, name, place(Node::perhaps_absent(why, each_at)));
        }
    }

    /// A block that `dynamic` makes, within the labels that it gives it.
    fn labelled(&mut self, block: &Block, body: Node, scope: Scope<'_>) -> Node {
        let Some(labels) = block.body.attribute("labels") else { return body };
        let labels = self.value(&labels.value, scope);
        labels.items().iter().rev().fold(body, |inner, label| match label.as_str() {
            Some(label) => {
                let (at, name_at) = (inner.at, inner.name_at);
                let mut map = Map::with_capacity(1);
                map.push_new(label, inner);
                Node::map(map, at).named(name_at)
            }
            None => unresolved_by(label, inner.at),
        })
    }

    /// An argument that names things: references as they are written, in lists and maps too; anything else by its value.
    fn symbols(&mut self, name: &str, expression: &Expression, scope: Scope<'_>) -> Node {
        let at = scope.at(expression.span);
        match &expression.kind {
            Kind::List(items) => Node::list(items.iter().map(|item| self.symbols(name, item, scope)).collect(), at),
            Kind::Object(entries) => {
                let mut map = Map::with_capacity(entries.len());
                for (key, value) in entries {
                    let key_at = scope.at(key.span);
                    let name_of_key = scope.written(key_at).trim_matches('"');
                    map.insert(name_of_key, self.symbols(name, value, scope).named(key_at));
                }
                Node::map(map, at)
            }
            Kind::Name(_) | Kind::Steps(_) => {
                let written = scope.written(at);
                let address = if name.starts_with("provider") {
                    Some(self.provider(scope.frame, written))
                } else {
                    symbol_address(expression).map(|address| format!("{}{address}", self.frames[scope.frame].prefix))
                };
                let refs = address.map(|address| Reference { address: address.into() });
                with_refs(Node::text(written, at), refs.as_slice())
            }
            _ => self.value(expression, scope),
        }
    }

    /// The address of the provider that a module instance means by a name: its own, else the one that its call hands down.
    fn provider(&self, frame: FrameId, written: &str) -> String {
        let (mut frame, mut name) = (frame, written.to_owned());
        loop {
            let known = &self.frames[frame];
            let declared = |address: &str| known.module.declarations.iter().any(|known| known.address == address);
            let own = format!("provider.{name}");
            let Some(call) = known.call.as_ref().filter(|_| !declared(&own)) else {
                return format!("{}{own}", known.prefix);
            };
            let caller = &self.frames[call.frame].module.declarations[call.declaration];
            let handed = caller.argument("providers").and_then(|written| handed_down(written, &name));
            name = handed.unwrap_or(name);
            frame = call.frame;
        }
    }
}

/// What `providers = { NAME = ... }` of a call says for a name.
fn handed_down(providers: Written<'_>, name: &str) -> Option<String> {
    let Kind::Object(entries) = &providers.expression.kind else { return None };
    let source = providers.unit.source;
    let text =
        |span: Span| std::str::from_utf8(source.bytes.get(span.range())?).ok().map(|text| text.trim_matches('"'));
    let entry = entries.iter().find(|(key, _)| text(key.span) == Some(name))?;
    text(entry.1.span).map(str::to_owned)
}

/// The address of what `aws_s3_bucket.a.arn`, `data.x.y` or `module.a` means.
fn symbol_address(expression: &Expression) -> Option<String> {
    let Kind::Steps(steps) = &expression.kind else { return None };
    let (root, steps) = &**steps;
    let root = root.as_name()?;
    let mut names = steps.iter().map_while(|step| match step {
        Step::Attribute(name) => Some(name),
        _ => None,
    });
    let first = names.next()?;
    match &**root {
        "data" => Some(format!("data.{first}.{}", names.next()?)),
        _ => Some(format!("{root}.{first}")),
    }
}

/// What an iteration goes through.
pub(super) struct Elements {
    /// Keys and values.
    pub pairs: Vec<(Node, Node)>,
    /// Why there may be more, when there may.
    pub more: Option<Arc<str>>,
}

/// The elements of a collection; none when it is not known or is no collection. Items of a set are their own keys, those of
/// a list have their numbers.
pub(super) fn elements(collection: &Node) -> Option<Elements> {
    match &collection.value {
        Value::Map(map) => {
            let pairs = sorted(map).into_iter();
            let pairs = pairs.map(|(key, value)| (Node::text(key.clone(), value.name_at), value.clone())).collect();
            Some(Elements { pairs, more: map.rest.clone() })
        }
        Value::List(items) => {
            let is_set = Shape::of(collection) == Some(Shape::Set);
            let key = |(index, item): (usize, &Node)| {
                if is_set { item.clone() } else { Node::int(index as i64, item.at) }
            };
            let pairs = items.iter().enumerate().map(|(index, item)| (key((index, item)), item.clone()));
            Some(Elements { pairs: pairs.collect(), more: None })
        }
        _ => None,
    }
}

/// `each` or an iterator.
pub(super) fn pair(key: Node, value: Node) -> Node {
    let at = value.at;
    let mut map = Map::with_capacity(2);
    map.push_new("key", key);
    map.push_new("value", value);
    Node::map(map, at)
}

/// The comment that stands behind `end` on its line, marker and outer blanks removed.
pub(super) fn comment_behind<'b>(bytes: &'b [u8], trailing: &[Span], end: u32) -> Option<&'b str> {
    let next = trailing.get(trailing.partition_point(|comment| comment.start < end))?;
    let between = bytes.get(end as usize..next.start as usize)?;
    if !between.iter().all(|byte| matches!(byte, b' ' | b'\t' | b',')) {
        return None;
    }
    let text = std::str::from_utf8(bytes.get(next.range())?).ok()?;
    let text = text.trim_start_matches(['#', '/', '*']).trim_end_matches("*/");
    Some(text.trim())
}
