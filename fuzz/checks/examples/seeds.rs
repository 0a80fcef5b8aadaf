//! Writes the first inputs of all targets: `cargo run -p secscan-fuzz --example seeds -- fuzz/corpus`; prints the targets.

#![allow(clippy::print_stdout, reason = "a tool")]

use std::path::{Path, PathBuf};

use secscan_fuzz::TARGETS;

fn main() -> std::io::Result<()> {
    let folder = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("fuzz/corpus"), PathBuf::from);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for target in TARGETS {
        let folder = folder.join(target.name);
        std::fs::create_dir_all(&folder)?;
        let seeds = (target.seeds)(&root);
        for (number, seed) in seeds.iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{number}")), seed)?;
        }
        println!("{} {}", target.name, seeds.len());
    }
    Ok(())
}
