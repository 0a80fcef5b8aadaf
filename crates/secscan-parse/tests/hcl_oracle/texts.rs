//! The white space of templates: what markers (`~`) remove, and the indentation of here-documents (`<<-`).
//!
//! A literal within quotes is one token; elsewhere each of its lines is one. A marker reaches no further than the token
//! beside it: <https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md#template-literals>.

use std::sync::Arc;

use hcl_edit::Span as _;
use hcl_edit::template::{Directive, Element, Strip, Template};

/// The literals of a template in order, as they are after white space was removed.
pub(super) struct Texts(std::vec::IntoIter<Arc<str>>);

/// A part of a template on one line.
enum Token {
    /// A text, and the number of the literal that it is part of.
    Literal(String, usize),
    /// `${ }` or `%{ }`.
    Sequence,
}

impl Texts {
    /// The literals of a template that was parsed from `source`. `lines` is none within quotes; elsewhere it tells whether
    /// the indentation that all lines share goes.
    pub(super) fn of(template: &Template, source: &str, lines: Option<bool>) -> Self {
        if lines != Some(true) && template.iter().all(keeps_white_space) {
            let literals = template.iter().filter_map(Element::as_literal);
            return Self(literals.map(|literal| literal.as_str().into()).collect::<Vec<_>>().into_iter());
        }
        let mut scan = Scan { source, by_line: lines.is_some(), tokens: Vec::new(), literals: 0, strip: false };
        scan.template(template);
        if lines == Some(true) {
            outdent(&mut scan.tokens);
        }
        let mut texts = vec![String::new(); scan.literals];
        for token in scan.tokens {
            if let Token::Literal(text, of) = token
                && let Some(whole) = texts.get_mut(of)
            {
                whole.push_str(&text);
            }
        }
        Self(texts.into_iter().map(Arc::from).collect::<Vec<_>>().into_iter())
    }

    /// The next literal.
    pub(super) fn next(&mut self) -> Arc<str> {
        self.0.next().unwrap_or_else(|| "".into())
    }
}

/// Whether an element removes no white space, as most do not.
fn keeps_white_space(element: &Element) -> bool {
    match element {
        Element::Literal(_) => true,
        Element::Interpolation(hole) => hole.strip == Strip::None,
        Element::Directive(_) => false,
    }
}

/// A walk through a template.
struct Scan<'t> {
    source: &'t str,
    by_line: bool,
    tokens: Vec<Token>,
    literals: usize,
    /// Whether white space at the start of the next token goes.
    strip: bool,
}

impl Scan<'_> {
    fn template(&mut self, template: &Template) {
        for element in template.iter() {
            match element {
                Element::Literal(literal) if self.by_line => {
                    // The parser has removed indentation by rules of its own, so the text is taken from the source.
                    let written = literal.span().and_then(|range| self.source.get(range)).unwrap_or(literal);
                    let text = written.replace("$${", "${").replace("%%{", "%{");
                    text.split_inclusive('\n').for_each(|line| self.literal(line));
                    self.literals += 1;
                }
                Element::Literal(literal) => {
                    self.literal(literal);
                    self.literals += 1;
                }
                Element::Interpolation(hole) => self.sequence(hole.strip),
                Element::Directive(directive) => match &**directive {
                    Directive::If(choice) => {
                        self.sequence(choice.if_expr.strip);
                        self.template(&choice.if_expr.template);
                        if let Some(other) = &choice.else_expr {
                            self.sequence(other.strip);
                            self.template(&other.template);
                        }
                        self.sequence(choice.endif_expr.strip);
                    }
                    Directive::For(repetition) => {
                        self.sequence(repetition.for_expr.strip);
                        self.template(&repetition.for_expr.template);
                        self.sequence(repetition.endfor_expr.strip);
                    }
                },
            }
        }
    }

    fn literal(&mut self, text: &str) {
        let text = if std::mem::take(&mut self.strip) { text.trim_start() } else { text };
        self.tokens.push(Token::Literal(text.to_owned(), self.literals));
    }

    fn sequence(&mut self, strip: Strip) {
        if strip.strip_start()
            && let Some(Token::Literal(text, _)) = self.tokens.last_mut()
        {
            text.truncate(text.trim_end().len());
        }
        self.tokens.push(Token::Sequence);
        self.strip = strip.strip_end();
    }
}

/// Removes the indentation that all lines share. Lines of nothing but white space have no say and stay as they are.
fn outdent(tokens: &mut [Token]) {
    let is_blank = |text: &str| text.ends_with('\n') && text.trim().is_empty();
    let mut shared = usize::MAX;
    let mut begins_line = true;
    for token in &*tokens {
        match token {
            Token::Literal(text, _) => {
                if begins_line && !is_blank(text) {
                    shared = shared.min(text.chars().take_while(|c| c.is_whitespace()).count());
                }
                begins_line = text.ends_with('\n');
            }
            Token::Sequence => {
                if begins_line {
                    shared = 0;
                }
                begins_line = false;
            }
        }
    }
    begins_line = true;
    for token in tokens {
        match token {
            Token::Literal(text, _) => {
                let ends_line = text.ends_with('\n');
                if begins_line && !is_blank(text) {
                    *text = text.chars().skip(shared).collect();
                }
                begins_line = ends_line;
            }
            Token::Sequence => begins_line = false,
        }
    }
}
