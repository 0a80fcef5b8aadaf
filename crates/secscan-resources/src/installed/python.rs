//! Python's installed distributions: `METADATA` of wheels, `PKG-INFO` of eggs (Core metadata specifications, PEP 566).

use secscan_model::Source;

use super::stanza::stanzas;
use super::{Contents, folder_of};
use crate::packages::{Ecosystem, Package, Written};

pub(super) fn claims(path: &str) -> Option<&str> {
    let (folder, name) = path.rsplit_once('/')?;
    let is_wheel = name == "METADATA" && folder.ends_with(".dist-info");
    let is_egg = (name == "PKG-INFO" && (folder.ends_with(".egg-info") || folder.ends_with("EGG-INFO")))
        || (name.ends_with(".egg-info") && folder.ends_with("-packages"));
    (is_wheel || is_egg).then(|| if name.ends_with(".egg-info") { folder } else { folder_of(folder) })
}

pub(super) fn read(source: &Source, contents: &mut Contents) {
    let Some(stanza) = stanzas(source).next() else { return };
    let Some(name) = stanza.get("Name") else { return };
    let name = Written::new(Ecosystem::Pypi.normal(&name.text), name.at);
    let mut package = Package::new(Ecosystem::Pypi, "Python metadata", name, stanza.at());
    package.version = stanza.get("Version");
    let is_stated = |licence: &Written| &*licence.text != "UNKNOWN";
    package.licence = stanza.get("License-Expression").or_else(|| stanza.get("License")).filter(is_stated);
    contents.packages.push(package);
}
