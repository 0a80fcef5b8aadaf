//! `gradle.lockfile` and `buildscript-gradle.lockfile`
//! (<https://docs.gradle.org/current/userguide/dependency_locking.html>): `GROUP:NAME:VERSION=CONFIGURATIONS`.

use secscan_model::{Comment, Source};

use super::lockfile::Lockfile;
use super::text::Text;
use super::{Contents, Ecosystem, Package, PackageSource, SourceKind};

/// Reads a Gradle lockfile.
pub(super) fn read(source: &Source, contents: &mut Contents) {
    let Some(text) = Text::new(source, contents) else { return };
    let mut lockfile = Lockfile::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line.starts_with('#') {
            contents.comments.push(Comment { span: text.span(line), trailing: false });
            continue;
        }
        let (coordinates, configurations) = line.split_once('=').unwrap_or((line, ""));
        if coordinates == "empty" {
            continue;
        }
        let Some((name, version)) =
            coordinates.rsplit_once(':').filter(|(name, version)| name.contains(':') && !version.is_empty())
        else {
            contents.complain(source, text.span(line), "this line is no locked dependency");
            continue;
        };
        let mut package = Package::new(Ecosystem::Maven, "gradle.lockfile", text.written(name), text.at(line));
        package.version = Some(text.written(version));
        package.source = Some(PackageSource::of_kind(SourceKind::Registry));
        let mut configurations = configurations.split(',').filter(|name| !name.is_empty()).peekable();
        if configurations.peek().is_some() {
            package.dev = Some(configurations.all(|name| name.to_ascii_lowercase().contains("test")));
        }
        lockfile.packages.push(package);
    }
    contents.lockfile = Some(lockfile);
}
