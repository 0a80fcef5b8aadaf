//! Rules of one security group that are open only together: half of all addresses in one, the other half in another.

use std::collections::BTreeMap;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use secscan_model::{Node, Resource, Value};

/// The attribute of a rule of its own that names the group.
const GROUP: &[&str] = &["GroupId", "security_group_id"];

/// Sets `open` of the rules whose blocks sum to everybody only with those of other rules for the same ports.
pub(super) fn join(owners: &[Resource], rules: &mut [Resource]) {
    let mut groups: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for (index, rule) in rules.iter().enumerate().filter(|(_, rule)| &*rule.kind == "network-rule") {
        if let Some(key) = key(owners, rule) {
            groups.entry(key).or_default().push(index);
        }
    }
    for members in groups.into_values().filter(|members| members.len() > 1) {
        let nets: Vec<IpNet> = members.iter().filter_map(|index| rules.get(*index)).flat_map(blocks).collect();
        for index in members {
            let Some(rule) = rules.get_mut(index) else { continue };
            let own = blocks(rule);
            let is_part = own.iter().any(|net| is_everything(&nets, net));
            let Value::Map(map) = &mut rule.value.value else { continue };
            let Some(open) = map.get("open").filter(|open| open.as_bool() == Some(false)) else { continue };
            if is_part {
                let open = Node { value: Node::bool(true, open.at).value, ..open.clone() };
                std::sync::Arc::make_mut(map).insert("open", open);
            }
        }
    }
}

/// The group, the direction, the protocol and the ports of a rule; none where they are not known.
fn key(owners: &[Resource], rule: &Resource) -> Option<(String, String)> {
    let owner = owners.get(rule.owner?.0 as usize)?;
    let named = GROUP.iter().find_map(|name| owner.value.get(name));
    let group = match named {
        Some(group) => match group.refs().first() {
            Some(reference) => reference.address.to_string(),
            None => group.as_str()?.to_owned(),
        },
        None => owner.address.to_string(),
    };
    let text = |key: &str| rule.value.get(key).and_then(|node| node.items().first()?.as_str());
    (text("action")? == "allow").then_some(())?;
    Some((group, format!("{} {} {}", text("direction")?, text("protocol")?, text("ports")?)))
}

fn blocks(rule: &Resource) -> Vec<IpNet> {
    let peers = rule.value.get("sources").or_else(|| rule.value.get("destinations"));
    let texts = peers.map(Node::items).unwrap_or_default().iter().filter_map(Node::as_str);
    texts.filter_map(|text| text.trim().parse::<IpNet>().ok()).map(|net| net.trunc()).collect()
}

/// Whether the blocks of a block's family sum to all of it.
fn is_everything(nets: &[IpNet], of: &IpNet) -> bool {
    let four: Vec<Ipv4Net> =
        nets.iter().filter_map(|net| if let IpNet::V4(net) = net { Some(*net) } else { None }).collect();
    let six: Vec<Ipv6Net> =
        nets.iter().filter_map(|net| if let IpNet::V6(net) = net { Some(*net) } else { None }).collect();
    match of {
        IpNet::V4(_) => Ipv4Net::aggregate(&four).iter().any(|net| net.prefix_len() == 0),
        IpNet::V6(_) => Ipv6Net::aggregate(&six).iter().any(|net| net.prefix_len() == 0),
    }
}
