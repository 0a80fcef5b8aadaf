//! A scan with a memory says what a scan without one says, whatever happened in between.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use proptest::prelude::*;
use secscan_core::{Cache, Scanner, Silent};
use secscan_model::tree::MemoryTree;
use secscan_model::{Report, Severity};

/// Records in memory, with a count of how often a report was put.
#[derive(Debug, Default)]
struct Records {
    kept: Mutex<HashMap<String, Vec<u8>>>,
    reports: Mutex<usize>,
}

impl Records {
    fn reports(&self) -> usize {
        *self.reports.lock().unwrap()
    }
}

impl Cache for Records {
    fn get(&self, record: &str) -> Option<Vec<u8>> {
        self.kept.lock().unwrap().get(record).cloned()
    }

    fn put(&self, record: &str, bytes: &[u8]) {
        *self.reports.lock().unwrap() += usize::from(record == "report");
        self.kept.lock().unwrap().insert(record.to_owned(), bytes.to_vec());
    }
}

/// What files may say: findings in text, code and resources, a suppression, nothing, and no text.
const TEXTS: &[&[u8]] = &[
    b"password = \"Tr0ub4dor-and-3x\"\n",
    b"import yaml\nyaml.load(open('x'))\n",
    b"import yaml\nyaml.load(open('x'))  # secscan:ignore py-yaml-unsafe-load -- a test\n",
    b"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostPID: true}\n",
    b"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostIPC: true, hostPID: false}\n",
    b"resource \"aws_db_instance\" \"a\" {\n  publicly_accessible = true\n}\n",
    b"",
    b"\0\x01\x02",
    b"a: [\n",
];

const PATHS: &[&str] = &["a.py", "b/a.py", "test/a.py", "b/pod.yaml", "main.tf", "c/main.tf", "settings.ini"];

/// What a step changes.
#[derive(Clone, Debug)]
enum Step {
    Write(usize, usize),
    Move(usize, usize),
    Remove(usize),
    Rules(usize),
    Nothing,
}

fn step() -> impl Strategy<Value = Step> {
    let (path, text) = (0..PATHS.len(), 0..TEXTS.len());
    prop_oneof![
        4 => (path.clone(), text).prop_map(|(path, text)| Step::Write(path, text)),
        2 => (path.clone(), path.clone()).prop_map(|(from, to)| Step::Move(from, to)),
        1 => path.prop_map(Step::Remove),
        2 => (0..scanners().len()).prop_map(Step::Rules),
        2 => Just(Step::Nothing),
    ]
}

/// Scanners that differ in what a report hangs on.
fn scanners() -> Vec<fn() -> Scanner> {
    vec![
        || Scanner::builder().build().unwrap(),
        || Scanner::builder().skip("k8s-host-pid").build().unwrap(),
        || Scanner::builder().min_severity(Severity::High).build().unwrap(),
        || Scanner::builder().pack("hipaa").build().unwrap(),
        || Scanner::builder().keep(true, true).build().unwrap(),
        || Scanner::builder().today(jiff::civil::date(2027, 3, 1)).build().unwrap(),
        || Scanner::builder().only("aws-rds-public").build().unwrap(),
    ]
}

fn tree(files: &BTreeMap<&str, &[u8]>) -> MemoryTree {
    MemoryTree::new(files.iter().map(|(path, bytes)| (*path, *bytes)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn an_answer_is_never_stale(steps in prop::collection::vec(step(), 1..7)) {
        let scanners: Vec<Scanner> = scanners().into_iter().map(|scanner| scanner()).collect();
        let (records, mut files, mut rules) = (Records::default(), BTreeMap::new(), 0);
        for step in steps {
            match step {
                Step::Write(path, text) => drop(files.insert(PATHS[path], TEXTS[text])),
                Step::Move(from, to) => {
                    if let Some(text) = files.remove(PATHS[from]) {
                        files.insert(PATHS[to], text);
                    }
                }
                Step::Remove(path) => drop(files.remove(PATHS[path])),
                Step::Rules(number) => rules = number,
                Step::Nothing => {}
            }
            let (scanner, tree) = (&scanners[rules], tree(&files));
            prop_assert_eq!(scanner.scan_cached(&tree, &records, &Silent), scanner.scan(&tree, &Silent));
        }
    }
}

fn scan(scanner: &Scanner, files: &[(&'static str, &'static [u8])], records: &Records) -> Report {
    scanner.scan_cached(&tree(&files.iter().copied().collect()), records, &Silent)
}

#[test]
fn an_unchanged_tree_is_not_judged_again() {
    let (scanner, records) = (Scanner::builder().build().unwrap(), Records::default());
    let files = [(PATHS[0], TEXTS[1]), (PATHS[3], TEXTS[3])];
    let first = scan(&scanner, &files, &records);
    assert!(first.findings.len() >= 2, "{first:?}");
    assert_eq!(scan(&scanner, &files, &records), first);
    assert_eq!(records.reports(), 1, "the second scan took up the report of the first");
    scan(&scanner, &files[..1], &records);
    assert_eq!(records.reports(), 2);
}

#[test]
fn a_record_that_does_not_decode_is_as_good_as_none() {
    let (scanner, records) = (Scanner::builder().build().unwrap(), Records::default());
    let files = [(PATHS[0], TEXTS[0]), (PATHS[3], TEXTS[3])];
    let right = scan(&scanner, &files, &records);
    for record in ["report", "texts"] {
        let whole = records.get(record).unwrap();
        for length in [0, 1, 15, 16, 17, whole.len() / 2, whole.len() - 1] {
            records.put("report", b"");
            records.put(record, &whole[..length]);
            assert_eq!(scan(&scanner, &files, &records), right, "{record} cut to {length} bytes");
        }
    }
}
