//! The engine has one judge for each name of this table, and one built-in rule file names each; tests hold both.

use secscan_model::Platform;

/// A judge that the engine has.
#[derive(Debug)]
pub struct Native {
    /// What rule files write behind `native:`.
    pub name: &'static str,
    /// The platforms whose resources it looks at.
    pub platforms: &'static [Platform],
}

/// All of them.
pub static NATIVES: &[Native] = &[
    Native { name: "iam-privilege-escalation", platforms: &[Platform::Terraform, Platform::CloudFormation] },
    Native { name: "public-path", platforms: &[Platform::Terraform, Platform::CloudFormation] },
    Native { name: "rbac-path", platforms: &[Platform::Kubernetes] },
    Native { name: "vulnerable-dependency", platforms: &[Platform::Package] },
];

/// The judge of a name.
pub fn native(name: &str) -> Option<&'static Native> {
    NATIVES.iter().find(|native| native.name == name)
}
