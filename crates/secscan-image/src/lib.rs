//! Container images, from registries, layouts and archives, as trees of files that know their layers.

#![forbid(unsafe_code)]
