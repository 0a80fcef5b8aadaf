//! XML files with the places of their elements. XML is read here alone: no other reader takes it.

use roxmltree::{Document, Node as Element, ParsingOptions};
use secscan_model::{Comment, Source, Span};

use super::text::Text;
use super::{Contents, Written};

/// The most elements and texts of a file.
const NODES_LIMIT: u32 = 1_000_000;

/// Parses a file and keeps its comments. Document type definitions, with which a small file can grow without end, are
/// refused.
pub(super) fn parse<'s>(source: &'s Source, contents: &mut Contents) -> Option<Xml<'s>> {
    let text = Text::new(source, contents)?;
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES_LIMIT, ..ParsingOptions::default() };
    match Document::parse_with_options(text.whole(), options) {
        Ok(document) => {
            for comment in document.descendants().filter(Element::is_comment) {
                let span = part(&text, comment.range());
                contents.comments.push(Comment { span, trailing: false });
            }
            Some(Xml { document, text })
        }
        Err(error) => {
            let message = format!("this XML file was not judged: {error}");
            contents.complain(source, Span::default(), message);
            None
        }
    }
}

fn part(text: &Text<'_>, range: std::ops::Range<usize>) -> Span {
    text.span(text.whole().get(range).unwrap_or_default())
}

/// A parsed file.
pub(super) struct Xml<'s> {
    pub(super) document: Document<'s>,
    text: Text<'s>,
}

impl<'s> Xml<'s> {
    /// The elements of a name, at any depth.
    pub(super) fn all<'d>(&'d self, name: &'static str) -> impl Iterator<Item = Element<'d, 's>> {
        self.document.descendants().filter(move |element| element.tag_name().name() == name)
    }

    /// The text of an element, blanks around it left out.
    pub(super) fn text(&self, element: Element<'_, '_>) -> Option<Written> {
        let range = element.children().find(Element::is_text)?.range();
        let whole = self.text.whole().get(range)?;
        let decoded = element.text()?.trim();
        let written = self.text.written(whole.trim());
        (!decoded.is_empty()).then(|| Written::new(decoded, written.at))
    }

    /// The text of a child element.
    pub(super) fn child(&self, element: Element<'_, '_>, name: &str) -> Option<Written> {
        self.text(child(element, name)?)
    }

    /// The value of an attribute.
    pub(super) fn attribute(&self, element: Element<'_, '_>, name: &str) -> Option<Written> {
        let attribute = element.attributes().find(|attribute| attribute.name() == name)?;
        let range = attribute.range_value();
        let value = self.text.whole().get(range)?;
        Some(Written::new(attribute.value(), self.text.at(value)))
    }

    /// The place of an element, from its start tag to its end tag.
    pub(super) fn at(&self, element: Element<'_, '_>) -> secscan_model::Location {
        self.text.at(self.text.whole().get(element.range()).unwrap_or_default())
    }
}

/// The child element of a name.
pub(super) fn child<'d, 's>(element: Element<'d, 's>, name: &str) -> Option<Element<'d, 's>> {
    element.children().find(|child| child.tag_name().name() == name)
}

/// The child elements of a name.
pub(super) fn children<'d, 's: 'd>(
    element: Element<'d, 's>,
    name: &'static str,
) -> impl Iterator<Item = Element<'d, 's>> {
    element.children().filter(move |child| child.tag_name().name() == name)
}
