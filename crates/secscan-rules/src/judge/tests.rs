//! The truth tables of the language, and where findings are placed: documents and conditions in, verdicts out.
//!
//! In these documents `!unknown` is a value that is set to something unknown, and `!maybe` one that may not be set.

use secscan_model::{Edge, Graph, Map, Node, Platform, Resource, ResourceId, Source, SourceId, Value};

use super::{Judge, Outcome};
use crate::set::RuleSet;
use crate::{Vocabulary, compile};

/// Replaces tagged nodes by unresolved ones.
fn with_unknowns(node: &Node) -> Node {
    let tag = node.extra.as_ref().and_then(|extra| extra.tag.as_deref());
    match (tag, &node.value) {
        (Some("!unknown"), _) => Node::unresolved("a variable has no value", node.at).named(node.name_at),
        (Some("!maybe"), _) => Node::perhaps_absent("a condition is not known", node.at).named(node.name_at),
        (_, Value::Map(map)) => {
            let entries = map.entries().iter().map(|entry| (entry.key.clone(), with_unknowns(&entry.value)));
            Node::map(entries.collect::<Map>(), node.at).named(node.name_at)
        }
        (_, Value::List(items)) => Node::list(items.iter().map(with_unknowns).collect(), node.at).named(node.name_at),
        _ => node.clone(),
    }
}

fn resource(kind: &str, address: &str, value: Node) -> Resource {
    Resource {
        platform: Platform::Terraform,
        kind: kind.into(),
        address: address.into(),
        part: "".into(),
        at: value.at,
        value,
        unit: "terraform:".into(),
        owner: None,
        opaque: None,
    }
}

fn graph(document: &str) -> Graph {
    let source = Source::from_text(SourceId(0), "main.yaml", document);
    let parsed = secscan_parse::yaml::parse(&source);
    assert!(parsed.diagnostics.is_empty(), "{document}: {:?}", parsed.diagnostics);
    let value = with_unknowns(parsed.documents.first().expect("a document"));
    Graph { resources: vec![resource("thing", "thing.a", value)], sources: vec![source], ..Graph::default() }
}

fn rules(check: &str) -> RuleSet {
    let text = format!(
        "id: test-rule\ntitle: Test\nseverity: low\nconfidence: high\ntopics: [capabilities]\nwhy: because\nfix: mend it\n\
         params: {{ unused: {{ default: [a, b], about: a list }} }}\nmessage: '{{$found}} {{$unused}}'\n\
         checks:\n  - terraform: thing\n{check}\nexamples: []\n"
    );
    let (_, rule) =
        compile("rule.yaml", &text, &Vocabulary::default()).unwrap_or_else(|errors| panic!("{check}: {errors:?}"));
    let mut rules = vec![rule];
    crate::bind(&mut rules, &Default::default()).expect("defaults bind");
    RuleSet::new(rules)
}

/// The outcomes of a check, as one letter a subject: Pass, Fail, Unknown, or a dash where it does not apply.
fn outcomes(document: &str, check: &str) -> String {
    let graph = graph(document);
    let rules = rules(check);
    let letter = |outcome: &Outcome| match outcome {
        Outcome::Pass(_) => 'P',
        Outcome::Fail(_) => 'F',
        Outcome::Unknown(_) => 'U',
        Outcome::NotApplicable => '-',
        Outcome::Panicked => '!',
    };
    Judge::new(&rules, &graph, false).judge(ResourceId(0)).iter().map(|verdict| letter(&verdict.outcome)).collect()
}

fn deny(document: &str, condition: &str) -> String {
    outcomes(document, &format!("    deny: {condition}"))
}

fn require(document: &str, condition: &str) -> String {
    outcomes(document, &format!("    require: {condition}"))
}

/// The text under each place of a finding, related places behind a slash.
fn places(document: &str, check: &str) -> Vec<String> {
    let graph = graph(document);
    let rules = rules(check);
    let text = |at: secscan_model::Location| document[at.span.range()].to_owned();
    let mut places = Vec::new();
    for verdict in Judge::new(&rules, &graph, false).judge(ResourceId(0)) {
        let Outcome::Fail(violations) = verdict.outcome else { continue };
        for violation in violations {
            let related = violation.hit.related.iter().map(|(at, _)| format!("/{}", text(*at)));
            places.push(text(violation.hit.at) + &related.collect::<String>());
        }
    }
    places
}

/// Section 4 of the language, cell by cell: T is broken under `deny`, F holds, U is unknown.
#[test]
fn single_values() {
    let absent = "a: 1";
    let null = "x: null";
    let empty = "x: ''";
    let text = "x: abc";
    let number = "x: 5";
    let map = "x: { k: v }";
    let list = "x: [abc, 5]";
    let unknown = "x: !unknown ''";
    let maybe = "x: !maybe ''";
    let below_unknown = "y: !unknown ''";
    let rows: &[(&str, &str, &str)] = &[
        // condition on x; documents in the order of the header below; expected letters
        ("{x: abc}", "{y.x: abc}", "PPPFPPFUUU"),
        ("{x: {in: [abc, d]}}", "{y.x: {in: [abc]}}", "PPPFPPFUUU"),
        ("{x: {not-in: [abc]}}", "{y.x: {not-in: [abc]}}", "PPFPFFFUUU"),
        ("{x: {matches: '^ab'}}", "{y.x: {matches: '^ab'}}", "PPPFPUFUUU"),
        ("{x: {gt: 4}}", "{y.x: {gt: 4}}", "PPUUFUFUUU"),
        ("{x: {present: true}}", "{y.x: {present: true}}", "PPPFFFFFUU"),
        ("{x: {present: false}}", "{y.x: {present: false}}", "FFFPPPPPUU"),
        ("{x: {contains: abc}}", "{y.x: {contains: abc}}", "PPPFPPFUUU"),
        ("{x: {length: 1}}", "{y.x: {length: 1}}", "PPFFFFPUUU"),
        ("{x: {literal: true}}", "{y.x: {literal: true}}", "PPPFFPFPPP"),
    ];
    let documents = [absent, null, empty, text, number, map, list, unknown, maybe];
    for (condition, below, expected) in rows {
        let mut found: String = documents.iter().map(|document| deny(document, condition)).collect();
        found += &deny(below_unknown, below);
        assert_eq!(
            &found, expected,
            "{condition} over absent, null, empty, text, number, map, list, unknown, maybe, below"
        );
    }
}

#[test]
fn the_side_decides_what_a_list_means() {
    let mixed = "rules: [{port: 22, open: false}, {port: 443, open: true}]";
    assert_eq!(deny(mixed, "{rules.port: 22}"), "F", "one bad element is enough");
    assert_eq!(require(mixed, "{rules.port: 22}"), "F", "all must match");
    assert_eq!(require(mixed, "{rules.port: {in: [22, 443]}}"), "P");
    assert_eq!(deny(mixed, "{rules.port: 22, rules.open: true}"), "P", "keys that share segments speak of one element");
    assert_eq!(deny(mixed, "{rules: {port: 22, open: true}}"), "P", "which is the same as nesting");
    assert_eq!(deny(mixed, "{all: [{rules.port: 22}, {rules.open: true}]}"), "F", "two elements stand in `all`");
    assert_eq!(require(mixed, "{rules: {some: {port: 443}}}"), "P", "`some` asks for one in `require` too");
    assert_eq!(require("rules: []", "{rules.port: 22}"), "F", "and there must be one");
    assert_eq!(deny("rules: []", "{rules.port: {present: false}}"), "F");
    assert_eq!(deny("a: [[{b: 1}], [{b: 2}]]", "{a.b: 2}"), "F", "lists are transparent at any depth");
}

#[test]
fn deny_is_require_not() {
    let documents =
        ["x: [1, 2]", "x: 1", "x: []", "y: 1", "x: !unknown ''", "x: [1, !unknown '']", "x: !maybe ''", "x: null"];
    for document in documents {
        for condition in ["{x: 1}", "{x: {present: true}}", "{x: {not-in: [1]}}", "{x: {contains: 1}}"] {
            let (deny, require) = (deny(document, condition), require(document, &format!("{{not: {condition}}}")));
            assert_eq!(deny, require, "{condition} over {document}");
        }
    }
}

#[test]
fn unknown_is_neither_a_finding_nor_a_pass() {
    assert_eq!(deny("x: [!unknown '', 22]", "{x: 22}"), "F", "one certain element decides");
    assert_eq!(deny("x: [!unknown '', 23]", "{x: 22}"), "U");
    assert_eq!(require("x: [!unknown '', 23]", "{x: 22}"), "F", "one wrong element decides");
    assert_eq!(require("x: !unknown ''", "{x.y: true}"), "U");
    let unknown_when = "    when: {w: 1}\n    deny: {x: 1}";
    assert_eq!(outcomes("{w: !unknown '', x: 1}", unknown_when), "U");
    assert_eq!(outcomes("{w: !unknown '', x: 2}", unknown_when), "P", "what holds anyway needs no condition");
    assert_eq!(outcomes("{w: 2, x: 1}", unknown_when), "-");
}

#[test]
fn quantities_versions_and_ranges() {
    assert_eq!(require("x: 720h", "{x: {ge: 30d}}"), "P");
    assert_eq!(require("x: PT12H", "{x: {le: 12h}}"), "P");
    assert_eq!(require("x: 1Gi", "{x: {le: 100MiB}}"), "F");
    assert_eq!(require("x: '1.25.3'", "{x: {version: '>=1.24, <2'}}"), "P");
    assert_eq!(deny("x: 10.1.0.0/16", "{x: {within: [10.0.0.0/8]}}"), "F");
    assert_eq!(deny("x: 20-25", "{x: {overlaps: ['22']}}"), "F");
    assert_eq!(deny("x: 20-25", "{x: {length: {gt: 5}}}"), "F", "members of a range");
    assert_eq!(deny("x: 'true'", "{x: true}"), "F", "text that spells a boolean equals it");
    assert_eq!(deny("x: '5'", "{x: 5}"), "F");
    assert_eq!(deny("{x: a, y: a}", "{x: {same-as: y}}"), "F");
}

#[test]
fn paths_lead_where_they_say() {
    assert_eq!(deny("m: {a: {b: 1}, c: {b: 2}}", "{m.*.b: 2}"), "F");
    assert_eq!(deny("m: {a: [{deep: {b: 2}}]}", "{$deep.b: 2}"), "F");
    assert_eq!(require("m: {a: [{b: 2}, {c: 1}]}", "{$deep.b: 2}"), "P", "only what is there counts");
    assert_eq!(deny("{old: bad}", "{new | old: bad}"), "F");
    assert_eq!(deny("{new: good, old: bad}", "{new | old: bad}"), "P", "the first that is present");
    assert_eq!(deny("'a.b': 1", "{'\"a.b\"': 1}"), "F", "a quoted key with a dot");
    assert_eq!(outcomes("m: {a: 1, b: 2}", "    each: m.*\n    deny: {$key: b}"), "PF");
    assert_eq!(outcomes("s: [{u: 1}, {u: 2}]", "    each: s\n    deny: {$before.u: 1}"), "PF");
    assert_eq!(outcomes("{top: 1, s: [{u: 1}]}", "    each: s\n    deny: {$root.top: 1}"), "F");
    let asks_both =
        "    each: s\n    when: {$root.top: 1, u: {in: [1, 2]}, not: {$root.s: {some: {u: 3}}}}\n    deny: {u: 1}";
    assert_eq!(
        outcomes("{top: 1, s: [{u: 1}, {u: 2}, {u: 4}]}", asks_both),
        "FP-",
        "asked of the resource and of its elements"
    );
    assert_eq!(outcomes("{top: 1, s: [{u: 1}, {u: 3}]}", asks_both), "--");
    let same = "    each: s\n    when: {$root.top: {same-as: u}}\n    deny: {v: 1}";
    assert_eq!(
        outcomes("{top: 1, s: [{u: 1, v: 1}, {u: 2, v: 1}]}", same),
        "F-",
        "asked of the resource with the element in mind"
    );
    assert_eq!(outcomes("s: []", "    each: s\n    deny: {u: 1}"), "", "`each` without elements gives none");
    assert_eq!(deny("doc: '{\"a\": [1, 2]}'", "{doc.$json.a: 2}"), "F");
    assert_eq!(deny("a: 1", "{$type: thing}"), "F");
}

#[test]
fn findings_stand_at_the_narrowest_place() {
    let document = "name: n\nrules:\n  - cidr: open\n    port: 22\n  - cidr: open\n    port: 23\n";
    assert_eq!(places(document, "    deny: {rules.port: 22, rules.cidr: open}"), ["22/open"], "the first written path");
    assert_eq!(places(document, "    deny: {rules.cidr: open}"), ["open", "open"], "each element is a hit of its own");
    assert_eq!(places(document, "    require: {rules.port: 22}"), ["23"], "the value that is wrong");
    assert_eq!(places("a:\n  b: 1\n", "    require: {a.c.d: 1}"), ["a"], "the key of the deepest part that exists");
    assert_eq!(places("a:\n  b: 1\n", "    require: {c: 1}"), ["a"], "else the header");
    assert_eq!(places("a: []\n", "    require: {a: {contains: x}}"), ["[]"]);
    assert_eq!(places("x: 3\n", "    deny: {any: [{y: 1}, {x: 3}]}"), ["3"], "the alternative that holds");
    assert_eq!(places("x: 3\n", "    deny: {not: {x: 4}}"), ["3"]);
}

/// Two resources with references between them.
fn linked_graph(opaque: bool) -> Graph {
    let mut graph = graph("x: 1");
    let other = Node::map(Map::default(), graph.resources[0].at);
    graph.resources.push(resource("partner", "partner.a", other.clone()));
    graph.resources.push(resource("module", "module.m", other));
    graph.edges.push(Edge { from: ResourceId(1), path: "target.id".into(), to: ResourceId(0) });
    if opaque {
        graph.resources[2].opaque = Some("its source is remote".into());
        graph.edges.push(Edge { from: ResourceId(2), path: "input".into(), to: ResourceId(0) });
    }
    graph
}

fn linked(graph: &Graph, condition: &str) -> String {
    let rules = rules(&format!("    require: {{linked: {condition}}}"));
    let verdicts = Judge::new(&rules, graph, false).judge(ResourceId(0));
    verdicts
        .iter()
        .map(|verdict| match verdict.outcome {
            Outcome::Pass(_) => 'P',
            Outcome::Fail(_) => 'F',
            _ => 'U',
        })
        .collect()
}

#[test]
fn links_are_found_in_both_directions() {
    let plain = linked_graph(false);
    assert_eq!(linked(&plain, "{terraform: partner}"), "P");
    assert_eq!(linked(&plain, "{terraform: partner, by: target}"), "P", "the path may go on");
    assert_eq!(linked(&plain, "{terraform: partner, by: other}"), "F");
    assert_eq!(linked(&plain, "{terraform: partner, via: target}"), "F", "the reference stands there, not here");
    assert_eq!(linked(&plain, "{terraform: partner, count: {ge: 2}}"), "F");
    assert_eq!(linked(&plain, "{terraform: nobody}"), "F");
    assert_eq!(linked(&plain, "{terraform: partner, scope: unit}"), "P");
    let opaque = linked_graph(true);
    assert_eq!(linked(&opaque, "{terraform: nobody}"), "U", "what cannot be looked into may hold the partner");
    assert_eq!(linked(&opaque, "{terraform: partner}"), "P");
}

#[test]
fn keys_of_references_may_have_dots_and_owners_are_asked_for_theirs() {
    let mut graph = linked_graph(false);
    graph.edges.push(Edge { from: ResourceId(0), path: "labels.example.com/of.id".into(), to: ResourceId(2) });
    assert_eq!(linked(&graph, "{terraform: module, via: 'labels.\"example.com/of\"'}"), "P");
    assert_eq!(linked(&graph, "{terraform: module, via: 'labels.\"example.com\"'}"), "F");
    graph.resources[0].owner = Some(ResourceId(1));
    let rules = rules("    require: {$owner: {linked: {terraform: thing, via: target}}}");
    let verdicts = Judge::new(&rules, &graph, false).judge(ResourceId(0));
    assert!(matches!(verdicts[0].outcome, Outcome::Pass(_)), "the cure for `via: $owner.target`");
}

#[test]
fn a_rule_file_that_is_wrong_says_where() {
    let errors = |check: &str| {
        let text = format!(
            "id: test-rule\ntitle: T\nseverity: low\nconfidence: high\ntopics: [t]\nwhy: w\nfix: f\nchecks:\n{check}\nexamples: []\n"
        );
        compile("r.yaml", &text, &Vocabulary::default()).expect_err(check)[0].to_string()
    };
    let cases = [
        ("  - terraform: t\n    deny: {a: [1]}", "r.yaml:10:15: a bare list"),
        ("  - terraform: t\n    deny: {a: null}", "r.yaml:10:15: a bare null"),
        ("  - terraform: t\n    deny: {a: {in: [1], b: 2}}", "matcher words and paths stand mixed"),
        ("  - terraform: t\n    deny: {a: {matches: '('}}", "is no regular expression"),
        ("  - terraform: t\n    deny: {a.$imag: 1}", "`$imag` is no computed child"),
        ("  - terraform: t\n    deny: {a: $none}", "there is no parameter `none`"),
        ("  - terraform: t\n    deny: {a: 1}\n    require: {a: 2}", "one of `deny` and `require`"),
        ("  - common: container\n    deny: {privilegd: true}", "no attribute `privilegd`"),
        ("  - common: contaner\n    deny: {a: true}", "`contaner` is no common kind"),
        ("  - terraform: t\n    deny: {a: 1}\n    wen: {b: 1}", "r.yaml:11:5"),
        ("  - deny: {a: 1}", "a check has a selector"),
        (
            "  - terraform: t\n    deny: {linked: {terraform: u, via: $owner.x}}",
            "r.yaml:10:40: `via` takes keys alone; ask the other resource: `$owner: {linked: {via: ...}}`",
        ),
        (
            "  - terraform: t\n    deny: {linked: {terraform: u, by: a.*.b}}",
            "end with `a`: what stands below counts too",
        ),
        ("  - terraform: t\n    deny: {linked: {terraform: u, by: a.$json}}", "end with `a`"),
        ("  - terraform: t\n    deny: {linked: {terraform: u, via: $deep.a}}", "leave `via` out"),
        ("  - terraform: t\n    deny: {linked: {terraform: u, via: a | b}}", "each of the paths into an `any`"),
    ];
    for (check, expected) in cases {
        let found = errors(check);
        assert!(found.contains(expected), "{check}: {found}");
    }
}
