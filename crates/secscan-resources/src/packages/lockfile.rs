//! What a tool has fixed: packages, what they need, and which of them the project asks for.
//!
//! Reading order: [`Lockfile`], which a format fills in; [`Lockfile::settle`], which finds the way to each package.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use secscan_model::{Location, Node};

use super::{Package, Written};

/// How many links of a chain are kept; of a longer one the middle is left out.
const CHAIN_LIMIT: usize = 32;

/// What a lockfile says by itself.
#[derive(Debug, Default)]
pub(crate) struct Lockfile {
    /// The packages that come from elsewhere.
    pub(crate) packages: Vec<Package>,
    /// What each of them needs, by index; shorter where the format does not say.
    pub(crate) needs: Vec<Vec<u32>>,
    /// The project's own packages and what they ask for by name, when the lockfile says so.
    pub(crate) projects: Vec<Project>,
    /// Further names under which requirements find packages: `NAME@RANGE` where the lockfile has such keys.
    pub(crate) keys: HashMap<String, u32>,
    /// Checksums by `NAME@VERSION`, of packages that another file names.
    pub(crate) sums: HashMap<String, Written>,
    /// What else of the file rules may ask for.
    pub(crate) more: Vec<(&'static str, Node)>,
}

/// A package of the project itself.
#[derive(Debug)]
pub(crate) struct Project {
    /// Its name, empty when the lockfile does not say.
    pub(crate) name: Written,
    /// The packages that it asks for.
    pub(crate) needs: Vec<Need>,
}

/// A package that a project asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Need {
    /// The package.
    pub(crate) package: u32,
    /// Whether only for development, when the lockfile says so.
    pub(crate) dev: Option<bool>,
}

/// A package that a project asks for, with the line of its manifest.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    /// The package.
    pub(crate) package: u32,
    /// Whether only for development, when anything says so.
    pub(crate) dev: Option<bool>,
    /// The project that asks.
    pub(crate) project: Written,
    /// The requirement in a manifest.
    pub(crate) requirement: Option<Written>,
}

impl Lockfile {
    /// The packages of a normal name, ascending.
    pub(crate) fn by_name(&self) -> BTreeMap<String, Vec<u32>> {
        let mut names: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for (index, package) in (0..).zip(&self.packages) {
            names.entry(package.ecosystem.normal(&package.name.text)).or_default().push(index);
        }
        names
    }

    /// Says of each package whether it is direct, only for development, and through which others it comes in.
    ///
    /// A way that does not lead through development is preferred, then the shortest, then the first in the file.
    pub(crate) fn settle(packages: &mut [Package], needs: &[Vec<u32>], roots: &[Root]) {
        if roots.is_empty() {
            return;
        }
        let ways = ways(packages.len(), needs, roots);
        let labels: Vec<Arc<str>> = packages.iter().map(|package| package.label().into()).collect();
        let places: Vec<Location> = packages.iter().map(|package| package.name.at).collect();
        let link = |index: usize| Some(Written::new(labels.get(index)?.clone(), *places.get(index)?));
        for (index, package) in packages.iter_mut().enumerate() {
            package.direct = Some(package.direct.unwrap_or(false));
            let Some(way) = ways.get(index).and_then(Option::as_ref) else { continue };
            package.direct = Some(way.before.is_none());
            package.dev = package.dev.or(way.dev);
            let mut links = vec![index];
            while let Some(before) = links.last().and_then(|last| ways.get(*last)?.as_ref()?.before) {
                links.push(before as usize);
            }
            let root = links.last().and_then(|direct| roots.get(ways.get(*direct)?.as_ref()?.root));
            let project = root.map(|root| root.project.clone()).filter(|project| !project.text.is_empty());
            let requirement = root.and_then(|root| root.requirement.clone());
            package.direct_places = links.last().copied().and_then(link).into_iter().chain(requirement).collect();
            let before = usize::from(project.is_some());
            package.chain = chain(before + links.len(), &|at| match at.checked_sub(before) {
                None => project.clone(),
                Some(at) => links.iter().rev().nth(at).copied().and_then(link),
            });
        }
    }
}

/// The way to each package: breadth first from what is needed at run time, then from what may be, then from what
/// only development needs.
fn ways(packages: usize, all_needs: &[Vec<u32>], roots: &[Root]) -> Vec<Option<Way>> {
    let mut ways: Vec<Option<Way>> = vec![None; packages];
    for dev in [Some(false), None, Some(true)] {
        let mut queue = VecDeque::new();
        for (number, root) in roots.iter().enumerate().filter(|(_, root)| root.dev == dev) {
            let slot = ways.get_mut(root.package as usize);
            if let Some(slot @ None) = slot {
                *slot = Some(Way { root: number, before: None, dev });
                queue.push_back(root.package);
            }
        }
        while let Some(index) = queue.pop_front() {
            for need in all_needs.get(index as usize).into_iter().flatten() {
                if let Some(slot @ None) = ways.get_mut(*need as usize) {
                    *slot = Some(Way { root: 0, before: Some(index), dev });
                    queue.push_back(*need);
                }
            }
        }
    }
    // What the project asks for itself is direct even where another way was found first.
    for (number, root) in roots.iter().enumerate() {
        if let Some(Some(way)) = ways.get_mut(root.package as usize)
            && way.before.is_some()
        {
            *way = Way { root: number, before: None, dev: way.dev };
        }
    }
    ways
}

/// How a package is reached.
#[derive(Clone, Copy, Debug)]
struct Way {
    /// The package before it; none when the project itself asks for it.
    before: Option<u32>,
    /// The root that asks for it, when there is no package before it.
    root: usize,
    /// Whether only for development.
    dev: Option<bool>,
}

/// A chain of so many links, without the middle of a long one.
fn chain(length: usize, nth: &dyn Fn(usize) -> Option<Written>) -> Vec<Written> {
    if length <= CHAIN_LIMIT {
        return (0..length).filter_map(nth).collect();
    }
    let half = CHAIN_LIMIT / 2;
    let left_out = length - CHAIN_LIMIT + 1;
    let gap = nth(half).map(|first| Written::new(format!("({left_out} more)"), first.at));
    (0..half).filter_map(nth).chain(gap).chain((half + left_out..length).filter_map(nth)).collect()
}
