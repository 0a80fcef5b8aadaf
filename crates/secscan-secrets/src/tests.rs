use super::*;

/// The secrets that detectors find, each with every keyword looked up.
fn found(path: &str, text: &str, definitions: Vec<Definition>) -> Vec<String> {
    let detectors: Vec<_> =
        definitions.into_iter().map(|definition| Detector::new(definition).expect("it is right")).collect();
    let lower = text.to_ascii_lowercase();
    let asked = |detector| Asked { detector, hits: hits(&lower, detector) };
    let asked: Vec<_> = detectors.iter().map(asked).collect();
    let leaks = find(Text { path, bytes: text.as_bytes() }, &asked);
    leaks.iter().map(|leak| format!("{} {}", leak.detector, &text[leak.secret.range()])).collect()
}

fn hits(lower: &str, detector: &Detector) -> Vec<u32> {
    let mut hits: Vec<u32> = detector
        .keywords()
        .iter()
        .flat_map(|word| lower.match_indices(word.as_str()).map(|(at, _)| at as u32))
        .collect();
    hits.sort_unstable();
    hits
}

fn pattern(keyword: &str, pattern: &str) -> Definition {
    Definition { keywords: vec![keyword.to_owned()], pattern: pattern.to_owned(), lines: 1, ..Definition::default() }
}

fn assigned(keyword: &str, text: &str, assigned: Assigned) -> Definition {
    Definition { assigned: Some(assigned), ..pattern(keyword, text) }
}

#[test]
fn a_match_stands_alone() {
    let detector = || vec![pattern("key_", "key_[a-z0-9]{8}")];
    assert_eq!(
        found("a", "key_q7xv2kzb, key_m3bt9hld\nmonkey_q7xv2kzb key_q7xv2kzb9", detector()),
        ["0 key_q7xv2kzb", "0 key_m3bt9hld"]
    );
    assert_eq!(found("a", r"one\nkey_q7xv2kzb\n", detector()), ["0 key_q7xv2kzb"], "an escape is no letter of a word");
    assert_eq!(found("a", "?a%3Dkey_q7xv2kzb", detector()), ["0 key_q7xv2kzb"]);
}

#[test]
fn the_detector_that_knows_most_speaks() {
    let generic = Definition { generic: true, ..assigned("token", "[!-~]{8,}", Assigned::ByName) };
    let both = || vec![generic.clone(), pattern("abc_", "abc_[a-z0-9]{8}")];
    assert_eq!(found("a", "token = abc_q7xv2kzb", both()), ["1 abc_q7xv2kzb"]);
    assert_eq!(found("a", "token = q7xv2kzb9", both()), ["0 q7xv2kzb9"]);
}

#[test]
fn an_assignment_near_the_word_counts() {
    let detector = || vec![assigned("acme", "[0-9a-f]{16}", Assigned::Nearby)];
    let value = "4f1d8e2a9c3b7f60";
    assert_eq!(
        found("a.yaml", &format!("acme:\n  region: eu\n  token: {value}\n"), detector()),
        [format!("0 {value}")]
    );
    assert_eq!(found("a.yaml", &format!("acme:\n  account: {value}\n"), detector()), [""; 0], "no name of a secret");
    assert_eq!(
        found("a.yaml", &format!("acme:\n  a: 1\n  b: 2\n  c: 3\n  token: {value}\n"), detector()),
        [""; 0],
        "too far away"
    );
    assert_eq!(found("a.py", &format!("acme_token = \"{value}\""), detector()), [format!("0 {value}")]);
}

#[test]
fn entropy_and_placeholders_are_asked() {
    let detector = |entropy| vec![Definition { entropy, ..pattern("key_", "key_([a-z0-9]{8})") }];
    assert_eq!(found("a", "key_aabbaabb", detector(2.0)), [""; 0]);
    assert_eq!(found("a", "key_q7xv2kzb", detector(2.0)), ["0 q7xv2kzb"]);
    assert_eq!(found("a", "key_12345678", detector(0.0)), [""; 0]);
}

#[test]
fn test_data_is_told_from_leaks() {
    let definition = Definition { ignore: vec![Ignore::TestFile], ..pattern("key_", "key_[a-z0-9]{8}") };
    let detector = Detector::new(definition).expect("it is right");
    let in_file = |path| {
        detector
            .leaks(Text { path, bytes: b"key_q7xv2kzb" }, &[0])
            .iter()
            .map(|leak| leak.is_test_data)
            .collect::<Vec<_>>()
    };
    assert_eq!(in_file("src/a.py"), [false]);
    assert_eq!(in_file("tests/a.py"), [true]);
    let text = b"let a = \"key_q7xv2kzb\";\n#[cfg(test)]\nmod tests { const B: &str = \"key_m3bt9hld\"; }";
    let leaks = detector.leaks(Text { path: "src/a.rs", bytes: text }, &[9, 59]);
    assert_eq!(leaks.iter().map(|leak| leak.is_test_data).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn a_password_in_base64_counts_for_what_it_says() {
    let definition = || {
        vec![Definition {
            generic: true,
            entropy: 3.0,
            ignore: vec![Ignore::Default],
            ..assigned("password", "[!-~]{8,}", Assigned::ByName)
        }]
    };
    assert_eq!(found("a.yaml", "password: cGFzc3dvcmQxMjM=", definition()), [""; 0]);
    assert_eq!(found("a.yaml", "password: azltUTJ2THg3dw==", definition()).len(), 1);
}

#[test]
fn files_are_chosen_by_name() {
    let definition =
        Definition { files: vec![".env".to_owned(), "*.tfvars".to_owned()], ..pattern("key_", "key_[a-z0-9]{8}") };
    let found = |path: &str| found(path, "key_q7xv2kzb", vec![definition.clone()]).len();
    assert_eq!((found("a/.env"), found("x.tfvars"), found("a.env"), found("b.tf")), (1, 1, 0, 0));
}

#[test]
fn a_definition_that_would_cost_too_much_is_refused() {
    let error = |text: &str| Detector::new(pattern("key", text)).expect_err("it is wrong").to_string();
    assert!(error(r"[\w.-]*?key=(\w{8})").contains("begins with a class of any length"));
    assert!(error(r"(?:[a-z]+)key").contains("begins with a class of any length"));
    assert!(error("(key)?").contains("empty text"));
    assert!(error("(key").contains("unclosed group"));
    let unproved = Definition { proof: Some("no-such".to_owned()), ..pattern("key", "key=[a-z]{8}") };
    assert!(
        Detector::new(unproved).expect_err("it is wrong").to_string().contains("github-crc32"),
        "the names are listed"
    );
}

#[test]
fn long_lines_and_odd_bytes_cost_little_and_harm_nothing() {
    let mut text = vec![b'x'; 3_000_000];
    text[1_000_000..1_000_012].copy_from_slice(b" key_q7xv2kz");
    text[1_000_012..1_000_014].copy_from_slice(b"b ");
    let detector = Detector::new(pattern("key_", "key_[a-z0-9]{8}")).expect("it is right");
    assert_eq!(detector.leaks(Text { path: "a", bytes: &text }, &[1_000_001]).len(), 1);
    let odd: Vec<u8> = (0..=255).cycle().take(4_000).collect();
    let all: Vec<u32> = (0..5_000).collect();
    for definition in [
        pattern("key", "[a-z]{3}"),
        assigned("abc", "[!-~]{3,}", Assigned::ByName),
        assigned("abc", "[!-~]{3,}", Assigned::Nearby),
    ] {
        let detector = Detector::new(definition).expect("it is right");
        detector.leaks(Text { path: "a", bytes: &odd }, &all);
    }
}
