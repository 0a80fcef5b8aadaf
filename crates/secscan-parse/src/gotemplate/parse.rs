//! Pieces to trees.

use std::collections::HashSet;
use std::rc::Rc;

use secscan_model::Span;

use super::lex::{self, Piece, Token, Word, Wrong};
use super::syntax::{Branch, BranchKind, Command, Definition, Node, Operand, Pipeline};
use super::text::Text;

/// How deep blocks and parentheses may nest.
const MAX_NESTING: usize = 100;

/// A template that does not follow the language.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Unparsed {
    /// The bytes that are wrong.
    pub span: Span,
    /// What is wrong with them.
    pub message: String,
}

/// The templates of a text: the text itself, which has the given name, comes last; before it what it defines.
///
/// # Errors
/// The first thing in it that does not follow the language.
pub fn parse(name: &str, text: &Text) -> Result<Vec<Rc<Definition>>, Unparsed> {
    let parse = || {
        let pieces = lex::pieces(text.as_str())?;
        let mut parser = Parser {
            pieces: pieces.into_iter(),
            text,
            definitions: Vec::new(),
            written: HashSet::new(),
            depth: 0,
            loops: 0,
        };
        let (nodes, end) = parser.nodes()?;
        if let Some((span, word)) = end {
            return Err((span, format!("`{}` closes nothing", word.first())));
        }
        parser.define(Span::default(), name.into(), nodes)?;
        Ok(parser.definitions)
    };
    parse().map_err(|(span, message): Wrong| Unparsed { span, message })
}

struct Parser<'t> {
    pieces: std::vec::IntoIter<Piece>,
    text: &'t Text,
    definitions: Vec<Rc<Definition>>,
    /// The names of those that are not blank.
    written: HashSet<Rc<str>>,
    depth: usize,
    /// How many loops of the template stand around the action.
    loops: usize,
}

/// The words of an action while they are taken.
struct Words {
    action: Span,
    words: std::vec::IntoIter<Word>,
    /// Where the word stands that was taken last.
    last: Span,
}

/// What ends a list of nodes: `end`, or `else` with what follows it.
type Ending = Option<(Span, Words)>;

impl Words {
    fn first(&self) -> &str {
        match self.words.as_slice().first().map(|word| &word.token) {
            Some(Token::Name(name)) => name,
            _ => "",
        }
    }

    fn next(&mut self) -> Option<Word> {
        let word = self.words.next();
        self.last = word.as_ref().map_or(self.last, |word| word.span);
        word
    }

    fn peek(&self) -> Option<&Word> {
        self.words.as_slice().first()
    }

    fn take(&mut self, token: &Token) -> bool {
        let found = self.peek().is_some_and(|word| word.token == *token);
        if found {
            self.next();
        }
        found
    }

    /// Where the next word stands.
    fn here(&self) -> Span {
        self.peek().map_or(self.action, |word| word.span)
    }

    fn done(&self) -> Result<(), Wrong> {
        match self.peek() {
            None => Ok(()),
            Some(word) => Err((word.span, "this is more than the action can have".to_owned())),
        }
    }
}

impl Parser<'_> {
    /// Adds a template. Of several in one file that have the same name, one may write something.
    fn define(&mut self, span: Span, name: Rc<str>, nodes: Vec<Node>) -> Result<(), Wrong> {
        let definition = Definition { name, text: self.text.clone(), nodes };
        if !definition.is_blank() && !self.written.insert(definition.name.clone()) {
            return Err((span, format!("the template `{}` is defined twice", definition.name)));
        }
        self.definitions.push(Rc::new(definition));
        Ok(())
    }

    /// Nodes up to the end of the text, or to an `end` or `else`.
    fn nodes(&mut self) -> Result<(Vec<Node>, Ending), Wrong> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.next() {
            let (span, words) = match piece {
                Piece::Text(span) => {
                    nodes.push(Node::Text(span));
                    continue;
                }
                Piece::Action(span, words) => (span, words),
            };
            let mut words = Words { action: span, words: words.into_iter(), last: span };
            match words.first() {
                "end" | "else" => return Ok((nodes, Some((span, words)))),
                "define" => {
                    words.next();
                    let name = self.name(&mut words)?;
                    words.done()?;
                    let nodes = self.definition(span)?;
                    self.define(span, name, nodes)?;
                }
                _ => nodes.push(self.node(span, words)?),
            }
        }
        Ok((nodes, None))
    }

    /// Nodes up to an `end`.
    fn body(&mut self, opened: Span) -> Result<Vec<Node>, Wrong> {
        let (nodes, ending) = self.nested(opened)?;
        match ending {
            (_, mut words) if words.first() == "end" => {
                words.next();
                words.done().map(|()| nodes)
            }
            (span, _) => Err((span, "`else` stands where nothing can be otherwise".to_owned())),
        }
    }

    /// Nodes of a named template, which no loop around it reaches into.
    fn definition(&mut self, opened: Span) -> Result<Vec<Node>, Wrong> {
        let around = std::mem::take(&mut self.loops);
        let nodes = self.body(opened)?;
        self.loops = around;
        Ok(nodes)
    }

    /// Nodes up to an `end` or `else`, one level deeper.
    fn nested(&mut self, opened: Span) -> Result<(Vec<Node>, (Span, Words)), Wrong> {
        self.deeper(opened)?;
        let (nodes, ending) = self.nodes()?;
        self.depth -= 1;
        let ending = ending.ok_or_else(|| (opened, "this block has no `end`".to_owned()))?;
        Ok((nodes, ending))
    }

    fn deeper(&mut self, at: Span) -> Result<(), Wrong> {
        self.depth += 1;
        match self.depth > MAX_NESTING {
            true => Err((at, format!("nested deeper than {MAX_NESTING} levels"))),
            false => Ok(()),
        }
    }

    fn node(&mut self, span: Span, mut words: Words) -> Result<Node, Wrong> {
        let kind = match words.first() {
            "if" => BranchKind::If,
            "with" => BranchKind::With,
            "range" => BranchKind::Range,
            "template" | "block" => return self.template(span, words),
            word @ ("break" | "continue") => {
                let node = if word == "break" { Node::Break } else { Node::Continue };
                if self.loops == 0 {
                    return Err((span, format!("`{word}` stands in no `range`")));
                }
                words.next();
                return words.done().map(|()| node);
            }
            _ => {
                let pipeline = self.pipeline(&mut words, span, None)?;
                words.done()?;
                return Ok(Node::Action(pipeline));
            }
        };
        words.next();
        self.branch(span, words, kind)
    }

    /// `template NAME PIPELINE`, or a `block`, which defines what it uses.
    fn template(&mut self, span: Span, mut words: Words) -> Result<Node, Wrong> {
        let is_block = words.first() == "block";
        words.next();
        let name = self.name(&mut words)?;
        let pipeline = match words.peek() {
            Some(_) => Some(self.pipeline(&mut words, span, None)?),
            None => None,
        };
        words.done()?;
        if is_block {
            let nodes = self.definition(span)?;
            self.define(span, name.clone(), nodes)?;
        }
        Ok(Node::Template(span, name, pipeline))
    }

    fn name(&mut self, words: &mut Words) -> Result<Rc<str>, Wrong> {
        match words.next() {
            Some(Word { token: Token::Text(name), .. }) => Ok(name),
            _ => Err((words.action, "a template is named by text in quotes".to_owned())),
        }
    }

    fn branch(&mut self, span: Span, mut words: Words, kind: BranchKind) -> Result<Node, Wrong> {
        let pipeline = self.pipeline(&mut words, span, Some(kind))?;
        words.done()?;
        self.loops += usize::from(kind == BranchKind::Range);
        let (body, (at, mut ending)) = self.nested(span)?;
        self.loops -= usize::from(kind == BranchKind::Range);
        let is_else = ending.first() == "else";
        ending.next();
        let goes_on = matches!((kind, ending.first()), (BranchKind::If, "if") | (BranchKind::With, "with"));
        let otherwise = match (is_else, goes_on) {
            (false, _) => {
                ending.done()?;
                Vec::new()
            }
            // `else if` is an `if` within the `else`, closed by the same `end`; likewise `else with`.
            (true, true) => {
                ending.next();
                self.deeper(at)?;
                let inner = self.branch(at, ending, kind)?;
                self.depth -= 1;
                vec![inner]
            }
            (true, false) => {
                ending.done()?;
                self.body(span)?
            }
        };
        Ok(Node::Branch(Box::new(Branch { kind, pipeline, body, otherwise })))
    }

    /// A pipeline up to the end of the action or a closing parenthesis. Only that of `range` may set two variables.
    fn pipeline(&mut self, words: &mut Words, span: Span, branch: Option<BranchKind>) -> Result<Pipeline, Wrong> {
        let (variables, assigns) = declared(words, branch == Some(BranchKind::Range));
        let mut commands = vec![self.command(words)?];
        // Go takes a pipe that nothing follows.
        while words.take(&Token::Pipe) && words.peek().is_some_and(|next| next.token != Token::Close) {
            commands.push(self.command(words)?);
        }
        Ok(Pipeline { span, variables, assigns, commands })
    }

    fn command(&mut self, words: &mut Words) -> Result<Command, Wrong> {
        let start = words.here();
        let mut operands = Vec::new();
        while let Some(word) = words.peek() {
            if matches!(word.token, Token::Pipe | Token::Close) {
                break;
            }
            operands.push(self.operand(words)?);
        }
        match operands.is_empty() {
            true => Err((start, "a value is missing here".to_owned())),
            false => Ok(Command { span: start.cover(words.last), operands }),
        }
    }

    fn operand(&mut self, words: &mut Words) -> Result<Operand, Wrong> {
        let Some(Word { token, span, .. }) = words.next() else {
            return Err((words.action, "a value is missing here".to_owned()));
        };
        let operand = match token {
            Token::Field(name) => {
                let mut path = vec![name];
                path.extend(fields(words));
                return Ok(Operand::Field(path));
            }
            Token::Variable(name) => return Ok(Operand::Variable(name, fields(words))),
            Token::Dot => Operand::Dot,
            Token::Text(text) => Operand::Text(text),
            Token::Int(value) => Operand::Int(value),
            Token::Float(value) => Operand::Float(value),
            Token::Name(name) => match &*name {
                "true" => Operand::Bool(true),
                "false" => Operand::Bool(false),
                "nil" => Operand::Nil,
                _ => Operand::Function(name),
            },
            Token::Open => {
                self.deeper(span)?;
                let pipeline = self.pipeline(words, span, None)?;
                self.depth -= 1;
                if !words.take(&Token::Close) {
                    return Err((span, "this parenthesis is not closed".to_owned()));
                }
                Operand::Pipeline(Box::new(pipeline))
            }
            Token::Declare | Token::Assign | Token::Pipe | Token::Comma | Token::Close => {
                return Err((span, "a value is missing before this".to_owned()));
            }
        };
        let path = fields(words);
        Ok(if path.is_empty() { operand } else { Operand::Chain(Box::new(operand), path) })
    }
}

/// The fields that follow without a blank.
fn fields(words: &mut Words) -> Vec<Rc<str>> {
    let mut path = Vec::new();
    while let Some(Word { token: Token::Field(name), spaced: false, .. }) = words.peek() {
        path.push(name.clone());
        words.next();
    }
    path
}

/// The variables at the beginning of a pipeline that it sets, and whether they exist already.
fn declared(words: &mut Words, may_be_two: bool) -> (Vec<Rc<str>>, bool) {
    let tokens: Vec<_> = words.words.as_slice().iter().take(4).map(|word| &word.token).collect();
    let (names, sign): (Vec<&Rc<str>>, _) = match tokens[..] {
        [Token::Variable(name), sign @ (Token::Declare | Token::Assign), ..] => (vec![name], sign),
        [Token::Variable(a), Token::Comma, Token::Variable(b), sign @ (Token::Declare | Token::Assign)]
            if may_be_two =>
        {
            (vec![a, b], sign)
        }
        _ => return (Vec::new(), false),
    };
    let found = (names.iter().map(|name| Rc::clone(name)).collect::<Vec<_>>(), *sign == Token::Assign);
    for _ in 0..found.0.len() * 2 {
        words.next();
    }
    found
}
