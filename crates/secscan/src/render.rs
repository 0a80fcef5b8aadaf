//! `secscan render`: Helm charts as `helm template` prints them, kustomizations as `kubectl kustomize` builds them.

use std::io::Write;

use secscan_model::{Candidate, Diagnostic, FileTree, LineIndex, Source, SourceId};
use secscan_resources::{Options, Tree, helm, kustomize};

use crate::args::RenderArguments;
use crate::{Verdict, scan, targets};

/// What there is to render.
struct Sources<'t> {
    tree: &'t dyn FileTree,
    listed: &'t [Candidate],
    /// All files; those that no renderer asks for are empty.
    sources: &'t [Source],
}

/// What a renderer made.
#[derive(Default)]
struct Rendered {
    /// What each document came from, and its text.
    documents: Vec<(String, String)>,
    diagnostics: Vec<Diagnostic>,
}

/// All renderers, in the order in which they print.
static RENDERERS: &[fn(&Sources<'_>, &Options) -> Rendered] = &[charts, kustomizations];

/// Renders what a target holds and prints it; what does not render goes to standard error.
pub(crate) fn run(arguments: &RenderArguments, out: &mut dyn Write) -> anyhow::Result<Verdict> {
    let options = secscan_discover::Options::default();
    let target = std::slice::from_ref(&arguments.target);
    let tree = targets::open(target, "stdin.yaml", &options, &arguments.images)?;
    let options = scan::reader_options(&[], &arguments.helm, arguments.kubernetes_version)?;
    let tree = helm::Unfolded::new(&tree);
    let listing = tree.list();
    let mut diagnostics = listing.diagnostics;
    let sources = read(&tree, &listing.files, &mut diagnostics);
    let all = Sources { tree: &tree, listed: &listing.files, sources: &sources };
    for renderer in RENDERERS {
        let rendered = renderer(&all, &options);
        for (name, text) in &rendered.documents {
            writeln!(out, "---\n# Source: {name}\n{text}")?;
        }
        diagnostics.extend(rendered.diagnostics);
    }
    out.flush()?;
    let mut err = std::io::stderr().lock();
    for diagnostic in &diagnostics {
        let source = diagnostic.at.and_then(|at| Some((sources.get(at.source.0 as usize)?, at.span)));
        let line = source.map(|(source, span)| LineIndex::new(&source.bytes).line(span.start));
        let place = (diagnostic.path.as_deref().unwrap_or_default(), line.unwrap_or(1));
        writeln!(err, "secscan: {}:{}: {}", place.0, place.1, diagnostic.message)?;
    }
    let is_whole = !diagnostics.iter().any(|diagnostic| diagnostic.kind.is_blinding());
    Ok(if is_whole { Verdict::Passed } else { Verdict::Incomplete })
}

/// The files of a tree, with the text of those that renderers ask for. What cannot be read is said.
fn read(tree: &dyn FileTree, listed: &[Candidate], unread: &mut Vec<Diagnostic>) -> Vec<Source> {
    let charts = helm::Charts::of(listed.iter().map(|file| &*file.path));
    let has_kustomizations = listed.iter().any(|file| kustomize::claims(&file.path));
    let is_wanted = |file: &Candidate| {
        // Generators take any file.
        file.version == 0 && (has_kustomizations || charts.chart_of(&file.path).is_some())
    };
    let read = |(index, file): (usize, &Candidate)| {
        let bytes = match is_wanted(file) {
            true => tree.read(file).unwrap_or_else(|diagnostic| {
                unread.push(diagnostic);
                Default::default()
            }),
            false => Default::default(),
        };
        Source { id: SourceId(index as u32), path: file.path.clone(), origin: tree.origin(file), bytes }
    };
    listed.iter().enumerate().map(read).collect()
}

fn charts(all: &Sources<'_>, options: &Options) -> Rendered {
    let printed = helm::print(all.sources, options);
    let named = |(name, text): &(String, String)| {
        documents(text).into_iter().map(|document| (name.clone(), document.to_owned())).collect::<Vec<_>>()
    };
    Rendered { documents: printed.templates.iter().flat_map(named).collect(), diagnostics: printed.diagnostics }
}

fn kustomizations(all: &Sources<'_>, _: &Options) -> Rendered {
    if !all.sources.iter().any(|source| kustomize::claims(&source.path)) {
        return Rendered::default();
    }
    let charts = helm::Charts::of(all.listed.iter().map(|file| &*file.path));
    let readings: Vec<_> =
        all.sources.iter().map(|source| secscan_resources::read_file_of(&charts, source.clone())).collect();
    let printed = kustomize::print(&readings, Some(&Tree::new(all.tree, all.listed)));
    let named = |(folder, texts): (std::sync::Arc<str>, Vec<String>)| {
        let name = if folder.is_empty() { ".".to_owned() } else { folder.to_string() };
        texts.into_iter().map(move |text| (name.clone(), text.trim_end().to_owned()))
    };
    Rendered { documents: printed.folders.into_iter().flat_map(named).collect(), diagnostics: printed.diagnostics }
}

/// The documents of a rendered template that hold anything but comments.
fn documents(text: &str) -> Vec<&str> {
    let says_something = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let documents = helm::documents(text).into_iter().map(|range| text[range].trim_matches('\n'));
    documents.filter(|document| document.lines().any(says_something)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_without_content_are_left_out() {
        assert_eq!(documents("\n---\na: 1\n\n---\n# nothing\n---# cut here\nb: 2\n"), ["a: 1", "# cut here\nb: 2"]);
    }
}
