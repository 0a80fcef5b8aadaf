//! The functions that make text: `Sub`, `Join`, `Split` and `Select`.

use secscan_model::Node;

use super::evaluate::{Call, Evaluator, unresolved};
use crate::composed::Composed;

/// How many bytes of text cost as much as one value.
const BYTES_A_VALUE: usize = 32;

impl Evaluator<'_> {
    /// `Fn::Sub`: a text with `${Name}`, `${Name.Attribute}` and `${!Literal}`, perhaps with a map of names of its own.
    pub(super) fn substitute(&mut self, argument: &Node, node: &Node) -> Node {
        let (template, own) = match argument.as_list() {
            Some([template, own, ..]) => (template, Some(own)),
            Some([template]) => (template, None),
            _ => (argument, None),
        };
        let Some(text) = template.as_str() else { return unresolved("`Fn::Sub` without a text", node) };
        let mut made = Composed::default();
        for piece in pieces(text) {
            match piece {
                Piece::Fixed(text) => made.fixed(text),
                Piece::Name { name, written } => match self.named(name, own, template) {
                    Some(value) => made.value(&value, written, template.at),
                    None => made.fixed(""),
                },
            }
            if !self.spend(1) {
                break;
            }
        }
        self.finish(made, template)
    }

    /// What a name in a `Fn::Sub` stands for.
    fn named(&mut self, name: &str, own: Option<&Node>, at: &Node) -> Option<Node> {
        if let Some(value) = own.and_then(|own| own.get(name)) {
            return self.evaluate(value);
        }
        let Some((resource, attribute)) = name.split_once('.') else { return self.reference(name, at) };
        Some(self.attribute_of(resource, attribute, at))
    }

    /// `Fn::Join`: a delimiter and a list.
    pub(super) fn join(&mut self, argument: &Node, node: &Node) -> Node {
        let (Some([delimiter, items]), mut made) = (argument.as_list(), Composed::default()) else {
            return unresolved("`Fn::Join` without a delimiter and a list", node);
        };
        let Some(items) = self.evaluated_items(items) else {
            return unresolved("the list of `Fn::Join` is not known", node);
        };
        for (index, (value, written)) in items.iter().enumerate() {
            if index > 0 {
                made.fixed(delimiter.as_str().unwrap_or_default());
            }
            made.value(value, written, node.at);
            if !self.spend(1) {
                break;
            }
        }
        self.finish(made, node)
    }

    /// The items of a list with the way each is written where its value is not known; none when the list is not known.
    fn evaluated_items(&mut self, list: &Node) -> Option<Vec<(Node, String)>> {
        let pairs = match (Call::of(list), list.as_list()) {
            (None, Some(items)) => {
                items.iter().filter_map(|item| Some((self.evaluate(item)?, written(item)))).collect()
            }
            _ => self.evaluate(list)?.as_list()?.iter().map(|item| (item.clone(), written(item))).collect(),
        };
        Some(pairs)
    }

    /// `Fn::Split`: a delimiter and a text.
    pub(super) fn split(&mut self, argument: &Node, node: &Node) -> Node {
        let (delimiter, text) = match argument.as_list() {
            Some([delimiter, text]) => (delimiter.as_str().unwrap_or_default(), self.evaluate(text)),
            _ => ("", None),
        };
        let Some((text, at)) = text.as_ref().and_then(|text| Some((text.as_str()?, text.at))) else {
            let mut value = unresolved("the text of `Fn::Split` is not known", node);
            super::evaluate::inherit_references(&mut value, text.as_ref());
            return value;
        };
        if delimiter.is_empty() {
            return unresolved("`Fn::Split` without a delimiter", node);
        }
        let items: Vec<Node> = text.split(delimiter).map(|item| Node::text(item, at)).collect();
        self.spend(items.len());
        Node::list(items, node.at)
    }

    /// `Fn::Select`: the item of a list by its index from zero.
    pub(super) fn select(&mut self, argument: &Node, node: &Node) -> Option<Node> {
        let Some([index, list]) = argument.as_list() else {
            return Some(unresolved("`Fn::Select` without an index and a list", node));
        };
        let index = self.evaluate(index).as_ref().and_then(Node::as_int).and_then(|index| usize::try_from(index).ok());
        let list = match Call::of(list) {
            // Of a list that is written out only the chosen item has to be known.
            None => Some(list.clone()),
            Some(_) => self.evaluate(list),
        };
        if let Some(item) = index.zip(list.as_ref()).and_then(|(index, list)| list.as_list()?.get(index)) {
            return self.evaluate(item);
        }
        let mut value = unresolved("the list or the index of `Fn::Select` is not known", node);
        super::evaluate::inherit_references(&mut value, list.as_ref());
        Some(value)
    }

    fn finish(&mut self, text: Composed, node: &Node) -> Node {
        if !self.spend(text.len() / BYTES_A_VALUE) {
            return unresolved("too much text to evaluate", node);
        }
        text.finish(node.at).named(node.name_at)
    }
}

/// How a value whose text is not known is shown inside a text.
fn written(node: &Node) -> String {
    let Some(call) = Call::of(node) else { return "${...}".to_owned() };
    match call.name {
        "Ref" => format!("${{{}}}", call.argument.as_str().unwrap_or("...")),
        "GetAtt" => {
            let words: Vec<&str> = call.argument.items().iter().filter_map(Node::as_str).collect();
            format!("${{{}}}", words.join("."))
        }
        name => format!("${{{name}}}"),
    }
}

/// A part of the text of a `Fn::Sub`.
enum Piece<'t> {
    Fixed(&'t str),
    Name { name: &'t str, written: &'t str },
}

/// Takes the text of a `Fn::Sub` apart. A `${` without an end is text.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    let mut literal = "";
    std::iter::from_fn(move || {
        if !literal.is_empty() {
            return Some(Piece::Fixed(std::mem::take(&mut literal)));
        }
        if rest.is_empty() {
            return None;
        }
        let (start, length) = match rest.find("${") {
            Some(start) => match rest[start..].find('}') {
                Some(end) => (start, end + 1),
                None => (rest.len(), 0),
            },
            None => (rest.len(), 0),
        };
        if start > 0 {
            let (fixed, after) = rest.split_at(start);
            rest = after;
            return Some(Piece::Fixed(fixed));
        }
        let (written, after) = rest.split_at(length);
        rest = after;
        let name = written[2..length - 1].trim();
        match name.strip_prefix('!') {
            // `${!Literal}` means `${Literal}`: what stands behind the mark is given out next.
            Some(_) => {
                literal = written[2..].trim_start().trim_start_matches('!');
                Some(Piece::Fixed("${"))
            }
            None => Some(Piece::Name { name, written }),
        }
    })
}
