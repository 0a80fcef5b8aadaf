//! A rule that cannot fire costs next to nothing: what it asks, and whom, is decoded when a file turns up that it is about.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use secscan_code::{Language, Question};
use secscan_model::{Lazy, Platform};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::bind::{bind_check, bind_question};
use crate::blob;
use crate::check::{Check, Param, Selector};

/// One kind of question.
pub trait Ask: Clone + DeserializeOwned + Serialize {
    /// Who is asked.
    type Whom: DeserializeOwned + Serialize;

    /// What those who are asked belong to: a platform, a language.
    type Realm: Copy;

    /// What it belongs to, as a bit.
    fn bit(realm: Self::Realm) -> u32;

    /// What somebody belongs to.
    fn realm(whom: &Self::Whom) -> Self::Realm;

    /// Who is asked this.
    fn whom(&self) -> Self::Whom;

    /// Takes the values of parameters, which `are_changed` where they are not those that the rule file gives.
    fn bind(&mut self, params: &BTreeMap<String, Param>, are_changed: bool);
}

impl Ask for Check {
    type Whom = Selector;
    type Realm = Platform;

    fn bit(platform: Platform) -> u32 {
        1 << platform as u32
    }

    fn realm(selector: &Selector) -> Platform {
        selector.platform
    }

    fn whom(&self) -> Selector {
        self.selector.clone()
    }

    fn bind(&mut self, params: &BTreeMap<String, Param>, _: bool) {
        bind_check(self, params);
    }
}

impl Ask for Question {
    type Whom = Language;
    type Realm = Language;

    fn bit(language: Language) -> u32 {
        1 << language as u32
    }

    fn realm(language: &Language) -> Language {
        *language
    }

    fn whom(&self) -> Language {
        self.language
    }

    fn bind(&mut self, params: &BTreeMap<String, Param>, are_changed: bool) {
        bind_question(self, params, are_changed);
    }
}

/// The questions of a rule to resources, one a check of its file.
pub type Checks = Asks<Check>;

/// The questions of a rule to source code, one a language.
pub type Questions = Asks<Question>;

/// The questions of a rule, in the order of its file.
#[derive(Clone, Debug)]
pub struct Asks<T: Ask> {
    /// The platforms or languages that are asked, one bit each.
    realms: u32,
    whom: Lazy<Vec<T::Whom>>,
    unbound: Unbound<T>,
    are_params_changed: bool,
    bound: OnceLock<Vec<T>>,
}

/// Questions that name their parameters.
#[derive(Clone, Debug)]
enum Unbound<T> {
    /// As the compiler makes them.
    Compiled(Vec<T>),
    /// As they are embedded.
    Encoded(&'static [u8]),
}

impl<T: Ask> Asks<T> {
    /// Whether a question is about this platform or language.
    pub fn are_about(&self, realm: T::Realm) -> bool {
        self.realms & T::bit(realm) != 0
    }

    /// Whom each question asks.
    pub fn whom(&self) -> &[T::Whom] {
        &self.whom
    }

    /// The questions with the values of their parameters, as these stand when somebody first asks.
    pub(crate) fn bound(&self, params: &BTreeMap<String, Param>) -> &[T] {
        self.bound.get_or_init(|| {
            let mut asks = match &self.unbound {
                Unbound::Compiled(asks) => asks.clone(),
                // The build script encoded them from the same types; a test decodes those of every built-in rule.
                Unbound::Encoded(bytes) => blob::decode(bytes).unwrap_or_default(),
            };
            asks.iter_mut().for_each(|ask| ask.bind(params, self.are_params_changed));
            asks
        })
    }

    /// Forgets the values of parameters, because they have changed.
    pub(crate) fn unbind(&mut self) {
        self.are_params_changed = true;
        self.bound = OnceLock::new();
    }
}

impl<T: Ask> Default for Asks<T> {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl<T: Ask> From<Vec<T>> for Asks<T> {
    fn from(asks: Vec<T>) -> Self {
        let whom: Vec<_> = asks.iter().map(T::whom).collect();
        let realms = whom.iter().fold(0, |realms, whom| realms | T::bit(T::realm(whom)));
        Self {
            realms,
            whom: whom.into(),
            unbound: Unbound::Compiled(asks),
            are_params_changed: false,
            bound: OnceLock::new(),
        }
    }
}

impl<T: Ask> Serialize for Asks<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.unbound {
            Unbound::Encoded(bytes) => (self.realms, &self.whom, bytes).serialize(serializer),
            Unbound::Compiled(asks) => {
                let bytes = blob::encode(asks).map_err(serde::ser::Error::custom)?;
                (self.realms, &self.whom, bytes).serialize(serializer)
            }
        }
    }
}

impl<'de: 'static, T: Ask> Deserialize<'de> for Asks<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (realms, whom, bytes) = Deserialize::deserialize(deserializer)?;
        Ok(Self { realms, whom, unbound: Unbound::Encoded(bytes), are_params_changed: false, bound: OnceLock::new() })
    }
}
