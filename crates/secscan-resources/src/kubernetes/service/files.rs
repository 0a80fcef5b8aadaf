//! Configuration files of the cluster's programs, and which of their fields is which flag.
//!
//! From the references of the formats, <https://kubernetes.io/docs/reference/config-api/>, and of etcd's configuration file.

use secscan_model::{Graph, Location, Node, Platform, Resource, ResourceId, SourceId};

use super::super::embedded;
use super::super::object::group_of;
use super::kubeadm;
use crate::flags::Settings;

/// Which field of a file is which flag.
type Fields = &'static [(&'static str, &'static str)];

/// A kind of configuration file.
struct Format {
    kind: &'static str,
    group: &'static str,
    program: &'static str,
    /// Whether there are next to no settings beside it: what it does not say is not set.
    is_whole: bool,
    fields: Fields,
}

static FORMATS: &[Format] = &[
    Format {
        kind: "KubeletConfiguration",
        group: "kubelet.config.k8s.io",
        program: "kubelet",
        is_whole: true,
        fields: &[
            ("allowedUnsafeSysctls", "allowed-unsafe-sysctls"),
            ("authentication.anonymous.enabled", "anonymous-auth"),
            ("authentication.webhook.enabled", "authentication-token-webhook"),
            ("authentication.x509.clientCAFile", "client-ca-file"),
            ("authorization.mode", "authorization-mode"),
            ("enableContentionProfiling", "contention-profiling"),
            ("enableDebuggingHandlers", "enable-debugging-handlers"),
            ("eventRecordQPS", "event-qps"),
            ("failSwapOn", "fail-swap-on"),
            ("featureGates", "feature-gates"),
            ("healthzBindAddress", "healthz-bind-address"),
            ("makeIPTablesUtilChains", "make-iptables-util-chains"),
            ("podPidsLimit", "pod-max-pids"),
            ("protectKernelDefaults", "protect-kernel-defaults"),
            ("readOnlyPort", "read-only-port"),
            ("rotateCertificates", "rotate-certificates"),
            ("seccompDefault", "seccomp-default"),
            ("serverTLSBootstrap", "rotate-server-certificates"),
            ("staticPodPath", "pod-manifest-path"),
            ("staticPodURL", "manifest-url"),
            ("streamingConnectionIdleTimeout", "streaming-connection-idle-timeout"),
            ("tlsCertFile", "tls-cert-file"),
            ("tlsCipherSuites", "tls-cipher-suites"),
            ("tlsMinVersion", "tls-min-version"),
            ("tlsPrivateKeyFile", "tls-private-key-file"),
        ],
    },
    Format {
        kind: "KubeProxyConfiguration",
        group: "kubeproxy.config.k8s.io",
        program: "kube-proxy",
        is_whole: true,
        fields: &[
            ("bindAddress", "bind-address"),
            ("enableProfiling", "profiling"),
            ("featureGates", "feature-gates"),
            ("healthzBindAddress", "healthz-bind-address"),
            ("metricsBindAddress", "metrics-bind-address"),
        ],
    },
    Format {
        kind: "KubeSchedulerConfiguration",
        group: "kubescheduler.config.k8s.io",
        program: "kube-scheduler",
        is_whole: false,
        fields: &[("enableContentionProfiling", "contention-profiling"), ("enableProfiling", "profiling")],
    },
    Format {
        kind: "AuthenticationConfiguration",
        group: "apiserver.config.k8s.io",
        program: "kube-apiserver",
        is_whole: false,
        fields: &[("anonymous.enabled", "anonymous-auth")],
    },
    Format {
        kind: "AuthorizationConfiguration",
        group: "apiserver.config.k8s.io",
        program: "kube-apiserver",
        is_whole: false,
        fields: &[("authorizers.type", "authorization-mode")],
    },
    Format {
        kind: ETCD,
        group: "",
        program: "etcd",
        is_whole: true,
        fields: &[
            ("client-transport-security.auto-tls", "auto-tls"),
            ("client-transport-security.cert-file", "cert-file"),
            ("client-transport-security.client-cert-auth", "client-cert-auth"),
            ("client-transport-security.key-file", "key-file"),
            ("client-transport-security.trusted-ca-file", "trusted-ca-file"),
            ("peer-transport-security.auto-tls", "peer-auto-tls"),
            ("peer-transport-security.cert-file", "peer-cert-file"),
            ("peer-transport-security.client-cert-auth", "peer-client-cert-auth"),
            ("peer-transport-security.key-file", "peer-key-file"),
            ("peer-transport-security.trusted-ca-file", "peer-trusted-ca-file"),
        ],
    },
];

/// The kind of resource that a configuration file of etcd is; it has no kind of its own.
pub(in crate::kubernetes) const ETCD: &str = "EtcdConfiguration";

/// Whether a document is a configuration file of etcd.
pub(in crate::kubernetes) fn is_etcd(document: &Node) -> bool {
    let has = |key| document.get(key).is_some();
    let is_secured = has("client-transport-security") || has("peer-transport-security");
    !has("apiVersion") && (is_secured || (has("listen-client-urls") && has("data-dir")))
}

/// The flags of a program that name its configuration files, and the kinds of these.
pub(super) fn named_by(program: &str) -> &'static [(&'static str, &'static [&'static str])] {
    match program {
        "kubelet" => &[("config", &["KubeletConfiguration"])],
        "kube-proxy" => &[("config", &["KubeProxyConfiguration"])],
        "kube-scheduler" => &[("config", &["KubeSchedulerConfiguration"])],
        "etcd" => &[("config-file", &[ETCD])],
        "kube-apiserver" => &[
            ("authentication-config", &["AuthenticationConfiguration"]),
            ("authorization-config", &["AuthorizationConfiguration"]),
        ],
        _ => &[],
    }
}

/// Where a configuration comes from: an object, or an entry of a config map.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    Object(ResourceId),
    Entry(ResourceId, String),
}

impl Origin {
    /// The resource that it stands in.
    pub(super) fn resource(&self) -> ResourceId {
        match self {
            Self::Object(id) | Self::Entry(id, _) => *id,
        }
    }
}

/// What a configuration file says of a program.
pub(super) struct Configuration {
    pub(super) kind: String,
    pub(super) program: &'static str,
    pub(super) settings: Settings,
    /// Whether what it does not say is not set.
    pub(super) is_whole: bool,
    /// All of it, and the place of what it does not say.
    pub(super) place: (Location, Location),
    pub(super) origin: Origin,
}

impl Configuration {
    /// Whether kubeadm makes the settings.
    pub(super) fn is_of_kubeadm(&self) -> bool {
        kubeadm::KINDS.contains(&&*self.kind)
    }
}

/// All configurations of a scan.
pub(super) fn all(graph: &Graph) -> Vec<Configuration> {
    let mut found = Vec::new();
    for (id, resource) in graph.iter().filter(|(_, resource)| resource.platform == Platform::Kubernetes) {
        if &*resource.kind == "ConfigMap" {
            for (key, document) in embedded::documents(graph, resource) {
                found.extend(read(&document, document.kind(), &Origin::Entry(id, key)));
            }
        } else {
            let place = (resource.at, resource.header());
            found.extend(read_at(&resource.value, &resource.kind, &Origin::Object(id), place));
        }
    }
    found
}

fn read(document: &embedded::Document, kind: &str, origin: &Origin) -> Vec<Configuration> {
    let node = &document.node;
    read_at(node, kind, origin, (node.at, document.header()))
}

fn read_at(node: &Node, kind: &str, origin: &Origin, place: (Location, Location)) -> Vec<Configuration> {
    let group = group_of(node);
    let made = |(program, settings, is_whole)| {
        let (kind, origin) = (kind.to_owned(), origin.clone());
        Configuration { kind, program, settings, is_whole, place, origin }
    };
    if group == kubeadm::GROUP {
        return kubeadm::services(kind, node, place)
            .into_iter()
            .map(|(program, settings)| made((program, settings, true)))
            .collect();
    }
    let format = FORMATS.iter().find(|format| format.kind == kind && format.group == group);
    format.map(|format| made((format.program, of_fields(node, format.fields), format.is_whole))).into_iter().collect()
}

/// The settings of a file: fields that are flags by the names of these, the others as they are written.
fn of_fields(node: &Node, fields: Fields) -> Settings {
    let mut settings = Settings::default();
    for entry in node.entries() {
        let is_flag = fields.iter().any(|(field, _)| *field == &*entry.key);
        if !is_flag && !matches!(&*entry.key, "apiVersion" | "kind" | "metadata") {
            settings.add(&entry.key, entry.value.clone());
        }
    }
    for (field, flag) in fields {
        let keys: Vec<&str> = field.split('.').collect();
        if let Some(value) = field_at(node, &keys) {
            settings.add(flag, value);
        }
    }
    if let Some(rest) = node.as_map().and_then(|map| map.rest.as_deref()) {
        settings.open(rest);
    }
    settings
}

/// The value at a path; null at the deepest key where only a part of the path is written, so that a finding for what is
/// absent stands there. Lists on the way become the list of what their items have.
fn field_at(node: &Node, keys: &[&str]) -> Option<Node> {
    let (first, rest) = keys.split_first()?;
    let child = node.get(first)?;
    if rest.is_empty() {
        return Some(child.clone());
    }
    if let Some(items) = child.as_list() {
        let items = items.iter().filter_map(|item| field_at(item, rest)).collect();
        return Some(Node::list(items, child.at).named(child.name_at));
    }
    Some(field_at(child, rest).unwrap_or_else(|| Node::null(child.at).named(child.name_at)))
}

/// The configuration that a flag names by its path: a file of the scan whose path ends in it, or the entry of a config
/// map that the container mounts there.
pub(super) fn find<'c>(
    graph: &Graph,
    configurations: &'c [Configuration],
    kinds: &[&str],
    workload: ResourceId,
    near: SourceId,
    path: Option<&str>,
) -> Option<&'c Configuration> {
    let path = path?;
    let mounted = embedded::mounted(graph.resource(workload), path);
    let of_kind = || configurations.iter().filter(|configuration| kinds.contains(&&*configuration.kind));
    let is_entry = |configuration: &&Configuration| match (&configuration.origin, &mounted) {
        (Origin::Entry(id, key), Some((map, wanted))) => {
            let object = graph.resource(*id);
            key == wanted && *object.unit == *graph.resource(workload).unit && name_of(object) == Some(map)
        }
        _ => false,
    };
    let folder = graph.source(near).map_or("", |source| source.folder());
    let is_file = |configuration: &&Configuration| match &configuration.origin {
        Origin::Object(id) => graph.source(graph.resource(*id).at.source).is_some_and(|source| {
            let is_beside = path.rsplit('/').next() == Some(source.file_name()) && source.folder() == folder;
            is_beside || format!("/{}", source.path).ends_with(path)
        }),
        Origin::Entry(..) => false,
    };
    of_kind().find(is_entry).or_else(|| of_kind().find(is_file))
}

fn name_of(object: &Resource) -> Option<&str> {
    object.value.at_path(&["metadata", "name"])?.as_str()
}
