//! The evaluation of terms: what is known of one deployment of a template, and how much work is left.
//!
//! Parameters and variables are evaluated when something names them, once. Every value costs one, what a name stands for
//! costs what it weighs, so that a small file cannot ask for much.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use secscan_model::{Diagnostic, Location, Map, Node, Value};

use super::File;
use super::functions;
use super::term::{Declaration, Field, Function, Import, Key, Kind, Loop, Over, Parameter, Template, Term, plain};
use super::value::{BYTES_A_VALUE, add, hole, index_name, perhaps, through, weight};
use crate::composed::Composed;

/// How many values the deployments of one template may evaluate to, text counted by its length.
const BUDGET: usize = 2_000_000;

/// How deep values, and names through each other, may nest.
const MAX_DEPTH: usize = 150;

/// How many items one loop may make.
pub(super) const MAX_ITEMS: usize = 1_000;

/// What only a deployment tells.
pub(super) const AT_DEPLOYMENT: &str = "known only at deployment";

/// What all deployments that begin with one template share.
pub(super) struct Shared<'a> {
    /// The templates of the tree by their paths.
    pub(super) files: &'a dyn Fn(&str) -> Option<&'a File>,
    budget: Cell<usize>,
    depth: Cell<usize>,
    /// Whether a loop was longer than is looked at.
    pub(super) was_cut: Cell<bool>,
    /// How many deployments there are so far: each has a number.
    pub(super) deployments: Cell<usize>,
    pub(super) diagnostics: RefCell<Vec<Diagnostic>>,
}

impl<'a> Shared<'a> {
    pub(super) fn new(files: &'a dyn Fn(&str) -> Option<&'a File>) -> Rc<Self> {
        Rc::new(Self {
            files,
            budget: Cell::new(BUDGET),
            depth: Cell::new(0),
            was_cut: Cell::new(false),
            deployments: Cell::new(0),
            diagnostics: RefCell::default(),
        })
    }

    /// Takes from the budget; false when nothing is left.
    pub(super) fn spend(&self, cost: usize) -> bool {
        self.budget.set(self.budget.get().saturating_sub(cost));
        self.budget.get() > 0
    }

    /// Whether the budget did not suffice.
    pub(super) fn is_exhausted(&self) -> bool {
        self.budget.get() == 0
    }
}

/// What is evaluated once.
#[derive(Clone)]
enum Slot {
    Busy,
    Done(Node, usize),
}

/// The names of loops and lambdas, the innermost last.
pub(super) type Names = Vec<(Arc<str>, Node)>;

/// One deployment of a template.
pub(super) struct Deployment<'a> {
    pub(super) shared: Rc<Shared<'a>>,
    pub(super) template: &'a Template,
    /// The file that the template stands in.
    pub(super) file: &'a File,
    /// Tells the deployments of one evaluation apart.
    pub(super) number: usize,
    /// The files through which it came to be deployed, itself included: a file never deploys itself.
    pub(super) path: Vec<Arc<str>>,
    /// What its parameters are given, by their names in lower case.
    pub(super) given: HashMap<String, Node>,
    pub(super) names: Names,
    /// Declarations by symbolic name in lower case, each behind those that it stands in.
    pub(super) symbols: HashMap<String, Vec<&'a Declaration>>,
    pub(super) outputs: HashMap<String, Node>,
    parameters: HashMap<String, Slot>,
    variables: HashMap<String, Slot>,
}

impl<'a> Deployment<'a> {
    /// A deployment, and its number among those of one evaluation.
    pub(super) fn new(
        shared: Rc<Shared<'a>>,
        file: &'a File,
        template: &'a Template,
        path: Vec<Arc<str>>,
        given: HashMap<String, Node>,
    ) -> Self {
        let number = shared.deployments.get();
        shared.deployments.set(number + 1);
        let mut deployment = Self {
            shared,
            template,
            file,
            number,
            path,
            given,
            names: Names::new(),
            symbols: HashMap::new(),
            outputs: HashMap::new(),
            parameters: HashMap::new(),
            variables: HashMap::new(),
        };
        deployment.know(&template.resources, &[]);
        deployment
    }

    /// Notes the symbolic names of declarations.
    pub(super) fn know(&mut self, declarations: &'a [Declaration], outer: &[&'a Declaration]) {
        for declaration in declarations {
            let mut chain = outer.to_vec();
            chain.push(declaration);
            self.know(&declaration.children, &chain);
            if let Some(symbol) = &declaration.symbol {
                self.symbols.entry(symbol.to_lowercase()).or_insert(chain);
            }
        }
    }

    /// Goes one level deeper; none when that is too deep or too much.
    pub(super) fn deeper<T>(&mut self, go: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let depth = self.shared.depth.get();
        if depth >= MAX_DEPTH || !self.shared.spend(1) {
            return None;
        }
        self.shared.depth.set(depth + 1);
        let result = go(self);
        self.shared.depth.set(depth);
        Some(result)
    }

    /// The value of a term.
    pub(super) fn evaluate(&mut self, term: &'a Term) -> Node {
        let value = self.deeper(|this| this.value(term));
        value
            .unwrap_or_else(|| Node::unresolved("nested too deep or too large to evaluate", term.at))
            .named(term.name_at)
    }

    fn value(&mut self, term: &'a Term) -> Node {
        match &term.kind {
            Kind::Scalar(scalar) => Node::new(Value::Scalar(scalar.clone()), term.at),
            Kind::List(items) => {
                let items = items.iter().map(|item| self.evaluate(item)).collect();
                Node::list(items, term.at)
            }
            Kind::Map(fields) => self.map(fields, term.at),
            Kind::Text(pieces) => self.text(pieces, term),
            Kind::Call(name, arguments) => functions::call(self, name, arguments, term),
            Kind::Member(of, key, safe) => self.member(of, key, *safe, term),
            Kind::Name(name) => self.name(name, term),
            Kind::Symbol(name) => self.symbol(name, term),
            Kind::Lambda(..) => Node::unresolved("a function stands where a value is needed", term.at),
            Kind::Loop(repeat, body) => self.looped(repeat, body, term),
            Kind::Opaque(why) => Node::unresolved(why.clone(), term.at),
        }
    }

    /// A map. A key that an expression makes may be one that nobody knows.
    fn map(&mut self, fields: &'a [Field], at: Location) -> Node {
        let mut map = Map::with_capacity(fields.len());
        for Field { key, value } in fields {
            let value = self.evaluate(value);
            match key {
                Key::Fixed(key) => drop(map.insert(key.clone(), value)),
                Key::Made(term) => match plain(&self.evaluate(term)) {
                    Some(key) => drop(map.insert(key, value)),
                    None => map.rest = Some("a key is not known from the files".into()),
                },
            }
        }
        Node::map(map, at)
    }

    /// Text with values in it.
    pub(super) fn text(&mut self, pieces: &'a [Term], term: &'a Term) -> Node {
        let mut made = Composed::default();
        for piece in pieces {
            let value = self.evaluate(piece);
            add(&mut made, &value, &hole(piece), term.at);
        }
        self.finish(made, term.at)
    }

    /// A text that was put together, when there is budget for it.
    pub(super) fn finish(&self, made: Composed, at: Location) -> Node {
        match self.shared.spend(made.len() / BYTES_A_VALUE) {
            true => made.finish(at),
            false => Node::unresolved("too much text to evaluate", at),
        }
    }

    /// The variable of a loop or a lambda.
    fn name(&self, name: &str, term: &Term) -> Node {
        let found = self.names.iter().rev().find(|(known, _)| **known == *name);
        match found {
            Some((_, value)) => through(value.clone(), term.at),
            None => Node::unresolved(format!("`{name}` is not declared"), term.at),
        }
    }

    fn member(&mut self, of: &'a Term, key: &'a Term, safe: bool, term: &'a Term) -> Node {
        if let Some(value) = self.symbol_member(of, key, term) {
            return value;
        }
        let whole = self.evaluate(of);
        let key = self.evaluate(key);
        functions::member(&whole, &key, safe, term)
    }

    /// A list that a loop makes.
    fn looped(&mut self, repeat: &'a Loop, body: &'a Term, term: &Term) -> Node {
        let Some(rounds) = self.rounds(repeat) else {
            return Node::unresolved("how often the loop runs is not known", term.at);
        };
        let mut items = Vec::with_capacity(rounds.len());
        for names in rounds {
            let count = names.len();
            self.names.extend(names);
            let holds = repeat.condition.as_ref().map(|condition| self.evaluate(condition));
            let value = match holds.map(|holds| (holds.as_bool(), holds)) {
                Some((Some(false), _)) => None,
                None | Some((Some(true), _)) => Some(self.evaluate(body)),
                Some((None, unknown)) => Some(perhaps(&unknown, term.at)),
            };
            self.names.truncate(self.names.len() - count);
            items.extend(value);
        }
        Node::list(items, term.at)
    }

    /// The names of each round of a loop; none when nobody knows how many there are.
    pub(super) fn rounds(&mut self, repeat: &'a Loop) -> Option<Vec<Names>> {
        let items = match &repeat.over {
            Over::Items(term) => Some(self.evaluate(term)),
            Over::Count(_) => None,
        };
        let count = match (&repeat.over, &items) {
            (Over::Count(term), _) => usize::try_from(self.evaluate(term).as_int()?.max(0)).ok()?,
            (_, Some(items)) => items.as_list()?.len(),
            (_, None) => return None,
        };
        self.shared.was_cut.set(self.shared.was_cut.get() || count > MAX_ITEMS);
        let at = items.as_ref().map_or_else(Location::default, |items| items.at);
        let round = |index: usize| {
            let mut names: Names = Vec::with_capacity(3);
            for name in &repeat.index {
                names.push((index_name(name), Node::int(index as i64, at)));
            }
            let item = items.as_ref().and_then(Node::as_list).and_then(|items| items.get(index));
            names.extend(repeat.item.iter().zip(item).map(|(name, item)| (name.clone(), item.clone())));
            names
        };
        Some((0..count.min(MAX_ITEMS)).map(round).collect())
    }

    /// The names of a loop of which no round is known.
    pub(super) fn unknown_round(repeat: &Loop, at: Location) -> Names {
        let unknown = |what: &str| Node::unresolved(format!("{what} of the loop is not known"), at);
        let index = repeat.index.iter().map(|name| (index_name(name), unknown("the index")));
        index.chain(repeat.item.iter().map(|name| (name.clone(), unknown("the item")))).collect()
    }

    /// What a parameter is given, else its default.
    pub(super) fn parameter(&mut self, name: &str, term: &Term) -> Node {
        let key = name.to_lowercase();
        let template = self.template;
        // Within a function of the template's author, these are the function's own.
        let own = format!("parameters({key})");
        if let Some((_, value)) = self.names.iter().rev().find(|(known, _)| **known == *own) {
            return through(value.clone(), term.at);
        }
        let Some(parameter) = template.parameters.get(&key) else {
            return Node::unresolved(format!("there is no parameter `{name}`"), term.at);
        };
        // What is given null has its default.
        let given = self.given.get(&key).filter(|value| !value.is_null() || parameter.default.is_none());
        if let Some(value) = given {
            return through(value.clone(), term.at);
        }
        let (value, weight) = match (self.parameters.get(&key), &parameter.default) {
            (Some(Slot::Done(value, weight)), _) => (value.clone(), *weight),
            (Some(Slot::Busy), _) => (Node::unresolved(format!("parameter `{name}` rests on itself"), term.at), 1),
            (None, None) if parameter.nullable => return self.unless_given_later(parameter, Node::null(term.at)),
            (None, None) => {
                return Node::unresolved(format!("parameter `{}` has no value", parameter.name), term.at);
            }
            (None, Some(default)) => {
                self.parameters.insert(key.clone(), Slot::Busy);
                let value = self.apart(|this| this.evaluate(default));
                let value = self.unless_given_later(parameter, value);
                let weight = weight(&value);
                self.parameters.insert(key, Slot::Done(value.clone(), weight));
                (value, weight)
            }
        };
        self.used(value, weight, term)
    }

    /// A default, unless it is the empty one of a secret: what people write so comes with the deployment. A template that
    /// another one deploys gets what that one gives, and no more.
    fn unless_given_later(&self, parameter: &Parameter, default: Node) -> Node {
        let is_empty = match &default.value {
            Value::Scalar(scalar) => scalar.text.is_empty() || default.is_null(),
            Value::List(items) => items.is_empty(),
            Value::Map(map) => map.entries().is_empty() && map.rest.is_none(),
            Value::Unresolved(_) => false,
        };
        match parameter.is_secure && is_empty && self.number == 0 {
            true => {
                let why = format!("secure parameter `{}` is given at deployment", parameter.name);
                Node::perhaps_absent(why, default.at).named(default.name_at)
            }
            false => default,
        }
    }

    /// What a parameter file says of a parameter, where it says it.
    pub(super) fn given_value(&mut self, name: &str) -> Node {
        let template = self.template;
        let parameter = template.parameters.get(&name.to_lowercase());
        match parameter.and_then(|parameter| parameter.default.as_ref()) {
            Some(default) => self.evaluate(default),
            None => Node::unresolved(format!("parameter `{name}` has no value"), Location::default()),
        }
    }

    /// What a variable stands for.
    pub(super) fn variable(&mut self, name: &str, term: &Term) -> Node {
        let key = name.to_lowercase();
        let template = self.template;
        let (value, weight) = match (self.variables.get(&key), template.variables.get(&key)) {
            (Some(Slot::Done(value, weight)), _) => (value.clone(), *weight),
            (Some(Slot::Busy), _) => (Node::unresolved(format!("variable `{name}` rests on itself"), term.at), 1),
            (None, None) => match template.imports.get(&key) {
                Some(import) => self.imported(import, term),
                None => (Node::unresolved(format!("there is no variable `{name}`"), term.at), 1),
            },
            (None, Some(definition)) => {
                self.variables.insert(key.clone(), Slot::Busy);
                let value = self.apart(|this| this.evaluate(definition));
                let weight = weight(&value);
                self.variables.insert(key, Slot::Done(value.clone(), weight));
                (value, weight)
            }
        };
        self.used(value, weight, term)
    }

    /// A value at a place that names it.
    fn used(&self, value: Node, weight: usize, term: &Term) -> Node {
        match self.shared.spend(weight) {
            true => through(value, term.at),
            false => Node::unresolved("too large to evaluate", term.at),
        }
    }

    /// A variable of another file; of a whole file, a map of its variables.
    fn imported(&mut self, import: &Import, term: &Term) -> (Node, usize) {
        let elsewhere = || (Node::unresolved(format!("`{}` was not read", import.path), term.at), 1);
        let Some(mut other) = self.other(&import.path) else { return elsewhere() };
        let value = match &import.name {
            Some(name) => other.variable(name, term),
            None => {
                let mut names: Vec<_> = other.template.variables.keys().cloned().collect();
                names.sort_unstable();
                let map: Map = names.iter().map(|name| (name.as_str().into(), other.variable(name, term))).collect();
                Node::map(map, term.at)
            }
        };
        let weight = weight(&value);
        (value, weight)
    }

    /// Another file, to look things up in it.
    pub(super) fn other(&mut self, path: &Arc<str>) -> Option<Deployment<'a>> {
        let file = (self.shared.files)(path)?;
        if self.path.contains(path) || !self.shared.spend(10) {
            return None;
        }
        let mut trail = self.path.clone();
        trail.push(path.clone());
        Some(Deployment::new(self.shared.clone(), file, &file.template, trail, HashMap::new()))
    }

    /// A function of the template's author, applied.
    pub(super) fn apply(&mut self, function: &'a Function, arguments: Vec<Node>, term: &'a Term) -> Node {
        let names = function.parameters.iter().cloned().zip(arguments).collect();
        let outer = std::mem::replace(&mut self.names, names);
        let value = self.evaluate(&function.body);
        self.names = outer;
        through(value, term.at)
    }

    /// Says what was not looked at.
    pub(super) fn note(&self, note: Diagnostic) {
        self.shared.diagnostics.borrow_mut().push(note);
    }

    /// Evaluates something that does not see the names around it.
    pub(super) fn apart<T>(&mut self, go: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::take(&mut self.names);
        let result = go(self);
        self.names = outer;
        result
    }

    /// Evaluates something with more names.
    pub(super) fn with<T>(&mut self, names: Names, go: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.names.len();
        self.names.extend(names);
        let result = go(self);
        self.names.truncate(before);
        result
    }
}
