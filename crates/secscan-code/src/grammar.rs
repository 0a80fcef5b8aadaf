//! What the kinds of each grammar mean: a table a language, so that everything after it speaks of roles.

use std::sync::OnceLock;

use ast_grep_language::{LanguageExt, SupportLang};

use crate::Dialect;
use crate::language::DIALECTS;

/// What a node is, whatever its language calls it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    /// Anything that needs no name.
    Other,
    /// An operator or a keyword.
    Token,
    Comment,
    /// Left out with all that it holds.
    Skip,
    /// Left out; what it holds takes its place: parentheses, `await`.
    Elide,
    Import,
    Name,
    /// Object and name.
    Member,
    /// Object and index.
    Subscript,
    /// Function and arguments. Java's calls have their object and name instead of a function: see [`Role::Invoke`].
    Call,
    /// Object, where there is one, and name; arguments.
    Invoke,
    /// Type and arguments.
    New,
    /// Macro and tokens.
    Macro,
    /// Type and body.
    Composite,
    Arguments,
    /// Keyed elements in any order.
    Record,
    /// Key and value.
    Keyed,
    /// A string; the expressions that are put into it are its children.
    Text,
    Constant,
    List,
    /// Operands, with the operator between them.
    Binary,
    /// The two outcomes.
    Choice,
    /// Value; the type is left out of account.
    Cast,
    /// Target and value.
    Assign,
    /// Target and value, which is added to what the target was.
    Augment,
    /// Target and what is gone through.
    Loop,
    Function,
    /// Name and type.
    Parameter,
    Parameters,
    Block,
    Splat,
}

/// A kind of a grammar: its name, its role, and the fields of its two parts. An empty one is the child of that number; a
/// digit is the child of another.
type Line = (&'static str, Role, [&'static str; 2]);

/// Where a part of a node stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Part {
    /// In a field.
    Field(u16),
    /// It is the child of that number.
    Child(u16),
}

const NONE: [&str; 2] = ["", ""];

static PYTHON: &[Line] = &[
    ("comment", Role::Comment, NONE),
    ("line_continuation", Role::Skip, NONE),
    ("string_start", Role::Skip, NONE),
    ("string_content", Role::Skip, NONE),
    ("string_end", Role::Skip, NONE),
    ("format_specifier", Role::Skip, NONE),
    ("type_conversion", Role::Skip, NONE),
    ("interpolation", Role::Elide, NONE),
    ("expression_statement", Role::Elide, NONE),
    ("parenthesized_expression", Role::Elide, NONE),
    ("await", Role::Elide, NONE),
    ("type", Role::Elide, NONE),
    ("as_pattern_target", Role::Elide, NONE),
    ("import_statement", Role::Import, NONE),
    ("import_from_statement", Role::Import, NONE),
    ("future_import_statement", Role::Import, NONE),
    ("identifier", Role::Name, NONE),
    ("attribute", Role::Member, ["object", "attribute"]),
    ("subscript", Role::Subscript, ["value", "subscript"]),
    ("call", Role::Call, ["function", "arguments"]),
    ("argument_list", Role::Arguments, NONE),
    ("dictionary", Role::Record, NONE),
    ("keyword_argument", Role::Keyed, ["name", "value"]),
    ("pair", Role::Keyed, ["key", "value"]),
    ("string", Role::Text, NONE),
    ("integer", Role::Constant, NONE),
    ("float", Role::Constant, NONE),
    ("true", Role::Constant, NONE),
    ("false", Role::Constant, NONE),
    ("none", Role::Constant, NONE),
    ("list", Role::List, NONE),
    ("tuple", Role::List, NONE),
    ("set", Role::List, NONE),
    ("binary_operator", Role::Binary, ["left", "right"]),
    ("concatenated_string", Role::Binary, NONE),
    ("conditional_expression", Role::Choice, NONE),
    ("assignment", Role::Assign, ["left", "right"]),
    ("named_expression", Role::Assign, ["name", "value"]),
    ("as_pattern", Role::Assign, ["alias", "0"]),
    ("augmented_assignment", Role::Augment, ["left", "right"]),
    ("for_statement", Role::Loop, ["left", "right"]),
    ("for_in_clause", Role::Loop, ["left", "right"]),
    ("function_definition", Role::Function, NONE),
    ("lambda", Role::Function, NONE),
    ("parameters", Role::Parameters, NONE),
    ("lambda_parameters", Role::Parameters, NONE),
    ("typed_parameter", Role::Parameter, ["", "type"]),
    ("default_parameter", Role::Parameter, ["name", "type"]),
    ("typed_default_parameter", Role::Parameter, ["name", "type"]),
    ("block", Role::Block, NONE),
    ("module", Role::Block, NONE),
    ("list_splat", Role::Splat, NONE),
    ("dictionary_splat", Role::Splat, NONE),
];

static JAVASCRIPT: &[Line] = &[
    ("comment", Role::Comment, NONE),
    ("html_comment", Role::Comment, NONE),
    ("hash_bang_line", Role::Comment, NONE),
    ("string_fragment", Role::Skip, NONE),
    ("escape_sequence", Role::Skip, NONE),
    ("regex_pattern", Role::Skip, NONE),
    ("regex_flags", Role::Skip, NONE),
    ("optional_chain", Role::Skip, NONE),
    ("type_arguments", Role::Skip, NONE),
    ("accessibility_modifier", Role::Skip, NONE),
    ("template_substitution", Role::Elide, NONE),
    ("expression_statement", Role::Elide, NONE),
    ("parenthesized_expression", Role::Elide, NONE),
    ("await_expression", Role::Elide, NONE),
    ("non_null_expression", Role::Elide, NONE),
    ("type_annotation", Role::Elide, NONE),
    ("computed_property_name", Role::Elide, NONE),
    ("import_statement", Role::Import, NONE),
    ("identifier", Role::Name, NONE),
    ("type_identifier", Role::Name, NONE),
    ("property_identifier", Role::Name, NONE),
    ("private_property_identifier", Role::Name, NONE),
    ("shorthand_property_identifier", Role::Name, NONE),
    ("shorthand_property_identifier_pattern", Role::Name, NONE),
    ("this", Role::Name, NONE),
    ("import", Role::Name, NONE),
    ("member_expression", Role::Member, ["object", "property"]),
    ("nested_identifier", Role::Member, ["object", "property"]),
    ("subscript_expression", Role::Subscript, ["object", "index"]),
    ("call_expression", Role::Call, ["function", "arguments"]),
    ("new_expression", Role::New, ["constructor", "arguments"]),
    ("arguments", Role::Arguments, NONE),
    ("object", Role::Record, NONE),
    ("pair", Role::Keyed, ["key", "value"]),
    ("jsx_attribute", Role::Keyed, NONE),
    ("jsx_expression", Role::Elide, NONE),
    ("string", Role::Text, NONE),
    ("template_string", Role::Text, NONE),
    ("number", Role::Constant, NONE),
    ("true", Role::Constant, NONE),
    ("false", Role::Constant, NONE),
    ("null", Role::Constant, NONE),
    ("undefined", Role::Constant, NONE),
    ("regex", Role::Constant, NONE),
    ("array", Role::List, NONE),
    ("binary_expression", Role::Binary, ["left", "right"]),
    ("ternary_expression", Role::Choice, ["consequence", "alternative"]),
    ("as_expression", Role::Cast, NONE),
    ("satisfies_expression", Role::Cast, NONE),
    ("type_assertion", Role::Cast, NONE),
    ("variable_declarator", Role::Assign, ["name", "value"]),
    ("public_field_definition", Role::Assign, ["name", "value"]),
    ("field_definition", Role::Assign, ["property", "value"]),
    ("assignment_expression", Role::Assign, ["left", "right"]),
    ("augmented_assignment_expression", Role::Augment, ["left", "right"]),
    ("for_in_statement", Role::Loop, ["left", "right"]),
    ("function_declaration", Role::Function, NONE),
    ("function_expression", Role::Function, NONE),
    ("generator_function", Role::Function, NONE),
    ("generator_function_declaration", Role::Function, NONE),
    ("arrow_function", Role::Function, NONE),
    ("method_definition", Role::Function, NONE),
    ("formal_parameters", Role::Parameters, NONE),
    ("required_parameter", Role::Parameter, ["pattern", "type"]),
    ("optional_parameter", Role::Parameter, ["pattern", "type"]),
    ("assignment_pattern", Role::Parameter, ["left", "type"]),
    ("statement_block", Role::Block, NONE),
    ("class_body", Role::Block, NONE),
    ("program", Role::Block, NONE),
    ("spread_element", Role::Splat, NONE),
];

static GO: &[Line] = &[
    ("comment", Role::Comment, NONE),
    ("interpreted_string_literal_content", Role::Skip, NONE),
    ("raw_string_literal_content", Role::Skip, NONE),
    ("escape_sequence", Role::Skip, NONE),
    ("type_arguments", Role::Skip, NONE),
    ("expression_statement", Role::Elide, NONE),
    ("parenthesized_expression", Role::Elide, NONE),
    ("expression_list", Role::Elide, NONE),
    ("literal_element", Role::Elide, NONE),
    ("statement_list", Role::Elide, NONE),
    ("pointer_type", Role::Elide, NONE),
    ("import_declaration", Role::Import, NONE),
    ("identifier", Role::Name, NONE),
    ("field_identifier", Role::Name, NONE),
    ("type_identifier", Role::Name, NONE),
    ("package_identifier", Role::Name, NONE),
    ("selector_expression", Role::Member, ["operand", "field"]),
    ("qualified_type", Role::Member, ["package", "name"]),
    ("index_expression", Role::Subscript, ["operand", "index"]),
    ("call_expression", Role::Call, ["function", "arguments"]),
    ("composite_literal", Role::Composite, ["type", "body"]),
    ("argument_list", Role::Arguments, NONE),
    ("literal_value", Role::Record, NONE),
    ("keyed_element", Role::Keyed, ["key", "value"]),
    ("interpreted_string_literal", Role::Text, NONE),
    ("raw_string_literal", Role::Text, NONE),
    ("rune_literal", Role::Constant, NONE),
    ("int_literal", Role::Constant, NONE),
    ("float_literal", Role::Constant, NONE),
    ("imaginary_literal", Role::Constant, NONE),
    ("true", Role::Constant, NONE),
    ("false", Role::Constant, NONE),
    ("nil", Role::Constant, NONE),
    ("iota", Role::Constant, NONE),
    ("binary_expression", Role::Binary, ["left", "right"]),
    ("type_conversion_expression", Role::Cast, ["operand", ""]),
    ("short_var_declaration", Role::Assign, ["left", "right"]),
    ("assignment_statement", Role::Assign, ["left", "right"]),
    ("var_spec", Role::Assign, ["name", "value"]),
    ("const_spec", Role::Assign, ["name", "value"]),
    ("range_clause", Role::Loop, ["left", "right"]),
    ("function_declaration", Role::Function, NONE),
    ("method_declaration", Role::Function, NONE),
    ("func_literal", Role::Function, NONE),
    // What the parameters of a type are called is nobody's variable.
    ("function_type", Role::Function, NONE),
    ("method_elem", Role::Function, NONE),
    ("parameter_list", Role::Parameters, NONE),
    ("parameter_declaration", Role::Parameter, ["name", "type"]),
    ("block", Role::Block, NONE),
    ("source_file", Role::Block, NONE),
    ("variadic_argument", Role::Splat, NONE),
];

static JAVA: &[Line] = &[
    ("line_comment", Role::Comment, NONE),
    ("block_comment", Role::Comment, NONE),
    ("string_fragment", Role::Skip, NONE),
    ("multiline_string_fragment", Role::Skip, NONE),
    ("escape_sequence", Role::Skip, NONE),
    ("type_arguments", Role::Skip, NONE),
    ("expression_statement", Role::Elide, NONE),
    ("parenthesized_expression", Role::Elide, NONE),
    ("generic_type", Role::Elide, NONE),
    ("import_declaration", Role::Import, NONE),
    ("identifier", Role::Name, NONE),
    ("type_identifier", Role::Name, NONE),
    ("this", Role::Name, NONE),
    ("super", Role::Name, NONE),
    ("field_access", Role::Member, ["object", "field"]),
    ("scoped_identifier", Role::Member, ["scope", "name"]),
    ("scoped_type_identifier", Role::Member, NONE),
    ("array_access", Role::Subscript, ["array", "index"]),
    ("method_invocation", Role::Invoke, ["name", "arguments"]),
    ("object_creation_expression", Role::New, ["type", "arguments"]),
    ("argument_list", Role::Arguments, NONE),
    ("annotation_argument_list", Role::Record, NONE),
    ("element_value_pair", Role::Keyed, ["key", "value"]),
    ("string_literal", Role::Text, NONE),
    ("character_literal", Role::Constant, NONE),
    ("decimal_integer_literal", Role::Constant, NONE),
    ("hex_integer_literal", Role::Constant, NONE),
    ("octal_integer_literal", Role::Constant, NONE),
    ("binary_integer_literal", Role::Constant, NONE),
    ("decimal_floating_point_literal", Role::Constant, NONE),
    ("true", Role::Constant, NONE),
    ("false", Role::Constant, NONE),
    ("null_literal", Role::Constant, NONE),
    ("class_literal", Role::Constant, NONE),
    ("array_initializer", Role::List, NONE),
    ("binary_expression", Role::Binary, ["left", "right"]),
    ("ternary_expression", Role::Choice, ["consequence", "alternative"]),
    ("cast_expression", Role::Cast, ["value", ""]),
    ("variable_declarator", Role::Assign, ["name", "value"]),
    ("resource", Role::Assign, ["name", "value"]),
    ("assignment_expression", Role::Assign, ["left", "right"]),
    ("enhanced_for_statement", Role::Loop, ["name", "value"]),
    ("method_declaration", Role::Function, NONE),
    ("constructor_declaration", Role::Function, NONE),
    ("lambda_expression", Role::Function, NONE),
    ("formal_parameters", Role::Parameters, NONE),
    ("inferred_parameters", Role::Parameters, NONE),
    ("formal_parameter", Role::Parameter, ["name", "type"]),
    ("catch_formal_parameter", Role::Parameter, ["name", "type"]),
    ("block", Role::Block, NONE),
    ("constructor_body", Role::Block, NONE),
    ("class_body", Role::Block, NONE),
    ("program", Role::Block, NONE),
];

static RUST: &[Line] = &[
    ("line_comment", Role::Comment, NONE),
    ("block_comment", Role::Comment, NONE),
    ("string_content", Role::Skip, NONE),
    ("escape_sequence", Role::Skip, NONE),
    ("type_arguments", Role::Skip, NONE),
    ("mutable_specifier", Role::Skip, NONE),
    ("expression_statement", Role::Elide, NONE),
    ("parenthesized_expression", Role::Elide, NONE),
    ("await_expression", Role::Elide, NONE),
    ("try_expression", Role::Elide, NONE),
    ("reference_expression", Role::Elide, NONE),
    ("reference_type", Role::Elide, NONE),
    ("generic_function", Role::Elide, NONE),
    ("generic_type", Role::Elide, NONE),
    ("use_declaration", Role::Import, NONE),
    ("identifier", Role::Name, NONE),
    ("type_identifier", Role::Name, NONE),
    ("field_identifier", Role::Name, NONE),
    ("primitive_type", Role::Name, NONE),
    ("self", Role::Name, NONE),
    ("crate", Role::Name, NONE),
    ("super", Role::Name, NONE),
    ("field_expression", Role::Member, ["value", "field"]),
    ("scoped_identifier", Role::Member, ["path", "name"]),
    ("scoped_type_identifier", Role::Member, ["path", "name"]),
    ("index_expression", Role::Subscript, NONE),
    ("call_expression", Role::Call, ["function", "arguments"]),
    ("macro_invocation", Role::Macro, ["macro", ""]),
    ("struct_expression", Role::Composite, ["name", "body"]),
    ("arguments", Role::Arguments, NONE),
    ("field_initializer_list", Role::Record, NONE),
    ("field_initializer", Role::Keyed, ["field", "value"]),
    ("string_literal", Role::Text, NONE),
    ("raw_string_literal", Role::Text, NONE),
    ("char_literal", Role::Constant, NONE),
    ("integer_literal", Role::Constant, NONE),
    ("float_literal", Role::Constant, NONE),
    ("boolean_literal", Role::Constant, NONE),
    ("array_expression", Role::List, NONE),
    ("tuple_expression", Role::List, NONE),
    ("binary_expression", Role::Binary, ["left", "right"]),
    ("type_cast_expression", Role::Cast, ["value", ""]),
    ("let_declaration", Role::Assign, ["pattern", "value"]),
    ("const_item", Role::Assign, ["name", "value"]),
    ("static_item", Role::Assign, ["name", "value"]),
    ("assignment_expression", Role::Assign, ["left", "right"]),
    ("compound_assignment_expr", Role::Augment, ["left", "right"]),
    ("for_expression", Role::Loop, ["pattern", "value"]),
    ("function_item", Role::Function, NONE),
    ("closure_expression", Role::Function, NONE),
    ("parameters", Role::Parameters, NONE),
    ("closure_parameters", Role::Parameters, NONE),
    ("parameter", Role::Parameter, ["pattern", "type"]),
    ("block", Role::Block, NONE),
    ("source_file", Role::Block, NONE),
];

/// A piece of source by itself.
const PLAIN: (&str, &str) = ("", "");

/// An expression, a pair of an object, an attribute of JSX, a statement.
static JAVASCRIPT_CONTEXTS: &[(&str, &str)] = &[("(", ")"), ("({", "})"), ("<a ", " />"), PLAIN];

/// A grammar with the meaning of its kinds.
#[derive(Debug)]
pub(crate) struct Grammar {
    pub(crate) dialect: Dialect,
    pub(crate) language: tree_sitter::Language,
    pub(crate) support: SupportLang,
    /// What stands around a pattern so that it parses, tried in turn.
    pub(crate) contexts: &'static [(&'static str, &'static str)],
    /// By kind.
    roles: Vec<Role>,
    parts: Vec<[Part; 2]>,
    type_field: u16,
    object_field: u16,
}

/// The grammar of a dialect.
pub(crate) fn grammar(dialect: Dialect) -> &'static Grammar {
    static GRAMMARS: [OnceLock<Grammar>; DIALECTS] = [const { OnceLock::new() }; DIALECTS];
    GRAMMARS[dialect as usize].get_or_init(|| Grammar::new(dialect))
}

impl Grammar {
    fn new(dialect: Dialect) -> Self {
        let (support, table, contexts): (_, &[Line], &'static [(&str, &str)]) = match dialect {
            // A decorator stands before something.
            Dialect::Python => (SupportLang::Python, PYTHON, &[PLAIN, ("", "\ndef f(): pass")]),
            Dialect::JavaScript => (SupportLang::JavaScript, JAVASCRIPT, JAVASCRIPT_CONTEXTS),
            Dialect::TypeScript => (SupportLang::TypeScript, JAVASCRIPT, JAVASCRIPT_CONTEXTS),
            Dialect::Tsx => (SupportLang::Tsx, JAVASCRIPT, JAVASCRIPT_CONTEXTS),
            Dialect::Go => (
                SupportLang::Go,
                GO,
                &[("package p\nfunc f() {\n_ = ", "\n}"), ("package p\nfunc f() {\n", "\n}"), ("package p\n", "\n")],
            ),
            Dialect::Java => (
                SupportLang::Java,
                JAVA,
                &[
                    ("class A { Object f = ", "; }"),
                    ("class A { void f() { ", "; } }"),
                    ("class A { void f() { ", " } }"),
                    ("class A { ", " }"),
                    ("", " class A {}"),
                    PLAIN,
                ],
            ),
            Dialect::Rust => (SupportLang::Rust, RUST, &[("fn f() { let _ = ", "; }"), ("fn f() { ", " }"), PLAIN]),
        };
        let language = support.get_ts_language();
        let field = |name: &str| language.field_id_for_name(name).map_or(0, |id| id.get());
        let part = |(number, name): (u16, &str)| match name.parse().ok().or(name.is_empty().then_some(number)) {
            Some(child) => Part::Child(child),
            None => Part::Field(field(name)),
        };
        let kinds = language.node_kind_count();
        let mut roles = vec![Role::Other; kinds];
        let mut parts = vec![[Part::Child(0), Part::Child(1)]; kinds];
        for id in 0..kinds as u16 {
            let Some(name) = language.node_kind_for_id(id) else { continue };
            if !language.node_kind_is_named(id) {
                roles[id as usize] = if is_telling(name) { Role::Token } else { Role::Skip };
            } else if let Some((_, role, [first, second])) = table.iter().find(|(kind, ..)| *kind == name) {
                roles[id as usize] = *role;
                parts[id as usize] = [part((0, first)), part((1, second))];
            }
        }
        let (type_field, object_field) = (field("type"), field("object"));
        Self { dialect, language, support, contexts, roles, parts, type_field, object_field }
    }

    pub(crate) fn role(&self, kind: u16) -> Role {
        self.roles.get(kind as usize).copied().unwrap_or(Role::Other)
    }

    /// Where the two parts of a kind stand.
    pub(crate) fn parts(&self, kind: u16) -> [Part; 2] {
        self.parts.get(kind as usize).copied().unwrap_or([Part::Child(0), Part::Child(1)])
    }

    /// The field of a declared type.
    pub(crate) fn type_field(&self) -> u16 {
        self.type_field
    }

    /// The field of the object of a Java call.
    pub(crate) fn object_field(&self) -> u16 {
        self.object_field
    }
}

/// Whether a token says something that the shape of the tree does not: operators and keywords do, punctuation does not.
fn is_telling(token: &str) -> bool {
    !token.chars().all(|letter| "(){}[],;:.\"'`".contains(letter))
        && !matches!(token, "=" | ":=" | "=>" | "->" | "f\"" | "${")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_the_tables_exists() {
        for (dialect, table) in [
            (Dialect::Python, PYTHON),
            (Dialect::Go, GO),
            (Dialect::Java, JAVA),
            (Dialect::Rust, RUST),
            (Dialect::Tsx, JAVASCRIPT),
        ] {
            let language = &grammar(dialect).language;
            for (kind, _, fields) in table {
                // The dialects of one table differ in a few kinds.
                let exists = |language: &tree_sitter::Language| language.id_for_node_kind(kind, true) != 0;
                let elsewhere = [Dialect::JavaScript, Dialect::TypeScript];
                let exists_elsewhere = elsewhere.iter().any(|other| exists(&grammar(*other).language));
                assert!(exists(language) || exists_elsewhere, "{dialect:?}: {kind}");
                for field in fields.iter().filter(|field| !field.is_empty() && **field != "0") {
                    let has = |dialect| grammar(dialect).language.field_id_for_name(field).is_some();
                    assert!(has(dialect), "{dialect:?}: {kind}.{field}");
                }
            }
        }
    }
}
