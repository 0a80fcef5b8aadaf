//! Advisories of the RustSec database, read by its own crate.

use rustsec::osv::ranges_for_advisory;

use crate::advisory::{Advisory, Affected, End, Range};
use crate::osv::Outcome;
use crate::rating;

/// Whether a file of a checked-out database is an advisory about a crate: `crates/NAME/RUSTSEC-2021-0003.md`. Those about
/// the toolchain, which no lockfile names, bear CVE numbers.
pub(crate) fn is_advisory(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.starts_with("RUSTSEC-") && !name.starts_with("RUSTSEC-0000-") && name.ends_with(".md")
}

/// Reads an advisory.
///
/// # Errors
/// Whatever `rustsec` says of the text.
pub(crate) fn read(text: &str) -> Result<Outcome, rustsec::Error> {
    // The crate quotes the first twenty bytes of what it cannot begin with, and panics inside a character.
    if !text.starts_with("```toml") {
        return Err(rustsec::Error::new(rustsec::ErrorKind::Parse, "it does not begin with a block of TOML"));
    }
    let parsed: rustsec::Advisory = text.parse()?;
    let metadata = &parsed.metadata;
    let id = metadata.id.to_string();
    if parsed.withdrawn() {
        return Ok(Outcome::Withdrawn { id });
    }
    let notice = metadata.informational.as_ref().map(|kind| kind.as_str().to_owned());
    let vector = metadata.cvss.as_ref().map(ToString::to_string);
    let mut aliases: Vec<_> = metadata.aliases.iter().map(ToString::to_string).collect();
    aliases.sort();
    let advisory = Advisory {
        id,
        aliases,
        summary: metadata.title.trim().to_owned(),
        modified: metadata.date.as_str().to_owned(),
        rating: if notice.is_some() { rating::notice() } else { rating::rate(vector.as_deref(), []) },
        notice,
    };
    let range = |range: rustsec::osv::OsvRange| Range {
        introduced: range.introduced.map(|version| version.to_string()),
        end: range.fixed.map_or(End::Open, |version| End::Fixed(version.to_string())),
    };
    let affected = Affected {
        ecosystem: "crates.io".to_owned(),
        package: metadata.package.to_string(),
        ranges: ranges_for_advisory(&parsed.versions).into_iter().map(range).collect(),
        ..Affected::default()
    };
    Ok(Outcome::Advisory(advisory, vec![affected]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Standing;

    const TEXT: &str = r#"```toml
[advisory]
id = "RUSTSEC-2021-0003"
package = "smallvec"
aliases = ["CVE-2021-25900"]
cvss = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
date = "2021-01-08"

[versions]
patched = [">= 0.6.14, < 1.0.0", ">= 1.6.1"]
unaffected = ["< 0.6.3"]
```

# Too small a buffer

Text.
"#;

    #[test]
    fn patched_and_unaffected_versions_are_safe() {
        let Ok(Outcome::Advisory(advisory, affected)) = read(TEXT) else {
            panic!("an advisory");
        };
        assert_eq!((advisory.summary.as_str(), advisory.rating.score), ("Too small a buffer", Some(98)));
        for (version, fixed) in [
            ("0.6.2", None),
            ("0.6.3", Some("0.6.14")),
            ("0.6.14", None),
            ("1.0.0-alpha", None),
            ("1.0.0", Some("1.6.1")),
            ("1.6.1", None),
        ] {
            let expected = fixed.map_or(Standing::Safe, |fixed| Standing::Affected { fixed: Some(fixed.into()) });
            assert_eq!(affected[0].standing(version), expected, "{version}");
        }
    }

    #[test]
    fn notices_stay_apart() {
        let text = TEXT.replace("date =", "informational = \"unmaintained\"\ndate =");
        let Ok(Outcome::Advisory(advisory, _)) = read(&text) else { panic!("an advisory") };
        assert_eq!(advisory.notice.as_deref(), Some("unmaintained"));
        assert_eq!(advisory.rating.severity, secscan_model::Severity::Low);
        let withdrawn = TEXT.replace("date =", "withdrawn = \"2022-01-01\"\ndate =");
        assert!(matches!(read(&withdrawn), Ok(Outcome::Withdrawn { .. })));
        assert!(read("no advisory").is_err());
    }

    #[test]
    fn files_are_known_by_name() {
        assert!(is_advisory("db/crates/a/RUSTSEC-2020-0001.md"));
        assert!(!is_advisory("crates/a/RUSTSEC-0000-0000.md"), "a draft");
        assert!(!is_advisory("README.md"));
    }
}
