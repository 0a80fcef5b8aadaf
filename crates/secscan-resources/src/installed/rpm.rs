//! RPM's packages, as `secscan-image` writes them out of the database: a line each, with tabs between name, epoch, version,
//! release, architecture, source package and licence.

use secscan_model::{DiagnosticKind, Source, Span};

use super::lines::{columns, lines};
use super::{Contents, root_of};
use crate::packages::{Ecosystem, Package, SourcePackage, Written};

pub(super) fn claims(path: &str) -> Option<&str> {
    root_of(path, &["var/lib/rpm/rpmdb.sqlite!packages", "usr/lib/sysimage/rpm/rpmdb.sqlite!packages"])
}

/// The databases of before, in the formats of Berkeley DB and of SUSE.
pub(super) fn claims_old(path: &str) -> Option<&str> {
    const OLD: &[&str] = &[
        "var/lib/rpm/Packages",
        "var/lib/rpm/Packages.db",
        "usr/lib/sysimage/rpm/Packages",
        "usr/lib/sysimage/rpm/Packages.db",
    ];
    root_of(path, OLD)
}

pub(super) fn refuse(source: &Source, contents: &mut Contents) {
    let format = if source.path.ends_with(".db") { "ndb" } else { "Berkeley DB" };
    let message = format!("an RPM database in the format {format}, which is not read: its packages were not judged");
    contents.complain(source, DiagnosticKind::Unreadable, message);
}

pub(super) fn read(source: &Source, contents: &mut Contents) {
    for (at, line) in lines(source.text().unwrap_or_default()) {
        let mut fields = columns(source, at, line);
        let mut next = || fields.next().filter(|field| !field.text.is_empty());
        let Some(name) = next() else { continue };
        let (epoch, version, release, arch, from, licence) = (next(), next(), next(), next(), next(), next());
        let whole = source.at(Span::new(at, at + line.len()));
        let mut package = Package::new(Ecosystem::Rpm, "rpm database", name, whole);
        package.version = version.map(|version| {
            let epoch = epoch.map(|epoch| format!("{}:", epoch.text)).unwrap_or_default();
            let release = release.map(|release| format!("-{}", release.text)).unwrap_or_default();
            Written::new(format!("{epoch}{}{release}", version.text), version.at)
        });
        package.qualifiers.extend(arch.map(|arch| ("arch", arch.text.to_string())));
        package.source_package = from.map(|name| SourcePackage { name, version: None });
        package.licence = licence;
        contents.packages.push(package);
    }
}
