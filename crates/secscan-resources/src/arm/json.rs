//! Templates and parameter files in JSON: from located trees to terms.

use std::collections::HashMap;
use std::sync::Arc;

use secscan_model::{Entry, Location, Node, Value};

use super::expression;
use super::linked;
use super::term::{
    Declaration, Declared, Deploys, Field, Function, Key, Kind, Loop, Over, Parameter, Parent, Template, Term, get,
};

/// The type of what deploys another template.
pub(super) const DEPLOYMENT: &str = "Microsoft.Resources/deployments";

/// Whether a document is a template: by its schema, or by resources that have a type with a slash and an API version.
pub(super) fn is_template(document: &Node) -> bool {
    if let Some(schema) = get(document, "$schema").and_then(Node::as_str) {
        return schema.to_ascii_lowercase().contains("deploymenttemplate.json");
    }
    let is_resource = |node: &Node| {
        get(node, "type").and_then(Node::as_str).is_some_and(|kind| kind.contains('/'))
            && get(node, "apiVersion").is_some()
    };
    get(document, "resources").is_some_and(|resources| match &resources.value {
        Value::List(items) => items.iter().any(is_resource),
        _ => resources.entries().iter().any(|entry| is_resource(&entry.value)),
    })
}

/// Whether a document gives values to the parameters of a template.
pub(super) fn is_parameters(document: &Node) -> bool {
    let schema = get(document, "$schema").and_then(Node::as_str);
    schema.is_some_and(|schema| schema.to_ascii_lowercase().contains("deploymentparameters.json"))
        && get(document, "parameters").is_some()
}

/// The template of a document.
pub(super) fn template(document: &Node, folder: &str) -> Template {
    let mut template = Template::default();
    for entry in section(document, "parameters") {
        let default = get(&entry.value, "defaultValue").map(term);
        let nullable = get(&entry.value, "nullable").and_then(Node::as_bool).unwrap_or(false);
        let parameter = Parameter { name: entry.key.clone(), default, nullable, is_secure: is_secure(&entry.value) };
        template.parameters.insert(entry.key.to_lowercase(), parameter);
        let body = term(&entry.value);
        template.declared.push(Declared { kind: "parameter", name: entry.key.clone(), body });
    }
    if let Some(Term { kind: Kind::Map(fields), .. }) = get(document, "variables").map(term) {
        let named = fields.into_iter().filter_map(|field| Some((field.fixed()?.to_lowercase(), field.value)));
        template.variables.extend(named);
    }
    for namespace in get(document, "functions").into_iter().flat_map(Node::items) {
        let prefix = get(namespace, "namespace").and_then(Node::as_str).unwrap_or_default();
        for member in section(namespace, "members") {
            let name = format!("{prefix}.{}", member.key).to_lowercase();
            template.functions.insert(name, function(&member.value));
        }
    }
    for entry in section(document, "outputs") {
        let body = term(&entry.value);
        template.outputs.push(Field::new(entry.key.clone(), output_value(&body)));
        template.declared.push(Declared { kind: "output", name: entry.key.clone(), body });
    }
    template.resources = declarations(get(document, "resources"), Parent::Named, folder);
    let mut open: Vec<&mut Declaration> = template.resources.iter_mut().collect();
    while let Some(declaration) = open.pop() {
        linked::resolve(declaration, &template.variables, &template.parameters, folder);
        open.extend(declaration.children.iter_mut());
    }
    template
}

/// What the parameters of a document, or of a deployment, are given.
pub(super) fn given(parameters: &Term) -> Vec<Field> {
    let value = |field: &Field| -> Term {
        if let Some(value) = field.value.get("value") {
            return value.clone().named(field.value.name_at);
        }
        let why: Arc<str> = match field.value.get("reference") {
            Some(_) => "it is read from a key vault at deployment".into(),
            None => "no value is written".into(),
        };
        Term::new(Kind::Opaque(why), field.value.at).named(field.value.name_at)
    };
    parameters.fields().iter().map(|field| Field { key: field.key.clone(), value: value(field) }).collect()
}

/// What a parameter file gives, as the defaults of parameters of its own.
pub(super) fn parameter_file(document: &Node) -> Template {
    let mut template = Template::default();
    let fields = get(document, "parameters").map(|parameters| given(&constant(parameters))).unwrap_or_default();
    for field in fields {
        let Some(name) = field.fixed().cloned() else { continue };
        template.declared.push(Declared { kind: "parameter", name: name.clone(), body: field.value.clone() });
        let parameter = Parameter { name: name.clone(), default: Some(field.value), nullable: false, is_secure: false };
        template.parameters.insert(name.to_lowercase(), parameter);
    }
    template
}

/// Whether the type of a parameter says that it holds a secret.
fn is_secure(parameter: &Node) -> bool {
    let of = get(parameter, "type").and_then(Node::as_str).unwrap_or_default();
    ["securestring", "secureobject"].iter().any(|secure| of.eq_ignore_ascii_case(secure))
}

fn section<'n>(node: &'n Node, name: &str) -> &'n [Entry] {
    get(node, name).map_or(&[], Node::entries)
}

/// The value of an output: of one that is repeated, a list.
fn output_value(body: &Term) -> Term {
    if let Some(value) = body.get("value") {
        return value.clone();
    }
    match (body.get("copy"), body.get("copy").and_then(|copy| copy.get("input"))) {
        (Some(copy), Some(input)) => {
            let repeat = Box::new(repeat(copy, vec![Arc::default()]));
            Term::new(Kind::Loop(repeat, Box::new(input.clone())), body.at)
        }
        _ => Term::new(Kind::Opaque("the output has no value".into()), body.at),
    }
}

fn function(member: &Node) -> Function {
    let name = |node: &Node| {
        let name = get(node, "name").and_then(Node::as_str)?;
        Some(format!("parameters({})", name.to_lowercase()).into())
    };
    let parameters = get(member, "parameters").into_iter().flat_map(Node::items).filter_map(name).collect();
    let value = get(member, "output").and_then(|output| get(output, "value"));
    let missing = || Term::new(Kind::Opaque("the function has no output".into()), member.at);
    Function { parameters, body: value.map_or_else(missing, term) }
}

/// The resources of a list, or of a map by their symbolic names.
fn declarations(resources: Option<&Node>, parent: Parent, folder: &str) -> Vec<Declaration> {
    let Some(resources) = resources else { return Vec::new() };
    match &resources.value {
        Value::List(items) => items.iter().filter_map(|item| declaration(None, item, parent.clone(), folder)).collect(),
        _ => {
            let declared = |entry: &Entry| declaration(Some(entry.key.clone()), &entry.value, parent.clone(), folder);
            resources.entries().iter().filter_map(declared).collect()
        }
    }
}

fn declaration(symbol: Option<Arc<str>>, node: &Node, parent: Parent, folder: &str) -> Option<Declaration> {
    let kind = get(node, "type").and_then(Node::as_str)?;
    let name_at = match (&symbol, get(node, "type")) {
        // A resource of a list has no header; its type stands for it.
        (None, Some(kind)) => Location { span: kind.name_at.span.cover(kind.at.span), ..kind.at },
        _ => node.name_at,
    };
    let mut body = Term::new(Kind::Map(fields(node, &["resources", "copy"])), node.at).named(name_at);
    let deploys = kind.eq_ignore_ascii_case(DEPLOYMENT).then(|| deploys(node, &mut body, folder)).flatten();
    let copy = get(node, "copy").map(term);
    let names = |copy: &Term| {
        let name = copy.get("name").and_then(Term::as_str).unwrap_or_default();
        vec![Arc::default(), name.to_lowercase().into()]
    };
    Some(Declaration {
        symbol,
        kind: kind.into(),
        existing: get(node, "existing").and_then(Node::as_bool).unwrap_or(false),
        condition: body.get("condition").cloned(),
        repeat: copy.as_ref().map(|copy| repeat(copy, names(copy))),
        parent,
        children: declarations(get(node, "resources"), Parent::Outer, folder),
        deploys,
        body,
        at: node.at,
        name_at,
    })
}

/// The template that a deployment holds; what it links to is found later, when the variables are known.
fn deploys(node: &Node, body: &mut Term, folder: &str) -> Option<Deploys> {
    let properties = get(node, "properties")?;
    let field = match &mut body.kind {
        Kind::Map(fields) => fields.iter_mut().find(|field| field.is("properties"))?,
        _ => return None,
    };
    let template = get(properties, "template")?;
    field.value.take("template");
    let options = get(properties, "expressionEvaluationOptions").and_then(|options| get(options, "scope"));
    let is_inner = options.and_then(Node::as_str).is_some_and(|scope| scope.eq_ignore_ascii_case("inner"));
    let template = Box::new(self::template(template, folder));
    Some(match is_inner {
        true => Deploys::Nested(template, field.value.get("parameters").map(given).unwrap_or_default()),
        false => Deploys::Inline(template),
    })
}

fn repeat(copy: &Term, index: Vec<Arc<str>>) -> Loop {
    let none = || Term::new(Kind::Opaque("the loop has no count".into()), copy.at);
    Loop { over: Over::Count(copy.get("count").cloned().unwrap_or_else(none)), item: None, index, condition: None }
}

/// A value: text in brackets is an expression.
pub(super) fn term(node: &Node) -> Term {
    converted(node, true)
}

/// A value in which no expressions stand.
fn constant(node: &Node) -> Term {
    converted(node, false)
}

fn converted(node: &Node, with_expressions: bool) -> Term {
    let kind = match &node.value {
        Value::Scalar(_) if with_expressions && node.as_str().is_some_and(|text| text.starts_with('[')) => {
            let text: Arc<str> = node.as_str().unwrap_or_default().into();
            return expression::term(&text, node.at).named(node.name_at);
        }
        Value::Scalar(scalar) => Kind::Scalar(scalar.clone()),
        Value::List(items) => Kind::List(items.iter().map(|item| converted(item, with_expressions)).collect()),
        Value::Map(_) if with_expressions => Kind::Map(fields(node, &[])),
        Value::Map(map) => {
            let field = |entry: &Entry| Field::new(entry.key.clone(), converted(&entry.value, false));
            Kind::Map(map.entries().iter().map(field).collect())
        }
        Value::Unresolved(unresolved) => Kind::Opaque(unresolved.why.clone()),
    };
    Term::new(kind, node.at).named(node.name_at)
}

/// The entries of a map; `copy` with a list of loops makes entries of its own.
fn fields(node: &Node, without: &[&str]) -> Vec<Field> {
    let mut fields = Vec::with_capacity(node.entries().len());
    for Entry { key, value } in node.entries() {
        if without.iter().any(|name| key.eq_ignore_ascii_case(name)) {
            continue;
        }
        if key.eq_ignore_ascii_case("copy") && value.as_list().is_some() {
            fields.extend(value.items().iter().filter_map(looped));
            continue;
        }
        let key = match key.starts_with('[') {
            true => match expression::term(key, value.name_at) {
                Term { kind: Kind::Scalar(text), .. } => Key::Fixed(text.text),
                made => Key::Made(made),
            },
            false => Key::Fixed(key.clone()),
        };
        fields.push(Field { key, value: term(value) });
    }
    fields
}

/// A loop that makes a list: `{name, count, input}`.
fn looped(copy: &Node) -> Option<Field> {
    let name = get(copy, "name")?.as_str()?;
    let input = term(get(copy, "input")?);
    let name_at = get(copy, "name")?.at;
    let repeat = Box::new(repeat(&term(copy), vec![name.to_lowercase().into()]));
    let value = Term::new(Kind::Loop(repeat, Box::new(input)), copy.at).named(name_at);
    Some(Field::new(name, value))
}

/// The parameters or variables of a template, by their names in lower case.
pub(super) type Named<T> = HashMap<String, T>;
