//! Text that is known whole or in part, in the form that the grammars of this folder read.

use std::{borrow::Cow, ops::Range, sync::Arc};

use secscan_model::{Location, Node, Part, Source, Unresolved, Value};

use super::Placement;

/// Fills holes in [`Text::opaque`]: a character that no grammar here gives a meaning to.
pub(crate) const HOLE: char = '\u{1}';

/// A text with its holes and its place.
#[derive(Debug)]
pub(crate) struct Text<'a> {
    raw: Cow<'a, str>,
    opaque: Option<String>,
    holes: Vec<Range<usize>>,
    why: Option<Arc<str>>,
    placement: Placement,
}

impl<'a> Text<'a> {
    /// The text of a scalar, or of a value that is known in part; none for anything else.
    pub(crate) fn new(of: &'a Node, sources: &[Source]) -> Option<Self> {
        let raw = of.raw_text()?;
        let placement = Placement::new(of, &raw, sources);
        let Some(unresolved) = of.as_unresolved() else {
            return Some(Self { raw, opaque: None, holes: Vec::new(), why: None, placement });
        };
        let (mut holes, mut opaque) = (Vec::new(), String::with_capacity(raw.len()));
        for part in &unresolved.parts {
            match part {
                Part::Fixed(text) => opaque.push_str(text),
                Part::Hole(text) => {
                    holes.push(opaque.len()..opaque.len() + text.len());
                    opaque.extend(std::iter::repeat_n(HOLE, text.len()));
                }
            }
        }
        Some(Self { raw, opaque: Some(opaque), holes, why: Some(unresolved.why.clone()), placement })
    }

    /// Text that was put together from what is written at a place.
    pub(crate) fn made(text: String, at: Location) -> Self {
        let placement = Placement::fixed(at);
        Self { raw: text.into(), opaque: None, holes: Vec::new(), why: None, placement }
    }

    /// The text as it is written.
    pub(crate) fn raw(&self) -> &str {
        &self.raw
    }

    /// The text with each byte of a hole replaced by [`HOLE`]; offsets are those of [`Text::raw`].
    pub(crate) fn opaque(&self) -> &str {
        self.opaque.as_deref().unwrap_or(&self.raw)
    }

    /// Where a part stands.
    pub(crate) fn at(&self, part: Range<usize>) -> Location {
        self.placement.at(part)
    }

    /// Whether a part has holes.
    pub(crate) fn has_hole(&self, part: &Range<usize>) -> bool {
        !self.holes_in(part).is_empty()
    }

    /// The holes that a part touches. They are sorted and apart.
    fn holes_in(&self, part: &Range<usize>) -> &[Range<usize>] {
        let first = self.holes.partition_point(|hole| hole.end <= part.start);
        let rest = self.holes.get(first..).unwrap_or_default();
        &rest[..rest.partition_point(|hole| hole.start < part.end)]
    }

    /// The fixed and the unknown pieces of a part. Holes are never cut.
    pub(crate) fn parts(&self, part: Range<usize>) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut from = part.start;
        let fixed = |range: Range<usize>| {
            self.raw.get(range).filter(|text| !text.is_empty()).map(|text| Part::Fixed(text.into()))
        };
        for hole in self.holes_in(&part) {
            parts.extend(fixed(from..hole.start.max(from)));
            parts.extend(self.raw.get(hole.clone()).map(|text| Part::Hole(text.into())));
            from = hole.end;
        }
        parts.extend(fixed(from..part.end.max(from)));
        parts
    }

    /// A part as a value: text, or unresolved when it has holes.
    pub(crate) fn node(&self, part: Range<usize>) -> Node {
        let at = self.at(part.clone());
        if self.has_hole(&part) {
            return self.unresolved(self.parts(part), at);
        }
        Node::text(self.raw.get(part).unwrap_or_default(), at)
    }

    /// A value of these pieces: text when all are fixed.
    pub(crate) fn of_parts(&self, parts: Vec<Part>, at: Location) -> Node {
        if parts.iter().all(|part| matches!(part, Part::Fixed(_))) {
            let unresolved = Unresolved { why: "".into(), perhaps_absent: false, parts };
            return Node::text(unresolved.raw_text(), at);
        }
        self.unresolved(parts, at)
    }

    /// A component that is not written but may be hidden in a hole.
    pub(crate) fn perhaps(&self, near: Range<usize>) -> Node {
        Node::perhaps_absent(self.why(), self.at(near))
    }

    fn unresolved(&self, parts: Vec<Part>, at: Location) -> Node {
        let why = match parts.iter().find(|part| matches!(part, Part::Hole(_))) {
            Some(Part::Hole(hole)) if self.why.is_none() => format!("`{hole}` is known at run time only").into(),
            _ => self.why(),
        };
        Node::new(Value::Unresolved(Arc::new(Unresolved { why, perhaps_absent: false, parts })), at)
    }

    fn why(&self) -> Arc<str> {
        self.why.clone().unwrap_or_else(|| "a part of the text is not known".into())
    }
}
