//! Tables of templates: what a property evaluates to, and which text stands under its place.

use secscan_model::{Diagnostic, DiagnosticKind, Graph, Source, SourceId};

use crate::for_tests::{resource, scan, show};
use crate::read_file;

fn read(template: &str) -> (Graph, Vec<Diagnostic>) {
    scan(&[("stack.yaml", template)])
}

const HEAD: &str = "\
Parameters:
  Env: {Type: String, Default: dev}
  Size: {Type: Number, Default: 20}
  Password: {Type: String, NoEcho: true}
  Zones: {Type: CommaDelimitedList, Default: 'a, b'}
  Ami: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /aws/ami}
Mappings:
  Sizes: {dev: {disk: small}, prod: {disk: large}}
Conditions:
  IsDev: !Equals [!Ref Env, dev]
  IsProd: !Not [!Condition IsDev]
  Both: !And [!Condition IsDev, {Condition: Secret}]
  Either: !Or [!Condition IsDev, !Condition Secret]
  Secret: !Equals [!Ref Password, '']
  Loop: !Not [!Condition Loop]
Resources:
  Key: {Type: 'AWS::KMS::Key'}
  Thing:
    Type: AWS::Demo::Thing
    Properties:
      X: ";

/// What `X` becomes when the template says so.
#[test]
fn functions() {
    let cases = [
        ("!Ref Env", "dev"),
        ("{Ref: Env}", "dev"),
        ("!Ref Size", "20"),
        ("!Ref Password", "?"),
        ("!Ref Zones", "[a, b]"),
        ("!Ref Ami", "?"),
        ("!Ref Key", "?"),
        ("!Ref Nobody", "?"),
        ("!Ref AWS::Region", "?"),
        ("!Ref AWS::NoValue", "~"),
        ("[a, !Ref AWS::NoValue, b]", "[a, b]"),
        ("!GetAtt Key.Arn", "?arn:${Key.Arn}"),
        ("!GetAtt Key.KeyId", "?"),
        ("!GetAtt Nobody.Arn", "?"),
        ("{'Fn::GetAtt': [Key, Arn]}", "?arn:${Key.Arn}"),
        ("!Sub 'a-${Env}-b'", "a-dev-b"),
        ("!Sub 'a-${AWS::Region}'", "?a-${AWS::Region}"),
        ("!Sub '${Key.Arn}/*'", "?arn:${Key.Arn}/*"),
        ("!Sub '${!aws:username}-${Env}'", "${aws:username}-dev"),
        ("!Sub '${Open'", "${Open"),
        ("!Sub ['${A}-${B}', {A: 1, B: !Ref Env}]", "1-dev"),
        ("!Sub ['${A}', {A: !Sub 'x${AWS::Region}'}]", "?x${AWS::Region}"),
        ("!Join ['-', [a, !Ref Env]]", "a-dev"),
        ("!Join ['', ['arn:', !Ref Key, ':', !GetAtt Key.Arn]]", "?arn:${Key}:arn:${Key.Arn}"),
        ("!Join ['/', !Ref Zones]", "a/b"),
        ("!Join ['/', !GetAZs '']", "?"),
        ("!Split [',', 'a,b']", "[a, b]"),
        ("!Split [',', !Ref Password]", "?"),
        ("!Select [1, [!Ref Password, b]]", "b"),
        ("!Select ['1', !Ref Zones]", "b"),
        ("!Select [7, [a]]", "?"),
        ("!Select [0, !GetAZs '']", "?"),
        ("!FindInMap [Sizes, !Ref Env, disk]", "small"),
        ("!FindInMap [Sizes, !Ref AWS::Region, disk]", "?"),
        ("!FindInMap [Sizes, test, disk]", "?"),
        ("{'Fn::Base64': !Sub 'echo ${Env}'}", "echo dev"),
        ("{'Fn::ImportValue': shared}", "?"),
        ("!If [IsDev, 1, 2]", "1"),
        ("!If [IsProd, 1, 2]", "2"),
        ("!If [IsProd, 1, !Ref AWS::NoValue]", "~"),
        ("!If [Secret, 1, 2]", "?"),
        ("!If [Secret, [1, {a: b}], [1, {a: b}]]", "[1, {a: b}]"),
        ("!If [Secret, 1, !Ref AWS::NoValue]", "??"),
        ("!If [Both, 1, 2]", "?"),
        ("!If [Either, 1, 2]", "1"),
        ("!If [Loop, 1, 2]", "?"),
        ("!If [Nowhere, 1, 2]", "?"),
        ("!If [IsDev]", "?"),
        ("!Novel [x]", "?"),
        ("{a: {b: !Ref Env}, c: !Ref AWS::NoValue}", "{a: {b: dev}}"),
    ];
    for (written, expected) in cases {
        let (graph, diagnostics) = read(&format!("{HEAD}{written}\n"));
        assert_eq!(diagnostics, [], "{written}");
        assert_eq!(show(resource(&graph, "Thing").value.get("X")), expected, "{written}");
    }
}

#[test]
fn values_stand_where_they_are_written() {
    for (written, place, via) in [
        ("plain", "plain", ""),
        ("!Ref Env", "dev", "Env"),
        ("{Ref: Env}", "dev", "{Ref: Env}"),
        ("!FindInMap [Sizes, dev, disk]", "small", "[Sizes, dev, disk]"),
        ("!If [IsDev, one, two]", "one", ""),
        ("!Sub 'a-${Env}'", "'a-${Env}'", "dev"),
    ] {
        let text = format!("{HEAD}{written}\n");
        let (graph, _) = read(&text);
        let value = resource(&graph, "Thing").value.get("X").expect("X is set");
        assert_eq!(&text[value.at.span.range()], place, "{written}");
        assert_eq!(&text[value.name_at.span.range()], "X", "{written}: the property's name, wherever the value is");
        let through: Vec<&str> = value.via().iter().map(|at| &text[at.span.range()]).collect();
        assert_eq!(through.join(" "), via, "{written}");
    }
}

#[test]
fn properties_and_attributes_stand_side_by_side() {
    let text = "
AWSTemplateFormatVersion: '2010-09-09'
Resources:
  Logs:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    DependsOn: [Key]
    Properties:
      AccessControl: Private
  Key:
    Type: AWS::KMS::Key
  Record:
    Type: AWS::Route53::RecordSet
    Properties: {Type: A}
Outputs:
  Name: {Value: !Ref Logs}
";
    let (graph, _) = read(text);
    let logs = resource(&graph, "Logs");
    assert_eq!(&*logs.kind, "AWS::S3::Bucket");
    assert_eq!(&*logs.unit, "cloudformation:stack.yaml");
    assert_eq!(show(Some(&logs.value)), "{AccessControl: Private, DeletionPolicy: Retain, DependsOn: [Key]}");
    assert_eq!(&text[logs.header().span.range()], "Logs");
    assert!(text[logs.at.span.range()].starts_with("Logs:\n") && text[logs.at.span.range()].ends_with("Private"));
    assert_eq!(show(Some(&resource(&graph, "Record").value)), "{Type: A}", "a property may be called Type");
    assert_eq!(&*resource(&graph, "Outputs.Name").kind, "output");
}

#[test]
fn references_become_edges_with_their_paths() {
    let text = "
Resources:
  Key: {Type: 'AWS::KMS::Key'}
  Role: {Type: 'AWS::IAM::Role'}
  Thing:
    Type: AWS::Demo::Thing
    DependsOn: Role
    Properties:
      Sse: [{Kms: !GetAtt Key.Arn}]
      Name: !Sub 'a-${Role}'
      Other: !If [Nowhere, !Ref Key, x]
      Joined: {'Fn::Join': ['', [a, Ref: Role]]}
      Imported: !ImportValue {'Fn::Sub': '${Key}-x'}
";
    let (graph, _) = read(text);
    let mut edges: Vec<String> =
        graph.edges.iter().map(|edge| format!("{} -> {}", edge.path, graph.resource(edge.to).address)).collect();
    edges.sort();
    let expected =
        ["DependsOn -> Role", "Imported -> Key", "Joined -> Role", "Name -> Role", "Other -> Key", "Sse.Kms -> Key"];
    assert_eq!(edges, expected);
}

#[test]
fn conditions_of_resources() {
    let text = "
Parameters:
  Env: {Type: String, Default: dev}
  Open: {Type: String}
Conditions:
  IsProd: {'Fn::Equals': [{Ref: Env}, prod]}
  IsOpen: {'Fn::Equals': [{Ref: Open}, 'yes']}
Resources:
  Prod: {Type: 'AWS::S3::Bucket', Condition: IsProd}
  Perhaps: {Type: 'AWS::S3::Bucket', Condition: IsOpen}
  'Fn::ForEach::Loop': [Name, [a, b], {'B${Name}': {Type: 'AWS::S3::Bucket'}}]
  'Fn::ForEach::Dark': [Name, {Ref: Open}, {'C${Name}': {Type: 'AWS::S3::Bucket'}}]
";
    let (graph, diagnostics) = read(text);
    let buckets: Vec<&str> =
        graph.resources.iter().filter(|r| &*r.kind == "AWS::S3::Bucket").map(|r| &*r.address).collect();
    assert_eq!(buckets, ["Perhaps", "Ba", "Bb"], "what a default turns off is left out, what nobody knows is kept");
    let kinds: Vec<DiagnosticKind> = diagnostics.iter().map(|diagnostic| diagnostic.kind).collect();
    assert_eq!(kinds, [DiagnosticKind::Unresolved, DiagnosticKind::Skipped], "and neither is dropped in silence");
}

#[test]
fn only_templates_are_read() {
    for (text, expected) in [
        ("AWSTemplateFormatVersion: '2010-09-09'\n", true),
        ("Resources: {A: {Type: 'AWS::S3::Bucket'}}\n", true),
        ("Resources: {A: {Type: 'Custom::Thing'}}\n", true),
        ("Resources: {A: {Type: deployment}}\n", false),
        ("Resources: [a, b]\n", false),
        ("ROSTemplateFormatVersion: '2015-09-01'\nResources: {A: {Type: 'ALIYUN::ECS::VPC'}}\n", false),
        ("kind: Deployment\n", false),
    ] {
        let reading = read_file(Source::from_text(SourceId(0), "a.yaml", text));
        assert_eq!(reading.recognised, expected, "{text}");
    }
}

#[test]
fn hostile_templates_end() {
    let chain: String = (0..5000).map(|i| format!("  C{i}: !Not [!Condition C{}]\n", i + 1)).collect();
    let deep = format!("{}x{}", "[".repeat(5000), "]".repeat(5000));
    let bomb: String =
        (1..9).map(|i| format!("  A{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 30].join(", "))).collect();
    let long = "${Text}".repeat(20_000);
    let calls = format!("{}x{}", "!If [Nowhere, ".repeat(60), ", y]".repeat(60));
    let cases = [
        format!("Conditions:\n{chain}Resources:\n  A: {{Type: 'A::B::C', Condition: C0}}\n"),
        format!("Resources:\n  A: {{Type: 'A::B::C', Properties: {{X: {deep}}}}}\n"),
        format!("Metadata:\n  A0: &a0 [x]\n{bomb}Resources:\n  A: {{Type: 'A::B::C', Properties: {{X: *a8}}}}\n"),
        format!(
            "Parameters:\n  Text: {{Default: {}}}\nResources:\n  A: {{Type: 'A::B::C', Properties: {{X: !Sub '{long}'}}}}\n",
            "x".repeat(10_000)
        ),
        format!("Resources:\n  A: {{Type: 'A::B::C', Properties: {{X: {calls}}}}}\n"),
        "Resources: {A: {Type: 'A::B::C', Properties: !Transform {Name: x}}, B: {Type: 'A::B::C', Properties: 3}}\n"
            .into(),
        "Resources: {A: {Type: 'A::B::C', Properties: {X: {Fn::Sub: []}, Y: {Fn::Join: 3}, Z: {Fn::GetAtt: {}}}}}\n"
            .into(),
    ];
    for text in cases {
        let (graph, _) = read(&text);
        assert!(graph.edges.len() < 10, "nothing is made up");
    }
}

/// Values of any shape with functions anywhere in them, as JSON text.
fn any_value() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let leaf = proptest::sample::select(vec![
        "1",
        "null",
        "\"a\"",
        "\"A\"",
        "\"${A}-${!b}-${\"",
        "\"A.Arn\"",
        "\"AWS::NoValue\"",
    ]);
    let function = proptest::sample::select(vec![
        "Ref",
        "Fn::GetAtt",
        "Fn::Sub",
        "Fn::Join",
        "Fn::Split",
        "Fn::Select",
        "Fn::If",
        "Fn::FindInMap",
        "Fn::Equals",
        "Fn::Not",
        "Fn::And",
        "Fn::Or",
        "Condition",
        "Fn::Base64",
        "Fn::Novel",
        "key",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(5, 40, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            (function.clone(), inner.clone()).prop_map(|(name, value)| format!("{{\"{name}\": {value}}}")),
            (function.clone(), inner).prop_map(|(name, value)| format!("{{\"{name}\": {value}, \"other\": 1}}")),
        ]
    })
}

proptest::proptest! {
    #[test]
    fn any_template_gives_its_resource(value in any_value(), other in any_value(), condition in any_value()) {
        let (graph, _) = read(&format!(
            "Parameters: {{A: {{Default: {value}}}}}\nMappings: {{a: {value}}}\nConditions: {{a: {condition}, A: {other}}}\n\
             Resources: {{T: {{Type: 'A::B::C', DependsOn: {other}, Properties: {{X: {value}, Y: {other}}}}}}}\n"
        ));
        assert_eq!(&*resource(&graph, "T").kind, "A::B::C");
    }
}

#[test]
fn stacks_within_each_other_end() {
    let stack = |id: &str, to: &str| {
        format!("  {id}: {{Type: 'AWS::CloudFormation::Stack', Properties: {{TemplateURL: {to}}}}}\n")
    };
    let many = |to: &str| (0..30).map(|i| stack(&format!("S{i}"), to)).collect::<String>();
    let deep: Vec<(String, String)> =
        (0..20).map(|i| (format!("t{i}.yaml"), format!("Resources:\n{}", many(&format!("t{}.yaml", i + 1))))).collect();
    let files: Vec<(&str, &str)> = deep.iter().map(|(path, text)| (&**path, &**text)).collect();
    let (graph, diagnostics) = scan(&files);
    assert!(graph.resources.len() < 100_000, "a tree of stacks is cut");
    assert!(diagnostics.iter().any(|diagnostic| diagnostic.kind == DiagnosticKind::Limit), "and that is said");
    let own = format!("Resources:\n{}", stack("Self", "a.yaml"));
    let (graph, _) = scan(&[("a.yaml", &own)]);
    assert_eq!(
        graph.resources.iter().filter(|r| &*r.address == "Self").count(),
        1,
        "a stack in itself is looked at once"
    );
}

#[test]
fn copies_that_the_cdk_makes_are_not_read() {
    let hash = "0".repeat(64);
    let template = "Resources: {A: {Type: 'AWS::S3::Bucket'}}\n";
    let copy = format!("cdk.out/asset.{hash}/template.yaml");
    let (graph, _) = scan(&[
        (&copy, template),
        ("cdk.out/App.template.json", "{\"Resources\": {\"B\": {\"Type\": \"AWS::S3::Bucket\"}}}"),
    ]);
    let found: Vec<&str> =
        graph.resources.iter().filter(|r| &*r.kind == "AWS::S3::Bucket").map(|r| &*r.address).collect();
    assert_eq!(found, ["B"]);
}
