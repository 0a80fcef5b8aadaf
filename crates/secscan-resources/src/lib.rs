//! What documents are: files in, resources out.
//!
//! Reading order: [`read_file`] turns one file into resources or, where a whole folder is needed, into a [`Fragment`];
//! [`units`] groups fragments, [`read_unit`] evaluates a group; [`assemble`] joins everything into a
//! [`secscan_model::Graph`] and finds
//! the references across files. [`computed`] holds the `$`-children that rules may ask any value for.
//!
//! Everything here is total: bad input becomes a [`secscan_model::Diagnostic`], never an error or a panic.

#![forbid(unsafe_code)]

pub mod arm;
mod aws;
pub mod cloudformation;
pub mod compose;
mod composed;
pub mod computed;
mod derived;
pub mod devcontainer;
pub mod docker;
pub mod dockerfile;
mod flags;
pub mod github_actions;
pub mod helm;
pub mod iam;
pub mod image;
pub mod installed;
pub mod kubernetes;
pub mod kustomize;
mod links;
pub mod packages;
pub mod quadlet;
mod reading;
mod rewrite;
mod roots;
mod run_options;
pub mod serverless;
mod systemd;
pub mod terraform;

pub use reading::{
    Batch, FileReading, Fragment, Options, READERS, Reader, Tree, Unit, UnitReading, Units, assemble, claims,
    read_file, read_file_of, read_unit, read_wanted, units, wanted,
};
