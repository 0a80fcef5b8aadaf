//! Debian's packages: `var/lib/dpkg/status`, or a file each in `status.d` where there is no dpkg (distroless images).

use secscan_model::Source;

use super::stanza::stanzas;
use super::{Contents, root_of};
use crate::packages::{Ecosystem, Package, SourcePackage};

pub(super) fn claims(path: &str) -> Option<&str> {
    let (folder, name) = path.rsplit_once('/')?;
    let is_single = !name.ends_with(".md5sums");
    root_of(path, &["var/lib/dpkg/status"])
        .or_else(|| root_of(folder, &["var/lib/dpkg/status.d"]).filter(|_| is_single))
}

pub(super) fn read(source: &Source, contents: &mut Contents) {
    for stanza in stanzas(source) {
        // The third word says what is there: of removed packages the configuration may be left.
        let status = stanza.get("Status");
        let is_gone = status
            .is_some_and(|status| matches!(status.text.split(' ').nth(2), Some("not-installed" | "config-files")));
        let Some(name) = stanza.get("Package").filter(|_| !is_gone) else { continue };
        let mut package = Package::new(Ecosystem::Deb, "dpkg status", name, stanza.at());
        package.version = stanza.get("Version");
        package.qualifiers.extend(stanza.get("Architecture").map(|arch| ("arch", arch.text.to_string())));
        package.source_package = stanza.get("Source").map(|source| {
            // `name (version)`, the version only where it differs.
            let (name, version) = match source.text.split_once(" (") {
                Some((name, rest)) => {
                    let start = name.len() + 2;
                    (name.len(), Some(source.part(start..start + rest.trim_end_matches(')').len())))
                }
                None => (source.text.len(), None),
            };
            SourcePackage { name: source.part(0..name), version }
        });
        contents.packages.push(package);
    }
}
