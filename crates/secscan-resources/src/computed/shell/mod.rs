//! `$shell`: the commands of a shell text, in the shape of the common kind `command`.
//!
//! Reading order: [`lexer`] (words, quotes, here-documents) → [`program`] (what words mean: flags, wrappers, `sh -c`) →
//! [`installers`] (which words are packages) → [`parser`] (pipes, groups, keywords) → here (commands as values).
//!
//! Nothing is run or expanded: a word with a variable is known in part. A command in a substitution, behind `sudo` or
//! `xargs`, or in the script of `sh -c` is listed as a command of its own too. Size, number and nesting are limited; a
//! list that was cut ends in an unresolved item.

mod installers;
mod lexer;
mod parser;
mod program;

use std::ops::Range;

use secscan_model::{Location, Map, Node, Part, Source, Unresolved};

use super::{Text, unknown};
use lexer::Word;
pub(crate) use program::is_shell;

/// Limits on one text: bytes read, commands listed, scripts within scripts, commands of a pipe that a command names.
const MAX_TEXT: usize = 256 * 1024;
const MAX_COMMANDS: usize = 2_000;
const MAX_DEPTH: usize = 8;
const MAX_PIPE: usize = 8;

/// `$shell` of a value.
pub(super) fn child(of: &Node, sources: &[Source]) -> Option<Node> {
    unknown(of).or_else(|| {
        let commands = commands(&Text::new(of, sources)?);
        (!commands.is_empty()).then(|| Node::list(commands, of.at))
    })
}

/// The commands of a shell text, in its order; those within another command come before it.
pub(crate) fn commands(text: &Text<'_>) -> Vec<Node> {
    let mut list = Commands::default();
    let length = text.raw().len();
    let mut end = length.min(MAX_TEXT);
    while !text.raw().is_char_boundary(end) {
        end -= 1;
    }
    list.cut = end < length;
    parser::parse(text, 0..end, &[], 0, &mut list);
    list.into_nodes(text.at(0..length))
}

/// The commands of a program that is started without a shell: its words as a list (`["sh", "-c", "..."]`).
/// `sources` are the files that the words stand in, as for [`super::child`].
pub(crate) fn exec(words: &[Node], at: Location, sources: &[Source]) -> Vec<Node> {
    let mut list = Commands::default();
    let words: Vec<_> = words.iter().filter_map(program::word_of).collect();
    if !words.is_empty() {
        let simple =
            Simple { origin: Origin::List(at, sources), assignments: Vec::new(), words, redirects: Vec::new() };
        list.emit(&simple, &[], 0);
    }
    list.into_nodes(at)
}

/// Where a command was read from: a part of a shell text, or a list of words at a place.
enum Origin<'t> {
    Shell(&'t Text<'t>, Range<usize>),
    List(Location, &'t [Source]),
}

/// A command as it was read.
struct Simple<'t> {
    origin: Origin<'t>,
    assignments: Vec<Word>,
    words: Vec<Word>,
    redirects: Vec<Redirect>,
}

/// A redirection; `body` is the here-document.
struct Redirect {
    operator: Node,
    target: Word,
    body: Option<Range<usize>>,
}

/// A command as it is listed.
struct Command {
    map: Map,
    at: Location,
    name_at: Location,
    /// The commands that it reads from, nearest first.
    from: Vec<usize>,
}

/// The list that commands are added to.
#[derive(Default)]
struct Commands {
    list: Vec<Command>,
    cut: bool,
}

impl Commands {
    /// Lists a command and what runs within it. `from` are the commands that are piped into it. Returns the numbers of
    /// those whose output is the command's.
    fn emit(&mut self, simple: &Simple<'_>, from: &[usize], depth: usize) -> Vec<usize> {
        if self.list.len() >= MAX_COMMANDS || depth > MAX_DEPTH {
            self.cut = true;
            return Vec::new();
        }
        let starts = wrapped_commands(&simple.words);
        let innermost = starts.last().and_then(|start| simple.words.get(*start..)).unwrap_or_default();
        let name = innermost.first().and_then(program::program);
        let name = name.as_deref().unwrap_or_default();
        let script = program::script(name, innermost);
        let mut from = [self.within(simple, name, script, depth), from.to_vec()].concat();
        from.truncate(MAX_PIPE);
        let mut env = Map::default();
        simple.assignments.iter().for_each(|word| simple.assign(word, &mut env));
        let mut listed = Vec::new();
        let mut before = 0;
        for start in starts {
            let passed = simple.words.get(before..start).unwrap_or_default();
            passed.iter().for_each(|word| simple.assign(word, &mut env));
            listed.push(self.list.len());
            self.push(simple, start, env.clone(), from.clone());
            before = start;
        }
        if let Some(script) = script {
            listed.extend(self.script(simple, script, &from, depth + 1));
        }
        if let (Origin::Shell(text, _), true) = (&simple.origin, program::is_shell(name)) {
            for body in simple.redirects.iter().filter_map(|redirect| redirect.body.clone()) {
                listed.extend(parser::parse(text, body, &[], depth + 1, self));
            }
        }
        listed
    }

    /// Lists the commands in substitutions, except those of a script, which are found in it again. Returns those whose
    /// output the command reads or runs, nearest first: all of `<( )`, and `$( )` in what a shell runs.
    fn within(&mut self, simple: &Simple<'_>, name: &str, script: Option<&Word>, depth: usize) -> Vec<usize> {
        let Origin::Shell(text, _) = &simple.origin else { return Vec::new() };
        let mut feeds = Vec::new();
        let targets = simple.redirects.iter().map(|redirect| &redirect.target);
        for word in simple.assignments.iter().chain(&simple.words).chain(targets) {
            let is_script = script.is_some_and(|script| script.range == word.range && script.is_partly_fixed());
            for part in word.substitutions.iter().filter(|_| !is_script) {
                let found = parser::parse(text, part.clone(), &[], depth + 1, self);
                feeds.extend(found.into_iter().filter(|_| program::runs_its_arguments(name)));
            }
            for part in &word.processes {
                feeds.extend(parser::parse(text, part.clone(), &[], depth + 1, self));
            }
        }
        feeds.reverse();
        feeds
    }

    /// Lists the commands of a script in a word. A script that comes out of a substitution is not known.
    fn script(&mut self, simple: &Simple<'_>, script: &Word, from: &[usize], depth: usize) -> Vec<usize> {
        if !script.is_partly_fixed() {
            return Vec::new();
        }
        if let (Origin::Shell(text, _), Some(inner)) = (&simple.origin, &script.inner) {
            return parser::parse(text, inner.clone(), from, depth, self);
        }
        let made = || {
            let unresolved = Unresolved { why: "".into(), perhaps_absent: false, parts: script.parts.clone() };
            Text::made(unresolved.raw_text(), script.at)
        };
        let sources = match &simple.origin {
            Origin::List(_, sources) => *sources,
            Origin::Shell(..) => &[],
        };
        let text = script.value.as_ref().and_then(|value| Text::new(value, sources)).unwrap_or_else(made);
        parser::parse(&text, 0..text.raw().len(), from, depth, self)
    }

    fn push(&mut self, simple: &Simple<'_>, start: usize, mut env: Map, from: Vec<usize>) {
        let words = simple.words.get(start..).unwrap_or_default();
        let text = simple.written(start);
        let at = text.at;
        let mut map = Map::with_capacity(8);
        map.push_new("text", text);
        if let Some((first, rest)) = words.split_first() {
            let (name, rest) = if program::is_flag(first) {
                // The arguments of a program that an image names.
                (Node::unresolved("the program is not named here", first.at), words)
            } else {
                (program::program(first).map_or_else(|| simple.value(first), |name| Node::text(name, first.at)), rest)
            };
            if matches!(name.as_str(), Some("export" | "declare" | "readonly" | "local" | "typeset")) {
                rest.iter().for_each(|word| simple.assign(word, &mut env));
            }
            let packages = installers::packages(name.as_str().unwrap_or_default(), rest);
            let packages: Vec<_> = packages.into_iter().map(|word| simple.value(word)).collect();
            map.push_new("name", name);
            simple.arguments(rest, at, &mut map);
            if !packages.is_empty() {
                map.push_new("packages", Node::list(packages, at));
            }
        }
        if !env.is_empty() {
            map.push_new("env", Node::map(env, at));
        }
        if !simple.redirects.is_empty() {
            map.push_new("redirects", simple.redirects(at));
        }
        let name_at = words.first().map_or(at, |first| first.at);
        self.list.push(Command { map, at, name_at, from });
    }

    /// The commands as values, each with those before and behind it in its pipe.
    fn into_nodes(self, at: Location) -> Vec<Node> {
        let node = |command: &Command| Node::map(command.map.clone(), command.at).named(command.name_at);
        let alone: Vec<Node> = self.list.iter().map(node).collect();
        let mut to: Vec<Vec<Node>> = vec![Vec::new(); alone.len()];
        for (command, itself) in self.list.iter().zip(&alone) {
            for from in &command.from {
                to.get_mut(*from).filter(|to| to.len() < MAX_PIPE).into_iter().for_each(|to| to.push(itself.clone()));
            }
        }
        let mut nodes = Vec::with_capacity(alone.len() + 1);
        for (mut command, to) in self.list.into_iter().zip(to) {
            let from: Vec<_> = command.from.iter().filter_map(|from| alone.get(*from).cloned()).collect();
            for (key, commands) in [("piped-from", from), ("piped-to", to)] {
                if !commands.is_empty() {
                    command.map.push_new(key, Node::list(commands, command.at));
                }
            }
            nodes.push(Node::map(command.map, command.at).named(command.name_at));
        }
        if self.cut {
            nodes.push(Node::unresolved("the script is too large or too deeply nested to be read whole", at));
        }
        nodes
    }
}

/// Where the command and those that it runs begin among its words, the outermost first.
fn wrapped_commands(words: &[Word]) -> Vec<usize> {
    let mut starts = vec![0];
    while let Some(rest) = starts.last().and_then(|start| words.get(*start..))
        && let Some(name) = rest.first().and_then(program::program)
        && let Some(next) = program::wrapped(&name, rest)
        && starts.len() < MAX_DEPTH
    {
        starts.push(starts.last().map_or(next, |start| start + next));
    }
    starts
}

impl Simple<'_> {
    /// The command from a word on, as it is written.
    fn written(&self, start: usize) -> Node {
        let words = self.words.get(start..).unwrap_or_default();
        let at = match &self.origin {
            Origin::Shell(text, range) => {
                let from = words.first().filter(|_| start > 0).map_or(range.start, |word| word.range.start);
                return text.node(from..range.end);
            }
            Origin::List(at, _) => *at,
        };
        let mut parts = Vec::new();
        for word in words {
            if !parts.is_empty() {
                parts.push(Part::Fixed(" ".into()));
            }
            parts.extend(word.parts.iter().cloned());
        }
        self.node(parts, at)
    }

    /// A word as a value.
    fn value(&self, word: &Word) -> Node {
        word.value.clone().unwrap_or_else(|| self.node(word.parts.clone(), word.at))
    }

    fn node(&self, parts: Vec<Part>, at: Location) -> Node {
        match &self.origin {
            Origin::Shell(text, _) => text.of_parts(parts, at),
            Origin::List(..) => Text::made(String::new(), at).of_parts(parts, at),
        }
    }

    /// Adds the assignment in a word, when there is one.
    fn assign(&self, word: &Word, env: &mut Map) {
        if let Some((name, operator)) = program::assignment(word) {
            env.insert(name, self.node(program::behind(word, operator), word.at).named(word.at));
        }
    }

    /// Sorts the words behind a program into `args` and `flags`.
    fn arguments(&self, words: &[Word], at: Location, map: &mut Map) {
        let (mut args, mut flags) = (Vec::new(), Vec::new());
        let mut only_args = false;
        for word in words {
            if only_args || !program::is_flag(word) {
                if !only_args && program::may_hold_flags(word) {
                    flags.push(Node::perhaps_absent("a variable may hold flags", word.at));
                }
                only_args |= word.fixed() == Some("--");
                args.push(self.value(word));
                continue;
            }
            if word.fixed().is_none() {
                flags.push(self.value(word));
            }
            flags.extend(program::spellings(word).into_iter().map(|flag| Node::text(flag, word.at)));
        }
        for (key, items) in [("args", args), ("flags", flags)] {
            if !items.is_empty() {
                map.push_new(key, Node::list(items, at));
            }
        }
    }

    fn redirects(&self, at: Location) -> Node {
        let redirects = self.redirects.iter().map(|redirect| {
            let entries =
                [("operator".into(), redirect.operator.clone()), ("target".into(), self.value(&redirect.target))];
            Node::map(entries.into_iter().collect(), redirect.operator.at)
        });
        Node::list(redirects.collect(), at)
    }
}

#[cfg(test)]
mod tests;
