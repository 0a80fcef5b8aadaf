//! Credential detectors: which bytes of a file are a secret.
//!
//! Reading order: [`Detector`] (what a rule file says, compiled) → [`find`] (all leaks of one file).

#![forbid(unsafe_code)]

mod detector;

pub use detector::{Detector, compile_pattern};
use secscan_model::Span;

/// A secret that stands in a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Leak {
    /// The index of the detector among those that were asked.
    pub detector: usize,
    /// The bytes of the secret itself.
    pub secret: Span,
}

/// The leaks of one file, sorted by place, then detector. `asked` are the detectors of which a keyword occurs.
pub fn find(bytes: &[u8], asked: &[&Detector]) -> Vec<Leak> {
    let of_detector = |(detector, asked): (usize, &&Detector)| -> Vec<Leak> {
        asked.secrets(bytes).into_iter().map(|secret| Leak { detector, secret }).collect()
    };
    let mut leaks: Vec<_> = asked.iter().enumerate().flat_map(of_detector).collect();
    leaks.sort_by_key(|leak| (leak.secret.start, leak.secret.end, leak.detector));
    leaks
}
