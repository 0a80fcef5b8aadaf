//! Advisories, their store, and the orders of versions.

use std::cmp::Ordering;
use std::io::Cursor;

use secscan_advisory::{ECOSYSTEMS, Ecosystem, Importer, Store};

use crate::files;

/// Imports records and archives of them, opens stores, and asks what they say.
pub(crate) fn import(input: &[u8]) {
    let mut importer = Importer::default();
    for (path, bytes) in files::split(input, "record.json") {
        if path.ends_with(".db") {
            if let Ok(store) = Store::open(Cursor::new(bytes.to_vec())) {
                ask(store);
            }
        } else if importer.open_file(path, Cursor::new(bytes), &mut || {}).is_err() {
            return;
        }
    }
    if let Ok(bytes) = importer.finish() {
        ask(Store::open(Cursor::new(bytes)).unwrap_or_else(|error| panic!("what was written opens: {error}")));
    }
}

/// Asks a store about a package of each of its ecosystems.
fn ask(store: Store) {
    let ecosystems: Vec<String> = store.about().ecosystems.keys().cloned().collect();
    for ecosystem in ecosystems {
        for version in ["", "0", "1.2.3", "2.0.0-rc.1", "1:2.3-4"] {
            drop(store.judge(&ecosystem, "demo", version));
        }
    }
    drop(store.verify());
}

/// Compares versions: each order is one, whatever the texts are; that of Maven has circles by its own rules. The first line
/// names the ecosystem.
pub(crate) fn compare(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let mut lines = text.lines();
    let Some(ecosystem) = lines.next().and_then(named) else { return };
    let versions: Vec<&str> = lines.take(4).collect();
    for a in &versions {
        for b in &versions {
            let order = ecosystem.compare(a, b);
            let name = ecosystem.name;
            assert_eq!(order, ecosystem.compare(b, a).map(Ordering::reverse), "{name}: {a:?} and {b:?}");
            assert!(a != b || matches!(order, None | Some(Ordering::Equal)), "{name}: {a:?} is not itself");
            for c in &versions {
                if name != "Maven" && order == Some(Ordering::Less) && ecosystem.compare(b, c) == Some(Ordering::Less) {
                    assert_eq!(ecosystem.compare(a, c), Some(Ordering::Less), "{name}: {a:?} < {b:?} < {c:?}");
                }
            }
        }
    }
}

fn named(line: &str) -> Option<&'static Ecosystem> {
    ECOSYSTEMS.iter().find(|ecosystem| ecosystem.name == line)
}
