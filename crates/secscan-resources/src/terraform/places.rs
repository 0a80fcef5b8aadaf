//! Where the parts of a text stand that is read as JSON or YAML.

use secscan_model::{Location, Node, Value};

/// The places of what a decoded text says.
pub(super) enum Places {
    /// All at one place: the text was made there.
    One(Location),
    /// Where they are written, since the text is a whole file; with the places through which it came here.
    Written(Vec<Location>),
}

impl Places {
    /// The places in a text that is so many bytes long. What `file` gives stands in its file from the first byte to the
    /// last one; no expression begins where a file begins.
    pub(super) fn of(text: &Node, length: usize) -> Self {
        let span = text.at.span.range();
        match span.start == 0 && span.end == length && length > 0 {
            true => Self::Written(text.via().to_vec()),
            false => Self::One(text.at),
        }
    }

    /// A value at the place of what the parser read it from.
    pub(super) fn put(&self, value: Value, read: &Node) -> Node {
        match self {
            Self::One(at) => Node::new(value, *at),
            Self::Written(via) => {
                let mut node = Node::new(value, read.at).named(read.name_at);
                if !via.is_empty() || !read.via().is_empty() {
                    node.extra_mut().via = [via, read.via()].concat();
                }
                node
            }
        }
    }
}
