//! Real exports, where they are at hand: `SECSCAN_ADVISORIES` names a folder with `osv/ECOSYSTEM/all.zip` and
//! `rustsec-advisory-db.tar.gz`. Without it, these tests say that they did not run.

#![allow(clippy::disallowed_methods, reason = "tests read and write files")]
#![allow(clippy::print_stderr, reason = "tests that skip say so")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::PathBuf;
use std::time::Instant;

use secscan_advisory::{Answer, Importer, Store};

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("SECSCAN_ADVISORIES").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: SECSCAN_ADVISORIES names no folder of real advisories");
    }
    folder
}

fn import(folder: &std::path::Path) -> Importer {
    let mut importer = Importer::default();
    for name in ["osv/PyPI/all.zip", "osv/Go/all.zip", "rustsec-advisory-db.tar.gz"] {
        let file = File::open(folder.join(name)).expect("the export is there");
        importer.open_file(name, file, &mut || {}).unwrap_or_else(|error| panic!("{error}"));
    }
    importer
}

#[test]
fn real_exports_are_read_whole() {
    let Some(folder) = folder() else { return };
    let importer = import(&folder);
    eprintln!("{:?}", importer.summary());
    let store = Store::open(Cursor::new(importer.finish().unwrap())).unwrap();
    let about = store.about();
    for (ecosystem, least) in [("PyPI", 2600), ("Go", 4000), ("crates.io", 1000)] {
        assert!(about.ecosystems[ecosystem].advisories >= least, "{about:#?}");
    }
    let found = |ecosystem: &str, name: &str, version: &str| match store.judge(ecosystem, name, version).unwrap() {
        Answer::Judged { vulnerabilities, unknown } => {
            assert!(unknown.is_empty(), "{unknown:?}");
            vulnerabilities.into_iter().map(|it| it.id).collect::<Vec<_>>()
        }
        Answer::NotCovered => panic!("{ecosystem} is covered"),
    };
    assert!(found("PyPI", "Jinja2", "2.10").contains(&"PYSEC-2019-217".to_owned()));
    assert!(!found("PyPI", "Jinja2", "2.10.1").contains(&"PYSEC-2019-217".to_owned()));
    assert!(found("Go", "golang.org/x/text", "v0.3.2").contains(&"GO-2020-0015".to_owned()));
    assert!(!found("Go", "golang.org/x/text", "v0.3.3").contains(&"GO-2020-0015".to_owned()));
    assert!(found("crates.io", "smallvec", "1.6.0").contains(&"RUSTSEC-2021-0003".to_owned()));
    assert!(found("crates.io", "smallvec", "1.6.1").is_empty());
}

/// A record: its id, the versions that it lists, and itself without them.
type Listed = (String, BTreeSet<String>, Vec<u8>);

/// Exports of PyPI list the versions that their ranges mean, worked out by whoever wrote them. Our ranges agree for every
/// version that any record about a package lists, but where a list is older than its range, or counts the pre-releases of
/// the first affected version: 6 in 1,000 (the store keeps listed versions that no range covers).
#[test]
fn ranges_mean_the_versions_that_records_list() {
    let Some(folder) = folder() else { return };
    let mut archive = zip::ZipArchive::new(File::open(folder.join("osv/PyPI/all.zip")).unwrap()).unwrap();
    let mut listed: BTreeMap<String, Vec<Listed>> = BTreeMap::new();
    for index in 0..archive.len() {
        let mut bytes = Vec::new();
        archive.by_index(index).unwrap().read_to_end(&mut bytes).unwrap();
        let mut record: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let package = record["affected"][0]["package"]["name"].as_str().unwrap_or_default().to_lowercase();
        let versions = record["affected"][0]["versions"].take();
        let versions = versions.as_array().into_iter().flatten().filter_map(|it| it.as_str().map(str::to_owned));
        let (id, versions) = (record["id"].to_string(), versions.collect());
        if record.get("withdrawn").is_none() && record["affected"][0]["ranges"].is_array() {
            listed.entry(package).or_default().push((id, versions, serde_json::to_vec(&record).unwrap()));
        }
    }
    let (mut asked, mut unknown, mut differing) = (0, 0, Vec::new());
    for (package, records) in &listed {
        let versions: BTreeSet<&String> = records.iter().flat_map(|(_, versions, _)| versions).collect();
        for (id, affected, bytes) in records.iter().filter(|(_, affected, _)| !affected.is_empty()) {
            let mut importer = Importer::default();
            importer.file("x.json", bytes).unwrap();
            let store = Store::open(Cursor::new(importer.finish().unwrap())).unwrap();
            for version in &versions {
                let Answer::Judged { vulnerabilities, unknown: ids } = store.judge("PyPI", package, version).unwrap()
                else {
                    panic!("{package} is covered");
                };
                asked += 1;
                unknown += ids.len();
                if ids.is_empty() && vulnerabilities.is_empty() == affected.contains(*version) {
                    differing.push(format!("{id} {package} {version}"));
                }
            }
        }
    }
    eprintln!(
        "{asked} answers, {unknown} unknown, {} differ: {:?}",
        differing.len(),
        &differing[..differing.len().min(40)]
    );
    assert!(differing.len() * 100 <= asked, "one in a hundred");
}

/// 100,000 advisories take at most 60 MB and open in milliseconds: the real ones, again and again under other names.
#[test]
fn a_hundred_thousand_advisories_stay_small_and_open_fast() {
    let Some(folder) = folder() else { return };
    let store = Store::open(Cursor::new(import(&folder).finish().unwrap())).unwrap();
    let real = store.verify().unwrap();
    let mut many = real.clone();
    for round in 0.. {
        for (advisory, affected) in real.values() {
            let (mut advisory, mut affected) = (advisory.clone(), affected.clone());
            advisory.id = format!("{}-{round}", advisory.id);
            affected.iter_mut().for_each(|affected| affected.package.push_str(&format!("-{round}")));
            many.insert(advisory.id.clone(), (advisory, affected));
        }
        if many.len() >= 100_000 {
            break;
        }
    }
    let count = many.len();
    let mut importer = Importer::onto(many);
    importer.file("withdrawn.json", br#"{"id": "X", "modified": "2026-01-01", "withdrawn": "2026-01-01"}"#).unwrap();
    let bytes = importer.finish().unwrap();
    let size = bytes.len() * 100_000 / count;
    eprintln!("{count} advisories, {} bytes: {size} for 100,000", bytes.len());
    assert!(size <= 60_000_000, "{size}");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &bytes).unwrap();
    let open = || Store::open(File::open(file.path()).unwrap()).unwrap();
    let timed = || {
        let start = Instant::now();
        drop(open());
        start.elapsed()
    };
    let opened = (0..20).map(|_| timed()).min();
    let store = open();
    let start = Instant::now();
    for _ in 0..100 {
        store.judge("PyPI", "jinja2", "2.10").unwrap();
    }
    eprintln!("opened in {opened:?} at best, one question in {:?}", start.elapsed() / 100);
}
