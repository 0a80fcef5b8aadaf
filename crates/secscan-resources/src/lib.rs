//! What documents are: files in, resources out.
//!
//! Reading order: [`read_file`] turns one file into resources or, where a whole folder is needed, into a [`Fragment`];
//! [`units`] groups fragments, [`read_unit`] evaluates a group; [`assemble`] joins everything into a
//! [`secscan_model::Graph`] and finds
//! the references across files. [`computed`] holds the `$`-children that rules may ask any value for.
//!
//! Everything here is total: bad input becomes a [`secscan_model::Diagnostic`], never an error or a panic.

#![forbid(unsafe_code)]

mod arm;
mod aws;
mod calendar;
mod cloudformation;
mod compose;
mod composed;
/// The `$`-children that rules may ask any value for.
pub mod computed;
mod derived;
mod devcontainer;
mod docker;
mod dockerfile;
mod flags;
#[cfg(test)]
mod for_tests;
mod github_actions;
mod go_path;
/// Helm charts: folders with a `Chart.yaml`, rendered as `helm template` renders them.
pub mod helm;
/// What the statements of AWS policies mean: which actions they take in, whom they let in, what keeps strangers out.
pub mod iam;
mod image;
mod installed;
/// Kubernetes manifests: objects, their pods and containers, and what selects or names them.
pub mod kubernetes;
/// Kustomizations: folders whose `kustomization.yaml` says which manifests to take in and what to change in them.
pub mod kustomize;
mod links;
/// Packages: what manifests ask for and lockfiles fix, each with its exact place.
pub mod packages;
mod quadlet;
mod re2;
mod reading;
mod rewrite;
mod roots;
mod run_options;
mod serverless;
mod systemd;
mod terraform;

pub use reading::{
    Batch, FileReading, Fragment, Options, READERS, Reader, Tree, Unit, UnitReading, Units, assemble, claims,
    read_file, read_file_of, read_unit, read_wanted, units, wanted,
};
