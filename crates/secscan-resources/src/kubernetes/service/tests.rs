//! Commands and files in, services out.

use secscan_model::{Graph, Resource};

use super::super::tests::{graph, show};

fn services(graph: &Graph) -> Vec<&Resource> {
    graph.resources.iter().filter(|resource| &*resource.kind == "service").collect()
}

/// The settings of the only service.
fn settings(files: &[(&str, &str)]) -> String {
    let graph = graph(files);
    let services = services(&graph);
    assert_eq!(services.len(), 1, "{services:?}");
    let settings = services[0].value.get("settings").unwrap();
    let open = settings.as_map().and_then(|map| map.rest.as_deref());
    format!("{}{}", show(settings), open.map(|why| format!(" ... {why}")).unwrap_or_default())
}

fn pod(command: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: a, namespace: kube-system}}\nspec:\n  containers:\n  - name: a\n    \
         image: a\n    command: {command}\n"
    )
}

#[test]
fn flags_are_settings() {
    let command = "[kube-apiserver, --authorization-mode=Node, '--authorization-mode=RBAC,Webhook', --anonymous-auth=false, \
                   --secure-port=6443, --profiling, --etcd-servers, 'https://a,https://b', '--feature-gates=A=true,B=false']";
    assert_eq!(
        settings(&[("a.yaml", &pod(command))]),
        "{authorization-mode: [Node, RBAC, Webhook], anonymous-auth: false, secure-port: 6443, profiling: true, etcd-servers: \
         [https://a, https://b], feature-gates: {A: true, B: false}}"
    );
    assert_eq!(
        settings(&[("a.yaml", &pod("[sh, -c, 'exec etcd -cert-file=a --auto_tls=true']"))]),
        "{cert-file: a, auto-tls: true}"
    );
}

#[test]
fn what_a_variable_may_hold_is_open() {
    let text = pod("[kubelet, --tls-min-version=$(TLS), $(MORE)]")
        + "    env: [{name: TLS, value: a}, {name: MORE, value: b}]\n";
    assert_eq!(settings(&[("a.yaml", &text)]), "{tls-min-version: ?$(TLS)} ... a variable may hold further flags");
}

#[test]
fn a_program_that_only_says_something_is_no_service() {
    assert!(services(&graph(&[("a.yaml", &pod("[etcd, --version]"))])).is_empty());
}

const KUBELET: &str = "\
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, x509: {}}
readOnlyPort: 10255
memorySwap: {swapBehavior: NoSwap}
";

#[test]
fn fields_of_files_have_the_names_of_flags() {
    assert_eq!(
        settings(&[("kubelet.yaml", KUBELET)]),
        "{authentication: {anonymous: {enabled: false}, x509: {}}, memorySwap: {swapBehavior: NoSwap}, anonymous-auth: false, \
         authentication-token-webhook: , client-ca-file: , read-only-port: 10255}"
    );
}

#[test]
fn flags_win_over_the_file_that_they_name() {
    let unit =
        "[Service]\nExecStart=/usr/bin/kubelet --config=/etc/kubelet.yaml \\\n  --read-only-port=0 $EXTRA_ARGS\n";
    let files = [("etc/kubelet.yaml", KUBELET), ("etc/systemd/system/kubelet.service", unit)];
    assert!(
        settings(&files)
            .ends_with("read-only-port: 0, config: /etc/kubelet.yaml} ... a variable may hold further flags"),
        "{}",
        settings(&files)
    );
    assert_eq!(
        settings(&files[1..]),
        "{config: /etc/kubelet.yaml, read-only-port: 0} ... the file that --config names is not in the scan"
    );
}

#[test]
fn a_file_may_be_the_entry_of_a_config_map_that_is_mounted() {
    let text = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: proxy, namespace: kube-system}
data:
  config.conf: |
    apiVersion: kubeproxy.config.k8s.io/v1alpha1
    kind: KubeProxyConfiguration
    metricsBindAddress: 0.0.0.0:10249
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: proxy, namespace: kube-system}
spec:
  selector: {matchLabels: {a: b}}
  template:
    metadata: {labels: {a: b}}
    spec:
      containers:
      - name: proxy
        image: proxy
        command: [/usr/local/bin/kube-proxy, --config=/etc/proxy/config.conf]
        volumeMounts: [{name: config, mountPath: /etc/proxy}]
      volumes: [{name: config, configMap: {name: proxy}}]
";
    assert_eq!(settings(&[("a.yaml", text)]), "{metrics-bind-address: 0.0.0.0:10249, config: /etc/proxy/config.conf}");
    let graph = graph(&[("a.yaml", text)]);
    let place = services(&graph)[0].value.at_path(&["settings", "metrics-bind-address"]).unwrap().at;
    assert_eq!(&text[place.span.range()], "0.0.0.0:10249", "a value has its place in the config map");
}

#[test]
fn kubeadm_adds_what_it_always_adds() {
    let text = "\
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
apiServer:
  extraArgs:
  - {name: authorization-mode, value: AlwaysAllow}
controllerManager: {extraArgs: {bind-address: 0.0.0.0}}
etcd: {external: {endpoints: [https://a]}}
";
    let graph = graph(&[("kubeadm.yaml", text)]);
    let setting = |program: &str, name: &str| {
        let service =
            services(&graph).into_iter().find(|service| service.value.get("name").unwrap().as_str() == Some(program));
        service.map(|service| show(service.value.at_path(&["settings", name]).unwrap()))
    };
    assert_eq!(setting("kube-apiserver", "authorization-mode").as_deref(), Some("[AlwaysAllow]"));
    assert_eq!(setting("kube-apiserver", "secure-port").as_deref(), Some("6443"));
    assert_eq!(setting("kube-controller-manager", "bind-address").as_deref(), Some("0.0.0.0"));
    assert_eq!(setting("kube-scheduler", "bind-address").as_deref(), Some("127.0.0.1"));
    assert_eq!(setting("etcd", "cert-file"), None, "etcd runs elsewhere");
}

#[test]
fn a_file_of_etcd_is_known_by_its_keys() {
    let text = "\
name: a
data-dir: /var/lib/etcd
listen-client-urls: http://10.0.0.1:2379,https://10.0.0.1:2380
client-transport-security: {cert-file: a.crt, client-cert-auth: true}
";
    let settings = settings(&[("etcd.conf.yml", text)]);
    assert!(settings.contains("listen-client-urls: [http://10.0.0.1:2379, https://10.0.0.1:2380]"), "{settings}");
    assert!(settings.contains("cert-file: a.crt, client-cert-auth: true"), "{settings}");
}

#[test]
fn a_file_that_stands_beside_flags_does_not_say_all() {
    let scheduler =
        "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nenableProfiling: false\n";
    assert_eq!(
        settings(&[("scheduler.yaml", scheduler)]),
        "{profiling: false} ... the flags of the program are not in the scan"
    );
    let command = pod("[kube-scheduler, --config=/etc/scheduler.yaml, --bind-address=127.0.0.1]");
    assert_eq!(
        settings(&[("pod.yaml", &command), ("scheduler.yaml", scheduler)]),
        "{profiling: false, config: /etc/scheduler.yaml, bind-address: 127.0.0.1}"
    );
}
