//! The `Globals` of a template.

use std::sync::Arc;

use secscan_model::{Entry, Map, Node, Value};

use super::events::Apis;
use crate::cloudformation::evaluate::Call;
use crate::cloudformation::section;

/// The `Globals` of a template: what all resources of a type have unless they say otherwise.
pub(in crate::cloudformation) struct Globals {
    sections: Vec<(String, Node)>,
    /// How APIs let callers in.
    pub(in crate::cloudformation) apis: Apis,
    /// Whether the template declares an API of its own.
    has_api: bool,
}

impl Globals {
    pub(in crate::cloudformation) fn of(document: &Node) -> Self {
        let sections = section(document, "Globals").iter();
        let sections: Vec<(String, Node)> =
            sections.map(|entry| (entry.key.to_string(), entry.value.clone())).collect();
        let mut globals = Self { sections, apis: Apis::default(), has_api: false };
        for entry in section(document, "Resources") {
            let kind = entry.value.get("Type").and_then(Node::as_str).unwrap_or_default();
            if matches!(kind, "AWS::Serverless::Api" | "AWS::Serverless::HttpApi") {
                globals.has_api = true;
                let merged = globals.merged(kind, &entry.value);
                globals.apis.know(&entry.key, merged.at_path(&["Properties", "Auth"]));
            }
        }
        for (name, section) in &globals.sections {
            globals.apis.know(name, section.get("Auth"));
        }
        globals
    }

    /// A resource with what the globals of its type say.
    pub(in crate::cloudformation) fn merged(&self, kind: &str, body: &Node) -> Node {
        let name = kind.strip_prefix("AWS::Serverless::").unwrap_or_default();
        let Some((_, section)) = self.sections.iter().find(|(known, _)| known == name) else { return body.clone() };
        let properties = match body.get("Properties") {
            Some(own) => laid_over(section, own),
            None => section.clone().named(body.name_at),
        };
        let Value::Map(map) = &body.value else { return body.clone() };
        let mut map = Map::clone(map);
        map.insert("Properties", properties);
        Node { value: Value::Map(Arc::new(map)), ..body.clone() }
    }

    /// The API that nobody declares, when the globals say something about it.
    pub(in crate::cloudformation) fn implied(&self) -> Vec<(String, &'static str, Node)> {
        let implied = [
            ("Api", "ServerlessRestApi", "AWS::Serverless::Api"),
            ("HttpApi", "ServerlessHttpApi", "AWS::Serverless::HttpApi"),
        ];
        let known = implied.iter().filter(|_| !self.has_api).filter_map(|(section, id, kind)| {
            let (_, node) = self.sections.iter().find(|(name, _)| name == section)?;
            Some(((*id).to_owned(), *kind, node.clone()))
        });
        known.collect()
    }
}

/// A value over another: maps are merged, lists joined, anything else replaces.
fn laid_over(under: &Node, over: &Node) -> Node {
    if Call::of(under).is_some() || Call::of(over).is_some() {
        return over.clone();
    }
    let value = match (&under.value, &over.value) {
        (Value::Map(below), Value::Map(above)) => {
            let mut map = Map::clone(below);
            for Entry { key, value } in above.entries() {
                let merged = map.get(key).map_or_else(|| value.clone(), |below| laid_over(below, value));
                map.insert(key.clone(), merged);
            }
            Value::Map(Arc::new(map))
        }
        (Value::List(below), Value::List(above)) => {
            Value::List(Arc::new(below.iter().chain(above.iter()).cloned().collect()))
        }
        _ => return over.clone(),
    };
    Node { value, ..over.clone() }
}
