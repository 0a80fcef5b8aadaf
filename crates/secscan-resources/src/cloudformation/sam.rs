//! What the SAM transform makes: the resources that short forms stand for, at the places of the short forms.
//!
//! Reading order: [`Globals`] (defaults of all functions, APIs, ...), [`transform`], [`SHAPES`] (what is only renamed),
//! then roles and events. What the transform would add by itself, with nothing written that it is made from, is left
//! out: nobody could find it in the file.

use std::sync::Arc;

use secscan_model::{Entry, Map, Node, Value};

use super::evaluate::{Call, refers_to};

/// A resource that the transform makes.
pub(super) struct Made {
    pub(super) kind: &'static str,
    pub(super) id: String,
    pub(super) value: Map,
}

/// A type and what it becomes: each attribute of the one under its name in the other.
struct Shape {
    of: &'static str,
    kind: &'static str,
    /// What the logical id ends in.
    suffix: &'static str,
    /// What must be written for it to be made.
    needs: &'static str,
    keys: &'static [(&'static str, &'static str)],
}

/// Attributes that keep their names, of every type.
const KEPT: &[&str] = &["Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Metadata"];

static SHAPES: &[Shape] = &[
    Shape {
        of: "AWS::Serverless::Function",
        kind: "AWS::Lambda::Function",
        suffix: "",
        needs: "",
        keys: &[
            ("Architectures", "Architectures"),
            ("CodeSigningConfigArn", "CodeSigningConfigArn"),
            ("DeadLetterQueue.TargetArn", "DeadLetterConfig.TargetArn"),
            ("Description", "Description"),
            ("Environment", "Environment"),
            ("EphemeralStorage", "EphemeralStorage"),
            ("FileSystemConfigs", "FileSystemConfigs"),
            ("FunctionName", "FunctionName"),
            ("Handler", "Handler"),
            ("ImageConfig", "ImageConfig"),
            ("ImageUri", "Code.ImageUri"),
            ("InlineCode", "Code.ZipFile"),
            ("KmsKeyArn", "KmsKeyArn"),
            ("Layers", "Layers"),
            ("LoggingConfig", "LoggingConfig"),
            ("MemorySize", "MemorySize"),
            ("PackageType", "PackageType"),
            ("RecursiveLoop", "RecursiveLoop"),
            ("ReservedConcurrentExecutions", "ReservedConcurrentExecutions"),
            ("Role", "Role"),
            ("Runtime", "Runtime"),
            ("RuntimeManagementConfig", "RuntimeManagementConfig"),
            ("SnapStart", "SnapStart"),
            ("Tags", "Tags"),
            ("Timeout", "Timeout"),
            ("Tracing", "TracingConfig.Mode"),
            ("VpcConfig", "VpcConfig"),
        ],
    },
    Shape {
        of: "AWS::Serverless::Function",
        kind: "AWS::Lambda::Url",
        suffix: "Url",
        needs: "FunctionUrlConfig",
        keys: &[
            ("FunctionUrlConfig.AuthType", "AuthType"),
            ("FunctionUrlConfig.Cors", "Cors"),
            ("FunctionUrlConfig.InvokeMode", "InvokeMode"),
        ],
    },
    Shape {
        of: "AWS::Serverless::Api",
        kind: "AWS::ApiGateway::RestApi",
        suffix: "",
        needs: "",
        keys: &[
            ("ApiKeySourceType", "ApiKeySourceType"),
            ("Auth.ResourcePolicy.CustomStatements", "Policy.Statement"),
            ("BinaryMediaTypes", "BinaryMediaTypes"),
            ("DefinitionBody", "Body"),
            ("Description", "Description"),
            ("DisableExecuteApiEndpoint", "DisableExecuteApiEndpoint"),
            ("EndpointConfiguration", "EndpointConfiguration"),
            ("FailOnWarnings", "FailOnWarnings"),
            ("MinimumCompressionSize", "MinimumCompressionSize"),
            ("Mode", "Mode"),
            ("Name", "Name"),
            ("Tags", "Tags"),
        ],
    },
    Shape {
        of: "AWS::Serverless::Api",
        kind: "AWS::ApiGateway::Stage",
        suffix: "Stage",
        needs: "",
        keys: &[
            ("AccessLogSetting", "AccessLogSetting"),
            ("CacheClusterEnabled", "CacheClusterEnabled"),
            ("CacheClusterSize", "CacheClusterSize"),
            ("CanarySetting", "CanarySetting"),
            ("MethodSettings", "MethodSettings"),
            ("StageName", "StageName"),
            ("Tags", "Tags"),
            ("TracingEnabled", "TracingEnabled"),
            ("Variables", "Variables"),
        ],
    },
    Shape {
        of: "AWS::Serverless::Api",
        kind: "AWS::ApiGateway::DomainName",
        suffix: "DomainName",
        needs: "Domain",
        keys: &[
            ("Domain.CertificateArn", "CertificateArn"),
            ("Domain.DomainName", "DomainName"),
            ("Domain.EndpointConfiguration", "EndpointConfiguration.Types"),
            ("Domain.MutualTlsAuthentication", "MutualTlsAuthentication"),
            ("Domain.SecurityPolicy", "SecurityPolicy"),
        ],
    },
    Shape {
        of: "AWS::Serverless::HttpApi",
        kind: "AWS::ApiGatewayV2::Api",
        suffix: "",
        needs: "",
        keys: &[
            ("CorsConfiguration", "CorsConfiguration"),
            ("DefinitionBody", "Body"),
            ("Description", "Description"),
            ("DisableExecuteApiEndpoint", "DisableExecuteApiEndpoint"),
            ("FailOnWarnings", "FailOnWarnings"),
            ("Name", "Name"),
            ("Tags", "Tags"),
        ],
    },
    Shape {
        of: "AWS::Serverless::HttpApi",
        kind: "AWS::ApiGatewayV2::Stage",
        suffix: "Stage",
        needs: "",
        keys: &[
            ("AccessLogSettings", "AccessLogSettings"),
            ("DefaultRouteSettings", "DefaultRouteSettings"),
            ("RouteSettings", "RouteSettings"),
            ("StageName", "StageName"),
            ("StageVariables", "StageVariables"),
            ("Tags", "Tags"),
        ],
    },
    Shape {
        of: "AWS::Serverless::HttpApi",
        kind: "AWS::ApiGatewayV2::DomainName",
        suffix: "DomainName",
        needs: "Domain",
        keys: &[
            ("Domain.DomainName", "DomainName"),
            ("Domain.MutualTlsAuthentication", "MutualTlsAuthentication"),
            ("Domain.SecurityPolicy", "DomainNameConfigurations.SecurityPolicy"),
            ("Domain.CertificateArn", "DomainNameConfigurations.CertificateArn"),
        ],
    },
    Shape {
        of: "AWS::Serverless::SimpleTable",
        kind: "AWS::DynamoDB::Table",
        suffix: "",
        needs: "",
        keys: &[
            ("PointInTimeRecoverySpecification", "PointInTimeRecoverySpecification"),
            ("ProvisionedThroughput", "ProvisionedThroughput"),
            ("SSESpecification", "SSESpecification"),
            ("TableName", "TableName"),
            ("Tags", "Tags"),
        ],
    },
    Shape {
        of: "AWS::Serverless::LayerVersion",
        kind: "AWS::Lambda::LayerVersion",
        suffix: "",
        needs: "",
        keys: &[
            ("CompatibleArchitectures", "CompatibleArchitectures"),
            ("CompatibleRuntimes", "CompatibleRuntimes"),
            ("Description", "Description"),
            ("LayerName", "LayerName"),
            ("LicenseInfo", "LicenseInfo"),
        ],
    },
    Shape {
        of: "AWS::Serverless::StateMachine",
        kind: "AWS::StepFunctions::StateMachine",
        suffix: "",
        needs: "",
        keys: &[
            ("Definition", "Definition"),
            ("DefinitionSubstitutions", "DefinitionSubstitutions"),
            ("Logging", "LoggingConfiguration"),
            ("Name", "StateMachineName"),
            ("Role", "RoleArn"),
            ("Tags", "Tags"),
            ("Tracing", "TracingConfiguration"),
            ("Type", "StateMachineType"),
        ],
    },
];

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
        made.extend(event(id, &entry.key, &entry.value, apis));
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

/// How the APIs of a template let callers in by default.
#[derive(Default)]
pub(super) struct Apis {
    /// The default authorizer by the logical id of the API; of the API that nobody declares under its type.
    authorizers: Vec<(String, Node)>,
}

impl Apis {
    fn default_of(&self, api: &str) -> Option<&Node> {
        self.authorizers.iter().find(|(id, _)| id == api).map(|(_, authorizer)| authorizer)
    }
}

/// The resource that an event of a function becomes.
fn event(id: &str, name: &str, event: &Node, apis: &Apis) -> Option<Made> {
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
    if let Some(key) = auth.and_then(|auth| auth.get("ApiKeyRequired")) {
        put(map, "ApiKeyRequired", key.clone());
    }
    let api_id = api.and_then(|api| api.refs().first()).map_or(source, |reference| &reference.address);
    let own = auth.and_then(|auth| auth.get("Authorizer"));
    let inherited = || apis.default_of(api_id).cloned();
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

/// The `Globals` of a template: what all resources of a type have unless they say otherwise.
pub(super) struct Globals {
    sections: Vec<(String, Node)>,
    /// How APIs let callers in.
    pub(super) apis: Apis,
    /// Whether the template declares an API of its own.
    has_api: bool,
}

impl Globals {
    pub(super) fn of(document: &Node) -> Self {
        let sections = super::section(document, "Globals").iter();
        let sections: Vec<(String, Node)> =
            sections.map(|entry| (entry.key.to_string(), entry.value.clone())).collect();
        let mut globals = Self { sections, apis: Apis::default(), has_api: false };
        for entry in super::section(document, "Resources") {
            let kind = entry.value.get("Type").and_then(Node::as_str).unwrap_or_default();
            if matches!(kind, "AWS::Serverless::Api" | "AWS::Serverless::HttpApi") {
                globals.has_api = true;
                let merged = globals.merged(kind, &entry.value);
                let authorizer = merged.at_path(&["Properties", "Auth", "DefaultAuthorizer"]);
                globals
                    .apis
                    .authorizers
                    .extend(authorizer.map(|authorizer| (entry.key.to_string(), authorizer.clone())));
            }
        }
        for (name, section) in &globals.sections {
            let authorizer = section.at_path(&["Auth", "DefaultAuthorizer"]);
            globals.apis.authorizers.extend(authorizer.map(|authorizer| (name.clone(), authorizer.clone())));
        }
        globals
    }

    /// A resource with what the globals of its type say.
    pub(super) fn merged(&self, kind: &str, body: &Node) -> Node {
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
    pub(super) fn implied(&self) -> Vec<(String, &'static str, Node)> {
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
