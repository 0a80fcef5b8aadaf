//! Assignments in any notation: which literal value a name gets.
//!
//! One reader for `key = value`, `"key": "value"`, `key: value`, `KEY=value`, `?key=value`, `key => 'value'`,
//! `key: str = "value"`, `setKey("value")`, `f("key", "value")`, `<key>value</key>`, `--key value`, headers, and pairs such
//! as `name: KEY` with `value: ...` on the next line. Rules stay short because they need not know any of them.

use secscan_model::Span;

/// The longest name and the longest value, in bytes.
const LONGEST_NAME: usize = 80;
const LONGEST_VALUE: usize = 1024;

/// A name and the literal that it gets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Assignment {
    pub(crate) name: Span,
    /// Without quotes; never empty.
    pub(crate) value: Span,
    /// Whether it has quotes.
    pub(crate) is_quoted: bool,
}

/// The file that assignments are read from.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'t> {
    bytes: &'t [u8],
    /// In program text, a value without quotes is an expression.
    needs_quotes: bool,
}

impl<'t> Reader<'t> {
    /// A reader of a file. What has a strict form of its own is a literal in program text too, say in a script within it;
    /// with `is_any_text`, only quotes make one.
    pub(crate) fn new(path: &str, bytes: &'t [u8], is_any_text: bool) -> Self {
        Self { bytes, needs_quotes: is_any_text && is_program(path) }
    }

    /// The assignment to the name that the byte at `hit` belongs to.
    pub(crate) fn around(self, hit: usize) -> Option<Assignment> {
        let before =
            self.bytes[hit.saturating_sub(LONGEST_NAME)..hit].iter().rev().take_while(|byte| is_name(**byte)).count();
        self.at(hit - before)
    }

    /// The assignments to names that begin within a range.
    pub(crate) fn within(self, range: std::ops::Range<usize>) -> Vec<Assignment> {
        let mut found = Vec::new();
        let mut at = range.start;
        while at < range.end {
            if !is_name(self.bytes[at]) {
                at += 1;
                continue;
            }
            found.extend(self.at(at));
            at += self.name_length(at).max(1);
        }
        found
    }

    /// The assignment to the name that begins at `start`.
    fn at(self, start: usize) -> Option<Assignment> {
        let length = self.name_length(start);
        if length == 0 || length > LONGEST_NAME {
            return None;
        }
        let name = Span::new(start, start + length);
        let value = self.value_after(name.range())?;
        let is_quoted = value.range().start.checked_sub(1).is_some_and(|at| b"\"'`".contains(&self.bytes[at]));
        (value.start < value.end).then_some(Assignment { name, value, is_quoted })
    }

    fn name_length(self, start: usize) -> usize {
        self.bytes[start..].iter().take(LONGEST_NAME + 1).take_while(|byte| is_name(**byte)).count()
    }

    fn byte(self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(b'\n')
    }

    fn skip(self, mut at: usize, set: &[u8]) -> usize {
        while at < self.bytes.len() && set.contains(&self.bytes[at]) {
            at += 1;
        }
        at
    }

    fn value_after(self, name: std::ops::Range<usize>) -> Option<Span> {
        let before = name.start.checked_sub(1).map_or(b'\n', |at| self.bytes[at]);
        let closed = self.skip(self.skip(name.end, b"\\"), b"\"'`");
        let was_quoted = closed > name.end;
        let at = self.skip(closed, b" \t])");
        if was_quoted && let Some(value) = self.paired_value(name.start, closed) {
            return Some(value);
        }
        match (self.byte(at), self.byte(at + 1)) {
            (b'=', b'=' | b'~') => None,
            (b'=', b'>') => self.literal(at + 2, before),
            (b'=', _) => self.literal(at + 1, before),
            (b':', b'=') | (b'?', b'=') | (b'+', b'=') => self.literal(at + 2, before),
            (b':', b':') => None,
            (b':', _) => self.typed(at + 1, before),
            (b',', _) if was_quoted && self.is_argument(name.start) => self.quoted(self.skip(at + 1, b" \t")),
            (b'(', _) if !was_quoted => self.quoted(self.skip(at + 1, b" \t")),
            (b'>', _) if before == b'<' => self.until(at + 1, b"<\n"),
            _ if at > name.end && self.bytes[name.clone()].starts_with(b"--") => self.literal(at, b'-'),
            _ => self.paired_value(name.start, closed).or_else(|| self.typed_before(at)),
        }
    }

    /// Whether a quoted name is the first argument of a call.
    fn is_argument(self, name: usize) -> bool {
        let before = self.bytes[name.saturating_sub(8)..name].trim_ascii_end();
        before
            .strip_suffix(b"\"")
            .or(before.strip_suffix(b"'"))
            .is_some_and(|call| call.trim_ascii_end().ends_with(b"("))
    }

    /// What stands behind a colon: a value, or a type and then the value (`key: str = "value"`).
    fn typed(self, at: usize, before: u8) -> Option<Span> {
        let start = self.skip(at, b" \t");
        let kind =
            self.bytes[start..].iter().take(24).take_while(|byte| is_name(**byte) || b"&'[]?".contains(byte)).count();
        let behind = self.skip(start + kind, b" \t");
        if kind > 0 && self.byte(behind) == b'=' && self.byte(behind + 1) != b'=' {
            let value = self.skip(behind + 1, b" \t");
            if matches!(self.byte(value), b'"' | b'\'' | b'`') {
                return self.quoted(value);
            }
        }
        self.literal(at, before)
    }

    /// A type between a name and its value (`password string = "value"`).
    fn typed_before(self, at: usize) -> Option<Span> {
        let kind = self.bytes[at..].iter().take(16).take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let behind = self.skip(at + kind, b" \t");
        (kind > 0 && self.byte(behind) == b'=' && self.byte(behind + 1) != b'=')
            .then(|| self.quoted(self.skip(behind + 1, b" \t")))?
    }

    /// The value of a pair that names what it is for: `name: KEY`, and `value: ...` next.
    fn paired_value(self, name: usize, closed: usize) -> Option<Span> {
        let head = &self.bytes[name.saturating_sub(24)..name];
        let head = head.trim_ascii_end();
        let head = head.strip_suffix(b"\"").or(head.strip_suffix(b"'")).unwrap_or(head).trim_ascii_end();
        let head = head.strip_suffix(b":").or(head.strip_suffix(b"=")).unwrap_or_default().trim_ascii_end();
        let head = head.strip_suffix(b"\"").unwrap_or(head);
        let is_name_of_pair = [&b"name"[..], b"key", b"Name", b"Key"].iter().any(|word| head.ends_with(word));
        let next = self.skip(closed, b" \t\r\n,\"'");
        let is_value =
            |word: &&[u8]| self.bytes[next..].get(..word.len()).is_some_and(|text| text.eq_ignore_ascii_case(word));
        let word = [&b"value"[..], b"default_value"].into_iter().find(is_value).filter(|_| is_name_of_pair)?;
        let at = self.skip(next + word.len(), b"\" \t");
        matches!(self.byte(at), b':' | b'=').then(|| self.literal(at + 1, b'\n'))?
    }

    /// A value in quotes, or one without where the file is no program.
    fn literal(self, at: usize, before: u8) -> Option<Span> {
        let at = self.skip(at, b" \t");
        let quoted = self.quoted(at);
        if quoted.is_some() || self.needs_quotes {
            return quoted;
        }
        let ends: &[u8] = if matches!(before, b'?' | b'&') { b"& \t\r\n\"'<>;#" } else { b" \t\r\n\"'<>;" };
        let span = self.until(at, ends)?;
        let value = self.bytes[span.range()].trim_ascii_end();
        let value = value.strip_suffix(b",").unwrap_or(value);
        Some(Span::new(at, at + value.len()))
    }

    /// A value in quotes of some kind, with the prefixes that languages put before them.
    fn quoted(self, at: usize) -> Option<Span> {
        let prefix =
            self.bytes[at.min(self.bytes.len())..].iter().take(2).take_while(|byte| b"bBrRuU@".contains(byte)).count();
        let escape = usize::from(self.byte(at + prefix) == b'\\');
        let open = at + prefix + escape;
        let quote = self.byte(open);
        if !matches!(quote, b'"' | b'\'' | b'`') {
            return None;
        }
        let triple = self.byte(open + 1) == quote && self.byte(open + 2) == quote;
        let start = open + if triple { 3 } else { 1 };
        let mut end = start;
        while end < self.bytes.len() && end - start < LONGEST_VALUE {
            match self.bytes[end] {
                b'\n' | b'\r' => return None,
                b'\\' if escape == 1 && self.byte(end + 1) == quote => return Some(Span::new(start, end)),
                b'\\' => end += 2,
                byte if byte == quote => return Some(Span::new(start, end)),
                _ => end += 1,
            }
        }
        None
    }

    fn until(self, start: usize, ends: &[u8]) -> Option<Span> {
        let start = start.min(self.bytes.len());
        let length = self.bytes[start..].iter().take(LONGEST_VALUE).take_while(|byte| !ends.contains(byte)).count();
        (length < LONGEST_VALUE).then(|| Span::new(start, start + length))
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// The ends of the names of program texts, where literals have quotes.
const PROGRAM_ENDS: &str = "py pyi js jsx ts tsx mjs cjs mts cts vue svelte go java kt kts scala groovy gradle rb erb php rs c h cc cpp \
    cxx hpp hh m mm cs fs vb swift dart lua pl pm r jl ex exs erl hs ml clj elm tf tofu hcl sol proto graphql \
    nix zig sql ipynb css scss less tpl j2 jinja html htm md rst adoc mdx po txt jsonnet libsonnet cue star bzl \
    rego coffee asm s y l awk";

/// Whether a file is program text.
fn is_program(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is = |end: &str| PROGRAM_ENDS.split(' ').any(|known| known.eq_ignore_ascii_case(end));
    name.rsplit_once('.').is_some_and(|(_, end)| is(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value that the name with `key` in it gets.
    fn value(path: &str, text: &str) -> Option<String> {
        let hit = text.to_ascii_lowercase().find("key").expect("the tests name it so");
        let found = Reader::new(path, text.as_bytes(), true).around(hit)?;
        Some(text[found.value.range()].to_owned())
    }

    #[test]
    fn every_notation_gives_the_value() {
        let table = [
            "API_KEY=v-1",
            "api_key = v-1",
            "api.key: v-1",
            "api-key: 'v-1'",
            "\"apiKey\": \"v-1\",",
            "apiKey = \"v-1\";",
            "{ 'key' => 'v-1' }",
            "key := `v-1`",
            "key: str = \"v-1\"",
            "key: &str = \"v-1\";",
            "var key string = \"v-1\"",
            "<key>v-1</key>",
            "<add key=\"v-1\"/>",
            "run --api-key v-1 now",
            "run --api-key=v-1",
            "GET /x?key=v-1&b=c",
            "X-Api-Key: v-1",
            "conf.set('key', \"v-1\")",
            "setApiKey(\"v-1\")",
            "config[\"key\"] = b'v-1'",
            "KEY: \"v-1\" # x",
            "\\\"key\\\": \\\"v-1\\\"",
            "- name: API_KEY\n  value: v-1\n",
            "{\"name\": \"KEY\", \"value\": \"v-1\"}",
            "export KEY='v-1'",
            "key = \"\"\"v-1\"\"\"",
            "ENV KEY=v-1",
            "KEY ?= v-1",
        ];
        for text in table {
            assert_eq!(value("a.conf", text).as_deref(), Some("v-1"), "{text}");
        }
    }

    #[test]
    fn what_is_no_literal_gives_none() {
        for text in ["key = get()", "key = other", "if key == \"v\"", "key :: String", "key\nx = \"v\"", "key: string;"]
        {
            assert_eq!(value("a.ts", text), None, "{text}");
        }
        assert_eq!(value("a.conf", "key = "), None);
        assert_eq!(value("a.conf", "key"), None);
        assert_eq!(value("a.conf", "key = \"never closed"), None);
    }

    #[test]
    fn all_assignments_of_a_range_are_found() {
        let text = "vendor:\n  id: 1\n  token: abc\n";
        let found = Reader::new("a.yaml", text.as_bytes(), true).within(0..text.len());
        let pairs: Vec<_> = found.iter().map(|found| (&text[found.name.range()], &text[found.value.range()])).collect();
        assert_eq!(pairs, [("id", "1"), ("token", "abc")]);
    }
}
