"""The trees that benchmarks run over, by name: those that are written for a run, and folders that are there.

`manifests:N`   N Kubernetes manifests
`rbac:N`        N bindings of roles, each to the account of a pod
`terraform:N`   N Terraform modules
`modules:N`     N Terraform files in N/10 modules that one root calls
`lockfile:N`    a lockfile of N packages
`oci:DIR`       an image as an OCI layout
"""

import json
import sys
from pathlib import Path

# What is taken where nobody says which trees.
USUAL = ["manifests:1000", "rbac:5000", "terraform:200", "modules:1000", "lockfile:2000"]

MANIFEST = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{n}
  namespace: team-{team}
  labels: {{app: app-{n}, tier: backend}}
spec:
  replicas: {replicas}
  selector:
    matchLabels: {{app: app-{n}}}
  template:
    metadata:
      labels: {{app: app-{n}, tier: backend}}
    spec:
      serviceAccountName: app-{n}
      containers:
        - name: app
          image: registry.example.com/team-{team}/app:{n}.0.1
          args: ["--listen=:8080", "--verbose"]
          ports: [{{containerPort: 8080}}]
          env:
            - name: DATABASE_HOST
              value: db-{team}.internal.example.com
            - name: DATABASE_PASSWORD
              valueFrom: {{secretKeyRef: {{name: app-{n}, key: password}}}}
          resources:
            requests: {{cpu: 100m, memory: 128Mi}}
            limits: {{memory: 256Mi}}
          securityContext:
            allowPrivilegeEscalation: false
            runAsNonRoot: {non_root}
          readinessProbe:
            httpGet: {{path: /healthz, port: 8080}}
---
apiVersion: v1
kind: Service
metadata:
  name: app-{n}
  namespace: team-{team}
spec:
  selector: {{app: app-{n}}}
  ports:
    - port: 80
      targetPort: 8080
"""

BINDING = """apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: role-{n}, namespace: team-{next}}}
rules:
  - apiGroups: [apps]
    resources: [deployments]
    verbs: [get, list, {verb}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: role-{n}, namespace: team-{next}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: role-{n}}}
subjects: [{{kind: ServiceAccount, name: app-{n}, namespace: team-{team}}}]
---
apiVersion: v1
kind: Pod
metadata: {{name: app-{n}, namespace: team-{team}}}
spec:
  serviceAccountName: app-{n}
  containers: [{{name: app, image: registry.example.com/app:1.0.{n}}}]
---
"""

ADMINISTRATOR = """apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: administrator}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: app-0, namespace: team-0}]
"""

MODULE = """variable "environment" {{
  type    = string
  default = "staging"
}}

locals {{
  name = "app-{n}-${{var.environment}}"
  tags = {{
    Service = local.name
    Team    = "team-{team}"
  }}
}}

resource "aws_s3_bucket" "data" {{
  bucket = local.name
  tags   = local.tags
}}

resource "aws_s3_bucket_public_access_block" "data" {{
  bucket                  = aws_s3_bucket.data.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = {flag}
}}

resource "aws_security_group" "app" {{
  name        = local.name
  description = "traffic to ${{local.name}}"

  ingress {{
    description = "service"
    from_port   = 8080
    to_port     = 8080
    protocol    = "tcp"
    cidr_blocks = ["10.{team}.0.0/16"]
  }}

  dynamic "egress" {{
    for_each = toset(["10.0.0.0/8", "192.168.0.0/16"])
    content {{
      description = "internal"
      from_port   = 443
      to_port     = 443
      protocol    = "tcp"
      cidr_blocks = [egress.value]
    }}
  }}
}}

resource "aws_db_instance" "main" {{
  count             = 2
  identifier        = "${{local.name}}-${{count.index}}"
  engine            = "postgres"
  instance_class    = "db.t3.micro"
  allocated_storage = 20
  storage_encrypted = {flag}
  tags              = merge(local.tags, {{ Index = count.index }})
}}
"""


MODULE_HEAD = """variable "name" {{
  type = string
}}

variable "cidrs" {{
  type    = list(string)
  default = ["10.{team}.0.0/16"]
}}

output "bucket" {{
  value = aws_s3_bucket.data_{n}.id
}}

"""

MODULE_PART = """resource "aws_s3_bucket" "data_{n}" {{
  bucket = "${{var.name}}-{n}"
  tags   = {{ Team = "team-{team}" }}
}}

resource "aws_security_group" "app_{n}" {{
  name        = "${{var.name}}-{n}"
  description = "traffic to ${{var.name}}"

  ingress {{
    description = "service"
    from_port   = 8080
    to_port     = 8080
    protocol    = "tcp"
    cidr_blocks = var.cidrs
  }}
}}

resource "aws_db_instance" "main_{n}" {{
  identifier        = "${{var.name}}-{n}"
  engine            = "postgres"
  instance_class    = "db.t3.micro"
  allocated_storage = 20
  storage_encrypted = {flag}
}}
"""

MODULE_CALL = """module "part_{module}" {{
  source = "./modules/part-{module}"
  name   = "app-{module}"
  cidrs  = ["10.{team}.0.0/16", "192.168.0.0/16"]
}}

"""


def modules(count, folder):
    """Ten files a module; the root calls each module once."""
    calls = []
    for n in range(count):
        module = n // 10
        values = {"n": n, "module": module, "team": module % 17, "flag": "true" if n % 3 else "false"}
        path = folder / "modules" / f"part-{module}" / f"file-{n % 10}.tf"
        path.parent.mkdir(parents=True, exist_ok=True)
        head = ""
        if n % 10 == 0:
            head = MODULE_HEAD.format(**values)
            calls.append(MODULE_CALL.format(**values))
        path.write_text(head + MODULE_PART.format(**values))
    (folder / "main.tf").write_text("".join(calls))


def lockfile(count):
    """A package-lock.json in which each package depends on the next three."""
    packages = {"": {"name": "bench", "version": "1.0.0", "dependencies": {"package-0": "^1.0.0"}}}
    for n in range(count):
        packages[f"node_modules/package-{n}"] = {
            "version": f"1.{n % 40}.{n % 7}",
            "resolved": f"https://registry.example.com/package-{n}/-/package-{n}-1.{n % 40}.{n % 7}.tgz",
            "integrity": "sha512-" + f"{n:086d}" + "==",
            "license": "MIT",
            "dependencies": {f"package-{m}": "^1.0.0" for m in range(n + 1, min(n + 4, count))},
            "engines": {"node": ">=18"},
        }
    return json.dumps({"name": "bench", "version": "1.0.0", "lockfileVersion": 3, "packages": packages}, indent=2)


def rbac(count, folder):
    """Bindings that lead from team to team: one in three accounts may start pods in the namespace of the next team."""
    folder.mkdir()
    teams = max(count // 50, 2)
    for first in range(0, count, 50):
        numbers = range(first, min(first + 50, count))
        values = ({"n": n, "team": n % teams, "next": (n + 1) % teams, "verb": "watch" if n % 3 else "create"} for n in numbers)
        (folder / f"bindings-{first}.yaml").write_text("".join(BINDING.format(**value) for value in values))
    (folder / "administrator.yaml").write_text(ADMINISTRATOR)


def write_tree(kind, count, folder):
    if kind == "lockfile":
        folder.mkdir()
        (folder / "package-lock.json").write_text(lockfile(count))
        return
    if kind in ("modules", "rbac"):
        {"modules": modules, "rbac": rbac}[kind](count, folder)
        return
    for n in range(count):
        values = {"n": n, "team": n % 17, "replicas": n % 4 + 1}
        if kind == "manifests":
            path = folder / f"team-{n % 17}" / f"app-{n}.yaml"
            text = MANIFEST.format(non_root="true" if n % 3 else "false", **values)
        else:
            path = folder / f"app-{n}" / "main.tf"
            text = MODULE.format(flag="true" if n % 3 else "false", **values)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def trees(names, scratch):
    """Pairs of a name and a folder; generated trees are written first."""
    for name in names or USUAL:
        kind, _, count = name.partition(":")
        if kind in ("manifests", "rbac", "terraform", "modules", "lockfile") and count.isdigit():
            folder = scratch / name.replace(":", "-")
            write_tree(kind, int(count), folder)
            yield name, folder
        elif kind == "oci" and Path(count).is_dir():
            yield name, f"{kind}:{Path(count).resolve()}"
        elif Path(name).is_dir():
            yield name, Path(name).resolve()
        else:
            sys.exit(f"{name}: no such folder")
