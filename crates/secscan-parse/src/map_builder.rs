//! Maps under construction: keys stay unique without a search through all of them, and frequent texts are shared.

use std::sync::Arc;

use foldhash::HashMap;
use secscan_model::{Entry, Map, Node};

/// Up to this many keys are compared one by one, which is faster than hashing them.
const FEW: usize = 12;

/// A map under construction, each key once, in the order of first appearance.
#[derive(Default)]
pub(crate) struct MapBuilder {
    entries: Vec<Entry>,
    /// The position of each key, once there are more than [`FEW`].
    index: HashMap<Arc<str>, usize>,
}

impl MapBuilder {
    /// Sets a key and returns its position together with the value that stood there before.
    pub(crate) fn insert(&mut self, key: Arc<str>, value: Node) -> (usize, Option<Node>) {
        if let Some(position) = self.position(&key)
            && let Some(entry) = self.entries.get_mut(position)
        {
            return (position, Some(std::mem::replace(&mut entry.value, value)));
        }
        let position = self.entries.len();
        if position > FEW {
            self.index.insert(key.clone(), position);
        } else if position == FEW {
            let keys = self.entries.iter().map(|entry| &entry.key).chain([&key]);
            self.index = keys.cloned().zip(0..).collect();
        }
        self.entries.push(Entry { key, value });
        (position, None)
    }

    /// Whether a key is set.
    pub(crate) fn contains(&self, key: &str) -> bool {
        self.position(key).is_some()
    }

    /// The value at a position.
    pub(crate) fn value_mut(&mut self, position: usize) -> Option<&mut Node> {
        self.entries.get_mut(position).map(|entry| &mut entry.value)
    }

    /// The finished map.
    pub(crate) fn finish(self) -> Map {
        Map::from_unique(self.entries)
    }

    fn position(&self, key: &str) -> Option<usize> {
        if self.entries.len() > FEW {
            return self.index.get(key).copied();
        }
        self.entries.iter().position(|entry| &*entry.key == key)
    }
}

/// Shares equal texts that come close to one another: keys, words such as `true`, names. A small cache, not a set, so
/// that its memory and time are bounded whatever the input.
pub(crate) struct Interner {
    slots: Vec<Option<Arc<str>>>,
}

impl Interner {
    const SLOTS: usize = 512;
    const LONGEST: usize = 40;

    /// An empty cache.
    pub(crate) fn new() -> Self {
        Self { slots: vec![None; Self::SLOTS] }
    }

    /// The text as a shared one.
    pub(crate) fn share(&mut self, text: &str) -> Arc<str> {
        if text.len() > Self::LONGEST {
            return text.into();
        }
        let hash = text.bytes().fold(0xcbf2_9ce4u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        let slot = (hash ^ (hash >> 16)) as usize % Self::SLOTS;
        match self.slots.get_mut(slot) {
            Some(Some(known)) if **known == *text => known.clone(),
            Some(slot) => slot.insert(text.into()).clone(),
            None => text.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secscan_model::Location;

    #[test]
    fn keys_stay_unique_beyond_the_linear_part() {
        let mut builder = MapBuilder::default();
        for number in 0..100 {
            let (position, before) = builder.insert(number.to_string().into(), Node::int(number, Location::default()));
            assert_eq!((position, before.is_none()), (number as usize, true));
        }
        for number in 0..100 {
            let (position, before) = builder.insert(number.to_string().into(), Node::int(-1, Location::default()));
            assert_eq!((position, before.and_then(|node| node.as_int())), (number as usize, Some(number)));
        }
        assert!(builder.contains("99") && !builder.contains("100"));
        let map = builder.finish();
        assert_eq!(map.len(), 100);
        assert_eq!(map.get("57").and_then(Node::as_int), Some(-1));
    }

    #[test]
    fn equal_texts_are_shared_and_different_ones_kept_apart() {
        let mut interner = Interner::new();
        let texts: Vec<String> = (0..5_000).map(|number| format!("key{number}")).collect();
        for text in &texts {
            assert_eq!(*interner.share(text), **text);
        }
        let first = interner.share("name");
        assert!(Arc::ptr_eq(&first, &interner.share("name")));
    }
}
