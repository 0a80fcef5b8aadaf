//! Tables: what statements mean.

use secscan_model::{Node, Part, Reference, Source, SourceId, Unresolved, Value};

use super::pattern::{covers, matches, overlap};
use crate::computed;
use crate::computed::testing::{partly, show, written};

/// One attribute of each statement of a policy.
fn explained(policy: &Node, key: &str) -> Vec<String> {
    let source = Source::from_text(SourceId(0), "file", "");
    let statements = computed::child("iam", policy, &[source]).expect("a policy");
    statements.items().iter().map(|statement| show(statement.get(key).cloned())).collect()
}

fn policy(statements: &str) -> Node {
    written(&format!(r#"{{"Statement": [{statements}]}}"#)).0
}

/// A policy of two statements about resources that are not known; the number tells which resource it is.
fn about(resources: [(&str, usize); 2]) -> Node {
    let of = partly(
        r#"{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "${x}"},
            {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "${x}",
            "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-example"}}}]}"#,
    );
    let source = Source::from_text(SourceId(0), "file", "");
    let policy = computed::child("json", &of, &[source]).expect("a policy");
    let mut map = policy.as_map().cloned().expect("a map");
    let statements = map.get("Statement").map(Node::items).unwrap_or_default();
    let statements = statements.iter().zip(resources).map(|(statement, (end, number))| {
        let mut statement = statement.as_map().cloned().expect("a statement");
        let parts = vec![Part::Fixed("arn:".into()), Part::Hole("${x}".into()), Part::Fixed(end.into())];
        let unresolved = Unresolved { why: "later".into(), perhaps_absent: false, parts };
        let mut resource = Node::new(Value::Unresolved(unresolved.into()), policy.at);
        resource.extra_mut().refs = vec![Reference { address: number.to_string().into() }];
        statement.insert("Resource", resource);
        Node::map(statement, policy.at)
    });
    let statements = Node::list(statements.collect(), policy.at);
    map.insert("Statement", statements);
    Node::map(map, policy.at)
}

#[test]
fn a_denial_about_another_resource_takes_nothing_back() {
    for (resources, expected) in
        [([("/*", 1), ("/*", 1)], "false"), ([("/x", 1), ("/*", 1)], "false"), ([("/*", 1), ("/*", 2)], "?")]
    {
        assert_eq!(explained(&about(resources), "public")[0], expected, "{resources:?}");
    }
}

#[test]
fn patterns_match_and_cover_and_overlap() {
    for (pattern, text, expected) in [
        ("s3:Get*", "S3:getobject", true),
        ("s3:*Object", "s3:PutObject", true),
        ("s3:*Object", "s3:PutObjectAcl", false),
        ("*", "", true),
        ("a?c", "abc", true),
        ("a?c", "ac", false),
        ("iam:*Role*", "iam:PassRole", true),
        ("", "a", false),
    ] {
        assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
    }
    assert!(covers("role/*", "role/*") && covers("*", "role/*") && !covers("role/app-*", "role/*"));
    assert!(!covers("role/?", "role/*"), "one character is not any text");
    for (one, other, expected) in [
        ("s3:*", "*:GetObject", true),
        ("s3:Get*", "s3:Put*", false),
        ("a*b", "a?", true),
        ("*", "*", true),
        ("iam:*", "iam:PassRole", true),
        ("iam:Pass", "iam:PassRole", false),
    ] {
        assert_eq!((overlap(one, other), overlap(other, one)), (expected, expected), "{one} {other}");
    }
}

#[test]
fn grants_are_the_patterns_that_give_sensitive_actions() {
    for (statements, expected) in [
        (
            r#"{"Effect": "Allow", "Action": ["S3:getobject", "s3:List*"], "Resource": "*"}"#,
            "{read-data: [S3:getobject]}",
        ),
        (
            r#"{"Effect": "Allow", "Action": "iam:*Role*", "Resource": "*"}"#,
            "{escalate: [iam:*Role*], pass-role: [iam:*Role*]}",
        ),
        (r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#, "none"),
        (r#"{"Effect": "Deny", "Action": "iam:*", "Resource": "*"}"#, "none"),
        (
            r#"{"Effect": "Allow", "NotAction": ["iam:*", "s3:*", "ssm:*", "sts:*", "kms:*"], "Resource": "*"}"#,
            "{credentials: [NotAction], read-data: [NotAction], expose: [NotAction]}",
        ),
        (
            r#"{"Effect": "Allow", "Action": ["kms:*"], "Resource": "*"}, {"Effect": "Deny", "Action": "kms:Put*", "Resource": "*"}"#,
            "{decrypt: [kms:*]}",
        ),
        (
            r#"{"Effect": "Allow", "Action": "kms:Put*", "Resource": "*"}, {"Effect": "Deny", "Action": "kms:Put*", "Resource": "x"}"#,
            "{expose: [kms:Put*]}",
        ),
    ] {
        assert_eq!(explained(&policy(statements), "grants")[0], expected, "{statements}");
    }
    let hidden =
        partly(r#"{"Statement": [{"Effect": "Allow", "Action": ["s3:${what}", "ec2:Run"], "Resource": "*"}]}"#);
    assert_eq!(explained(&hidden, "grants"), ["{read-data: [??], expose: [??]}"], "only what the service has");
}

#[test]
fn strangers_are_let_in_or_not() {
    let allowed = |condition: &str| {
        format!(
            r#"{{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*", "Condition": {condition}}}"#
        )
    };
    for (condition, expected) in [
        ("{}", "true"),
        (r#"{"StringEquals": {"aws:PrincipalOrgID": "o-example"}}"#, "false"),
        (r#"{"StringLike": {"aws:PrincipalOrgID": "o-*"}}"#, "true"),
        (r#"{"StringLike": {"aws:PrincipalOrgID": "*"}}"#, "true"),
        (r#"{"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-example"}}"#, "true"),
        (r#"{"StringEqualsIfExists": {"aws:SourceVpce": "vpce-1"}, "Null": {"aws:SourceVpce": "false"}}"#, "false"),
        (r#"{"ForAllValues:StringEquals": {"aws:PrincipalOrgPaths": "o-a/r-b/"}}"#, "true"),
        (r#"{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a/r-b/*"}}"#, "false"),
        (r#"{"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}"#, "true"),
        (r#"{"Null": {"aws:SourceVpce": "false"}}"#, "true"),
        (r#"{"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8::/32"]}}"#, "false"),
        (r#"{"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}"#, "true"),
        (r#"{"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}"#, "true"),
        (r#"{"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:111122223333:*"}}"#, "false"),
        (r#"{"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}}"#, "true"),
        (r#"{"ArnLike": {"aws:SourceArn": "arn:aws:s3:::example-*"}}"#, "false"),
        (r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/reader"}}"#, "true"),
        (r#"{"Bool": {"aws:SecureTransport": "true"}}"#, "true"),
        (r#"{"StringLike": {"aws:Referer": "https://example.com/*"}}"#, "true"),
        (r#"{"Bool": {"aws:PrincipalIsAWSService": "true"}}"#, "false"),
        (r#"{"StringEquals": {"aws:SourceAccount": ["111122223333", "*"]}}"#, "false"),
        (r#"{"StringLike": {"aws:SourceAccount": ["111122223333", "*"]}}"#, "true"),
    ] {
        assert_eq!(explained(&policy(&allowed(condition)), "public"), [expected], "{condition}");
    }
    for (condition, expected) in [
        (r#"{"StringEquals": {"aws:SourceVpce": "${v}"}}"#, "false"),
        (r#"{"StringLike": {"aws:SourceVpce": "${v}"}}"#, "?"),
        (r#"{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "${v}/*"}}"#, "?"),
        (r#"{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-${v}/*"}}"#, "false"),
        (r#"{"IpAddress": {"aws:SourceIp": "${v}"}}"#, "?"),
        (r#"{"IpAddress": {"aws:SourceIp": "${v}/32"}}"#, "false"),
        (r#"{"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:${account}:*"}}"#, "false"),
    ] {
        let hidden = partly(&format!(r#"{{"Statement": [{}]}}"#, allowed(condition)));
        assert_eq!(explained(&hidden, "public"), [expected], "{condition}");
    }
}

#[test]
fn a_denial_of_the_same_policy_closes_the_door() {
    let allow =
        r#"{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "execute-api:Invoke", "Resource": "arn:api/*"}"#;
    for (denial, expected) in [
        (
            r#""Principal": "*", "Action": "execute-api:Invoke", "Resource": "arn:api/*", "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}"#,
            "false",
        ),
        (
            r#""Principal": "*", "Action": "*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}"#,
            "false",
        ),
        (
            r#""Principal": "*", "Action": "execute-api:*", "Resource": "arn:api/*", "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a"}, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}"#,
            "false",
        ),
        (
            r#""Principal": "*", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}"#,
            "true",
        ),
        (
            r#""Principal": "*", "Action": "*", "Resource": "*", "Condition": {"NotIpAddress": {"aws:SourceIp": "0.0.0.0/0"}}"#,
            "true",
        ),
        (r#""Principal": "*", "Action": "execute-api:Manage", "Resource": "*""#, "true"),
        (r#""Principal": "*", "NotAction": "s3:*", "Resource": "*""#, "false"),
        (r#""Principal": "*", "Action": "*", "Resource": "arn:api/one""#, "true"),
        (r#""Principal": {"AWS": "111122223333"}, "Action": "*", "Resource": "*""#, "true"),
        (r#""NotPrincipal": {"AWS": "111122223333"}, "Action": "*", "Resource": "*""#, "false"),
        (
            r#""Principal": "*", "Action": "*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}, "Bool": {"aws:SecureTransport": "false"}}"#,
            "true",
        ),
    ] {
        let both = policy(&format!(r#"{allow}, {{"Effect": "Deny", {denial}}}"#));
        assert_eq!(explained(&both, "public"), [expected, "none"], "{denial}");
    }
}

#[test]
fn principals_conditions_and_accounts() {
    for (statement, public, accounts, narrowed) in [
        (
            r#"{"Effect": "Allow", "NotPrincipal": {"AWS": "1"}, "Action": "a", "Resource": "*"}"#,
            "true",
            "none",
            "none",
        ),
        (r#"{"Effect": "Allow", "Action": "a", "Resource": "*"}"#, "none", "none", "none"),
        (
            r#"{"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::444455556666:root", "111122223333"]}, "Action": "a", "Resource": "arn:aws:sqs:eu-west-1:111122223333:jobs", "Condition": {"StringEquals": {"sts:ExternalId": "x"}}}"#,
            "false",
            "[444455556666]",
            "false",
        ),
        (
            r#"{"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "a", "Resource": "*", "Condition": {"StringEquals": {"AWS:SourceAccount": "111122223333"}}}"#,
            "false",
            "none",
            "true",
        ),
    ] {
        let policy = policy(statement);
        let found = ["public", "accounts", "narrowed"].map(|key| explained(&policy, key).remove(0));
        assert_eq!(found, [public, accounts, narrowed], "{statement}");
    }
}
