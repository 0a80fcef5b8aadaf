//! What kubeadm starts: the flags that people add, over those that it gives by itself.
//!
//! From <https://kubernetes.io/docs/reference/setup-tools/kubeadm/implementation-details/>: only flags whose absence
//! would mean something are listed. They have the place of the document, as nobody wrote them.

use secscan_model::{Location, Node};

use crate::flags::Settings;

/// The group of kubeadm's files.
pub(super) const GROUP: &str = "kubeadm.k8s.io";

/// The kinds of its files.
pub(super) const KINDS: &[&str] = &["ClusterConfiguration", "InitConfiguration", "JoinConfiguration"];

/// A program that kubeadm starts: the kind of file, the path of its section, and the flags that it always has.
struct Started {
    kind: &'static str,
    program: &'static str,
    section: &'static [&'static str],
    flags: &'static [(&'static str, &'static str)],
}

static STARTED: &[Started] = &[
    Started {
        kind: "ClusterConfiguration",
        program: "kube-apiserver",
        section: &["apiServer"],
        flags: &[
            ("authorization-mode", "Node,RBAC"),
            ("client-ca-file", "/etc/kubernetes/pki/ca.crt"),
            ("enable-admission-plugins", "NodeRestriction"),
            ("etcd-cafile", "/etc/kubernetes/pki/etcd/ca.crt"),
            ("etcd-certfile", "/etc/kubernetes/pki/apiserver-etcd-client.crt"),
            ("etcd-keyfile", "/etc/kubernetes/pki/apiserver-etcd-client.key"),
            ("kubelet-client-certificate", "/etc/kubernetes/pki/apiserver-kubelet-client.crt"),
            ("kubelet-client-key", "/etc/kubernetes/pki/apiserver-kubelet-client.key"),
            ("secure-port", "6443"),
            ("service-account-key-file", "/etc/kubernetes/pki/sa.pub"),
            ("tls-cert-file", "/etc/kubernetes/pki/apiserver.crt"),
            ("tls-private-key-file", "/etc/kubernetes/pki/apiserver.key"),
        ],
    },
    Started {
        kind: "ClusterConfiguration",
        program: "kube-controller-manager",
        section: &["controllerManager"],
        flags: &[
            ("bind-address", "127.0.0.1"),
            ("root-ca-file", "/etc/kubernetes/pki/ca.crt"),
            ("service-account-private-key-file", "/etc/kubernetes/pki/sa.key"),
            ("use-service-account-credentials", "true"),
        ],
    },
    Started {
        kind: "ClusterConfiguration",
        program: "kube-scheduler",
        section: &["scheduler"],
        flags: &[("bind-address", "127.0.0.1")],
    },
    Started {
        kind: "ClusterConfiguration",
        program: "etcd",
        section: &["etcd", "local"],
        flags: &[
            ("cert-file", "/etc/kubernetes/pki/etcd/server.crt"),
            ("client-cert-auth", "true"),
            ("key-file", "/etc/kubernetes/pki/etcd/server.key"),
            ("peer-cert-file", "/etc/kubernetes/pki/etcd/peer.crt"),
            ("peer-client-cert-auth", "true"),
            ("peer-key-file", "/etc/kubernetes/pki/etcd/peer.key"),
            ("peer-trusted-ca-file", "/etc/kubernetes/pki/etcd/ca.crt"),
            ("trusted-ca-file", "/etc/kubernetes/pki/etcd/ca.crt"),
        ],
    },
    Started { kind: "InitConfiguration", program: "kubelet", section: &["nodeRegistration"], flags: &[] },
    Started { kind: "JoinConfiguration", program: "kubelet", section: &["nodeRegistration"], flags: &[] },
];

/// The programs of a file of kubeadm with their settings.
pub(super) fn services(kind: &str, file: &Node, place: (Location, Location)) -> Vec<(&'static str, Settings)> {
    let of_kind = STARTED.iter().filter(|started| started.kind == kind);
    let with_flags = of_kind.filter_map(|started| {
        let section = file.at_path(started.section);
        let extra = section.and_then(|section| section.get("extraArgs").or_else(|| section.get("kubeletExtraArgs")));
        // A cluster with an etcd of its own elsewhere starts none, and a kubelet that nothing is said of is not judged.
        let is_silent = match started.program {
            "etcd" => file.at_path(&["etcd", "external"]).is_some(),
            "kubelet" => extra.is_none(),
            _ => false,
        };
        if is_silent {
            return None;
        }
        let mut settings = Settings::default();
        for (flag, value) in started.flags {
            settings.add(flag, Node::text(*value, place.1).named(place.1));
        }
        let mut written = Settings::default();
        extra.into_iter().for_each(|extra| arguments(extra, &mut written));
        settings.lay_over(written);
        if started.program == "kubelet" {
            settings.open("the rest stands in a file that kubeadm writes");
        }
        Some((started.program, settings))
    });
    with_flags.collect()
}

/// Flags as a map of names and values, or since `v1beta4` as a list of `{name, value}`.
fn arguments(extra: &Node, settings: &mut Settings) {
    for entry in extra.entries() {
        settings.add(&entry.key, entry.value.clone());
    }
    for item in extra.items() {
        if let (Some(name), Some(value)) = (item.get("name").and_then(Node::as_str), item.get("value")) {
            settings.add(name, value.clone());
        }
    }
    if let Some(rest) = extra.as_map().and_then(|map| map.rest.as_deref()) {
        settings.open(rest);
    }
}
