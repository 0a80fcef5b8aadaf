//! Renders every chart below the given folders with its own values, and says how many templates rendered and parsed.

use std::path::{Path, PathBuf};

use secscan_model::tree::MemoryTree;
use secscan_model::{Candidate, FileTree, Source, SourceId};
use secscan_resources::Options;
use secscan_resources::helm::{self, Unfolded};

#[allow(clippy::print_stdout)]
fn main() {
    for root in std::env::args().skip(1) {
        let sources = sources(Path::new(&root));
        let printed = helm::print(&sources, &Options::default());
        let unrendered: Vec<_> = printed.diagnostics.iter().filter(|said| said.kind.is_blinding()).collect();
        let mut unparsed = Vec::new();
        for (name, text) in &printed.templates {
            for document in helm::documents(text) {
                let parsed = secscan_parse::yaml::parse(&Source::from_text(SourceId(0), "a.yaml", &text[document]));
                unparsed.extend(parsed.diagnostics.first().map(|said| (name, said.message.clone())));
            }
        }
        let charts = sources.iter().filter(|source| source.file_name() == "Chart.yaml").count();
        println!(
            "{root}: {charts} charts, {} templates rendered, {} not, {} documents that are no YAML",
            printed.templates.len(),
            unrendered.len(),
            unparsed.len()
        );
        for said in &printed.diagnostics {
            println!("    {}: {}", said.path.as_deref().unwrap_or_default(), said.message);
        }
        for (name, message) in unparsed {
            println!("    {name}: {message}");
        }
    }
}

/// The files below a folder, those of packed charts too.
#[allow(clippy::disallowed_methods, reason = "examples read folders")]
fn sources(root: &Path) -> Vec<Source> {
    let mut paths = Vec::new();
    files(root, &mut paths);
    let read = |path: PathBuf| {
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        (name, std::fs::read(&path).unwrap_or_default())
    };
    let tree = MemoryTree::new(paths.into_iter().map(read));
    let tree = Unfolded::new(&tree);
    let source = |(index, file): (usize, &Candidate)| Source {
        bytes: tree.read(file).unwrap_or_default(),
        ..Source::from_text(SourceId(index as u32), &file.path, "")
    };
    tree.list().files.iter().enumerate().map(source).collect()
}

#[allow(clippy::disallowed_methods, reason = "examples read folders")]
fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files(&entry.path(), into),
            Ok(kind) if kind.is_file() => into.push(entry.path()),
            _ => {}
        }
    }
}
