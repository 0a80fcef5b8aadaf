//! The advisory store: imported, updated from a server, and never lost.

use std::io::{Cursor, Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use crate::workspace::{Run, Workspace};

/// A record about npm's `demo`, below a version.
pub(crate) fn record(id: &str, package: &str, fixed: &str) -> String {
    format!(
        r#"{{"schema_version": "1.6.0", "id": "{id}", "modified": "2026-11-10T00:00:00Z",
        "aliases": ["CVE-2026-{package}"], "summary": "Holes in {package}",
        "severity": [{{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}],
        "affected": [{{"package": {{"ecosystem": "npm", "name": "{package}"}},
        "ranges": [{{"type": "SEMVER", "events": [{{"introduced": "0"}}, {{"fixed": "{fixed}"}}]}}]}}]}}"#
    )
}

fn zip_of(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).expect("a zip");
        writer.write_all(text.as_bytes()).expect("a zip");
    }
    writer.finish().expect("a zip").into_inner()
}

fn run(workspace: &Workspace, arguments: &[&str]) -> Run {
    workspace.run(&[&["db"], arguments, &["--db", "store.db"]].concat())
}

/// A workspace with a store of one advisory.
fn with_store() -> Workspace {
    let workspace = Workspace::with(&[("one.json", &record("GHSA-1", "demo", "1.2.0"))]);
    let run = run(&workspace, &["import", "one.json"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains("1 advisories read, 0 withdrawn"), "{run:?}");
    workspace
}

fn store(workspace: &Workspace) -> Vec<u8> {
    std::fs::read(workspace.path("store.db")).expect("a store")
}

/// Holds that a command fails, says why, and leaves the store and its folder as they were.
fn assert_refused(workspace: &Workspace, arguments: &[&str], why: &str) {
    let before = store(workspace);
    let run = run(workspace, arguments);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains(why), "{why:?} in {run:?}");
    assert!(before == store(workspace), "the old store stays: {arguments:?}");
    let left = std::fs::read_dir(workspace.path(".")).expect("a folder").flatten();
    let parts: Vec<_> =
        left.map(|entry| entry.file_name()).filter(|name| name.to_string_lossy().ends_with(".part")).collect();
    assert!(parts.is_empty(), "{parts:?}");
}

#[test]
fn folders_archives_and_records_are_imported() {
    let workspace = with_store();
    workspace.write("osv/npm/all.zip", zip_of(&[("GHSA-2.json", &record("GHSA-2", "other", "2.0.0"))]));
    workspace.write("osv/npm/.hidden/x.json", "no record");
    workspace.write("osv/README.md", "not read");
    let imported = run(&workspace, &["import", "osv"]);
    assert_eq!(imported.code, Some(0), "{imported:?}");
    let status = run(&workspace, &["status"]);
    assert!(status.stdout.contains("advisories   2\nlast change  2026-11-10"), "{status:?}");
    let replaced = run(&workspace, &["import", "--replace", "osv/npm/all.zip"]);
    assert_eq!(replaced.code, Some(0), "{replaced:?}");
    assert!(run(&workspace, &["status"]).stdout.contains("advisories   1\n"));
}

#[test]
fn what_cannot_be_imported_leaves_the_old_store() {
    let workspace = with_store();
    let archive = zip_of(&[("GHSA-2.json", &record("GHSA-2", "other", "2.0.0"))]);
    workspace.write("short.zip", &archive[..archive.len() - 10]);
    workspace.write("short/a.json", &record("GHSA-3", "x", "1.0.0")[..100]);
    workspace.write("nothing/notes.txt", "x");
    assert_refused(&workspace, &["import", "short.zip"], "short.zip: the archive cannot be read");
    assert_refused(&workspace, &["import", "short"], "a.json: this is no advisory: EOF");
    assert_refused(&workspace, &["import", "nothing"], "no advisory was found there");
    assert_refused(&workspace, &["import", "nothing/notes.txt"], "neither a folder nor");
    assert_refused(&workspace, &["import", "absent.zip"], "cannot read absent.zip");
}

#[test]
fn damaged_and_foreign_stores_say_so() {
    let workspace = with_store();
    let bytes = store(&workspace);
    workspace.write("store.db", &bytes[..bytes.len() - 1]);
    let cut = run(&workspace, &["status"]);
    assert_eq!(cut.code, Some(2));
    assert!(cut.stderr.contains("store.db: the store is damaged"), "{cut:?}");
    workspace.write("store.db", "something else");
    let foreign = run(&workspace, &["status"]);
    assert!(foreign.stderr.contains("this is no advisory store"), "{foreign:?}");
    std::fs::remove_file(workspace.path("store.db")).expect("removed");
    let absent = run(&workspace, &["status"]);
    assert_eq!(absent.code, Some(2));
    assert!(absent.stderr.contains("there is no advisory store at store.db"), "{absent:?}");
}

/// A server that answers each request for `/npm/all.zip` with these bytes and all others with 404. With no bytes it
/// takes connections and never says anything.
fn server(answer: Option<Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        let mut silent = Vec::new();
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let Some(answer) = &answer else {
                silent.push(stream);
                continue;
            };
            let mut request = Vec::new();
            let mut buffer = [0; 1024];
            while !request.windows(4).any(|window| window == b"\r\n\r\n") {
                match stream.read(&mut buffer) {
                    Ok(0) | Err(_) => break,
                    Ok(read) => request.extend(&buffer[..read]),
                }
            }
            let missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec();
            let is_npm = request.starts_with(b"GET /npm/all.zip ");
            drop(stream.write_all(if is_npm { answer } else { &missing }));
        }
    });
    address
}

fn answer(status: &str, length: usize, body: &[u8]) -> Option<Vec<u8>> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    Some([head.as_bytes(), body].concat())
}

#[test]
fn a_mirror_is_asked_for_exports() {
    let workspace = with_store();
    let archive = zip_of(&[("GHSA-2.json", &record("GHSA-2", "other", "2.0.0"))]);
    let mirror = server(answer("200 OK", archive.len(), &archive));
    let updated = run(&workspace, &["update", "--from", &mirror]);
    assert_eq!(updated.code, Some(0), "{updated:?}");
    assert!(updated.stdout.contains("not there, and so left as it was: GitHub Actions, Go, "), "{updated:?}");
    assert!(updated.stdout.contains("store.db: 2 advisories"), "{updated:?}");
    assert_refused(&workspace, &["update", "--from", &mirror, "--ecosystem", "PyPI"], "has no PyPI/all.zip");
    workspace.write("mirror/npm/all.zip", &archive);
    assert_eq!(run(&workspace, &["update", "--from", "mirror"]).code, Some(0));
}

#[test]
fn a_server_that_misbehaves_leaves_the_old_store() {
    let workspace = with_store();
    let archive = zip_of(&[("GHSA-2.json", &record("GHSA-2", "other", "2.0.0"))]);
    let page = b"<html>Sign in</html>";
    let update = |mirror: &str, why: &str| {
        assert_refused(&workspace, &["update", "--from", mirror, "--timeout", "2"], why);
    };
    update(&server(answer("404 Not Found", 0, b"")), "has no ECOSYSTEM/all.zip");
    update(&server(answer("500 Internal Server Error", 0, b"")), "the server answers 500");
    update(&server(answer("302 Found", 0, b"")), "302");
    update(&server(answer("200 OK", archive.len(), &archive[..archive.len() / 2])), "cut short");
    update(&server(answer("200 OK", page.len(), page)), "the archive cannot be read");
    update("http://example.org/osv", "plain HTTP is for the loopback only");
    let start = std::time::Instant::now();
    update(&server(None), "timeout");
    assert!(start.elapsed() < Duration::from_secs(20));
}
