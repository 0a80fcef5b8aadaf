//! The ways in which permissions give more permissions. Data only: a way is added by one entry.

/// One way to more rights.
#[derive(Debug)]
pub(super) struct Path {
    /// What its holder can do, after "may".
    pub(super) what: &'static str,
    /// What the first step must reach.
    pub(super) on: On,
    /// The service that a role is passed to; empty where none is.
    pub(super) service: &'static str,
    /// The steps; of each, one of the actions is enough. The resources of later steps do not matter.
    pub(super) steps: &'static [&'static [&'static str]],
}

/// The resources that make a step harmful.
#[derive(Clone, Copy, Debug)]
pub(super) struct On {
    pub(super) service: &'static str,
    /// The end of an ARN that stands for all of a kind.
    pub(super) all: &'static str,
    /// Whether the holder's own role, user, group or policy is enough.
    pub(super) own: bool,
}

/// Anything.
pub(super) const ANYTHING: On = On { service: "", all: "", own: false };
const ROLES: On = On { service: "iam", all: "role/*", own: false };
const OWN_ROLE: On = On { own: true, ..ROLES };
const USERS: On = On { service: "iam", all: "user/*", own: false };
const OWN_USER: On = On { own: true, ..USERS };
const GROUPS: On = On { service: "iam", all: "group/*", own: false };
const OWN_GROUP: On = On { own: true, ..GROUPS };
const OWN_POLICY: On = On { service: "iam", all: "policy/*", own: true };
const FUNCTIONS: On = On { service: "lambda", all: "function:*", own: false };
const MACHINES: On = On { service: "ec2", all: "instance/*", own: false };
const NOTEBOOKS: On = On { service: "sagemaker", all: "notebook-instance/*", own: false };

const fn direct(what: &'static str, on: On, steps: &'static [&'static [&'static str]]) -> Path {
    Path { what, on, service: "", steps }
}

const fn passing(what: &'static str, service: &'static str, steps: &'static [&'static [&'static str]]) -> Path {
    Path { what, on: ROLES, service, steps }
}

/// All ways, the shortest first.
pub(super) static PATHS: &[Path] = &[
    direct("write a new version of its own policy", OWN_POLICY, &[&["iam:CreatePolicyVersion"]]),
    direct("go back to an older version of its own policy", OWN_POLICY, &[&["iam:SetDefaultPolicyVersion"]]),
    direct("attach any policy to itself", OWN_USER, &[&["iam:AttachUserPolicy"]]),
    direct("attach any policy to its group", OWN_GROUP, &[&["iam:AttachGroupPolicy"]]),
    direct("attach any policy to a role", OWN_ROLE, &[&["iam:AttachRolePolicy"]]),
    direct("write a policy for itself", OWN_USER, &[&["iam:PutUserPolicy"]]),
    direct("write a policy for its group", OWN_GROUP, &[&["iam:PutGroupPolicy"]]),
    direct("write a policy for a role", OWN_ROLE, &[&["iam:PutRolePolicy"]]),
    direct("join any group", GROUPS, &[&["iam:AddUserToGroup"]]),
    direct("change whom any role trusts", ROLES, &[&["iam:UpdateAssumeRolePolicy"]]),
    direct("make access keys for any user", USERS, &[&["iam:CreateAccessKey"]]),
    direct("give any user a password", USERS, &[&["iam:CreateLoginProfile"]]),
    direct("change the password of any user", USERS, &[&["iam:UpdateLoginProfile"]]),
    direct(
        "lift the boundary of any role",
        ROLES,
        &[&["iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary"]],
    ),
    direct(
        "lift the boundary of any user",
        USERS,
        &[&["iam:DeleteUserPermissionsBoundary", "iam:PutUserPermissionsBoundary"]],
    ),
    direct("replace the code of any function", FUNCTIONS, &[&["lambda:UpdateFunctionCode"]]),
    direct("run commands on any machine", MACHINES, &[&["ssm:SendCommand"]]),
    direct("open any notebook", NOTEBOOKS, &[&["sagemaker:CreatePresignedNotebookInstanceUrl"]]),
    passing(
        "start a machine with a stronger role",
        "ec2.amazonaws.com",
        &[&["iam:PassRole"], &["ec2:RunInstances", "ec2:AssociateIamInstanceProfile", "ec2:CreateFleet"]],
    ),
    passing(
        "start a group of machines with a stronger role",
        "ec2.amazonaws.com",
        &[
            &["iam:PassRole"],
            &["autoscaling:CreateLaunchConfiguration", "ec2:CreateLaunchTemplate"],
            &["autoscaling:CreateAutoScalingGroup"],
        ],
    ),
    passing(
        "run a function with a stronger role",
        "lambda.amazonaws.com",
        &[
            &["iam:PassRole"],
            &["lambda:CreateFunction"],
            &[
                "lambda:InvokeFunction",
                "lambda:CreateEventSourceMapping",
                "lambda:AddPermission",
                "lambda:CreateFunctionUrlConfig",
            ],
        ],
    ),
    passing(
        "make a stack with a stronger role",
        "cloudformation.amazonaws.com",
        &[&["iam:PassRole"], &["cloudformation:CreateStack"]],
    ),
    passing(
        "open a development endpoint with a stronger role",
        "glue.amazonaws.com",
        &[&["iam:PassRole"], &["glue:CreateDevEndpoint"]],
    ),
    passing(
        "run a Glue job with a stronger role",
        "glue.amazonaws.com",
        &[&["iam:PassRole"], &["glue:CreateJob", "glue:UpdateJob"], &["glue:StartJobRun", "glue:CreateTrigger"]],
    ),
    passing(
        "open a notebook with a stronger role",
        "sagemaker.amazonaws.com",
        &[
            &["iam:PassRole"],
            &["sagemaker:CreateNotebookInstance", "sagemaker:CreateTrainingJob", "sagemaker:CreateProcessingJob"],
        ],
    ),
    passing(
        "run a container with a stronger role",
        "ecs-tasks.amazonaws.com",
        &[
            &["iam:PassRole"],
            &["ecs:RegisterTaskDefinition"],
            &["ecs:RunTask", "ecs:StartTask", "ecs:CreateService", "ecs:UpdateService"],
        ],
    ),
    passing(
        "run a build with a stronger role",
        "codebuild.amazonaws.com",
        &[&["iam:PassRole"], &["codebuild:CreateProject", "codebuild:UpdateProject"], &["codebuild:StartBuild"]],
    ),
    passing(
        "run a pipeline with a stronger role",
        "datapipeline.amazonaws.com",
        &[
            &["iam:PassRole"],
            &["datapipeline:CreatePipeline"],
            &["datapipeline:PutPipelineDefinition"],
            &["datapipeline:ActivatePipeline"],
        ],
    ),
    passing(
        "run a state machine with a stronger role",
        "states.amazonaws.com",
        &[&["iam:PassRole"], &["states:CreateStateMachine", "states:UpdateStateMachine"], &["states:StartExecution"]],
    ),
    passing(
        "run an automation with a stronger role",
        "ssm.amazonaws.com",
        &[&["iam:PassRole"], &["ssm:StartAutomationExecution"]],
    ),
    passing(
        "run a batch job with a stronger role",
        "ecs-tasks.amazonaws.com",
        &[&["iam:PassRole"], &["batch:RegisterJobDefinition"], &["batch:SubmitJob"]],
    ),
    passing(
        "start a cluster with a stronger role",
        "elasticmapreduce.amazonaws.com",
        &[&["iam:PassRole"], &["elasticmapreduce:RunJobFlow"]],
    ),
];
