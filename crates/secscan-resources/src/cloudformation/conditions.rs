//! Conditions of a template, in three values: parameters count as set to their defaults, and what hangs on anything that
//! only a deployment tells is unknown.

use std::sync::Arc;

use secscan_model::Node;

use super::evaluate::{Call, Evaluator};

/// What a condition is; ordered so that `And` is the least and `Or` the greatest.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Truth {
    False,
    Unknown,
    True,
}

impl Truth {
    fn negated(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
            Self::True => Self::False,
        }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

impl Evaluator<'_> {
    /// A condition by its name; one that is not declared, or that rests on itself, is unknown.
    pub(super) fn condition(&mut self, name: &str) -> Truth {
        let Some((name, definition)) = self.conditions.get_key_value(name).map(|(name, node)| (*name, *node)) else {
            return Truth::Unknown;
        };
        if let Some(known) = self.truths.get(name) {
            return known.unwrap_or(Truth::Unknown);
        }
        self.truths.insert(name, None);
        let truth = self.truth(definition);
        self.truths.insert(name, Some(truth));
        truth
    }

    /// The truth of a condition that stands where a value does.
    pub(super) fn condition_of(&mut self, node: &Node) -> Truth {
        self.truth(node)
    }

    fn truth(&mut self, node: &Node) -> Truth {
        self.deeper(|this| this.apply(node)).unwrap_or(Truth::Unknown)
    }

    fn apply(&mut self, node: &Node) -> Truth {
        if let [entry] = node.entries()
            && &*entry.key == "Condition"
        {
            return self.condition(entry.value.as_str().unwrap_or_default());
        }
        let Some(Call { name, argument }) = Call::of(node) else {
            return node.as_bool().map_or(Truth::Unknown, Truth::from);
        };
        match name {
            "Condition" => self.condition(argument.as_str().unwrap_or_default()),
            "Not" => argument.items().first().map_or(Truth::Unknown, |inner| self.truth(inner).negated()),
            "And" => argument.items().iter().map(|part| self.truth(part)).min().unwrap_or(Truth::Unknown),
            "Or" => argument.items().iter().map(|part| self.truth(part)).max().unwrap_or(Truth::Unknown),
            "Equals" => self.equals(&argument),
            _ => Truth::Unknown,
        }
    }

    /// `Fn::Equals` compares text: `true` equals `"true"`.
    fn equals(&mut self, argument: &Node) -> Truth {
        let [left, right] = argument.items() else { return Truth::Unknown };
        let mut text = |side| self.evaluate(side).as_ref().and_then(Node::as_str).map(Arc::<str>::from);
        match (text(left), text(right)) {
            (Some(left), Some(right)) => (left == right).into(),
            _ => Truth::Unknown,
        }
    }
}
