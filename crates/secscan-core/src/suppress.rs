//! Comments that set findings aside: `secscan:ignore RULE[,RULE] [until=YYYY-MM-DD] -- reason`.
//!
//! A comment speaks for the construct that begins on its own line when code stands before it, and for the one that
//! begins on the next line otherwise; further comments and `---` between the two are passed over. A reason is
//! required, the last day counts, and a comment that cannot be understood suppresses nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use secscan_model::{Comment, LineIndex, Location, Node, Resource, RuleId, Source, Span, Value};

use crate::meta::{MetaRule, Problem, Standing};

/// What opens a suppression within a comment.
pub(crate) const MARKER: &str = "secscan:ignore";

/// A comment that can set findings aside.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Suppression {
    /// The rules that exist among those that it names, and whether each has matched a finding.
    rules: Vec<(RuleId, bool)>,
    /// The last day on which it counts.
    until: Option<Date>,
    /// Why.
    pub reason: Arc<str>,
    /// The line that a construct must begin on to be covered.
    line: u32,
    /// The text from the marker to the end of the comment's line.
    pub at: Location,
}

/// The suppressions of one file.
#[derive(Clone, Debug, Default)]
pub struct Suppressions {
    entries: Vec<Suppression>,
    problems: Vec<Problem>,
}

impl Suppression {
    /// What it says, whatever its place.
    fn words(&self) -> String {
        let names: Vec<&str> = self.rules.iter().map(|(rule, _)| &*rule.0).collect();
        format!("{} {:?} {}", names.join(","), self.until, self.reason)
    }
}

impl Suppressions {
    /// Reads the comments of a file. `standing` tells which rules exist.
    pub fn read(source: &Source, comments: &[Comment], standing: &dyn Fn(&RuleId) -> Standing) -> Self {
        let mut suppressions = Self::default();
        let mut lines = None;
        for comment in comments {
            let text = source.bytes.get(comment.span.range()).and_then(|bytes| std::str::from_utf8(bytes).ok());
            for directive in text.into_iter().flat_map(directives) {
                let lines = lines.get_or_insert_with(|| Lines::new(source, comments));
                let start = comment.span.start as usize + directive.offset;
                let at = source.at(Span::new(start, start + directive.text.len()));
                suppressions.add(directive.text, at, lines.spoken_for(comment), standing);
            }
        }
        suppressions
    }

    /// Whether there is nothing to ask.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The suppression that covers a verdict of `rule` at `line`, if one counts on `today`. `constructs` are the first
    /// and last lines of what the place stands in: see [`constructs_around`]. What is found here is used: ask for
    /// verdicts that would otherwise count, or may turn out to.
    pub fn find(&mut self, rule: &RuleId, line: u32, constructs: &[(u32, u32)], today: Date) -> Option<&Suppression> {
        let covers = |first: u32| {
            line == first || constructs.iter().any(|(start, end)| *start == first && (*start..=*end).contains(&line))
        };
        let mut found = None;
        for entry in self.entries.iter_mut().filter(|entry| covers(entry.line)) {
            let Some((_, used)) = entry.rules.iter_mut().find(|(named, _)| named == rule) else { continue };
            *used = true;
            if found.is_none() && !is_over(entry.until, today) {
                found = Some(&*entry);
            }
        }
        found
    }

    /// What the comments say, whatever their place: the base revision's are counted with this.
    pub(crate) fn words(&self) -> impl Iterator<Item = String> {
        self.entries.iter().map(Suppression::words)
    }

    /// The comments that the base revision lacks; what it has is taken off `of_base`. A change cannot excuse itself in
    /// silence.
    pub(crate) fn added(&self, of_base: &mut BTreeMap<String, usize>) -> Vec<Problem> {
        let mut added = Vec::new();
        for entry in &self.entries {
            match of_base.get_mut(&entry.words()) {
                Some(count) if *count > 0 => *count -= 1,
                _ => {
                    let names: Vec<&str> = entry.rules.iter().map(|(rule, _)| &*rule.0).collect();
                    let message = format!("this change sets `{}` aside: {}", names.join("`, `"), entry.reason);
                    let (rule, subject) = (MetaRule::SuppressionAdded, names.join(",").into());
                    added.push(Problem { rule, at: entry.at, subject, message });
                }
            }
        }
        added
    }

    /// What is wrong with the comments, once all findings have been asked about.
    pub fn problems(self, standing: &dyn Fn(&RuleId) -> Standing, today: Date) -> Vec<Problem> {
        let mut problems = self.problems;
        for entry in self.entries {
            let names: Vec<&str> = entry.rules.iter().map(|(rule, _)| &*rule.0).collect();
            if let Some(until) = entry.until.filter(|_| is_over(entry.until, today)) {
                let message = format!("this suppression counted until {until}: it sets nothing aside any more");
                let subject = names.join(",").into();
                problems.push(Problem { rule: MetaRule::SuppressionExpired, at: entry.at, subject, message });
                continue;
            }
            for (rule, _) in entry.rules.iter().filter(|(rule, used)| !used && standing(rule) == Standing::Asked) {
                let message = format!("`{rule}` finds nothing in the construct that this comment speaks for");
                let (at, subject) = (entry.at, rule.0.clone());
                problems.push(Problem { rule: MetaRule::SuppressionUnused, at, subject, message });
            }
        }
        problems.sort_by(|a, b| (a.at, a.rule, &a.subject).cmp(&(b.at, b.rule, &b.subject)));
        problems
    }

    /// Reads one directive.
    fn add(&mut self, text: &str, at: Location, line: u32, standing: &dyn Fn(&RuleId) -> Standing) {
        let mut invalid = |subject: &str, message: String| {
            let rule = MetaRule::SuppressionInvalid;
            self.problems.push(Problem { rule, at, subject: subject.into(), message });
        };
        match parse(text) {
            Err(message) => invalid("", message),
            Ok(mut entry) => {
                entry.names.retain(|rule| {
                    let known = standing(rule) != Standing::Unknown;
                    if !known {
                        invalid(&rule.0, format!("there is no rule `{rule}`: nothing is set aside for it"));
                    }
                    known
                });
                if !entry.names.is_empty() {
                    let rules = entry.names.into_iter().map(|rule| (rule, false)).collect();
                    self.entries.push(Suppression { rules, until: entry.until, reason: entry.reason, line, at });
                }
            }
        }
    }
}

/// Whether the last day has gone by; the last day itself counts.
pub(crate) fn is_over(until: Option<Date>, today: Date) -> bool {
    until.is_some_and(|until| until < today)
}

/// A day as settings and comments write it: `YYYY-MM-DD`, nothing else.
pub(crate) fn parse_day(text: &str) -> Option<Date> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    shape.then(|| text.parse().ok()).flatten()
}

/// A directive within a comment.
struct Directive<'t> {
    /// Where it begins in the comment, in bytes.
    offset: usize,
    /// From the marker to the end of the line or comment.
    text: &'t str,
}

/// The directives of a comment: at most one a line, where a line or a comment within it begins.
fn directives(comment: &str) -> impl Iterator<Item = Directive<'_>> {
    comment.match_indices(MARKER).filter_map(|(offset, _)| {
        let before = comment[..offset].trim_end_matches([' ', '\t']);
        if !before.is_empty() && !before.ends_with(['#', '/', '*', '-', '\n']) {
            return None;
        }
        let line = comment[offset..].lines().next().unwrap_or_default().trim_end();
        let text = line.strip_suffix("*/").or(line.strip_suffix("-->")).unwrap_or(line).trim_end();
        Some(Directive { offset, text })
    })
}

/// What comments open with in formats that have some.
const OPENERS: &[&str] = &["#", "//", "/*", "<!--", "--", ";", "%", "'", "\"\"\"", "*", "!", "REM", "rem", "dnl"];

/// The comment that a marker at an offset of a text stands in, as far as its line tells; none where nothing opens one.
/// For files of which no parser knows the comments.
pub(crate) fn textual_comment(bytes: &[u8], marker: u32) -> Option<Comment> {
    let at = marker as usize;
    let start = memchr::memrchr(b'\n', bytes.get(..at)?).map_or(0, |line| line + 1);
    let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |line| at + line);
    let before = bytes[start..at].trim_ascii();
    let opener = OPENERS.iter().find(|opener| before.ends_with(opener.as_bytes()))?;
    let trailing = !before[..before.len() - opener.len()].trim_ascii().is_empty();
    Some(Comment { span: Span::new(at, end), trailing })
}

/// A directive taken apart.
struct Parsed {
    names: Vec<RuleId>,
    until: Option<Date>,
    reason: Arc<str>,
}

/// Takes a directive apart; the error says what is wrong with it.
fn parse(text: &str) -> Result<Parsed, String> {
    let rest = text.strip_prefix(MARKER).unwrap_or(text);
    if rest.starts_with(|next: char| !next.is_whitespace()) {
        return Err(format!("`{}` is no directive", text.split_whitespace().next().unwrap_or(text)));
    }
    let (head, reason) = split_reason(rest);
    let mut parsed = Parsed { names: Vec::new(), until: None, reason: reason.into() };
    for word in head.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty()) {
        match word.split_once('=') {
            Some(("until", day)) => {
                parsed.until = Some(parse_day(day).ok_or_else(|| format!("`{day}` is no day (YYYY-MM-DD)"))?);
            }
            Some((option, _)) => return Err(format!("`{option}` is no option of a suppression; `until=` is")),
            None => parsed.names.push(RuleId(word.into())),
        }
    }
    match (parsed.names.is_empty(), reason.is_empty()) {
        (true, _) => Err("no rule is named".to_owned()),
        (false, true) => Err("no reason is given (` -- reason`)".to_owned()),
        (false, false) => Ok(parsed),
    }
}

/// Splits at the first `--` that stands by itself.
fn split_reason(text: &str) -> (&str, &str) {
    let stands_alone = |at: &usize| {
        let (before, after) = (&text[..*at], &text[at + 2..]);
        (before.is_empty() || before.ends_with(char::is_whitespace))
            && (after.is_empty() || after.starts_with(char::is_whitespace))
    };
    let at = text.match_indices("--").map(|(at, _)| at).find(stands_alone);
    at.map_or((text, ""), |at| (&text[..at], text[at + 2..].trim()))
}

/// The lines of a file, as far as suppressions ask.
struct Lines<'s> {
    source: &'s Source,
    index: LineIndex,
    /// The lines that hold nothing but a comment, sorted.
    of_comments: Vec<u32>,
}

impl<'s> Lines<'s> {
    fn new(source: &'s Source, comments: &[Comment]) -> Self {
        let index = LineIndex::new(&source.bytes);
        let alone = comments.iter().filter(|comment| !comment.trailing);
        let mut of_comments: Vec<u32> =
            alone.flat_map(|comment| index.line(comment.span.start)..=last_line(&index, comment.span)).collect();
        of_comments.sort_unstable();
        Self { source, index, of_comments }
    }

    /// The line that a comment speaks for.
    fn spoken_for(&self, comment: &Comment) -> u32 {
        if comment.trailing {
            return self.index.line(comment.span.start);
        }
        let mut line = last_line(&self.index, comment.span) + 1;
        while line <= self.index.lines() && (self.of_comments.binary_search(&line).is_ok() || self.is_separator(line)) {
            line += 1;
        }
        line
    }

    /// Whether a line only separates YAML documents.
    fn is_separator(&self, line: u32) -> bool {
        let span = self.index.span(&self.source.bytes, line);
        self.source.bytes.get(span.range()).is_some_and(|text| text.trim_ascii_end() == b"---")
    }
}

/// The line of the last byte of a span.
fn last_line(index: &LineIndex, span: Span) -> u32 {
    index.line(span.end.saturating_sub(1).max(span.start))
}

/// The first and last lines of the constructs of a resource that a place stands in, outermost first: the resource, then
/// every named value and list item down to the place. `index` is that of the place's file; constructs in other files
/// are left out.
pub fn constructs_around(resource: &Resource, at: Location, index: &LineIndex) -> Vec<(u32, u32)> {
    let mut constructs = Vec::new();
    let mut add = |extent: Location| {
        if extent.source == at.source && extent.span.contains(at.span) {
            constructs.push((index.line(extent.span.start), last_line(index, extent.span)));
        }
    };
    add(resource.at);
    let mut next = Some(&resource.value);
    while let Some(node) = next {
        add(extent(node));
        next = children(node).find(|child| {
            let extent = extent(child);
            extent.source == at.source && extent.span.contains(at.span)
        });
    }
    constructs
}

/// A value with its name, when both stand in one file.
fn extent(node: &Node) -> Location {
    if node.at.source != node.name_at.source {
        return node.at;
    }
    Location { source: node.at.source, span: node.at.span.cover(node.name_at.span) }
}

fn children(node: &Node) -> Box<dyn Iterator<Item = &Node> + '_> {
    match &node.value {
        Value::Map(map) => Box::new(map.entries().iter().map(|entry| &entry.value)),
        Value::List(items) => Box::new(items.iter()),
        Value::Scalar(_) | Value::Unresolved(_) => Box::new(std::iter::empty()),
    }
}

#[cfg(test)]
mod tests {
    use secscan_model::{Map, Platform, SourceId};

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
            (
                "# secscan:ignore a until=2026-02-30 -- r\ny",
                "suppression-invalid : `2026-02-30` is no day (YYYY-MM-DD)",
            ),
            ("# secscan:ignore a until=20270131 -- r\ny", "suppression-invalid : `20270131` is no day (YYYY-MM-DD)"),
            (
                "# secscan:ignore a by=me -- r\ny",
                "suppression-invalid : `by` is no option of a suppression; `until=` is",
            ),
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
        let expected =
            "suppression-unused b: `b` finds nothing in the construct that this comment speaks for".to_owned();
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
        let map =
            |entries: Vec<(&str, Node)>| entries.into_iter().map(|(key, node)| (key.into(), node)).collect::<Map>();
        let tty = Node::bool(true, at("true")).named(at("tty"));
        let app = Node::map(map(vec![("tty", tty)]), at("name: app\n      tty: true"));
        let list = Node::list(vec![app], at("- name: app\n      tty: true\n    - name: b")).named(at("containers"));
        let spec = Node::map(
            map(vec![("containers", list)]),
            at("containers:\n    - name: app\n      tty: true\n    - name: b"),
        );
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
}
