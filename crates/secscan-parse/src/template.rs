//! A `.template` file is JSON when it begins with a brace, else YAML.

use secscan_model::Source;

use crate::{Parsed, yaml};

/// Whether a path looks like a template. A `Dockerfile.template` is a template of another kind.
pub fn claims(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.ends_with(".template") && !name.to_ascii_lowercase().starts_with("dockerfile")
}

/// Parses a file.
pub fn parse(source: &Source) -> Parsed {
    let text = source.bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&source.bytes);
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
    match first {
        #[cfg(feature = "json")]
        Some(b'{') => crate::json::parse(source),
        _ => yaml::parse(source),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secscan_model::SourceId;

    #[test]
    fn the_first_character_decides() {
        let parsed = |text: &str| parse(&Source::from_text(SourceId(0), "a.template", text));
        let yaml = parsed("Resources:\n  A: !Ref B\n");
        assert!(yaml.diagnostics.is_empty() && yaml.documents.len() == 1);
        let json = parsed(" \n{\n\t\"Resources\": {\"A\": 1,}\n}");
        assert!(json.diagnostics.is_empty(), "tabs would be refused as YAML: {:?}", json.diagnostics);
        assert_eq!(json.documents[0].at_path(&["Resources", "A"]).and_then(|node| node.as_int()), Some(1));
    }
}
