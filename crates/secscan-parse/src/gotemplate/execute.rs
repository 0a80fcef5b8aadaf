//! What templates do.

use std::collections::HashMap;
use std::rc::Rc;

use secscan_model::{Location, Span};

use super::limits::Limits;
use super::syntax::{Branch, BranchKind, Command, Definition, Node, Operand, Pipeline};
use super::text::{Builder, Origin, Text};
use super::value::{Data, Value};
use super::{builtin, parse, print};

/// What ends the execution of a template.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The action that failed, in the template that it stands in.
    pub at: Option<Location>,
    /// Why.
    pub message: String,
    /// Whether a limit ended it.
    pub is_limit: bool,
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self { at: None, message, is_limit: false }
    }
}

impl From<&str> for Failure {
    fn from(message: &str) -> Self {
        message.to_owned().into()
    }
}

impl Failure {
    /// A limit was reached.
    pub fn limit(message: impl Into<String>) -> Self {
        Self { at: None, message: message.into(), is_limit: true }
    }
}

/// Functions beyond those of Go itself.
pub trait Functions {
    /// Calls one; none when there is no function of that name.
    fn call(&self, name: &str, arguments: &[Value], executor: &mut Executor<'_>) -> Option<Result<Value, Failure>>;

    /// Whether the function of this name stands in place of Go's own.
    fn replaces(&self, _name: &str) -> bool {
        false
    }

    /// Whether a function looks at everything in its arguments, not at their outermost parts only.
    fn looks_inside(&self, _name: &str) -> bool {
        false
    }
}

/// Templates by name.
#[derive(Clone, Debug, Default)]
pub struct Templates(HashMap<Rc<str>, Rc<Definition>>);

impl Templates {
    /// Adds a template. It replaces one of the same name, unless it is blank.
    pub fn add(&mut self, definition: Rc<Definition>) {
        if !definition.is_blank() || !self.0.contains_key(&definition.name) {
            self.0.insert(definition.name.clone(), definition);
        }
    }

    /// Whether there is a template of this name.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

/// Executes templates.
pub struct Executor<'a> {
    templates: Templates,
    pub(super) functions: &'a dyn Functions,
    pub(super) limits: Limits,
}

/// One template while it is executed.
struct Frame<'d> {
    definition: &'d Definition,
    variables: Vec<(Rc<str>, Value)>,
    out: Builder,
}

/// How a list of nodes ended.
#[derive(Eq, PartialEq)]
enum Flow {
    On,
    Break,
    Continue,
}

impl Frame<'_> {
    fn locate(&self, span: Span) -> Option<Location> {
        self.definition.text.whereabouts(span.range()).template
    }

    fn variable(&mut self, name: &str) -> Option<&mut Value> {
        self.variables.iter_mut().rev().find(|(known, _)| &**known == name).map(|(_, value)| value)
    }
}

impl<'a> Executor<'a> {
    /// An executor of some templates.
    pub fn new(templates: Templates, functions: &'a dyn Functions, limits: Limits) -> Self {
        Self { templates, functions, limits }
    }

    /// What may still be used up.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// What a named template writes for a value.
    ///
    /// # Errors
    /// The first action that fails.
    pub fn render(&mut self, name: &str, dot: &Value) -> Result<Text, Failure> {
        let definition = self.templates.0.get(name).cloned();
        let definition = definition.ok_or_else(|| Failure::from(format!("there is no template `{name}`")))?;
        let variables = vec![(Rc::from(""), dot.clone())];
        let mut frame = Frame { definition: &definition, variables, out: Builder::default() };
        self.deeper(|executor| executor.nodes(&mut frame, &definition.nodes, dot))?;
        Ok(frame.out.finish())
    }

    /// What a text writes when it is taken for a template. What it defines is known within it only.
    ///
    /// # Errors
    /// What is wrong with the text, or the first action that fails.
    pub fn render_text(&mut self, text: &Text, dot: &Value) -> Result<Text, Failure> {
        if !text.as_str().contains("{{") {
            return Ok(text.clone());
        }
        self.spend_bytes(text.as_str().len())?;
        self.spend(self.templates.0.len() / 16)?;
        const NAME: &str = "text of `tpl`";
        let parsed = parse(NAME, text).map_err(|error| Failure::from(error.message))?;
        let before = self.templates.clone();
        parsed.into_iter().for_each(|definition| self.templates.add(definition));
        let result = if self.templates.has(NAME) { self.render(NAME, dot) } else { Ok(Text::default()) };
        self.templates = before;
        result
    }

    /// Does something one level deeper.
    fn deeper<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Failure>) -> Result<T, Failure> {
        self.spend(1)?;
        let Some(left) = self.limits.depth.checked_sub(1) else {
            return Err(Failure::limit("templates include one another without end, or nest too deep"));
        };
        self.limits.depth = left;
        let result = work(self);
        self.limits.depth = left + 1;
        result
    }

    fn nodes(&mut self, frame: &mut Frame<'_>, nodes: &[Node], dot: &Value) -> Result<Flow, Failure> {
        for node in nodes {
            self.spend(1)?;
            let (span, result) = match node {
                Node::Text(span) => {
                    let text = frame.definition.text.slice(span.range());
                    self.spend_bytes(text.as_str().len())?;
                    frame.out.push(&text, None);
                    continue;
                }
                Node::Break => return Ok(Flow::Break),
                Node::Continue => return Ok(Flow::Continue),
                Node::Action(pipeline) => (pipeline.span, self.action(frame, pipeline, dot).map(|()| Flow::On)),
                Node::Branch(branch) => {
                    (branch.pipeline.span, self.deeper(|executor| executor.branch(frame, branch, dot)))
                }
                Node::Template(span, name, pipeline) => {
                    (*span, self.template(frame, *span, name, pipeline.as_ref(), dot).map(|()| Flow::On))
                }
            };
            let flow = result.map_err(|failure| Failure { at: failure.at.or(frame.locate(span)), ..failure })?;
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    fn action(&mut self, frame: &mut Frame<'_>, pipeline: &Pipeline, dot: &Value) -> Result<(), Failure> {
        let value = self.pipeline(frame, pipeline, dot)?;
        if pipeline.variables.is_empty() {
            self.write(frame, pipeline.span, &value)?;
        }
        Ok(())
    }

    /// Writes a value. Nothing is written for nothing: Helm takes Go's `<no value>` out.
    fn write(&mut self, frame: &mut Frame<'_>, span: Span, value: &Value) -> Result<(), Failure> {
        let text = match &value.data {
            Data::Nil => return Ok(()),
            Data::Text(text) => text.clone(),
            _ => {
                self.spend_on_all(value)?;
                Text::of(&print::print(value), value.origin.clone())
            }
        };
        self.spend_bytes(text.as_str().len())?;
        frame.out.push(&text, frame.locate(span));
        Ok(())
    }

    fn template(
        &mut self,
        frame: &mut Frame<'_>,
        span: Span,
        name: &str,
        pipeline: Option<&Pipeline>,
        dot: &Value,
    ) -> Result<(), Failure> {
        let value = match pipeline {
            Some(pipeline) => self.pipeline(frame, pipeline, dot)?,
            None => Value::nil(),
        };
        let text = self.render(name, &value)?;
        frame.out.push(&text, frame.locate(span));
        Ok(())
    }

    fn branch(&mut self, frame: &mut Frame<'_>, branch: &Branch, dot: &Value) -> Result<Flow, Failure> {
        let mark = frame.variables.len();
        let result = match branch.kind {
            BranchKind::Range => self.range(frame, branch, dot),
            BranchKind::If | BranchKind::With => {
                self.pipeline(frame, &branch.pipeline, dot).and_then(|value| match value.is_true() {
                    true if branch.kind == BranchKind::With => self.nodes(frame, &branch.body, &value),
                    true => self.nodes(frame, &branch.body, dot),
                    false => self.nodes(frame, &branch.otherwise, dot),
                })
            }
        };
        frame.variables.truncate(mark);
        result
    }

    fn range(&mut self, frame: &mut Frame<'_>, branch: &Branch, dot: &Value) -> Result<Flow, Failure> {
        let Pipeline { variables, assigns, .. } = &branch.pipeline;
        let over = self.commands(frame, &branch.pipeline, dot)?;
        let items: Vec<(Value, Value)> = match &over.data {
            Data::Nil => Vec::new(),
            Data::List(items) => (0i64..).map(Value::from).zip(items.iter().cloned()).collect(),
            Data::Map(map) => map.borrow().iter().map(|(key, value)| (Value::from(&**key), value.clone())).collect(),
            Data::Object(object) => {
                object.entries().into_iter().map(|(key, value)| (Value::from(&*key), value)).collect()
            }
            Data::Int(count) => {
                self.spend(usize::try_from(*count).unwrap_or(0))?;
                (0..*count).map(|index| (Value::from(index), Value::from(index))).collect()
            }
            Data::Bool(_) | Data::Float(_) | Data::Text(_) => {
                return Err(format!("range can't iterate over {}", print::print(&over)).into());
            }
        };
        if items.is_empty() {
            return self.nodes(frame, &branch.otherwise, dot);
        }
        let origin = over.origin();
        for (key, item) in items {
            self.spend(1)?;
            let mark = frame.variables.len();
            let item = item.with_origin(&origin);
            let values = if variables.len() == 2 { vec![key, item.clone()] } else { vec![item.clone()] };
            for (name, value) in variables.iter().zip(values) {
                set(frame, name, value, *assigns)?;
            }
            let flow = self.nodes(frame, &branch.body, &item)?;
            frame.variables.truncate(mark);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(Flow::On)
    }

    /// The value of a pipeline, which sets its variables.
    fn pipeline(&mut self, frame: &mut Frame<'_>, pipeline: &Pipeline, dot: &Value) -> Result<Value, Failure> {
        let value = self.deeper(|executor| executor.commands(frame, pipeline, dot))?;
        for name in &pipeline.variables {
            set(frame, name, value.clone(), pipeline.assigns)?;
        }
        Ok(value)
    }

    fn commands(&mut self, frame: &mut Frame<'_>, pipeline: &Pipeline, dot: &Value) -> Result<Value, Failure> {
        let mut last = None;
        for command in &pipeline.commands {
            self.spend(1)?;
            let value = self.command(frame, command, dot, last.take());
            last = Some(value.map_err(|failure| Failure { at: failure.at.or(frame.locate(command.span)), ..failure })?);
        }
        Ok(last.unwrap_or_default())
    }

    /// The value of a command. `last` is what the pipeline hands on to it: the last argument.
    fn command(
        &mut self,
        frame: &mut Frame<'_>,
        command: &Command,
        dot: &Value,
        last: Option<Value>,
    ) -> Result<Value, Failure> {
        let Some((first, rest)) = command.operands.split_first() else { return Ok(Value::nil()) };
        match first {
            Operand::Function(name) => self.function(frame, name, rest, dot, last),
            Operand::Field(path) => self.members(frame, dot.clone(), path, rest, dot, last),
            Operand::Variable(name, path) => {
                let value = self.variable(frame, name)?;
                self.members(frame, value, path, rest, dot, last)
            }
            Operand::Chain(of, path) => {
                let value = self.operand(frame, of, dot)?;
                self.members(frame, value, path, rest, dot, last)
            }
            _ if !rest.is_empty() || last.is_some() => Err("this is no function and takes no arguments".into()),
            Operand::Nil => Err("`nil` is no command".into()),
            _ => self.operand(frame, first, dot),
        }
    }

    fn function(
        &mut self,
        frame: &mut Frame<'_>,
        name: &str,
        rest: &[Operand],
        dot: &Value,
        last: Option<Value>,
    ) -> Result<Value, Failure> {
        if matches!(name, "and" | "or") {
            return self.shortcut(frame, name == "or", rest, dot, last);
        }
        let mut arguments = Vec::with_capacity(rest.len() + 1);
        for operand in rest {
            arguments.push(self.operand(frame, operand, dot)?);
        }
        arguments.extend(last);
        self.call(name, &arguments)
    }

    /// Calls a function: of Go, or of the host. What it makes comes from its arguments, unless it knows better.
    ///
    /// # Errors
    /// There is no such function, or it refuses its arguments.
    pub fn call(&mut self, name: &str, arguments: &[Value]) -> Result<Value, Failure> {
        self.spend_on_arguments(name, arguments)?;
        let of_go = if self.functions.replaces(name) { None } else { builtin::call(name, arguments) };
        let result = match of_go {
            Some(result) => result.map_err(Failure::from),
            None => self
                .deeper(|executor| executor.functions.call(name, arguments, executor).transpose())
                .transpose()
                .unwrap_or_else(|| Err(format!("there is no function `{name}`").into())),
        };
        let value = result.map_err(|failure| match failure.at {
            None if !failure.is_limit => Failure { message: format!("`{name}`: {}", failure.message), ..failure },
            _ => failure,
        })?;
        if let Data::Text(text) = &value.data {
            self.spend_bytes(text.as_str().len())?;
        }
        let origin = arguments.iter().fold(Origin::default(), |origin, argument| origin.or(&argument.origin()));
        Ok(value.with_origin(&origin))
    }

    /// `and` and `or`: the first value that decides, the others are not looked at.
    fn shortcut(
        &mut self,
        frame: &mut Frame<'_>,
        is_or: bool,
        rest: &[Operand],
        dot: &Value,
        last: Option<Value>,
    ) -> Result<Value, Failure> {
        let mut value = Value::nil();
        for operand in rest {
            value = self.operand(frame, operand, dot)?;
            if value.is_true() == is_or {
                return Ok(value);
            }
        }
        match last {
            None if rest.is_empty() => Err("wants at least 1 argument, got 0".into()),
            last => Ok(last.unwrap_or(value)),
        }
    }

    fn variable(&mut self, frame: &mut Frame<'_>, name: &str) -> Result<Value, Failure> {
        frame.variable(name).cloned().ok_or_else(|| format!("there is no variable `${name}`").into())
    }

    /// The value of an operand that is an argument.
    fn operand(&mut self, frame: &mut Frame<'_>, operand: &Operand, dot: &Value) -> Result<Value, Failure> {
        match operand {
            Operand::Dot => Ok(dot.clone()),
            Operand::Nil => Ok(Value::nil()),
            Operand::Bool(value) => Ok((*value).into()),
            Operand::Int(value) => Ok((*value).into()),
            Operand::Float(value) => Ok((*value).into()),
            Operand::Text(text) => Ok(Value::from(&**text)),
            Operand::Pipeline(pipeline) => self.pipeline(frame, pipeline, dot),
            Operand::Function(name) => self.function(frame, name, &[], dot, None),
            Operand::Field(path) => self.members(frame, dot.clone(), path, &[], dot, None),
            Operand::Variable(name, path) => {
                let value = self.variable(frame, name)?;
                self.members(frame, value, path, &[], dot, None)
            }
            Operand::Chain(of, path) => {
                let value = self.deeper(|executor| executor.operand(frame, of, dot))?;
                self.members(frame, value, path, &[], dot, None)
            }
        }
    }

    /// The value at a path of fields and methods; the last one may take arguments.
    fn members(
        &mut self,
        frame: &mut Frame<'_>,
        of: Value,
        path: &[Rc<str>],
        rest: &[Operand],
        dot: &Value,
        last: Option<Value>,
    ) -> Result<Value, Failure> {
        let mut arguments = Vec::new();
        for operand in rest {
            arguments.push(self.operand(frame, operand, dot)?);
        }
        arguments.extend(last);
        if path.is_empty() && !arguments.is_empty() {
            return Err("this is no function and takes no arguments".into());
        }
        // Go forgives fields of a variable or a parenthesis that is nothing, but not of a field that is not there.
        let forgives = of.is_nil();
        let mut value = of;
        for (index, name) in path.iter().enumerate() {
            let given = if index + 1 == path.len() { &arguments[..] } else { &[] };
            value = self.member(&value, name, given, forgives)?;
        }
        Ok(value)
    }

    fn member(&mut self, of: &Value, name: &str, arguments: &[Value], forgives: bool) -> Result<Value, Failure> {
        let found = match &of.data {
            Data::Nil if forgives => Value::nil(),
            Data::Nil => return Err(format!("nil pointer evaluating interface {{}}.{name}").into()),
            Data::Map(map) => map.borrow().get(name).cloned().unwrap_or_default(),
            Data::Object(object) => {
                let result = object.member(name, arguments, self);
                return result.unwrap_or_else(|| Err(format!("there is no field or method `{name}`").into()));
            }
            _ => return Err(format!("can't evaluate field {name} in type {}", of.type_name()).into()),
        };
        match arguments {
            [] => Ok(found),
            _ => Err(format!("`{name}` is no method and takes no arguments").into()),
        }
    }
}

fn set(frame: &mut Frame<'_>, name: &Rc<str>, value: Value, assigns: bool) -> Result<(), Failure> {
    if !assigns {
        frame.variables.push((name.clone(), value));
        return Ok(());
    }
    match frame.variable(name) {
        Some(variable) => *variable = value,
        None => return Err(format!("there is no variable `${name}` to set").into()),
    }
    Ok(())
}
