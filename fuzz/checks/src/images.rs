//! Images: archives as they lie on disk, layers within a sound archive, files within a sound layer.

use std::io::Write;

use secscan_image::{ImageTree, Options, Target, open};
use secscan_model::FileTree;

use crate::{files, trees};

/// Opens an archive: what `docker save` or `skopeo copy` writes.
pub(crate) fn archive(input: &[u8]) {
    drop(opened(input).inspect(read_all));
}

/// Opens an archive whose one layer is the input.
pub(crate) fn layer(input: &[u8]) {
    drop(opened(&saved(input)).inspect(read_all));
}

/// Opens an image with the files of the input, and reads what is installed in it.
pub(crate) fn files(input: &[u8]) {
    let mut layer = tar::Builder::new(Vec::new());
    for (path, bytes) in files::split(input, "var/lib/rpm/rpmdb.sqlite") {
        append(&mut layer, path, bytes);
    }
    let layer = layer.into_inner().unwrap_or_else(|error| panic!("memory takes all: {error}"));
    drop(opened(&saved(&layer)).inspect(|tree| {
        read_all(tree);
        trees::inspect(tree);
    }));
}

/// An archive as `docker save` wrote them before Docker 25, whose layers no digest guards.
pub(crate) fn saved(layer: &[u8]) -> Vec<u8> {
    let config = br#"{"os": "linux", "config": {"User": "app"}, "history": [{"created_by": "RUN make"}]}"#;
    let manifest = br#"[{"Config": "config.json", "RepoTags": ["demo/app:1"], "Layers": ["layer.tar"]}]"#;
    let mut archive = tar::Builder::new(Vec::new());
    for (path, bytes) in [("config.json", &config[..]), ("manifest.json", manifest), ("layer.tar", layer)] {
        append(&mut archive, path, bytes);
    }
    archive.into_inner().unwrap_or_else(|error| panic!("memory takes all: {error}"))
}

/// Appends a file; one whose path no archive can hold is left out.
fn append(archive: &mut tar::Builder<Vec<u8>>, path: &str, bytes: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    drop(archive.append_data(&mut header, path, bytes));
}

/// The image of an archive, when it is one.
fn opened(archive: &[u8]) -> Option<ImageTree> {
    let written = tempfile::NamedTempFile::new().and_then(|mut file| file.write_all(archive).map(|()| file));
    let file = written.unwrap_or_else(|error| panic!("a temporary file: {error}"));
    open(&Target::Archive(file.path().display().to_string()), &Options::default()).ok()
}

/// Reads every file of a tree.
fn read_all(tree: &ImageTree) {
    tree.list().files.iter().for_each(|file| drop(tree.read(file)));
}
