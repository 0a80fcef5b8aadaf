//! Alpine's packages: `lib/apk/db/installed`, paragraphs of one-letter fields (apk-tools, `apk-package(5)`).

use secscan_model::Source;

use super::stanza::stanzas;
use super::{Contents, root_of};
use crate::packages::{Ecosystem, Package, SourcePackage};

pub(super) fn claims(path: &str) -> Option<&str> {
    root_of(path, &["usr/lib/apk/db/installed", "lib/apk/db/installed"])
}

pub(super) fn read(source: &Source, contents: &mut Contents) {
    for stanza in stanzas(source) {
        let Some(name) = stanza.get("P") else { continue };
        let mut package = Package::new(Ecosystem::Apk, "apk installed", name, stanza.at());
        package.version = stanza.get("V");
        package.licence = stanza.get("L");
        package.qualifiers.extend(stanza.get("A").map(|arch| ("arch", arch.text.to_string())));
        package.source_package = stanza.get("o").map(|name| SourcePackage { name, version: None });
        contents.packages.push(package);
    }
}
