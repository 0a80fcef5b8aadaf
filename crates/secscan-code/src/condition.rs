//! What an expression is made of: written out, put together, mentioning a name. Local variables are looked through.

use crate::Language;
use crate::grammar::Role;
use crate::matching::{File, MOST_HOPS};
use crate::question::{Condition, Expression, Kind};
use crate::tree::NodeId;

/// Expressions that are nested deeper are taken for what cannot be told.
const DEEPEST: usize = 48;

/// Functions that put values into a text, by language, with the number of the text among the arguments.
static FORMATTERS: &[(Language, &[&str])] = &[
    (Language::Python, &["str.format", "str", "urllib.parse.unquote"]),
    (Language::JavaScript, &["util.format", "String", "decodeURIComponent"]),
    (Language::Go, &["fmt.Sprintf", "fmt.Sprint", "fmt.Appendf", "fmt.Errorf"]),
    (Language::Java, &["String.format", "java.text.MessageFormat.format"]),
    (Language::Rust, &["format", "concat", "std.format"]),
];

/// Methods of a text that put values into it, or make another text of it.
static TEXT_METHODS: &[&[u8]] = &[
    b"format",
    b"format_map",
    b"formatted",
    b"concat",
    b"join",
    b"encode",
    b"strip",
    b"trim",
    b"lower",
    b"upper",
    b"replace",
    b"to_string",
    b"to_owned",
    b"into",
    b"as_str",
    b"toString",
    b"getBytes",
    b"as_bytes",
    b"String",
];

impl File<'_, '_> {
    /// Whether what a metavariable stands for keeps a condition; of several elements, the first that does.
    pub(crate) fn keeps(&self, condition: &Condition, ids: &[NodeId]) -> Option<NodeId> {
        ids.iter().find_map(|id| self.keeps_one(condition, *id))
    }

    /// The node that shows it: the name that is mentioned, else the element itself.
    fn keeps_one(&self, condition: &Condition, id: NodeId) -> Option<NodeId> {
        let is = |wanted: Option<bool>, holds: &dyn Fn() -> bool| wanted.is_none_or(|wanted| wanted == holds());
        let contains = |expression: &Expression| expression.is_match(&self.said(id));
        let holds = condition.kind.iter().all(|_| condition.kind.iter().any(|kind| self.is_kind(id, *kind)))
            && condition.matches.as_ref().is_none_or(contains)
            && !condition.not_matches.as_ref().is_some_and(contains)
            && condition.below.is_none_or(|bound| self.number(id).is_some_and(|number| number < bound))
            && condition.of_type.as_ref().is_none_or(|wanted| self.is_of_type(id, wanted))
            && is(condition.literal, &|| self.is_literal(id, MOST_HOPS, DEEPEST))
            && is(condition.assembled, &|| self.is_assembled(id, MOST_HOPS, DEEPEST))
            && (condition.mentions.is_some()
                || condition.not_mentions.as_ref().is_none_or(|names| self.mention(id, names, None).is_none()));
        match &condition.mentions {
            Some(names) if holds => self.mention(id, names, condition.not_mentions.as_ref()),
            _ => holds.then_some(id),
        }
    }

    /// What an expression says: a string its content, a name what it was given when that is a constant, else its text.
    fn said(&self, id: NodeId) -> Vec<u8> {
        let mut at = id;
        for _ in 0..MOST_HOPS {
            match self.tree.role(at) {
                Role::Text => return self.tree.content(at).to_vec(),
                Role::Name => match self.bindings().value(&self.tree, at) {
                    Some(value) => at = value,
                    None => break,
                },
                Role::Constant => return self.tree.text(at).to_vec(),
                _ => break,
            }
        }
        self.tree.text(id).to_vec()
    }

    fn number(&self, id: NodeId) -> Option<f64> {
        let text = String::from_utf8(self.said(id)).ok()?.replace('_', "");
        text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic()).parse().ok()
    }

    fn is_kind(&self, id: NodeId, kind: Kind) -> bool {
        let role = self.tree.role(id);
        match kind {
            Kind::Text => role == Role::Text,
            Kind::Constant => role == Role::Constant,
            Kind::Name => matches!(role, Role::Name | Role::Member | Role::Subscript),
            Kind::Call => matches!(role, Role::Call | Role::Invoke | Role::New | Role::Macro),
            Kind::Collection => matches!(role, Role::List | Role::Record | Role::Composite),
            Kind::Function => role == Role::Function,
        }
    }

    /// Whether a name was declared with a type, or made by a constructor of it, that an expression matches.
    fn is_of_type(&self, id: NodeId, wanted: &Expression) -> bool {
        let full = |node: NodeId| {
            self.names.full_name(&self.tree, node).map_or_else(|| self.tree.words(node).into_owned(), |name| name.text)
        };
        let made = |value: NodeId| match self.tree.role(value) {
            Role::Call | Role::New | Role::Composite | Role::Invoke => {
                self.called(value, MOST_HOPS).map(|name| name.text)
            }
            _ => None,
        };
        match self.tree.role(id) {
            Role::Name => self.bindings().of(&self.tree, id).iter().any(|binding| {
                let declared = binding.declared.map(full);
                let made = binding.value.and_then(made);
                declared.iter().chain(&made).any(|name| wanted.is_match(name.as_bytes()))
            }),
            // `this.statement`: the field is declared in the class around it.
            Role::Member => self.tree.part(id, 1).is_some_and(|name| self.is_of_type(name, wanted)),
            _ => made(id).is_some_and(|name| wanted.is_match(name.as_bytes())),
        }
    }

    /// Whether an expression is written out: constants, and names, lists and texts of nothing else.
    fn is_literal(&self, id: NodeId, hops: usize, deepest: usize) -> bool {
        let Some(deepest) = deepest.checked_sub(1).filter(|_| self.spend()) else { return false };
        let tree = &self.tree;
        let is = |id: NodeId| self.is_literal(id, hops, deepest);
        match tree.role(id) {
            Role::Constant | Role::Token | Role::Function => true,
            Role::Text if tree.grammar.dialect.language() == Language::Rust => true,
            Role::Text | Role::Binary | Role::List | Role::Record | Role::Keyed | Role::Arguments | Role::Composite => {
                tree.operands(id).all(|child| is(child) || self.is_key(id, child))
            }
            Role::Choice => tree.outcomes(id).into_iter().all(is),
            Role::Cast => tree.part(id, 0).is_some_and(is),
            Role::Member => {
                let of_environment = tree.part(id, 0).is_some_and(|of| tree.text(of).ends_with(b"env"));
                !of_environment && tree.part(id, 1).is_some_and(|name| is_constant_name(tree.text(name)))
            }
            Role::Name => self.is_literal_name(id, hops, deepest),
            Role::Call | Role::Invoke | Role::Macro => {
                let arguments = match tree.role(id) {
                    Role::Macro => !self.names_values(id) && self.macro_arguments(id).all(is),
                    _ => tree.part(id, 1).is_none_or(is),
                };
                arguments && self.makes_text(id, hops, &is)
            }
            _ => false,
        }
    }

    fn is_key(&self, of: NodeId, child: NodeId) -> bool {
        matches!(self.tree.role(of), Role::Keyed | Role::Composite) && self.tree.part(of, 0) == Some(child)
    }

    fn is_literal_name(&self, id: NodeId, hops: usize, deepest: usize) -> bool {
        let given: Vec<_> =
            self.bindings().of(&self.tree, id).into_iter().filter(|given| !given.is_declaration()).collect();
        match hops.checked_sub(1) {
            _ if given.is_empty() => is_constant_name(self.tree.text(id)),
            Some(hops) => given
                .iter()
                .all(|binding| binding.value.is_some_and(|value| value != id && self.is_literal(value, hops, deepest))),
            None => false,
        }
    }

    /// Whether a call formats a text, or makes one of another, of which `is` holds.
    fn makes_text(&self, id: NodeId, hops: usize, is: &dyn Fn(NodeId) -> bool) -> bool {
        self.is_text_method(id, is) || self.called(id, hops).is_some_and(|name| self.is_formatter(&name.text))
    }

    fn is_formatter(&self, name: &str) -> bool {
        let language = self.tree.grammar.dialect.language();
        FORMATTERS.iter().any(|(of, names)| *of == language && names.contains(&name))
    }

    /// The tokens that a macro is given.
    fn macro_arguments(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let tokens = (self.tree.role(id) == Role::Macro).then(|| self.tree.part(id, 1)).flatten();
        tokens.into_iter().flat_map(|tokens| self.tree.operands(tokens))
    }

    /// Whether an expression is text that is put together from parts which are not all written out.
    fn is_assembled(&self, id: NodeId, hops: usize, deepest: usize) -> bool {
        let Some(deepest) = deepest.checked_sub(1).filter(|_| self.spend()) else { return false };
        let tree = &self.tree;
        let is = |id: NodeId| self.is_assembled(id, hops, deepest);
        let has_text = |id: NodeId| is(id) || self.is_text(id, hops, deepest);
        match tree.role(id) {
            Role::Text => tree.operands(id).next().is_some() && !self.is_literal(id, hops, deepest),
            Role::Binary => tree.operands(id).any(has_text) && !self.is_literal(id, hops, deepest),
            Role::Choice => tree.outcomes(id).into_iter().any(is),
            Role::Cast => tree.part(id, 0).is_some_and(is),
            Role::Name => {
                let Some(hops) = hops.checked_sub(1) else { return false };
                self.bindings().of(tree, id).iter().any(|binding| match binding.value {
                    Some(value) if tree.parent(value).is_some_and(|parent| tree.role(parent) == Role::Augment) => {
                        !self.is_literal(value, hops, deepest)
                    }
                    Some(value) => value != id && self.is_assembled(value, hops, deepest),
                    None => false,
                })
            }
            Role::Macro => self.is_assembled_macro(id, hops, deepest),
            Role::Call | Role::Invoke => {
                self.makes_text(id, hops, &has_text) && !self.is_literal(id, hops, deepest)
                    // The parts of a text that is taken as it is.
                    && tree.part(id, 1).is_some_and(|arguments| tree.operands(arguments).next().is_some())
                    || self.is_text_method(id, &is)
            }
            _ => false,
        }
    }

    /// `format!("{a}")`, `format!("{}", a)`: with names or values to put in.
    fn is_assembled_macro(&self, id: NodeId, hops: usize, deepest: usize) -> bool {
        if !self.called(id, hops).is_some_and(|name| self.is_formatter(&name.text)) {
            return false;
        }
        self.names_values(id) || self.macro_arguments(id).any(|argument| !self.is_literal(argument, hops, deepest))
    }

    /// Whether the text of a macro names what is put into it: `"{a}"`.
    fn names_values(&self, id: NodeId) -> bool {
        let names = |text: NodeId| {
            let content = self.tree.content(text);
            content.windows(2).any(|pair| pair[0] == b'{' && (pair[1].is_ascii_lowercase() || pair[1] == b'_'))
        };
        self.macro_arguments(id).next().is_some_and(|text| self.tree.role(text) == Role::Text && names(text))
    }

    /// Whether a call makes a text of another, of which `is` holds: `f"...".encode()`.
    fn is_text_method(&self, id: NodeId, is: &dyn Fn(NodeId) -> bool) -> bool {
        match self.method(id) {
            Some((Some(object), word)) => TEXT_METHODS.contains(&self.tree.text(word)) && is(object),
            _ => false,
        }
    }

    /// Whether an expression is a string, or one with something added.
    fn is_text(&self, id: NodeId, hops: usize, deepest: usize) -> bool {
        let Some(deepest) = deepest.checked_sub(1).filter(|_| self.spend()) else { return false };
        match self.tree.role(id) {
            Role::Text => true,
            Role::Binary => self.tree.operands(id).any(|child| self.is_text(child, hops, deepest)),
            Role::Cast => self.tree.part(id, 0).is_some_and(|inner| self.is_text(inner, hops, deepest)),
            Role::Name => match (self.bindings().value(&self.tree, id), hops.checked_sub(1)) {
                (Some(value), Some(hops)) => value != id && self.is_text(value, hops, deepest),
                _ => false,
            },
            _ => false,
        }
    }

    /// The first name in an expression, or in what its names were given, that matches; what names that match `except`
    /// are given is passed over.
    fn mention(&self, id: NodeId, names: &Expression, except: Option<&Expression>) -> Option<NodeId> {
        self.mention_within(id, (names, except), MOST_HOPS, DEEPEST)
    }

    fn mention_within(
        &self,
        id: NodeId,
        wanted: (&Expression, Option<&Expression>),
        hops: usize,
        deepest: usize,
    ) -> Option<NodeId> {
        let (names, except) = wanted;
        let deepest = deepest.checked_sub(1).filter(|_| self.spend())?;
        let tree = &self.tree;
        let role = tree.role(id);
        let is_chain = matches!(
            role,
            Role::Name | Role::Member | Role::Subscript | Role::Call | Role::Invoke | Role::New | Role::Macro
        );
        if is_chain && let Some(path) = self.chain(id, deepest) {
            if except.is_some_and(|except| except.is_match(path.as_bytes())) {
                return None;
            }
            if names.is_match(path.as_bytes()) || names.is_match(snake_case(&path).as_bytes()) {
                return Some(id);
            }
            if role == Role::Name {
                let hops = hops.checked_sub(1)?;
                let bindings = self.bindings().of(tree, id);
                // The second of several results is an error, as a rule.
                let followed = bindings.iter().filter(|binding| binding.is_first);
                let mut values = followed.filter_map(|binding| binding.value).filter(|value| *value != id);
                return values.find_map(|value| self.mention_within(value, wanted, hops, deepest)).map(|_| id);
            }
        }
        if role == Role::Function {
            return None;
        }
        // What a function is given is not what it returns, unless it makes text of it.
        let hides = |child: NodeId| {
            hops < MOST_HOPS
                && matches!(role, Role::Call | Role::Invoke)
                && tree.part(id, 1) == Some(child)
                && !self.makes_text(id, 0, &|_| true)
        };
        // The last member of a chain is a name of its own only together with what stands before it.
        let is_part_of_name = |child: NodeId| match role {
            Role::Member => tree.part(id, 1) == Some(child),
            Role::Invoke => tree.part(id, 0) == Some(child),
            Role::Keyed => tree.part(id, 0) == Some(child),
            _ => false,
        };
        tree.operands(id)
            .filter(|child| !is_part_of_name(*child) && !hides(*child))
            .find_map(|child| self.mention_within(child, wanted, hops, deepest))
            .or_else(|| (role == Role::Text).then(|| self.named_in_text(id, names)).flatten())
    }

    /// Rust's macros name variables within the text: `"{ssn}"`.
    fn named_in_text(&self, id: NodeId, names: &Expression) -> Option<NodeId> {
        if self.tree.grammar.dialect.language() != Language::Rust {
            return None;
        }
        let text = String::from_utf8_lossy(self.tree.content(id));
        let mut inner = text.split('{').skip(1).filter_map(|part| part.split(['}', ':']).next());
        inner.any(|name| !name.is_empty() && names.is_match(name.as_bytes())).then_some(id)
    }

    /// A chain of names, members, indexes and calls as one dotted text: `request.args.get()`, `user.ssn` for
    /// `user["ssn"]`; what it begins with stands for its full name.
    fn chain(&self, id: NodeId, deepest: usize) -> Option<String> {
        let tree = &self.tree;
        let mut parts: Vec<String> = Vec::new();
        let mut at = Some(id);
        for _ in 0..deepest {
            let Some(node) = at else { break };
            match tree.role(node) {
                Role::Name => {
                    parts.push(self.names.full_name(tree, node)?.text);
                    at = None;
                }
                Role::Member => {
                    parts.push(tree.words(tree.part(node, 1)?).into_owned());
                    at = tree.part(node, 0);
                }
                Role::Subscript => {
                    let key = tree.part(node, 1).filter(|key| tree.role(*key) == Role::Text);
                    parts.extend(key.map(|key| String::from_utf8_lossy(tree.content(key)).into_owned()));
                    at = tree.part(node, 0);
                }
                Role::Invoke => {
                    parts.push(format!("{}()", tree.words(tree.part(node, 0)?)));
                    at = tree.invoked_object(node);
                }
                Role::Call | Role::New | Role::Macro => {
                    let callee = tree.part(node, 0)?;
                    let inner = if tree.role(callee) == Role::Member { tree.part(callee, 1)? } else { callee };
                    parts.push(format!("{}()", tree.words(inner)));
                    at = (inner != callee).then(|| tree.part(callee, 0)).flatten();
                }
                _ => break,
            }
        }
        parts.reverse();
        (!parts.is_empty()).then(|| parts.join("."))
    }
}

/// Whether a name is one of a constant by convention: `QUERY`, `MAX_SIZE`.
fn is_constant_name(name: &[u8]) -> bool {
    name.len() > 1
        && name.iter().any(u8::is_ascii_uppercase)
        && name.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_')
}

/// `patientSSN.dateOfBirth` as `patient_ssn.date_of_birth`: one spelling for what rules call names.
fn snake_case(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut snake = String::with_capacity(text.len() + 8);
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| letters.get(before));
        let after = letters.get(index + 1);
        let begins_word = letter.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_ascii_uppercase() && after.is_some_and(char::is_ascii_lowercase))
            });
        if begins_word {
            snake.push('_');
        }
        snake.push(if *letter == '-' { '_' } else { letter.to_ascii_lowercase() });
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_spelling() {
        assert_eq!(snake_case("patientSSN.dateOfBirth"), "patient_ssn.date_of_birth");
        assert_eq!(snake_case("HTTPServer.x-api-key"), "http_server.x_api_key");
    }
}
