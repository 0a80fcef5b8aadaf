//! The floor for Terraform: the syntax tree of every Terraform file below the folders that are named, and nothing made
//! of it.
//!
//! Prints the number of files, their bytes and the number of top-level constructs.

#[path = "files_below/mod.rs"]
mod files_below;

use hcl_edit::structure::Body;

fn main() {
    let (mut files, mut bytes, mut constructs) = (0_u64, 0_u64, 0_u64);
    for text in files_below::texts(&[".tf", ".tfvars"]) {
        files += 1;
        bytes += text.len() as u64;
        constructs += text.parse::<Body>().map_or(0, |body| body.len() as u64);
    }
    files_below::print(files, bytes, constructs);
}
