//! Security settings of a container: its own, else those that it takes from its pod. A setting keeps the place where it
//! is written, in the pod or in an annotation.

use secscan_model::Node;

use super::attributes::{at_path, each, field, record, replaced};
use super::workload::Pod;

/// The annotations that said what `seccompProfile` and `appArmorProfile` say today. For containers their name follows.
const POD_SECCOMP: &str = "seccomp.security.alpha.kubernetes.io/pod";
const CONTAINER_SECCOMP: &str = "container.seccomp.security.alpha.kubernetes.io";
const CONTAINER_APPARMOR: &str = "container.apparmor.security.beta.kubernetes.io";

/// The security settings that hold for one container.
pub(super) struct Security<'a> {
    pod: &'a Pod<'a>,
    own: Option<Node>,
    /// The name of the container.
    name: Option<Node>,
}

impl<'a> Security<'a> {
    /// The settings of a container of a pod.
    pub(super) fn of(pod: &'a Pod<'a>, container: &Node) -> Self {
        Self { pod, own: field(container, "securityContext"), name: field(container, "name") }
    }

    /// A setting that pods have none of.
    pub(super) fn own(&self, path: &[&str]) -> Option<Node> {
        at_path(self.own.as_ref()?, path)
    }

    /// The container's setting, else the pod's.
    pub(super) fn effective(&self, path: &[&str]) -> Option<Node> {
        self.own(path).or_else(|| at_path(self.pod.security.as_ref()?, path))
    }

    /// `add` or `drop` of the capabilities: upper case and without `CAP_`.
    pub(super) fn capabilities(&self, key: &str) -> Option<Node> {
        let capability = |item: &Node| match item.as_str() {
            Some(text) => {
                let upper = text.to_ascii_uppercase();
                replaced(item.clone(), upper.strip_prefix("CAP_").unwrap_or(&upper))
            }
            None => item.clone(),
        };
        Some(each(self.own(&["capabilities", key])?, capability))
    }

    /// The kind of the seccomp profile: `RuntimeDefault`, `Localhost` or `Unconfined`.
    pub(super) fn seccomp(&self) -> Option<Node> {
        let own = self.own(&["seccompProfile", "type"]).or_else(|| self.annotation(CONTAINER_SECCOMP)).map(profile);
        own.or_else(|| pod_seccomp(self.pod))
    }

    /// The kind of the AppArmor profile, in the same words.
    pub(super) fn apparmor(&self) -> Option<Node> {
        let path = ["appArmorProfile", "type"];
        let own = self.own(&path).or_else(|| self.annotation(CONTAINER_APPARMOR));
        own.or_else(|| self.effective(&path)).map(profile)
    }

    /// What annotations of the pod say about this container, each in its own words.
    pub(super) fn annotated(&self) -> Option<Node> {
        let annotations = self.pod.annotations.as_ref()?;
        let [seccomp, apparmor] = [CONTAINER_SECCOMP, CONTAINER_APPARMOR].map(|prefix| self.annotation(prefix));
        let is_any = seccomp.is_some() || apparmor.is_some();
        is_any.then(|| record(annotations, [("seccomp", seccomp), ("apparmor", apparmor)]))
    }

    /// The annotation of the pod about this container.
    fn annotation(&self, prefix: &str) -> Option<Node> {
        let name = self.name.as_ref()?.as_str()?;
        field(self.pod.annotations.as_ref()?, &format!("{prefix}/{name}"))
    }
}

/// The kind of the seccomp profile of a pod.
pub(super) fn pod_seccomp(pod: &Pod) -> Option<Node> {
    let field_value = pod.security.as_ref().and_then(|security| at_path(security, &["seccompProfile", "type"]));
    field_value.or_else(|| field(pod.annotations.as_ref()?, POD_SECCOMP)).map(profile)
}

/// The word of today for a profile of an annotation.
fn profile(node: Node) -> Node {
    let word = match node.as_str() {
        Some("runtime/default" | "docker/default") => "RuntimeDefault",
        Some("unconfined") => "Unconfined",
        Some(text) if text.starts_with("localhost/") => "Localhost",
        _ => return node,
    };
    replaced(node, word)
}
