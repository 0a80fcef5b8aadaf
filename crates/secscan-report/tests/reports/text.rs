//! What a person sees.

use secscan_report::Options;

use crate::sample::{self, EVERYTHING, written};

#[test]
fn a_report_at_a_terminal() {
    let options = Options { width: Some(100), ..Options::default() };
    insta::assert_snapshot!(written("text", &sample::report(), &options));
}

#[test]
fn everything_on_request() {
    let options = Options { show: EVERYTHING, ..Options::default() };
    insta::assert_snapshot!(written("text", &sample::report(), &options));
}

#[test]
fn nothing_found() {
    insta::assert_snapshot!(written("text", &sample::clean(), &Options::default()));
}
