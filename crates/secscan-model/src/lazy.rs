//! Thousands of rules are embedded and a scan asks few of them: what the others say is never decoded.

use std::sync::OnceLock;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value that stays as it is embedded until somebody looks at it.
#[derive(Clone)]
pub struct Lazy<T> {
    encoded: &'static [u8],
    value: OnceLock<Box<T>>,
}

impl<T> From<T> for Lazy<T> {
    fn from(value: T) -> Self {
        Self { encoded: &[], value: Box::new(value).into() }
    }
}

impl<T: Default> Default for Lazy<T> {
    fn default() -> Self {
        T::default().into()
    }
}

impl<T: Default + Deserialize<'static>> std::ops::Deref for Lazy<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // The build script encoded it from the same type; tests decode all that is embedded.
        self.value.get_or_init(|| Box::new(postcard::from_bytes(self.encoded).unwrap_or_default()))
    }
}

impl<T: Default + Deserialize<'static> + std::fmt::Debug> std::fmt::Debug for Lazy<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: Default + Deserialize<'static> + PartialEq> PartialEq for Lazy<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Serialize> Serialize for Lazy<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value.get() {
            Some(value) => {
                let encoded = postcard::to_allocvec(value).map_err(serde::ser::Error::custom)?;
                serializer.serialize_bytes(&encoded)
            }
            None => serializer.serialize_bytes(self.encoded),
        }
    }
}

impl<'de: 'static, T> Deserialize<'de> for Lazy<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let encoded = <&[u8]>::deserialize(deserializer).map_err(D::Error::custom)?;
        Ok(Self { encoded, value: OnceLock::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_the_same_before_and_after_it_was_embedded() {
        let value: Lazy<Vec<String>> = vec!["a".to_owned(), "b".to_owned()].into();
        let embedded = postcard::to_allocvec(&value).expect("it encodes").leak();
        let decoded: Lazy<Vec<String>> = postcard::from_bytes(embedded).expect("it decodes");
        assert!(decoded.value.get().is_none(), "nobody has looked at it");
        assert_eq!(postcard::to_allocvec(&decoded).expect("it encodes"), embedded);
        assert_eq!((decoded.len(), &decoded), (2, &value));
    }
}
