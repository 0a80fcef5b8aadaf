use secscan_model::SourceId;

use super::*;
use crate::for_tests::scan;
use crate::read_file;

/// `type name version ecosystem purl source-package` of all packages of some files.
fn packages(files: &[(&str, &str)]) -> Vec<String> {
    let (graph, _) = scan(files);
    let packages = graph.resources.iter().filter(|resource| resource.platform == Platform::Package);
    let shown = packages.map(|package| {
        let text = |path: &[&str]| package.value.at_path(path).and_then(|node| node.as_str()).unwrap_or("-");
        let from = format!("{} {}", text(&["source-package", "name"]), text(&["source-package", "version"]));
        format!("{} | {} | {} | {from}", package.address, text(&["ecosystem"]), text(&["version"]))
    });
    shown.collect()
}

#[test]
fn debian_packages_know_their_release_and_source() {
    let status = "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nSource: glibc\n\
        Version: 2.36-9+deb12u10\nDescription: C\n Package: no\n\n\
        Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n\
        Package: libssl3\nStatus: install ok installed\nSource: openssl (3.0.1)\nVersion: 1:3.0.1-2\n";
    let found = packages(&[
        ("var/lib/dpkg/status", status),
        ("var/lib/dpkg/status.d/tzdata", "Package: tzdata\nVersion: 2024a\n"),
        ("var/lib/dpkg/status.d/tzdata.md5sums", "Package: no\nVersion: 1\n"),
        ("etc/os-release", "PRETTY_NAME=\"Debian\"\nID=debian\nVERSION_ID=\"12\"\n"),
    ]);
    assert_eq!(
        found,
        [
            "pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64&distro=debian-12 | Debian:12 | 2.36-9+deb12u10 | glibc -",
            "pkg:deb/debian/libssl3@1:3.0.1-2?distro=debian-12 | Debian:12 | 1:3.0.1-2 | openssl 3.0.1",
            "pkg:deb/debian/tzdata@2024a?distro=debian-12 | Debian:12 | 2024a | - -",
        ]
    );
}

#[test]
fn alpine_and_rpm_packages_are_named_as_their_records_name_them() {
    let apk = "C:Q1\nP:libcrypto3\nV:3.3.1-r0\nA:x86_64\nL:Apache-2.0\no:openssl\n\nP:busybox\nV:1.36-r1\n";
    let found = packages(&[
        ("a/lib/apk/db/installed", apk),
        ("a/usr/lib/os-release", "ID=alpine\nVERSION_ID=3.20.3\n"),
        ("b/var/lib/rpm/rpmdb.sqlite!packages", "bash\t1\t5.1\t9.el9\tx86_64\tbash\tGPLv3+\n"),
        ("b/etc/os-release", "ID=rocky\nVERSION_ID='9.4'\n"),
    ]);
    assert_eq!(
        found,
        [
            "pkg:apk/alpine/libcrypto3@3.3.1-r0?arch=x86_64&distro=alpine-3.20.3 | Alpine:v3.20 | 3.3.1-r0 | openssl -",
            "pkg:apk/alpine/busybox@1.36-r1?distro=alpine-3.20.3 | Alpine:v3.20 | 1.36-r1 | - -",
            "pkg:rpm/rocky/bash@5.1-9.el9?arch=x86_64&distro=rocky-9.4&epoch=1 | Rocky Linux:9 | 1:5.1-9.el9 | bash -",
        ]
    );
}

#[test]
fn languages_tell_what_is_installed() {
    let go = "go\tgo1.22.1\npath\texample.com/a\nmod\texample.com/a\t(devel)\ndep\tgolang.org/x/net\tv0.17.0\th1:x=\n\
        dep\texample.com/old\tv1.0.0\n=>\texample.com/new\tv1.0.1\n";
    let cargo = r#"{"packages":[{"name":"app","version":"1.0.0","root":true},{"name":"time","version":"0.1.43","kind":"runtime"}]}"#;
    let found = packages(&[
        (
            "usr/lib/python3/dist-packages/Foo_Bar-1.2.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: Foo_Bar\nVersion: 1.2\n\nName: no\n",
        ),
        ("usr/lib/python3/dist-packages/six.egg-info", "Name: six\nVersion: 1.16\n"),
        ("app/node_modules/@babel/core/package.json", r#"{"name": "@babel/core", "version": "7.0.0"}"#),
        ("app/node_modules/a/test/package.json", r#"{"name": "no", "version": "7.0.0"}"#),
        ("usr/bin/tool!go-modules", go),
        ("usr/bin/rusty!cargo-packages.json", cargo),
    ]);
    assert_eq!(
        found,
        [
            "pkg:npm/%40babel/core@7.0.0 | npm | 7.0.0 | - -",
            "pkg:cargo/time@0.1.43 | crates.io | 0.1.43 | - -",
            "pkg:golang/stdlib@1.22.1 | Go | 1.22.1 | - -",
            "pkg:golang/golang.org/x/net@v0.17.0 | Go | v0.17.0 | - -",
            "pkg:golang/example.com/new@v1.0.1 | Go | v1.0.1 | - -",
            "pkg:pypi/foo-bar@1.2 | PyPI | 1.2 | - -",
            "pkg:pypi/six@1.16 | PyPI | 1.16 | - -",
        ]
    );
}

#[test]
fn an_old_rpm_database_is_not_clean() {
    let reading = read_file(Source::from_text(SourceId(0), "var/lib/rpm/Packages", "\0"));
    let [diagnostic] = reading.diagnostics.as_slice() else { panic!("{reading:?}") };
    assert!(diagnostic.kind.is_blinding() && diagnostic.blinds.contains(&Platform::Package));
}
