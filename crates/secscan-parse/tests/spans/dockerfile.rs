//! Generated Dockerfiles.

use proptest::prelude::*;
use secscan_model::Node;
use secscan_parse::dockerfile::words;

use crate::parse;

/// A line: keyword, words, and what stands between two words.
fn lines() -> impl Strategy<Value = Vec<(&'static str, Vec<String>, &'static str)>> {
    let keyword = prop_oneof![Just("FROM"), Just("copy"), Just("EXPOSE"), Just("ADD")];
    let gap = prop_oneof![Just(" "), Just("\t  "), Just(" \\\n"), Just(" \\ \r\n  # é\n\n\t"), Just("\\\n ")];
    prop::collection::vec((keyword, prop::collection::vec("[a-zé/$:{}=.]{1,8}", 1..5), gap), 1..8)
}

proptest! {
    #[test]
    fn words_are_read_with_their_places(lines in lines()) {
        let mut text = String::from("# escape=\\\n");
        for (keyword, words, gap) in &lines {
            text.push_str(&format!("  {keyword}{gap}{}\n", words.join(gap)));
        }
        let parsed = parse("Dockerfile", &text);
        prop_assert!(parsed.diagnostics.is_empty(), "{:?} in\n{text}", parsed.diagnostics);
        let instructions = parsed.documents[0].as_list().unwrap();
        prop_assert_eq!(instructions.len(), lines.len());
        for ((keyword, words, _), instruction) in lines.iter().zip(instructions) {
            prop_assert_eq!(&text[instruction.name_at.span.range()], *keyword);
            let args = instruction.get("args").map(Node::items).unwrap_or_default();
            prop_assert_eq!(args.iter().filter_map(Node::as_str).collect::<Vec<_>>(), words.clone());
            for argument in args {
                prop_assert_eq!(argument.as_str(), text.get(argument.at.span.range()));
            }
        }
    }

    #[test]
    fn the_parts_of_a_word_cover_it(text in "[ab\"'$\\\\{}:+?/ é-]{0,24}") {
        let parts = words::parts(&text, '\\');
        let ends = parts.iter().fold(0, |end, part| {
            assert_eq!(part.range.start, end, "{parts:?}");
            part.range.end
        });
        prop_assert_eq!(ends, text.len());
    }
}
