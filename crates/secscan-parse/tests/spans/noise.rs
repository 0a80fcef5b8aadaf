//! What is no document at all.

use proptest::prelude::*;
use secscan_model::{Origin, Source, SourceId};
use secscan_parse::FORMATS;

use crate::{each_scalar, parse};

const PATHS: [&str; 7] = ["a.yaml", "a.json", "a.toml", "a.tf", "Dockerfile", "a.template", "a.container"];

/// Text made of what the formats give a meaning.
fn syntax() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ \\n\\t]{1,3}",
        "[a-c]{1,2}",
        "[\\[\\]{},:?&*!|>'\"%@`#=$<.\\\\-]{1,3}",
        prop_oneof!["---\\n", "- ", "\\? ", ": ", "&a ", "\\*a", "<<: ", "!t ", "\\|\\n  ", "\"a\": ", "[0-9]{1,3}"],
        prop_oneof!["a = ", "\\[a\\]\\n", "\\[\\[a\\.b\\]\\]\\n", "\"\"\"", "'''", "/\\*", "//", "\\*/"],
        prop_oneof!["RUN ", "FROM ", "ENV ", "<<EOF", "\\nEOF\\n", "\\\\\\n", "\\$\\{a:-", "ONBUILD ", "\\[\"a\", "],
        prop_oneof!["resource \"a\" \"b\" \\{\\n", "\\}\\n", "a = \\[\\n", "<<-E\\n", "%\\{ if ", "\\$\\{", "for "],
        "\\r\\n|\\x00|\\u{feff}|é|\\u{2028}",
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn syntax_in_any_order_gives_true_places(text in syntax()) {
        for path in PATHS.into_iter().filter(|path| secscan_parse::format_of(path).is_some()) {
            let parsed = parse(path, &text);
            for document in &parsed.documents {
                each_scalar(document, &text, &mut |_, _| {});
            }
            for comment in &parsed.comments {
                prop_assert!(text.get(comment.span.range()).is_some(), "{path}: {comment:?}");
            }
            for diagnostic in &parsed.diagnostics {
                let span = diagnostic.at.map(|at| at.span).unwrap_or_default();
                prop_assert!(span.end as usize <= text.len(), "{path}: {diagnostic:?}");
            }
        }
    }

    #[test]
    fn bytes_give_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for format in FORMATS {
            let source = Source {
                id: SourceId(0),
                path: "a".into(),
                origin: Origin::WorkTree,
                bytes: bytes.as_slice().into(),
            };
            (format.parse)(&source);
        }
    }
}
