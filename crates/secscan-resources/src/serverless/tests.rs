//! Tables of services: what variables stand for.

use secscan_model::{Node, Value};

use crate::for_tests::scan;

/// What `x` of a service becomes.
fn value(x: &str) -> String {
    let service = format!(
        "service: s\nprovider: {{name: aws}}\ncustom:\n  stage: prod\n  names: [a, b]\n  prod: {{size: 3}}\n  again: ${{self:custom.again}}\n  x: {x}\n"
    );
    let files = [("serverless.yml", &*service), ("conf/a.yml", "key:\n  inner: ${self:custom.stage}\n")];
    let (graph, _) = scan(&files);
    let service = graph.resources.iter().find(|resource| &*resource.kind == "Serverless::Service").expect("a service");
    show(service.value.at_path(&["custom", "x"]).expect("set"))
}

fn show(node: &Node) -> String {
    match &node.value {
        Value::Scalar(scalar) => scalar.text.to_string(),
        Value::List(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", ")),
        Value::Map(map) => {
            let entries = map.entries().iter().map(|entry| format!("{}: {}", entry.key, show(&entry.value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Unresolved(unresolved) => format!("?{}", unresolved.raw_text()),
    }
}

#[test]
fn variables_are_replaced() {
    for (x, expected) in [
        ("${self:service}-x", "s-x"),
        ("${self:custom.names}", "[a, b]"),
        ("${self:custom.names.1}", "b"),
        ("${self:custom.${self:custom.stage}.size}", "3"),
        ("${opt:stage, 'dev'}", "dev"),
        ("${opt:stage, self:custom.stage}", "prod"),
        ("${opt:stage, ${self:custom.stage}}", "prod"),
        ("${self:custom.missing, 'other'}", "other"),
        ("${self:provider.stage}", "dev"),
        ("${sls:stage}", "dev"),
        ("${env:TOKEN}", "?${env:TOKEN}"),
        ("a-${env:TOKEN}-b", "?a-${env:TOKEN}-b"),
        ("${ssm:/a/b}", "?${ssm:/a/b}"),
        ("${AWS::Region}", "${AWS::Region}"),
        ("${file(./conf/a.yml):key.inner}", "prod"),
        ("${file(conf/a.yml)}", "{key: {inner: prod}}"),
        ("${file(./missing.yml):key}", "?${file(./missing.yml):key}"),
        ("'${self:custom.again}'", "?"),
        ("'${unclosed'", "${unclosed"),
    ] {
        assert_eq!(value(x), expected, "{x}");
    }
}
