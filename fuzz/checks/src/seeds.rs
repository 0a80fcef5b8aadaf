//! The first inputs of targets: the project's own files, and the examples of its rules.

use std::path::{Path, PathBuf};

use secscan_core::examples;
use secscan_rules::compile::compile;

use crate::{files, images};

/// The largest input to begin with: small ones are mutated faster.
const LARGEST: usize = 16 * 1024;

/// Files of these endings, each for itself.
pub(crate) fn alone(root: &Path, endings: &[&str]) -> Vec<Vec<u8>> {
    let folders = ["fixtures", "rules", "vocabulary", "policies", "crates"];
    let all = folders.iter().flat_map(|folder| below(&root.join(folder)));
    let named = all.filter(|path| endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)));
    small(named.filter_map(|path| std::fs::read(path).ok()))
}

/// Each folder below one that has files.
pub(crate) fn folders(root: &Path, folder: &str) -> Vec<Vec<u8>> {
    let files = below(&root.join(folder));
    let mut inputs = Vec::new();
    for of_folder in files.chunk_by(|a, b| a.parent() == b.parent()) {
        let file = |path: &PathBuf| Some((path.file_name()?.to_string_lossy().into_owned(), std::fs::read(path).ok()?));
        inputs.push(files::join(of_folder.iter().filter_map(file)));
        // What is too large together may be small enough alone.
        inputs.extend(of_folder.iter().filter_map(file).map(|file| files::join([file])));
    }
    small(inputs)
}

/// The examples of all rules that have a file of this path.
pub(crate) fn examples(root: &Path, path: &str) -> Vec<Vec<u8>> {
    let folder = |path: &str| path.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned());
    let is_meant = |file: &(String, String)| match path.rsplit_once('.') {
        _ if !path.contains('/') => file.0 == path,
        Some((_, ending)) => folder(&file.0) == folder(path) && file.0.ends_with(ending),
        None => false,
    };
    let all = rule_files(root, "rules").into_iter().flatten();
    small(all.filter(|files| files.iter().any(is_meant)).map(files::join))
}

/// One example of each rule below a folder.
pub(crate) fn rule_examples(root: &Path, folder: &str) -> Vec<Vec<u8>> {
    small(rule_files(root, folder).into_iter().filter_map(|examples| examples.into_iter().next()).map(files::join))
}

/// The files of each example of each rule below a folder.
fn rule_files(root: &Path, folder: &str) -> Vec<Vec<Vec<(String, String)>>> {
    let params = secscan_builtin_rules::load().map(|blob| (*blob.params).clone()).unwrap_or_default();
    let vocabulary = secscan_rules::Vocabulary { params, ..Default::default() };
    let files_of = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).ok()?;
        let (file, _) = compile(&path.to_string_lossy(), &text, &vocabulary).ok()?;
        Some(file.examples.iter().filter_map(|example| examples::files(example).ok()).collect())
    };
    below(&root.join(folder)).into_iter().filter_map(files_of).collect()
}

/// Rule, pack and topic files.
pub(crate) fn rules(root: &Path) -> Vec<Vec<u8>> {
    let named = |folder: &str, name: Option<&str>| {
        let file = |path: PathBuf| {
            let own = path.file_name()?.to_string_lossy().into_owned();
            Some(files::join([(name.map_or(own, str::to_owned), std::fs::read(&path).ok()?)]))
        };
        let yaml = below(&root.join(folder)).into_iter().filter(|path| path.extension().is_some_and(|it| it == "yaml"));
        yaml.filter_map(file).collect::<Vec<_>>()
    };
    let mut packs = named("policies", Some("pack.yaml"));
    packs.iter_mut().for_each(|pack| pack.truncate(LARGEST));
    packs.push(files::join([("pack.yaml", "id: demo\ntitle: Demo\nedition: '1'\n")]));
    small([named("rules", Some("rule.yaml")), named("vocabulary", None), packs].concat())
}

/// Settings and baselines.
pub(crate) fn settings(root: &Path) -> Vec<Vec<u8>> {
    let clinic = std::fs::read(root.join("fixtures/clinic/secscan.toml")).unwrap_or_default();
    let waiver = "exclude = [\"x/**\"]\nfail-on = \"new:high\"\npacks = [\"hipaa\"]\n[[ignore]]\nrules = \
                  [\"k8s-host-pid\"]\npaths = [\"a/**\"]\nreason = \"x\"\nuntil = \"2027-01-01\"\n[[waiver]]\ncontrol = \
                  \"hipaa:164.312(a)(1)\"\nresources = [\"*\"]\nreason = \"x\"\nuntil = 2027-01-01\n";
    let baseline =
        r#"{"version": "1", "findings": [{"fingerprint": "a", "rule": "k8s-host-ipc", "path": "a/pod.yaml"}]}"#;
    small([clinic, waiver.into(), files::join([("baseline.json", baseline)])])
}

/// Records, and an archive of one.
pub(crate) fn advisories(root: &Path) -> Vec<Vec<u8>> {
    let records =
        below(&root.join("fixtures/clinic.advisories")).into_iter().filter_map(|path| std::fs::read(path).ok());
    let osv = r#"{"id": "X-1", "modified": "2026-01-01T00:00:00Z", "aliases": ["CVE-2026-1"], "severity": [{"type": "CVSS_V3",
        "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}], "affected": [{"package": {"ecosystem": "npm", "name": "demo"},
        "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.2.3"}]}], "versions": ["1.0.0"]}]}"#;
    let rust = "```toml\n[advisory]\nid = \"RUSTSEC-2026-0001\"\npackage = \"demo\"\ndate = \"2026-01-01\"\n[versions]\n\
                patched = [\">= 1.2.3\", \"^0.9.1\"]\nunaffected = [\"< 0.5\"]\n```\n\n# Holes\n\nMany.\n";
    let mut tarball = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(osv.len() as u64);
    drop(tarball.append_data(&mut header, "a.json", osv.as_bytes()));
    let packed = tarball.into_inner().unwrap_or_default();
    small(records.chain([
        osv.into(),
        files::join([("RUSTSEC-2026-0001.md", rust)]),
        files::join([("all.tar.gz", packed)]),
    ]))
}

/// Versions of each ecosystem.
pub(crate) fn versions(_root: &Path) -> Vec<Vec<u8>> {
    let versions = "1.2.3\n1.2.3-rc.1+b\n1:2.0~beta-1ubuntu2\nv0.0.0-20200101000000-abcdefabcdef";
    let input = |ecosystem: &secscan_advisory::Ecosystem| format!("{}\n{versions}", ecosystem.name).into_bytes();
    secscan_advisory::ECOSYSTEMS.iter().map(input).collect()
}

/// Databases of installed packages.
pub(crate) fn installed(_root: &Path) -> Vec<Vec<u8>> {
    let release = ("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian\"\n");
    let files = [
        (
            "var/lib/dpkg/status",
            "Package: a\nStatus: install ok installed\nArchitecture: amd64\nSource: b (1:2)\nVersion: 1:2-3\n\n",
        ),
        ("lib/apk/db/installed", "P:a\nV:1.2-r3\nA:x86_64\no:b\nL:MIT\n\n"),
        ("var/lib/rpm/rpmdb.sqlite!packages", "pkg\t7\t1.0\t1.el9\tx86_64\tsource\tMIT\n"),
        (
            "usr/lib/python3/site-packages/a-1.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: a\nVersion: 1\nLicense: MIT\n\nx\n",
        ),
        ("usr/lib/node_modules/a/package.json", "{\"name\": \"a\", \"version\": \"1.0.0\", \"license\": \"MIT\"}"),
        ("usr/bin/a!go-modules", "go\tgo1.22.1\npath\ta\nmod\ta\tv1.0.0\th1:x=\ndep\tb\tv1.1.0\n=>\tc\tv1.2.0\n"),
        (
            "usr/bin/a!cargo-packages.json",
            "{\"packages\": [{\"name\": \"a\", \"version\": \"1.0.0\", \"source\": \"crates.io\"}]}",
        ),
    ];
    files.iter().map(|file| files::join([*file, release])).collect()
}

/// Archives of images.
pub(crate) fn archives(root: &Path) -> Vec<Vec<u8>> {
    let layout = root.join("fixtures/clinic/images/api");
    let mut archive = tar::Builder::new(Vec::new());
    for path in below(&layout) {
        let name = path.strip_prefix(&layout).unwrap_or(&path).to_owned();
        drop(archive.append_path_with_name(&path, name));
    }
    let layout = archive.into_inner().unwrap_or_default();
    layers(root).iter().map(|layer| images::saved(layer)).chain([layout]).collect()
}

/// Layers.
pub(crate) fn layers(root: &Path) -> Vec<Vec<u8>> {
    let packed =
        below(&root.join("fixtures/clinic/images/api/blobs")).into_iter().filter_map(|path| std::fs::read(path).ok());
    let layers = packed.filter(|bytes| bytes.starts_with(&[0x1F, 0x8B]));
    let mut plain = tar::Builder::new(Vec::new());
    for (path, bytes) in
        [("app/key", &b"text"[..]), ("app/.wh.key", b""), ("app/.wh..wh..opq", b""), ("bin/a", b"\x7FELF\0")]
    {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        drop(plain.append_data(&mut header, path, bytes));
    }
    for (kind, name) in [(tar::EntryType::Symlink, "l"), (tar::EntryType::Link, "h"), (tar::EntryType::GNUSparse, "s")]
    {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        drop(plain.append_link(&mut header, name, "../app/key"));
    }
    small(layers.chain([plain.into_inner().unwrap_or_default()]))
}

/// Files of images that are no text and yet read.
pub(crate) fn image_files(root: &Path) -> Vec<Vec<u8>> {
    let data = root.join("crates/secscan-image/tests/data");
    let unpacked = |name: &str| {
        let mut bytes = Vec::new();
        let file = std::fs::File::open(data.join(name)).ok()?;
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(file), &mut bytes).ok()?;
        Some(bytes)
    };
    let database = unpacked("rpmdb.sqlite.gz").unwrap_or_default();
    let log = unpacked("rpmdb.sqlite-wal.gz").unwrap_or_default();
    let header = [&b"\x7FELF junk\xFF Go buildinf:\x08\x02"[..], &[0; 16], b"\x08go1.22.1"].concat();
    let modules = [&[b'm'; 16][..], b"path\ta\ndep\tb\tv1\n", &[b'm'; 16]].concat();
    let program = [&header[..], &[modules.len() as u8], &modules].concat();
    vec![
        files::join([("var/lib/rpm/rpmdb.sqlite", database), ("var/lib/rpm/rpmdb.sqlite-wal", log)]),
        files::join([("usr/bin/a", program), ("etc/os-release", b"ID=fedora\nVERSION_ID=40\n".to_vec())]),
    ]
}

/// What is small enough.
fn small(inputs: impl IntoIterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    inputs.into_iter().filter(|input| input.len() <= LARGEST).collect()
}

/// The files below a folder, sorted.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(entry.path()),
                Ok(kind) if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    files.sort();
    files
}
