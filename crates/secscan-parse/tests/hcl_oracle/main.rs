//! The parser of HCL beside `hcl-edit`: of every file that both take, they say the same, place for place.
//!
//! The files are those under `fixtures/` at the root of the repository, the examples of the rules, and what lies below the
//! folders that the environment variable `SECSCAN_FIXTURES` names, separated by colons.

#![allow(clippy::disallowed_methods, reason = "tests read fixtures")]
#![allow(clippy::print_stderr, clippy::unwrap_used, reason = "a test may stop and may report")]

mod lowering;
mod texts;

use std::path::{Path, PathBuf};

use hcl_edit::structure;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use secscan_model::{Node, Source, SourceId};
use secscan_parse::hcl::syntax::{Body, Item};
use secscan_parse::{hcl, yaml};

#[test]
fn both_parsers_say_the_same() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let more = std::env::var("SECSCAN_FIXTURES").unwrap_or_default();
    let more = more.split(':').filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let mut files = Vec::new();
    more.chain([root.join("fixtures"), root.join("rules")]).for_each(|folder| collect(&folder, &mut files));
    let (mut same, mut refused) = (0, Vec::new());
    for (path, text) in &files {
        let ours = hcl::parse(&Source::from_text(SourceId(0), path, text));
        match text.trim_start_matches('\u{feff}').parse::<structure::Body>() {
            Ok(_) if text.starts_with('\u{feff}') => {}
            Ok(parsed) => {
                assert_eq!(ours.diagnostics.len(), 0, "{path}: {:?}", ours.diagnostics);
                assert_same(path, text, &ours.body, &lowering::body(&parsed, text));
                same += 1;
            }
            Err(error) => refused.push(format!("{path}: {}", error.message())),
        }
    }
    eprintln!("{same} files the same; refused by hcl-edit:\n{}", refused.join("\n"));
    assert!(same > 100, "only {same} files were compared");
}

fn assert_same(path: &str, text: &str, ours: &Body, theirs: &Body) {
    for (own, other) in ours.items.iter().zip(&theirs.items) {
        let span = match own {
            Item::Attribute(attribute) => attribute.value.span,
            Item::Block(block) => block.span,
        };
        assert!(own == other, "{path}: {}\nours {own:#?}\nhcl-edit {other:#?}", &text[span.range()]);
    }
    assert_eq!(ours.items.len(), theirs.items.len(), "{path}");
}

/// Collects the Terraform files below a folder, and the examples in Terraform of the rules there.
fn collect(folder: &Path, files: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = path.to_string_lossy().into_owned();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => collect(&path, files),
            Ok(kind) if kind.is_file() && (name.ends_with(".tf") || name.ends_with(".tfvars")) => {
                files.extend(std::fs::read_to_string(&path).map(|text| (name, text)));
            }
            Ok(kind) if kind.is_file() && name.contains("/rules/") && name.ends_with(".yaml") => {
                files.extend(examples(&std::fs::read_to_string(&path).unwrap()).map(|text| (name.clone(), text)));
            }
            _ => {}
        }
    }
}

/// The examples in Terraform of a rule file.
fn examples(rule: &str) -> impl Iterator<Item = String> {
    let parsed = yaml::parse(&Source::from_text(SourceId(0), "rule.yaml", rule));
    let examples = parsed.documents.iter().flat_map(|rule| rule.get("examples")).flat_map(Node::items);
    let is_terraform = |example: &&Node| {
        let said = example.get("fails").or(example.get("passes")).and_then(Node::as_str);
        said == Some("terraform")
    };
    let codes = examples.filter(is_terraform).filter_map(|example| Some(example.get("code")?.as_str()?.to_owned()));
    codes.collect::<Vec<_>>().into_iter()
}

/// Pieces that texts are put together from.
const PIECES: [&str; 40] = [
    "a",
    "b = ",
    "c = \"",
    "d \"e\" {\n",
    "\"",
    "${",
    "%{",
    "}",
    "{",
    "[",
    "]",
    "(",
    ")",
    "\n",
    "\n}\n",
    ",",
    "1",
    "-2.50e3",
    ".",
    ".*",
    "[*]",
    "= <<E\n",
    "E\n",
    "= <<-E\n  ",
    "if a",
    "endif",
    "else",
    "[for x in ",
    "{for k, v in ",
    "endfor",
    " : ",
    " ? ",
    " => ",
    "...",
    "~}",
    "# no\n",
    " && ",
    "!",
    "\\n",
    "é",
];

proptest! {
    #[test]
    fn noise_is_read_alike(pieces in vec(select(&PIECES[..]), 1..24)) {
        let text = format!("b = {}\n", pieces.concat());
        let ours = hcl::parse(&Source::from_text(SourceId(0), "main.tf", &text));
        // Of what only one of them takes, files tell: `hcl-edit` takes line breaks within quotes, Terraform does not.
        if ours.diagnostics.is_empty()
            && let Ok(parsed) = text.parse::<structure::Body>()
        {
            prop_assert_eq!(ours.body, lowering::body(&parsed, &text));
        }
    }
}
