//! Checks and compiles all pack files of this folder into one blob. A file that is wrong stops the build with its place.

use std::path::PathBuf;

use secscan_rules::blob::{self, PackBlob};
use secscan_rules::pack::{PackVocabulary, load_pack};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=.");
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let mut files: Vec<_> = std::fs::read_dir(&root)?.collect::<Result<Vec<_>, _>>()?;
    files.sort_by_key(std::fs::DirEntry::path);
    let mut blob = PackBlob::default();
    let mut is_whole = true;
    for file in files.iter().map(std::fs::DirEntry::path) {
        if file.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let path = format!("policies/{}", file.strip_prefix(&root)?.display());
        match load_pack(&path, &std::fs::read_to_string(&file)?, &PackVocabulary::default()) {
            Ok(pack) => blob.packs.push(pack),
            Err(errors) => {
                is_whole = false;
                errors.iter().for_each(|error| println!("cargo::error={error}"));
            }
        }
    }
    if is_whole {
        std::fs::write(PathBuf::from(std::env::var("OUT_DIR")?).join("packs.bin"), blob::encode(&blob)?)?;
    }
    Ok(())
}
