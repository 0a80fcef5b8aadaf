"""The trees that benchmarks run over, by name: those that are written for a run, and folders that are there.

`manifests:N`   N Kubernetes manifests
`rbac:N`        N bindings of roles, each to the account of a pod
`terraform:N`   N Terraform files in N/10 root modules, as a team writes them
`modules:N`     the same in N/10 modules that one root calls
`careless:N`    N small Terraform files in which nearly everything is wrong: what findings cost
`lockfile:N`    a lockfile of N packages
`oci:DIR`       an image as an OCI layout
"""

import json
import sys
from pathlib import Path

# What is taken where nobody says which trees.
USUAL = ["manifests:1000", "rbac:5000", "terraform:1000", "modules:1000", "careless:200", "lockfile:2000"]

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

CARELESS = """variable "environment" {{
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


# A module as a team writes it, ten files of it.
MODULE = sorted((Path(__file__).resolve().parent / "module").glob("*.tf"))

# What one team in three writes instead.
MISTAKES = {
    "enable_key_rotation     = true": "enable_key_rotation     = false",
    "restrict_public_buckets = true": "restrict_public_buckets = false",
    "block_public_acls       = true": "block_public_acls       = false",
    'status = "Enabled"\n  }': 'status = "Suspended"\n  }',
    'cidr = "10.20.0.0/16"': 'cidr = "0.0.0.0/0", port = 22',
    "storage_encrypted     = true": "storage_encrypted     = false",
    "manage_master_user_password         = true": 'password                            = "changeme-team-0"',
    "iam_database_authentication_enabled = true": "iam_database_authentication_enabled = false",
    "publicly_accessible                 = false": "publicly_accessible                 = true",
    "backup_retention_period         = 30": "backup_retention_period         = 0",
    "copy_tags_to_snapshot           = true": "copy_tags_to_snapshot           = false",
    "auto_minor_version_upgrade      = true": "auto_minor_version_upgrade      = false",
    "deletion_protection             = var.deletion_protection": "deletion_protection             = false",
    "performance_insights_enabled    = true": "performance_insights_enabled    = false",
    'enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]': "enabled_cloudwatch_logs_exports = []",
    'actions   = ["s3:GetObject", "s3:PutObject"]': 'actions   = ["s3:*", "iam:PassRole"]',
    'resources = ["${aws_s3_bucket.data.arn}/records/*"]': 'resources = ["*"]',
    "  kms_master_key_id = aws_kms_key.data.id\n": "",
    'security_groups = [aws_security_group.service.id]': 'cidr_blocks     = ["0.0.0.0/0"]',
    "retention_in_days = var.retention": "retention_in_days = 3",
}

MODULE_CALL = """module "part_{n}" {{
  source     = "./modules/part-{n}"
  name       = "app-{n}"
  vpc_id     = var.vpc_id
  subnet_ids = var.subnet_ids
  clients    = {{ app = {{ cidr = "10.{team}.0.0/16" }} }}
}}

"""

ROOT = """variable "vpc_id" {
  type = string
}

variable "subnet_ids" {
  type    = list(string)
  default = ["subnet-a", "subnet-b"]
}

"""


def module(n, folder):
    """A module of ten files, with the mistakes of one team in three."""
    folder.mkdir(parents=True)
    for file in MODULE:
        text = file.read_text().replace("team-0", f"team-{n % 17}")
        if n % 3 == 0:
            for right, wrong in MISTAKES.items():
                text = text.replace(right, wrong)
        (folder / file.name).write_text(text)


def modules(count, folder):
    """Ten files a module; the root calls each module once."""
    numbers = range(count // len(MODULE))
    for n in numbers:
        module(n, folder / "modules" / f"part-{n}")
    calls = (MODULE_CALL.format(n=n, team=n % 17) for n in numbers)
    (folder / "main.tf").write_text(ROOT + "".join(calls))


def terraform(count, folder):
    """Ten files a root module."""
    for n in range(count // len(MODULE)):
        module(n, folder / f"app-{n}")


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


def manifests(count, folder):
    for n in range(count):
        values = {"n": n, "team": n % 17, "replicas": n % 4 + 1, "non_root": "true" if n % 3 else "false"}
        path = folder / f"team-{n % 17}" / f"app-{n}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(MANIFEST.format(**values))


def careless(count, folder):
    for n in range(count):
        path = folder / f"app-{n}" / "main.tf"
        path.parent.mkdir(parents=True)
        path.write_text(CARELESS.format(n=n, team=n % 17, flag="true" if n % 3 else "false"))


def write_lockfile(count, folder):
    folder.mkdir()
    (folder / "package-lock.json").write_text(lockfile(count))


WRITTEN = {
    "manifests": manifests,
    "rbac": rbac,
    "terraform": terraform,
    "modules": modules,
    "careless": careless,
    "lockfile": write_lockfile,
}


def trees(names, scratch):
    """Pairs of a name and a folder; generated trees are written first."""
    for name in names or USUAL:
        kind, _, count = name.partition(":")
        if kind in WRITTEN and count.isdigit():
            folder = scratch / name.replace(":", "-")
            WRITTEN[kind](int(count), folder)
            yield name, folder
        elif kind == "oci" and Path(count).is_dir():
            yield name, f"{kind}:{Path(count).resolve()}"
        elif Path(name).is_dir():
            yield name, Path(name).resolve()
        else:
            sys.exit(f"{name}: no such folder")
