//! `network-rule`: the rules of security groups and network access lists.
//!
//! A rule that opens a port to a security group has that group among its sources, unresolved. ICMP has no ports. The
//! order of the rules of an access list is not weighed: a deny before an allow does not close it here. What a prefix list
//! holds is looked up in [`super::prefix_lists`].

use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use secscan_model::{List, Location, Map, Node, Part, Resource, Value};

use super::Derived;
use super::prefix_lists::PrefixLists;

const KIND: &str = "network-rule";
const INGRESS: &str = "ingress";
const EGRESS: &str = "egress";
const ALL_PORTS: &str = "0-65535";

/// Where a type writes its rules.
enum Rules {
    /// In attributes, each a list of rules for one direction.
    Lists(&'static [(&'static str, &'static str)]),
    /// In the attribute at a path, a list of rules for ingress; one that names nobody is for everybody.
    Everybody(&'static [&'static str]),
    /// It is one rule, always for this direction.
    One(&'static str),
    /// It is one rule; an attribute names the direction.
    Named(&'static str),
    /// It is one rule, for egress when the attribute is true.
    Egress(&'static str),
}

const BLOCKS: Rules = Rules::Lists(&[("ingress", INGRESS), ("egress", EGRESS)]);

/// The types that hold rules, sorted.
static TYPES: &[(&str, Rules)] = &[
    ("AWS::EC2::NetworkAclEntry", Rules::Egress("Egress")),
    ("AWS::EC2::SecurityGroup", Rules::Lists(&[("SecurityGroupIngress", INGRESS), ("SecurityGroupEgress", EGRESS)])),
    ("AWS::EC2::SecurityGroupEgress", Rules::One(EGRESS)),
    ("AWS::EC2::SecurityGroupIngress", Rules::One(INGRESS)),
    ("AWS::Lightsail::Instance", Rules::Everybody(&["Networking", "Ports"])),
    ("aws_default_network_acl", BLOCKS),
    ("aws_default_security_group", BLOCKS),
    ("aws_lightsail_instance_public_ports", Rules::Everybody(&["port_info"])),
    ("aws_network_acl", BLOCKS),
    ("aws_network_acl_rule", Rules::Egress("egress")),
    ("aws_security_group", BLOCKS),
    ("aws_security_group_rule", Rules::Named("type")),
    ("aws_vpc_security_group_egress_rule", Rules::One(EGRESS)),
    ("aws_vpc_security_group_ingress_rule", Rules::One(INGRESS)),
];

/// The attributes of a rule. No type gives one of these names another meaning, so one list serves all types.
const CIDRS: &[&str] = &[
    "CidrIp",
    "CidrIpv6",
    "CidrBlock",
    "Ipv6CidrBlock",
    "cidr_blocks",
    "ipv6_cidr_blocks",
    "cidr_ipv4",
    "cidr_ipv6",
    "cidr_block",
    "ipv6_cidr_block",
    "Cidrs",
    "Ipv6Cidrs",
    "cidrs",
    "ipv6_cidrs",
];
const GROUPS: &[&str] = &[
    "SourceSecurityGroupId",
    "SourceSecurityGroupName",
    "DestinationSecurityGroupId",
    "security_groups",
    "source_security_group_id",
    "referenced_security_group_id",
];
const PREFIX_LISTS: &[&str] = &[
    "SourcePrefixListId",
    "DestinationPrefixListId",
    "prefix_list_ids",
    "prefix_list_id",
    "CidrListAliases",
    "cidr_list_aliases",
];
const PROTOCOL: &[&str] = &["IpProtocol", "Protocol", "ip_protocol", "protocol"];
const FROM_PORT: &[&[&str]] = &[&["FromPort"], &["PortRange", "From"], &["from_port"]];
const TO_PORT: &[&[&str]] = &[&["ToPort"], &["PortRange", "To"], &["to_port"]];
const ACTION: &[&str] = &["RuleAction", "rule_action", "action"];
const DESCRIPTION: &[&str] = &["Description", "description"];

/// The rules of a resource.
pub(super) fn rules(owner: &Resource, lists: &PrefixLists<'_>) -> Vec<Derived> {
    let Ok(found) = TYPES.binary_search_by_key(&&*owner.kind, |(kind, _)| kind) else { return Vec::new() };
    let Some((_, layout)) = TYPES.get(found) else { return Vec::new() };
    let whole = Node { at: owner.at, ..owner.value.clone() };
    let header = whole.name_at;
    let rule = |written: &Node, direction, part| rule(written, direction, part, lists);
    let one = |direction| rule(&whole, direction, "rule".to_owned()).into_iter().collect();
    match layout {
        Rules::Everybody(path) => {
            let rules = owner.value.at_path(path).map(Node::items).unwrap_or_default();
            let derived = rules.iter().enumerate().filter_map(|(index, written)| {
                let part = format!("{INGRESS}.{}", index + 1);
                rule(&for_everybody(written), Node::text(INGRESS, written.name_at), part)
            });
            derived.collect()
        }
        Rules::Lists(lists) => lists
            .iter()
            .flat_map(|(attribute, direction)| {
                let rules = owner.value.get(attribute).map(Node::items).unwrap_or_default();
                rules.iter().enumerate().filter_map(move |(index, written)| {
                    rule(written, Node::text(*direction, written.name_at), format!("{direction}.{}", index + 1))
                })
            })
            .collect(),
        Rules::One(direction) => one(Node::text(*direction, header)),
        Rules::Named(attribute) => match whole.get(attribute).filter(|node| !node.is_null()) {
            Some(direction) => one(direction.clone()),
            None => one(Node::unresolved(format!("`{attribute}` is not set"), header)),
        },
        Rules::Egress(attribute) => {
            let word = |egress| if egress { EGRESS } else { INGRESS };
            one(match whole.get(attribute).filter(|node| !node.is_null()) {
                Some(flag) => match flag.as_bool() {
                    Some(egress) => Node { value: Node::text(word(egress), flag.at).value, ..flag.clone() },
                    None => Node::unresolved(format!("`{attribute}` is no boolean that is in the files"), flag.at),
                },
                None => Node::text(INGRESS, header),
            })
        }
    }
}

/// A rule that names nobody, with the blocks that it means.
fn for_everybody(written: &Node) -> Node {
    let Value::Map(map) = &written.value else { return written.clone() };
    let names = |names: &[&str]| names.iter().any(|name| map.get(name).is_some_and(|node| !node.items().is_empty()));
    if map.rest.is_some() || names(CIDRS) || names(PREFIX_LISTS) {
        return written.clone();
    }
    let mut map = Map::clone(map);
    map.insert("cidrs", Node::text("0.0.0.0/0", written.name_at));
    Node { value: Value::Map(map.into()), ..written.clone() }
}

/// One rule from what the platform writes; nothing for what is no rule.
fn rule(written: &Node, direction: Node, part: String, lists: &PrefixLists<'_>) -> Option<Derived> {
    let header = written.name_at;
    let map = match &written.value {
        Value::Map(map) => map,
        Value::Unresolved(unresolved) => {
            let mut derived = Derived::unknown(KIND, part, written, &unresolved.why);
            derived.value.push_new("direction", direction);
            return Some(derived);
        }
        _ => return None,
    };
    let mut value = Map::with_capacity(9);
    value.rest = map.rest.clone();
    let far = FarSide::of(written, lists);
    let open = far.open(map.rest.as_ref(), header);
    let peers = far.node(header);
    // A rule of unknown direction is read both ways.
    if direction.as_str() != Some(EGRESS) {
        value.push_new("sources", peers.clone());
    }
    if direction.as_str() != Some(INGRESS) {
        value.push_new("destinations", peers);
    }
    value.push_new("direction", direction);
    value.push_new("action", first(written, ACTION).map_or_else(|| Node::text("allow", header), lower_case));
    let protocol = first(written, PROTOCOL).map(protocol);
    if let Some(ports) = ports(written, protocol.as_ref()) {
        value.push_new("ports", Node::list(vec![ports.clone()], ports.at).named(ports.name_at));
    }
    if let Some(protocol) = protocol {
        value.push_new("protocol", protocol);
    }
    value.push_new("open", open);
    if let Some(description) = first(written, DESCRIPTION) {
        value.push_new("description", description.clone());
    }
    Some(Derived { kind: KIND, part, at: written.at, name_at: header, value })
}

/// The first of the attributes that is set.
fn first<'n>(rule: &'n Node, names: &[&str]) -> Option<&'n Node> {
    names.iter().find_map(|name| rule.get(name).filter(|node| !node.is_null()))
}

fn first_at<'n>(rule: &'n Node, paths: &[&[&str]]) -> Option<&'n Node> {
    paths.iter().find_map(|path| rule.at_path(path).filter(|node| !node.is_null()))
}

/// The same text in lower case, in the same place.
fn lower_case(node: &Node) -> Node {
    match node.as_str() {
        Some(text) => Node { value: Node::text(text.to_ascii_lowercase(), node.at).value, ..node.clone() },
        None => node.clone(),
    }
}

/// A protocol by its name, whichever way it is written.
fn protocol(written: &Node) -> Node {
    let Some(text) = written.as_str() else { return written.clone() };
    let text = text.trim().to_ascii_lowercase();
    let name = match &*text {
        "-1" | "all" => "all",
        "1" => "icmp",
        "6" => "tcp",
        "17" => "udp",
        "58" => "icmpv6",
        name => name,
    };
    Node { value: Node::text(name, written.at).value, ..written.clone() }
}

/// The ports of a rule as one range; none for protocols without ports.
fn ports(rule: &Node, protocol: Option<&Node>) -> Option<Node> {
    let (from, to) = (first_at(rule, FROM_PORT), first_at(rule, TO_PORT));
    let place = from.or(to).or(protocol).unwrap_or(rule);
    let at = |text: String| Node { value: Node::text(text, place.at).value, ..place.clone() };
    let all = || Some(at(ALL_PORTS.to_owned()));
    let unknown = |why: &str| Some(Node::unresolved(why, place.at).named(place.name_at));
    match protocol.and_then(Node::as_str) {
        Some("icmp" | "icmpv6") => return None,
        Some("all") => return all(),
        _ => {}
    }
    let unresolved = [from, to].into_iter().flatten().find_map(Node::as_unresolved);
    if let Some(unresolved) = unresolved {
        return unknown(&unresolved.why);
    }
    let (Some(from), Some(to)) = (from.or(to).and_then(Node::as_int), to.or(from).and_then(Node::as_int)) else {
        return match from.or(to) {
            Some(_) => unknown("the ports are no numbers"),
            None => all(),
        };
    };
    match (from, to) {
        // Zero to zero is how a rule for all protocols is written; so it hangs on the protocol.
        (0, 0) if protocol.is_none_or(|protocol| protocol.as_unresolved().is_some()) => {
            unknown("whether all ports are meant hangs on the protocol")
        }
        (-1, _) => all(),
        (from, to) if from == to => Some(at(from.to_string())),
        (from, to) if from < to => Some(at(format!("{from}-{to}"))),
        _ => unknown("the ports are no range"),
    }
}

/// What lies at the other end of a rule.
struct FarSide {
    peers: Vec<Node>,
    /// The CIDR blocks: those that are written, and those of prefix lists in the place of the list.
    blocks: Vec<Node>,
    /// What may hold further blocks.
    unknown: Option<(Arc<str>, Location)>,
}

impl FarSide {
    fn of(rule: &Node, lists: &PrefixLists<'_>) -> Self {
        let items = |names: &'static [&str]| names.iter().filter_map(|name| rule.get(name)).flat_map(Node::items);
        let mut peers: Vec<Node> = items(CIDRS).cloned().collect();
        let mut blocks = peers.clone();
        for list in items(PREFIX_LISTS) {
            match lists.blocks(list) {
                Some(listed) => blocks.extend(listed),
                None => blocks.push(Node::unresolved("the blocks of a prefix list are not known here", list.at)),
            }
            peers.push(list.clone());
        }
        let hidden = blocks.iter().find(|block| may_be_open(block));
        let unknown = hidden.and_then(|block| Some((block.as_unresolved()?.why.clone(), block.at)));
        peers.extend(items(GROUPS).cloned());
        let own = rule.get("self").filter(|own| own.as_bool() == Some(true));
        peers.extend(own.map(|own| Node { value: Node::text("self", own.at).value, ..own.clone() }));
        Self { peers, blocks, unknown }
    }

    /// The peers as a list in the place of the first.
    fn node(&self, header: Location) -> Node {
        let (at, name_at) = self.peers.first().map_or((header, header), |peer| (peer.at, peer.name_at));
        Node { value: Value::List(List::new(self.peers.clone())), ..Node::new(Value::List(List::default()), at) }
            .named(name_at)
    }

    /// Whether the blocks sum to all of IPv4 or all of IPv6; the place is the block that makes it so.
    fn open(&self, rest: Option<&Arc<str>>, header: Location) -> Node {
        let nets: Vec<(IpNet, &Node)> = self
            .blocks
            .iter()
            .filter_map(|block| Some((block.as_str()?.trim().parse::<IpNet>().ok()?.trunc(), block)))
            .collect();
        let everything = nets.iter().find(|(net, _)| net.prefix_len() == 0).or_else(|| sum_of_parts(&nets));
        let block = everything.map(|(_, block)| *block);
        if let Some(block) = block {
            return Node { value: Node::bool(true, block.at).value, ..block.clone() };
        }
        if let Some((why, at)) = &self.unknown {
            return Node::unresolved(why.clone(), *at);
        }
        if let Some(why) = rest {
            return Node::unresolved(why.clone(), header);
        }
        Node::bool(false, self.peers.first().map_or(header, |peer| peer.at))
    }
}

/// The first block of a family whose blocks cover all of it together (`0.0.0.0/1` and `128.0.0.0/1`).
fn sum_of_parts<'l, 'n>(nets: &'l [(IpNet, &'n Node)]) -> Option<&'l (IpNet, &'n Node)> {
    let mut four = Vec::new();
    let mut six = Vec::new();
    for (net, _) in nets {
        match net {
            IpNet::V4(net) => four.push(*net),
            IpNet::V6(net) => six.push(*net),
        }
    }
    let all_four = Ipv4Net::aggregate(&four).iter().any(|net| net.prefix_len() == 0);
    let all_six = Ipv6Net::aggregate(&six).iter().any(|net| net.prefix_len() == 0);
    nets.iter().find(|(net, _)| match net {
        IpNet::V4(_) => all_four,
        IpNet::V6(_) => all_six,
    })
}

/// Whether an unknown block may be all addresses: one that ends in a known length above zero may not.
fn may_be_open(block: &Node) -> bool {
    let Some(unresolved) = block.as_unresolved() else { return false };
    let Some(Part::Fixed(end)) = unresolved.parts.last() else { return true };
    let length = end.rsplit_once('/').and_then(|(_, length)| length.parse::<u8>().ok());
    length.is_none_or(|length| length == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_sorted() {
        assert!(TYPES.is_sorted_by_key(|(kind, _)| *kind), "they are searched");
    }
}
