//! Statements.

use super::cursor::{Cursor, Read};
use super::syntax::{Expr, ExprKind, Ident, Imported, Resource, Statement, StatementKind, Type};

/// The words that statements begin with.
const KEYWORDS: &[&str] = &[
    "assert",
    "extends",
    "extension",
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

    /// Goes to the next line that begins a statement.
    fn resume(&mut self, start: usize) {
        (self.depth, self.tallest, self.chain) = (0, 0, 0);
        self.at = self.at.max(start);
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
        let mut header = self.span(start);
        let mut headed = |cursor: &Self| header = cursor.span(start);
        let kind = match keyword {
            "param" => {
                let name = self.ident()?;
                headed(self);
                let has_type = self.continues("|") || !self.rest().starts_with(['=', '\n']);
                let of = if has_type { Some(self.type_text()?) } else { None };
                let default = if self.eat("=") { Some(self.value()?) } else { None };
                StatementKind::Parameter(name, of, default)
            }
            "var" => {
                let name = self.ident()?;
                headed(self);
                self.blanks();
                if !self.rest().starts_with('=') {
                    self.type_text()?;
                }
                self.expect("=")?;
                StatementKind::Variable(name, self.value()?)
            }
            "resource" | "module" => {
                let (name, of) = (self.ident()?, self.primary()?);
                headed(self);
                let existing = self.eat_word("existing");
                self.expect("=")?;
                let resource = Resource { name, of, existing, value: self.value()? };
                match keyword {
                    "resource" => StatementKind::Resource(resource),
                    _ => StatementKind::Module(resource),
                }
            }
            "output" => {
                let name = self.ident()?;
                headed(self);
                let of = Some(self.type_text()?);
                self.expect("=")?;
                StatementKind::Output(name, of, self.value()?)
            }
            "func" => {
                let name = self.ident()?;
                headed(self);
                let parameters = self.parameters()?;
                self.type_text()?;
                self.expect("=>")?;
                StatementKind::Function(name, parameters, self.value()?)
            }
            "import" => self.import()?,
            "using" => {
                self.blanks();
                let path = self.value()?;
                self.skip_line();
                StatementKind::Using(path)
            }
            "type" => {
                self.ident()?;
                self.expect("=")?;
                self.type_text()?;
                StatementKind::Other
            }
            "targetScope" | "metadata" | "assert" => {
                if keyword != "targetScope" {
                    self.ident()?;
                }
                self.expect("=")?;
                self.value()?;
                StatementKind::Other
            }
            "provider" | "extension" | "extends" | "test" => {
                self.skip_balanced(false)?;
                StatementKind::Other
            }
            _ => return self.error("this is no statement of Bicep"),
        };
        let span = self.span(start);
        self.blanks();
        if !self.rest().is_empty() && !self.rest().starts_with(['\n', '}']) {
            return self.error("the statement should end here");
        }
        Ok(Statement { decorators, kind, span, header })
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
        self.expect("(")?;
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
        Ok(Type { text: text.into(), span: secscan_model::Span::new(span.start as usize, start + text.len()) })
    }

    /// Passes brackets and what is in them, up to an `=` or the end of the line, or in a list up to a comma.
    fn skip_balanced(&mut self, in_list: bool) -> Read<()> {
        let mut open: Vec<char> = Vec::new();
        loop {
            self.blanks();
            let Some(next) = self.rest().chars().next() else { return Ok(()) };
            match next {
                '\'' => drop(self.quoted()?),
                '{' | '(' | '[' => {
                    open.push(next);
                    self.at += 1;
                }
                '}' | ')' | ']' => {
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
