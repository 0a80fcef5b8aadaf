//! The files that the bare parsers read: those of a folder that a scan would look at, in any order.

#![allow(clippy::disallowed_methods, reason = "a program that measures parsers reads files itself")]

use std::io::Write;
use std::path::PathBuf;

/// The texts of all files below the folders of the command line whose names end so. Links, `.git` and `node_modules`
/// are passed over; so are files that are not UTF-8.
pub(crate) fn texts(endings: &'static [&'static str]) -> impl Iterator<Item = String> {
    let mut folders: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let mut files: Vec<PathBuf> = Vec::new();
    std::iter::from_fn(move || {
        loop {
            if let Some(file) = files.pop() {
                match std::fs::read(&file).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
                    Some(text) => return Some(text),
                    None => continue,
                }
            }
            for entry in std::fs::read_dir(folders.pop()?).into_iter().flatten().flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() && name != ".git" && name != "node_modules" => folders.push(entry.path()),
                    Ok(kind) if kind.is_file() && endings.iter().any(|ending| name.ends_with(ending)) => {
                        files.push(entry.path());
                    }
                    _ => {}
                }
            }
        }
    })
}

/// Prints what was counted, for `benches/run`.
pub(crate) fn print(files: u64, bytes: u64, things: u64) {
    // A reader that went away is no reason to complain.
    drop(writeln!(std::io::stdout(), "{files} {bytes} {things}"));
}
