//! Tables as text: <https://www.rfc-editor.org/rfc/rfc4180>.

use super::value::{Failure, fail};

/// How many fields a table may have.
const MAX_FIELDS: usize = 100_000;

/// The lines of a table with their fields; empty lines are left out.
pub(super) fn records(text: &str) -> Result<Vec<Vec<String>>, Failure> {
    let mut records = Vec::new();
    let mut fields = 0;
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('\n').or_else(|| rest.strip_prefix("\r\n")) {
            rest = after;
            continue;
        }
        let mut record = Vec::new();
        loop {
            let (field, after) = field(rest)?;
            record.push(field);
            fields += 1;
            if fields > MAX_FIELDS {
                return fail("the table is too large");
            }
            match after.strip_prefix(',') {
                Some(after) => rest = after,
                None => {
                    rest = after.strip_prefix("\r\n").or_else(|| after.strip_prefix('\n')).unwrap_or(after);
                    break;
                }
            }
        }
        records.push(record);
    }
    Ok(records)
}

/// The first field, and what follows it.
fn field(text: &str) -> Result<(String, &str), Failure> {
    let Some(mut rest) = text.strip_prefix('"') else {
        let end = text.find([',', '\n']).unwrap_or(text.len());
        let field = &text[..end];
        let field = if text[end..].starts_with('\n') { field.strip_suffix('\r').unwrap_or(field) } else { field };
        if field.contains('"') {
            return fail("a quote stands within a field that does not begin with one");
        }
        return Ok((field.to_owned(), &text[field.len()..]));
    };
    let mut field = String::new();
    loop {
        let Some(end) = rest.find('"') else { return fail("a quote is not closed") };
        field.push_str(&rest[..end].replace("\r\n", "\n"));
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(after) => {
                field.push('"');
                rest = after;
            }
            None if rest.is_empty() || rest.starts_with([',', '\n']) || rest.starts_with("\r\n") => {
                return Ok((field, rest));
            }
            None => return fail("something stands behind a quoted field"),
        }
    }
}
