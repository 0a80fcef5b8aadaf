//! A service as a template: its functions, their events and roles as the resources that the framework makes of them.

use std::sync::Arc;

use secscan_model::{Entry, Location, Map, Node, Value};

/// The template of a service whose variables are replaced.
pub(super) fn template(service: &Node) -> Node {
    let mut making = Making { service, resources: Map::default() };
    let whole = service.clone().named(service_header(service));
    making.add("service", "Serverless::Service", own_words(service), &whole);
    let functions = service.get("functions");
    let functions: Vec<Entry> = functions.into_iter().flat_map(Node::items).flat_map(Node::entries).cloned().collect();
    for Entry { key, value } in &functions {
        making.function(key, value);
    }
    making.role();
    making.stage(&functions);
    let mut document = Map::default();
    for part in service.get("resources").map_or(&[][..], Node::items) {
        for Entry { key, value } in part.entries() {
            match (&**key, value.as_map()) {
                ("Resources", Some(map)) => map.entries().iter().for_each(|entry| {
                    making.resources.insert(entry.key.clone(), entry.value.clone());
                }),
                ("Outputs" | "Conditions" | "Mappings" | "Parameters", Some(_)) => {
                    drop(document.insert(key.clone(), value.clone()))
                }
                _ => {}
            }
        }
    }
    document.insert("Resources", Node::map(making.resources, service.at));
    Node::map(document, service.at)
}

/// What the service says in the framework's own words: everything but what becomes resources.
fn own_words(service: &Node) -> Map {
    let mut map = service.as_map().cloned().unwrap_or_default();
    map.remove("resources");
    map
}

fn service_header(service: &Node) -> Location {
    service.get("service").map_or(service.name_at, |name| name.name_at)
}

struct Making<'s> {
    service: &'s Node,
    resources: Map,
}

impl Making<'_> {
    fn provider(&self, path: &[&str]) -> Option<&Node> {
        self.service.get("provider")?.at_path(path)
    }

    /// Adds a resource at the place of what it is made from.
    fn add(&mut self, id: &str, kind: &str, properties: Map, of: &Node) {
        let (header, at) = (of.name_at, of.at);
        let whole = match header.source == at.source {
            true => Location { span: header.span.cover(at.span), ..at },
            false => at,
        };
        let mut map = Map::with_capacity(2);
        map.push_new("Type", Node::text(kind, header));
        map.push_new("Properties", Node::map(properties, whole).named(header));
        self.resources.insert(id, Node::map(map, whole).named(header));
    }

    fn function(&mut self, name: &str, function: &Node) {
        let id = logical(name);
        let mut own = function.as_map().cloned().unwrap_or_default();
        own.remove("events");
        if let Some(events) = function.get("events") {
            own.push_new("events", events.clone());
        }
        self.add(&format!("functions.{name}"), "Serverless::Function", own, function);
        let properties = self.lambda(function);
        self.add(&format!("{id}LambdaFunction"), "AWS::Lambda::Function", properties, function);
        if let Some(statements) = function.get("iamRoleStatements") {
            let properties = role_of(statements);
            self.add(&format!("{id}IamRoleLambdaExecution"), "AWS::IAM::Role", properties, statements);
        }
        if let Some(url) = function.get("url").filter(|url| url.as_bool() != Some(false) && !url.is_null()) {
            let mut properties = Map::default();
            let authorizer = url.get("authorizer");
            let kind = if authorizer.and_then(Node::as_str) == Some("aws_iam") { "AWS_IAM" } else { "NONE" };
            let place = authorizer.unwrap_or(url);
            properties.push_new("AuthType", Node { value: Node::text(kind, place.at).value, ..place.clone() });
            if let Some(cors) = url.get("cors") {
                properties.push_new("Cors", cors.clone());
            }
            self.add(&format!("{id}LambdaFunctionUrl"), "AWS::Lambda::Url", properties, url);
        }
        for (index, event) in function.get("events").map_or(&[][..], Node::items).iter().enumerate() {
            if let [Entry { key, value }] = event.entries() {
                self.event(&format!("{id}{}", index + 1), key, value);
            }
        }
    }

    /// A function with what the provider says for all.
    fn lambda(&self, function: &Node) -> Map {
        let mut map = Map::default();
        for (from, to) in [
            ("architecture", "Architectures"),
            ("description", "Description"),
            ("ephemeralStorageSize", "EphemeralStorage"),
            ("handler", "Handler"),
            ("kmsKeyArn", "KmsKeyArn"),
            ("layers", "Layers"),
            ("memorySize", "MemorySize"),
            ("name", "FunctionName"),
            ("reservedConcurrency", "ReservedConcurrentExecutions"),
            ("role", "Role"),
            ("runtime", "Runtime"),
            ("timeout", "Timeout"),
        ] {
            let shared = || self.provider(&[from]).filter(|_| from != "name");
            if let Some(value) = function.get(from).or_else(shared) {
                map.push_new(to, value.clone());
            }
        }
        let environment = merged(self.provider(&["environment"]), function.get("environment"));
        if let Some(variables) = environment {
            map.push_new("Environment", wrapped("Variables", variables));
        }
        if let Some(vpc) = function.get("vpc").or_else(|| self.provider(&["vpc"])) {
            map.push_new(
                "VpcConfig",
                renamed(vpc, &[("securityGroupIds", "SecurityGroupIds"), ("subnetIds", "SubnetIds")]),
            );
        }
        if let Some(tracing) = function.get("tracing").or_else(|| self.provider(&["tracing", "lambda"])) {
            let mode = match tracing.as_bool() {
                Some(true) => Node { value: Node::text("Active", tracing.at).value, ..tracing.clone() },
                Some(false) => Node { value: Node::text("PassThrough", tracing.at).value, ..tracing.clone() },
                None => tracing.clone(),
            };
            map.push_new("TracingConfig", wrapped("Mode", mode));
        }
        if let Some(queue) = function.get("onError") {
            map.push_new("DeadLetterConfig", wrapped("TargetArn", queue.clone()));
        }
        if let Some(tags) = merged(self.provider(&["tags"]), function.get("tags")) {
            let tag = |entry: &Entry| {
                let pair =
                    [("Key", Node::text(entry.key.clone(), entry.value.name_at)), ("Value", entry.value.clone())];
                Node::map(pair.into_iter().map(|(key, value)| (key.into(), value)).collect(), entry.value.at)
            };
            let list = Node::list(tags.entries().iter().map(tag).collect(), tags.at).named(tags.name_at);
            map.push_new("Tags", list);
        }
        map
    }

    /// The resource that an event becomes.
    fn event(&mut self, id: &str, kind: &str, event: &Node) {
        let header = event.name_at;
        let mut map = Map::default();
        let kind = match kind {
            "http" => {
                self.method(&mut map, event);
                "AWS::ApiGateway::Method"
            }
            "httpApi" => {
                let route = match event.as_str() {
                    Some(route) => route.to_owned(),
                    None => {
                        let part = |name: &str| event.get(name).and_then(Node::as_str).unwrap_or("*").to_owned();
                        format!("{} {}", part("method").to_ascii_uppercase(), part("path"))
                    }
                };
                map.push_new("RouteKey", Node::text(route, event.at).named(header));
                map.push_new("AuthorizationType", self.authorization(event, "JWT"));
                "AWS::ApiGatewayV2::Route"
            }
            "schedule" => {
                let rate = event.get("rate").unwrap_or(event);
                map.push_new("ScheduleExpression", rate.clone());
                "AWS::Events::Rule"
            }
            "sqs" | "stream" | "msk" | "activemq" | "rabbitmq" => {
                let arn = event.get("arn").unwrap_or(event);
                map.push_new("EventSourceArn", arn.clone());
                "AWS::Lambda::EventSourceMapping"
            }
            _ => return,
        };
        self.add(&format!("{id}{}", kind.rsplit("::").next().unwrap_or_default()), kind, map, event);
    }

    fn method(&self, map: &mut Map, event: &Node) {
        // `http: GET users` or a map.
        let words = event.as_str().and_then(|text| text.split_once(' '));
        let method = event.get("method").and_then(Node::as_str).or(words.map(|(method, _)| method)).unwrap_or("ANY");
        let method = if method == "*" { "ANY".to_owned() } else { method.to_ascii_uppercase() };
        let at = event.get("method").unwrap_or(event);
        map.push_new("HttpMethod", Node { value: Node::text(method, at.at).value, ..at.clone() });
        map.push_new("AuthorizationType", self.authorization(event, "CUSTOM"));
        if let Some(private) = event.get("private") {
            map.push_new("ApiKeyRequired", private.clone());
        }
    }

    /// How an event lets callers in.
    fn authorization(&self, event: &Node, otherwise: &str) -> Node {
        let shared = || self.provider(&["httpApi", "authorizer"]).filter(|_| otherwise == "JWT");
        let Some(authorizer) = event.get("authorizer").or_else(shared) else {
            return Node::text("NONE", event.at).named(event.name_at);
        };
        let name = authorizer.as_str().or_else(|| authorizer.get("type").and_then(Node::as_str));
        let kind = match name {
            Some(name) if name.eq_ignore_ascii_case("aws_iam") => "AWS_IAM",
            Some(name) if name.eq_ignore_ascii_case("cognito_user_pools") => "COGNITO_USER_POOLS",
            _ if authorizer.as_unresolved().is_some() => return authorizer.clone(),
            _ => otherwise,
        };
        Node::text(kind, authorizer.at).named(authorizer.name_at)
    }

    /// The role that all functions share.
    fn role(&mut self) {
        let statements =
            self.provider(&["iam", "role", "statements"]).or_else(|| self.provider(&["iamRoleStatements"]));
        let managed =
            self.provider(&["iam", "role", "managedPolicies"]).or_else(|| self.provider(&["iamManagedPolicies"]));
        let Some(first) = statements.or(managed).cloned() else { return };
        let mut map = statements.map(role_of).unwrap_or_default();
        if let Some(managed) = managed {
            map.push_new("ManagedPolicyArns", managed.clone());
        }
        self.add("IamRoleLambdaExecution", "AWS::IAM::Role", map, &first);
    }

    /// The stage of the API that events over HTTP make.
    fn stage(&mut self, functions: &[Entry]) {
        let has = |kind: &str| {
            let events =
                functions.iter().flat_map(|function| function.value.get("events").map_or(&[][..], Node::items));
            events.into_iter().any(|event| event.get(kind).is_some())
        };
        let service = self.service;
        let Some(provider) = service.get("provider") else { return };
        let is_on = |node: &&Node| node.as_bool() != Some(false) && !node.is_null();
        if has("http") {
            let mut map = Map::default();
            if let Some(logs) = self.provider(&["logs", "restApi"]).filter(is_on) {
                let setting = renamed(logs, &[("format", "Format")]);
                map.push_new("AccessLogSetting", with_destination(setting, logs));
            }
            if let Some(tracing) = self.provider(&["tracing", "apiGateway"]) {
                map.push_new("TracingEnabled", tracing.clone());
            }
            self.add("ApiGatewayStage", "AWS::ApiGateway::Stage", map, provider);
        }
        if has("httpApi") {
            let mut map = Map::default();
            if let Some(logs) = self.provider(&["logs", "httpApi"]).filter(is_on) {
                let setting = renamed(logs, &[("format", "Format")]);
                map.push_new("AccessLogSettings", with_destination(setting, logs));
            }
            self.add("HttpApiStage", "AWS::ApiGatewayV2::Stage", map, provider);
        }
    }
}

/// The log group that the framework makes for a stage.
fn with_destination(mut setting: Node, logs: &Node) -> Node {
    if let Value::Map(map) = &mut setting.value {
        let group = Node::unresolved("the log group is made at deployment", logs.at).named(logs.name_at);
        Arc::make_mut(map).push_new("DestinationArn", group);
    }
    setting
}

/// A role with a policy of these statements.
fn role_of(statements: &Node) -> Map {
    let document = wrapped("Statement", statements.clone());
    let policy = wrapped("PolicyDocument", document);
    let at = policy.at;
    let mut map = Map::default();
    map.push_new("Policies", Node::list(vec![policy], at).named(statements.name_at));
    map
}

/// A map of one entry, at the place of its value.
fn wrapped(key: &str, value: Node) -> Node {
    let (at, name_at) = (value.at, value.name_at);
    let mut map = Map::with_capacity(1);
    map.push_new(key, value);
    Node::map(map, at).named(name_at)
}

/// A map with other names for its keys; what is no map has none of them.
fn renamed(node: &Node, names: &[(&str, &str)]) -> Node {
    if node.as_unresolved().is_some() {
        return node.clone();
    }
    let mut map = Map::default();
    for (from, to) in names {
        node.get(from).into_iter().for_each(|value| map.push_new(*to, value.clone()));
    }
    Node::map(map, node.at).named(node.name_at)
}

/// What the provider says for all functions, and what one of them says over it.
fn merged(shared: Option<&Node>, own: Option<&Node>) -> Option<Node> {
    match (shared, own) {
        (Some(shared), Some(own)) => match (shared.as_map(), own.as_map()) {
            (Some(below), Some(above)) => {
                let mut map = below.clone();
                above.entries().iter().for_each(|entry| drop(map.insert(entry.key.clone(), entry.value.clone())));
                map.rest = below.rest.clone().or_else(|| above.rest.clone());
                Some(Node { value: Value::Map(Arc::new(map)), ..own.clone() })
            }
            _ => {
                let unknown = if own.as_map().is_none() { own } else { shared };
                Some(unknown.clone())
            }
        },
        (one, other) => other.or(one).cloned(),
    }
}

/// A name as the framework writes it in logical ids.
fn logical(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    let whole: String = first.into_iter().chain(letters).collect();
    whole.replace('-', "Dash").replace('_', "Underscore")
}
