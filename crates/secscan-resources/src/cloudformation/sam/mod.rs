//! What the SAM transform makes: the resources that short forms stand for, at the places of the short forms.
//!
//! Reading order: [`globals`] (defaults of all functions, APIs, ...), [`transform`] and the role here, [`shapes`] (what
//! is only renamed), [`events`]. What the transform would add by itself, with nothing written that it is made from, is left
//! out: nobody could find it in the file.

mod events;
mod globals;
mod shapes;

use secscan_model::{Entry, Map, Node};

pub(super) use self::events::Apis;
pub(super) use self::globals::Globals;
use self::shapes::{SHAPES, Shape};
use super::evaluate::refers_to;

/// A resource that the transform makes.
pub(super) struct Made {
    pub(super) kind: &'static str,
    pub(super) id: String,
    pub(super) value: Map,
}

/// Attributes that keep their names, of every type.
const KEPT: &[&str] = &["Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Metadata"];

/// The resources that a resource stands for; `value` is evaluated.
pub(super) fn transform(id: &str, kind: &str, value: &Node, apis: &Apis) -> Vec<Made> {
    if !kind.starts_with("AWS::Serverless::") {
        return Vec::new();
    }
    let shapes = SHAPES.iter().filter(|shape| shape.of == kind);
    let mut made: Vec<Made> = shapes
        .filter(|shape| shape.needs.is_empty() || value.get(shape.needs).is_some_and(|needed| !needed.is_null()))
        .map(|shape| shaped(id, shape, value))
        .collect();
    made.extend(role(id, value));
    for entry in value.get("Events").map_or(&[][..], Node::entries) {
        made.extend(events::event(id, &entry.key, &entry.value, apis));
    }
    made
}

fn shaped(id: &str, shape: &Shape, value: &Node) -> Made {
    let mut map = Map::default();
    map.rest = value.as_map().and_then(|map| map.rest.clone());
    for (from, to) in shape.keys {
        let path: Vec<&str> = from.split('.').collect();
        match value.at_path(&path) {
            Some(found) if *from == "Tags" => put(&mut map, to, tags(found)),
            Some(found) => put(&mut map, to, found.clone()),
            // Something unknown on the way may hold it.
            None => {
                let outer = value.get(path[0]).filter(|outer| outer.as_unresolved().is_some());
                outer.into_iter().for_each(|unknown| put(&mut map, to, unknown.clone()));
            }
        }
    }
    keep(&mut map, value);
    if shape.kind == "AWS::Lambda::Url" {
        put(&mut map, "TargetFunctionArn", refers_to(Node::text(id, value.name_at), id));
    }
    if shape.kind == "AWS::Lambda::Function" && map.get("Role").is_none() {
        let role = format!("{id}Role");
        put(&mut map, "Role", refers_to(Node::unresolved("the role is made at deployment", value.name_at), &role));
    }
    if shape.suffix == "Stage" {
        let to = if shape.of.ends_with("HttpApi") { "ApiId" } else { "RestApiId" };
        put(&mut map, to, refers_to(Node::unresolved("the id is known only at deployment", value.name_at), id));
    }
    Made { kind: shape.kind, id: format!("{id}{}", shape.suffix), value: map }
}

/// Takes over what stands beside the properties.
fn keep(map: &mut Map, value: &Node) {
    for name in KEPT {
        if let Some(kept) = value.get(name) {
            put(map, name, kept.clone());
        }
    }
}

/// Sets the value at a path; maps on the way are made at its place.
fn put(map: &mut Map, path: &str, value: Node) {
    let Some((key, rest)) = path.split_once('.') else {
        map.insert(path, value);
        return;
    };
    let mut inner = map.get(key).and_then(Node::as_map).cloned().unwrap_or_default();
    let at = value.at;
    let name_at = value.name_at;
    put(&mut inner, rest, value);
    map.insert(key, Node::map(inner, at).named(name_at));
}

/// Tags as the services take them: a list of keys and values.
fn tags(node: &Node) -> Node {
    let Some(map) = node.as_map() else { return node.clone() };
    let tag = |entry: &Entry| {
        let pair = [("Key", Node::text(entry.key.clone(), entry.value.name_at)), ("Value", entry.value.clone())];
        Node::map(pair.into_iter().map(|(key, value)| (key.into(), value)).collect(), entry.value.at)
    };
    Node::list(map.entries().iter().map(tag).collect(), node.at).named(node.name_at)
}

/// The role that the transform makes of the policies of a function or state machine that has no role of its own.
fn role(id: &str, value: &Node) -> Option<Made> {
    let written = |name: &str| value.get(name).filter(|written| !written.is_null());
    if written("Role").is_some() {
        return None;
    }
    let policies = written("Policies");
    policies.or_else(|| written("AssumeRolePolicyDocument"))?;
    let mut map = Map::default();
    for (from, to) in [
        ("AssumeRolePolicyDocument", "AssumeRolePolicyDocument"),
        ("PermissionsBoundary", "PermissionsBoundary"),
        ("RolePath", "Path"),
    ] {
        value.get(from).into_iter().for_each(|found| put(&mut map, to, found.clone()));
    }
    let (mut documents, mut managed) = (Vec::new(), Vec::new());
    for policy in policies.map_or(&[][..], Node::items) {
        if policy.get("Statement").is_some() {
            let entry = [("PolicyDocument".into(), policy.clone())];
            documents.push(Node::map(entry.into_iter().collect(), policy.at).named(policy.name_at));
        } else if policy.as_map().is_none() {
            managed.push(arn(policy));
        }
        // Policy templates (`S3ReadPolicy: {BucketName: ...}`) are scoped by what they are given.
    }
    for (key, items) in [("Policies", documents), ("ManagedPolicyArns", managed)] {
        if let Some(policies) = policies.filter(|_| !items.is_empty()) {
            put(&mut map, key, Node::list(items, policies.at).named(policies.name_at));
        }
    }
    keep(&mut map, value);
    Some(Made { kind: "AWS::IAM::Role", id: format!("{id}Role"), value: map })
}

/// A managed policy by its address: SAM takes the names of those of AWS.
fn arn(policy: &Node) -> Node {
    match policy.as_str() {
        Some(name) if !name.contains(':') => {
            let folder = if name.starts_with("AWSLambda") && name.ends_with("Role") { "service-role/" } else { "" };
            Node {
                value: Node::text(format!("arn:aws:iam::aws:policy/{folder}{name}"), policy.at).value,
                ..policy.clone()
            }
        }
        _ => policy.clone(),
    }
}
