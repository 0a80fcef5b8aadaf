//! `$licence`: what a licence expression asks of whoever distributes the work.
//!
//! Expressions are those of SPDX (<https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/>). Of `OR` the mildest
//! choice counts, of `AND` the strictest part; an exception (`WITH`) makes a strong copyleft a weak one.

use secscan_model::{Map, Node, Source};
use spdx::expression::ExprNode;
use spdx::{Expression, LicenseItem, LicenseReq, ParseMode};

use super::unknown;

/// Text that is longer is no expression.
const LONGEST: usize = 2_000;

/// The categories, mildest first.
static CATEGORIES: &[&str] =
    &["permissive", "weak-copyleft", "strong-copyleft", "network-copyleft", "restricted", "custom"];

/// Beginnings of SPDX ids with their category; whatever else SPDX lists is permissive.
static IDS: &[(&str, usize)] = &[
    ("AGPL-", 3),
    ("LGPL", 1),
    ("GPL-", 2),
    ("SSPL-", 4),
    ("BUSL-", 4),
    ("Elastic-", 4),
    ("PolyForm-", 4),
    ("CC-BY-NC", 4),
    ("CC-BY-ND", 4),
    ("CC-BY-SA", 1),
    ("MPL-", 1),
    ("EPL-", 1),
    ("CDDL-", 1),
    ("EUPL-", 1),
    ("CPL-", 1),
    ("CECILL-C", 1),
    ("CECILL-B", 0),
    ("CECILL-", 2),
    ("OSL-", 3),
    ("RPL-", 3),
    ("APSL-", 1),
    ("MS-RL", 1),
    ("QPL-", 2),
    ("Sleepycat", 2),
];

/// `$licence` of a value: `{category, expression}`. The category is one of [`CATEGORIES`], `none` for what is said not to
/// be licensed, and `unknown` for what is no expression.
pub(super) fn child(of: &Node, _: &[Source]) -> Option<Node> {
    unknown(of).or_else(|| {
        let text = of.as_str()?;
        let mut map = Map::with_capacity(2);
        map.push_new("category", Node::text(category(text), of.at));
        map.push_new("expression", Node::text(text, of.at));
        Some(Node::map(map, of.at).named(of.name_at))
    })
}

fn category(text: &str) -> &'static str {
    let text = text.trim();
    if matches!(text.to_ascii_uppercase().as_str(), "UNLICENSED" | "NONE" | "PROPRIETARY") {
        return "none";
    }
    let expression = (text.len() <= LONGEST).then(|| Expression::parse_mode(text, ParseMode::LAX).ok()).flatten();
    let Some(expression) =
        expression.filter(|expression| expression.iter().any(|node| matches!(node, ExprNode::Req(_))))
    else {
        return "unknown";
    };
    let holds = |limit: &usize| expression.evaluate(|required| rank(required) <= *limit);
    let mildest = (0..CATEGORIES.len()).find(holds).unwrap_or(CATEGORIES.len() - 1);
    CATEGORIES.get(mildest).copied().unwrap_or("unknown")
}

fn rank(required: &LicenseReq) -> usize {
    let LicenseItem::Spdx { id, .. } = &required.license else { return CATEGORIES.len() - 1 };
    let rank = IDS.iter().find(|(start, _)| id.name.starts_with(start)).map_or(0, |(_, rank)| *rank);
    if required.addition.is_some() && rank == 2 { 1 } else { rank }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mildest_choice_and_the_strictest_part_count() {
        for (text, expected) in [
            ("MIT", "permissive"),
            ("MIT/Apache-2.0", "permissive"),
            ("MIT OR GPL-3.0-only", "permissive"),
            ("MIT AND GPL-3.0-only", "strong-copyleft"),
            ("(MIT OR AGPL-3.0-only) AND LGPL-2.1-or-later", "weak-copyleft"),
            ("GPL-2.0-only WITH Classpath-exception-2.0", "weak-copyleft"),
            ("AGPL-3.0-or-later", "network-copyleft"),
            ("SSPL-1.0", "restricted"),
            ("CC-BY-NC-4.0", "restricted"),
            ("LicenseRef-own", "custom"),
            ("UNLICENSED", "none"),
            ("see the file", "unknown"),
            ("", "unknown"),
        ] {
            assert_eq!(category(text), expected, "{text}");
        }
        assert_eq!(category(&"(".repeat(100_000)), "unknown");
        assert_eq!(category(&"(".repeat(1_900)), "unknown");
    }
}
