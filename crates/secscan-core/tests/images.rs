//! Files of container images: what package managers installed is nobody's own source code.

use std::sync::Arc;

use secscan_core::{Scanner, Silent};
use secscan_model::report::Report;
use secscan_model::tree::MemoryTree;
use secscan_model::{Candidate, Diagnostic, DiagnosticKind, FileTree, FindingKind, ImageLayer, Listing, Origin};

/// Files of one layer; what stands below `packaged/` was installed.
struct Image(MemoryTree);

impl FileTree for Image {
    fn list(&self) -> Listing {
        self.0.list()
    }

    fn read(&self, candidate: &Candidate) -> Result<Arc<[u8]>, Diagnostic> {
        self.0.read(candidate)
    }

    fn origin(&self, candidate: &Candidate) -> Origin {
        let packaged = candidate.path.starts_with("packaged/");
        let (digest, created_by) = ("sha256:0".into(), "COPY . .".into());
        Origin::Image(Arc::new(ImageLayer { number: 1, digest, created_by, gone_in: None, packaged }))
    }
}

fn scan(files: &[(&str, &str)]) -> Report {
    let scanner = Scanner::builder().build().expect("the rules load");
    scanner.scan(&Image(MemoryTree::new(files.iter().copied())), &Silent)
}

/// `path rule` of what fails.
fn failures(report: &Report) -> Vec<String> {
    let failed = report.findings.iter().filter(|finding| finding.kind == FindingKind::Fail);
    failed.map(|finding| format!("{} {}", finding.place.path, finding.rule)).collect()
}

const UNSAFE: &str = "import yaml\nyaml.load(open('x'))\n";

#[test]
fn rules_about_source_code_are_not_asked_of_packages_and_the_report_says_so() {
    let report = scan(&[("app/a.py", UNSAFE), ("packaged/a.py", UNSAFE), ("packaged/b.py", ""), ("packaged/c", "")]);
    assert_eq!(failures(&report), ["app/a.py py-yaml-unsafe-load"]);
    let said: Vec<_> = report.notices.iter().map(|notice| (notice.kind, &*notice.message)).collect();
    let [(DiagnosticKind::Skipped, message)] = said[..] else { panic!("{said:?}") };
    assert!(message.starts_with("2 files of source code"), "{message}");
}

#[test]
fn secrets_are_found_in_packages_all_the_same() {
    let report = scan(&[("packaged/a.py", "password = \"Tr0ub4dor-and-3x\"\n")]);
    let found = failures(&report);
    assert!(found.iter().any(|line| line.starts_with("packaged/a.py secret-")), "{found:?}");
}
