//! Bicep files and Bicep parameter files: from statements to what a template says.
//!
//! Reading order: [`template`], then [`expression`] (values).

mod expression;

use std::collections::HashMap;
use std::sync::Arc;

use secscan_model::{Location, Scalar, ScalarKind, Source, Span};
use secscan_parse::bicep::syntax::{
    Expr, ExprKind, Ident, Property, Resource, Statement as Written, StatementKind as Says, Type,
};

use self::expression::{Scope, Standing};
use super::json::DEPLOYMENT;
use super::term::{
    Declaration, Declared, Deploys, Field, Function, Import, Kind, Loop, Over, Parameter, Parent, Template, Term,
};
use crate::roots::joined;

/// What a file says, and the template that it gives values to when it is a parameter file.
pub(super) fn template(source: &Source, statements: &[Written]) -> (Template, Option<Arc<str>>) {
    let mut reader = Reader { source, template: Template::default(), using: None, scope: Scope::new(source) };
    statements.iter().for_each(|statement| reader.know(statement));
    statements.iter().for_each(|statement| reader.statement(statement));
    (reader.template, reader.using)
}

/// A file while it is read.
struct Reader<'s> {
    source: &'s Source,
    template: Template,
    using: Option<Arc<str>>,
    scope: Scope<'s>,
}

impl Reader<'_> {
    /// Notes what a name stands for.
    fn know(&mut self, statement: &Written) {
        let mut know = |name: &Ident, standing| {
            self.scope.standings.insert(name.name.clone(), standing);
        };
        match &statement.kind {
            Says::Parameter(name, ..) => know(name, Standing::Parameter),
            Says::Variable(name, _) => know(name, Standing::Variable),
            Says::Resource(resource) | Says::Module(resource) => {
                know(&resource.name, Standing::Symbol);
                self.know_inner(&resource.value);
            }
            Says::Import(names, _) => names.iter().for_each(|name| know(&name.alias, Standing::Variable)),
            Says::Output(..) | Says::Function(..) | Says::Using(_) | Says::Other => {}
        }
    }

    /// Notes the resources within a resource.
    fn know_inner(&mut self, value: &Expr) {
        for property in body(value).1 {
            if let Property::Statement(statement) = property {
                self.know(statement);
            }
        }
    }

    fn statement(&mut self, statement: &Written) {
        match &statement.kind {
            Says::Parameter(name, of, default) => self.parameter(statement, name, of.as_ref(), default.as_ref()),
            Says::Variable(name, value) => {
                let value = self.scope.term(value).named(self.at(name.span));
                self.template.variables.insert(name.name.to_lowercase(), value);
            }
            Says::Resource(resource) => {
                let declaration = self.resource(statement, resource, Parent::Named);
                self.template.resources.push(declaration);
            }
            Says::Module(module) => {
                let declaration = self.module(statement, module);
                self.template.resources.push(declaration);
            }
            Says::Output(name, of, value) => self.output(statement, name, of.as_ref(), value),
            Says::Function(name, parameters, value) => {
                let names: Vec<Arc<str>> = parameters.iter().map(|parameter| parameter.name.clone()).collect();
                let value = self.scope.within(&names, |scope| scope.term(value));
                self.template.functions.insert(name.name.to_lowercase(), Function { parameters: names, body: value });
            }
            Says::Import(names, from) => {
                let Some(path) = text(from) else { return };
                let path: Arc<str> = joined(self.source.folder(), path).into();
                for imported in names {
                    let name = imported.name.as_ref().map(|name| name.name.clone());
                    let import = Import { path: path.clone(), name };
                    self.template.imports.insert(imported.alias.name.to_lowercase(), import);
                }
            }
            Says::Using(path) => {
                self.using = text(path).map(|path| joined(self.source.folder(), path).into());
            }
            Says::Other => {}
        }
    }

    fn parameter(&mut self, statement: &Written, name: &Ident, of: Option<&Type>, default: Option<&Expr>) {
        let default = default.map(|default| self.scope.term(default).named(self.at(name.span)));
        let is_secure = decorator(statement, "secure").is_some();
        let nullable = of.is_some_and(|of| of.text.ends_with('?'));
        let mut fields = vec![Field::new("type", self.type_term(of, is_secure, name.span))];
        if let Some(default) = &default {
            fields.push(Field::new("defaultValue", default.clone()));
        }
        fields.extend(self.decorated(statement));
        let body = Term::new(Kind::Map(fields), self.at(statement.span)).named(self.at(statement.header));
        let parameter = Parameter { name: name.name.clone(), default, nullable, is_secure };
        self.template.parameters.insert(name.name.to_lowercase(), parameter);
        self.template.declared.push(Declared { kind: "parameter", name: name.name.clone(), body });
    }

    fn output(&mut self, statement: &Written, name: &Ident, of: Option<&Type>, value: &Expr) {
        let value = self.scope.term(value).named(self.at(name.span));
        let is_secure = decorator(statement, "secure").is_some();
        let mut fields = vec![Field::new("type", self.type_term(of, is_secure, name.span))];
        fields.push(Field::new("value", value.clone()));
        let body = Term::new(Kind::Map(fields), self.at(statement.span)).named(self.at(statement.header));
        self.template.outputs.push(Field::new(name.name.clone(), value));
        self.template.declared.push(Declared { kind: "output", name: name.name.clone(), body });
    }

    /// A type in the words of the JSON language.
    fn type_term(&self, of: Option<&Type>, is_secure: bool, name: Span) -> Term {
        let (text, span) = of.map_or(("any", name), |of| (of.text.trim_end_matches('?'), of.span));
        let text = match (text, is_secure) {
            ("string", true) => "securestring",
            ("object", true) => "secureObject",
            (text, _) => text,
        };
        Term::text(text, self.at(span))
    }

    /// What decorators say of a parameter, in the words of the JSON language.
    fn decorated(&mut self, statement: &Written) -> Vec<Field> {
        let mut fields = Vec::new();
        for (name, key) in [
            ("allowed", "allowedValues"),
            ("minLength", "minLength"),
            ("maxLength", "maxLength"),
            ("minValue", "minValue"),
            ("maxValue", "maxValue"),
        ] {
            if let Some(argument) = decorator(statement, name).and_then(<[Expr]>::first) {
                fields.push(Field::new(key, self.scope.term(argument)));
            }
        }
        if let Some(description) = decorator(statement, "description").and_then(<[Expr]>::first) {
            let description = self.scope.term(description);
            let at = description.at;
            fields.push(Field::new("metadata", Term::new(Kind::Map(vec![Field::new("description", description)]), at)));
        }
        fields
    }

    fn resource(&mut self, statement: &Written, resource: &Resource, parent: Parent) -> Declaration {
        let (kind, version) = match text(&resource.of) {
            Some(of) => of.split_once('@').map_or((of, None), |(kind, version)| (kind, Some(version))),
            None => ("", None),
        };
        let of_at = self.at(resource.of.span);
        let mut fields = vec![Field::new("type", Term::text(kind, of_at))];
        fields.extend(version.map(|version| Field::new("apiVersion", Term::text(version, of_at))));
        let mut declaration = self.declaration(statement, resource, fields);
        declaration.kind = kind.into();
        declaration.existing = resource.existing;
        declaration.parent = match (declaration.body.get("parent"), parent) {
            (Some(parent), Parent::Named) => Parent::Term(Box::new(parent.clone())),
            (_, parent) => parent,
        };
        declaration
    }

    fn module(&mut self, statement: &Written, module: &Resource) -> Declaration {
        let of_at = self.at(module.of.span);
        let mut declaration =
            self.declaration(statement, module, vec![Field::new("type", Term::text(DEPLOYMENT, of_at))]);
        declaration.kind = DEPLOYMENT.into();
        if declaration.body.get("name").is_none()
            && let Kind::Map(fields) = &mut declaration.body.kind
        {
            let name = Term::text(module.name.name.clone(), of_at);
            fields.push(Field::new("name", name));
        }
        let given = declaration.body.get("params").map(|params| params.fields().to_vec()).unwrap_or_default();
        let path = text(&module.of).unwrap_or_default();
        declaration.deploys = Some(match path.split_once(':') {
            Some(("br" | "ts", _)) => Deploys::Elsewhere(format!("`{path}` is a module of a registry").into()),
            _ if path.starts_with("br/") || path.starts_with("ts/") => {
                Deploys::Elsewhere(format!("`{path}` is a module of a registry").into())
            }
            _ => Deploys::File(joined(self.source.folder(), path).into(), given),
        });
        declaration
    }

    /// What resources and modules have in common: the loop, the condition and the attributes.
    fn declaration(&mut self, statement: &Written, resource: &Resource, mut fields: Vec<Field>) -> Declaration {
        let (wrapping, properties) = body(&resource.value);
        let mut names = Vec::new();
        let mut repeat = None;
        let mut conditions = Vec::new();
        for layer in wrapping {
            match layer {
                Layer::For(repeated) => {
                    let over = self.scope.term(&repeated.over);
                    names.push(repeated.item.name.clone());
                    names.extend(repeated.index.iter().map(|index| index.name.clone()));
                    repeat = Some((over, repeated));
                }
                Layer::If(condition) => conditions.push(self.scope.within(&names, |scope| scope.term(condition))),
            }
        }
        let is_repeated = repeat.is_some();
        let repeat = repeat.map(|(over, repeated)| Loop {
            over: Over::Items(over),
            item: Some(repeated.item.name.clone()),
            index: vec![repeated.index.as_ref().map_or_else(Arc::default, |index| format!("={}", index.name).into())],
            condition: is_repeated.then(|| conditions.first().cloned()).flatten(),
        });
        fields.extend(self.scope.within(&names, |scope| scope.fields(properties)));
        let children = properties.iter().filter_map(|property| match property {
            Property::Statement(inner) => match &inner.kind {
                Says::Resource(resource) => Some(self.resource(inner, resource, Parent::Outer)),
                _ => None,
            },
            Property::Entry(..) | Property::Spread(_) => None,
        });
        let children = children.collect();
        let header = self.at(statement.header);
        Declaration {
            symbol: Some(resource.name.name.clone()),
            kind: Arc::default(),
            body: Term::new(Kind::Map(fields), self.at(resource.value.span)).named(header),
            existing: false,
            condition: conditions.into_iter().next().filter(|_| !is_repeated),
            repeat,
            parent: Parent::Named,
            children,
            deploys: None,
            at: self.at(statement.span),
            name_at: header,
        }
    }

    fn at(&self, span: Span) -> Location {
        self.source.at(span)
    }
}

/// What stands around the attributes of a resource.
enum Layer<'e> {
    For(&'e secscan_parse::bicep::syntax::For),
    If(&'e Expr),
}

/// The attributes of a resource, and what stands around them, the outermost first.
fn body(value: &Expr) -> (Vec<Layer<'_>>, &[Property]) {
    let mut layers = Vec::new();
    let mut inner = value;
    loop {
        inner = match &inner.kind {
            ExprKind::For(repeated) => {
                layers.push(Layer::For(repeated));
                &repeated.body
            }
            ExprKind::If(condition, body) => {
                layers.push(Layer::If(condition));
                body
            }
            ExprKind::Object(properties) => return (layers, properties),
            _ => return (layers, &[]),
        };
    }
}

/// The arguments of a decorator, by its name without a namespace.
fn decorator<'w>(statement: &'w Written, name: &str) -> Option<&'w [Expr]> {
    statement.decorators.iter().find_map(|decorator| match &decorator.kind {
        ExprKind::Call(_, called, arguments) if *called.name == *name => Some(&**arguments),
        _ => None,
    })
}

/// Text that is written out.
fn text(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Text(text) => Some(text),
        _ => None,
    }
}

/// A scalar as a term.
fn scalar(kind: ScalarKind, text: impl Into<Arc<str>>, at: Location) -> Term {
    Term::new(Kind::Scalar(Scalar { kind, text: text.into() }), at)
}

/// What names stand for, in the order in which they are looked up.
type Standings = HashMap<Arc<str>, Standing>;
