//! `secscan render`: Helm charts as `helm template` prints them.

use std::io::Write;

use secscan_model::{Diagnostic, FileTree, LineIndex, Source, SourceId};
use secscan_resources::helm;

use crate::args::RenderArguments;
use crate::{Verdict, scan, targets};

/// Renders the charts of a target and prints them; what does not render goes to standard error.
pub(crate) fn run(arguments: &RenderArguments, out: &mut dyn Write) -> anyhow::Result<Verdict> {
    let options = secscan_discover::Options::default();
    let target = std::slice::from_ref(&arguments.target);
    let tree = targets::open(target, "stdin.yaml", &options, &arguments.images)?;
    let options = scan::reader_options(&[], &arguments.helm, arguments.kubernetes_version)?;
    let mut unread = Vec::new();
    let sources = sources(&helm::Unfolded::new(&tree), &mut unread);
    let printed = helm::print(&sources, &options);
    for (name, text) in &printed.templates {
        for document in documents(text) {
            writeln!(out, "---\n# Source: {name}\n{document}")?;
        }
    }
    out.flush()?;
    let mut err = std::io::stderr().lock();
    for diagnostic in unread.iter().chain(&printed.diagnostics) {
        let source = diagnostic.at.and_then(|at| Some((sources.get(at.source.0 as usize)?, at.span)));
        let line = source.map(|(source, span)| LineIndex::new(&source.bytes).line(span.start));
        let place = (diagnostic.path.as_deref().unwrap_or_default(), line.unwrap_or(1));
        writeln!(err, "secscan: {}:{}: {}", place.0, place.1, diagnostic.message)?;
    }
    let is_whole = !unread.iter().chain(&printed.diagnostics).any(|diagnostic| diagnostic.kind.is_blinding());
    Ok(if is_whole { Verdict::Passed } else { Verdict::Incomplete })
}

/// The files of a tree, with the text of those that belong to charts. What cannot be read is said.
fn sources(tree: &dyn FileTree, unread: &mut Vec<Diagnostic>) -> Vec<Source> {
    let listing = tree.list();
    unread.extend(listing.diagnostics);
    let files = listing.files;
    let charts = helm::Charts::of(files.iter().map(|file| &*file.path));
    let read = |(index, file): (usize, &secscan_model::Candidate)| {
        let is_wanted = file.version == 0 && charts.chart_of(&file.path).is_some();
        let bytes = match is_wanted {
            true => tree.read(file).unwrap_or_else(|diagnostic| {
                unread.push(diagnostic);
                Default::default()
            }),
            false => Default::default(),
        };
        Source { id: SourceId(index as u32), path: file.path.clone(), origin: tree.origin(file), bytes }
    };
    files.iter().enumerate().map(read).collect()
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
