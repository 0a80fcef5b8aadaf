//! Tables: paths from the internet through hops of Terraform.

use secscan_model::FindingKind;
use secscan_model::tree::MemoryTree;
use secscan_rules::RuleSet;

use crate::{Scanner, Silent};

/// The messages of the findings, the numbers of passes and of unknown verdicts.
fn judged(text: &str) -> (Vec<String>, u64, u64) {
    let rules = secscan_builtin_rules::load().expect("the blob decodes").rules;
    let rule = rules.into_iter().find(|rule| &*rule.info.id.0 == "aws-network-public-path");
    let scanner = Scanner::of_rules(RuleSet::new([rule.expect("a built-in rule")]));
    let report = scanner.scan(&MemoryTree::new([("main.tf".to_owned(), text.to_owned())]), &Silent);
    let fails = report.findings.iter().filter(|finding| finding.kind == FindingKind::Fail);
    let tally = report.tallies.values().next().copied().unwrap_or_default();
    (fails.map(|finding| finding.message.to_string()).collect(), tally.pass, tally.unknown)
}

fn instance(arguments: &str) -> String {
    format!(
        "resource \"aws_instance\" \"web\" {{\n  vpc_security_group_ids = [aws_security_group.web.id]\n  {arguments}\n}}\n"
    )
}

fn group(port: u16, cidr: &str) -> String {
    format!(
        "resource \"aws_security_group\" \"web\" {{}}\nresource \"aws_vpc_security_group_ingress_rule\" \"in\" {{\n  security_group_id = aws_security_group.web.id\n  ip_protocol = \"tcp\"\n  from_port = {port}\n  to_port = {port}\n  cidr_ipv4 = {cidr}\n}}\n"
    )
}

/// A subnet with a route to a gateway.
fn subnet(gateway: &str) -> String {
    format!(
        "resource \"aws_subnet\" \"a\" {{\n  map_public_ip_on_launch = true\n}}\nresource \"aws_internet_gateway\" \"out\" {{}}\nresource \"aws_nat_gateway\" \"nat\" {{}}\nresource \"aws_route_table\" \"t\" {{\n  route {{\n    cidr_block = \"0.0.0.0/0\"\n    {gateway}\n  }}\n}}\nresource \"aws_route_table_association\" \"t\" {{\n  subnet_id = aws_subnet.a.id\n  route_table_id = aws_route_table.t.id\n}}\n"
    )
}

#[test]
fn every_hop_must_be_open() {
    let everybody = "\"0.0.0.0/0\"";
    let public = "associate_public_ip_address = true";
    let in_subnet = "subnet_id = aws_subnet.a.id";
    let out = subnet("gateway_id = aws_internet_gateway.out.id");
    for (text, fails, passes, unknown) in [
        (format!("{}{}", instance(public), group(22, everybody)), 1, 0, 0),
        (format!("{}{}", instance(public), group(443, everybody)), 0, 1, 0),
        (format!("{}{}", instance(public), group(22, "\"10.0.0.0/8\"")), 0, 1, 0),
        (format!("{}{}", instance(""), group(22, everybody)), 0, 0, 0),
        (format!("{}{}{out}", instance(in_subnet), group(22, everybody)), 1, 0, 0),
        (
            format!(
                "{}{}{}",
                instance(in_subnet),
                group(22, everybody),
                subnet("nat_gateway_id = aws_nat_gateway.nat.id")
            ),
            0,
            1,
            0,
        ),
        (
            format!(
                "variable \"s\" {{}}\n{}{}",
                instance(&format!("{public}\n  subnet_id = var.s")),
                group(22, everybody)
            ),
            0,
            0,
            1,
        ),
        (format!("variable \"c\" {{}}\n{}{}", instance(public), group(22, "var.c")), 0, 0, 1),
        (
            format!(
                "{}{}resource \"aws_eip\" \"e\" {{\n  instance = aws_instance.web.id\n}}\n",
                instance(""),
                group(22, everybody)
            ),
            1,
            0,
            0,
        ),
    ] {
        let (found, passed, open) = judged(&text);
        assert_eq!((found.len(), passed, open), (fails, passes, unknown), "{text}: {found:?}");
    }
    let (found, ..) = judged(&format!("{}{}{out}", instance(in_subnet), group(22, everybody)));
    assert_eq!(
        found,
        [
            "The internet can reach aws_instance.web: aws_vpc_security_group_ingress_rule.in opens port 22 to everybody; \
          aws_subnet.a gives machines public addresses; a route leads to an internet gateway; aws_subnet.a is a public \
          subnet."
        ]
    );
}
