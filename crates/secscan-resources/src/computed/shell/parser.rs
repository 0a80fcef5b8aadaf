//! From tokens to commands: pipes, groups and keywords.
//!
//! The grammar is read flat: groups (`( )`, `{ }`, `if`, loops, `case`) matter only for what is piped into and out of
//! them, so a stack of [`Frame`]s stands for the syntax tree.

use std::ops::Range;

use secscan_model::Node;

use super::{
    Commands, MAX_COMMANDS, MAX_PIPE, Origin, Redirect, Simple,
    lexer::{Lexer, Token, Word},
    program,
};
use crate::computed::Text;

/// How deep groups may nest; deeper ones are read as if they were not there.
const MAX_GROUPS: usize = 100;

/// Reads a part of a text and adds its commands to the list. `feeds` are the commands that are piped into the whole.
/// Returns the numbers of those whose output is that of the part.
pub(super) fn parse(
    text: &Text<'_>,
    part: Range<usize>,
    feeds: &[usize],
    depth: usize,
    list: &mut Commands,
) -> Vec<usize> {
    let frame = Frame::new(Group::Script, feeds.to_vec());
    let lexer = Lexer::new(text, part);
    let mut parser = Parser { text, lexer, frames: Vec::new(), frame, depth, simple: None, mode: Mode::Commands, list };
    while let Some(token) = parser.lexer.next() {
        parser.on_token(token);
        if parser.list.list.len() >= MAX_COMMANDS {
            parser.list.cut = true;
            parser.lexer.stop();
        }
    }
    parser.finish();
    while parser.leave() {}
    parser.frame.all
}

/// What a frame stands for, by what closes it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Group {
    Script,
    Parentheses,
    Braces,
    If,
    Loop,
    Case,
}

/// The pipe that is being read within a group.
struct Frame {
    group: Group,
    /// What is piped into the group, nearest first.
    feeds: Vec<usize>,
    /// The commands of the earlier stages of the pipe, nearest first.
    earlier: Vec<usize>,
    /// The commands of the current stage.
    stage: Vec<usize>,
    /// The commands of all pipes so far.
    all: Vec<usize>,
}

impl Frame {
    fn new(group: Group, feeds: Vec<usize>) -> Self {
        Self { group, feeds, earlier: Vec::new(), stage: Vec::new(), all: Vec::new() }
    }

    /// What is piped into the next command, nearest first.
    fn piped(&self) -> Vec<usize> {
        self.earlier.iter().chain(&self.feeds).copied().take(MAX_PIPE).collect()
    }
}

/// What the next words are.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    /// Commands.
    Commands,
    /// The words behind `for`, `select` and `function`: up to the end of the command.
    Header,
    /// The words behind `case`, up to `in`.
    Subject,
    /// The patterns of a `case`, up to `)`.
    Patterns,
    /// The words of `[[ ]]`, in which operators are no operators.
    Test,
}

struct Parser<'t, 'l> {
    text: &'t Text<'t>,
    lexer: Lexer<'t>,
    /// The groups around the current one.
    frames: Vec<Frame>,
    frame: Frame,
    depth: usize,
    simple: Option<Simple<'t>>,
    mode: Mode,
    list: &'l mut Commands,
}

impl<'t> Parser<'t, '_> {
    fn on_token(&mut self, token: Token) {
        match (self.mode, token) {
            (Mode::Patterns, Token::Word(word)) if word.bare() == Some("esac") => self.close(Group::Case),
            (Mode::Patterns, Token::Operator(")")) => self.mode = Mode::Commands,
            (Mode::Patterns, _) => {}
            (Mode::Subject, Token::Word(word)) if word.bare() == Some("in") => {
                self.simple = None;
                self.mode = Mode::Patterns;
            }
            (Mode::Subject, _) => {}
            (Mode::Test, Token::Word(word)) => {
                if word.bare() == Some("]]") {
                    self.mode = Mode::Commands;
                }
                self.add(word);
            }
            (Mode::Test, _) => {}
            (_, Token::Word(word)) => self.on_word(word),
            (_, Token::Redirect(range)) => self.on_redirect(range),
            (_, Token::Operator(operator)) => self.on_operator(operator),
        }
    }

    fn on_word(&mut self, word: Word) {
        let keyword = word.bare().filter(|_| self.simple.is_none()).unwrap_or_default();
        match keyword {
            "if" => self.open(Group::If),
            "while" | "until" => self.open(Group::Loop),
            "for" | "select" => {
                self.open(Group::Loop);
                self.mode = Mode::Header;
            }
            "function" => self.mode = Mode::Header,
            "case" => {
                self.open(Group::Case);
                self.mode = Mode::Subject;
            }
            "{" => self.open(Group::Braces),
            "then" | "elif" | "else" | "do" => self.end_pipe(),
            "fi" => self.close(Group::If),
            "done" => self.close(Group::Loop),
            "esac" => self.close(Group::Case),
            "}" => self.close(Group::Braces),
            "!" | "coproc" => {}
            // A function's body may begin on the line of its name, a loop's behind its words.
            _ if self.mode == Mode::Header && word.bare() == Some("{") => {
                self.simple = None;
                self.mode = Mode::Commands;
                self.open(Group::Braces);
            }
            _ => {
                if keyword == "[[" {
                    self.mode = Mode::Test;
                }
                self.add(word);
            }
        }
    }

    /// Adds a word to the command; assignments come before the first word that is none.
    fn add(&mut self, word: Word) {
        let simple = self.simple_to(&word.range);
        if simple.words.is_empty() && program::assignment(&word).is_some() {
            simple.assignments.push(word);
        } else {
            simple.words.push(word);
        }
    }

    /// The command that is being read, which now ends with this part of the text.
    fn simple_to(&mut self, part: &Range<usize>) -> &mut Simple<'t> {
        let origin = Origin::Shell(self.text, part.clone());
        let simple = self.simple.get_or_insert(Simple {
            origin,
            assignments: Vec::new(),
            words: Vec::new(),
            redirects: Vec::new(),
        });
        if let Origin::Shell(_, range) = &mut simple.origin {
            range.end = part.end;
        }
        simple
    }

    fn on_redirect(&mut self, range: Range<usize>) {
        let operator = self.text.raw().get(range.clone()).unwrap_or_default().to_owned();
        // What follows is the target; an operator in its place is a syntax error, and the redirection is dropped.
        let target = match self.lexer.next() {
            Some(Token::Word(word)) => word,
            Some(token) => return self.on_token(token),
            None => return,
        };
        let unquoted = operator.trim_start_matches(|digit: char| digit.is_ascii_digit());
        let body = matches!(unquoted, "<<" | "<<-")
            .then(|| self.lexer.here_document(target.fixed().unwrap_or_default(), unquoted == "<<-"));
        let operator = Node::text(operator, self.text.at(range.clone()));
        let simple = self.simple_to(&(range.start..target.range.end));
        simple.redirects.push(Redirect { operator, target, body });
    }

    fn on_operator(&mut self, operator: &'static str) {
        match operator {
            "(" => self.on_parenthesis(),
            ")" => self.close(Group::Parentheses),
            "|" | "|&" => {
                self.finish();
                let stage = std::mem::take(&mut self.frame.stage);
                let mut earlier: Vec<_> =
                    stage.into_iter().rev().chain(std::mem::take(&mut self.frame.earlier)).collect();
                earlier.truncate(MAX_PIPE);
                self.frame.earlier = earlier;
            }
            "\n" => {
                self.finish();
                // A pipe goes on behind a line break that follows `|`.
                if !self.frame.stage.is_empty() {
                    self.end_pipe();
                }
            }
            _ => {
                self.end_pipe();
                if operator == ";;" && self.frame.group == Group::Case {
                    self.mode = Mode::Patterns;
                }
            }
        }
    }

    /// A subshell, the parentheses behind a function's name, or arithmetic.
    fn on_parenthesis(&mut self) {
        let words = self.simple.as_ref().map_or(0, |simple| simple.words.len());
        if self.mode == Mode::Header || (words == 0 && self.lexer.is_before(b'(')) {
            self.lexer.skip_parentheses();
        } else if words == 1 && self.lexer.is_before(b')') {
            self.lexer.skip_parentheses();
            self.simple = None;
        } else if words == 0 {
            self.open(Group::Parentheses);
        }
    }

    /// Ends the command that is being read and lists it.
    fn finish(&mut self) {
        let header = self.mode == Mode::Header;
        if matches!(self.mode, Mode::Header | Mode::Test) {
            self.mode = Mode::Commands;
        }
        let Some(simple) = self.simple.take() else { return };
        if header {
            self.list.within(&simple, "", None, self.depth);
        } else if !simple.words.is_empty() || !simple.assignments.is_empty() {
            let listed = self.list.emit(&simple, &self.frame.piped(), self.depth);
            self.frame.stage.extend(&listed);
            self.frame.all.extend(listed);
        }
    }

    fn end_pipe(&mut self) {
        self.finish();
        self.frame.stage.clear();
        self.frame.earlier.clear();
    }

    fn open(&mut self, group: Group) {
        if self.frames.len() < MAX_GROUPS {
            let inner = Frame::new(group, self.frame.piped());
            self.frames.push(std::mem::replace(&mut self.frame, inner));
        }
    }

    /// Ends the innermost group of this kind with all groups in it; without one, nothing happens.
    fn close(&mut self, group: Group) {
        self.end_pipe();
        self.mode = Mode::Commands;
        if self.frame.group == group || self.frames.iter().any(|frame| frame.group == group) {
            while self.frame.group != group && self.leave() {}
            self.leave();
        }
    }

    /// Goes back to the group around the current one, which is a stage of that one's pipe.
    fn leave(&mut self) -> bool {
        let Some(outer) = self.frames.pop() else { return false };
        let inner = std::mem::replace(&mut self.frame, outer);
        self.frame.stage.extend(&inner.all);
        self.frame.all.extend(inner.all);
        true
    }
}
