//! The judge `public-path`: what of AWS the internet can reach on a port where strangers have no business, and through
//! which hops.
//!
//! A path is a public address, a route of the subnet to an internet gateway, and a security group that is open to
//! everybody. It is broken at the first hop that is surely closed; a hop that is not known leaves it unknown. What has no
//! public address is no subject. The order of rules of network access lists is not weighed. The types are data, in
//! `kinds`.

mod kinds;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use rayon::prelude::*;
use secscan_model::{Graph, Location, Node, Resource, ResourceId};
use secscan_rules::judge::{Hit, Outcome, Violation};

use self::kinds::Kind;
use crate::addresses::Addresses;
use crate::native::{Answer, Asked};

/// What one hop says.
enum Hop {
    /// It lets nobody through.
    Closed,
    /// Whether it does is not known: why, and where.
    Unknown(Location, String),
    /// It lets everybody through: the places that show it, in order.
    Open(Vec<(Location, String)>),
}

impl Hop {
    fn unknown(node: &Node, why: &str) -> Self {
        Self::Unknown(
            node.at,
            node.as_unresolved().map_or_else(|| why.to_owned(), |unresolved| unresolved.why.to_string()),
        )
    }
}

/// The graph by what paths are made of.
struct Network<'g> {
    graph: &'g Graph,
    addresses: &'g Addresses<'g>,
    /// The rules of each security group that let something in.
    rules: BTreeMap<ResourceId, Vec<&'g Resource>>,
    /// The resources of the types that tie things together, by the resource that they name.
    elastic: BTreeMap<ResourceId, &'g Resource>,
    tables: BTreeMap<ResourceId, Vec<(&'g Resource, &'g Node)>>,
    routes: BTreeMap<ResourceId, Vec<&'g Node>>,
}

/// Judges everything that has a public address.
pub(crate) fn judge(asked: &Asked<'_>) -> Answer {
    let kind = |resource: &Resource| kinds::KINDS.iter().find(|kind| *kind.name == *resource.kind);
    if !asked.graph.resources.iter().any(|resource| kind(resource).is_some()) {
        return Answer::default();
    }
    let network = Network::new(asked.graph, asked.addresses);
    let subjects: Vec<_> =
        asked.graph.iter().filter_map(|(id, resource)| Some((id, resource, kind(resource)?))).collect();
    let outcomes = subjects
        .par_iter()
        .filter_map(|(id, resource, kind)| Some((*id, network.outcome(*id, resource, kind, asked.with_passes)?)))
        .collect();
    Answer { outcomes, ..Answer::default() }
}

/// The values at any of the paths, through lists.
fn values<'n>(resource: &'n Resource, paths: &[&[&str]]) -> Vec<&'n Node> {
    let mut found = Vec::new();
    for path in paths {
        let mut nodes = vec![&resource.value];
        for key in *path {
            nodes = nodes.iter().flat_map(|node| node.items()).filter_map(|node| node.get(key)).collect();
        }
        found.extend(nodes.into_iter().flat_map(Node::items));
    }
    found
}

fn first<'n>(node: &'n Node, names: &[&str]) -> Option<&'n Node> {
    names.iter().find_map(|name| node.get(name)).filter(|node| !node.is_null())
}

impl<'g> Network<'g> {
    fn new(graph: &'g Graph, addresses: &'g Addresses<'g>) -> Self {
        let mut network = Self {
            graph,
            addresses,
            rules: BTreeMap::new(),
            elastic: BTreeMap::new(),
            tables: BTreeMap::new(),
            routes: BTreeMap::new(),
        };
        graph.iter().for_each(|(id, resource)| network.add(id, resource));
        network
    }

    fn add(&mut self, id: ResourceId, resource: &'g Resource) {
        let kind = &*resource.kind;
        let named =
            |attribute: &str| resource.value.get(attribute).map(|node| self.addresses.referred(&resource.unit, node));
        if kind == "network-rule" {
            let groups = resource.owner.map(|owner| self.groups_of(owner)).unwrap_or_default();
            groups.into_iter().for_each(|group| self.rules.entry(group).or_default().push(resource));
        } else if let Some((_, attribute)) = kinds::ELASTIC.iter().find(|(known, _)| *known == kind) {
            let lent = named(attribute).unwrap_or_default();
            self.elastic.extend(lent.into_iter().map(|instance| (instance, resource)));
        } else if let Some((_, subnet, table)) = kinds::ASSOCIATIONS.iter().find(|(known, _, _)| *known == kind) {
            let (subnets, table) = (named(subnet).unwrap_or_default(), resource.value.get(table));
            let tie = table.map(|table| (resource, table));
            subnets.into_iter().for_each(|subnet| self.tables.entry(subnet).or_default().extend(tie));
        } else if let Some((_, table)) = kinds::ROUTES.iter().find(|(known, _)| *known == kind) {
            let tables = named(table).unwrap_or_default();
            tables.into_iter().for_each(|table| self.routes.entry(table).or_default().push(&resource.value));
        } else if matches!(kind, "aws_default_route_table" | "aws_route_table") {
            let routes = resource.value.get("route").map(Node::items).unwrap_or_default();
            self.routes.entry(id).or_default().extend(routes);
        }
    }

    /// The security groups that a rule of an owner belongs to.
    fn groups_of(&self, owner: ResourceId) -> Vec<ResourceId> {
        let resource = self.graph.resource(owner);
        if kinds::SECURITY_GROUPS.contains(&&*resource.kind) {
            return vec![owner];
        }
        first(&resource.value, kinds::GROUP)
            .map(|group| self.addresses.referred(&resource.unit, group))
            .unwrap_or_default()
    }

    /// What is said of one subject; nothing where it has no public address.
    fn outcome(&self, id: ResourceId, resource: &Resource, kind: &Kind, with_passes: bool) -> Option<Outcome> {
        let subnets = self.subnets(resource, kind);
        let address = self.address(id, resource, kind, &subnets);
        if matches!(address, Hop::Closed) {
            return None;
        }
        let mut places = Vec::new();
        let mut doubt = None;
        for hop in [self.group(resource, kind), address, self.route(resource, kind, &subnets)] {
            match hop {
                Hop::Closed => {
                    let found = "the path from the internet is closed".to_owned();
                    let shown = Hit { at: resource.header(), found, ..Hit::default() };
                    return Some(Outcome::Pass(with_passes.then(|| Box::new(shown))));
                }
                Hop::Unknown(at, why) => doubt = doubt.or(Some((at, why))),
                Hop::Open(shown) => places.extend(shown),
            }
        }
        Some(match doubt {
            Some((at, found)) => Outcome::Unknown(Box::new(Hit { at, found, ..Hit::default() })),
            None => Outcome::Fail(vec![violation(resource, places)]),
        })
    }

    /// The subnets of a subject, through groups of subnets; none where they are not in the files.
    fn subnets(&self, resource: &Resource, kind: &Kind) -> Vec<(&'g Resource, ResourceId)> {
        let mut ids: Vec<ResourceId> = Vec::new();
        for node in values(resource, kind.subnets) {
            for id in self.addresses.referred(&resource.unit, node) {
                let named = self.graph.resource(id);
                match kinds::SUBNET_GROUPS.iter().find(|(known, _)| *known == &*named.kind) {
                    Some((_, attribute)) => {
                        let items = named.value.get(attribute).map(Node::items).unwrap_or_default();
                        ids.extend(items.iter().flat_map(|item| self.addresses.referred(&named.unit, item)));
                    }
                    None => ids.push(id),
                }
            }
        }
        ids.retain(|id| kinds::SUBNETS.contains(&&*self.graph.resource(*id).kind));
        ids.into_iter().map(|id| (self.graph.resource(id), id)).collect()
    }

    /// Whether it has a public address: its own setting, an elastic one, or that of its subnet.
    fn address(&self, id: ResourceId, resource: &Resource, kind: &Kind, subnets: &[(&Resource, ResourceId)]) -> Hop {
        if let Some(elastic) = self.elastic.get(&id) {
            return Hop::Open(vec![(elastic.header(), format!("{} is its public address", elastic.address))]);
        }
        if let Some(flag) = values(resource, kind.address).first() {
            return match (is_on(flag), flag.as_unresolved()) {
                (true, _) => Hop::Open(vec![(flag.at, format!("{} has a public address", resource.address))]),
                (false, Some(_)) => Hop::unknown(flag, ""),
                (false, None) => Hop::Closed,
            };
        }
        if !matches!(kind.name, "AWS::EC2::Instance" | "aws_instance") {
            return Hop::Closed;
        }
        let Some((subnet, _)) = subnets.first() else { return Hop::Closed };
        match first(&subnet.value, kinds::ASSIGNS_ADDRESSES) {
            Some(flag) if is_on(flag) => {
                Hop::Open(vec![(flag.at, format!("{} gives machines public addresses", subnet.address))])
            }
            Some(flag) if flag.as_unresolved().is_some() => Hop::unknown(flag, ""),
            _ => Hop::Closed,
        }
    }

    /// Whether one of the subnets leads to an internet gateway. Where none is named, that of the default network does.
    fn route(&self, resource: &Resource, kind: &Kind, subnets: &[(&Resource, ResourceId)]) -> Hop {
        let Some((first_subnet, _)) = subnets.first() else {
            return match values(resource, kind.subnets).first() {
                Some(named) => Hop::unknown(named, "the subnet is not in the files"),
                None => Hop::Open(Vec::new()),
            };
        };
        let mut best = Hop::Closed;
        for (subnet, id) in subnets {
            let Some(ties) = self.tables.get(id) else {
                let why = format!("the route table of {} is not in the files", subnet.address);
                best = Hop::Unknown(first_subnet.header(), why);
                continue;
            };
            for (tie, table) in ties {
                match self.leads_out(&tie.unit, table) {
                    Hop::Open(mut places) => {
                        places.push((subnet.header(), format!("{} is a public subnet", subnet.address)));
                        return Hop::Open(places);
                    }
                    Hop::Closed => {}
                    unknown => best = unknown,
                }
            }
        }
        best
    }

    /// Whether a route table has a route for everybody to an internet gateway.
    fn leads_out(&self, unit: &str, table: &Node) -> Hop {
        let tables = self.addresses.referred(unit, table);
        if tables.is_empty() {
            return Hop::unknown(table, "the route table is not in the files");
        }
        for route in tables.iter().filter_map(|table| self.routes.get(table)).flatten() {
            if route.as_unresolved().is_some() {
                return Hop::unknown(route, "");
            }
            let destination = first(route, kinds::DESTINATIONS).and_then(Node::as_str);
            let gateway = first(route, kinds::GATEWAYS);
            let (true, Some(gateway)) = (matches!(destination, Some("0.0.0.0/0" | "::/0")), gateway) else { continue };
            let is_internet = |id: &ResourceId| kinds::INTERNET_GATEWAYS.contains(&&*self.graph.resource(*id).kind);
            let referred = self.addresses.referred(unit, gateway);
            if referred.iter().any(is_internet) || gateway.as_str().is_some_and(|id| id.starts_with("igw-")) {
                return Hop::Open(vec![(gateway.at, "a route leads to an internet gateway".to_owned())]);
            }
            if referred.is_empty() && gateway.as_unresolved().is_some() {
                return Hop::unknown(gateway, "");
            }
        }
        Hop::Closed
    }

    /// Whether one of the security groups opens a port where strangers have no business.
    fn group(&self, resource: &Resource, kind: &Kind) -> Hop {
        let mut best = Hop::Closed;
        for node in values(resource, kind.groups) {
            let groups = self.addresses.referred(&resource.unit, node);
            if !groups.iter().any(|id| kinds::SECURITY_GROUPS.contains(&&*self.graph.resource(*id).kind)) {
                best = Hop::unknown(node, "the rules of a security group are not in the files");
                continue;
            }
            for rule in groups.iter().filter_map(|group| self.rules.get(group)).flatten() {
                match lets_in(rule) {
                    Hop::Closed => {}
                    Hop::Unknown(at, why) => best = Hop::Unknown(at, why),
                    open => return open,
                }
            }
        }
        best
    }
}

/// Whether a flag is on, in the words of the type.
fn is_on(flag: &Node) -> bool {
    flag.as_bool() == Some(true) || flag.as_str() == Some("ENABLED")
}

/// Whether a rule lets everybody in on a port where strangers have no business.
fn lets_in(rule: &Resource) -> Hop {
    let text = |key: &str| rule.value.get(key).and_then(Node::as_str);
    if text("direction") == Some("egress") || text("action") == Some("deny") {
        return Hop::Closed;
    }
    let Some(open) = rule.value.get("open") else {
        let why = rule.value.as_map().and_then(|map| map.rest.as_deref()).unwrap_or_default();
        return Hop::Unknown(rule.header(), why.to_owned());
    };
    if open.as_bool() == Some(false) {
        return Hop::Closed;
    }
    let Some(ports) = rule.value.get("ports").and_then(|ports| ports.items().first()) else { return Hop::Closed };
    let Some(range) = ports.as_str() else { return Hop::unknown(ports, "the ports are not known") };
    let (from, to) = range.split_once('-').unwrap_or((range, range));
    let (from, to): (u16, u16) = (from.parse().unwrap_or(0), to.parse().unwrap_or(u16::MAX));
    if !kinds::PORTS.iter().any(|(low, high)| from <= *high && *low <= to) {
        return Hop::Closed;
    }
    match open.as_bool() {
        Some(_) => Hop::Open(vec![(open.at, format!("{} opens port {range} to everybody", rule.address))]),
        None => Hop::unknown(open, "whether the rule is open is not known"),
    }
}

/// A path as a finding: at the rule that opens it, with the other hops as related places.
fn violation(resource: &Resource, hops: Vec<(Location, String)>) -> Violation {
    let at = hops.first().map_or(resource.header(), |(at, _)| *at);
    let words: Vec<&str> = hops.iter().map(|(_, what)| what.as_str()).collect();
    let message = format!("The internet can reach {}: {}.", resource.address, words.join("; "));
    let found = words.first().map(|what| (*what).to_owned()).unwrap_or_default();
    let mut related: Vec<(Location, String)> = hops.into_iter().skip(1).filter(|(place, _)| *place != at).collect();
    related.push((resource.header(), format!("{} is reached", resource.address)));
    let expected = "a hop that is closed to strangers".to_owned();
    let hit = Hit { at, related, path: resource.address.to_string(), found, expected, secret: false };
    Violation { hit, message, advisory: None }
}
