//! Each file under `fixtures/` is read, and what it gives is compared with the `.resources` file beside it.
//! `UPDATE_FIXTURES=1 cargo test -p secscan-resources --test golden` writes these files anew: read the difference.

#![allow(clippy::disallowed_methods, reason = "tests read fixtures")]

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use secscan_model::{Diagnostic, LineIndex, Location, Node, Platform, Source, SourceId, Value};
use secscan_resources::{Batch, FileReading, Options, read_file, read_unit, read_wanted, units, wanted};

/// The folders of files that are read together, each folder as a tree of its own. What needs more has a test of its own.
const FOLDERS: &[&str] = &[
    "arm",
    "bicep",
    "cloudformation",
    "compose",
    "devcontainer",
    "docker",
    "dockerfile",
    "github-actions",
    "kustomize",
    "quadlet",
    "serverless",
];

#[test]
fn files_give_the_resources_beside_them() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let mut differing = Vec::new();
    for folder in FOLDERS {
        let root = fixtures.join(folder);
        let files = files(&root);
        assert!(!files.is_empty(), "no fixtures in {}", root.display());
        let tree = Tree::read(&root, &files);
        for (index, file) in files.iter().enumerate() {
            let found = tree.describe(index);
            let beside =
                file.with_file_name(format!("{}.resources", file.file_name().expect("a file").to_string_lossy()));
            if std::env::var_os("UPDATE_FIXTURES").is_some() {
                fs::write(&beside, &found).expect("writable");
            }
            let expected = fs::read_to_string(&beside).unwrap_or_default().replace("\r\n", "\n");
            if found != expected {
                let path = &tree.readings[index].source.path;
                differing.push(format!("{folder}/{path}\n{}", first_difference(&expected, &found)));
            }
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of fixtures") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if path.extension().is_none_or(|extension| extension != "resources") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn first_difference(expected: &str, found: &str) -> String {
    let at = expected.lines().zip(found.lines()).take_while(|(expected, found)| expected == found).count();
    let line = |text: &str| text.lines().nth(at).unwrap_or("(nothing)").to_owned();
    format!("line {}:\n  expected {}\n  found    {}", at + 1, line(expected), line(found))
}

/// The files of a folder and everything that was read from them.
struct Tree {
    readings: Vec<FileReading>,
    lines: Vec<LineIndex>,
    /// What each file gave, then what each unit gave.
    batches: Vec<Batch>,
    diagnostics: Vec<Diagnostic>,
}

impl Tree {
    fn read(root: &Path, files: &[PathBuf]) -> Self {
        let source = |(id, file): (usize, &PathBuf)| {
            let path = file.strip_prefix(root).expect("below the root").to_string_lossy().replace('\\', "/");
            Source::from_text(SourceId(id as u32), &path, &fs::read_to_string(file).expect("readable"))
        };
        let mut readings: Vec<_> = files.iter().enumerate().map(source).map(read_file).collect();
        let wanted = wanted(&readings);
        for reading in readings.iter_mut().filter(|reading| wanted.contains(&reading.source.path)) {
            *reading = read_wanted(reading.source.clone());
        }
        let lines = readings.iter().map(|reading| LineIndex::new(&reading.source.bytes)).collect();
        let options = Options::default();
        let evaluated: Vec<_> = {
            let units = units(&readings);
            units.list.iter().map(|unit| read_unit(unit, &units, &readings, None, &options)).collect()
        };
        // What a unit was made of gives way to it.
        let replaced: Vec<SourceId> = evaluated.iter().flat_map(|unit| unit.replaced.iter().copied()).collect();
        for reading in readings.iter_mut().filter(|reading| replaced.contains(&reading.source.id)) {
            reading.batch = Batch::default();
        }
        let mut batches: Vec<_> = readings.iter_mut().map(|reading| std::mem::take(&mut reading.batch)).collect();
        let mut diagnostics: Vec<_> =
            readings.iter_mut().flat_map(|reading| std::mem::take(&mut reading.diagnostics)).collect();
        for unit in evaluated {
            batches.push(unit.batch);
            diagnostics.extend(unit.diagnostics);
        }
        Self { readings, lines, batches, diagnostics }
    }

    fn line(&self, at: Location) -> u32 {
        self.lines[at.source.0 as usize].line(at.span.start)
    }

    /// One line a resource, `line: kind address part: value`, then the references and the diagnostics.
    fn describe(&self, index: usize) -> String {
        let mut text = String::new();
        let id = SourceId(index as u32);
        for batch in &self.batches {
            for resource in batch.resources.iter().filter(|resource| resource.at.source == id) {
                let platform = if resource.platform == Platform::Common { "  " } else { "" };
                let part = if resource.part.is_empty() { String::new() } else { format!(" {}", resource.part) };
                let value = self.show(&resource.value, resource.value.at);
                let line = self.line(resource.value.at);
                writeln!(text, "{platform}{line}: {} {}{part}: {value}", resource.kind, resource.address)
                    .expect("to a string");
            }
            for edge in &batch.edges {
                let resource = |id: secscan_model::ResourceId| &batch.resources[id.0 as usize];
                if resource(edge.from).at.source == id {
                    let (from, to) = (&resource(edge.from).address, &resource(edge.to).address);
                    writeln!(text, "{from} -{}-> {to}", edge.path).expect("to a string");
                }
            }
        }
        let path = &self.readings[index].source.path;
        for diagnostic in self.diagnostics.iter().filter(|diagnostic| diagnostic.path.as_ref() == Some(path)) {
            let line = diagnostic.at.map_or(0, |at| self.line(at));
            writeln!(text, "{line}: {}: {}", diagnostic.kind.as_str(), diagnostic.message).expect("to a string");
        }
        text
    }

    /// A value on one line: `?` and the raw text for what is known in part, `??` for what may be absent; `@` and the
    /// line where a scalar stands on another line than its resource, `@file:line` where in another file.
    fn show(&self, node: &Node, outer: Location) -> String {
        let line = self.line(node.at);
        let place = match (node.at.source == outer.source, line == self.line(outer)) {
            (true, true) => String::new(),
            (true, false) => format!("@{line}"),
            (false, _) => format!("@{}:{line}", self.readings[node.at.source.0 as usize].source.path),
        };
        match &node.value {
            Value::Scalar(scalar) => format!("{}{place}", scalar.text.replace('\n', "\\n")),
            Value::Unresolved(unresolved) => {
                let mark = if unresolved.perhaps_absent { "??" } else { "?" };
                format!("{mark}{}{place}", unresolved.raw_text().replace('\n', "\\n"))
            }
            Value::List(items) => {
                format!("[{}]", items.iter().map(|item| self.show(item, outer)).collect::<Vec<_>>().join(", "))
            }
            Value::Map(map) => {
                // What stands in several resources is shown once.
                let is_shown =
                    |entry: &&secscan_model::Entry| !matches!(&*entry.key, "jobs" | "steps" | "platform" | "piped-to");
                let entries = map.entries().iter().filter(is_shown);
                let entries = entries.map(|entry| format!("{}: {}", entry.key, self.show(&entry.value, outer)));
                let rest = map.rest.iter().map(|why| format!("... ({why})"));
                format!("{{{}}}", entries.chain(rest).collect::<Vec<_>>().join(", "))
            }
        }
    }
}
