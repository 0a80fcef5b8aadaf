//! Bills of materials: CycloneDX 1.2 to 1.6 in JSON (<https://cyclonedx.org/docs/1.6/json/>) and SPDX 2.2 and 2.3 in JSON
//! (<https://spdx.github.io/spdx-spec/v2.3/>). They are known by what is in them, whatever the file is called.

use std::collections::HashMap;

use secscan_model::{Diagnostic, Map, Node, Platform, Resource, Source};

use super::ecosystem::Purl;
use super::lockfile::{Lockfile, Need, Project, Root};
use super::{Ecosystem, Package, PackageSource, SourceKind, Written, unit};
use crate::{Batch, Reader};

/// The most components; a list that is longer is cut.
const LIMIT: usize = 200_000;

/// The reader of bills of materials.
#[derive(Debug)]
pub struct Sbom;

impl Reader for Sbom {
    fn platform(&self) -> Platform {
        Platform::Package
    }

    fn accepts(&self, _: &str, document: &Node) -> bool {
        is_cyclonedx(document) || is_spdx(document)
    }

    fn resembles(&self, source: &Source) -> bool {
        let has = |word: &str| memchr::memmem::find(&source.bytes, word.as_bytes()).is_some();
        has("\"bomFormat\"") || has("\"spdxVersion\"")
    }

    fn read(&self, source: &Source, document: &Node, batch: &mut Batch, _: &mut Vec<Diagnostic>) {
        let bill = if is_cyclonedx(document) { Bill::of_cyclonedx(document) } else { Bill::of_spdx(document) };
        bill.emit(source, document, batch);
    }
}

fn is_cyclonedx(document: &Node) -> bool {
    document.get("bomFormat").and_then(Node::as_str) == Some("CycloneDX")
}

fn is_spdx(document: &Node) -> bool {
    document.get("spdxVersion").and_then(Node::as_str).is_some_and(|version| version.starts_with("SPDX-2"))
}

/// What a bill says, in the terms that both formats share.
struct Bill<'d> {
    format: &'static str,
    lockfile: Lockfile,
    /// The packages by the name that the bill gives them.
    by_ref: HashMap<&'d str, u32>,
    /// Who needs whom.
    needs: Vec<(&'d str, &'d str)>,
    /// What the bill is about.
    subject: Option<&'d str>,
    subject_name: Option<Written>,
    /// What of the minimum elements the bill states.
    stated: Vec<(&'static str, Node)>,
}

impl<'d> Bill<'d> {
    fn new(format: &'static str) -> Self {
        let (lockfile, by_ref, needs, stated) = Default::default();
        Self { format, lockfile, by_ref, needs, subject: None, subject_name: None, stated }
    }

    fn of_cyclonedx(document: &'d Node) -> Self {
        let mut bill = Self::new("CycloneDX");
        let field = |node: &'d Node, name: &str| node.get(name).and_then(Node::as_str);
        if let Some(metadata) = document.get("metadata") {
            let subject = metadata.get("component");
            bill.subject = subject.and_then(|subject| field(subject, "bom-ref"));
            bill.subject_name = subject.and_then(|subject| subject.get("name")).and_then(Written::of);
            for (key, names) in
                [("timestamp", &["timestamp"][..]), ("author", &["authors", "manufacturer", "supplier", "tools"])]
            {
                let found = names.iter().find_map(|name| metadata.get(name));
                bill.stated.extend(found.map(|found| (key, found.clone())));
            }
        }
        bill.stated.extend(document.get("specVersion").map(|version| ("format-version", version.clone())));
        // Components may hold others; the list saves the recursion.
        let mut open: Vec<&Node> =
            document.get("components").map(Node::items).unwrap_or_default().iter().rev().collect();
        while let Some(component) = open.pop().filter(|_| bill.lockfile.packages.len() < LIMIT) {
            open.extend(component.get("components").map(Node::items).unwrap_or_default().iter().rev());
            let is_file = matches!(field(component, "type"), Some("file" | "operating-system" | "data"));
            if let Some(package) = cyclonedx_package(component).filter(|_| !is_file) {
                bill.add(field(component, "bom-ref"), package);
            }
        }
        for entry in document.get("dependencies").map(Node::items).unwrap_or_default() {
            let Some(from) = field(entry, "ref") else { continue };
            let to = entry.get("dependsOn").map(Node::items).unwrap_or_default();
            bill.needs.extend(to.iter().filter_map(Node::as_str).map(|to| (from, to)));
        }
        bill
    }

    fn of_spdx(document: &'d Node) -> Self {
        let mut bill = Self::new("SPDX");
        let field = |node: &'d Node, name: &str| node.get(name).and_then(Node::as_str);
        bill.stated.extend(document.get("spdxVersion").map(|version| ("format-version", version.clone())));
        for (key, name) in [("timestamp", "created"), ("author", "creators")] {
            bill.stated.extend(document.at_path(&["creationInfo", name]).map(|found| (key, found.clone())));
        }
        let relationships = document.get("relationships").map(Node::items).unwrap_or_default();
        let described = document.get("documentDescribes").map(Node::items).unwrap_or_default().first();
        bill.subject = described.and_then(Node::as_str);
        for relationship in relationships {
            let names = (field(relationship, "spdxElementId"), field(relationship, "relatedSpdxElement"));
            let (Some(from), Some(to)) = names else { continue };
            match field(relationship, "relationshipType") {
                Some("DESCRIBES") => bill.subject = bill.subject.or(Some(to)),
                Some("DEPENDS_ON" | "CONTAINS") => bill.needs.push((from, to)),
                Some("DEPENDENCY_OF" | "CONTAINED_BY") => bill.needs.push((to, from)),
                _ => {}
            }
        }
        for entry in document.get("packages").map(Node::items).unwrap_or_default().iter().take(LIMIT) {
            let id = field(entry, "SPDXID");
            if id.is_some() && id == bill.subject {
                bill.subject_name = entry.get("name").and_then(Written::of);
            } else if let Some(package) = spdx_package(entry) {
                bill.add(id, package);
            }
        }
        bill
    }

    fn add(&mut self, name: Option<&'d str>, package: Package) {
        let index = self.lockfile.packages.len() as u32;
        self.by_ref.extend(name.map(|name| (name, index)));
        self.lockfile.packages.push(package);
        self.lockfile.needs.push(Vec::new());
    }

    fn emit(mut self, source: &Source, document: &Node, batch: &mut Batch) {
        let subject = self.subject_name.clone().unwrap_or_else(|| Written::new("", document.name_at));
        let mut project = Project { name: subject.clone(), needs: Vec::new() };
        for (from, to) in &self.needs {
            let Some(to) = self.by_ref.get(to).copied() else { continue };
            match self.by_ref.get(from).and_then(|from| self.lockfile.needs.get_mut(*from as usize)) {
                Some(needs) => needs.push(to),
                None if Some(*from) == self.subject => project.needs.push(Need { package: to, dev: None }),
                None => {}
            }
        }
        let root = |need: &Need| Root { package: need.package, dev: None, project: subject.clone(), requirement: None };
        let roots: Vec<Root> = project.needs.iter().map(root).collect();
        Lockfile::settle(&mut self.lockfile.packages, &self.lockfile.needs, &roots);
        let unit: std::sync::Arc<str> = format!("packages:{}", source.path).into();
        let mut map = Map::with_capacity(8);
        let header = document.name_at;
        map.push_new("format", Node::text(self.format, header));
        map.push_new("path", Node::text(source.path.clone(), header));
        map.push_new("packages", Node::int(self.lockfile.packages.len() as i64, header));
        map.push_new("dependencies", Node::int(self.needs.len() as i64, header));
        self.stated.into_iter().for_each(|(key, node)| map.push_new(key, node));
        let owner = batch.push(Resource {
            platform: Platform::Package,
            kind: "sbom".into(),
            address: source.path.clone(),
            part: "".into(),
            at: document.at,
            value: Node::map(map, document.at).named(header),
            unit: unit.clone(),
            owner: None,
            opaque: None,
        });
        unit::emit(self.lockfile.packages, &self.lockfile.needs, &unit, Some(owner), batch);
    }
}

/// A package of its package URL; without one, of its name alone.
fn package(
    name: Written,
    version: Option<Written>,
    purl: Option<Written>,
    at: secscan_model::Location,
    format: &'static str,
) -> Package {
    let parsed = purl.as_ref().and_then(|purl| Purl::parse(&purl.text));
    let ecosystem = parsed.as_ref().map_or(Ecosystem::Generic, |parsed| parsed.ecosystem);
    let full = parsed.as_ref().map_or_else(|| name.text.clone(), |parsed| ecosystem.normal(&parsed.name).into());
    let mut package = Package::new(ecosystem, format, Written::new(full, name.at), at);
    let in_purl = || {
        let parsed = parsed.as_ref().filter(|parsed| !parsed.version.is_empty())?;
        Some(Written::new(&*parsed.version, purl.as_ref()?.at))
    };
    package.version = version.or_else(in_purl);
    package.osv = parsed.as_ref().and_then(Purl::distribution).map(Into::into);
    package.stated_purl = parsed.is_some().then(|| purl.map(|purl| purl.text)).flatten();
    package.source = Some(PackageSource::of_kind(SourceKind::Registry));
    package
}

fn cyclonedx_package(component: &Node) -> Option<Package> {
    let field = |name: &str| component.get(name).and_then(Written::of);
    let mut package = package(field("name")?, field("version"), field("purl"), component.at, "CycloneDX");
    let hashes = component.get("hashes").map(Node::items).unwrap_or_default();
    package.integrity = hashes.iter().filter_map(|hash| checksum(hash, "alg", "content")).collect();
    let licences = component.get("licenses").map(Node::items).unwrap_or_default();
    let texts: Vec<Written> = licences
        .iter()
        .filter_map(|entry| {
            let licence = entry.get("license");
            let nodes =
                [entry.get("expression"), licence.and_then(|l| l.get("id")), licence.and_then(|l| l.get("name"))];
            nodes.into_iter().flatten().find_map(Written::of)
        })
        .collect();
    package.licence = joined(&texts);
    Some(package)
}

/// Several licences of one component all hold.
fn joined(texts: &[Written]) -> Option<Written> {
    let first = texts.first()?;
    if texts.len() == 1 {
        return Some(first.clone());
    }
    let all: Vec<String> = texts.iter().map(|text| format!("({})", text.text)).collect();
    Some(Written::new(all.join(" AND "), first.at))
}

fn checksum(hash: &Node, algorithm: &str, value: &str) -> Option<Written> {
    let value = hash.get(value).and_then(Written::of)?;
    let algorithm = hash.get(algorithm)?.as_str()?.to_ascii_lowercase().replace('-', "");
    Some(Written::new(format!("{algorithm}:{}", value.text), value.at))
}

fn spdx_package(entry: &Node) -> Option<Package> {
    let field = |name: &str| entry.get(name).and_then(Written::of);
    let references = entry.get("externalRefs").map(Node::items).unwrap_or_default();
    let is_purl = |reference: &&Node| reference.get("referenceType").and_then(Node::as_str) == Some("purl");
    let purl =
        references.iter().find(is_purl).and_then(|reference| reference.get("referenceLocator")).and_then(Written::of);
    let mut package = package(field("name")?, field("versionInfo"), purl, entry.at, "SPDX");
    let sums = entry.get("checksums").map(Node::items).unwrap_or_default();
    package.integrity = sums.iter().filter_map(|sum| checksum(sum, "algorithm", "checksumValue")).collect();
    let is_said = |licence: &Written| !matches!(&*licence.text, "NOASSERTION" | "NONE");
    package.licence = field("licenseConcluded").filter(is_said).or_else(|| field("licenseDeclared").filter(is_said));
    Some(package)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_file;
    use secscan_model::SourceId;

    fn packages(text: &str) -> Vec<String> {
        let reading = read_file(Source::from_text(SourceId(0), "bom.json", text));
        let is_package = |resource: &&Resource| resource.value.get("purl").is_some();
        let show = |resource: &Resource| {
            let of = |key: &str| resource.value.get(key).and_then(Node::as_str).unwrap_or("-").to_owned();
            let chain = resource.value.get("chain").map(Node::items).unwrap_or_default();
            let chain: Vec<_> = chain.iter().filter_map(Node::as_str).collect();
            format!("{} {} {} {} {}", of("ecosystem"), of("name"), of("version"), of("licence"), chain.join(">"))
        };
        reading.batch.resources.iter().filter(is_package).map(show).collect()
    }

    #[test]
    fn components_of_cyclonedx_are_packages() {
        let found = packages(
            r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"component": {"type": "application", "name": "app", "bom-ref": "root"}},
            "components": [
              {"type": "library", "bom-ref": "a", "group": "@team", "name": "a", "version": "1.0.0", "purl": "pkg:npm/%40team/a@1.0.0",
               "licenses": [{"license": {"id": "MIT"}}], "components": [{"type": "library", "name": "inner"}]},
              {"type": "library", "bom-ref": "b", "name": "b", "purl": "pkg:pypi/B_c@2.0", "licenses": [{"expression": "MIT OR ISC"}]},
              {"type": "file", "name": "readme"}, 7],
            "dependencies": [{"ref": "root", "dependsOn": ["a"]}, {"ref": "a", "dependsOn": ["b", "gone"]}]}"#,
        );
        let expected = [
            "npm @team/a 1.0.0 MIT app>@team/a@1.0.0",
            " inner - - ",
            "PyPI b-c 2.0 MIT OR ISC app>@team/a@1.0.0>b-c@2.0",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn packages_of_spdx_are_packages() {
        let found = packages(
            r#"{"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "packages": [
              {"SPDXID": "SPDXRef-root", "name": "app"},
              {"SPDXID": "SPDXRef-a", "name": "serde", "versionInfo": "1.0.0", "licenseConcluded": "NOASSERTION", "licenseDeclared": "MIT",
               "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:cargo/serde@1.0.0"}]}],
            "relationships": [
              {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-root"},
              {"spdxElementId": "SPDXRef-a", "relationshipType": "DEPENDENCY_OF", "relatedSpdxElement": "SPDXRef-root"}]}"#,
        );
        assert_eq!(found, ["crates.io serde 1.0.0 MIT app>serde@1.0.0"]);
    }
}
