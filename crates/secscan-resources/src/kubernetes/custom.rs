//! Custom resources that run pods: where each kind keeps them.
//!
//! From the definitions of the projects: Argo Rollouts and Workflows, Knative Serving, KServe, the Kubeflow training
//! operators and notebooks, the Spark operator, KubeRay.

use std::borrow::Cow;
use std::sync::Arc;

use secscan_model::{Map, Node, Value};

/// Where a kind keeps pods: its group, its kinds, the paths, and what stands there. `*` is every value of a map and
/// every item of a list.
struct Place {
    group: &'static str,
    kinds: &'static [&'static str],
    paths: &'static [&'static [&'static str]],
    shape: Shape,
}

/// What stands at the path of a pod.
#[derive(Clone, Copy)]
enum Shape {
    /// Metadata and specification, as in a Deployment.
    Template,
    /// The specification alone.
    Specification,
    /// A step of a workflow: one container or script, with settings of the pod beside it.
    Step,
    /// The driver or the executors of Spark: settings of the one container and of the pod in one map.
    Spark,
}

const RAY: &[&[&str]] = &[&["spec", "headGroupSpec", "template"], &["spec", "workerGroupSpecs", "*", "template"]];

static PLACES: &[Place] = &[
    Place {
        group: "kubeflow.org",
        kinds: &["JAXJob", "MPIJob", "PaddleJob", "PyTorchJob", "TFJob", "XGBoostJob"],
        paths: &[
            &["spec", "jaxReplicaSpecs", "*", "template"],
            &["spec", "mpiReplicaSpecs", "*", "template"],
            &["spec", "paddleReplicaSpecs", "*", "template"],
            &["spec", "pytorchReplicaSpecs", "*", "template"],
            &["spec", "tfReplicaSpecs", "*", "template"],
            &["spec", "xgbReplicaSpecs", "*", "template"],
        ],
        shape: Shape::Template,
    },
    Place { group: "kubeflow.org", kinds: &["Notebook"], paths: &[&["spec", "template"]], shape: Shape::Template },
    Place { group: "ray.io", kinds: &["RayCluster"], paths: RAY, shape: Shape::Template },
    Place {
        group: "ray.io",
        kinds: &["RayJob"],
        paths: &[
            &["spec", "submitterPodTemplate"],
            &["spec", "rayClusterSpec", "headGroupSpec", "template"],
            &["spec", "rayClusterSpec", "workerGroupSpecs", "*", "template"],
        ],
        shape: Shape::Template,
    },
    Place {
        group: "ray.io",
        kinds: &["RayService"],
        paths: &[
            &["spec", "rayClusterConfig", "headGroupSpec", "template"],
            &["spec", "rayClusterConfig", "workerGroupSpecs", "*", "template"],
        ],
        shape: Shape::Template,
    },
    Place {
        group: "sparkoperator.k8s.io",
        kinds: &["SparkApplication"],
        paths: &[&["spec", "driver"], &["spec", "executor"]],
        shape: Shape::Spark,
    },
    Place {
        group: "sparkoperator.k8s.io",
        kinds: &["ScheduledSparkApplication"],
        paths: &[&["spec", "template", "driver"], &["spec", "template", "executor"]],
        shape: Shape::Spark,
    },
    Place {
        group: "serving.kserve.io",
        kinds: &["InferenceService"],
        paths: &[&["spec", "predictor"], &["spec", "transformer"], &["spec", "explainer"]],
        shape: Shape::Specification,
    },
    Place {
        group: "serving.kserve.io",
        kinds: &["ClusterServingRuntime", "ServingRuntime"],
        paths: &[&["spec"]],
        shape: Shape::Specification,
    },
    Place { group: "serving.knative.dev", kinds: &["Revision"], paths: &[&["spec"]], shape: Shape::Specification },
    Place {
        group: "argoproj.io",
        kinds: &["ClusterWorkflowTemplate", "Workflow", "WorkflowTemplate"],
        paths: &[&["spec", "templates", "*"]],
        shape: Shape::Step,
    },
    Place {
        group: "argoproj.io",
        kinds: &["CronWorkflow"],
        paths: &[&["spec", "workflowSpec", "templates", "*"]],
        shape: Shape::Step,
    },
];

/// A pod of a custom resource.
pub(super) struct CustomPod<'n> {
    /// What tells it apart from the others of its object, empty where it is the only one.
    pub(super) part: String,
    /// The path to its specification, as references have it: lists on the way are not named.
    pub(super) path: String,
    /// The pod as a template, with metadata and specification; borrowed where it is written like that.
    pub(super) template: Cow<'n, Node>,
}

/// The pods of a custom resource.
pub(super) fn pods<'n>(kind: &str, group: &str, object: &'n Node) -> Vec<CustomPod<'n>> {
    let mut pods = Vec::new();
    for place in PLACES.iter().filter(|place| place.group == group && place.kinds.contains(&kind)) {
        for keys in place.paths {
            let mut found = Vec::new();
            collect(object, keys, Way::default(), &mut found);
            // What the steps of a workflow share, and the programs of Spark, stands above them.
            let above = |count: usize| object.at_path(&keys[..keys.len().saturating_sub(count)]);
            pods.extend(found.into_iter().filter_map(|(Way { part, path }, node)| {
                let (path, template) = match place.shape {
                    Shape::Template => (format!("{path}.spec"), Cow::Borrowed(node)),
                    Shape::Specification => (path, Cow::Owned(under_spec(specification(node)?))),
                    Shape::Step => (path, Cow::Owned(under_spec(step(node, above(2))?))),
                    Shape::Spark => (path, Cow::Owned(under_spec(spark(node, &part, above(1))?))),
                };
                Some(CustomPod { part, path, template })
            }));
        }
    }
    pods
}

/// The way to a value: the names that tell it apart, and its path.
#[derive(Clone, Default)]
struct Way {
    part: String,
    path: String,
}

impl Way {
    fn into_key(mut self, key: &str) -> Self {
        append(&mut self.path, key);
        self
    }

    fn named(mut self, name: &str) -> Self {
        append(&mut self.part, name);
        self
    }
}

fn append(path: &mut String, key: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(key);
}

/// The values at a path, each with its way.
fn collect<'n>(node: &'n Node, path: &[&'static str], way: Way, found: &mut Vec<(Way, &'n Node)>) {
    match path.split_first() {
        None => found.push((way, node)),
        Some((&"*", rest)) => match node.as_list() {
            Some(items) => {
                for (index, item) in items.iter().enumerate() {
                    let name = item.get("name").or_else(|| item.get("groupName")).and_then(Node::as_str);
                    collect(item, rest, way.clone().named(name.unwrap_or(&index.to_string())), found);
                }
            }
            None => {
                for entry in node.entries() {
                    collect(&entry.value, rest, way.clone().into_key(&entry.key).named(&entry.key), found);
                }
            }
        },
        Some((key, rest)) => {
            if let Some(child) = node.get(key) {
                // What holds several is told by the names of these.
                let is_plain = matches!(*key, "spec" | "template") || rest.first() == Some(&"*");
                let way = way.into_key(key);
                collect(child, rest, if is_plain { way } else { way.named(key) }, found);
            }
        }
    }
}

/// A specification that names containers: a predictor may leave these to a runtime, which stands elsewhere.
fn specification(node: &Node) -> Option<Node> {
    node.get("containers")?.as_list()?;
    Some(node.clone())
}

/// The specification of the pod of a step. What the step leaves out it takes from its workflow.
fn step(node: &Node, workflow: Option<&Node>) -> Option<Node> {
    const SHARED: &[&str] = &["automountServiceAccountToken", "securityContext", "serviceAccountName"];
    let own = node.as_map()?;
    let main = ["container", "script"].iter().find_map(|key| node.get(key)).filter(|main| main.as_map().is_some());
    let set = node.at_path(&["containerSet", "containers"]);
    let containers: Vec<Node> = match (main, set) {
        (Some(main), _) => vec![main.clone()],
        (None, Some(set)) => set.items().to_vec(),
        (None, None) => return None,
    };
    let place = main.or(set)?;
    let sidecars = node.get("sidecars").map_or(&[][..], Node::items);
    let mut spec = Map::with_capacity(own.len() + 2);
    spec.rest = own.rest.clone();
    for entry in own.entries().iter().filter(|entry| !matches!(&*entry.key, "container" | "script" | "sidecars")) {
        spec.push_new(entry.key.clone(), entry.value.clone());
    }
    for key in SHARED.iter().filter(|key| own.get(key).is_none()) {
        if let Some(value) = workflow.and_then(|workflow| workflow.get(key)) {
            spec.push_new(*key, value.clone());
        }
    }
    let volumes = [workflow, Some(node)].into_iter().flatten().filter_map(|of| of.get("volumes"));
    let volumes: Vec<&Node> = volumes.collect();
    if let Some(first) = volumes.first() {
        let all = volumes.iter().flat_map(|list| list.items().to_vec()).collect();
        spec.remove("volumes");
        spec.push_new("volumes", Node::list(all, first.at).named(first.name_at));
    }
    let all = containers.into_iter().chain(sidecars.iter().cloned()).collect();
    spec.push_new("containers", Node::list(all, place.at).named(place.name_at));
    Some(Node { value: Value::Map(Arc::new(spec)), ..node.clone() })
}

/// Which setting of a driver or an executor is which field of its pod, and of its container.
const SPARK_POD: &[(&str, &str)] = &[
    ("hostNetwork", "hostNetwork"),
    ("initContainers", "initContainers"),
    ("podSecurityContext", "securityContext"),
    ("serviceAccount", "serviceAccountName"),
    ("shareProcessNamespace", "shareProcessNamespace"),
];
const SPARK_CONTAINER: &[(&str, &str)] = &[
    ("env", "env"),
    ("envFrom", "envFrom"),
    ("image", "image"),
    ("lifecycle", "lifecycle"),
    ("ports", "ports"),
    ("securityContext", "securityContext"),
    ("volumeMounts", "volumeMounts"),
];

/// The specification of the pod of a driver or an executor; its template where it has one with containers, else what the
/// operator makes of its settings. `application` holds what they share.
fn spark(node: &Node, name: &str, application: Option<&Node>) -> Option<Node> {
    let own = node.as_map()?;
    if let Some(spec) = node.at_path(&["template", "spec"]).filter(|spec| spec.get("containers").is_some()) {
        return Some(spec.clone());
    }
    let shared = |key: &str| application.and_then(|application| application.get(key));
    let taken = |fields: &[(&str, &str)]| {
        let mut map = Map::with_capacity(fields.len() + 2);
        map.rest = own.rest.clone();
        for (setting, field) in fields {
            if let Some(value) = own.get(setting).or_else(|| shared(setting)) {
                map.push_new(*field, value.clone());
            }
        }
        map
    };
    let mut container = taken(SPARK_CONTAINER);
    container.push_new("name", Node::text(name, node.name_at).named(node.name_at));
    let amount = |keys: &[&str], field: &str| {
        let value = keys.iter().find_map(|key| own.get(key))?;
        Some((field.into(), value.clone()))
    };
    let limits: Map = [amount(&["coreLimit"], "cpu"), amount(&["memory"], "memory")].into_iter().flatten().collect();
    let requests = [amount(&["coreRequest", "cores"], "cpu"), amount(&["memory"], "memory")];
    let requests: Map = requests.into_iter().flatten().collect();
    let resources = [("limits", limits), ("requests", requests)];
    let resources = resources.map(|(key, map)| (key.into(), Node::map(map, node.at).named(node.name_at)));
    container.push_new("resources", Node::map(resources.into_iter().collect(), node.at).named(node.name_at));
    let mut containers = vec![Node::map(container, node.at).named(node.name_at)];
    containers.extend(own.get("sidecars").map_or(&[][..], Node::items).iter().cloned());
    let mut spec = taken(SPARK_POD);
    if let Some(volumes) = shared("volumes") {
        spec.push_new("volumes", volumes.clone());
    }
    spec.push_new("containers", Node::list(containers, node.at).named(node.name_at));
    Some(Node { value: Value::Map(Arc::new(spec)), ..node.clone() })
}

/// A template around a specification.
fn under_spec(spec: Node) -> Node {
    let (at, name_at) = (spec.at, spec.name_at);
    let template: Map = [("spec".into(), spec)].into_iter().collect();
    Node::map(template, at).named(name_at)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{edges, find, parts, read, show};

    #[test]
    fn custom_resources_run_pods_where_their_kind_keeps_them() {
        let job = read(
            "apiVersion: kubeflow.org/v1\nkind: PyTorchJob\nmetadata: {name: train}\nspec:\n  pytorchReplicaSpecs:\n    Master: \
             {template: {spec: {containers: [{name: torch, image: torch}]}}}\n    Worker: {template: {spec: {hostIPC: true, \
             containers: [{name: torch, image: torch}]}}}\n",
        );
        assert_eq!(
            parts(&job).into_iter().filter(|part| !part.starts_with("image-ref")).collect::<Vec<_>>(),
            [
                "pod Master.pod",
                "container Master.containers.torch",
                "pod Worker.pod",
                "container Worker.containers.torch",
            ]
        );
        let ray = read(
            "apiVersion: ray.io/v1\nkind: RayCluster\nmetadata: {name: ray}\nspec:\n  workerGroupSpecs:\n  - groupName: small\n    \
             template: {spec: {containers: [{name: ray, image: ray}]}}\n",
        );
        assert!(parts(&ray).contains(&"container small.containers.ray".to_owned()), "{:?}", parts(&ray));
    }

    #[test]
    fn a_step_takes_from_its_workflow_what_it_does_not_say() {
        let reading = read(
            "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: build}\nspec:\n  serviceAccountName: robot\n  \
             securityContext: {runAsNonRoot: true}\n  templates:\n  - name: main\n    steps: [[{name: a, template: make}]]\n  - \
             name: make\n    container: {image: make, command: [make]}\n",
        );
        let pod = find(&reading, "pod", "make.pod");
        assert_eq!(pod.value.get("service-account").map(show).as_deref(), Some("robot"));
        let container = find(&reading, "container", "make.containers.0");
        assert_eq!(container.value.get("run-as-non-root").map(show).as_deref(), Some("true"));
        assert_eq!(
            parts(&reading).iter().filter(|part| part.starts_with("pod ")).count(),
            1,
            "a list of steps runs nothing"
        );
    }

    #[test]
    fn programs_of_spark_are_made_of_their_settings() {
        let reading = read(
            "apiVersion: sparkoperator.k8s.io/v1beta2\nkind: SparkApplication\nmetadata: {name: count}\nspec:\n  image: spark:4\n  \
             driver: {memory: 512m, serviceAccount: spark, securityContext: {privileged: true}}\n  executor: {instances: 1}\n",
        );
        let driver = find(&reading, "container", "driver.containers.driver");
        assert_eq!(driver.value.get("image").map(show).as_deref(), Some("spark:4"));
        assert_eq!(driver.value.get("privileged").map(show).as_deref(), Some("true"));
        assert_eq!(driver.value.get("limits").map(show).as_deref(), Some("{memory: 512m}"));
        let pod = find(&reading, "pod", "driver.pod");
        assert_eq!(pod.value.get("service-account").map(show).as_deref(), Some("spark"));
        assert!(parts(&reading).contains(&"container executor.containers.executor".to_owned()));
    }

    #[test]
    fn pods_of_custom_resources_name_objects_and_are_selected() {
        let text = "\
apiVersion: ray.io/v1
kind: RayCluster
metadata: {name: ray}
spec:
  workerGroupSpecs:
  - groupName: small
    template: {metadata: {labels: {app: ray}}, spec: {serviceAccountName: ray, containers: [{name: ray, image: ray}]}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: ray}}
---
{apiVersion: v1, kind: Service, metadata: {name: ray}, spec: {selector: {app: ray}}}
";
        assert_eq!(
            edges(&[("ray.yaml", text)]),
            [
                "default/RayCluster/ray -spec.workerGroupSpecs.template.spec.serviceAccountName-> default/ServiceAccount/ray",
                "default/Service/ray -spec.selector-> default/RayCluster/ray",
            ]
        );
    }
}
