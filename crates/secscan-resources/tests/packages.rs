//! The manifests and lockfiles under `fixtures/packages`, read as one tree and compared with `expected.txt` beside them.
//! `UPDATE_FIXTURES=1 cargo test -p secscan-resources --test packages` writes that file anew: read the difference.

#![allow(clippy::disallowed_methods, reason = "tests read fixtures")]

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use proptest::prelude::*;
use secscan_model::{Diagnostic, DiagnosticKind, Graph, LineIndex, Node, Platform, Resource, Source, SourceId};
use secscan_resources::packages::FORMATS;
use secscan_resources::{Options, assemble, read_file, read_unit, units};

/// Reads a tree as a scan does.
fn read(files: &[(String, Vec<u8>)]) -> (Graph, Vec<Diagnostic>) {
    let source = |(id, (path, bytes)): (u32, &(String, Vec<u8>))| {
        let mut source = Source::from_text(SourceId(id), path, "");
        source.bytes = bytes.as_slice().into();
        source
    };
    let readings: Vec<_> = (0..).zip(files).map(source).map(read_file).collect();
    let groups = units(&readings);
    let evaluated =
        groups.list.iter().map(|unit| read_unit(unit, &groups, &readings, None, &Options::default())).collect();
    assemble(readings, evaluated, Vec::new())
}

fn read_one(path: &str, text: &str) -> (Graph, Vec<Diagnostic>) {
    read(&[(path.to_owned(), text.as_bytes().to_vec())])
}

fn packages(graph: &Graph) -> impl Iterator<Item = &Resource> {
    graph.resources.iter().filter(|resource| resource.value.get("purl").is_some())
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/packages")
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of fixtures") {
        let path = entry.expect("readable").path();
        if path.is_dir() { files(&path, into) } else { into.push(path) }
    }
}

/// The fixtures, sorted by path as a listing is.
fn tree() -> Vec<(String, Vec<u8>)> {
    let mut paths = Vec::new();
    files(&fixtures(), &mut paths);
    let mut tree: Vec<_> = paths
        .iter()
        .map(|file| {
            let path = file.strip_prefix(fixtures()).expect("below the root").to_string_lossy().replace('\\', "/");
            (path, fs::read(file).expect("readable"))
        })
        .filter(|(path, _)| path != "expected.txt")
        .collect();
    tree.sort();
    tree
}

/// One line a resource with the line of its header, and of each value that stands elsewhere.
fn describe(graph: &Graph, diagnostics: &[Diagnostic]) -> String {
    let mut text = String::new();
    let place = |at: secscan_model::Location| {
        let source = graph.source(at.source).expect("it holds resources");
        format!("{}:{}", source.path, LineIndex::new(&source.bytes).line(at.span.start))
    };
    for resource in graph.resources.iter().filter(|resource| resource.platform == Platform::Package) {
        let header = place(resource.header());
        writeln!(text, "{header} {} {}", resource.kind, resource.address).expect("to a string");
        for entry in resource.value.entries() {
            let hidden = ["name", "purl", "ecosystem", "format", "path"];
            if !hidden.contains(&&*entry.key) {
                writeln!(text, "    {}: {}", entry.key, show(&entry.value, &header, &place)).expect("to a string");
            }
        }
    }
    for edge in &graph.edges {
        let address = |id| &graph.resource(id).address;
        writeln!(text, "{} -{}-> {}", address(edge.from), edge.path, address(edge.to)).expect("to a string");
    }
    for diagnostic in diagnostics {
        let at = diagnostic.at.map_or(String::new(), place);
        writeln!(text, "{at} {}: {}", diagnostic.kind.as_str(), diagnostic.message).expect("to a string");
    }
    text
}

fn show(node: &Node, outer: &str, place: &dyn Fn(secscan_model::Location) -> String) -> String {
    use secscan_model::Value;
    match &node.value {
        Value::Scalar(scalar) => {
            let at = place(node.at);
            let line = if at == outer { String::new() } else { format!("@{}", at.rsplit('/').next().unwrap_or(&at)) };
            format!("{}{line}", scalar.text)
        }
        Value::Unresolved(_) => "?".to_owned(),
        Value::List(items) => {
            format!("[{}]", items.iter().map(|item| show(item, outer, place)).collect::<Vec<_>>().join(", "))
        }
        Value::Map(map) => {
            let entries =
                map.entries().iter().map(|entry| format!("{}: {}", entry.key, show(&entry.value, outer, place)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

#[test]
fn fixtures_give_what_stands_beside_them() {
    let (graph, diagnostics) = read(&tree());
    let found = describe(&graph, &diagnostics);
    let beside = fixtures().join("expected.txt");
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        fs::write(&beside, &found).expect("writable");
    }
    let expected = fs::read_to_string(&beside).unwrap_or_default().replace("\r\n", "\n");
    let differing = expected.lines().zip(found.lines()).find(|(expected, found)| expected != found);
    assert!(expected == found, "first difference: {differing:?}");
}

#[test]
fn every_format_has_a_fixture() {
    let tree = tree();
    for format in FORMATS {
        let is_there = tree.iter().any(|(path, _)| {
            secscan_resources::packages::format_of(path).is_some_and(|found| std::ptr::eq(found, format))
        });
        assert!(is_there, "no file of the format {} under fixtures/packages", format.name);
    }
}

/// A path that each format claims.
fn paths() -> Vec<String> {
    FORMATS.iter().map(|format| format.files[0].replace('*', "x")).collect()
}

#[test]
fn nonsense_is_a_diagnostic_that_blinds_or_nothing() {
    let merge = "<<<<<<< HEAD\n{\"a\": 1}\n=======\n{\"a\": 2}\n>>>>>>> other\n";
    let deep = ["[", "{\"a\":", "<a>", "- "].map(|one| one.repeat(200_000));
    for path in paths() {
        for text in deep.iter().map(String::as_str).chain([merge]) {
            let (graph, diagnostics) = read_one(&path, text);
            assert_eq!(packages(&graph).count(), 0, "{path} {:?}", &text[..20]);
            assert!(diagnostics.len() <= 200, "{path}: {}", diagnostics.len());
            let is_told = diagnostics.iter().any(|d| d.kind.is_blinding() && d.blinds.contains(&Platform::Package));
            // Settings and Ruby are read as far as they are understood.
            let is_lenient = text != merge
                && ["Gemfile", ".npmrc", "pip.conf", ".properties"].iter().any(|name| path.ends_with(name));
            assert!(is_told || is_lenient, "{path} {:?}", &text[..20]);
        }
    }
}

#[test]
fn a_broken_lockfile_leaves_the_rest() {
    let files = [
        ("package-lock.json", "{"),
        ("package.json", "{\"dependencies\": {\"a\": \"1\"}}"),
        ("requirements.txt", "a==1\n"),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()));
    let (graph, diagnostics) = read(&files);
    assert_eq!(packages(&graph).count(), 1);
    assert_eq!(diagnostics.len(), 1);
    assert_eq!((diagnostics[0].kind, &*diagnostics[0].blinds), (DiagnosticKind::Syntax, &[Platform::Package][..]));
}

#[test]
fn prose_with_the_name_of_constraints_is_none() {
    let prose =
        "===========\nConstraints\n===========\n\nPostgreSQL knows constraints that exclude each other:\nthis page.\n";
    let (graph, diagnostics) = read_one("docs/constraints.txt", prose);
    assert_eq!(packages(&graph).count(), 0);
    assert!(matches!(&diagnostics[..], [one] if one.kind == DiagnosticKind::Skipped), "{diagnostics:?}");
    let (_, diagnostics) = read_one("docs/requirements.txt", prose);
    assert!(diagnostics.iter().all(|said| said.kind == DiagnosticKind::Syntax) && diagnostics.len() > 1);
}

#[test]
fn cycles_and_duplicates_end() {
    let entry = |name: &str, needs: &str| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\ndependencies = [\"{needs}\"]\n"
        )
    };
    let root = "[[package]]\nname = \"app\"\nversion = \"1.0.0\"\ndependencies = [\"a\"]\n";
    let text = format!("{root}{}{}{}", entry("a", "b"), entry("b", "a"), entry("a", "b"));
    let (graph, _) = read_one("Cargo.lock", &text);
    let chains: Vec<_> =
        packages(&graph).map(|package| package.value.get("chain").map_or(0, |chain| chain.items().len())).collect();
    assert_eq!(chains, [2, 3, 0], "an entry that nothing leads to has no chain");
}

#[test]
fn a_long_chain_is_cut_in_the_middle() {
    let mut text = "[[package]]\nname = \"app\"\nversion = \"1.0.0\"\ndependencies = [\"p0\"]\n".to_owned();
    for number in 0..3_000 {
        writeln!(
            text,
            "[[package]]\nname = \"p{number}\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\ndependencies = [\"p{}\"]",
            number + 1
        )
        .expect("to a string");
    }
    let (graph, _) = read_one("Cargo.lock", &text);
    let last = packages(&graph).last().expect("there are packages");
    let chain = last.value.get("chain").expect("it is reached").items();
    assert_eq!(chain.len(), 32);
    assert_eq!((chain[0].as_str(), chain[31].as_str()), (Some("app"), Some("p2999@1.0.0")));
    assert_eq!(chain[16].as_str(), Some("(2970 more)"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever the bytes, nothing panics, and all places lie within the file.
    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..200), format in 0..FORMATS.len()) {
        hold(format, bytes);
    }

    /// Likewise for files that begin well: parts of fixtures, cut and put together anew.
    #[test]
    fn cut_files_are_read(format in 0..FORMATS.len(), cuts in prop::collection::vec((any::<u16>(), any::<u16>()), 1..4)) {
        let tree = tree();
        let is_of = |path: &str| secscan_resources::packages::format_of(path).is_some_and(|f| std::ptr::eq(f, &FORMATS[format]));
        let (_, text) = tree.iter().find(|(path, _)| is_of(path)).expect("every format has a fixture");
        let mut bytes = Vec::new();
        for (start, length) in cuts {
            let start = usize::from(start) % text.len();
            let end = (start + usize::from(length) % 400).min(text.len());
            bytes.extend_from_slice(&text[start..end]);
        }
        hold(format, bytes);
    }
}

fn hold(format: usize, bytes: Vec<u8>) {
    let path = paths().swap_remove(format);
    let length = bytes.len() as u32;
    let (graph, diagnostics) = read(&[(path, bytes)]);
    let inside = |node: &Node| node.at.span.end <= length && node.at.span.start <= node.at.span.end;
    for resource in packages(&graph) {
        assert!(resource.value.entries().iter().all(|entry| inside(&entry.value)), "{}", resource.address);
    }
    let _: Vec<Arc<str>> = diagnostics.into_iter().map(|diagnostic| diagnostic.message).collect();
}
