//! Networks.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use secscan_model::Node;

use super::super::value::{Failure, Outcome, fail};
use super::{Call, Function, strict};

pub(super) static FUNCTIONS: &[Function] = &[
    strict("cidrhost", 2..=2, cidrhost),
    strict("cidrnetmask", 1..=1, cidrnetmask),
    strict("cidrsubnet", 3..=3, cidrsubnet),
    strict("cidrsubnets", 1..=65, cidrsubnets),
];

fn network(call: &Call<'_>) -> Result<IpNet, Failure> {
    let network: Result<IpNet, _> = call.text(0)?.parse();
    network.map(|network| network.trunc()).map_err(|_| Failure::new("the text is no network"))
}

/// The first address as a number, and how many bits addresses have.
fn start(network: IpNet) -> (u128, u8) {
    match network {
        IpNet::V4(network) => (u32::from(network.network()).into(), 32),
        IpNet::V6(network) => (u128::from(network.network()), 128),
    }
}

fn address(number: u128, bits: u8) -> Result<IpAddr, Failure> {
    if bits == 128 {
        return Ok(IpAddr::V6(number.into()));
    }
    u32::try_from(number).map(|number| IpAddr::V4(number.into())).map_err(|_| Failure::new("beyond the last address"))
}

fn made(number: u128, bits: u8, prefix: u8) -> Result<IpNet, Failure> {
    let made = match address(number, bits)? {
        IpAddr::V4(address) => Ipv4Net::new(address, prefix).map(IpNet::V4),
        IpAddr::V6(address) => Ipv6Net::new(address, prefix).map(IpNet::V6),
    };
    made.map_err(|_| Failure::new("the prefix is too long"))
}

fn cidrhost(call: &Call<'_>) -> Outcome {
    let network = network(call)?;
    let (first, bits) = start(network);
    let size = 1u128.checked_shl(u32::from(bits - network.prefix_len())).unwrap_or(u128::MAX);
    let index = i128::from(call.int(1)?);
    let offset = if index < 0 { size.checked_sub(index.unsigned_abs()) } else { u128::try_from(index).ok() };
    match offset.filter(|offset| *offset < size).and_then(|offset| first.checked_add(offset)) {
        Some(number) => call.made(address(number, bits)?.to_string()),
        None => fail("the network has no such host"),
    }
}

fn cidrnetmask(call: &Call<'_>) -> Outcome {
    match network(call)? {
        IpNet::V4(network) => call.made(network.netmask().to_string()),
        IpNet::V6(_) => fail("a network of IPv4 is needed"),
    }
}

/// The network `index` of those that are `more` bits longer.
fn subnet(network: IpNet, more: i64, index: i128) -> Result<IpNet, Failure> {
    let (first, bits) = start(network);
    let prefix = u8::try_from(i64::from(network.prefix_len()) + more).ok().filter(|prefix| *prefix <= bits);
    let prefix = prefix.ok_or_else(|| Failure::new("the prefix is too long"))?;
    let fits = more >= 0 && (more >= 126 || index < 1 << more);
    if !fits {
        return fail("the network has no such part");
    }
    // A negative number is taken for what its bits say.
    let offset = index.checked_shl(u32::from(bits - prefix)).unwrap_or(0);
    let number = if index < 0 { (first as i128 | offset).unsigned_abs() } else { first | offset as u128 };
    made(number, bits, prefix)
}

fn cidrsubnet(call: &Call<'_>) -> Outcome {
    call.made(subnet(network(call)?, call.int(1)?, call.int(2)?.into())?.to_string())
}

/// Networks one behind the other, each aligned to its own size.
fn cidrsubnets(call: &Call<'_>) -> Outcome {
    let whole = network(call)?;
    let (first, bits) = start(whole);
    let mut next = first;
    let mut made_so_far = Vec::new();
    for index in 1..call.args.len() {
        let more = Some(call.int(index)?).filter(|more| *more > 0);
        let prefix = more.and_then(|more| u8::try_from(i64::from(whole.prefix_len()).checked_add(more)?).ok());
        let prefix = prefix.filter(|prefix| (whole.prefix_len()..=bits).contains(prefix));
        let prefix = prefix.ok_or_else(|| Failure::new("the prefix is too long"))?;
        let size = 1u128.checked_shl(u32::from(bits - prefix)).unwrap_or(u128::MAX);
        let start = next.div_ceil(size).saturating_mul(size);
        let network = made(start, bits, prefix)?;
        if !whole.contains(&network) {
            return fail("the network is too small");
        }
        made_so_far.push(Node::text(network.to_string(), call.at));
        next = start.saturating_add(size);
    }
    call.items(made_so_far)
}
