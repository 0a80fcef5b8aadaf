//! Statements.

use secscan_model::Span;

use super::cursor::{Cursor, Read};
use super::syntax::{Expr, ExprKind, Ident, Imported, Resource, Statement, StatementKind, Type};

/// How many bytes are read in vain until no part of the file is read twice any more.
pub(super) const MAX_REREAD: usize = 4 << 20;

/// The words that statements begin with.
const KEYWORDS: &[&str] = &[
    "assert",
    "extends",
    "extension",
    "extensionConfig",
    "func",
    "import",
    "metadata",
    "module",
    "output",
    "param",
    "provider",
    "resource",
    "targetScope",
    "test",
    "type",
    "using",
    "var",
];

impl Cursor<'_> {
    /// All statements; what cannot be read is left out up to the line where the next one begins.
    pub(super) fn statements(&mut self) -> Vec<Statement> {
        let mut statements = Vec::new();
        loop {
            self.space();
            if self.rest().is_empty() {
                return statements;
            }
            let start = self.at;
            match self.statement() {
                Ok(statement) => statements.push(statement),
                Err(_) => self.resume(start),
            }
        }
    }

    /// Goes to the next line that begins a statement: the next after the one that cannot be read, so that a bracket
    /// without an end takes no other statement with it. Once much was read twice, the next after where reading ended.
    fn resume(&mut self, start: usize) {
        (self.depth, self.tallest, self.chain) = (0, 0, 0);
        self.reread += self.at - start;
        if self.reread < MAX_REREAD {
            self.at = start;
        }
        loop {
            self.skip_line();
            let rest = self.rest();
            if rest.is_empty() {
                return;
            }
            self.at += 1;
            let line = self.rest();
            let begins =
                line.starts_with('@') || KEYWORDS.contains(&self.peek_word()) && !line.starts_with([' ', '\t']);
            if begins {
                return;
            }
        }
    }

    pub(super) fn statement(&mut self) -> Read<Statement> {
        let mut decorators = Vec::new();
        while self.eat("@") {
            decorators.push(self.expression()?);
            self.space();
        }
        self.blanks();
        let start = self.at;
        let keyword = self.peek_word();
        self.at += keyword.len();
        let (kind, header) = self.says(keyword, start)?;
        let span = self.span(start);
        self.blanks();
        if !self.rest().is_empty() && !self.rest().starts_with(['\n', '}']) {
            return self.error("the statement should end here");
        }
        Ok(Statement { decorators, kind, span, header })
    }

    /// What a statement says, behind its keyword, and where its header ends.
    fn says(&mut self, keyword: &str, start: usize) -> Read<(StatementKind, Span)> {
        let kind = match keyword {
            "param" | "var" | "output" => return self.named_value(keyword, start),
            "resource" | "module" => return self.resource(keyword, start),
            "func" => {
                let name = self.ident()?;
                let parameters = self.parameters()?;
                self.type_text()?;
                self.need("=>")?;
                StatementKind::Function(name, parameters, self.value()?)
            }
            "import" => self.import()?,
            "using" => {
                let path = self.value()?;
                if self.eat_word("with") {
                    self.value()?;
                }
                StatementKind::Using(path)
            }
            "type" => {
                self.ident()?;
                self.need("=")?;
                self.space();
                self.type_text()?;
                StatementKind::Other
            }
            "targetScope" => {
                self.need("=")?;
                self.value()?;
                StatementKind::Other
            }
            "metadata" | "assert" => {
                self.ident()?;
                self.need("=")?;
                self.value()?;
                StatementKind::Other
            }
            "test" => {
                self.resource(keyword, start)?;
                StatementKind::Other
            }
            "provider" | "extension" | "extensionConfig" | "extends" => {
                self.skip_balanced(false)?;
                StatementKind::Other
            }
            _ => return self.error("this is no statement of Bicep"),
        };
        Ok((kind, self.span(start)))
    }

    /// `param name type = value`, `var name = value`, `output name type = value`.
    fn named_value(&mut self, keyword: &str, start: usize) -> Read<(StatementKind, Span)> {
        let name = self.ident()?;
        let header = self.span(start);
        let has_type = self.continues("|") || {
            self.blanks();
            !self.rest().is_empty() && !self.rest().starts_with(['=', '\n'])
        };
        let of = if has_type { Some(self.type_text()?) } else { None };
        if keyword == "param" && !self.eat("=") {
            return Ok((StatementKind::Parameter(name, of, None), header));
        }
        if keyword != "param" {
            self.need("=")?;
        }
        let value = self.value()?;
        let kind = match keyword {
            "param" => StatementKind::Parameter(name, of, Some(value)),
            "var" => StatementKind::Variable(name, value),
            _ => StatementKind::Output(name, of, value),
        };
        Ok((kind, header))
    }

    /// `resource name 'type' existing = value`, `module name 'path' = value`.
    fn resource(&mut self, keyword: &str, start: usize) -> Read<(StatementKind, Span)> {
        let (name, of) = (self.ident()?, self.primary()?);
        let header = self.span(start);
        let existing = self.eat_word("existing");
        self.need("=")?;
        let resource = Resource { name, of, existing, value: self.value()? };
        let kind = match keyword {
            "resource" => StatementKind::Resource(resource),
            _ => StatementKind::Module(resource),
        };
        Ok((kind, header))
    }

    /// A value behind an `=`, perhaps on the next line.
    fn value(&mut self) -> Read<Expr> {
        self.space();
        self.expression()
    }

    /// `import 'namespace@version'`, or names from a file.
    fn import(&mut self) -> Read<StatementKind> {
        let mut names = Vec::new();
        if self.eat("*") {
            if !self.eat_word("as") {
                return self.error("`as` is missing here");
            }
            names.push(Imported { name: None, alias: self.ident()? });
        } else if self.eat("{") {
            loop {
                self.space();
                if self.eat("}") {
                    break;
                }
                let name = self.imported_name()?;
                let alias = if self.eat_word("as") { self.ident()? } else { name.clone() };
                names.push(Imported { name: Some(name), alias });
                self.eat(",");
            }
        } else {
            self.skip_balanced(false)?;
            return Ok(StatementKind::Other);
        }
        self.space();
        if !self.eat_word("from") {
            return self.error("`from` is missing here");
        }
        Ok(StatementKind::Import(names, self.value()?))
    }

    /// A name, or one in quotes that is none by Bicep's own grammar.
    fn imported_name(&mut self) -> Read<Ident> {
        self.blanks();
        if !self.rest().starts_with('\'') {
            return self.ident();
        }
        let quoted = self.primary()?;
        match quoted.kind {
            ExprKind::Text(name) => Ok(Ident { name, span: quoted.span }),
            _ => self.error("a name is missing here"),
        }
    }

    /// The parameters of a function; their types are passed over.
    fn parameters(&mut self) -> Read<Vec<Ident>> {
        self.need("(")?;
        let mut parameters = Vec::new();
        loop {
            self.space();
            if self.eat(")") {
                return Ok(parameters);
            }
            parameters.push(self.ident()?);
            self.skip_balanced(true)?;
            self.eat(",");
        }
    }

    /// A type: everything up to the `=`, or to the end of the line unless the next line goes on with a `|`.
    fn type_text(&mut self) -> Read<Type> {
        self.blanks();
        let start = self.at;
        self.skip_balanced(false)?;
        let span = self.span(start);
        let text = self.text[start..self.at].trim_end();
        Ok(Type { text: text.into(), span: Span::new(span.start as usize, start + text.len()) })
    }

    /// Passes brackets and what is in them, up to an `=` or the end of the line, or in a list up to a comma.
    fn skip_balanced(&mut self, in_list: bool) -> Read<()> {
        let mut open: Vec<char> = Vec::new();
        loop {
            self.blanks();
            let Some(next) = self.rest().chars().next() else { return Ok(()) };
            match next {
                '\'' => drop(self.quoted()?),
                '{' | '(' | '[' | '<' => {
                    open.push(next);
                    self.at += 1;
                }
                '}' | ')' | ']' | '>' => {
                    if open.pop().is_none() {
                        return Ok(());
                    }
                    self.at += 1;
                }
                '\n' if open.is_empty() => {
                    let end = self.at;
                    self.space();
                    if !self.rest().starts_with('|') {
                        self.at = end;
                        return Ok(());
                    }
                }
                '=' if open.is_empty() => return Ok(()),
                ',' if open.is_empty() && in_list => return Ok(()),
                _ => self.at += next.len_utf8(),
            }
        }
    }
}
