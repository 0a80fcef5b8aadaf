//! Tables: what the judge says of folders and templates.

use secscan_model::tree::MemoryTree;
use secscan_model::{FindingKind, Report};
use secscan_rules::RuleSet;

use crate::{Scanner, Silent};

/// What the rule says of a file.
fn report(path: &str, text: &str) -> Report {
    let rules = secscan_builtin_rules::load().expect("the blob decodes").rules;
    let rule = rules.into_iter().find(|rule| &*rule.info.id.0 == "aws-iam-policy-privilege-escalation");
    let scanner = Scanner::of_rules(RuleSet::new([rule.expect("a built-in rule")]));
    scanner.scan(&MemoryTree::new([(path.to_owned(), text.to_owned())]), &Silent)
}

/// The messages of the findings in a file, and how many verdicts are unknown.
fn judged(path: &str, text: &str) -> (Vec<String>, u64) {
    let report = report(path, text);
    let fails = report.findings.iter().filter(|finding| finding.kind == FindingKind::Fail);
    let tally = report.tallies.values().next().copied().unwrap_or_default();
    (fails.map(|finding| finding.message.to_string()).collect(), tally.unknown)
}

/// A policy with one statement for each pair of actions and a resource.
fn document(statements: &[(&str, &str)]) -> String {
    let one = |(actions, resource): &(&str, &str)| {
        format!("{{ Effect = \"Allow\", Action = [{actions}], Resource = {resource} }}")
    };
    format!("jsonencode({{ Statement = [{}] }})", statements.iter().map(one).collect::<Vec<_>>().join(", "))
}

fn inline(name: &str, policy: &str) -> String {
    format!("resource \"aws_iam_role_policy\" \"{name}\" {{\n  role = aws_iam_role.app.id\n  policy = {policy}\n}}\n")
}

const ROLE: &str = "resource \"aws_iam_role\" \"app\" {\n  name = \"app\"\n  assume_role_policy = \"{}\"\n}\n";

fn attach(arn: &str) -> String {
    format!(
        "resource \"aws_iam_role_policy_attachment\" \"more\" {{\n  role = aws_iam_role.app.name\n  policy_arn = {arn}\n}}\n"
    )
}

#[test]
fn steps_are_gathered_over_all_policies_of_a_principal() {
    let pass = inline("pass", &document(&[("\"iam:PassRole\"", "\"*\"")]));
    let create = document(&[("\"lambda:CreateFunction\", \"lambda:Invoke*\"", "\"*\"")]);
    let managed =
        format!("resource \"aws_iam_policy\" \"functions\" {{\n  name = \"functions\"\n  policy = {create}\n}}\n");
    let way = "run a function with a stronger role (iam:PassRole, lambda:CreateFunction, lambda:InvokeFunction)";
    let expected = format!("aws_iam_role.app can take more rights: it may {way}.");
    for (more, expected, unknown) in [
        (String::new(), vec![], 0),
        (inline("create", &create), vec![expected.clone()], 0),
        (format!("{managed}{}", attach("aws_iam_policy.functions.arn")), vec![expected], 0),
        (attach("\"arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess\""), vec![], 0),
        (attach("\"arn:aws:iam::111122223333:policy/other\""), vec![], 1),
    ] {
        let (found, open) = judged("main.tf", &format!("{ROLE}{pass}{more}"));
        assert_eq!((found, open), (expected, unknown), "{more}");
    }
}

#[test]
fn a_holder_is_told_once_with_the_places_of_all_his_ways() {
    let own = inline("own", &document(&[("\"iam:PutRolePolicy\"", "\"*\""), ("\"iam:CreateAccessKey\"", "\"*\"")]));
    let own = own.replace("}, {", "},\n{");
    let more = inline("more", &document(&[("\"iam:UpdateAssumeRolePolicy\"", "\"*\"")]));
    let text = format!("{ROLE}{own}{more}");
    let report = report("main.tf", &text);
    let [finding] = report.findings.as_slice() else { panic!("one finding: {:?}", report.findings) };
    let line = |what: &str| text.lines().position(|line| line.contains(what)).map(|index| index as u32 + 1);
    assert_eq!(Some(finding.place.start.line()), line("PutRolePolicy"), "where the shortest way begins");
    let told: Vec<_> = finding.related.iter().map(|place| (Some(place.place.start.line()), &*place.message)).collect();
    assert_eq!(
        told,
        [
            (line("UpdateAssumeRolePolicy"), "allows iam:UpdateAssumeRolePolicy"),
            (line("CreateAccessKey"), "allows iam:CreateAccessKey"),
            (line("\"own\""), "held through aws_iam_role_policy.own"),
            (line("\"more\""), "held through aws_iam_role_policy.more"),
            (line("\"app\""), "held by aws_iam_role.app"),
        ]
    );
}

#[test]
fn denials_boundaries_and_conditions_are_weighed() {
    let alone = |statements: &str| {
        format!("resource \"aws_iam_policy\" \"p\" {{\n  policy = jsonencode({{ Statement = [{statements}] }})\n}}\n")
    };
    let allow =
        |more: &str| format!("{{ Effect = \"Allow\", Action = \"iam:putrolepolicy\", Resource = \"*\"{more} }}");
    let deny = |more: &str| format!("{{ Effect = \"Deny\", {more} }}");
    for (statements, findings, unknown) in [
        (allow(""), 1, 0),
        (allow(", Condition = { Bool = { \"aws:MultiFactorAuthPresent\" = \"true\" } }"), 1, 0),
        (allow(", Condition = { StringEquals = { \"iam:PermissionsBoundary\" = \"b\" } }"), 0, 0),
        (format!("{}, {}", allow(""), deny("Action = \"iam:*\", Resource = \"*\"")), 0, 0),
        (format!("{}, {}", allow(""), deny("NotAction = \"s3:*\", Resource = \"*\"")), 0, 0),
        (format!("{}, {}", allow(""), deny("Action = \"iam:*\", Resource = \"arn:aws:iam::1:role/admin\"")), 1, 0),
        (
            format!(
                "{}, {}",
                allow(""),
                deny("Action = \"iam:*\", Resource = \"*\", Condition = { StringNotEquals = { \"aws:PrincipalTag/team\" = \"core\" } }")
            ),
            0,
            1,
        ),
        ("{ Effect = \"Allow\", NotAction = \"s3:*\", Resource = \"*\" }".to_owned(), 1, 0),
        ("{ Effect = \"Allow\", NotAction = [\"iam:*\", \"ssm:*\", \"lambda:*\", \"sagemaker:*\"], Resource = \"*\" }".to_owned(), 0, 0),
        ("{ Effect = \"Allow\", Action = \"*\", Resource = \"*\" }".to_owned(), 0, 0),
        ("{ Effect = \"Allow\", Action = \"iam:PutRolePolicy\", Resource = \"arn:aws:iam::1:role/app-*\" }".to_owned(), 0, 0),
    ] {
        let (found, open) = judged("main.tf", &alone(&statements));
        assert_eq!((found.len(), open), (findings, unknown), "{statements}: {found:?}");
    }
    let role =
        |boundary: &str| format!("resource \"aws_iam_role\" \"app\" {{\n  permissions_boundary = {boundary}\n}}\n");
    let policy = inline("put", &document(&[("\"iam:PutRolePolicy\"", "\"*\"")]));
    let limit = "resource \"aws_iam_policy\" \"limit\" {\n  policy = jsonencode({ Statement = [{ Effect = \"Allow\", Action = \"s3:*\", Resource = \"*\" }] })\n}\n";
    let within = judged("main.tf", &format!("{}{limit}{policy}", role("aws_iam_policy.limit.arn")));
    assert_eq!(within, (vec![], 0), "the boundary leaves no way");
    let for_others = alone("{ Effect = \"Allow\", Action = \"iam:PutRolePolicy\", Resource = \"*\" }")
        .replace("\"p\"", "\"boundary\"");
    assert_eq!(judged("main.tf", &for_others), (vec![], 0), "a boundary gives nothing");
    assert_eq!(judged("main.tf", &format!("{}{policy}", role("\"arn:aws:iam::1:policy/x\""))), (vec![], 1));
}

#[test]
fn what_is_ones_own_is_enough() {
    let own = inline("own", &document(&[("\"iam:PutRolePolicy\"", "aws_iam_role.app.arn")]));
    assert_eq!(judged("main.tf", &format!("{ROLE}{own}")).0.len(), 1, "its own role by reference");
    let by_name = inline("own", &document(&[("\"iam:PutRolePolicy\"", "\"arn:aws:iam::111122223333:role/app\"")]));
    assert_eq!(judged("main.tf", &format!("{ROLE}{by_name}")).0.len(), 1, "its own role by name");
    let other = inline("own", &document(&[("\"iam:PutRolePolicy\"", "\"arn:aws:iam::111122223333:role/other\"")]));
    assert_eq!(judged("main.tf", &format!("{ROLE}{other}")), (vec![], 0), "somebody else's role");
}

#[test]
fn users_have_what_their_groups_have() {
    let template = "
Resources:
  Ada:
    Type: AWS::IAM::User
    Properties:
      Groups: [!Ref Builders]
      Policies:
        - PolicyName: pass
          PolicyDocument: {Statement: [{Effect: Allow, Action: iam:PassRole, Resource: '*'}]}
  Builders:
    Type: AWS::IAM::Group
    Properties:
      ManagedPolicyArns: ['arn:aws:iam::aws:policy/AmazonEC2FullAccess']
";
    let (found, unknown) = judged("template.yaml", template);
    let way = "start a machine with a stronger role (iam:PassRole, ec2:RunInstances)";
    let more = "start a group of machines with a stronger role (iam:PassRole, autoscaling:CreateLaunchConfiguration, autoscaling:CreateAutoScalingGroup)";
    assert_eq!((found, unknown), (vec![format!("Ada can take more rights: it may {way}; {more}.")], 0));
}
