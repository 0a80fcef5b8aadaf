//! Label selectors, and the pods that they select.

use foldhash::HashMap;
use secscan_model::{Node, ResourceId};

/// What a selector asks of the labels of a pod: all of it must hold. Without requirements it selects every pod.
pub(super) struct Selector<'a>(Vec<Requirement<'a>>);

/// What a selector asks of one label.
struct Requirement<'a> {
    key: &'a str,
    operator: Operator<'a>,
}

/// The operators of `matchExpressions`. Values are sorted.
enum Operator<'a> {
    In(Vec<&'a str>),
    NotIn(Vec<&'a str>),
    Exists,
    DoesNotExist,
}

impl<'a> Selector<'a> {
    /// The selector of all pods.
    pub(super) fn all() -> Self {
        Self(Vec::new())
    }

    /// A plain map of labels, as services have it. None when not all of it is known.
    pub(super) fn of_labels(labels: &'a Node) -> Option<Self> {
        let mut selector = Self(Vec::new());
        selector.add_labels(labels)?;
        Some(selector)
    }

    /// A selector with `matchLabels` and `matchExpressions`. None when not all of it is known or understood.
    pub(super) fn of(selector: &'a Node) -> Option<Self> {
        let mut requirements = Self(Vec::new());
        if let Some(labels) = selector.get("matchLabels") {
            requirements.add_labels(labels)?;
        }
        for expression in selector.get("matchExpressions").map_or(&[][..], Node::items) {
            let values = || {
                let items = expression.get("values").map_or(&[][..], Node::items);
                let mut values = items.iter().map(Node::as_str).collect::<Option<Vec<_>>>()?;
                values.sort_unstable();
                Some(values)
            };
            let operator = match expression.get("operator")?.as_str()? {
                "In" => Operator::In(values()?),
                "NotIn" => Operator::NotIn(values()?),
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                _ => return None,
            };
            requirements.0.push(Requirement { key: expression.get("key")?.as_str()?, operator });
        }
        let known = selector.is_null() || selector.as_map().is_some_and(|map| map.rest.is_none());
        known.then_some(requirements)
    }

    /// Whether it asks nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn add_labels(&mut self, labels: &'a Node) -> Option<()> {
        if labels.is_null() {
            return Some(());
        }
        let labels = labels.as_map().filter(|labels| labels.rest.is_none())?;
        for entry in labels.entries() {
            self.0.push(Requirement { key: &entry.key, operator: Operator::In(vec![entry.value.as_str()?]) });
        }
        Some(())
    }
}

impl Requirement<'_> {
    fn holds(&self, label: Option<&str>) -> bool {
        let among = |values: &[&str]| label.is_some_and(|label| values.binary_search(&label).is_ok());
        match &self.operator {
            Operator::In(values) => among(values),
            Operator::NotIn(values) => !among(values),
            Operator::Exists => label.is_some(),
            Operator::DoesNotExist => label.is_none(),
        }
    }
}

/// The pods of a scan, found by namespace and label so that a selector looks only at those that it can select.
#[derive(Default)]
pub(super) struct Pods<'a> {
    pods: Vec<Pod<'a>>,
    by_namespace: HashMap<&'a str, Vec<usize>>,
    by_key: HashMap<(&'a str, &'a str), Vec<usize>>,
    by_label: HashMap<(&'a str, &'a str, &'a str), Vec<usize>>,
}

/// The pod of a workload with its labels.
struct Pod<'a> {
    workload: ResourceId,
    labels: HashMap<&'a str, &'a str>,
}

impl<'a> Pods<'a> {
    /// Adds the pod of a workload.
    pub(super) fn add(&mut self, namespace: &'a str, workload: ResourceId, labels: Option<&'a Node>) {
        let index = self.pods.len();
        let entries = labels.map_or(&[][..], Node::entries);
        let known = entries.iter().filter_map(|entry| Some((&*entry.key, entry.value.as_str()?)));
        self.by_namespace.entry(namespace).or_default().push(index);
        for (key, value) in known.clone() {
            self.by_key.entry((namespace, key)).or_default().push(index);
            self.by_label.entry((namespace, key, value)).or_default().push(index);
        }
        self.pods.push(Pod { workload, labels: known.collect() });
    }

    /// The workloads whose pods a selector selects. Looks at no more pods than `budget`, which it takes them from; none
    /// when that did not suffice.
    pub(super) fn select(&self, namespace: &str, selector: &Selector, budget: &mut usize) -> Option<Vec<ResourceId>> {
        let candidates = self.candidates(namespace, selector);
        let count = candidates.iter().map(|pods| pods.len()).sum();
        *budget = budget.checked_sub(count)?;
        let pods = candidates.into_iter().flatten().filter_map(|index| self.pods.get(*index));
        let selected = pods.filter(|pod| {
            selector.0.iter().all(|requirement| requirement.holds(pod.labels.get(requirement.key).copied()))
        });
        Some(selected.map(|pod| pod.workload).collect())
    }

    /// The pods that the narrowest requirement lets through; those of the namespace when none narrows.
    fn candidates<'b>(&'b self, namespace: &'b str, selector: &Selector<'b>) -> Vec<&'b [usize]> {
        let narrowed = selector.0.iter().filter_map(|Requirement { key, operator }| match operator {
            Operator::In(values) => {
                let pods = values.iter().filter_map(|value| self.by_label.get(&(namespace, *key, *value)));
                Some(pods.map(Vec::as_slice).collect::<Vec<_>>())
            }
            Operator::Exists => Some(self.by_key.get(&(namespace, *key)).map(Vec::as_slice).into_iter().collect()),
            Operator::NotIn(_) | Operator::DoesNotExist => None,
        });
        let narrowest = narrowed.min_by_key(|lists| lists.iter().map(|pods| pods.len()).sum::<usize>());
        narrowest.unwrap_or_else(|| self.by_namespace.get(namespace).map(Vec::as_slice).into_iter().collect())
    }
}
