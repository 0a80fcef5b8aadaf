//! Which files begin something: templates that no other template of the tree deploys.

use std::collections::BTreeSet;
use std::sync::Arc;

/// Whether a file begins something: nobody calls it, or those that do only call each other and it comes first among
/// them. `callers` gives the files that call a file.
pub(crate) fn is_root<'p>(path: &'p str, callers: impl Fn(&str) -> Vec<&'p str>) -> bool {
    let mut reached: BTreeSet<&str> = [path].into();
    let mut open = vec![path];
    while let Some(called) = open.pop() {
        let callers: Vec<&str> = callers(called).into_iter().filter(|caller| *caller != called).collect();
        if callers.is_empty() && called != path {
            return false;
        }
        open.extend(callers.into_iter().filter(|caller| reached.insert(caller)));
    }
    reached.into_iter().next() == Some(path)
}

/// A path relative to a folder of the tree; none when it leaves the tree, or begins at the root of a file system.
pub(crate) fn within(folder: &str, path: &str) -> Option<Arc<str>> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/").into())
}

/// A path relative to a folder of the tree. What would leave the tree stays at its root.
pub(crate) fn joined(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}
