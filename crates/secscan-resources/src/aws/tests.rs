//! Tables: what an AWS resource, written as YAML, is read into.

use secscan_model::{Location, Node, Platform, Resource, Source, SourceId, Span};

use super::derive;
use crate::Batch;
use crate::computed::testing::show;
use crate::for_tests::scan;

/// The common resources of one resource of a type, with the source that places point into.
fn derived(kind: &str, yaml: &str) -> (Vec<Resource>, Source) {
    let source = Source::from_text(SourceId(0), "a.yaml", yaml);
    let parsed = secscan_parse::yaml::parse(&source);
    assert!(parsed.diagnostics.is_empty(), "{yaml}");
    let value = parsed.documents.into_iter().next().expect("a document");
    let header = Location { source: source.id, span: Span::new(0, 1) };
    let platform = if kind.contains("::") { Platform::CloudFormation } else { Platform::Terraform };
    let owner = Resource {
        platform,
        kind: kind.into(),
        address: "owner".into(),
        part: "".into(),
        at: value.at,
        value: value.named(header),
        unit: "unit".into(),
        owner: None,
        opaque: None,
    };
    let mut batch = Batch::default();
    batch.push(owner);
    derive(&mut batch, 0, std::slice::from_ref(&source));
    (batch.resources.split_off(1), source)
}

/// One rule as `direction action protocol ports peers open`; `-` for what is not there.
fn line(rule: &Resource) -> String {
    let get = |name: &str| rule.value.get(name).map_or_else(|| "-".to_owned(), |node| show(Some(node.clone())));
    let far = if rule.value.get("sources").is_some() { "sources" } else { "destinations" };
    ["direction", "action", "protocol", "ports", far, "open"].map(get).join(" ")
}

#[test]
fn network_rules() {
    for (kind, yaml, expected) in [
        (
            "aws_security_group",
            "ingress: [{from_port: 22, to_port: 22, protocol: tcp, cidr_blocks: [0.0.0.0/0], ipv6_cidr_blocks: null}]",
            &["ingress allow tcp [22] [0.0.0.0/0] true"][..],
        ),
        (
            "aws_security_group",
            "egress: [{from_port: 0, to_port: 0, protocol: '-1', cidr_blocks: [10.0.0.0/8], ipv6_cidr_blocks: ['::/0']}]",
            &["egress allow all [0-65535] [10.0.0.0/8, ::/0] true"],
        ),
        (
            "aws_security_group",
            "ingress: [{from_port: 20, to_port: 25, protocol: TCP, cidr_blocks: [10.0.0.0/8]}, {from_port: 8, to_port: 0, protocol: icmp, self: true}]",
            &["ingress allow tcp [20-25] [10.0.0.0/8] false", "ingress allow icmp - [self] false"],
        ),
        ("aws_default_security_group", "ingress: []\negress: null", &[]),
        (
            "aws_security_group_rule",
            "{type: ingress, from_port: 0, to_port: 65535, protocol: 6, cidr_blocks: [0.0.0.0/1, 128.0.0.0/1]}",
            &["ingress allow tcp [0-65535] [0.0.0.0/1, 128.0.0.0/1] true"],
        ),
        (
            "aws_security_group_rule",
            "{type: egress, from_port: 1, to_port: 1, protocol: 17, source_security_group_id: sg-1}",
            &["egress allow udp [1] [sg-1] false"],
        ),
        (
            "aws_vpc_security_group_ingress_rule",
            "{cidr_ipv4: 0.0.0.0/0, ip_protocol: '-1'}",
            &["ingress allow all [0-65535] [0.0.0.0/0] true"],
        ),
        (
            "aws_vpc_security_group_egress_rule",
            "{prefix_list_id: pl-1, ip_protocol: tcp, from_port: 443, to_port: 443}",
            &["egress allow tcp [443] [pl-1] ?"],
        ),
        (
            "aws_network_acl",
            "ingress: [{protocol: tcp, action: Deny, cidr_block: 0.0.0.0/0, from_port: 22, to_port: 22, rule_no: 1}]",
            &["ingress deny tcp [22] [0.0.0.0/0] true"],
        ),
        (
            "aws_network_acl_rule",
            "{egress: true, protocol: all, rule_action: allow, cidr_block: 0.0.0.0/0}",
            &["egress allow all [0-65535] [0.0.0.0/0] true"],
        ),
        (
            "aws_network_acl_rule",
            "{protocol: 58, rule_action: allow, ipv6_cidr_block: '::/0', from_port: 0, to_port: 0}",
            &["ingress allow icmpv6 - [::/0] true"],
        ),
        (
            "AWS::EC2::SecurityGroup",
            "SecurityGroupIngress: {IpProtocol: tcp, FromPort: 22, CidrIp: 0.0.0.0/0}\nSecurityGroupEgress: [{IpProtocol: -1, CidrIpv6: '::/1'}]",
            &["ingress allow tcp [22] [0.0.0.0/0] true", "egress allow all [0-65535] [::/1] false"],
        ),
        (
            "AWS::EC2::SecurityGroupIngress",
            "{IpProtocol: '6', FromPort: '80', ToPort: '90', CidrIp: 1.2.3.4/0, SourceSecurityGroupId: sg-1}",
            &["ingress allow tcp [80-90] [1.2.3.4/0, sg-1] true"],
        ),
        (
            "AWS::EC2::NetworkAclEntry",
            "{Egress: false, RuleAction: allow, Protocol: 6, PortRange: {From: 22, To: 22}, CidrBlock: 0.0.0.0/0}",
            &["ingress allow tcp [22] [0.0.0.0/0] true"],
        ),
        (
            "AWS::EC2::SecurityGroupEgress",
            "{IpProtocol: tcp, FromPort: 9, ToPort: 1}",
            &["egress allow tcp [?] [] false"],
        ),
        ("aws_instance", "ingress: [{protocol: tcp}]", &[]),
        (
            "aws_lightsail_instance_public_ports",
            "port_info: [{protocol: tcp, from_port: 22, to_port: 22}, {protocol: tcp, from_port: 1, to_port: 1, cidrs: [203.0.113.0/24]}, {protocol: tcp, from_port: 22, to_port: 22, cidr_list_aliases: [lightsail-connect]}]",
            &[
                "ingress allow tcp [22] [0.0.0.0/0] true",
                "ingress allow tcp [1] [203.0.113.0/24] false",
                "ingress allow tcp [22] [lightsail-connect] false",
            ],
        ),
        (
            "AWS::Lightsail::Instance",
            "Networking: {Ports: [{Protocol: tcp, FromPort: 3306, ToPort: 3306}]}",
            &["ingress allow tcp [3306] [0.0.0.0/0] true"],
        ),
    ] {
        let (rules, _) = derived(kind, yaml);
        assert_eq!(rules.iter().map(line).collect::<Vec<_>>(), expected, "{kind} {yaml}");
        assert!(rules.iter().all(|rule| &*rule.kind == "network-rule" && &*rule.address == "owner"), "{kind}");
    }
}

/// Replaces the texts `VAR` and `VAR/32` in a value by what a variable without a value gives.
fn with_unknowns(node: &Node) -> Node {
    use secscan_model::{Map, Part, Unresolved, Value};
    let unknown = |parts: Vec<Part>| {
        let unresolved = Unresolved { why: "variable `x` has no value".into(), perhaps_absent: false, parts };
        Node { value: Value::Unresolved(unresolved.into()), ..node.clone() }
    };
    match &node.value {
        Value::List(items) => Node::list(items.iter().map(with_unknowns).collect(), node.at).named(node.name_at),
        Value::Map(map) => {
            let entries = map.entries().iter().map(|entry| (entry.key.clone(), with_unknowns(&entry.value)));
            Node::map(entries.collect::<Map>(), node.at).named(node.name_at)
        }
        _ => match node.as_str() {
            Some("VAR") => unknown(Vec::new()),
            Some(text) if text.starts_with("VAR") => {
                unknown(vec![Part::Hole("${var.x}".into()), Part::Fixed(text[3..].into())])
            }
            _ => node.clone(),
        },
    }
}

#[test]
fn unknown_values_make_unknown_rules() {
    for (yaml, expected) in [
        ("ingress: [{protocol: tcp, from_port: VAR, to_port: 1, cidr_blocks: VAR}]", "ingress allow tcp [?] [?] ?"),
        (
            "ingress: [{protocol: tcp, from_port: 1, to_port: 1, cidr_blocks: [VAR, 0.0.0.0/0]}]",
            "ingress allow tcp [1] [?, 0.0.0.0/0] true",
        ),
        (
            "ingress: [{protocol: tcp, from_port: 1, to_port: 1, cidr_blocks: [VAR/32]}]",
            "ingress allow tcp [1] [?] false",
        ),
        ("ingress: [{protocol: tcp, from_port: 1, to_port: 1, cidr_blocks: [VAR/0]}]", "ingress allow tcp [1] [?] ?"),
        (
            "ingress: [{protocol: VAR, from_port: 0, to_port: 0, security_groups: [VAR]}]",
            "ingress allow ? [?] [?] false",
        ),
        ("ingress: [{protocol: VAR, from_port: 22, to_port: 22, cidr_blocks: []}]", "ingress allow ? [22] [] false"),
        ("ingress: VAR", "ingress - - - - -"),
        ("ingress: [VAR]", "ingress - - - - -"),
    ] {
        let source = Source::from_text(SourceId(0), "a.yaml", yaml);
        let value = with_unknowns(&secscan_parse::yaml::parse(&source).documents[0]);
        let owner = Resource { value, ..owner_of_nothing() };
        let rules = super::network::rules(&owner, &super::prefix_lists::PrefixLists::default());
        assert_eq!(rules.len(), 1, "{yaml}");
        let rest = rules[0].value.rest.is_some();
        let rule = Resource { value: Node::map(rules[0].value.clone(), owner.at), ..owner };
        let line = line(&rule);
        assert_eq!(line, expected, "{yaml}");
        assert_eq!(rest, line.ends_with('-'), "{yaml}: what is not there may be there");
    }
}

fn owner_of_nothing() -> Resource {
    Resource {
        platform: Platform::Terraform,
        kind: "aws_security_group".into(),
        address: "owner".into(),
        part: "".into(),
        at: Location::default(),
        value: Node::null(Location::default()),
        unit: "".into(),
        owner: None,
        opaque: None,
    }
}

#[test]
fn rules_point_at_what_they_say() {
    let yaml =
        "ingress:\n  - from_port: 22\n    to_port: 23\n    protocol: tcp\n    cidr_blocks: [10.0.0.0/8, 0.0.0.0/0]\n";
    let (rules, _) = derived("aws_security_group", yaml);
    let rule = &rules[0];
    let text = |path: &str| &yaml[rule.value.get(path).expect(path).at.span.range()];
    assert_eq!(text("ports"), "22", "the port that is written first");
    assert_eq!(text("open"), "0.0.0.0/0", "the block that opens it");
    assert_eq!(text("sources"), "10.0.0.0/8");
    assert_eq!(text("protocol"), "tcp");
    assert!(yaml[rule.header().span.range()].starts_with("from_port"), "the header of the block");
    assert_eq!(&*rule.part, "ingress.1");
    assert_eq!(rule.owner.map(|owner| owner.0), Some(0));
    assert_eq!(rule.value.get("platform").and_then(Node::as_str), Some("terraform"));
}

#[test]
fn statements_of_policies() {
    let role = r#"
assume_role_policy: |
  {
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}]
  }
inline_policy:
  - name: a
    policy: '{"Statement": {"Sid": "S", "Effect": "Allow", "Action": "*", "Resource": "*"}}'
  - policy: '{"Statement": [{"Effect": "Deny", "Action": "x"}, {"Effect": "Deny", "Action": "y"}]}'
"#;
    let (statements, _) = derived("aws_iam_role", role);
    let parts: Vec<&str> = statements.iter().map(|statement| &*statement.part).collect();
    assert_eq!(
        parts,
        ["assume_role_policy.1", "inline_policy.policy.1", "inline_policy.policy.2", "inline_policy.policy.3"]
    );
    let first = &statements[0].value;
    assert_eq!(
        show(Some(first.clone())),
        "{effect: Allow, actions: [sts:AssumeRole], principals: [*], grants: {credentials: [sts:AssumeRole]}, public: true, attribute: assume_role_policy, platform: terraform}"
    );
    let principal = first.get("principals").and_then(|list| list.items().first()).expect("a principal");
    assert_eq!(&role[principal.at.span.range()], "\"*\"", "places lead into the text");
    assert_eq!(&role[statements[0].header().span.range()], "\"Effect\"", "the first key of a statement in a list");
    assert_eq!(&role[statements[1].header().span.range()], "\"Statement\"", "the name of a lone one");
    for (kind, yaml, expected) in [
        ("AWS::IAM::Role", "Policies: [{PolicyDocument: {Statement: [{Effect: Allow, Action: a}]}}]", 1),
        ("AWS::S3::BucketPolicy", "PolicyDocument: {Statement: {Effect: Allow, Action: a, Principal: '*'}}", 1),
        ("aws_iam_policy", "policy: '{\"Statement\": [oops'", 1),
        ("aws_iam_policy", "policy: ''", 0),
        ("aws_iam_policy", "policy: null", 0),
        ("aws_iam_policy", "name: x", 0),
        ("aws_iam_policy_attachment", "policy: '{\"Statement\": [{}]}'", 0),
    ] {
        let (statements, _) = derived(kind, yaml);
        assert_eq!(statements.len(), expected, "{kind} {yaml}");
    }
    let (broken, _) = derived("aws_iam_policy", "policy: '{\"Statement\": [oops'");
    assert!(broken[0].value.as_map().is_some_and(|map| map.rest.is_some()), "may say anything");
}

#[test]
fn every_attribute_is_in_the_vocabulary() {
    let yaml = "{Description: d, IpProtocol: tcp, CidrIp: 0.0.0.0/0, FromPort: 1}";
    let policy = "PolicyDocument: {Statement: {Sid: s, Effect: Allow, Action: a, NotAction: a, Resource: r, NotResource: r, Principal: p, NotPrincipal: p, Condition: {a: {b: c}}}}";
    for (kind, yaml) in [("AWS::EC2::SecurityGroupIngress", yaml), ("AWS::IAM::Policy", policy)] {
        let (common, _) = derived(kind, yaml);
        let known = secscan_model::vocabulary::common_kind(&common[0].kind).expect("a common kind").attributes;
        for entry in common[0].value.entries() {
            assert!(known.contains(&&*entry.key), "{kind}: {}", entry.key);
        }
    }
}

/// The `open` of each rule of a Terraform folder.
fn opened(terraform: &str) -> Vec<String> {
    let (graph, _) = scan(&[("main.tf", terraform)]);
    let rules = graph.resources.iter().filter(|resource| &*resource.kind == "network-rule");
    rules.map(|rule| show(rule.value.get("open").cloned())).collect()
}

#[test]
fn prefix_lists_and_split_rules_are_added_up() {
    let rule = |name: &str, peer: &str| {
        format!(
            "resource \"aws_vpc_security_group_ingress_rule\" \"{name}\" {{\n  security_group_id = aws_security_group.a.id\n  ip_protocol = \"tcp\"\n  from_port = 22\n  to_port = 22\n  {peer}\n}}\n"
        )
    };
    let group = "resource \"aws_security_group\" \"a\" {}\n";
    let listed = |cidr: &str| {
        format!("resource \"aws_ec2_managed_prefix_list\" \"all\" {{\n  entry {{\n    cidr = \"{cidr}\"\n  }}\n}}\n")
    };
    let by_list = rule("list", "prefix_list_id = aws_ec2_managed_prefix_list.all.id");
    let service = "data \"aws_ec2_managed_prefix_list\" \"cdn\" {\n  name = \"com.amazonaws.global.cloudfront.origin-facing\"\n}\n";
    let (low, high) = (rule("low", "cidr_ipv4 = \"0.0.0.0/1\""), rule("high", "cidr_ipv4 = \"128.0.0.0/1\""));
    for (terraform, expected) in [
        (format!("{group}{}{by_list}", listed("0.0.0.0/0")), vec!["true"]),
        (format!("{group}{}{by_list}", listed("203.0.113.0/24")), vec!["false"]),
        (
            format!("{group}{service}{}", rule("cdn", "prefix_list_id = data.aws_ec2_managed_prefix_list.cdn.id")),
            vec!["false"],
        ),
        (format!("{group}{}", rule("unknown", "prefix_list_id = \"pl-1\"")), vec!["?"]),
        (format!("{group}{low}{high}"), vec!["true", "true"]),
        (format!("{group}{low}{}", high.replace("22", "23")), vec!["false", "false"]),
    ] {
        assert_eq!(opened(&terraform), expected, "{terraform}");
    }
}
