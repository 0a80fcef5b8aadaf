//! `{{random:sk_[a-z0-9]{24}}}` stands for fixed text and random characters of classes; `{{proof:NAME:ARGUMENT}}` for a
//! secret that a [`crate::proof`] accepts. The same text gives the same secrets.

use crate::proof;

/// A small generator (SplitMix64): the same seed gives the same numbers everywhere. Not for secrets.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A generator that starts at a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    /// So many bytes.
    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| (self.next() >> 32) as u8).collect()
    }

    /// So many characters of a class, written as in a regular expression without its brackets; empty for a class that
    /// holds nothing.
    pub(crate) fn text(&mut self, class: &str, length: usize) -> String {
        let members = members(class);
        if members.is_empty() {
            return String::new();
        }
        (0..length).map(|_| members[(self.next() >> 33) as usize % members.len()]).collect()
    }
}

fn members(class: &str) -> Vec<char> {
    let letters: Vec<char> = class.chars().collect();
    let mut members = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        match letters[at..] {
            [first, '-', last, ..] => {
                members.extend(first..=last);
                at += 3;
            }
            _ => {
                members.push(letters[at]);
                at += 1;
            }
        }
    }
    members
}

/// Fills in the templates of an example.
///
/// # Errors
/// One sentence about the template that cannot be read.
pub fn expand(text: &str) -> Result<String, String> {
    // The text itself is the seed, so that two examples have different secrets and each the same ones always.
    let seed = text
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325, |seed: u64, byte| (seed ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3));
    let mut random = Random::new(seed);
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, kind, template)) = next(rest) {
        expanded.push_str(before);
        let end = end_of(template).ok_or_else(|| format!("the template `{{{{{kind}` is never closed"))?;
        let body = &template[..end];
        match kind {
            "random:" => expanded.push_str(&random_text(body, &mut random)?),
            _ => {
                let (name, argument) = body.split_once(':').unwrap_or((body, ""));
                let proof = proof::named(name)
                    .ok_or_else(|| format!("there is no proof `{name}`; there are: {}", proof::names()))?;
                expanded.push_str(&(proof.example)(argument, &mut random));
            }
        }
        rest = &template[end + 2..];
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// What stands before the next template, its kind, and what follows the kind.
fn next(text: &str) -> Option<(&str, &'static str, &str)> {
    let of_kind = |kind: &'static str| Some((text.find(&format!("{{{{{kind}"))?, kind));
    let (at, kind) = ["random:", "proof:"].into_iter().filter_map(of_kind).min()?;
    Some((&text[..at], kind, &text[at + 2 + kind.len()..]))
}

/// Where the braces that close a template begin: the last two of a row of them.
fn end_of(template: &str) -> Option<usize> {
    let at = template.find("}}")?;
    let row = template[at..].bytes().take_while(|byte| *byte == b'}').count();
    Some(at + row - 2)
}

fn random_text(pattern: &str, random: &mut Random) -> Result<String, String> {
    let mut text = String::new();
    let mut rest = pattern;
    while let Some(at) = rest.find('[') {
        text.push_str(&rest[..at]);
        let wrong = || format!("`{pattern}` is no row of text and classes such as [a-z]{{8}}");
        let (class, behind) = rest[at + 1..].split_once(']').ok_or_else(wrong)?;
        let (count, behind) = match behind.strip_prefix('{') {
            Some(counted) => {
                let (count, behind) = counted.split_once('}').ok_or_else(wrong)?;
                (count.parse().map_err(|_| wrong())?, behind)
            }
            None => (1, behind),
        };
        text.push_str(&random.text(class, count));
        rest = behind;
    }
    text.push_str(rest);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_filled_in_the_same_way_each_time() {
        let text = "key: \"{{random:sk_[a-z0-9]{24}}}\" # and {{random:[A-F]{3}-[0-9]}}";
        let expanded = expand(text).expect("it is well formed");
        assert_eq!(expand(text), Ok(expanded.clone()));
        let pattern = regex::Regex::new(r#"^key: "sk_[a-z0-9]{24}" # and [A-F]{3}-[0-9]$"#).expect("a pattern");
        assert!(pattern.is_match(&expanded), "{expanded}");
        assert_eq!(expand("${{ secrets.TOKEN }} {{ x }}"), Ok("${{ secrets.TOKEN }} {{ x }}".to_owned()));
    }

    #[test]
    fn what_cannot_be_filled_in_is_said() {
        for text in ["{{random:[a-z]{2}", "{{random:[a-z{2}}}", "{{proof:no-such}}", "{{random:[a-z]{x}}}"] {
            assert!(expand(text).is_err(), "{text}");
        }
    }
}
