//! Module calls: which module instances a call makes.

use std::rc::Rc;
use std::sync::Arc;

use secscan_model::{DiagnosticKind, Location, Node, Platform};

use super::body::header;
use super::evaluator::{Evaluator, Scope};
use super::frame::{Call, Frame, FrameId, Slot};
use super::module::{Declaration, folder_at, source_of};
use super::resource::{Each, Expansion, Keys};

/// How many module instances one root module may have.
const MAX_MODULES: usize = 1_500;

/// How deep modules may call each other.
const MAX_LEVELS: usize = 24;

/// The module instances of a call.
#[derive(Debug, Default)]
pub(super) struct Calls {
    pub keys: Keys,
    pub list: Vec<CallInstance>,
}

/// One of them.
#[derive(Debug)]
pub(super) struct CallInstance {
    /// The text of its key; empty when there is none.
    pub key: Arc<str>,
    pub address: Arc<str>,
    /// `count` or `for_each`, with its value.
    pub meta: Option<(&'static str, Node)>,
    /// `each` or `count`.
    pub name: Option<(&'static str, Node)>,
    /// The module instance, or why it is not looked into.
    pub module: Result<FrameId, Arc<str>>,
}

impl<'a> Evaluator<'a> {
    /// The module instances of a call; none while they are being made.
    pub(super) fn calls(&mut self, frame: FrameId, index: usize) -> Option<Rc<Calls>> {
        match self.frames[frame].calls.get(&index) {
            Some(Slot::Done(calls)) => return Some(calls.clone()),
            Some(Slot::Busy) => return None,
            None => {}
        }
        self.frames[frame].calls.insert(index, Slot::Busy);
        let calls = Rc::new(self.apart(|evaluator| evaluator.make_calls(frame, index)));
        self.frames[frame].calls.insert(index, Slot::Done(calls.clone()));
        Some(calls)
    }

    fn make_calls(&mut self, frame: FrameId, index: usize) -> Calls {
        let module = self.frames[frame].module.clone();
        let declaration = &module.declarations[index];
        let Expansion { keys, meta, each } = self.expansion(frame, declaration);
        let folder = self.folder_of(frame, declaration);
        let mut list = Vec::new();
        for Each { key, suffix, name } in each {
            if self.is_spent() {
                break;
            }
            let address: Arc<str> = format!("{}{}{suffix}", self.frames[frame].prefix, declaration.address).into();
            let at = header(declaration.block, Scope::of(frame, declaration.unit));
            let made = match &folder {
                Ok(folder) => {
                    let call = Call { frame, declaration: index, name: name.clone(), at };
                    self.instance_of(folder, call, declaration.name, &address)
                }
                Err(why) => Err(why.clone()),
            };
            list.push(CallInstance { key, address, meta: meta.clone(), name, module: made });
        }
        Calls { keys, list }
    }

    /// The folder of the module that is called, or why there is none.
    fn folder_of(&mut self, frame: FrameId, declaration: &Declaration<'a>) -> Result<Arc<str>, Arc<str>> {
        let at = header(declaration.block, Scope::of(frame, declaration.unit));
        let caller = &self.frames[frame];
        let (folder, names) = (caller.folder.clone(), names(&caller.names, declaration.name));
        let Some(source) = source_of(declaration.block) else {
            return Err(self.unread(at, "the source of this module is not a text".to_owned()));
        };
        let is_local = source.starts_with("./") || source.starts_with("../") || matches!(&**source, "." | "..");
        let found = folder_at(&folder, source).or_else(|| self.downloaded(&names)).map(Arc::<str>::from);
        let Some(found) = found.filter(|found| self.module(found).is_some()) else {
            let where_it_is = if is_local { "is not in this scan" } else { "is not read" };
            return Err(self.unread(at, format!("module source {source} {where_it_is}")));
        };
        let (mut next, mut level) = (Some(frame), 1);
        while let Some(caller) = next {
            if self.frames[caller].folder == found {
                return Err(self.unread(at, format!("module source {source} leads to a module that calls itself")));
            }
            level += 1;
            next = self.frames[caller].call.as_ref().map(|call| call.frame);
        }
        if level > MAX_LEVELS {
            let why = format!("modules call each other more than {MAX_LEVELS} levels deep");
            self.report(DiagnosticKind::Limit, at, &*why);
            return Err(why.into());
        }
        Ok(found)
    }

    fn instance_of(&mut self, folder: &Arc<str>, call: Call, name: &str, address: &str) -> Result<FrameId, Arc<str>> {
        if self.frames.len() >= MAX_MODULES {
            let why = format!("only {MAX_MODULES} module instances of one root module were looked at");
            self.report(DiagnosticKind::Limit, call.at, &*why);
            return Err(why.into());
        }
        let Some(module) = self.module(folder) else { return Err("the module is not in this scan".into()) };
        let caller = &self.frames[call.frame];
        let path = path_between(&self.frames[0].folder, folder);
        let names = names(&caller.names, name);
        let mut made = Frame::called(module, folder.clone(), call);
        (made.path, made.prefix, made.names) = (path, format!("{address}."), names);
        self.frames.push(made);
        Ok(self.frames.len() - 1)
    }

    /// Says that a module is not looked into, so that nothing that rests on Terraform passes because of it.
    fn unread(&mut self, at: Location, why: String) -> Arc<str> {
        let why: Arc<str> = why.into();
        let before = self.diagnostics.len();
        self.report(DiagnosticKind::Unresolved, at, why.clone());
        if let Some(diagnostic) = self.diagnostics.get_mut(before) {
            diagnostic.blinds.push(Platform::Terraform);
        }
        why
    }
}

fn names(caller: &str, name: &str) -> String {
    if caller.is_empty() { name.to_owned() } else { format!("{caller}.{name}") }
}

/// The path from one folder of the tree to another, as Terraform writes it.
fn path_between(from: &str, to: &str) -> String {
    let parts =
        |path: &'_ str| -> Vec<String> { path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect() };
    let (from, to) = (parts(from), parts(to));
    let shared = from.iter().zip(&to).take_while(|(from, to)| from == to).count();
    let up = std::iter::repeat_n("..".to_owned(), from.len() - shared);
    let steps: Vec<String> = up.chain(to[shared..].iter().cloned()).collect();
    if steps.is_empty() { ".".to_owned() } else { steps.join("/") }
}
