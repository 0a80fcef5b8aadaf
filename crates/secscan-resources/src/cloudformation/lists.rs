//! Functions that count, divide networks, and repeat.

use std::sync::Arc;

use ipnet::IpNet;
use secscan_model::{Node, Value};

use super::evaluate::{Evaluator, inherit_references, unresolved};

/// How many things a loop makes.
const MAX_ROUNDS: usize = 1_000;

/// How many subnets a network is divided into: what the service allows.
const MAX_SUBNETS: usize = 256;

impl Evaluator<'_> {
    /// `Fn::Length`: the number of items of a list.
    pub(super) fn length(&mut self, argument: &Node, node: &Node) -> Option<Node> {
        let list = self.evaluate(argument)?;
        Some(match &list.value {
            Value::List(items) => Node::int(items.len() as i64, node.at),
            _ => {
                let mut value = unresolved("the list of `Fn::Length` is not known", node);
                inherit_references(&mut value, [&list]);
                value
            }
        })
    }

    /// `Fn::Cidr`: a network divided into subnets with so many bits for hosts.
    pub(super) fn cidr(&mut self, argument: &Node, node: &Node) -> Node {
        let values: Vec<Node> = argument.items().iter().filter_map(|part| self.evaluate(part)).collect();
        let divided = || {
            let network: IpNet = values.first()?.as_str()?.parse().ok()?;
            let count = usize::try_from(values.get(1)?.as_int()?).ok()?;
            let bits = u8::try_from(values.get(2).map_or(Some(8), Node::as_int)?).ok()?;
            let length = network.max_prefix_len().checked_sub(bits)?;
            let subnets = network.trunc().subnets(length).ok()?.take(count.min(MAX_SUBNETS));
            Some(subnets.map(|subnet| Node::text(subnet.to_string(), node.at)).collect::<Vec<_>>())
        };
        match divided() {
            Some(subnets) => {
                self.spend(subnets.len());
                Node::list(subnets, node.at)
            }
            None => {
                let mut value = unresolved("the subnets of `Fn::Cidr` are not known", node);
                inherit_references(&mut value, &values);
                value
            }
        }
    }

    /// `Fn::ForEach`: the entries that a loop makes, with their keys; none when nobody knows them.
    pub(super) fn repeated(&mut self, argument: &Node) -> Option<Vec<(Arc<str>, Node)>> {
        let mut made = Vec::new();
        self.each_round(argument, &mut |this, key, value| {
            if let Some(value) = this.evaluate(value) {
                made.push((key, value));
            }
        })?;
        Some(made)
    }

    /// Calls `make` with the key and the body of each entry that a loop makes, while the name of its item is known;
    /// none when nobody knows what it goes over.
    pub(super) fn each_round(
        &mut self,
        argument: &Node,
        make: &mut dyn FnMut(&mut Self, Arc<str>, &Node),
    ) -> Option<()> {
        let [name, over, body, ..] = argument.as_list()? else { return None };
        let name: Arc<str> = name.as_str()?.into();
        let over = self.evaluate(over)?;
        for item in over.as_list()?.iter().take(MAX_ROUNDS) {
            let text = item.as_str()?.to_owned();
            self.names.push((name.clone(), item.clone()));
            for entry in body.entries() {
                let key = entry.key.replace(&format!("${{{name}}}"), &text);
                // With an ampersand, only what may stand in a logical id.
                let plain: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
                let key = key.replace(&format!("&{{{name}}}"), &plain);
                match entry.key.starts_with("Fn::ForEach::") {
                    true => drop(self.deeper(|this| this.each_round(&entry.value, make))),
                    false => make(self, key.into(), &entry.value),
                }
                if !self.spend(1) {
                    self.names.pop();
                    return None;
                }
            }
            self.names.pop();
        }
        Some(())
    }
}
