//! Manifests in, resources out.
