//! Events of functions: methods and routes with how they let callers in, rules, mappings.

use secscan_model::{Map, Node};

use super::{Made, put};
use crate::cloudformation::evaluate::refers_to;

/// The event sources of functions that become a resource each, and of which type.
const EVENTS: &[(&str, &str)] = &[
    ("Api", "AWS::ApiGateway::Method"),
    ("CloudWatchEvent", "AWS::Events::Rule"),
    ("DocumentDB", "AWS::Lambda::EventSourceMapping"),
    ("DynamoDB", "AWS::Lambda::EventSourceMapping"),
    ("EventBridgeRule", "AWS::Events::Rule"),
    ("HttpApi", "AWS::ApiGatewayV2::Route"),
    ("Kinesis", "AWS::Lambda::EventSourceMapping"),
    ("MQ", "AWS::Lambda::EventSourceMapping"),
    ("MSK", "AWS::Lambda::EventSourceMapping"),
    ("S3", "AWS::Lambda::Permission"),
    ("SNS", "AWS::SNS::Subscription"),
    ("SQS", "AWS::Lambda::EventSourceMapping"),
    ("Schedule", "AWS::Events::Rule"),
    ("ScheduleV2", "AWS::Scheduler::Schedule"),
    ("SelfManagedKafka", "AWS::Lambda::EventSourceMapping"),
];

/// How the APIs of a template let callers in by default.
#[derive(Default)]
pub(in crate::cloudformation) struct Apis {
    /// The default authorizer by the logical id of the API; of the API that nobody declares under its type.
    authorizers: Vec<(String, Node)>,
    /// Whether a key is asked for, likewise.
    keys: Vec<(String, Node)>,
}

impl Apis {
    fn authorizer_of(&self, api: &str) -> Option<&Node> {
        self.authorizers.iter().find(|(id, _)| id == api).map(|(_, authorizer)| authorizer)
    }

    fn key_of(&self, api: &str) -> Option<&Node> {
        self.keys.iter().find(|(id, _)| id == api).map(|(_, key)| key)
    }

    /// Notes what an API says under `Auth`.
    pub(super) fn know(&mut self, id: &str, auth: Option<&Node>) {
        let Some(auth) = auth else { return };
        self.authorizers.extend(auth.get("DefaultAuthorizer").map(|authorizer| (id.to_owned(), authorizer.clone())));
        self.keys.extend(auth.get("ApiKeyRequired").map(|key| (id.to_owned(), key.clone())));
    }
}

/// The resource that an event of a function becomes.
pub(super) fn event(id: &str, name: &str, event: &Node, apis: &Apis) -> Option<Made> {
    let source = event.get("Type").and_then(Node::as_str)?;
    let kind = EVENTS.iter().find(|(known, _)| *known == source)?.1;
    let empty = Node::map(Map::default(), event.at);
    let properties = event.get("Properties").unwrap_or(&empty);
    let mut map = Map::default();
    match source {
        "Api" | "HttpApi" => route(&mut map, source, event, properties, apis),
        "S3" => {
            put(&mut map, "Action", Node::text("lambda:InvokeFunction", event.name_at));
            put(&mut map, "Principal", Node::text("s3.amazonaws.com", event.name_at));
            let bucket = properties.get("Bucket").cloned();
            let unknown = || Node::unresolved("the bucket is known only at deployment", event.name_at);
            put(&mut map, "SourceArn", bucket.unwrap_or_else(unknown));
            let account = Node::unresolved("the account is known only at deployment", event.name_at);
            put(&mut map, "SourceAccount", account);
        }
        "SNS" => {
            for (from, to) in
                [("Topic", "TopicArn"), ("FilterPolicy", "FilterPolicy"), ("RedrivePolicy", "RedrivePolicy")]
            {
                properties.get(from).into_iter().for_each(|found| put(&mut map, to, found.clone()));
            }
            put(&mut map, "Protocol", Node::text("lambda", event.name_at));
        }
        _ => {
            for entry in properties.entries() {
                let to = match &*entry.key {
                    "Queue" | "Stream" | "Broker" | "Cluster" => "EventSourceArn",
                    "Schedule" => "ScheduleExpression",
                    "Pattern" => "EventPattern",
                    key => key,
                };
                put(&mut map, to, entry.value.clone());
            }
        }
    }
    let target = refers_to(Node::unresolved("the id is known only at deployment", event.name_at), id);
    put(&mut map, "FunctionName", target);
    Some(Made { kind, id: format!("{id}{name}"), value: map })
}

/// A method or route, with how it lets callers in: what the event says, else what its API says for all.
fn route(map: &mut Map, source: &str, event: &Node, properties: &Node, apis: &Apis) {
    let method = properties.get("Method").cloned().unwrap_or_else(|| Node::text("ANY", event.name_at));
    let (api, names): (_, &[&str]) = match source {
        "Api" => (properties.get("RestApiId"), &["RestApiId", "HttpMethod"]),
        _ => (properties.get("ApiId"), &["ApiId"]),
    };
    if let Some(api) = api {
        put(map, names[0], api.clone());
    }
    match source {
        "Api" => {
            let method = method
                .as_str()
                .map(str::to_ascii_uppercase)
                .map_or_else(|| method.value.clone(), |text| Node::text(text, method.at).value);
            put(
                map,
                names[1],
                Node {
                    value: method,
                    ..properties.get("Method").cloned().unwrap_or_else(|| Node::text("ANY", event.name_at))
                },
            );
        }
        _ => {
            let path = properties.get("Path").and_then(Node::as_str).unwrap_or("$default");
            let at = properties.get("Path").map_or(event.name_at, |path| path.at);
            put(
                map,
                "RouteKey",
                Node::text(format!("{} {path}", method.as_str().unwrap_or("ANY").to_ascii_uppercase()), at),
            );
        }
    }
    if let Some(path) = properties.get("Path") {
        put(map, "Path", path.clone());
    }
    let auth = properties.get("Auth");
    let api_id = api.and_then(|api| api.refs().first()).map_or(source, |reference| &reference.address);
    if let Some(key) = auth.and_then(|auth| auth.get("ApiKeyRequired")).or_else(|| apis.key_of(api_id)) {
        put(map, "ApiKeyRequired", key.clone());
    }
    let own = auth.and_then(|auth| auth.get("Authorizer"));
    let inherited = || apis.authorizer_of(api_id).cloned();
    let unknown = api.filter(|api| api.refs().is_empty() && api.as_unresolved().is_some());
    let authorization = match own.cloned().or_else(inherited) {
        Some(authorizer) => authorization(&authorizer, source),
        None if unknown.is_some() => Node::unresolved("the API is not known from the files", event.name_at),
        None => Node::text("NONE", event.name_at),
    };
    put(map, "AuthorizationType", authorization);
}

/// How an authorizer of SAM is called by the service.
fn authorization(authorizer: &Node, source: &str) -> Node {
    let kind = match authorizer.as_str() {
        Some("NONE") => "NONE",
        Some("AWS_IAM") => "AWS_IAM",
        Some(_) if source == "HttpApi" => "JWT",
        Some(_) => "CUSTOM",
        None => return authorizer.clone(),
    };
    Node { value: Node::text(kind, authorizer.at).value, ..authorizer.clone() }
}
