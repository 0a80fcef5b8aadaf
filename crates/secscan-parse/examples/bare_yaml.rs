//! The floor for YAML: every event of every YAML file below the folders that are named, and nothing made of them.
//!
//! Prints the number of files, their bytes and the number of events; what stands behind a syntax error is passed over
//! to the next document, as `secscan_parse::yaml` does.

#[path = "files_below/mod.rs"]
mod files_below;

use granit_parser::Parser;

fn main() {
    let (mut files, mut bytes, mut events) = (0_u64, 0_u64, 0_u64);
    for text in files_below::texts(&[".yaml", ".yml"]) {
        files += 1;
        bytes += text.len() as u64;
        let mut parser = Parser::new_from_str(&text);
        while let Some(event) = parser.next_event() {
            events += u64::from(event.is_ok());
            if event.is_err() && !matches!(parser.proceed_next_document(), Ok(true)) {
                break;
            }
        }
    }
    files_below::print(files, bytes, events);
}
