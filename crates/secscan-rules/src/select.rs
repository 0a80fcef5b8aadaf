//! A type stands alone or with `*`; how a type is compared depends on its platform.

use std::borrow::Cow;

use secscan_model::{Platform, Resource};

use crate::check::Selector;

/// Whether a selector means a resource.
pub fn matches(selector: &Selector, resource: &Resource) -> bool {
    selector.platform == resource.platform && selector.types.iter().any(|pattern| is_type(pattern, resource))
}

/// Whether a type pattern means a resource: `*` stands for anything; `group/Kind` of Kubernetes looks at `apiVersion`;
/// Azure ignores case.
pub fn is_type(pattern: &str, resource: &Resource) -> bool {
    match pattern.split_once('/') {
        Some((group, kind)) if resource.platform == Platform::Kubernetes => {
            let version = resource.value.get("apiVersion").and_then(|node| node.as_str()).unwrap_or_default();
            let actual = version.split_once('/').map_or("", |(group, _)| group);
            glob(group, actual) && glob(kind, &resource.kind)
        }
        _ => is_kind(resource.platform, pattern, &resource.kind),
    }
}

/// Whether the part of a pattern that looks at the type means a type.
pub(crate) fn is_kind(platform: Platform, pattern: &str, kind: &str) -> bool {
    match platform {
        Platform::Arm => glob(&pattern.to_ascii_lowercase(), &kind.to_ascii_lowercase()),
        _ => glob(pattern, kind),
    }
}

/// A type as the index of checks has it.
pub(crate) fn folded(platform: Platform, kind: &str) -> Cow<'_, str> {
    match platform {
        Platform::Arm => kind.to_ascii_lowercase().into(),
        _ => kind.into(),
    }
}

/// The part of a type pattern that looks at the type itself.
pub(crate) fn kind(platform: Platform, pattern: &str) -> &str {
    match pattern.split_once('/') {
        Some((_, kind)) if platform == Platform::Kubernetes => kind,
        _ => pattern,
    }
}

/// Whether text matches a pattern in which `*` stands for any run of characters.
pub fn glob(pattern: &str, text: &str) -> bool {
    let is_same = |(expected, found): &(u8, u8)| expected == found && *expected != b'*';
    let head = pattern.bytes().zip(text.bytes()).take_while(is_same).count();
    match pattern.as_bytes().get(head) {
        None => return head == text.len(),
        Some(b'*') => {}
        Some(_) => return false,
    }
    let mut text = &text[head..];
    let mut parts = pattern[head + 1..].split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return text.ends_with(part);
        }
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn a_star_stands_for_anything() {
        assert!(glob("aws_*", "aws_s3_bucket"));
        assert!(glob("azurerm_*_virtual_machine", "azurerm_linux_virtual_machine"));
        assert!(!glob("azurerm_*_virtual_machine", "azurerm_virtual_machine"));
        assert!(glob("*", "") && glob("é*", "éa") && !glob("é*", "è"));
        assert!(!glob("aws_s3_bucket", "aws_s3_bucket_acl"));
        assert!(!glob("a*ba", "aba_"), "the last part is at the end");
    }
}
