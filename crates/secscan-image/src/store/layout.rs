//! OCI image layouts (OCI image specification 1.1, `image-layout.md`), in a folder or an archive.

use std::io::{self, Read};

use super::{Blobs, Files, Image, document, parsed_config};
use crate::ImageError;
use crate::digest::Digest;
use crate::manifest::{Choice, Descriptor, Layer, ManifestFile};

/// The file that names the images.
pub(crate) const INDEX: &str = "index.json";

/// How deep indexes may lead to indexes.
const DEEPEST: u32 = 4;

/// Opens the image of a layout that the choice means.
pub(crate) fn open(files: Box<dyn Files>, choice: &Choice<'_>) -> Result<Image, ImageError> {
    let refused = |reason: String| ImageError::NotAnImage { target: choice.target.to_owned(), reason };
    let index = files.open(INDEX).map_err(|error| error.to_string()).and_then(document);
    let index = index.map_err(|why| refused(format!("{INDEX} of an OCI layout cannot be read: {why}")))?;
    let mut manifest: ManifestFile =
        serde_json::from_slice(&index).map_err(|why| refused(format!("{INDEX} is no index: {why}")))?;
    let (mut descriptor, mut name) = (Descriptor::default(), None);
    for _ in 0..DEEPEST {
        let Some(entries) = &manifest.manifests else { break };
        let choice = Choice { name: choice.name.filter(|_| name.is_none()), ..*choice };
        descriptor = choice.among(entries)?.clone();
        name = name.or_else(|| descriptor.name().map(str::to_owned));
        let bytes = blob(&*files, &descriptor)
            .map_err(|why| refused(format!("the manifest {} cannot be read: {why}", descriptor.digest)))?;
        manifest = serde_json::from_slice(&bytes)
            .map_err(|why| refused(format!("the manifest {} is none: {why}", descriptor.digest)))?;
    }
    let (Some(config), Some(layers)) = (&manifest.config, &manifest.layers) else {
        return Err(refused(format!("{} is no manifest of an image", descriptor.digest)));
    };
    let config = blob(&*files, config);
    let layers = Layer::of_descriptors(layers, &parsed_config(&config));
    let reference = name.unwrap_or_else(|| descriptor.digest.clone());
    Ok(Image { reference, digest: descriptor.digest, config, layers, blobs: Box::new(Layout { files }) })
}

/// A small blob, whole and checked.
fn blob(files: &dyn Files, descriptor: &Descriptor) -> Result<Vec<u8>, String> {
    let digest = Digest::parse(&descriptor.digest).ok_or_else(|| format!("`{}` is no digest", descriptor.digest))?;
    let bytes = files.open(&blob_name(&digest)).map_err(|error| error.to_string()).and_then(document)?;
    if digest.is_of(&bytes) { Ok(bytes) } else { Err("its bytes do not have its digest".to_owned()) }
}

fn blob_name(digest: &Digest) -> String {
    let (algorithm, hex) = digest.parts();
    format!("blobs/{algorithm}/{hex}")
}

struct Layout {
    files: Box<dyn Files>,
}

impl Blobs for Layout {
    fn open(&self, layer: &Layer) -> io::Result<Box<dyn Read + '_>> {
        let digest = layer.digest.as_ref().ok_or_else(|| io::Error::other("its digest is of no known form"))?;
        self.files.open(&blob_name(digest))
    }
}
