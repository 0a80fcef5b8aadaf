//! Messages: text with `{path}`, `{$param}`, `{$found}`, `{$expected}`, `{$address}`; `{{` is a brace.

use std::collections::BTreeSet;

use crate::check::Piece;

/// Reads a message and notes the parameters that it names.
///
/// # Errors
/// A sentence about the part that is wrong.
pub(super) fn parse(
    text: &str,
    known_params: &BTreeSet<String>,
    used_params: &mut BTreeSet<String>,
) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        plain.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('{') {
            plain.push('{');
            rest = after;
            continue;
        }
        let end = rest.find('}').ok_or("a brace that does not close; `{{` is a plain brace")?;
        if !plain.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
        }
        pieces.push(piece(rest[..end].trim(), known_params, used_params)?);
        rest = &rest[end + 1..];
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Ok(pieces)
}

fn piece(name: &str, known: &BTreeSet<String>, used: &mut BTreeSet<String>) -> Result<Piece, String> {
    Ok(match name {
        "$found" => Piece::Found,
        "$expected" => Piece::Expected,
        "$address" => Piece::Address,
        _ => match name.strip_prefix('$').filter(|param| known.contains(*param)) {
            Some(param) => {
                used.insert(param.to_owned());
                Piece::Param(param.to_owned())
            }
            None => Piece::Path(super::path::parse(name)?),
        },
    })
}
