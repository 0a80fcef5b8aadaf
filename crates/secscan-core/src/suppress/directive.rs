//! What a comment says: its directives, found and taken apart.

use std::sync::Arc;

use jiff::civil::Date;
use secscan_model::{Comment, RuleId, Span};

use crate::expiry::parse_day;

/// What opens a suppression within a comment.
pub(crate) const MARKER: &str = "secscan:ignore";

/// A directive within a comment.
pub(super) struct Directive<'t> {
    /// Where it begins in the comment, in bytes.
    pub(super) offset: usize,
    /// From the marker to the end of the line or comment.
    pub(super) text: &'t str,
}

/// The directives of a comment: at most one a line, where a line or a comment within it begins.
pub(super) fn directives(comment: &str) -> impl Iterator<Item = Directive<'_>> {
    comment.match_indices(MARKER).filter_map(|(offset, _)| {
        let before = comment[..offset].trim_end_matches([' ', '\t']);
        if !before.is_empty() && !before.ends_with(['#', '/', '*', '-', '\n']) {
            return None;
        }
        let line = comment[offset..].lines().next().unwrap_or_default().trim_end();
        let text = line.strip_suffix("*/").or(line.strip_suffix("-->")).unwrap_or(line).trim_end();
        Some(Directive { offset, text })
    })
}

/// What comments open with in formats that have some.
const OPENERS: &[&str] = &["#", "//", "/*", "<!--", "--", ";", "%", "'", "\"\"\"", "*", "!", "REM", "rem", "dnl"];

/// The comment that a marker at an offset of a text stands in, as far as its line tells; none where nothing opens one.
/// For files of which no parser knows the comments.
pub(crate) fn textual_comment(bytes: &[u8], marker: u32) -> Option<Comment> {
    let at = marker as usize;
    let start = memchr::memrchr(b'\n', bytes.get(..at)?).map_or(0, |line| line + 1);
    let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |line| at + line);
    let before = bytes[start..at].trim_ascii();
    let opener = OPENERS.iter().find(|opener| before.ends_with(opener.as_bytes()))?;
    let trailing = !before[..before.len() - opener.len()].trim_ascii().is_empty();
    Some(Comment { span: Span::new(at, end), trailing })
}

/// A directive taken apart.
pub(super) struct Parsed {
    pub(super) names: Vec<RuleId>,
    pub(super) until: Option<Date>,
    pub(super) reason: Arc<str>,
}

/// Takes a directive apart; the error says what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Parsed, String> {
    let rest = text.strip_prefix(MARKER).unwrap_or(text);
    if rest.starts_with(|next: char| !next.is_whitespace()) {
        return Err(format!("`{}` is no directive", text.split_whitespace().next().unwrap_or(text)));
    }
    let (head, reason) = split_reason(rest);
    let mut parsed = Parsed { names: Vec::new(), until: None, reason: reason.into() };
    for word in head.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty()) {
        match word.split_once('=') {
            Some(("until", day)) => {
                parsed.until = Some(parse_day(day).ok_or_else(|| format!("`{day}` is no day (YYYY-MM-DD)"))?);
            }
            Some((option, _)) => return Err(format!("`{option}` is no option of a suppression; `until=` is")),
            None => parsed.names.push(RuleId(word.into())),
        }
    }
    match (parsed.names.is_empty(), reason.is_empty()) {
        (true, _) => Err("no rule is named".to_owned()),
        (false, true) => Err("no reason is given (` -- reason`)".to_owned()),
        (false, false) => Ok(parsed),
    }
}

/// Splits at the first `--` that stands by itself.
fn split_reason(text: &str) -> (&str, &str) {
    let stands_alone = |at: &usize| {
        let (before, after) = (&text[..*at], &text[at + 2..]);
        (before.is_empty() || before.ends_with(char::is_whitespace))
            && (after.is_empty() || after.starts_with(char::is_whitespace))
    };
    let at = text.match_indices("--").map(|(at, _)| at).find(stands_alone);
    at.map_or((text, ""), |at| (&text[..at], text[at + 2..].trim()))
}
