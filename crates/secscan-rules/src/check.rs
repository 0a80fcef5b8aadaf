//! Reading order: `Rule` → `Body` → `Check` → `Test` → `Step` and `Matcher` → `Operand`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use secscan_code::Question;
use secscan_model::{Expression, Header, Lazy, Platform};
use secscan_secrets::Detector;
use serde::{Deserialize, Serialize};

use crate::asks::{Checks, Questions};

/// A compiled rule. Of those that are embedded, nothing is decoded before somebody asks for it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub struct Rule {
    /// Its header.
    pub info: Arc<Header>,
    /// What it asks.
    pub body: Body,
    /// The parameters that it names, with what they stand at.
    pub params: Lazy<BTreeMap<String, Param>>,
    /// The finding's message; the title where there is none.
    pub message: Lazy<Option<Vec<Piece>>>,
    /// Whether it runs only where a pack that was asked for maps it, or somebody names it.
    pub on_demand: bool,
}

/// What a rule asks, and of what.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub enum Body {
    /// Resources: the same question, of each platform that can answer it.
    Checks(Checks),
    /// The text of every file: whether it holds a credential.
    Secret(Arc<Lazy<Detector>>),
    /// Source code: whether a place of it has a shape; one question a language.
    Code(Questions),
    /// What no language says well: a judge of this name in the engine, one of [`crate::native::NATIVES`].
    Native(String),
}

impl Rule {
    /// The questions to resources, with the values of their parameters; none where the rule asks something else.
    pub fn checks(&self) -> &[Check] {
        match &self.body {
            Body::Checks(checks) => checks.bound(&self.params),
            Body::Secret(_) | Body::Code(_) | Body::Native(_) => &[],
        }
    }

    /// The questions to source code, with the values of their parameters; none where the rule asks something else.
    pub fn questions(&self) -> &[Question] {
        match &self.body {
            Body::Code(questions) => questions.bound(&self.params),
            Body::Secret(_) | Body::Checks(_) | Body::Native(_) => &[],
        }
    }
}

/// A threshold or list that users may set.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Param {
    /// The value that holds until somebody sets another.
    pub default: Vec<Literal>,
    /// Whether it is written as a list.
    pub is_list: bool,
    /// In which direction it gets stricter; none where that makes no sense.
    pub stricter: Option<Stricter>,
    /// What it means.
    pub about: String,
}

/// In which direction a parameter gets stricter.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stricter {
    /// A larger number.
    Higher,
    /// A smaller number.
    Lower,
    /// A list with fewer members.
    Fewer,
    /// A list with more members.
    More,
}

/// A piece of a message.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub enum Piece {
    /// Plain text.
    Text(String),
    /// The value at a path of the subject.
    Path(Path),
    /// A parameter.
    Param(String),
    /// What was found.
    Found,
    /// What was expected.
    Expected,
    /// The address of the resource.
    Address,
}

/// One question to the resources of one platform.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Check {
    /// Whom it asks.
    pub selector: Selector,
    /// The elements that are subjects of their own; the resource itself where there is none.
    pub each: Vec<Path>,
    /// Whether the question applies.
    pub when: Option<Test>,
    /// Whether [`Check::test`] names the bad state (`deny`) or the good one (`require`).
    pub deny: bool,
    /// The question.
    pub test: Test,
}

/// A platform and types of it.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Selector {
    /// The platform.
    pub platform: Platform,
    /// Type names, `*` standing for anything.
    pub types: Vec<String>,
}

/// A condition about one element.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub enum Test {
    /// Each holds.
    All(Vec<Test>),
    /// One holds.
    Any(Vec<Test>),
    /// It does not hold.
    Not(Box<Test>),
    /// About what a step leads to.
    At {
        /// The step.
        step: Step,
        /// Matchers that take a list whole.
        whole: Vec<Matcher>,
        /// What is asked of the elements; none where only the whole is asked.
        then: Option<Box<Test>>,
    },
    /// About the element itself.
    Is(Matcher),
    /// About other resources.
    Linked(Box<Link>),
    /// About what a parameter stands at: decided when the rule is bound.
    Param(String, Matcher),
}

/// A path as a list of steps.
pub type Path = Vec<Step>;

/// One segment of a path.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Step {
    /// The value of a key.
    Key(String),
    /// Every value of a map.
    Any,
    /// What the step leads to from any depth below, the element itself included.
    Deep(Box<Step>),
    /// The first of these paths that leads to something.
    FirstOf(Vec<Path>),
    /// A computed child, by its name without `$`.
    Computed(String),
    /// The resource that the element is in.
    Root,
    /// The resource that holds this one.
    Owner,
    /// The key under which the element stands.
    KeyName,
    /// The element itself.
    Itself,
    /// The siblings earlier in the same list.
    Before,
    /// The siblings later in the same list.
    After,
}

/// A scalar of a rule file.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Literal {
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(f64),
    /// Text.
    Text(String),
}

/// What a matcher compares with: literals, or a parameter until the rule is bound.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Operand {
    /// Values written in the rule, or a parameter's value.
    Values(Vec<Literal>),
    /// A parameter by name.
    Param(String),
}

/// One of the words that look at a value.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub enum Matcher {
    /// Equals.
    Equals(Operand),
    /// Equals one of them.
    In(Operand),
    /// Is a value and equals none of them.
    NotIn(Operand),
    /// Contains a match.
    Matches(Pattern),
    /// Compares with a number or a quantity.
    Order(Order, Operand),
    /// Is a version in the range.
    Version(Operand),
    /// Lies inside one of the ranges.
    Within(Operand),
    /// Shares a member with one of the ranges.
    Overlaps(Operand),
    /// Is written at all.
    Present(bool),
    /// Has each of these items or keys.
    Contains(Operand),
    /// The number of elements, keys or members.
    Length(Vec<Matcher>),
    /// Has an element for which it holds.
    Some(Box<Test>),
    /// Is text written out.
    Literal(bool),
    /// Equals the value at a path of the subject.
    SameAs(Path),
}

/// Which side of a bound.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Order {
    /// Less than.
    Lt,
    /// At most.
    Le,
    /// More than.
    Gt,
    /// At least.
    Ge,
}

impl Order {
    /// Whether `left` stands so to `right`.
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Lt => left < right,
            Self::Le => left <= right,
            Self::Gt => left > right,
            Self::Ge => left >= right,
        }
    }

    /// The words of a message.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lt => "less than",
            Self::Le => "at most",
            Self::Gt => "more than",
            Self::Ge => "at least",
        }
    }
}

/// A regular expression: text in the blob, compiled on first use.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Pattern {
    /// The expression, or the parameter that holds it.
    pub operand: Operand,
    #[serde(skip)]
    expression: OnceLock<Option<Expression>>,
}

impl Pattern {
    /// A pattern of an operand.
    pub fn new(operand: Operand) -> Self {
        Self { operand, expression: OnceLock::new() }
    }

    /// The expression; several values of a list are alternatives. None while it is an unbound parameter, or an empty
    /// list.
    pub fn expression(&self) -> Option<&Expression> {
        let join = || match &self.operand {
            Operand::Values(values) if !values.is_empty() => {
                let alternatives: Vec<_> = values.iter().map(|value| format!("(?:{value})")).collect();
                Some(Expression::new(alternatives.join("|")))
            }
            _ => None,
        };
        self.expression.get_or_init(join).as_ref()
    }
}

/// What other resources must be linked.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Link {
    /// The other side.
    pub other: Other,
    /// The reference stands there, on the other side.
    pub by: Option<Path>,
    /// The reference stands here, on our side.
    pub via: Option<Path>,
    /// Instead of a reference: anything in the same scope.
    pub scope: Option<Scope>,
    /// A condition on the other side.
    pub condition: Option<Test>,
    /// How many there must be.
    pub count: Vec<Matcher>,
}

/// The other side of a link.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub enum Other {
    /// Resources.
    Resources(Selector),
    /// Files by a glob on their path.
    Files(Vec<String>),
}

/// A neighbourhood.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// What is deployed together.
    Unit,
    /// The same folder.
    Directory,
}

impl Literal {
    /// As it is written.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => text.into(),
            Self::Bool(_) | Self::Number(_) => self.to_string().into(),
        }
    }
}

impl std::fmt::Display for Literal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl Operand {
    /// The values; empty while it is an unbound parameter.
    pub fn values(&self) -> &[Literal] {
        match self {
            Self::Values(values) => values,
            Self::Param(_) => &[],
        }
    }
}

/// A path as rule files write it.
pub struct PathText<'a>(pub &'a [Step]);

impl std::fmt::Display for PathText<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            write!(f, "{step}")?;
        }
        Ok(())
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Key(key) if key.contains('.') => write!(f, "\"{key}\""),
            Self::Key(key) => f.write_str(key),
            Self::Any => f.write_str("*"),
            Self::Deep(step) => write!(f, "$deep.{step}"),
            Self::FirstOf(paths) => {
                for (index, path) in paths.iter().enumerate() {
                    f.write_str(if index > 0 { " | " } else { "" })?;
                    write!(f, "{}", PathText(path))?;
                }
                Ok(())
            }
            Self::Computed(name) => write!(f, "${name}"),
            Self::Root => f.write_str("$root"),
            Self::Owner => f.write_str("$owner"),
            Self::KeyName => f.write_str("$key"),
            Self::Itself => f.write_str("$self"),
            Self::Before => f.write_str("$before"),
            Self::After => f.write_str("$after"),
        }
    }
}
