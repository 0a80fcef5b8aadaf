//! A [`Resource`] is a value with a type and an address; a [`Graph`] holds all of a scan with the references between them.

use std::sync::Arc;

use crate::{Comment, Location, Node, Source, SourceId};

/// The system whose terms a resource speaks.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize, serde::Deserialize)]
pub enum Platform {
    /// Terraform and OpenTofu.
    Terraform,
    /// AWS CloudFormation.
    CloudFormation,
    /// Azure Resource Manager: templates in JSON and in Bicep.
    Arm,
    /// Kubernetes manifests.
    Kubernetes,
    /// Helm charts themselves; what they render to is Kubernetes.
    Helm,
    /// Kustomizations themselves; what they make is Kubernetes.
    Kustomize,
    /// Dockerfiles.
    Dockerfile,
    /// Compose files.
    Compose,
    /// Units of systemd that Podman runs containers by.
    Quadlet,
    /// Containers that people develop in.
    Devcontainer,
    /// Docker's daemon: its settings.
    Docker,
    /// GitHub Actions.
    GithubActions,
    /// Packages that a project is built from, and the manifests and lockfiles that name them.
    Package,
    /// Container images: what their configuration says.
    Image,
    /// The text of any file, whatever its format.
    Text,
    /// Source code.
    Code,
    /// Kinds that several platforms share; derived by readers, never written in a file.
    Common,
    /// One subject for a Terraform root, a stack, a namespace set or the repository.
    Unit,
    /// What the scanned tree says about its own scan: suppressions, waivers, settings.
    Configuration,
}

/// All platforms with the word that rule files, `inspect` and reports use.
pub static PLATFORMS: &[(Platform, &str)] = &[
    (Platform::Terraform, "terraform"),
    (Platform::CloudFormation, "cloudformation"),
    (Platform::Arm, "arm"),
    (Platform::Kubernetes, "kubernetes"),
    (Platform::Helm, "helm"),
    (Platform::Kustomize, "kustomize"),
    (Platform::Dockerfile, "dockerfile"),
    (Platform::Compose, "compose"),
    (Platform::Quadlet, "quadlet"),
    (Platform::Devcontainer, "devcontainer"),
    (Platform::Docker, "docker"),
    (Platform::GithubActions, "github-actions"),
    (Platform::Package, "package"),
    (Platform::Image, "image"),
    (Platform::Text, "text"),
    (Platform::Code, "code"),
    (Platform::Common, "common"),
    (Platform::Unit, "unit"),
    (Platform::Configuration, "configuration"),
];

impl Platform {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        PLATFORMS.iter().find(|(platform, _)| *platform == self).map_or("", |(_, word)| word)
    }

    /// The platform of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        PLATFORMS.iter().find(|(_, known)| *known == word).map(|(platform, _)| *platform)
    }
}

impl std::fmt::Display for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The number of a resource within a [`Graph`], or within one reader's output until that is added to a graph.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ResourceId(pub u32);

/// A typed, located attribute tree.
#[derive(Clone, Debug)]
pub struct Resource {
    /// The system whose terms it speaks.
    pub platform: Platform,
    /// The platform's own name of the type: `aws_s3_bucket`, `Deployment`, `stage`.
    pub kind: Arc<str>,
    /// The name that people find it by, as the platform writes it: `module.a["x"].aws_s3_bucket.logs[0]`.
    /// A resource of [`Platform::Common`] has its owner's address.
    pub address: Arc<str>,
    /// What tells apart several common resources of one owner (`containers.app`); empty otherwise.
    pub part: Arc<str>,
    /// The whole construct.
    pub at: Location,
    /// The attributes.
    pub value: Node,
    /// What is deployed together: `terraform:infra`, `cloudformation:stack.yaml`, `kubernetes:NAMESPACE`. Resources of
    /// one unit can refer to each other by address.
    pub unit: Arc<str>,
    /// The resource that holds this one: step > job > workflow, container > workload, instruction > stage.
    pub owner: Option<ResourceId>,
    /// Why it cannot be looked into (a remote module), when it cannot: what it receives references to stays unknown.
    pub opaque: Option<Arc<str>>,
}

impl Resource {
    /// The narrow place that stands for the whole resource: the header of a block, the first key of a document.
    pub fn header(&self) -> Location {
        self.value.name_at
    }
}

/// A reference that was found between two resources.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Edge {
    /// The resource that refers.
    pub from: ResourceId,
    /// Where the reference stands: keys joined by dots, without indexes (`ingress.security_groups`).
    pub path: Arc<str>,
    /// The resource that is referred to.
    pub to: ResourceId,
}

/// All resources of a scan with the references between them.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// The resources; ids are indexes. Sorted by source, start, platform, kind and address.
    pub resources: Vec<Resource>,
    /// The references, sorted by `from`, `to`, path.
    pub edges: Vec<Edge>,
    /// The files that hold resources, sorted by id: their bytes are kept for snippets and line numbers.
    pub sources: Vec<Source>,
    /// The comments of these files, in the order of `sources`.
    pub comments: Vec<Vec<Comment>>,
    /// The paths of all files of the scan, sorted, whether or not anything was read from them.
    pub paths: Vec<Arc<str>>,
}

impl Graph {
    /// The resource of an id.
    pub fn resource(&self, id: ResourceId) -> &Resource {
        &self.resources[id.0 as usize]
    }

    /// The resources with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (ResourceId, &Resource)> {
        self.resources.iter().enumerate().map(|(index, resource)| (ResourceId(index as u32), resource))
    }

    /// The file of an id, when it holds resources.
    pub fn source(&self, id: SourceId) -> Option<&Source> {
        self.sources.binary_search_by_key(&id, |source| source.id).ok().map(|index| &self.sources[index])
    }
}
