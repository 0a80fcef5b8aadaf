//! A finding with the source that it speaks of.

use std::collections::BTreeMap;
use std::io;

use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};
use secscan_model::report::Advisory;
use secscan_model::{Finding, FindingKind, Place, Report, Severity, Status};

use super::terminal::{Terminal, is_unsafe, safe};
use crate::Options;

/// How many characters of an endless line are shown from the region on.
const LONGEST: usize = 400;
/// How many related places are shown with their source.
const MOST_RELATED: usize = 5;
/// How many controls of one pack, and how many packs, a finding names.
const MOST_CONTROLS: usize = 3;

/// Writes the findings that are asked for, in the order of the report.
pub(super) fn write_all<W: io::Write>(
    report: &Report,
    options: &Options,
    terminal: &mut Terminal<W>,
) -> io::Result<()> {
    let renderer = if options.colour { Renderer::styled().hyperlink(false) } else { Renderer::plain() };
    let renderer = match terminal.width {
        Some(width) => renderer.term_width(width),
        None => renderer,
    };
    for finding in report.findings.iter().filter(|finding| options.show.admits(finding)) {
        io::Write::write_all(terminal, render(report, finding, &renderer).as_bytes())?;
        io::Write::write_all(terminal, b"\n\n")?;
    }
    Ok(())
}

/// One finding, without a line break at its end. What is not new is only named: whoever compares wants to see the rest.
fn render(report: &Report, finding: &Finding, renderer: &Renderer) -> String {
    let observed = safe(&finding.observed);
    // What a reader computed (`open` is true) says nothing beside the value that it was computed from.
    let is_telling = |label: &str| !matches!(label, "" | "true" | "false") && !finding.place.text.contains(label);
    let label = Some(observed).filter(|label| is_telling(label));
    let title = level(finding).primary_title(safe(&finding.message)).id(safe(&finding.rule.0));
    if finding.status == Status::Open && !finding.new {
        let known = Level::NOTE.message("the base revision has it too");
        return renderer.render(&[title.element(origin(&finding.place)).element(known)]);
    }
    let mut elements = Vec::new();
    show(&finding.place, AnnotationKind::Primary, label.as_deref(), &mut elements);
    let related: Vec<_> =
        finding.related.iter().take(MOST_RELATED).map(|related| (&related.place, safe(&related.message))).collect();
    for (place, message) in &related {
        show(place, AnnotationKind::Context, Some(message), &mut elements);
    }
    let notes =
        notes(report, finding).into_iter().map(|(name, text)| Element::from(Level::NOTE.with_name(name).message(text)));
    let group = Group::with_title(title).elements(elements).elements(notes);
    renderer.render(&[group])
}

/// The word in front of a finding, in its colour.
fn level(finding: &Finding) -> Level<'static> {
    match finding.kind {
        FindingKind::Fail => match finding.severity {
            Severity::Critical | Severity::High => Level::ERROR,
            Severity::Medium => Level::WARNING,
            Severity::Low | Severity::Info => Level::INFO,
        }
        .with_name(finding.severity.as_str()),
        FindingKind::Pass => Level::NOTE.with_name(finding.kind.as_str()),
        FindingKind::Unknown => Level::HELP.with_name(finding.kind.as_str()),
    }
}

/// Adds a place with its lines, and its region marked.
fn show<'a>(place: &'a Place, kind: AnnotationKind, label: Option<&'a str>, elements: &mut Vec<Element<'a>>) {
    match Excerpt::of(place) {
        Some(Excerpt { text, region }) => {
            let annotation = kind.span(region).label(label);
            let snippet = Snippet::source(text).path(safe(&place.path)).line_start(place.start.line() as usize);
            elements.push(snippet.fold(false).annotation(annotation).into());
        }
        None => elements.push(origin(place).into()),
    }
}

/// A place without its lines.
fn origin(place: &Place) -> Origin<'_> {
    Origin::path(safe(&place.path)).line(place.start.line() as usize).char_column(place.start.column() as usize)
}

/// The lines of a place, fit to be shown.
struct Excerpt {
    /// The lines, joined.
    text: String,
    /// The region in it, in bytes.
    region: std::ops::Range<usize>,
}

impl Excerpt {
    /// Cuts endless lines behind the region; none when the region itself is too far out. Every other character stays
    /// one character, so that columns stay true.
    fn of(place: &Place) -> Option<Self> {
        let start = place.start.column() as usize - 1;
        let last = place.end.line().saturating_sub(place.start.line()) as usize;
        if place.snippet.first().is_none_or(|line| Place::is_cut(line) && line.chars().count() < start) {
            return None;
        }
        let mut excerpt = Self { text: String::new(), region: 0..0 };
        let mut end = None;
        for (number, line) in place.snippet.iter().enumerate() {
            if number > 0 {
                excerpt.text.push('\n');
            }
            let from = excerpt.text.len();
            let shown = line.chars().take(if number == 0 { start + LONGEST } else { LONGEST });
            excerpt.text.extend(shown.map(|it| if is_unsafe(it) && it != '\t' { '\u{FFFD}' } else { it }));
            let kept = &excerpt.text[from..];
            let offset = |column: usize| from + kept.char_indices().nth(column).map_or(kept.len(), |(at, _)| at);
            if number == 0 {
                excerpt.region.start = offset(start);
            }
            if number == last {
                end = Some(offset(place.end.column() as usize - 1));
            }
        }
        excerpt.region.end = end.unwrap_or(excerpt.text.len()).max(excerpt.region.start);
        Some(excerpt)
    }
}

/// What is said below the source: a name and a text each.
fn notes(report: &Report, finding: &Finding) -> Vec<(&'static str, String)> {
    let mut notes = vec![("resource", resource(finding))];
    notes.extend(finding.origin.introduction().map(|it| ("introduced", safe(&it.to_string()).into_owned())));
    notes.extend(finding.origin.image_layer().map(|layer| ("layer", safe(&layer.to_string()).into_owned())));
    if let Some(more) = finding.related.len().checked_sub(MOST_RELATED).filter(|more| *more > 0) {
        notes.push(("note", format!("and {more} more places")));
    }
    match &finding.status {
        Status::Open => {}
        Status::Baselined => notes.push(("baselined", "the baseline knows it".to_owned())),
        Status::Suppressed { reason, source } => {
            notes.push(("suppressed", format!("{} ({})", safe(reason), safe(source))));
        }
        Status::Waived { reason, owner, until } => {
            notes.push(("waived", format!("{} ({}, until {})", safe(reason), safe(owner), safe(until))));
        }
    }
    if let Some(advisory) = &finding.advisory {
        notes.push(("advisory", safe(&about(advisory)).into_owned()));
    }
    if finding.kind == FindingKind::Fail {
        let rule = report.rule(&finding.rule);
        let advice = finding.fix.as_ref().map(|fix| &*fix.description).or(rule.map(|rule| &*rule.fix));
        notes.extend(advice.map(|advice| ("fix", safe(advice).into_owned())));
    }
    if !finding.controls.is_empty() {
        notes.push(("controls", controls(finding)));
    }
    notes
}

/// An advisory in short: `RUSTSEC-2021-0003 (CVE-2021-25900): smallvec 1.6.0 -> 1.6.1`.
fn about(advisory: &Advisory) -> String {
    let aliases = match advisory.aliases.join(", ") {
        none if none.is_empty() => none,
        aliases => format!(" ({aliases})"),
    };
    let fixed = advisory.fixed.as_ref().map_or_else(|| "no fixed version is known".to_owned(), ToString::to_string);
    format!("{}{aliases}: {} {} -> {fixed}", advisory.id, advisory.package, advisory.version)
}

/// The address, with the type in front of it where the address does not say it.
fn resource(finding: &Finding) -> String {
    if finding.resource.contains(&*finding.resource_kind) {
        safe(&finding.resource).into_owned()
    } else {
        format!("{} {}", safe(&finding.resource_kind), safe(&finding.resource))
    }
}

/// The controls in short: `hipaa 164.312(a)(1), 164.312(b); pci-dss 1.3.1 and 4 more`.
fn controls(finding: &Finding) -> String {
    let mut packs: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for control in &finding.controls {
        packs.entry(&control.pack).or_default().push(&control.control);
    }
    let short = packs.iter().take(MOST_CONTROLS).map(|(pack, controls)| {
        let named = controls.iter().take(MOST_CONTROLS).copied().collect::<Vec<_>>().join(", ");
        match controls.len().saturating_sub(MOST_CONTROLS) {
            0 => format!("{pack} {named}"),
            more => format!("{pack} {named} and {more} more"),
        }
    });
    let short = short.collect::<Vec<_>>().join("; ");
    let text = match packs.len().saturating_sub(MOST_CONTROLS) {
        0 => short,
        more => format!("{short}; and of {more} more packs"),
    };
    safe(&text).into_owned()
}
