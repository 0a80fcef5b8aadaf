//! The packs of the Pod Security Standards refuse a pod if and only if the admission controller would.
//!
//! A table of our own manifests always runs. The controller's own fixtures are not ours to copy; where
//! `POD_SECURITY_FIXTURES` names their folder (`test/testdata` of kubernetes/pod-security-admission), all of them run too.

#![allow(clippy::print_stderr, reason = "tests that skip say so")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use secscan_core::{Scanner, Silent};
use secscan_model::pack::ControlStatus;
use secscan_model::tree::MemoryTree;

/// One level in one release.
struct Level {
    pack: String,
    scanner: Scanner,
}

impl Level {
    fn of(level: &str, release: &str) -> Self {
        let pack = format!("pod-security-{level}");
        let version = release.parse().expect("a release");
        let scanner = Scanner::builder().pack(pack.as_str()).kubernetes_version(version).build().expect("a pack");
        Self { pack, scanner }
    }

    /// The controls that a manifest fails.
    fn fails(&self, manifest: &str) -> BTreeSet<String> {
        let report = self.scanner.scan(&MemoryTree::new([("pod.yaml", manifest)]), &Silent);
        let of_pack =
            report.packs.iter().flat_map(|pack| &pack.controls).filter(|result| *result.control.pack == *self.pack);
        let failing = of_pack.filter(|result| result.status == ControlStatus::Fail);
        failing.map(|result| result.control.control.to_string()).collect()
    }
}

/// A pod that the restricted level admits, with one thing changed.
fn pod(metadata: &str, spec: &str, container: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: a{metadata}}}\nspec:\n  {spec}\n  containers:\n  - name: a\n    image: a:1\n    \
         {container}\n"
    )
}

const SAFE_POD: &str = "securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}";
const SAFE: &str = "securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}";

/// A release, a pod, and the controls that it fails at the levels baseline and restricted.
type Case<'c> = (&'c str, String, &'c [&'c str], &'c [&'c str]);

fn cases() -> Vec<Case<'static>> {
    let changed = |container: &str| pod("", SAFE_POD, container);
    let of_pod = |spec: &str| pod("", &format!("{SAFE_POD}\n  {spec}"), SAFE);
    let with = |more: &str| SAFE.replace("securityContext: {", &format!("securityContext: {{{more}, "));
    vec![
        ("1.34", pod("", SAFE_POD, SAFE), &[], &[]),
        ("1.34", changed(&with("privileged: true")), &["privileged"], &["privileged"]),
        ("1.34", of_pod("hostPID: true"), &["host-namespaces"], &["host-namespaces"]),
        ("1.34", of_pod("hostPID: false"), &[], &[]),
        ("1.34", of_pod("volumes: [{name: v, hostPath: {path: /tmp}}]"), &["host-path"], &["volume-types"]),
        ("1.34", of_pod("volumes: [{name: v, nfs: {server: a, path: /}}]"), &[], &["volume-types"]),
        ("1.34", of_pod("volumes: [{name: v, emptyDir: {}}]"), &[], &[]),
        (
            "1.34",
            changed(&format!("{SAFE}\n    ports: [{{containerPort: 80, hostPort: 80}}]")),
            &["host-ports"],
            &["host-ports"],
        ),
        ("1.34", changed(&format!("{SAFE}\n    ports: [{{containerPort: 80, hostPort: 0}}]")), &[], &[]),
        ("1.34", changed("securityContext: {capabilities: {drop: [ALL]}}"), &[], &["privilege-escalation"]),
        ("1.7", changed("securityContext: {capabilities: {drop: [ALL]}}"), &[], &[]),
        ("1.34", changed("securityContext: {allowPrivilegeEscalation: false}"), &[], &["capabilities"]),
        ("1.21", changed("securityContext: {allowPrivilegeEscalation: false}"), &[], &[]),
        (
            "1.34",
            changed("securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL], add: [NET_RAW]}}"),
            &["capabilities"],
            &["capabilities"],
        ),
        (
            "1.34",
            changed("securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL], add: [CHOWN]}}"),
            &[],
            &["capabilities"],
        ),
        ("1.34", pod("", "securityContext: {seccompProfile: {type: RuntimeDefault}}", SAFE), &[], &["run-as-non-root"]),
        ("1.34", changed(&with("runAsUser: 0")), &[], &["run-as-user"]),
        ("1.22", changed(&with("runAsUser: 0")), &[], &[]),
        ("1.34", pod("", "securityContext: {runAsNonRoot: true}", SAFE), &[], &["seccomp"]),
        ("1.18", pod("", "securityContext: {runAsNonRoot: true}", SAFE), &[], &[]),
        ("1.34", changed(&with("seccompProfile: {type: Unconfined}")), &["seccomp"], &["seccomp"]),
        ("1.34", changed(&with("seLinuxOptions: {type: spc_t}")), &["selinux"], &["selinux"]),
        ("1.34", changed(&with("seLinuxOptions: {type: container_t}")), &[], &[]),
        (
            "1.34",
            changed(&with("windowsOptions: {hostProcess: true}")),
            &["windows-host-process"],
            &["windows-host-process"],
        ),
        ("1.34", changed(&with("appArmorProfile: {type: Unconfined}")), &["apparmor"], &["apparmor"]),
        (
            "1.28",
            pod(", annotations: {container.apparmor.security.beta.kubernetes.io/a: unconfined}", SAFE_POD, SAFE),
            &["apparmor"],
            &["apparmor"],
        ),
        ("1.34", changed(&with("procMount: Unmasked")), &["proc-mount"], &["proc-mount"]),
        (
            "1.34",
            changed(&format!("{SAFE}\n    livenessProbe: {{httpGet: {{port: 80, host: 10.0.0.1}}}}")),
            &["host-probes"],
            &["host-probes"],
        ),
        ("1.33", changed(&format!("{SAFE}\n    livenessProbe: {{httpGet: {{port: 80, host: 10.0.0.1}}}}")), &[], &[]),
        (
            "1.34",
            pod("", &SAFE_POD.replace("{runAs", "{sysctls: [{name: kernel.msgmax, value: '1'}], runAs"), SAFE),
            &["sysctls"],
            &["sysctls"],
        ),
        (
            "1.26",
            pod(
                "",
                &SAFE_POD.replace("{runAs", "{sysctls: [{name: net.ipv4.ip_local_reserved_ports, value: '1'}], runAs"),
                SAFE,
            ),
            &["sysctls"],
            &["sysctls"],
        ),
        (
            "1.34",
            pod(
                "",
                &SAFE_POD.replace("{runAs", "{sysctls: [{name: net.ipv4.ip_local_reserved_ports, value: '1'}], runAs"),
                SAFE,
            ),
            &[],
            &[],
        ),
    ]
}

#[test]
fn a_pod_fails_the_controls_that_it_breaks_and_no_others() {
    for (release, manifest, baseline, restricted) in cases() {
        for (level, expected) in [("baseline", baseline), ("restricted", restricted)] {
            let expected: BTreeSet<String> = expected.iter().map(|id| (*id).to_owned()).collect();
            assert_eq!(Level::of(level, release).fails(&manifest), expected, "{level} {release}\n{manifest}");
        }
    }
}

#[test]
fn the_fixtures_of_the_controller_are_judged_as_it_does() {
    let Some(folder) = std::env::var_os("POD_SECURITY_FIXTURES") else {
        return eprintln!("skipped: POD_SECURITY_FIXTURES names no folder");
    };
    let mut wrong = Vec::new();
    let mut count = 0;
    for level in ["baseline", "restricted"] {
        for version in entries(&Path::new(&folder).join(level)) {
            let name = version.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let judged = Level::of(level, name.trim_start_matches('v'));
            for (kind, is_refused) in [("pass", false), ("fail", true)] {
                for path in entries(&version.join(kind)) {
                    let failing = judged.fails(&std::fs::read_to_string(&path).expect("a fixture"));
                    count += 1;
                    if failing.is_empty() == is_refused {
                        wrong.push(format!("{}: {failing:?}", path.display()));
                    }
                }
            }
        }
    }
    eprintln!("{count} fixtures");
    assert!(count > 0 && wrong.is_empty(), "{} of {count} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths
}
