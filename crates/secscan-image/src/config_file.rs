//! The configuration of an image as a file of its tree, so that what is found in it has a place.

use secscan_model::{Diagnostic, DiagnosticKind, Platform};
use serde_json::{Map, Value};

use crate::store::Image;

/// Where the configuration stands in the tree. No instruction of a Dockerfile can put a file there by accident.
pub const CONFIG_PATH: &str = ".image/config.json";

/// The configuration, one value a line, with the image's reference and digest in front.
pub(crate) fn text(image: &Image) -> Result<String, Diagnostic> {
    let unreadable = |why: &str| {
        let message = format!("the configuration of the image {} cannot be read: {why}", image.reference);
        Diagnostic::new(DiagnosticKind::Unreadable, message).path(CONFIG_PATH).blinds(Platform::Image)
    };
    let bytes = image.config.as_deref().map_err(|why| unreadable(why))?;
    let own: Map<String, Value> = serde_json::from_slice(bytes).map_err(|error| unreadable(&error.to_string()))?;
    let head = [("reference", &image.reference), ("digest", &image.digest)];
    let mut all: Map<String, Value> =
        head.into_iter().map(|(key, text)| (key.to_owned(), text.as_str().into())).collect();
    all.extend(own.into_iter().filter(|(key, _)| head.iter().all(|(known, _)| known != key)));
    serde_json::to_string_pretty(&Value::Object(all))
        .map(|text| text + "\n")
        .map_err(|error| unreadable(&error.to_string()))
}
