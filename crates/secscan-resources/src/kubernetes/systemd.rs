//! Units of systemd that start programs of the cluster: `kubelet.service`, `etcd.service` and what is added to them.

use secscan_model::{Platform, Source};

use super::service;
use crate::Batch;
use crate::derived::{Deriving, Running};
use crate::systemd;

/// Whether a path is that of a unit of a program of the cluster: `kubelet.service`, `kubelet.service.d/NAME.conf`.
pub(crate) fn claims(path: &str) -> bool {
    systemd::starts(path, service::is_program)
}

/// Adds the unit and what it starts.
pub(crate) fn read(source: &Source, batch: &mut Batch) {
    let id = batch.push(systemd::unit(source, Platform::Kubernetes, "SystemdUnit"));
    for (index, commands) in systemd::commands(source).into_iter().enumerate() {
        if let Some(mut deriving) = Deriving::from(batch, id, source) {
            deriving.listed(commands, Running::default(), &format!("ExecStart.{}", index + 1));
        }
    }
}
