use secscan_model::{LineIndex, Map, Node, Platform, Resource, SourceId};

use super::*;

const TODAY: Date = jiff::civil::date(2026, 11, 20);

/// All comments of a text in which they begin with `#` or `/*` or `<!--`.
fn comments(text: &str) -> Vec<Comment> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some((start, end)) =
        ["#", "/*", "<!--"].iter().filter_map(|marker| Some((at + text[at..].find(marker)?, *marker))).min().map(
            |(start, marker)| {
                let close = match marker {
                    "#" => "\n",
                    "/*" => "*/",
                    _ => "-->",
                };
                let length = text[start..].find(close).map(|at| if marker == "#" { at } else { at + close.len() });
                (start, start + length.unwrap_or(text.len() - start))
            },
        )
    {
        let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
        found.push(Comment { span: Span::new(start, end), trailing: !text[line..start].trim().is_empty() });
        at = end;
    }
    found
}

fn standing(rule: &RuleId) -> Standing {
    match &*rule.0 {
        "a" | "b" => Standing::Asked,
        "idle" => Standing::Idle,
        _ => Standing::Unknown,
    }
}

fn rule(id: &str) -> RuleId {
    RuleId(id.into())
}

fn read(text: &str) -> Suppressions {
    let source = Source::from_text(SourceId(0), "x", text);
    Suppressions::read(&source, &comments(text), &standing)
}

/// The problems as `rule subject: message`.
fn problems(suppressions: Suppressions) -> Vec<String> {
    let line = |problem: Problem| format!("{} {}: {}", problem.rule.id(), problem.subject, problem.message);
    suppressions.problems(&standing, TODAY).into_iter().map(line).collect()
}

#[test]
fn a_comment_speaks_for_its_line_or_the_next() {
    let table = [
        ("x # secscan:ignore a -- r\ny\n", 1),
        ("# secscan:ignore a -- r\ny\n", 2),
        ("  # secscan:ignore a -- r\n# more\n# secscan:ignore b -- s\ny\n", 4),
        ("/* secscan:ignore a -- r */\ny\n", 2),
        ("/*\n * secscan:ignore a -- r\n */\ny\n", 4),
        ("<!-- secscan:ignore a -- r -->\ny\n", 2),
        ("# secscan:ignore a -- r\n---\nkind: x\n", 3),
        ("# checked # secscan:ignore a -- r\ny\n", 2),
        ("#secscan:ignore a -- r\r\ny\r\n", 2),
        ("# secscan:ignore a, b until=2026-11-20 -- r -- and more\ny\n", 2),
    ];
    for (text, line) in table {
        let mut suppressions = read(text);
        for other in (1..6).filter(|other| *other != line) {
            assert!(suppressions.find(&rule("a"), other, &[], TODAY).is_none(), "{text:?} line {other}");
        }
        let found = suppressions.find(&rule("a"), line, &[], TODAY).unwrap_or_else(|| panic!("{text:?}"));
        assert!(found.reason.starts_with('r') && !found.reason.contains(['*', '>']), "{:?}", found.reason);
        assert!(suppressions.find(&rule("idle"), line, &[], TODAY).is_none(), "another rule");
    }
}

#[test]
fn a_line_of_text_tells_its_comment() {
    let table = [
        ("# secscan:ignore a -- r", Some(false)),
        ("x = 1 ; secscan:ignore a -- r", Some(true)),
        ("<!-- secscan:ignore a -- r -->", Some(false)),
        ("REM secscan:ignore a -- r", Some(false)),
        ("write secscan:ignore a -- r", None),
    ];
    for (text, trailing) in table {
        let marker = text.find(MARKER).unwrap() as u32;
        assert_eq!(textual_comment(text.as_bytes(), marker).map(|comment| comment.trailing), trailing, "{text}");
    }
}

#[test]
fn a_comment_above_a_construct_covers_all_of_it() {
    let mut suppressions = read("# secscan:ignore a -- r\nresource {\n  x\n}\n");
    assert!(suppressions.find(&rule("a"), 3, &[(2, 4)], TODAY).is_some());
    assert!(suppressions.find(&rule("a"), 3, &[(1, 4)], TODAY).is_none(), "a construct that begins elsewhere");
    assert!(suppressions.find(&rule("a"), 5, &[(2, 4)], TODAY).is_none(), "a place behind the construct");
}

#[test]
fn what_cannot_be_understood_suppresses_nothing_and_is_said() {
    let table = [
        ("# secscan:ignore a\ny", "suppression-invalid : no reason is given (` -- reason`)"),
        ("# secscan:ignore a --\ny", "suppression-invalid : no reason is given (` -- reason`)"),
        ("# secscan:ignore a --reason\ny", "suppression-invalid : no reason is given (` -- reason`)"),
        ("# secscan:ignore -- r\ny", "suppression-invalid : no rule is named"),
        ("# secscan:ignore a until=soon -- r\ny", "suppression-invalid : `soon` is no day (YYYY-MM-DD)"),
        ("# secscan:ignore a until=2026-02-30 -- r\ny", "suppression-invalid : `2026-02-30` is no day (YYYY-MM-DD)"),
        ("# secscan:ignore a until=20270131 -- r\ny", "suppression-invalid : `20270131` is no day (YYYY-MM-DD)"),
        ("# secscan:ignore a by=me -- r\ny", "suppression-invalid : `by` is no option of a suppression; `until=` is"),
        ("# secscan:ignore-file a -- r\ny", "suppression-invalid : `secscan:ignore-file` is no directive"),
        ("# secscan:ignore c -- r\ny", "suppression-invalid c: there is no rule `c`: nothing is set aside for it"),
    ];
    for (text, problem) in table {
        let mut suppressions = read(text);
        assert!(suppressions.find(&rule("a"), 2, &[], TODAY).is_none(), "{text:?}");
        assert_eq!(problems(suppressions), [problem], "{text:?}");
    }
}

#[test]
fn prose_about_the_marker_is_no_directive() {
    assert_eq!(problems(read("# write secscan:ignore a -- r where needed\ny")), [""; 0]);
}

#[test]
fn the_known_rules_of_a_list_count_beside_unknown_ones() {
    let mut suppressions = read("# secscan:ignore c,a -- r\ny");
    assert!(suppressions.find(&rule("a"), 2, &[], TODAY).is_some());
    assert_eq!(problems(suppressions).len(), 1);
}

#[test]
fn the_last_day_counts() {
    for (until, counts) in [("2026-11-21", true), ("2026-11-20", true), ("2026-11-19", false)] {
        let mut suppressions = read(&format!("# secscan:ignore a until={until} -- r\ny"));
        assert_eq!(suppressions.find(&rule("a"), 2, &[], TODAY).is_some(), counts, "{until}");
        assert_eq!(problems(suppressions).len(), usize::from(!counts), "{until}");
    }
}

#[test]
fn an_expired_comment_does_not_hide_one_that_counts() {
    let mut suppressions = read("# secscan:ignore a until=2020-01-01 -- old\n# secscan:ignore a -- new\ny");
    assert_eq!(suppressions.find(&rule("a"), 3, &[], TODAY).map(|found| &*found.reason), Some("new"));
}

#[test]
fn what_matches_nothing_is_said_rule_by_rule() {
    let mut suppressions = read("# secscan:ignore a,b,idle -- r\ny");
    assert!(suppressions.find(&rule("a"), 2, &[], TODAY).is_some());
    let expected = "suppression-unused b: `b` finds nothing in the construct that this comment speaks for".to_owned();
    assert_eq!(problems(suppressions), [expected], "`idle` was not asked: nothing can be said about it");
}

#[test]
fn constructs_are_found_from_the_resource_down() {
    let text = "kind: Pod\nspec:\n  containers:\n    - name: app\n      tty: true\n    - name: b\n";
    let source = Source::from_text(SourceId(0), "x", text);
    let at = |part: &str| {
        let start = text.find(part).unwrap();
        source.at(Span::new(start, start + part.len()))
    };
    let map = |entries: Vec<(&str, Node)>| entries.into_iter().map(|(key, node)| (key.into(), node)).collect::<Map>();
    let tty = Node::bool(true, at("true")).named(at("tty"));
    let app = Node::map(map(vec![("tty", tty)]), at("name: app\n      tty: true"));
    let list = Node::list(vec![app], at("- name: app\n      tty: true\n    - name: b")).named(at("containers"));
    let spec =
        Node::map(map(vec![("containers", list)]), at("containers:\n    - name: app\n      tty: true\n    - name: b"));
    let root = Node::map(map(vec![("spec", spec.named(at("spec")))]), at(text));
    let resource = Resource {
        platform: Platform::Kubernetes,
        kind: "Pod".into(),
        address: "Pod/x".into(),
        part: "".into(),
        at: at(text.trim_end()),
        value: root,
        unit: "".into(),
        owner: None,
        opaque: None,
    };
    let index = LineIndex::new(text.as_bytes());
    let around = constructs_around(&resource, at("true"), &index);
    assert_eq!(around, [(1, 6), (1, 6), (2, 6), (3, 6), (4, 5), (5, 5)]);
}
