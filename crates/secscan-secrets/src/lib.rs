//! Credential detectors: which bytes of a file are a secret.
//!
//! Reading order: [`Detector`] (what a rule file says, compiled) → [`find`] (all leaks of one file) → `assignment` (the
//! value that a name gets, in any notation) → [`Ignore`] and `placeholder` (what only looks like a secret) → [`proof`]
//! (checksums and structure) → `randomness`. [`sample`] makes the credentials of examples, so that none is ever
//! committed.

#![forbid(unsafe_code)]

mod assignment;
mod detector;
mod encoding;
mod ignore;
mod name;
mod placeholder;
/// Structural proofs: what a credential's own bytes say about whether it is one.
pub mod proof;
mod randomness;
/// Credentials for examples, made when the examples run: nothing that looks like one is ever written down.
pub mod sample;
mod window;

pub use detector::{Assigned, Definition, Detector, DetectorError};
pub use ignore::Ignore;
use secscan_model::Span;

/// A file to look at.
#[derive(Clone, Copy, Debug)]
pub struct Text<'t> {
    /// The path that reports print.
    pub path: &'t str,
    /// The bytes.
    pub bytes: &'t [u8],
}

/// A detector of which keywords occur, and where they begin, in ascending order.
#[derive(Clone, Debug)]
pub struct Asked<'d> {
    /// The detector.
    pub detector: &'d Detector,
    /// The offsets of its keywords.
    pub hits: Vec<u32>,
}

/// A secret that stands in a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Leak {
    /// The index of the detector among those that were asked.
    pub detector: usize,
    /// Where a report points: the secret, or the line on which a secret of several lines begins.
    pub at: Span,
    /// The bytes of the secret itself.
    pub secret: Span,
    /// Whether it is taken for test data and no finding: it lies among tests, and its detector leaves these out.
    pub is_test_data: bool,
}

/// The leaks of one file, sorted by place. Where several detectors see a secret in the same bytes, the one that knows
/// most about it speaks.
pub fn find(text: Text<'_>, asked: &[Asked<'_>]) -> Vec<Leak> {
    let mut leaks: Vec<Leak> = Vec::new();
    for (index, asked) in asked.iter().enumerate() {
        leaks.extend(asked.detector.leaks(text, &asked.hits).into_iter().map(|leak| Leak { detector: index, ..leak }));
    }
    let authority = |leak: &Leak| {
        let detector = asked.get(leak.detector).map(|asked| asked.detector.authority());
        (detector, leak.secret.end - leak.secret.start)
    };
    leaks.sort_by(|a, b| authority(b).cmp(&authority(a)).then((a.at, a.detector).cmp(&(b.at, b.detector))));
    let mut kept: Vec<Leak> = Vec::with_capacity(leaks.len());
    for leak in leaks {
        let overlaps = |other: &Leak| other.secret.start < leak.secret.end && leak.secret.start < other.secret.end;
        if !kept.iter().any(overlaps) {
            kept.push(leak);
        }
    }
    kept.sort_by_key(|leak| (leak.at, leak.secret));
    kept
}

#[cfg(test)]
mod tests;
