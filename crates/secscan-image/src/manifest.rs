//! Manifests, indexes and configurations: only what is needed of them, and lenient about the rest.
//!
//! OCI image specification 1.1 (`manifest.md`, `image-index.md`, `config.md`); Docker's older types have the same fields.

use std::sync::Arc;

use serde::Deserialize;

use crate::ImageError;
use crate::digest::Digest;

/// A reference to a blob.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Descriptor {
    pub(crate) digest: String,
    pub(crate) size: u64,
    pub(crate) platform: Option<PlatformFile>,
    pub(crate) annotations: std::collections::BTreeMap<String, String>,
}

/// The platform of a manifest.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PlatformFile {
    pub(crate) os: String,
    pub(crate) architecture: String,
    pub(crate) variant: Option<String>,
}

/// An index or a manifest: which of them, its fields say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ManifestFile {
    pub(crate) manifests: Option<Vec<Descriptor>>,
    pub(crate) config: Option<Descriptor>,
    pub(crate) layers: Option<Vec<Descriptor>>,
}

/// What of an image's configuration its layers need.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ConfigFile {
    pub(crate) os: String,
    pub(crate) architecture: String,
    pub(crate) variant: Option<String>,
    pub(crate) history: Vec<History>,
    pub(crate) rootfs: RootFs,
}

/// One step of an image's history.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct History {
    pub(crate) created_by: String,
    /// Whether it made no layer.
    pub(crate) empty_layer: bool,
}

/// The digests of the unpacked layers.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RootFs {
    pub(crate) diff_ids: Vec<String>,
}

/// The largest manifest or configuration that is read: registries take no larger ones.
pub(crate) const LARGEST_DOCUMENT: u64 = 8 * 1024 * 1024;

/// The operating system and processor that an image is for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Platform {
    /// Such as `linux`.
    pub os: String,
    /// In Go's words, such as `amd64`.
    pub architecture: String,
    /// Such as `v7`; any when there is none.
    pub variant: Option<String>,
}

impl Platform {
    /// Linux on this machine's processor.
    pub fn usual() -> Self {
        let architecture = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "x86" => "386",
            "aarch64" => "arm64",
            "powerpc64" => "ppc64le",
            other => other,
        };
        Self { os: "linux".to_owned(), architecture: architecture.to_owned(), variant: None }
    }

    /// Whether an image says to be for this platform.
    pub(crate) fn fits(&self, os: &str, architecture: &str, variant: Option<&str>) -> bool {
        let is_variant = self.variant.as_deref().is_none_or(|wanted| variant == Some(wanted));
        self.os == os && self.architecture == architecture && is_variant
    }
}

impl std::fmt::Display for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.iter().try_for_each(|variant| write!(f, "/{variant}"))
    }
}

impl std::str::FromStr for Platform {
    type Err = ImageError;

    fn from_str(text: &str) -> Result<Self, ImageError> {
        let mut parts = text.split('/');
        let named = |part: Option<&str>| part.filter(|part| !part.is_empty()).map(str::to_owned);
        match (named(parts.next()), named(parts.next()), parts.next(), parts.next()) {
            (Some(os), Some(architecture), variant, None) if variant != Some("") => {
                Ok(Self { os, architecture, variant: variant.map(str::to_owned) })
            }
            _ => Err(ImageError::PlatformWord(text.to_owned())),
        }
    }
}

impl Descriptor {
    /// Whether it leads to something beside images: provenance, signatures.
    fn is_attachment(&self) -> bool {
        let is_unknown = self.platform.as_ref().is_some_and(|platform| platform.os == "unknown");
        is_unknown || self.annotations.contains_key("vnd.docker.reference.type")
    }

    /// The name that a layout gives it.
    pub(crate) fn name(&self) -> Option<&str> {
        let name = |key| self.annotations.get(key).map(String::as_str);
        name("io.containerd.image.name").or_else(|| name("org.opencontainers.image.ref.name"))
    }

    fn has_name(&self, wanted: &str) -> bool {
        ["io.containerd.image.name", "org.opencontainers.image.ref.name"]
            .iter()
            .any(|key| self.annotations.get(*key).is_some_and(|name| name == wanted))
            || self.digest == wanted
    }
}

/// Which entry of an index is meant.
pub(crate) struct Choice<'a> {
    /// The target, for errors.
    pub(crate) target: &'a str,
    /// The name within a layout.
    pub(crate) name: Option<&'a str>,
    pub(crate) platform: &'a Platform,
}

impl Choice<'_> {
    /// Chooses the entry of an index: by name, then by platform.
    pub(crate) fn among<'d>(&self, entries: &'d [Descriptor]) -> Result<&'d Descriptor, ImageError> {
        let images: Vec<_> = entries.iter().filter(|entry| !entry.is_attachment()).collect();
        let named: Vec<_> = match self.name {
            Some(name) if images.iter().any(|entry| entry.has_name(name)) => {
                images.iter().copied().filter(|entry| entry.has_name(name)).collect()
            }
            Some(name) if images.iter().any(|entry| entry.name().is_some()) => {
                let names = names(&images);
                let reason = format!("there is no image `{name}` in it; there are: {names}");
                return Err(ImageError::NotAnImage { target: self.target.to_owned(), reason });
            }
            _ => images,
        };
        let fits = |entry: &&&Descriptor| match &entry.platform {
            Some(platform) => self.platform.fits(&platform.os, &platform.architecture, platform.variant.as_deref()),
            None => true,
        };
        let mut fitting = named.iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(entry), None) => Ok(entry),
            // A platform may be there several times, for its variants: the first is the usual one.
            (Some(entry), Some(second)) if entry.platform.is_some() && second.platform.is_some() => Ok(entry),
            (Some(entry), Some(_)) if named.iter().all(|other| other.digest == entry.digest) => Ok(entry),
            (Some(_), Some(_)) => Err(ImageError::Several { target: self.target.to_owned(), names: names(&named) }),
            (None, _) if named.is_empty() => Err(ImageError::NotAnImage {
                target: self.target.to_owned(),
                reason: "its index names no image".to_owned(),
            }),
            (None, _) => Err(ImageError::Platform {
                target: self.target.to_owned(),
                wanted: self.platform.to_string(),
                known: platforms(&named),
            }),
        }
    }
}

fn names(entries: &[&Descriptor]) -> String {
    let name = |entry: &&Descriptor| entry.name().unwrap_or(&entry.digest).to_owned();
    entries.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn platforms(entries: &[&Descriptor]) -> String {
    let known = entries.iter().filter_map(|entry| entry.platform.as_ref());
    let word = |known: &PlatformFile| {
        let variant = known.variant.iter().map(|variant| format!("/{variant}"));
        format!("{}/{}{}", known.os, known.architecture, variant.collect::<String>())
    };
    known.map(word).collect::<Vec<_>>().join(", ")
}

/// One layer of an image, before it is read.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    /// Where its blob is: a digest, or the name of a member of an archive.
    pub(crate) blob: String,
    /// What the blob's own bytes must have.
    pub(crate) digest: Option<Digest>,
    /// How many bytes the blob is said to have.
    pub(crate) size: Option<u64>,
    /// What its unpacked bytes must have, where `digest` says nothing.
    pub(crate) diff_id: Option<Digest>,
    /// The instruction that made it.
    pub(crate) created_by: Arc<str>,
}

impl Layer {
    /// The layers of a manifest, lowest first.
    pub(crate) fn of_descriptors(descriptors: &[Descriptor], config: &ConfigFile) -> Vec<Self> {
        let steps = steps(config, descriptors.len());
        let layer = |(descriptor, created_by): (&Descriptor, Arc<str>)| Self {
            blob: descriptor.digest.clone(),
            digest: Digest::parse(&descriptor.digest),
            size: Some(descriptor.size),
            diff_id: None,
            created_by,
        };
        descriptors.iter().zip(steps).map(layer).collect()
    }

    /// What reports call it.
    pub(crate) fn shown_digest(&self) -> Arc<str> {
        let known = self.digest.as_ref().or(self.diff_id.as_ref());
        known.map_or_else(|| self.blob.as_str().into(), |digest| digest.as_str().clone())
    }
}

/// The instructions that made `count` layers; empty ones where the history does not fit them.
pub(crate) fn steps(config: &ConfigFile, count: usize) -> Vec<Arc<str>> {
    let made: Vec<_> = config.history.iter().filter(|step| !step.empty_layer).collect();
    if made.len() != count {
        return vec!["".into(); count];
    }
    made.iter().map(|step| masked(step.created_by.trim()).into()).collect()
}

/// An instruction without the values of what seems to be a secret: every finding of its layer shows it.
fn masked(instruction: &str) -> String {
    const WORDS: &[&str] = &["pass", "pwd", "secret", "token", "key", "credential", "auth"];
    let word = |word: &str| match word.split_once('=') {
        Some((name, value)) if !value.is_empty() => {
            let lower = name.to_ascii_lowercase();
            if WORDS.iter().any(|known| lower.contains(known)) { format!("{name}=***") } else { word.to_owned() }
        }
        _ => word.to_owned(),
    };
    instruction.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, platform: &str) -> Descriptor {
        let platform: Option<Platform> = platform.parse().ok();
        let annotations = [("org.opencontainers.image.ref.name".to_owned(), name.to_owned())];
        Descriptor {
            digest: format!("{name}-{platform:?}"),
            platform: platform.map(|it| PlatformFile { os: it.os, architecture: it.architecture, variant: it.variant }),
            annotations: annotations.into_iter().filter(|(_, name)| !name.is_empty()).collect(),
            ..Descriptor::default()
        }
    }

    fn choose<'d>(entries: &'d [Descriptor], name: Option<&str>, platform: &str) -> Result<&'d Descriptor, String> {
        let platform = platform.parse().expect("a platform");
        Choice { target: "oci:x", name, platform: &platform }.among(entries).map_err(|error| error.to_string())
    }

    #[test]
    fn names_and_platforms_choose() {
        let by_platform = [entry("", "linux/amd64"), entry("", "linux/arm/v7"), entry("", "unknown/unknown")];
        assert!(choose(&by_platform, None, "linux/amd64").is_ok());
        assert!(choose(&by_platform, None, "linux/arm").is_ok());
        assert_eq!(
            choose(&by_platform, None, "linux/s390x").unwrap_err(),
            "oci:x is not there for the platform linux/s390x; choose with --platform among: linux/amd64, linux/arm/v7"
        );
        let by_name = [entry("a", ""), entry("b", "")];
        assert_eq!(choose(&by_name, Some("b"), "linux/amd64").expect("it is there").name(), Some("b"));
        assert!(choose(&by_name, None, "linux/amd64").unwrap_err().contains("a, b"));
        assert!(choose(&by_name, Some("c"), "linux/amd64").unwrap_err().contains("no image `c`"));
        assert!(choose(&[], None, "linux/amd64").unwrap_err().contains("names no image"));
    }

    #[test]
    fn instructions_tell_no_secrets() {
        let instruction = "RUN |2 NPM_TOKEN=abc A=b /bin/sh -c npm ci --auth=x # buildkit";
        assert_eq!(masked(instruction), "RUN |2 NPM_TOKEN=*** A=b /bin/sh -c npm ci --auth=*** # buildkit");
    }

    #[test]
    fn a_platform_is_two_or_three_words() {
        for bad in ["", "linux", "linux/", "/amd64", "linux/arm/", "a/b/c/d"] {
            assert!(bad.parse::<Platform>().is_err(), "{bad}");
        }
        assert_eq!("linux/arm/v7".parse::<Platform>().expect("it is one").to_string(), "linux/arm/v7");
    }
}
