//! Findings that several objects of a cluster make together show the way from one to the next.

use secscan_core::{Scanner, Silent};
use secscan_model::tree::MemoryTree;

/// The findings of one rule: the resource, and what is said of the related places.
fn findings(rule: &str, files: &[(&str, &str)]) -> Vec<(String, Vec<String>)> {
    let scanner = Scanner::builder().only(rule).build().expect("a rule");
    let report = scanner.scan(&MemoryTree::new(files.iter().copied()), &Silent);
    let shown = report.findings.iter().map(|finding| {
        let related = finding.related.iter().map(|related| related.message.to_string());
        (finding.resource.to_string(), related.collect())
    });
    shown.collect()
}

const SHOP: &str = "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: shop}
spec: {rules: [{host: a.example.com, http: {paths: [{path: /, backend: {service: {name: shop, port: {number: 80}}}}]}}]}
---
apiVersion: v1
kind: Service
metadata: {name: shop, namespace: shop}
spec: {selector: {app: shop}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: till, namespace: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {hostPID: true, containers: [{name: app, image: app}]}
";

#[test]
fn from_an_ingress_to_the_pods_behind_it() {
    assert_eq!(
        findings("k8s-exposed-privileged-workload", &[("shop.yaml", SHOP)]),
        [(
            "shop/Ingress/shop".to_owned(),
            [
                "linked: shop/Service/shop",
                "linked: shop/Deployment/till",
                "`spec.template.spec.hostPID` of shop/Deployment/till is true"
            ]
            .map(str::to_owned)
            .to_vec()
        )]
    );
}

#[test]
fn from_a_pod_of_terraform_to_an_administrator() {
    let terraform = r#"
resource "kubernetes_pod" "runner" {
  metadata {
    name      = "runner"
    namespace = "build"
  }
  spec {
    service_account_name = "runner"
    container {
      name  = "runner"
      image = "runner:1"
    }
  }
}

resource "kubernetes_role" "jobs" {
  metadata {
    name      = "jobs"
    namespace = "tools"
  }
  rule {
    api_groups = ["batch"]
    resources  = ["jobs"]
    verbs      = ["create"]
  }
}

resource "kubernetes_role_binding" "runner" {
  metadata {
    name      = "runner"
    namespace = "tools"
  }
  role_ref {
    api_group = "rbac.authorization.k8s.io"
    kind      = "Role"
    name      = "jobs"
  }
  subject {
    kind      = "ServiceAccount"
    name      = "runner"
    namespace = "build"
  }
}

resource "kubernetes_cluster_role_binding" "installer" {
  metadata {
    name = "installer"
  }
  role_ref {
    api_group = "rbac.authorization.k8s.io"
    kind      = "ClusterRole"
    name      = "cluster-admin"
  }
  subject {
    kind      = "ServiceAccount"
    name      = "installer"
    namespace = "tools"
  }
}
"#;
    let expected = [
        "kubernetes_role.jobs may start pods",
        "kubernetes_role_binding.runner gives kubernetes_role.jobs to build/runner",
        "kubernetes_cluster_role_binding.installer gives ClusterRole/cluster-admin to tools/installer",
    ];
    assert_eq!(
        findings("k8s-workload-becomes-admin", &[("main.tf", terraform)]),
        [("kubernetes_pod.runner".to_owned(), expected.map(str::to_owned).to_vec())]
    );
}
