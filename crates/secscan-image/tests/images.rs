//! Small images made by hand: what layers delete, what archives look like, and what hostile ones try.

#![allow(clippy::unwrap_used)] // helpers of tests may panic

use std::fs;
use std::io::Write;
use std::path::Path;

use secscan_image::{ImageError, ImageTree, Options, Target, open};
use secscan_model::{DiagnosticKind, FileTree, Origin};
use sha2::{Digest, Sha256};

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One member of a layer.
#[derive(Clone, Copy)]
enum Member<'a> {
    File(&'a str, &'a [u8]),
    Link(&'a str, &'a str),
    HardLink(&'a str, &'a str),
    Device(&'a str),
}

use Member::{Device, File, HardLink, Link};

/// A header with any name: the writer of the `tar` crate refuses some of them.
fn header(name: &str, kind: tar::EntryType, link: &str, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(size);
    header.set_cksum();
    header
}

fn layer(members: &[Member<'_>]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for member in members {
        let (header, content) = match *member {
            File(name, content) => (header(name, tar::EntryType::Regular, "", content.len() as u64), content),
            Link(name, to) => (header(name, tar::EntryType::Symlink, to, 0), &b""[..]),
            HardLink(name, to) => (header(name, tar::EntryType::Link, to, 0), &b""[..]),
            Device(name) => (header(name, tar::EntryType::Char, "", 0), &b""[..]),
        };
        tar.append(&header, content).unwrap();
    }
    tar.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn put(folder: &Path, bytes: &[u8]) -> serde_json::Value {
    let digest = sha256(bytes);
    fs::create_dir_all(folder.join("blobs/sha256")).unwrap();
    fs::write(folder.join("blobs/sha256").join(&digest), bytes).unwrap();
    serde_json::json!({ "digest": format!("sha256:{digest}"), "size": bytes.len() })
}

/// An OCI layout of packed layers.
fn layout(folder: &Path, blobs: &[Vec<u8>]) {
    let history: Vec<_> =
        (1..=blobs.len()).map(|number| serde_json::json!({ "created_by": format!("RUN step {number}") })).collect();
    let config = serde_json::json!({ "os": "linux", "config": { "User": "app" }, "history": history });
    let config = put(folder, config.to_string().as_bytes());
    let layers: Vec<_> = blobs.iter().map(|blob| put(folder, blob)).collect();
    let manifest = put(folder, serde_json::json!({ "config": config, "layers": layers }).to_string().as_bytes());
    let index = serde_json::json!({ "manifests": [manifest] });
    fs::write(folder.join("index.json"), index.to_string()).unwrap();
}

fn opened(folder: &Path) -> Result<ImageTree, ImageError> {
    open(&Target::Layout(folder.display().to_string()), &Options::default())
}

/// `path@layer`, with `>layer` for what that one hides, and the text.
fn files(tree: &ImageTree) -> Vec<String> {
    let listing = tree.list();
    let shown = listing.files.iter().filter_map(|file| {
        let Origin::Image(layer) = tree.origin(file) else { return None };
        let gone = layer.gone_in.map(|gone| format!(">{gone}")).unwrap_or_default();
        let text = String::from_utf8_lossy(&tree.read(file).unwrap()).into_owned();
        Some(format!("{}@{}{gone} {text}", file.path, layer.number))
    });
    shown.collect()
}

fn said(tree: &ImageTree) -> Vec<(DiagnosticKind, String)> {
    tree.list().diagnostics.iter().map(|it| (it.kind, it.message.to_string())).collect()
}

fn of_layers(layers: &[&[Member<'_>]]) -> ImageTree {
    let folder = tempfile::tempdir().unwrap();
    layout(folder.path(), &layers.iter().map(|members| gzip(&layer(members))).collect::<Vec<_>>());
    opened(folder.path()).unwrap()
}

#[test]
fn what_later_layers_delete_is_still_there_with_its_layer() {
    let tree = of_layers(&[
        &[File("app/key", b"one"), File("app/old/a", b"two"), File("etc/x", b"three")],
        &[File("app/.wh.key", b""), File("app/old/.wh..wh..opq", b""), File("app/old/b", b"four")],
        &[File("./etc/x", b"five")],
    ]);
    assert_eq!(
        files(&tree),
        ["app/key@1>2 one", "app/old/a@1>2 two", "app/old/b@2 four", "etc/x@3 five", "etc/x@1>3 three"]
    );
    assert_eq!(said(&tree), []);
    let first = tree.list().files.iter().find(|file| &*file.path == "app/key").cloned().unwrap();
    let Origin::Image(origin) = tree.origin(&first) else { panic!("it comes from a layer") };
    assert!(origin.to_string().contains("made by `RUN step 1`"), "{origin}");
}

#[test]
fn the_configuration_is_a_file_of_the_tree() {
    let tree = of_layers(&[&[File("a", b"x")]]);
    let file = tree.list().files.iter().find(|file| &*file.path == secscan_image::CONFIG_PATH).cloned().unwrap();
    let text = String::from_utf8(tree.read(&file).unwrap().to_vec()).unwrap();
    assert!(text.starts_with("{\n  \"reference\": \"sha256:") && text.contains("\"User\": \"app\""), "{text}");
    assert_eq!(tree.origin(&file), Origin::ImageConfig);
}

#[test]
fn hostile_members_are_told_and_nothing_else_is_lost() {
    let tree = of_layers(&[&[
        File("../../etc/cron.d/x", b"out"),
        File("a/../../b", b"out"),
        File("/etc/absolute", b"in"),
        Link("link", "/etc"),
        Link("up", "../../.."),
        HardLink("hard", "etc/absolute"),
        HardLink("outside", "/../etc/shadow"),
        Device("dev/sda"),
        File("up/etc/below", b"in"),
        File("twice", b"1"),
        File("twice", b"2"),
        File("last", b"still read"),
    ]]);
    assert_eq!(
        files(&tree),
        ["etc/absolute@1 in", "etc/below@1 in", "hard@1 in", "last@1 still read", "twice@1 2", "twice@1>1 1"]
    );
    let kinds: Vec<_> = said(&tree).into_iter().map(|(kind, _)| kind).collect();
    use DiagnosticKind::{Ambiguous, Skipped};
    assert_eq!(kinds, [Skipped, Skipped, Skipped, Skipped, Ambiguous], "{:?}", said(&tree));
}

#[test]
fn broken_layers_leave_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let noise: Vec<u8> =
        (0..200_000_u32).flat_map(|number| sha256(&number.to_le_bytes()).into_bytes()).take(400_000).collect();
    let cut = gzip(&layer(&[File("before", b"kept"), File("noise", &noise), File("behind", b"lost")]));
    let blobs = [
        cut[..cut.len() / 2].to_vec(),
        gzip(&layer(&[File("gone", b"gone")])),
        gzip(&layer(&[File("changed", b"changed")])),
        b"BZh9 not allowed".to_vec(),
        gzip(b"this is no tar archive, but quite some text that is longer than nothing"),
        gzip(&layer(&[File("whole", b"kept")])),
    ];
    layout(folder.path(), &blobs);
    let blob = |index: usize| folder.path().join("blobs/sha256").join(sha256(&blobs[index]));
    fs::remove_file(blob(1)).unwrap();
    fs::write(blob(2), gzip(&layer(&[File("changed", b"CHANGED, and longer")]))).unwrap();
    let tree = opened(folder.path()).unwrap();
    assert_eq!(files(&tree), ["before@1 kept", "changed@3 CHANGED, and longer", "whole@6 kept"]);
    let said = said(&tree);
    for (number, words) in
        [(1, "breaks off"), (2, "cannot be read"), (3, "there are more than the"), (4, "bzip2"), (5, "breaks off")]
    {
        let is_told = |(kind, message): &(DiagnosticKind, String)| {
            kind.is_blinding() && message.starts_with(&format!("layer {number} ")) && message.contains(words)
        };
        assert!(said.iter().any(is_told), "{number}: {said:#?}");
    }
}

#[test]
fn bombs_stop_at_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let mut begin = layer(&[File("first", b"kept")])[..1024].to_vec();
    begin.extend(header("bomb", tar::EntryType::Regular, "", 1 << 40).as_bytes());
    let mut zeros = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    zeros.write_all(&vec![0; 1 << 20]).unwrap();
    let bomb = [gzip(&begin), zeros.finish().unwrap().repeat(40)].concat();
    // A name of a terabyte must not be held either.
    let mut name = layer(&[File("second", b"kept")])[..1024].to_vec();
    name.extend(header("././@LongLink", tar::EntryType::GNULongName, "", 1 << 40).as_bytes());
    layout(folder.path(), &[bomb, gzip(&name), gzip(&layer(&[File("third", b"kept")]))]);
    let tree = opened(folder.path()).unwrap();
    assert_eq!(files(&tree), ["first@1 kept", "second@2 kept", "third@3 kept"]);
    let said = said(&tree);
    assert!(
        said.iter().any(|(kind, text)| *kind == DiagnosticKind::Limit && text.starts_with("layer 1 ")),
        "{said:#?}"
    );
    assert!(said.iter().any(|(kind, text)| kind.is_blinding() && text.starts_with("layer 2 ")), "{said:#?}");
}

#[test]
fn no_digest_leads_out_of_the_layout() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("secret"), "{}").unwrap();
    fs::create_dir_all(folder.path().join("layout/blobs/sha256")).unwrap();
    for digest in ["sha256:../../../secret", "../../secret", "sha256:"] {
        let index = serde_json::json!({ "manifests": [{ "digest": digest, "size": 2 }] });
        fs::write(folder.path().join("layout/index.json"), index.to_string()).unwrap();
        let error = opened(&folder.path().join("layout")).unwrap_err().to_string();
        assert!(error.contains("is no digest"), "{error}");
    }
    assert!(opened(folder.path()).unwrap_err().to_string().contains("index.json"));
}

/// What `docker save` wrote before Docker 25: plain layers, whose digests stand in the configuration only.
#[test]
fn saved_archives_of_both_kinds_are_read() {
    let plain = layer(&[File("etc/x", b"one")]);
    let folder = tempfile::tempdir().unwrap();
    let save = |name: &str, layer_name: &str, layer_bytes: &[u8], diff_id: &str, packed: bool| {
        let config = serde_json::json!({ "os": "linux", "rootfs": { "diff_ids": [format!("sha256:{diff_id}")] } });
        let config = config.to_string();
        let manifest =
            serde_json::json!([{ "Config": "config.json", "RepoTags": ["demo/app:1"], "Layers": [layer_name] }]);
        let manifest = manifest.to_string();
        let archive = layer(&[
            File("config.json", config.as_bytes()),
            File(if layer_name.contains("blobs") { layer_name } else { "aa/layer.tar" }, layer_bytes),
            Link("bb/layer.tar", "../aa/layer.tar"),
            File("manifest.json", manifest.as_bytes()),
        ]);
        let path = folder.path().join(name);
        fs::write(&path, if packed { gzip(&archive) } else { archive }).unwrap();
        open(&Target::Archive(path.display().to_string()), &Options::default()).unwrap()
    };
    let digest = sha256(&plain);
    for tree in [
        save("old.tar", "bb/layer.tar", &plain, &digest, false),
        save("old.tar.gz", "bb/layer.tar", &plain, &digest, true),
        save("new.tar", &format!("blobs/sha256/{digest}"), &plain, &digest, false),
    ] {
        assert_eq!(files(&tree), ["etc/x@1 one"]);
        assert_eq!((tree.reference(), said(&tree)), ("demo/app:1", Vec::new()));
    }
    let lying = save("lying.tar", "bb/layer.tar", &plain, &sha256(b"other"), false);
    assert!(
        said(&lying).iter().any(|(kind, text)| kind.is_blinding() && text.contains("digest")),
        "{:?}",
        said(&lying)
    );
}

#[test]
fn binary_files_are_counted() {
    let tree = of_layers(&[&[File("bin/a", b"\x7FELF\0\0\0\0"), File("bin/b", b"\0\0"), File("t", b"text")]]);
    assert_eq!(files(&tree), ["t@1 text"]);
    assert_eq!(
        said(&tree),
        [(DiagnosticKind::Skipped, "2 files (10 bytes) of the image are no text: they were not searched".to_owned())]
    );
}
