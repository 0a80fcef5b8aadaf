//! How bad an advisory is: its CVSS vector scored, else its own word, else medium.

use std::str::FromStr;

use cvss::Cvss;
use secscan_model::Severity;

use crate::advisory::{Rating, RatingSource};

/// Words that databases use, in lower case, with what they mean here. GitHub says `moderate`, Red Hat `important`.
static WORDS: &[(&str, Severity)] = &[
    ("critical", Severity::Critical),
    ("high", Severity::High),
    ("important", Severity::High),
    ("medium", Severity::Medium),
    ("moderate", Severity::Medium),
    ("low", Severity::Low),
    ("minor", Severity::Low),
    ("negligible", Severity::Low),
    ("unimportant", Severity::Low),
    ("none", Severity::Info),
];

/// The rating of a record with these vectors and words. Of several vectors the latest version of CVSS counts, then the
/// highest score.
pub(crate) fn rate<'a>(vectors: impl IntoIterator<Item = &'a str>, words: impl IntoIterator<Item = &'a str>) -> Rating {
    let scored = vectors.into_iter().filter_map(score).max();
    if let Some((version, tenths)) = scored {
        return Rating { severity: severity(tenths), score: Some(tenths), source: RatingSource::Cvss(version) };
    }
    let known = |word: &str| {
        let word = word.to_ascii_lowercase();
        WORDS.iter().find(|(known, _)| *known == word).map(|(_, severity)| *severity)
    };
    match words.into_iter().filter_map(known).max() {
        Some(severity) => Rating { severity, score: None, source: RatingSource::Word },
        None => Rating { severity: Severity::Medium, score: None, source: RatingSource::Assumed },
    }
}

/// The rating of a notice.
pub(crate) fn notice() -> Rating {
    Rating { severity: Severity::Low, score: None, source: RatingSource::Notice }
}

/// The version and the score of a vector, both in tenths; none for CVSS 2 and for what is no vector.
fn score(vector: &str) -> Option<(u8, u8)> {
    let parsed = Cvss::from_str(vector).ok()?;
    let version = match parsed {
        Cvss::CvssV30(_) => 30,
        Cvss::CvssV31(_) => 31,
        Cvss::CvssV40(_) => 40,
        _ => return None,
    };
    Some((version, (parsed.score() * 10.0).round() as u8))
}

/// The qualitative rating scale: CVSS 3.1 section 5, CVSS 4.0 section 6.
fn severity(tenths: u8) -> Severity {
    match tenths {
        0 => Severity::Info,
        1..40 => Severity::Low,
        40..70 => Severity::Medium,
        70..90 => Severity::High,
        _ => Severity::Critical,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rated(vectors: &[&str], words: &[&str]) -> (Severity, Option<u8>) {
        let rating = rate(vectors.iter().copied(), words.iter().copied());
        (rating.severity, rating.score)
    }

    /// Scores as the examples of the standards give them: CVSS 3.1 examples (CVE-2013-1937 6.1, CVE-2014-0160 7.5,
    /// CVE-2014-6271 9.8), CVSS 4.0 examples (CVE-2022-41741 7.3, CVE-2020-3549 7.7).
    #[test]
    fn vectors_are_scored() {
        for (vector, score, severity) in [
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 61, Severity::Medium),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 75, Severity::High),
            ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 98, Severity::Critical),
            ("CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 73, Severity::High),
            ("CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 77, Severity::High),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0, Severity::Info),
        ] {
            assert_eq!(rated(&[vector], &["low"]), (severity, Some(score)), "{vector}");
        }
    }

    #[test]
    fn then_words_then_medium() {
        assert_eq!(rated(&[], &["MODERATE"]), (Severity::Medium, None));
        assert_eq!(rated(&["AV:N/AC:L/Au:N/C:P/I:P/A:P"], &["Important"]), (Severity::High, None), "CVSS 2");
        assert_eq!(rated(&["CVSS:3.1/AV:Q"], &[]), (Severity::Medium, None));
        assert_eq!(rate([], []).source, RatingSource::Assumed);
    }
}
