//! The checks of one rule: whom they ask is known at once, the rest is decoded and bound when the first such resource
//! turns up. A rule that cannot fire costs next to nothing, so that a thousand rules load in a millisecond.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::bind::bind_check;
use crate::blob;
use crate::check::{Check, Param, Selector};

/// The checks of a rule, in the order of its file.
#[derive(Clone, Debug, Default)]
pub struct Checks {
    selectors: Vec<Selector>,
    unbound: Unbound,
    bound: OnceLock<Vec<Check>>,
}

/// Checks that name their parameters.
#[derive(Clone, Debug)]
enum Unbound {
    /// As the compiler makes them.
    Compiled(Vec<Check>),
    /// As they are embedded.
    Encoded(&'static [u8]),
}

impl Checks {
    /// Whom each check asks.
    pub fn selectors(&self) -> &[Selector] {
        &self.selectors
    }

    /// The checks with the values of their parameters, as these stand when somebody first asks.
    pub(crate) fn bound(&self, params: &BTreeMap<String, Param>) -> &[Check] {
        self.bound.get_or_init(|| {
            let mut checks = match &self.unbound {
                Unbound::Compiled(checks) => checks.clone(),
                // The build script encoded them from the same types; a test decodes those of every built-in rule.
                Unbound::Encoded(bytes) => blob::decode(bytes).unwrap_or_default(),
            };
            checks.iter_mut().for_each(|check| bind_check(check, params));
            checks
        })
    }

    /// Forgets the values of parameters, because they have changed.
    pub(crate) fn unbind(&mut self) {
        self.bound = OnceLock::new();
    }
}

impl Default for Unbound {
    fn default() -> Self {
        Self::Compiled(Vec::new())
    }
}

impl From<Vec<Check>> for Checks {
    fn from(checks: Vec<Check>) -> Self {
        let selectors = checks.iter().map(|check| check.selector.clone()).collect();
        Self { selectors, unbound: Unbound::Compiled(checks), bound: OnceLock::new() }
    }
}

impl Serialize for Checks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.unbound {
            Unbound::Encoded(bytes) => (&self.selectors, bytes).serialize(serializer),
            Unbound::Compiled(checks) => {
                let bytes = blob::encode(checks).map_err(serde::ser::Error::custom)?;
                (&self.selectors, bytes).serialize(serializer)
            }
        }
    }
}

impl<'de: 'static> Deserialize<'de> for Checks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (selectors, bytes) = Deserialize::deserialize(deserializer)?;
        Ok(Self { selectors, unbound: Unbound::Encoded(bytes), bound: OnceLock::new() })
    }
}
