//! Conditions that really restrict: which keys tell strangers from others, under which operators, with which values.
//!
//! A key that the caller chooses (`aws:Referer`, tags of his own principal, an address within his own VPC) restricts
//! nothing. `...IfExists` and `ForAllValues:` hold for requests without the key, so they count only for keys that every
//! request has, or beside a `Null` that asks for the key.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use secscan_model::Node;

use super::statement::{HOLE, Statement, names_one, text};
use super::{all, any};

/// How the values of a key are read.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// An identifier; the text is what all of its kind begin with.
    Id(&'static str),
    /// An ARN: the account, or the name of a bucket, must be fixed.
    Arn,
    /// Blocks of addresses.
    Address,
    /// A boolean that is false for strangers.
    Flag,
}

/// The keys that tell strangers from others, in lower case, sorted.
static KEYS: &[(&str, Kind)] = &[
    ("aws:principalaccount", Kind::Id("")),
    ("aws:principalarn", Kind::Arn),
    ("aws:principalisawsservice", Kind::Flag),
    ("aws:principalorgid", Kind::Id("o-")),
    ("aws:principalorgpaths", Kind::Id("o-")),
    ("aws:principalservicename", Kind::Id("")),
    ("aws:principalservicenameslist", Kind::Id("")),
    ("aws:sourceaccount", Kind::Id("")),
    ("aws:sourcearn", Kind::Arn),
    ("aws:sourceip", Kind::Address),
    ("aws:sourceorgid", Kind::Id("o-")),
    ("aws:sourceorgpaths", Kind::Id("o-")),
    ("aws:sourceowner", Kind::Id("")),
    ("aws:sourcevpc", Kind::Id("vpc-")),
    ("aws:sourcevpcarn", Kind::Arn),
    ("aws:sourcevpce", Kind::Id("vpce-")),
    ("aws:userid", Kind::Id("AROA")),
    ("aws:vpceaccount", Kind::Id("")),
    ("aws:vpceorgid", Kind::Id("o-")),
    ("aws:vpceorgpaths", Kind::Id("o-")),
    ("elasticfilesystem:accessedviamounttarget", Kind::Flag),
    ("kms:calleraccount", Kind::Id("")),
    ("s3:dataaccesspointaccount", Kind::Id("")),
    ("s3:dataaccesspointarn", Kind::Arn),
    ("vpc-lattice-svcs:sourcevpc", Kind::Id("vpc-")),
    ("vpc-lattice-svcs:sourcevpcowneraccount", Kind::Id("")),
];

/// The keys that every request has, anonymous ones too.
const ALWAYS: &[&str] = &["aws:principalaccount", "aws:principalisawsservice"];

/// Flags of a denial that are false for strangers, beside those of [`KEYS`].
const DIRECT: &[&str] = &["aws:viaawsservice"];

/// One condition of a statement.
#[derive(Debug)]
pub struct Condition<'a> {
    /// The key in lower case; none where it is not known.
    pub key: Option<String>,
    operator: String,
    for_all: bool,
    for_any: bool,
    if_exists: bool,
    /// The values.
    pub values: &'a [Node],
}

impl<'a> Condition<'a> {
    /// A condition `{operator, key, values}`; none where it is not known.
    fn of(node: &'a Node) -> Option<Self> {
        let operator = node.get("operator")?.as_str()?.trim().to_ascii_lowercase();
        let for_all = operator.starts_with("forallvalues:");
        let for_any = operator.starts_with("foranyvalue:");
        let name = operator.rsplit(':').next().unwrap_or_default();
        let bare = name.strip_suffix("ifexists");
        let key = node.get("key").and_then(Node::as_str).map(|key| key.trim().to_ascii_lowercase());
        let values = node.get("values").map(Node::items).unwrap_or_default();
        let operator = bare.unwrap_or(name).to_owned();
        Some(Self { key, for_all, for_any, if_exists: bare.is_some(), operator, values })
    }

    /// The conditions of a statement; none for each that is not known.
    pub fn all(statement: Statement<'a>) -> impl Iterator<Item = Option<Self>> {
        statement.list("conditions").iter().map(Self::of)
    }

    fn kind(&self) -> Option<Kind> {
        let key = self.key.as_deref()?;
        let found = KEYS.binary_search_by_key(&key, |(known, _)| known).ok()?;
        KEYS.get(found).map(|(_, kind)| *kind)
    }

    /// Whether it holds for values that are named, rather than for all others.
    fn is_positive(&self) -> bool {
        !self.operator.contains("not")
    }

    /// Whether wildcards count in its values.
    fn reads_wildcards(&self) -> bool {
        self.operator.contains("like") || self.operator.starts_with("arn")
    }

    fn says(&self, flag: bool) -> Option<bool> {
        all(self.values.iter().map(|value| match value.as_unresolved() {
            Some(_) => None,
            None => Some(value.as_bool() == Some(flag)),
        }))
    }

    /// Whether strangers do not meet it.
    fn keeps_out(&self, present: &[String]) -> Option<bool> {
        let (Some(kind), Some(key)) = (self.kind(), self.key.as_deref()) else {
            // A key that is not known may be one that restricts.
            return if self.key.is_none() { None } else { Some(false) };
        };
        let may_lack =
            (self.if_exists || self.for_all) && !ALWAYS.contains(&key) && !present.iter().any(|present| present == key);
        if self.operator == "null" || may_lack || !self.is_positive() {
            return Some(false);
        }
        if kind == Kind::Flag { self.says(true) } else { self.restricts(kind) }
    }

    /// Whether strangers meet it, as a condition of a denial.
    fn catches_strangers(&self) -> Option<bool> {
        let key = self.key.as_deref()?;
        match self.kind() {
            Some(Kind::Flag) => return self.says(false),
            None if DIRECT.contains(&key) => return self.says(false),
            None => return Some(false),
            Some(_) if self.operator == "null" || self.is_positive() || self.for_any => return Some(false),
            Some(_) => {}
        }
        self.kind().map_or(Some(false), |kind| self.restricts(kind))
    }

    /// Whether the values leave somebody out: with one that means everybody they do not.
    fn restricts(&self, kind: Kind) -> Option<bool> {
        if kind == Kind::Address {
            return addresses(self.values);
        }
        if self.values.is_empty() {
            return None;
        }
        // Without wildcards a value is one value, whichever it is.
        all(self.values.iter().map(|value| if self.reads_wildcards() { is_narrow(value, kind) } else { Some(true) }))
    }
}

/// Whether the conditions of a statement leave strangers out; nothing where it has none.
pub(super) fn narrowed(statement: Statement<'_>) -> Option<Node> {
    let conditions = statement.written("conditions")?;
    let narrow = narrows(statement);
    Some(match narrow {
        Some(truth) => Node::bool(truth, conditions.at),
        None => Node::unresolved("whether a condition leaves strangers out hangs on its values", conditions.at),
    })
}

/// Whether strangers do not meet the conditions of a statement that allows.
pub(super) fn narrows(statement: Statement<'_>) -> Option<bool> {
    let conditions: Vec<_> = Condition::all(statement).collect();
    let asked: Vec<String> = conditions
        .iter()
        .flatten()
        .filter(|condition| condition.operator == "null" && condition.says(false) == Some(true))
        .filter_map(|condition| condition.key.clone())
        .collect();
    any(conditions.iter().map(|condition| condition.as_ref().and_then(|condition| condition.keeps_out(&asked))))
}

/// Whether strangers meet all conditions of a statement that denies.
pub(super) fn catches_strangers(statement: Statement<'_>) -> Option<bool> {
    all(Condition::all(statement).map(|condition| condition.and_then(|condition| condition.catches_strangers())))
}

/// Whether a value with wildcards stands for a few.
fn is_narrow(value: &Node, kind: Kind) -> Option<bool> {
    let Some(text) = text(value) else {
        return names_one(value).then_some(true);
    };
    let Some(fixed) = text.find(['*', '?']) else { return Some(true) };
    match kind {
        Kind::Arn => Some(is_narrow_arn(&text)),
        // What is not known may be all of the prefix and more: `${data.aws_organizations_organization.all.id}/*`.
        Kind::Id(prefix) if text.find(HOLE).is_some_and(|hole| hole < prefix.len().min(fixed)) => {
            names_one(value).then_some(true)
        }
        Kind::Id(prefix) => Some(fixed > prefix.len()),
        Kind::Address | Kind::Flag => Some(true),
    }
}

/// Whether an ARN with wildcards stays within one account. Names of buckets are nobody else's, whatever the account.
fn is_narrow_arn(arn: &str) -> bool {
    let fields: Vec<&str> = arn.splitn(6, ':').collect();
    let [_, _, service, _, account, resource] = fields.as_slice() else { return false };
    let is_fixed = |field: &str| !field.is_empty() && !field.contains(['*', '?']);
    is_fixed(account) || (*service == "s3" && !resource.starts_with(['*', '?']) && !resource.is_empty())
}

/// Whether blocks of addresses leave addresses out.
fn addresses(values: &[Node]) -> Option<bool> {
    let texts: Vec<Option<String>> = values.iter().map(text).collect();
    let nets = || texts.iter().flatten().filter_map(|text| text.parse::<IpNet>().ok());
    let four: Vec<Ipv4Net> =
        nets().filter_map(|net| if let IpNet::V4(net) = net { Some(net.trunc()) } else { None }).collect();
    let six: Vec<Ipv6Net> =
        nets().filter_map(|net| if let IpNet::V6(net) = net { Some(net.trunc()) } else { None }).collect();
    let is_all = Ipv4Net::aggregate(&four).iter().any(|net| net.prefix_len() == 0)
        || Ipv6Net::aggregate(&six).iter().any(|net| net.prefix_len() == 0);
    let is_hidden = values.is_empty() || texts.iter().any(|text| text.as_deref().is_none_or(may_be_all));
    if is_all {
        Some(false)
    } else if is_hidden {
        None
    } else {
        Some(true)
    }
}

/// Whether a block with unknown pieces may be all addresses: one that ends in a length above zero may not.
fn may_be_all(text: &str) -> bool {
    let length = text.rsplit_once('/').and_then(|(_, length)| length.parse::<u8>().ok());
    text.contains(HOLE) && length.is_none_or(|length| length == 0)
}
