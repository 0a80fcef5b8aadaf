//! What the managed policies of AWS give, as far as ways to more rights are concerned. Data, and the statements made of it.

use secscan_model::{Location, Map, Node};

/// A managed policy of AWS.
struct Managed {
    name: &'static str,
    /// What it allows on everything.
    actions: &'static [&'static str],
    /// The services that it may pass any role to.
    passes_to: &'static [&'static str],
}

const fn managed(name: &'static str, actions: &'static [&'static str], passes_to: &'static [&'static str]) -> Managed {
    Managed { name, actions, passes_to }
}

/// The policies that give something, sorted by name.
static GIVING: &[Managed] = &[
    managed("AWSCloudFormationFullAccess", &["cloudformation:*"], &[]),
    managed("AWSLambda_FullAccess", &["lambda:*"], &["lambda.amazonaws.com"]),
    managed("AWSStepFunctionsFullAccess", &["states:*"], &[]),
    managed("AdministratorAccess", &["*"], &[]),
    managed("AmazonEC2FullAccess", &["ec2:*", "autoscaling:*"], &[]),
    managed("AmazonECS_FullAccess", &["ecs:*", "cloudformation:CreateStack"], &["ecs-tasks.amazonaws.com"]),
    managed("AmazonSSMFullAccess", &["ssm:*"], &[]),
    managed("IAMFullAccess", &["iam:*"], &[]),
];

/// Policies without a part in any way to more rights, sorted; those whose names end in `ReadOnlyAccess` go without saying.
static HARMLESS: &[&str] = &[
    "AWSLambdaBasicExecutionRole",
    "AWSLambdaDynamoDBExecutionRole",
    "AWSLambdaKinesisExecutionRole",
    "AWSLambdaSQSQueueExecutionRole",
    "AWSLambdaVPCAccessExecutionRole",
    "AWSXRayDaemonWriteAccess",
    "AWSXrayWriteOnlyAccess",
    "AWS_ConfigRole",
    "AmazonAPIGatewayPushToCloudWatchLogs",
    "AmazonDynamoDBFullAccess",
    "AmazonEBSCSIDriverPolicy",
    "AmazonEC2ContainerRegistryPowerUser",
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonEC2ContainerRegistryReadOnly",
    "AmazonECSTaskExecutionRolePolicy",
    "AmazonEKSClusterPolicy",
    "AmazonEKSVPCResourceController",
    "AmazonEKSWorkerNodePolicy",
    "AmazonEKS_CNI_Policy",
    "AmazonRDSEnhancedMonitoringRole",
    "AmazonS3FullAccess",
    "AmazonSNSFullAccess",
    "AmazonSQSFullAccess",
    "AmazonSSMManagedInstanceCore",
    "CloudWatchAgentServerPolicy",
    "IAMUserChangePassword",
    "SecurityAudit",
    "ViewOnlyAccess",
];

/// The statements of the managed policy of an ARN, standing where it is named; none where it is not one that is known.
pub(super) fn statements(arn: &str, at: Location) -> Option<Vec<Node>> {
    let (_, name) = arn.split_once(":iam::aws:policy/")?;
    let name = name.rsplit('/').next().unwrap_or(name);
    if name == "PowerUserAccess" {
        return Some(vec![statement("not-actions", &["iam:*", "organizations:*", "account:*"], at)]);
    }
    if name.ends_with("ReadOnlyAccess") || HARMLESS.binary_search(&name).is_ok() {
        return Some(Vec::new());
    }
    let found = GIVING.binary_search_by_key(&name, |managed| managed.name).ok()?;
    let managed = GIVING.get(found)?;
    let mut statements = vec![statement("actions", managed.actions, at)];
    if !managed.passes_to.is_empty() {
        let mut passing = statement("actions", &["iam:PassRole"], at).as_map().cloned().unwrap_or_default();
        let mut condition = Map::default();
        condition.insert("operator", Node::text("StringEquals", at));
        condition.insert("key", Node::text("iam:PassedToService", at));
        condition.insert("values", texts(managed.passes_to, at));
        passing.insert("conditions", Node::list(vec![Node::map(condition, at)], at));
        statements.push(Node::map(passing, at));
    }
    Some(statements)
}

fn statement(key: &str, actions: &[&'static str], at: Location) -> Node {
    let mut map = Map::default();
    map.insert("effect", Node::text("Allow", at));
    map.insert(key, texts(actions, at));
    map.insert("resources", texts(&["*"], at));
    Node::map(map, at)
}

fn texts(texts: &[&'static str], at: Location) -> Node {
    Node::list(texts.iter().map(|text| Node::text(*text, at)).collect(), at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        assert!(GIVING.is_sorted_by_key(|managed| managed.name) && HARMLESS.is_sorted(), "they are searched");
    }

    #[test]
    fn managed_policies_are_known_by_the_ends_of_their_arns() {
        let number = |arn| statements(arn, Location::default()).map(|statements| statements.len());
        assert_eq!(number("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"), Some(0));
        assert_eq!(number("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"), Some(0));
        assert_eq!(number("arn:aws-us-gov:iam::aws:policy/AWSLambda_FullAccess"), Some(2));
        assert_eq!(number("arn:aws:iam::aws:policy/SomethingNew"), None);
        assert_eq!(number("arn:aws:iam::111122223333:policy/AdministratorAccess"), None, "somebody's own");
    }
}
