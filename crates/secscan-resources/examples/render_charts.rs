//! Renders every chart below the given folders with its own values, and says how many templates rendered and parsed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use secscan_model::{Source, SourceId};
use secscan_resources::Options;
use secscan_resources::helm;

#[allow(clippy::print_stdout)]
fn main() {
    let (mut all, mut failed, mut broken) = (0, 0, 0);
    for root in std::env::args().skip(1) {
        for chart in charts(Path::new(&root)) {
            let mut paths = Vec::new();
            files(&chart, &mut paths);
            paths.sort();
            let read = |(index, path): (usize, &PathBuf)| {
                let name = path.strip_prefix(&root).unwrap_or(path).to_string_lossy().into_owned();
                Source {
                    bytes: std::fs::read(path).unwrap_or_default().into(),
                    ..Source::from_text(SourceId(index as u32), &name, "")
                }
            };
            let sources: Vec<_> = paths.iter().enumerate().map(read).collect();
            let printed = helm::print(&sources, &Options::default());
            let unrendered: Vec<_> = printed.diagnostics.iter().filter(|said| said.kind.is_blinding()).collect();
            let mut unparsed = BTreeMap::new();
            for (name, text) in &printed.templates {
                let parsed = secscan_parse::yaml::parse(&Source::from_text(SourceId(0), "a.yaml", text));
                if let Some(said) = parsed.diagnostics.first() {
                    unparsed.insert(name, said.message.clone());
                }
            }
            all += printed.templates.len() + unrendered.len();
            failed += unrendered.len();
            broken += unparsed.len();
            println!(
                "{}: {} rendered, {} not, {} no YAML",
                chart.display(),
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
    println!("{all} templates, {failed} not rendered, {broken} rendered to what is no YAML");
}

/// The charts directly or one folder below a folder.
fn charts(root: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(root).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    found.retain(|path| path.join("Chart.yaml").is_file());
    found.sort();
    found
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files(&entry.path(), into),
            Ok(kind) if kind.is_file() => into.push(entry.path()),
            _ => {}
        }
    }
}
