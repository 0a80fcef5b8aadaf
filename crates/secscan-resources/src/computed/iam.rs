//! `$iam`: the statements of a policy in one shape, however the policy is written.
//!
//! A policy comes as JSON text, as a map of the same keys, or as the blocks of a Terraform policy document. A statement
//! becomes `{sid, effect, actions, not-actions, resources, not-resources, principals, not-principals, conditions}`;
//! one-or-many is made many, the kinds of principals are dropped, and every value keeps its place. What a statement means
//! beyond its words (`grants`, `public`, ...) is added by [`crate::iam`].

use std::sync::Arc;

use secscan_model::{Entry, Map, Node, Part, Source, Value};

use super::json;

/// The keys of a statement: ours, that of JSON, that of a Terraform block. The values are one or many texts.
const TEXTS: &[(&str, &str, &str)] = &[
    ("actions", "Action", "actions"),
    ("not-actions", "NotAction", "not_actions"),
    ("resources", "Resource", "resources"),
    ("not-resources", "NotResource", "not_resources"),
];

/// Likewise for principals.
const PRINCIPALS: &[(&str, &str, &str)] =
    &[("principals", "Principal", "principals"), ("not-principals", "NotPrincipal", "not_principals")];

/// Policy documents that a Terraform policy document takes in: before its own statements, and after them, where a
/// statement replaces an earlier one of the same sid.
const TAKEN_IN: &[&str] = &["source_json", "source_policy_documents"];
const OVERRIDING: &[&str] = &["override_json", "override_policy_documents"];

/// The statements of a policy with what they mean; none for what is no policy.
pub(crate) fn child(of: &Node, sources: &[Source]) -> Option<Node> {
    let list = statements(of, sources)?;
    let Value::List(written) = list.value else { return Some(list) };
    let explained = crate::iam::explain(Arc::unwrap_or_clone(written));
    Some(Node { value: Value::List(Arc::new(explained)), ..list })
}

/// The statements of a policy; none for what is no policy.
fn statements(of: &Node, sources: &[Source]) -> Option<Node> {
    let document = json::child(of, sources)?;
    let statements = match &document.value {
        Value::Unresolved(_) => return Some(document),
        Value::List(items) => items.iter().filter(|item| is_statement(item)).map(statement).collect(),
        Value::Map(map) => policy(map, &document, sources)?,
        Value::Scalar(_) => return None,
    };
    let mut list = Node::list(statements, document.at).named(document.name_at);
    list.extra = document.extra.clone();
    Some(list)
}

/// The statements of a policy document.
fn policy(map: &Map, document: &Node, sources: &[Source]) -> Option<Vec<Node>> {
    if let Some(written) = map.get("Statement") {
        return Some(written.items().iter().map(statement).collect());
    }
    let taken_in = |names: &[&str]| -> Vec<Node> {
        let documents = names.iter().filter_map(|name| map.get(name)).flat_map(Node::items);
        documents.filter_map(|document| statements(document, sources)).flat_map(|list| list.items().to_vec()).collect()
    };
    let mut statements = taken_in(TAKEN_IN);
    let own = map.get("statement");
    statements.extend(own.map_or(&[][..], Node::items).iter().map(statement));
    for overriding in taken_in(OVERRIDING) {
        if let Some(sid) = overriding.get("sid").and_then(Node::as_str).filter(|sid| !sid.is_empty()) {
            statements.retain(|statement| statement.get("sid").and_then(Node::as_str) != Some(sid));
        }
        statements.push(overriding);
    }
    if let Some(why) = &map.rest {
        statements.push(Node::perhaps_absent(why.clone(), own.map_or(document.at, |own| own.at)));
    }
    (own.is_some() || !statements.is_empty()).then_some(statements)
}

fn is_statement(node: &Node) -> bool {
    node.as_unresolved().is_some() || node.get("Effect").is_some() || node.get("Action").is_some()
}

/// A statement in our shape. What is not known stays as it is.
fn statement(written: &Node) -> Node {
    let Value::Map(map) = &written.value else { return written.clone() };
    let get = |json: &str, block: &str| map.get(json).or_else(|| map.get(block)).filter(|node| is_set(node));
    let mut made = Map::with_capacity(map.len());
    made.rest = map.rest.clone();
    if let Some(sid) = get("Sid", "sid") {
        made.push_new("sid", sid.clone());
    }
    match get("Effect", "effect") {
        Some(effect) => made.push_new("effect", effect.clone()),
        // A block without an effect allows; JSON without one is refused by the service.
        None if map.get("Action").is_none() && map.get("NotAction").is_none() && map.rest.is_none() => {
            made.push_new("effect", Node::text("Allow", written.name_at));
        }
        None => {}
    }
    for (ours, json, block) in TEXTS {
        if let Some(values) = get(json, block) {
            made.push_new(*ours, many(values, values.items().to_vec()));
        }
    }
    for (ours, json, block) in PRINCIPALS {
        if let Some(values) = get(json, block) {
            made.push_new(*ours, principals(values));
        }
    }
    if let Some(conditions) = get("Condition", "condition").and_then(conditions) {
        made.push_new("conditions", conditions);
    }
    Node { value: Value::Map(Arc::new(made)), at: written.at, name_at: header(written), extra: written.extra.clone() }
}

/// Whether a value says anything: null and an empty list are how expressions leave an argument out.
fn is_set(node: &Node) -> bool {
    !node.is_null() && node.as_list().is_none_or(|items| !items.is_empty())
}

/// The narrow place that stands for a statement: the header of its block, else its first key.
fn header(statement: &Node) -> secscan_model::Location {
    if statement.name_at != statement.at {
        return statement.name_at;
    }
    statement.entries().first().map_or(statement.at, |entry| entry.value.name_at)
}

/// A list in the place of a value. What may be a list or one value, because no text of it is known, stays as it is.
fn many(of: &Node, items: Vec<Node>) -> Node {
    let is_text = |part: &Part| matches!(part, Part::Fixed(_));
    if of.as_unresolved().is_some_and(|unresolved| !unresolved.parts.iter().any(is_text)) {
        return of.clone();
    }
    Node { value: Value::List(Arc::new(items)), at: of.at, name_at: of.name_at, extra: of.extra.clone() }
}

/// What a map may hold beyond its keys.
fn more(map: &Node) -> Option<Node> {
    let why = map.as_map()?.rest.clone()?;
    Some(Node::perhaps_absent(why, map.at).named(map.name_at))
}

/// Principals as texts: `"*"`, `{"AWS": ["a", "b"]}` and blocks `{type, identifiers}` alike.
fn principals(of: &Node) -> Node {
    let mut found = Vec::new();
    for item in of.items() {
        match item.get("identifiers") {
            Some(identifiers) => found.extend_from_slice(identifiers.items()),
            None if item.as_map().is_some() => {
                found.extend(item.entries().iter().flat_map(|entry| entry.value.items()).cloned());
                found.extend(more(item));
            }
            None => found.push(item.clone()),
        }
    }
    many(of, found)
}

/// Conditions as a list of `{operator, key, values}`; none when there is none.
fn conditions(of: &Node) -> Option<Node> {
    let mut found = Vec::new();
    for item in of.items() {
        if let Some(test) = item.get("test") {
            found.push(condition(test.clone(), item.get("variable").cloned(), item.get("values"), item));
            continue;
        }
        if item.as_unresolved().is_some() {
            found.push(item.clone());
        }
        found.extend(more(item));
        for Entry { key: operator, value: keys } in item.entries() {
            let operator = Node::text(operator.clone(), keys.name_at);
            found.extend(more(keys));
            if keys.as_unresolved().is_some() {
                found.push(condition(operator.clone(), None, Some(keys), keys));
            }
            for Entry { key, value } in keys.entries() {
                let key = Node::text(key.clone(), value.name_at);
                found.push(condition(operator.clone(), Some(key), Some(value), value));
            }
        }
    }
    (!found.is_empty()).then(|| many(of, found))
}

fn condition(operator: Node, key: Option<Node>, values: Option<&Node>, at: &Node) -> Node {
    let mut made = Map::with_capacity(3);
    made.push_new("operator", operator);
    match (key, values) {
        (Some(key), _) => made.push_new("key", key),
        (None, Some(unknown)) => made.push_new("key", unknown.clone()),
        (None, None) => {}
    }
    if let Some(values) = values {
        made.push_new("values", many(values, values.items().to_vec()));
    }
    Node::map(made, at.at).named(at.name_at)
}

#[cfg(test)]
mod tests {
    use secscan_model::{Location, SourceId};

    use super::super::testing::{partly, show, written};
    use super::*;

    #[test]
    fn one_or_many_is_many() {
        for (policy, expected) in [
            (
                r#"{"Version": "2012-10-17", "Statement": {"Sid": "a", "Effect": "Allow", "Action": "s3:*", "Resource": ["x", "y"]}}"#,
                "[{sid: a, effect: Allow, actions: [s3:*], resources: [x, y]}]",
            ),
            (
                r#"{"Statement": [{"Effect": "Deny", "NotAction": "a", "NotResource": "b", "Principal": "*"}]}"#,
                "[{effect: Deny, not-actions: [a], not-resources: [b], principals: [*]}]",
            ),
            (
                r#"{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}}]}"#,
                "[{effect: Allow, principals: [*]}]",
            ),
            (
                r#"{"Statement": [{"Effect": "Allow", "Principal": {"AWS": ["1", "2"], "Service": "ec2.amazonaws.com"}, "NotPrincipal": {"Federated": "f"}}]}"#,
                "[{effect: Allow, principals: [1, 2, ec2.amazonaws.com], not-principals: [f]}]",
            ),
            (
                r#"{"Statement": [{"Effect": "Allow", "Condition": {"StringEquals": {"aws:a": "1", "aws:b": ["2", "3"]}, "Bool": {"c": true}}}]}"#,
                "[{effect: Allow, conditions: [{operator: StringEquals, key: aws:a, values: [1]}, {operator: StringEquals, key: aws:b, values: [2, 3]}, {operator: Bool, key: c, values: [true]}]}]",
            ),
            (r#"{"Statement": [{"Effect": "Allow", "Condition": {}, "Action": []}]}"#, "[{effect: Allow}]"),
            (r#"{"Statement": []}"#, "[]"),
            (r#"[{"Effect": "Allow", "Action": "a"}, {"x": 1}]"#, "[{effect: Allow, actions: [a]}]"),
            (r#"{"rules": []}"#, "none"),
            ("not json", "none"),
        ] {
            let (node, source) = written(policy);
            assert_eq!(show(statements(&node, &[source])), expected, "{policy}");
        }
    }

    #[test]
    fn terraform_policy_documents() {
        let (own, _) = written(
            r#"{"statement": [{"actions": ["a"], "principals": [{"type": "AWS", "identifiers": ["*"]}],
                "condition": [{"test": "Bool", "variable": "k", "values": ["true"]}], "effect": null, "sid": "s"}],
                "source_policy_documents": ["{\"Statement\": {\"Sid\": \"s\", \"Effect\": \"Deny\"}}"]}"#,
        );
        let map = json::child(&own, &[]).expect("a map");
        let before = "{sid: s, effect: Deny}";
        let block = "{sid: s, effect: Allow, actions: [a], principals: [*], conditions: [{operator: Bool, key: k, values: [true]}]}";
        assert_eq!(show(statements(&map, &[])), format!("[{before}, {block}]"));
        let Value::Map(map) = map.value else { panic!("a map") };
        let mut map = Map::clone(&map);
        let document = map.remove("source_policy_documents").expect("the document to take in");
        map.insert("override_policy_documents", document);
        let overridden = statements(&Node::map(map, Location::default()), &[]);
        assert_eq!(show(overridden), format!("[{before}]"), "the same sid is replaced");
    }

    #[test]
    fn what_is_unknown_stays_unknown() {
        assert_eq!(
            show(statements(&partly(r#"{"Statement": [{"Effect": "Allow", "Action": ${a}, "Resource": "x"}]}"#), &[])),
            "[{effect: Allow, actions: ?, resources: [x]}]"
        );
        assert_eq!(show(statements(&partly(r#"{"Statement": [${x}]}"#), &[])), "[?]");
        assert_eq!(show(statements(&partly("${x}"), &[])), "?");
        let at = Location { source: SourceId(0), ..Location::default() };
        assert_eq!(show(statements(&Node::unresolved("why", at), &[])), "?");
        let mut map = Map::default();
        map.rest = Some("dynamic".into());
        let statement =
            [("Principal".into(), Node::map(map.clone(), at)), ("Condition".into(), Node::map(map.clone(), at))];
        let statement = Node::list(vec![Node::map(Map::from_iter(statement), at)], at);
        let policy = Node::map(Map::from_iter([("Statement".into(), statement)]), at);
        assert_eq!(show(statements(&policy, &[])), "[{effect: Allow, principals: [??], conditions: [??]}]");
        assert_eq!(show(statements(&Node::map(map, at), &[])), "[??]", "statements may come from elsewhere");
    }

    #[test]
    fn statements_are_named_by_their_first_key() {
        let (node, source) = written(r#"{"Statement": [{"Sid": "x", "Effect": "Allow"}]}"#);
        let list = statements(&node, std::slice::from_ref(&source)).expect("a policy");
        let statement = list.items().first().expect("a statement");
        let text = source.text().expect("text");
        assert_eq!(&text[statement.name_at.span.range()], "\"Sid\"");
        assert_eq!(&text[statement.at.span.range()], r#"{"Sid": "x", "Effect": "Allow"}"#);
    }
}
