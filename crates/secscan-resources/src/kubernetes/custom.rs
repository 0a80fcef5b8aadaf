//! Custom resources that run pods: where each kind keeps them.
//!
//! From the definitions of the projects: Argo Rollouts and Workflows, Knative Serving, KServe, the Kubeflow training
//! operators and notebooks, the Spark operator, KubeRay.

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
        paths: &[&["spec", "driver", "template"], &["spec", "executor", "template"]],
        shape: Shape::Template,
    },
    Place {
        group: "serving.kserve.io",
        kinds: &["InferenceService"],
        paths: &[&["spec", "predictor"], &["spec", "transformer"], &["spec", "explainer"]],
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

/// The pods of a custom resource as templates with metadata and specification, each with the name of its part.
pub(super) fn templates(kind: &str, group: &str, object: &Node) -> Vec<(String, Node)> {
    let mut templates = Vec::new();
    for place in PLACES.iter().filter(|place| place.group == group && place.kinds.contains(&kind)) {
        for path in place.paths {
            let mut found = Vec::new();
            collect(object, path, String::new(), &mut found);
            // The steps of a workflow are a list in it.
            let workflow = object.at_path(&path[..path.len().saturating_sub(2)]);
            templates.extend(found.into_iter().filter_map(|(part, node)| match place.shape {
                Shape::Template => Some((part, node.clone())),
                Shape::Specification => specification(node).map(|spec| (part, under_spec(spec))),
                Shape::Step => step(node, workflow).map(|spec| (part, under_spec(spec))),
            }));
        }
    }
    templates
}

/// The values at a path, with the names of what was passed on the way that tell them apart.
fn collect<'n>(node: &'n Node, path: &[&'static str], part: String, found: &mut Vec<(String, &'n Node)>) {
    let named = |name: &str| if part.is_empty() { name.to_owned() } else { format!("{part}.{name}") };
    match path.split_first() {
        None => found.push((part, node)),
        Some((&"*", rest)) => match node.as_list() {
            Some(items) => {
                for (index, item) in items.iter().enumerate() {
                    let name = item.get("name").or_else(|| item.get("groupName")).and_then(Node::as_str);
                    collect(item, rest, named(name.unwrap_or(&index.to_string())), found);
                }
            }
            None => {
                for entry in node.entries() {
                    collect(&entry.value, rest, named(&entry.key), found);
                }
            }
        },
        Some((key, rest)) => {
            if let Some(child) = node.get(key) {
                // What holds several is told by the names of these.
                let is_plain = matches!(*key, "spec" | "template") || rest.first() == Some(&"*");
                collect(child, rest, if is_plain { part } else { named(key) }, found);
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

/// A template around a specification.
fn under_spec(spec: Node) -> Node {
    let (at, name_at) = (spec.at, spec.name_at);
    let template: Map = [("spec".into(), spec)].into_iter().collect();
    Node::map(template, at).named(name_at)
}
