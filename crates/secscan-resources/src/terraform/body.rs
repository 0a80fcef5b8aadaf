//! Blocks to trees: arguments and nested blocks by name, `dynamic` blocks written out.

use std::sync::Arc;

use hcl_edit::expr::{Expression, TraversalOperator};
use hcl_edit::structure::{Attribute, Block, Body, Structure};
use secscan_model::{Location, Map, Node, Reference, Span, Value};

use super::evaluator::{Evaluator, Name, Scope};
use super::value::{Entries, sorted, unresolved_by, with_refs};

/// How many blocks one `dynamic` block is written out to.
const MAX_BLOCKS: usize = 1_000;

/// Arguments that name things instead of having a value.
const SYMBOLIC: [&str; 5] = ["depends_on", "ignore_changes", "provider", "providers", "replace_triggered_by"];

/// Adds a block to the list of those of its type; the list has the place and the header of the first.
fn add_block(tree: &mut Entries, name: &str, block: Node) {
    match tree.get_mut(name).map(|known| &mut known.value) {
        Some(Value::List(blocks)) => Arc::make_mut(blocks).push(block),
        _ => {
            let (at, name_at) = (block.at, block.name_at);
            tree.insert(name.into(), Node::list(vec![block], at).named(name_at));
        }
    }
}

/// The header of a block: its type and labels.
pub(super) fn header(block: &Block, scope: Scope<'_>) -> Location {
    let start = scope.at(&block.ident);
    let end = block.labels.last().map_or(start, |label| scope.at(label));
    Location { source: start.source, span: start.span.cover(end.span) }
}

impl<'a> Evaluator<'a> {
    /// The tree of a block's body. `known` are arguments whose values the caller has found already.
    pub(super) fn body(&mut self, body: &'a Body, scope: Scope<'_>, known: &[(&str, &Node)]) -> Map {
        let mut tree = Entries::default();
        for structure in body.iter() {
            match structure {
                Structure::Attribute(attribute) => {
                    let name = attribute.key.as_str();
                    let value = match known.iter().find(|(known, _)| *known == name) {
                        Some((_, value)) => (*value).clone(),
                        None => self.argument(attribute, scope),
                    };
                    let value = self.commented(value, scope.at(&attribute.value), scope);
                    tree.insert(name.into(), value.named(scope.at(&attribute.key)));
                }
                Structure::Block(block) if block.ident.as_str() == "dynamic" => self.dynamic(block, scope, &mut tree),
                Structure::Block(block) => {
                    let name = block.ident.as_str();
                    let block = self.block(block, scope);
                    add_block(&mut tree, name, block);
                }
            }
        }
        tree.into_map()
    }

    fn argument(&mut self, attribute: &'a Attribute, scope: Scope<'_>) -> Node {
        if SYMBOLIC.contains(&attribute.key.as_str()) {
            self.symbols(attribute.key.as_str(), &attribute.value, scope)
        } else {
            self.value(&attribute.value, scope)
        }
    }

    /// A nested block. Labels become keys around it, as in Terraform's JSON syntax.
    pub(super) fn block(&mut self, block: &'a Block, scope: Scope<'_>) -> Node {
        let place = |node: Node| node.named(header(block, scope));
        if self.enter(scope.at(block)).is_err() {
            return place(Node::unresolved("blocks nest too deeply", scope.at(block)));
        }
        let body = self.body(&block.body, scope, &[]);
        self.depth -= 1;
        let inner = place(Node::map(body, scope.at(block)));
        block.labels.iter().rev().fold(inner, |inner, label| {
            let mut map = Map::with_capacity(1);
            map.push_new(label.as_str(), inner);
            place(Node::map(map, scope.at(block)))
        })
    }

    /// Adds the comment that stands behind a value on its line.
    pub(super) fn commented(&self, mut node: Node, at: Location, scope: Scope<'_>) -> Node {
        if let Some(comment) = scope.unit.file.comment_behind(&scope.unit.source.bytes, at.span) {
            node.extra_mut().comment = Some(comment.into());
        }
        node
    }

    /// `dynamic "NAME" { for_each, iterator, content }`.
    fn dynamic(&mut self, block: &'a Block, scope: Scope<'_>, tree: &mut Entries) {
        let Some(name) = block.labels.first().map(|label| label.as_str()) else { return };
        let place = |node: Node| node.named(header(block, scope));
        let content = block.body.get_blocks("content").next();
        let (Some(for_each), Some(content)) = (block.body.get_attribute("for_each"), content) else {
            add_block(tree, name, place(Node::perhaps_absent("the dynamic block is not complete", scope.at(block))));
            return;
        };
        let iterator = block.body.get_attribute("iterator").and_then(|written| written.value.as_variable());
        let iterator = iterator.map_or(name, |iterator| iterator.as_str());
        let each = self.value(&for_each.value, scope);
        let Some(Elements { pairs, more }) = elements(&each) else {
            let why =
                each.as_unresolved().map_or_else(|| "`for_each` is no collection".into(), |each| each.why.clone());
            let unknown = Node::perhaps_absent(why, scope.at(&for_each.value));
            let refs = unresolved_by(&each, each.at);
            add_block(tree, name, place(with_refs(unknown, refs.refs())));
            return;
        };
        if pairs.len() > MAX_BLOCKS {
            let message = format!("only the first {MAX_BLOCKS} blocks of `dynamic \"{name}\"` were looked at");
            self.report(secscan_model::DiagnosticKind::Limit, scope.at(block), message);
        }
        for (key, value) in pairs.iter().take(MAX_BLOCKS) {
            if value.as_unresolved().is_some_and(|value| value.perhaps_absent) {
                add_block(tree, name, place(value.clone()));
                continue;
            }
            let item = pair(key.clone(), value.clone());
            let names = Name { name: iterator, value: &item, outer: scope.names };
            let scope = Scope { names: Some(&names), ..scope };
            let body = self.body(&content.body, scope, &[]);
            add_block(tree, name, place(Node::map(body, scope.at(block))));
        }
        if let Some(why) = more {
            add_block(tree, name, place(Node::perhaps_absent(why, scope.at(&for_each.value))));
        }
    }

    /// An argument that names things: references as they are written, in lists and maps too; anything else by its value.
    fn symbols(&mut self, name: &str, expression: &'a Expression, scope: Scope<'_>) -> Node {
        let at = scope.at(expression);
        match expression {
            Expression::Array(array) => {
                Node::list(array.iter().map(|item| self.symbols(name, item, scope)).collect(), at)
            }
            Expression::Object(object) => {
                let mut map = Map::with_capacity(object.len());
                for (key, value) in object.iter() {
                    let written = scope.at(key);
                    map.insert(scope.written(written), self.symbols(name, value.expr(), scope).named(written));
                }
                Node::map(map, at)
            }
            Expression::Variable(_) | Expression::Traversal(_) => {
                let written = scope.written(at);
                let address = if name.starts_with("provider") {
                    Some(format!("provider.{written}"))
                } else {
                    symbol_address(expression)
                };
                let refs = address.map(|address| Reference { address: address.into() });
                with_refs(Node::text(written, at), refs.as_slice())
            }
            _ => self.value(expression, scope),
        }
    }
}

/// The address of what `aws_s3_bucket.a.arn`, `data.x.y` or `module.a` means.
fn symbol_address(expression: &Expression) -> Option<String> {
    let traversal = expression.as_traversal()?;
    let root = traversal.expr.as_variable()?.as_str();
    let mut names = traversal.operators.iter().map_while(|operator| match operator.value() {
        TraversalOperator::GetAttr(name) => Some(name.as_str()),
        _ => None,
    });
    let first = names.next()?;
    match root {
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

/// The elements of a collection; none when it is not known or is no collection. Texts in a list are their own keys, as in
/// the sets that Terraform iterates over; other items have their numbers.
pub(super) fn elements(collection: &Node) -> Option<Elements> {
    match &collection.value {
        Value::Map(map) => {
            let pairs = sorted(map).into_iter();
            let pairs = pairs.map(|(key, value)| (Node::text(key.clone(), value.name_at), value.clone())).collect();
            Some(Elements { pairs, more: map.rest.clone() })
        }
        Value::List(items) => {
            let keys = items.iter().enumerate().map(|(index, item)| match item.as_str() {
                Some(_) => item.clone(),
                None => Node::int(index as i64, item.at),
            });
            Some(Elements { pairs: keys.zip(items.iter().cloned()).collect(), more: None })
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
