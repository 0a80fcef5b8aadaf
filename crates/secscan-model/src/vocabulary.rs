//! Readers promise these, the rule compiler refuses all others, `secscan inspect` shows them.

use crate::Platform;

/// A child that is computed from a value; its name begins with `$` in paths because it is in no file.
#[derive(Debug)]
pub struct ComputedChild {
    /// The name without the `$`.
    pub name: &'static str,
    /// What it gives.
    pub about: &'static str,
}

/// All computed children.
pub static COMPUTED: &[ComputedChild] = &[
    ComputedChild { name: "json", about: "string or map: the JSON document in it (a map passes through)" },
    ComputedChild {
        name: "iam",
        about: "policy string or map: list of {sid, effect, actions, not-actions, resources, not-resources, principals, not-principals, conditions}; one-or-many made many, \"*\" and {AWS: \"*\"} both \"*\"; conditions is a list of {operator, key, values}, absent when there is none; beside them what they mean: grants, public, accounts, narrowed",
    },
    ComputedChild { name: "url", about: "string: {scheme, user, password, host, port, path, query}" },
    ComputedChild {
        name: "image",
        about: "string: {registry, name, tag, digest}; tag and digest absent when not written",
    },
    ComputedChild { name: "shell", about: "string: list of commands, as the common kind `command`" },
    ComputedChild {
        name: "expr",
        about: "string: list of its ${{ }} expressions: {text, contexts, calls: [{name, args}], constant}",
    },
    ComputedChild {
        name: "action",
        about: "`uses`: {owner, name, path, ref, ref-kind: sha|tag|branch, local, kind: action|workflow|docker}",
    },
    ComputedChild {
        name: "licence",
        about: "licence expression: {category: permissive|weak-copyleft|strong-copyleft|network-copyleft|restricted|custom|none|unknown, expression}",
    },
    ComputedChild { name: "comment", about: "any: the comment behind it on its line" },
    ComputedChild {
        name: "permissions",
        about: "GitHub Actions job: its effective permissions, its own or else the workflow's; absent where neither is written",
    },
    ComputedChild {
        name: "removed-in",
        about: "Kubernetes object: the release that no longer serves its API version (`1.22`); absent while that is served",
    },
    ComputedChild { name: "type", about: "resource: the type" },
    ComputedChild { name: "platform", about: "resource: the platform" },
    ComputedChild { name: "address", about: "resource: the address" },
];

/// A kind that resources of many platforms are read into.
#[derive(Debug)]
pub struct CommonKind {
    /// The name that `common:` selects.
    pub name: &'static str,
    /// The attributes that rules may name. Attributes hold effective values and are absent where the platform leaves a
    /// default that is not known. What stands below an attribute is not listed.
    pub attributes: &'static [&'static str],
    /// The platforms that supply it.
    pub from: &'static [Platform],
}

/// The platforms that build or run containers: whatever starts in one has commands, variables and images.
const CONTAINER_PLATFORMS: &[Platform] = &[
    Platform::Dockerfile,
    Platform::Compose,
    Platform::Quadlet,
    Platform::Devcontainer,
    Platform::Kubernetes,
    Platform::GithubActions,
];

/// All common kinds. Every kind also has `platform` (the word of the platform that it came from) and `$owner`.
pub static COMMON_KINDS: &[CommonKind] = &[
    CommonKind {
        name: "container",
        attributes: &[
            "platform",
            "name",
            "role",  // main | init | ephemeral
            "image", // string as written; image.$image takes it apart
            "privileged",
            "run-as-user", // container's, else the pod's
            "run-as-group",
            "run-as-non-root",
            "read-only-root",
            "allow-escalation",
            "cap-add", // list, upper case, without CAP_
            "cap-drop",
            "seccomp",   // RuntimeDefault | Localhost | Unconfined (Compose: the same words)
            "apparmor",  // RuntimeDefault | Localhost | Unconfined
            "annotated", // {seccomp, apparmor}: what annotations of the pod say about it, in their own words
            "selinux",   // {user, role, type, level}
            "proc-mount",
            "windows-host-process",
            "host-network",
            "host-pid",
            "host-ipc",
            "env",      // list of {name, value} or {name, from: secret|config-map|field, source, key}
            "env-from", // list of {from: secret|config-map, source}
            "ports",    // list of {container, host, host-ip, protocol}
            "mounts",   // list of {name, path, read-only, host-path, type}; host-path is the host's side when it is one
            "devices",
            "limits", // {cpu, memory, ...} as written
            "requests",
            "probes", // {liveness, readiness, startup} as written
            "lifecycle",
            "pull-policy",
            "restart",
            "command",   // list
            "args",      // list
            "namespace", // Kubernetes namespace of the owner as written
            "spec",      // the container as the platform writes it, for what has no attribute here
        ],
        from: &[Platform::Kubernetes, Platform::Compose, Platform::Quadlet, Platform::Devcontainer],
    },
    CommonKind {
        name: "pod",
        attributes: &[
            "platform",
            "name",
            "namespace",
            "labels",
            "annotations",
            "host-network",
            "host-pid",
            "host-ipc",
            "host-users",
            "service-account",
            "automount-token",
            "run-as-user",
            "run-as-group",
            "run-as-non-root",
            "fs-group",
            "supplemental-groups",
            "seccomp",
            "sysctls",    // list of {name, value}
            "volumes",    // list of {name, kind: hostPath|secret|emptyDir|..., host-path, spec}
            "containers", // list: the common kind `container` of each
            "spec",       // the pod spec as Kubernetes writes it
        ],
        from: &[Platform::Kubernetes],
    },
    CommonKind {
        name: "network-rule",
        attributes: &[
            "platform",
            "direction", // ingress | egress
            "action",    // allow | deny
            "protocol",  // all | tcp | udp | icmp | icmpv6 | a number
            "ports",     // list of "22" or "20-25"; "0-65535" when the protocol is all or no port is named
            "sources",   // list of CIDR blocks or references
            "destinations",
            "open", // whether the far side sums to all of IPv4 or all of IPv6
            "description",
        ],
        from: &[Platform::Terraform, Platform::CloudFormation],
    },
    CommonKind {
        name: "iam-statement",
        attributes: &[
            "platform",
            "sid",
            "effect",  // Allow | Deny
            "actions", // list
            "not-actions",
            "resources",
            "not-resources",
            "principals", // list of strings; "*" for anyone
            "not-principals",
            "conditions", // list of {operator, key, values}; absent when there is none
            "grants", // of an Allow: {escalate, credentials, read-data, expose, decrypt, pass-role}, each the patterns that give such actions
            "public", // of an Allow to principals: whether strangers may, conditions and denials weighed
            "accounts", // accounts that principals name, but for that of the resources
            "narrowed", // where there are conditions: whether they leave strangers out
            "attribute", // the attribute of the owner that holds the policy: policy, assume_role_policy, ...
        ],
        from: &[Platform::Terraform, Platform::CloudFormation],
    },
    CommonKind {
        name: "command",
        attributes: &[
            "platform",
            "text",       // as written
            "name",       // last path segment of the program: curl for /usr/bin/curl
            "args",       // list of the words that are no flags, without the name
            "flags",      // list; --x=y also as --x, bundled short flags also apart (-rf: -rf, -r, -f)
            "packages",   // list of the words that an installer takes for packages: no flags, no values of flags
            "env",        // map of assignments in front
            "piped-from", // list of the commands before it in the same pipe, nearest first, in this shape
            "piped-to",   // likewise after it
            "redirects",  // list of {operator, target}
            "user",       // the user it runs as where the platform says so
            "shell",      // sh, bash, pwsh, exec (no shell), ... where the platform says so
        ],
        from: CONTAINER_PLATFORMS,
    },
    CommonKind {
        name: "service",
        attributes: &[
            "platform",
            "name",     // kubelet | kube-apiserver | kube-controller-manager | kube-scheduler | kube-proxy | etcd
            "origin",   // command | file | kubeadm
            "settings", // map by the names of flags without dashes; lists are lists, feature-gates is a map
        ],
        from: &[Platform::Kubernetes],
    },
    CommonKind {
        name: "env-var",
        attributes: &["platform", "name", "value", "kind" /* env | arg | label */],
        from: CONTAINER_PLATFORMS,
    },
    CommonKind {
        name: "image-ref",
        attributes: &[
            "platform",
            "reference", // as written after substitution
            "registry",  // docker.io when none is written
            "name",      // library/ left out
            "tag",
            "digest",
            "role", // base | copy-from | run | service | job
        ],
        from: CONTAINER_PLATFORMS,
    },
    CommonKind {
        name: "action-ref",
        attributes: &["platform", "reference", "owner", "name", "path", "ref", "ref-kind", "local", "kind"],
        from: &[Platform::GithubActions],
    },
];

/// The common kind of a name.
pub fn common_kind(name: &str) -> Option<&'static CommonKind> {
    COMMON_KINDS.iter().find(|kind| kind.name == name)
}
