//! The state of one evaluation: what is being worked on, and how much work is left.
//!
//! Variables, locals, outputs and resources are evaluated when something refers to them, once a module instance (see
//! `frame`). Recursion is limited by [`MAX_DEPTH`], work by one budget for a root module and all that it calls: each
//! evaluated expression costs one, each value that is used or made by a function what it weighs. Memory is limited by
//! [`MAX_MADE`], which does not grow with the folder.

use std::rc::Rc;
use std::sync::Arc;

use foldhash::{HashMap, HashSet};
use secscan_model::{Diagnostic, DiagnosticKind, Location, Map, Node, Platform, Source, SourceId, Span};

use super::files::{Files, Folders};
use super::frame::{Frame, FrameId};
use super::module::{Module, Unit};
use super::value::{Failure, weight};
use crate::reading::Tree;
use secscan_parse::hcl::syntax::Expression;

/// How deep expressions, and references through them, may be evaluated within each other.
const MAX_DEPTH: usize = 250;

/// How much work every root module may cost, beside [`PER_BYTE`] units for each byte of its folder.
const BASE_BUDGET: usize = 2_000_000;

/// How much work each byte of a root module's folder may cost besides.
const PER_BYTE: usize = 4;

/// How much all that functions, templates and `for` make for one root module may weigh: all of it may be kept.
const MAX_MADE: usize = 3_000_000;

/// How much the value of one expression may weigh.
const MAX_WEIGHT: usize = 200_000;

/// How many places a value remembers on its way.
const MAX_VIA: usize = 16;

/// Where an expression stands, and which names it sees beside those of the module.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope<'s> {
    /// The module instance.
    pub frame: FrameId,
    pub unit: Unit<'s>,
    pub names: Option<&'s Name<'s>>,
    /// In a template file, what it sees instead of the names of the module.
    pub template: Option<&'s Map>,
}

/// A name that is known within an expression or block: `each`, `count`, an iterator; and those around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name<'s> {
    pub name: &'s str,
    pub value: &'s Node,
    pub outer: Option<&'s Name<'s>>,
}

impl<'s> Scope<'s> {
    /// The scope of the top level of a file.
    pub(super) fn of(frame: FrameId, unit: Unit<'s>) -> Self {
        Self { frame, unit, names: None, template: None }
    }

    /// The place of a part of this scope's file.
    pub(super) fn at(&self, span: Span) -> Location {
        self.unit.source.at(span)
    }

    /// The text at a place of this scope's file.
    pub(super) fn written(&self, at: Location) -> &'s str {
        let bytes = self.unit.source.bytes.get(at.span.range()).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// The value of a name.
    pub(super) fn get(&self, name: &str) -> Option<&'s Node> {
        let mut next = self.names;
        while let Some(known) = next {
            if known.name == name {
                return Some(known.value);
            }
            next = known.outer;
        }
        self.template?.get(name)
    }
}

/// One evaluation of a root module and what it calls.
pub(super) struct Evaluator<'a> {
    folders: &'a Folders<'a>,
    /// The modules that were needed so far, by folder.
    modules: HashMap<Arc<str>, Option<Rc<Module<'a>>>>,
    /// The module instances that were needed so far; the first is the root.
    pub frames: Vec<Frame<'a>>,
    /// The files that functions have asked for.
    pub files: Files<'a>,
    /// The paths of files, for diagnostics.
    paths: HashMap<SourceId, Arc<str>>,
    pub depth: usize,
    /// Within how many `try` and `can` the evaluation is.
    pub trying: usize,
    /// Within how much the evaluation is that Terraform may never come to: arms of a conditional that is not known,
    /// instances of which nobody knows whether they exist.
    pub doubting: usize,
    budget: usize,
    /// How much may still be made.
    room: usize,
    pub diagnostics: Vec<Diagnostic>,
    /// What the diagnostics say, and where.
    said: HashSet<(Location, Arc<str>)>,
}

impl<'a> Evaluator<'a> {
    /// The evaluation of the module of `folder` as a root. `var_files` are variable files that the user named, in order.
    pub(super) fn new(
        folder: &Arc<str>,
        folders: &'a Folders<'a>,
        tree: Option<&'a Tree<'a>>,
        var_files: &[Unit<'a>],
    ) -> Self {
        let mut evaluator = Self {
            folders,
            modules: HashMap::default(),
            frames: Vec::new(),
            files: Files::new(tree),
            paths: HashMap::default(),
            depth: 0,
            trying: 0,
            doubting: 0,
            budget: BASE_BUDGET,
            room: MAX_MADE,
            diagnostics: Vec::new(),
            said: HashSet::default(),
        };
        let files = folders.files(folder);
        let bytes: usize = files.iter().map(|unit| unit.source.bytes.len()).sum();
        evaluator.budget = BASE_BUDGET.saturating_add(bytes.saturating_mul(PER_BYTE));
        evaluator.know(&files);
        evaluator.know(var_files);
        let mut module = Module::new(&files, &mut evaluator.diagnostics);
        module.load_all(&files, var_files);
        evaluator.frames.push(Frame::root(Rc::new(module), folder.clone()));
        evaluator
    }

    /// The module of a folder; none where no files of one are.
    pub(super) fn module(&mut self, folder: &Arc<str>) -> Option<Rc<Module<'a>>> {
        if let Some(known) = self.modules.get(folder) {
            return known.clone();
        }
        let files = self.folders.files(folder);
        let module = (!files.is_empty()).then(|| {
            self.know(&files);
            Rc::new(Module::new(&files, &mut self.diagnostics))
        });
        self.modules.insert(folder.clone(), module.clone());
        module
    }

    /// The folder of a module that was downloaded for the root module, by the names of the calls that lead to it.
    pub(super) fn downloaded(&self, names: &str) -> Option<String> {
        self.folders.downloaded(&self.frames.first()?.folder, names)
    }

    fn know(&mut self, files: &[Unit<'a>]) {
        self.paths.extend(files.iter().map(|unit| (unit.source.id, unit.source.path.clone())));
    }

    /// A file that a function has read, as a place of values.
    pub(super) fn know_source(&mut self, source: &Source) {
        self.paths.insert(source.id, source.path.clone());
    }

    /// Takes `cost` from the budget and begins one more level of depth, which the caller ends; or says what is too much.
    pub(super) fn enter(&mut self, at: Location) -> Result<(), Node> {
        if self.depth >= MAX_DEPTH {
            return Err(Node::unresolved("expressions and references nest too deeply", at));
        }
        self.spend(1, at)?;
        self.depth += 1;
        Ok(())
    }

    /// Takes from the budget, or says that it is used up.
    pub(super) fn spend(&mut self, cost: usize, at: Location) -> Result<(), Node> {
        if self.budget < cost {
            if self.budget > 0 {
                let message = "evaluating this module and what it calls takes too much work; the rest is not known";
                self.report(DiagnosticKind::Limit, at, message);
            }
            self.budget = 0;
            return Err(Node::unresolved("evaluating this module takes too much work", at));
        }
        self.budget -= cost;
        Ok(())
    }

    /// Whether the budget is used up.
    pub(super) fn is_spent(&self) -> bool {
        self.budget == 0
    }

    /// A value that is used or made at `at`: it costs what it weighs.
    pub(super) fn used(&mut self, value: Node, at: Location) -> Node {
        let weight = weight(&value, MAX_WEIGHT);
        if weight >= MAX_WEIGHT {
            return Node::unresolved("the value is too large", at);
        }
        match self.spend(weight, at) {
            Ok(()) => value,
            Err(unresolved) => unresolved,
        }
    }

    /// A value that did not exist before: it costs what it weighs, and takes room.
    pub(super) fn made(&mut self, value: Node, at: Location) -> Node {
        let value = self.used(value, at);
        let weight = weight(&value, MAX_WEIGHT);
        if self.room < weight {
            if self.room > 0 {
                let message = "evaluating this module and what it calls makes too many values; the rest is not known";
                self.report(DiagnosticKind::Limit, at, message);
            }
            self.room = 0;
            return Node::unresolved("evaluating this module makes too many values", at);
        }
        self.room -= weight;
        value
    }

    /// Adds a diagnostic, once: a module may be evaluated many times.
    pub(super) fn report(&mut self, kind: DiagnosticKind, at: Location, message: impl Into<Arc<str>>) {
        let message = message.into();
        if !self.said.insert((at, message.clone())) {
            return;
        }
        let mut diagnostic = Diagnostic::new(kind, message).at(at);
        if let Some(path) = self.paths.get(&at.source) {
            diagnostic = diagnostic.path(path.clone());
        }
        if kind == DiagnosticKind::Limit {
            diagnostic = diagnostic.blinds(Platform::Terraform);
        }
        self.diagnostics.push(diagnostic);
    }

    /// What refers to itself has no value.
    pub(super) fn cycle(&mut self, what: &str, at: Location) -> Node {
        let why = format!("{what} refers to itself");
        self.report(DiagnosticKind::Unresolved, at, &*why);
        Node::unresolved(why, at)
    }

    /// A value that came to `at` by reference.
    pub(super) fn referred(&mut self, value: Node, at: Location) -> Node {
        let mut value = self.used(value, at);
        if value.at != at {
            let via = &mut value.extra_mut().via;
            if via.first() != Some(&at) {
                via.insert(0, at);
                via.truncate(MAX_VIA);
            }
        }
        value.name_at = value.at;
        value
    }

    /// The value of an expression. What Terraform would refuse is unresolved, and said.
    pub(super) fn value(&mut self, expression: &Expression, scope: Scope<'_>) -> Node {
        let outcome = self.attempt(expression, scope);
        outcome.unwrap_or_else(|failure| self.refused(failure, scope.at(expression.span)))
    }

    /// What has no value because Terraform would refuse it. Whether within `try` or not, is for the caller to know.
    pub(super) fn refused(&mut self, failure: Failure, at: Location) -> Node {
        let at = failure.at.unwrap_or(at);
        if !failure.unknown && self.doubting == 0 {
            self.report(DiagnosticKind::Unresolved, at, failure.why.clone());
        }
        Node::unresolved(failure.why, at)
    }

    /// Evaluates something that a reference leads to: what is around the reference has no say.
    pub(super) fn apart<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let (trying, doubting) = (std::mem::take(&mut self.trying), std::mem::take(&mut self.doubting));
        let result = work(self);
        (self.trying, self.doubting) = (trying, doubting);
        result
    }
}
