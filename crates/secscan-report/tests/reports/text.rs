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

#[test]
fn vulnerabilities_name_their_advisory() {
    let text = written("text", &sample::vulnerable(), &Options::default());
    assert!(text.contains("advisory: GHSA-1 (CVE-GHSA-1): a 1.0.0 -> 1.0.1"), "{text}");
    assert!(text.contains("advisory: GHSA-2 (CVE-GHSA-2): b 1.0.0 -> no fixed version is known"), "{text}");
    assert!(text.contains("Judged 5 packages by 7 advisories, last changed 2026-11-20, digest 00112233"), "{text}");
    let mut without = sample::vulnerable();
    without.inputs.advisories = None;
    let text = written("text", &without, &Options::default());
    assert!(text.contains("Vulnerabilities of 5 packages were not looked at: there is no advisory store"), "{text}");
}

#[test]
fn a_hostile_tree_cannot_steer_the_terminal() {
    for colour in [false, true] {
        let options = Options { colour, show: EVERYTHING, ..Options::default() };
        let text = written("text", &sample::hostile(), &options);
        let mut rest = text.as_str();
        while let Some(at) =
            rest.find(|it: char| it != '\n' && (it.is_control() || ('\u{202a}'..='\u{202e}').contains(&it)))
        {
            let sequence = &rest[at..];
            assert!(
                colour && sequence.starts_with("\u{1b}["),
                "raw control: {:?}",
                &sequence[..sequence.len().min(40)]
            );
            let end = sequence.find(|it: char| it.is_ascii_alphabetic()).expect("a sequence ends");
            assert!(sequence[end..].starts_with('m'), "only colours: {:?}", &sequence[..=end]);
            assert!(sequence[2..end].bytes().all(|it| it.is_ascii_digit() || it == b';'), "{:?}", &sequence[..=end]);
            rest = &sequence[end..];
        }
        let longest = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
        assert!(longest < 1200, "an endless line is cut: {longest}");
    }
}

#[test]
fn colours_change_nothing_but_colours() {
    let plain = Options { show: EVERYTHING, ..Options::default() };
    let colour = Options { colour: true, ..plain.clone() };
    let painted = written("text", &sample::report(), &colour);
    assert!(painted.contains("\u{1b}["));
    let mut stripped = String::new();
    for piece in painted.split("\u{1b}[").enumerate() {
        match piece {
            (0, text) => stripped.push_str(text),
            (_, text) => stripped.push_str(text.split_once('m').map_or("", |(_, text)| text)),
        }
    }
    assert_eq!(stripped, written("text", &sample::report(), &plain));
}
