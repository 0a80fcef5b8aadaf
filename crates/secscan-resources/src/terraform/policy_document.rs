//! `data "aws_iam_policy_document"`: the policy that its blocks describe, as IAM writes it. Documented at
//! <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document>.

use secscan_model::{Map, Node};

use super::value::Shape;

/// The type of the data source.
pub(super) const TYPE: &str = "aws_iam_policy_document";

/// The attributes that hold the policy.
pub(super) const ATTRIBUTES: [&str; 2] = ["json", "minified_json"];

/// The policy of a data source's tree: a map whose parts stand where the blocks say them.
pub(super) fn document(tree: &Node) -> Node {
    let mut map = Map::with_capacity(3);
    let version = tree.get("version").cloned().unwrap_or_else(|| Node::text("2012-10-17", tree.name_at));
    map.push_new("Version", version);
    if let Some(id) = tree.get("policy_id") {
        map.push_new("Id", id.clone());
    }
    let mut statements = Vec::new();
    for name in ["source_json", "source_policy_documents"] {
        included(tree.get(name), &mut statements);
    }
    for block in tree.get("statement").map(Node::items).unwrap_or_default() {
        add_statement(&mut statements, statement(block));
    }
    for name in ["override_json", "override_policy_documents"] {
        included(tree.get(name), &mut statements);
    }
    let at = tree.get("statement").map_or(tree.at, |statements| statements.at);
    map.push_new("Statement", Node::list(statements, at));
    Shape::Json.on(Node::map(map, tree.at).named(tree.name_at))
}

/// Adds a statement; one with the name of an earlier one takes its place.
fn add_statement(statements: &mut Vec<Node>, statement: Node) {
    let name = statement.get("Sid").and_then(Node::as_str).filter(|name| !name.is_empty());
    let is_same = |known: &Node| name.is_some() && known.get("Sid").and_then(Node::as_str) == name;
    match statements.iter().position(is_same) {
        Some(at) => statements[at] = statement,
        None => statements.push(statement),
    }
}

/// The statements of other documents.
fn included(documents: Option<&Node>, statements: &mut Vec<Node>) {
    for document in documents.map(Node::items).unwrap_or_default() {
        let parsed = document.as_str().and_then(|_| super::json::decode(document).ok());
        match parsed.as_ref().unwrap_or(document).get("Statement") {
            Some(included) => {
                included.items().iter().for_each(|statement| add_statement(statements, statement.clone()));
            }
            None => {
                let why = document.as_unresolved().map_or_else(|| "the policy is not read".into(), |it| it.why.clone());
                statements.push(Node::perhaps_absent(why, document.at));
            }
        }
    }
}

fn statement(block: &Node) -> Node {
    let mut map = Map::default();
    if block.as_unresolved().is_some() {
        return block.clone();
    }
    if let Some(sid) = block.get("sid") {
        map.push_new("Sid", sid.clone());
    }
    map.push_new("Effect", block.get("effect").cloned().unwrap_or_else(|| Node::text("Allow", block.name_at)));
    let lists = [
        ("actions", "Action"),
        ("not_actions", "NotAction"),
        ("resources", "Resource"),
        ("not_resources", "NotResource"),
    ];
    for (from, to) in lists {
        if let Some(value) = block.get(from).filter(|value| !value.is_null()) {
            map.push_new(to, value.clone());
        }
    }
    for (from, to) in [("principals", "Principal"), ("not_principals", "NotPrincipal")] {
        if let Some(blocks) = block.get(from) {
            map.push_new(to, principals(blocks));
        }
    }
    if let Some(blocks) = block.get("condition") {
        map.push_new("Condition", conditions(blocks));
    }
    Node::map(map, block.at).named(block.name_at)
}

/// `principals { type, identifiers }`: `"*"` for anyone, else lists by type.
fn principals(blocks: &Node) -> Node {
    let mut map = Map::default();
    for block in blocks.items() {
        let (of, identifiers) = match (block.get("type"), block.get("identifiers")) {
            (Some(of), Some(identifiers)) => (of, identifiers),
            _ => {
                map.rest = Some(unknown(block));
                continue;
            }
        };
        match of.as_str() {
            Some("*") => {
                let anyone = identifiers.items().iter().find(|identifier| identifier.as_str() == Some("*"));
                if let Some(anyone) = anyone {
                    return anyone.clone().named(block.name_at);
                }
                add(&mut map, "*", identifiers);
            }
            Some(of) => add(&mut map, of, identifiers),
            None => map.rest = Some(unknown(of)),
        }
    }
    Node::map(map, blocks.at).named(blocks.name_at)
}

/// `condition { test, variable, values }` as `{test: {variable: values}}`.
fn conditions(blocks: &Node) -> Node {
    let mut map = Map::default();
    for block in blocks.items() {
        let part = |name| block.get(name).and_then(Node::as_str);
        match (part("test"), part("variable"), block.get("values")) {
            (Some(test), Some(variable), Some(values)) => {
                let mut keys = map.get(test).and_then(Node::as_map).cloned().unwrap_or_default();
                add(&mut keys, variable, values);
                map.insert(test, Node::map(keys, block.at).named(block.name_at));
            }
            _ => map.rest = Some(unknown(block)),
        }
    }
    Node::map(map, blocks.at).named(blocks.name_at)
}

/// Adds values to the list under a key.
fn add(map: &mut Map, key: &str, values: &Node) {
    let joined = match map.get(key) {
        Some(known) if known.as_list().is_some() && values.as_list().is_some() => {
            let all = known.items().iter().chain(values.items()).cloned().collect();
            Node::list(all, known.at).named(known.name_at)
        }
        _ => values.clone(),
    };
    map.insert(key, joined);
}

fn unknown(node: &Node) -> std::sync::Arc<str> {
    node.as_unresolved().map_or_else(|| "a part of the policy is not known".into(), |unresolved| unresolved.why.clone())
}
