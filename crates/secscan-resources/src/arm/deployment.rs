//! From declarations to resources: loops and conditions, names, what deployments deploy, and the references.

use std::collections::HashMap;
use std::sync::Arc;

use secscan_model::{Diagnostic, DiagnosticKind, Edge, Location, Node, Platform, Resource, ResourceId};

use super::evaluator::{Deployment, MAX_ITEMS, Names};
use super::reference::{Identity, refer_dependencies};
use super::term::{Declaration, Deploys};
use crate::Batch;

/// How many resources the deployments of one template may make.
const MAX_RESOURCES: usize = 20_000;

/// Where the resources of one template go.
pub(super) struct Emission<'b> {
    batch: &'b mut Batch,
    unit: Arc<str>,
    first: usize,
    /// The resources by the keys that symbolic names have in references.
    symbols: Vec<(String, ResourceId)>,
    /// What conditions left out.
    left_out: Vec<(String, Location)>,
    was_cut: bool,
}

/// What a declaration stands in.
#[derive(Clone)]
struct Outer {
    identity: Identity,
    /// None when it exists already and so is no resource here.
    id: Option<ResourceId>,
}

impl<'b> Emission<'b> {
    pub(super) fn new(batch: &'b mut Batch, unit: Arc<str>) -> Self {
        let first = batch.resources.len();
        Self { batch, unit, first, symbols: Vec::new(), left_out: Vec::new(), was_cut: false }
    }

    /// Everything that a deployment makes, and everything that this deploys in turn.
    pub(super) fn deploy(&mut self, deployment: &mut Deployment<'_>) {
        let template = deployment.template;
        for declared in &template.declared {
            let value = deployment.evaluate(&declared.body);
            let address = format!("{}s.{}", declared.kind, declared.name);
            let at = covering(value.name_at, value.at);
            self.push(declared.kind.into(), address.into(), value, at, None);
        }
        self.declarations(deployment, &template.resources, None);
    }

    fn declarations<'a>(
        &mut self,
        deployment: &mut Deployment<'a>,
        declarations: &'a [Declaration],
        outer: Option<&Outer>,
    ) {
        for declaration in declarations {
            let rounds = match &declaration.repeat {
                None => vec![Names::new()],
                Some(repeat) => deployment
                    .rounds(repeat)
                    .unwrap_or_else(|| vec![Deployment::unknown_round(repeat, declaration.name_at)]),
            };
            for (round, names) in rounds.into_iter().enumerate() {
                let round = declaration.repeat.as_ref().map(|_| round as i64);
                if self.batch.resources.len() - self.first >= MAX_RESOURCES || deployment.shared.is_exhausted() {
                    self.was_cut = true;
                    return;
                }
                deployment.with(names, |deployment| self.declaration(deployment, declaration, outer, round));
            }
        }
    }

    /// One resource, what stands in it and what it deploys.
    fn declaration<'a>(
        &mut self,
        deployment: &mut Deployment<'a>,
        declaration: &'a Declaration,
        outer: Option<&Outer>,
        round: Option<i64>,
    ) {
        let condition = declaration.condition.as_ref().map(|condition| deployment.evaluate(condition));
        let filter = declaration.repeat.as_ref().and_then(|repeat| repeat.condition.as_ref());
        let filter = filter.map(|condition| deployment.evaluate(condition));
        let identity = deployment.identity(declaration, outer.map(|outer| &outer.identity));
        if [condition, filter].iter().flatten().any(|condition| condition.as_bool() == Some(false)) {
            self.left_out.push((identity.address(), declaration.name_at));
            return;
        }
        let id = (!declaration.existing).then(|| self.resource(deployment, declaration, &identity, outer));
        if let (Some(id), Some(symbol)) = (id, &declaration.symbol) {
            self.symbols.push((deployment.symbol_key(symbol, None), id));
            self.symbols.extend(round.map(|round| (deployment.symbol_key(symbol, Some(round)), id)));
        }
        let here = Outer { identity, id };
        self.declarations(deployment, &declaration.children, Some(&here));
        match &declaration.deploys {
            Some(Deploys::Inline(template)) => {
                deployment.know(&template.resources, &[]);
                self.declarations(deployment, &template.resources, None);
            }
            Some(Deploys::File(..) | Deploys::Nested(..)) => {
                if let Some(mut inner) = deployment.inner(declaration) {
                    self.deploy(&mut inner);
                }
            }
            Some(Deploys::Elsewhere(_)) | None => {}
        }
    }

    fn resource<'a>(
        &mut self,
        deployment: &mut Deployment<'a>,
        declaration: &'a Declaration,
        identity: &Identity,
        outer: Option<&Outer>,
    ) -> ResourceId {
        let value = refer_dependencies(deployment.evaluate(&declaration.body)).named(declaration.name_at);
        let opaque: Option<Arc<str>> = match &declaration.deploys {
            Some(Deploys::Elsewhere(why)) => Some(why.clone()),
            Some(Deploys::File(path, _)) if (deployment.shared.files)(path).is_none() => {
                Some(format!("`{path}` is not in the tree or was not read").into())
            }
            Some(Deploys::File(path, _)) if deployment.path.contains(path) => {
                Some(format!("`{path}` deploys itself").into())
            }
            _ => None,
        };
        if let Some(why) = &opaque {
            let message = format!("what `{}` deploys was not judged: {why}", identity.address());
            let note = Diagnostic::new(DiagnosticKind::Unresolved, message).at(declaration.name_at);
            deployment.note(note.blinds(Platform::Arm));
        }
        let owner = outer.and_then(|outer| outer.id);
        let at = covering(declaration.name_at, declaration.at);
        let id = self.push(identity.kind.clone(), identity.address().into(), value, at, owner);
        self.batch.resources[id.0 as usize].opaque = opaque;
        if let Some(to) = owner {
            self.batch.edges.push(Edge { from: id, path: "parent".into(), to });
        }
        id
    }

    fn push(
        &mut self,
        kind: Arc<str>,
        address: Arc<str>,
        value: Node,
        at: Location,
        owner: Option<ResourceId>,
    ) -> ResourceId {
        self.batch.push(Resource {
            platform: Platform::Arm,
            kind,
            address,
            part: "".into(),
            at,
            value,
            unit: self.unit.clone(),
            owner,
            opaque: None,
        })
    }

    /// Adds the references between the resources, and gives children that were written apart their parents.
    fn link(&mut self) {
        let mut by_name: HashMap<String, Vec<ResourceId>> = HashMap::new();
        for (index, resource) in self.batch.resources.iter().enumerate().skip(self.first) {
            let address = resource.address.to_lowercase();
            let id = ResourceId(index as u32);
            // A `dependsOn` may name a resource by its name alone.
            let name = address.get(resource.kind.len() + 1..).map(str::to_owned);
            by_name.entry(address).or_default().push(id);
            name.into_iter().for_each(|name| by_name.entry(name).or_default().push(id));
        }
        for (symbol, id) in &self.symbols {
            by_name.entry(symbol.clone()).or_default().push(*id);
            let bare = symbol.split_once(':').map_or(&**symbol, |(_, bare)| bare);
            by_name.entry(bare.to_owned()).or_default().push(*id);
        }
        let mut edges = Vec::new();
        for (index, resource) in self.batch.resources.iter().enumerate().skip(self.first) {
            let from = ResourceId(index as u32);
            crate::links::each_reference(&resource.value, &mut |path, address| {
                let found = by_name.get(&address.to_lowercase());
                for to in found.into_iter().flatten().filter(|to| **to != from) {
                    edges.push(Edge { from, path: path.join(".").into(), to: *to });
                }
            });
            if let Some(to) = parent_address(resource).and_then(|address| by_name.get(&address)?.first().copied()) {
                edges.push(Edge { from, path: "parent".into(), to });
            }
        }
        for edge in &edges {
            if &*edge.path == "parent" {
                self.batch.resources[edge.from.0 as usize].owner.get_or_insert(edge.to);
            }
        }
        self.batch.edges.extend(edges);
    }

    /// Finishes: the references, what was left out, and whether a limit was reached.
    pub(super) fn finish(mut self, deployment: &Deployment<'_>) -> Vec<Diagnostic> {
        self.link();
        let mut diagnostics = deployment.shared.diagnostics.take();
        if let Some((_, first)) = self.left_out.first() {
            let mut names: Vec<String> = self.left_out.iter().map(|(name, _)| format!("`{name}`")).collect();
            names.dedup();
            let more = names.len().saturating_sub(20);
            names.truncate(20);
            names.extend((more > 0).then(|| format!("{more} more")));
            let message = format!(
                "left out, because their conditions are false with the values that parameters have: {}",
                names.join(", ")
            );
            diagnostics.push(Diagnostic::new(DiagnosticKind::Skipped, message).at(*first));
        }
        if deployment.shared.is_exhausted() || self.was_cut {
            let message = "the template is too large to evaluate: what lies beyond the limit was not judged";
            diagnostics.push(Diagnostic::new(DiagnosticKind::Limit, message).blinds(Platform::Arm));
        } else if deployment.shared.was_cut.get() {
            let message = format!("a loop runs more than {MAX_ITEMS} times: what lies beyond was not judged");
            diagnostics.push(Diagnostic::new(DiagnosticKind::Limit, message).blinds(Platform::Arm));
        }
        diagnostics
    }
}

/// The address of the resource that a full type and name make this one a child of, in lower case.
fn parent_address(resource: &Resource) -> Option<String> {
    let (kind, _) = resource.kind.rsplit_once('/')?;
    kind.contains('/').then_some(())?;
    let name = resource.address.get(resource.kind.len() + 1..)?;
    let (name, _) = name.rsplit_once('/')?;
    Some(format!("{kind}/{name}").to_lowercase())
}

fn covering(name_at: Location, at: Location) -> Location {
    match name_at.source == at.source {
        true => Location { span: name_at.span.cover(at.span), ..at },
        false => at,
    }
}
