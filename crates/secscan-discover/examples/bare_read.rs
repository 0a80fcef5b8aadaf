//! The floor of scanning a tree a second time: only lists its files and reads them.
//!
//! `cargo run --release -p secscan-discover --example bare_read -- DIR` prints how many files there are and their bytes.

#![allow(clippy::print_stdout)] // it prints figures

use secscan_discover::{Directory, Options};
use secscan_model::FileTree;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("name a folder")?;
    let tree = Directory::open(folder.as_ref(), &Options::default())?;
    let files = tree.list().files;
    let bytes: usize = files.iter().filter_map(|file| tree.read(file).ok()).map(|bytes| bytes.len()).sum();
    println!("{} {bytes}", files.len());
    Ok(())
}
