//! `iam-statement`: the statements of every policy that an AWS resource holds.
//!
//! Service control policies are left out: an `Allow` there grants nothing. A policy document of Terraform is no owner;
//! its statements belong to the resources that use it.

use secscan_model::{Map, Node, Resource, Source, Value};

use super::Derived;
use crate::computed::iam;

const KIND: &str = "iam-statement";

/// The types with the attributes that hold policies, sorted by type. Lists on the way are looked through.
static POLICIES: &[(&str, &[&str])] = &[
    ("AWS::APS::ResourcePolicy", &["PolicyDocument"]),
    ("AWS::ApiGateway::DomainNameV2", &["Policy"]),
    ("AWS::ApiGateway::RestApi", &["Policy"]),
    ("AWS::Backup::BackupVault", &["AccessPolicy"]),
    ("AWS::Backup::LogicallyAirGappedBackupVault", &["AccessPolicy"]),
    ("AWS::Bedrock::ResourcePolicy", &["PolicyDocument"]),
    ("AWS::BedrockAgentCore::ResourcePolicy", &["Policy"]),
    ("AWS::CloudTrail::ResourcePolicy", &["ResourcePolicy"]),
    ("AWS::CodeArtifact::Domain", &["PermissionsPolicyDocument"]),
    ("AWS::CodeArtifact::Repository", &["PermissionsPolicyDocument"]),
    ("AWS::DSQL::Cluster", &["PolicyDocument"]),
    ("AWS::DynamoDB::GlobalTable", &["Replicas.ResourcePolicy.PolicyDocument"]),
    ("AWS::DynamoDB::Table", &["ResourcePolicy.PolicyDocument", "StreamSpecification.ResourcePolicy.PolicyDocument"]),
    ("AWS::EC2::VPCEndpoint", &["PolicyDocument"]),
    ("AWS::ECR::PublicRepository", &["RepositoryPolicyText"]),
    ("AWS::ECR::RegistryPolicy", &["PolicyText"]),
    ("AWS::ECR::Repository", &["RepositoryPolicyText"]),
    ("AWS::ECR::RepositoryCreationTemplate", &["RepositoryPolicy"]),
    ("AWS::EFS::FileSystem", &["FileSystemPolicy"]),
    ("AWS::Elasticsearch::Domain", &["AccessPolicies"]),
    ("AWS::EventSchemas::RegistryPolicy", &["Policy"]),
    ("AWS::Events::EventBus", &["Policy"]),
    ("AWS::FSx::S3AccessPointAttachment", &["S3AccessPoint.Policy"]),
    ("AWS::IAM::Group", &["Policies.PolicyDocument"]),
    ("AWS::IAM::GroupPolicy", &["PolicyDocument"]),
    ("AWS::IAM::ManagedPolicy", &["PolicyDocument"]),
    ("AWS::IAM::Policy", &["PolicyDocument"]),
    ("AWS::IAM::Role", &["AssumeRolePolicyDocument", "Policies.PolicyDocument"]),
    ("AWS::IAM::RolePolicy", &["PolicyDocument"]),
    ("AWS::IAM::User", &["Policies.PolicyDocument"]),
    ("AWS::IAM::UserPolicy", &["PolicyDocument"]),
    ("AWS::IoT::Policy", &["PolicyDocument"]),
    ("AWS::KMS::Key", &["KeyPolicy"]),
    ("AWS::KMS::ReplicaKey", &["KeyPolicy"]),
    ("AWS::Kinesis::ResourcePolicy", &["ResourcePolicy"]),
    ("AWS::Lambda::ResourcePolicy", &["PolicyDocument"]),
    ("AWS::Logs::Destination", &["DestinationPolicy"]),
    ("AWS::Logs::LogGroup", &["ResourcePolicyDocument"]),
    ("AWS::Logs::ResourcePolicy", &["PolicyDocument"]),
    ("AWS::MSK::ClusterPolicy", &["Policy"]),
    ("AWS::MediaPackageV2::ChannelPolicy", &["Policy"]),
    ("AWS::MediaPackageV2::OriginEndpointPolicy", &["Policy"]),
    ("AWS::MediaStore::Container", &["Policy"]),
    ("AWS::MediaTailor::ChannelPolicy", &["Policy"]),
    ("AWS::Oam::Sink", &["Policy"]),
    ("AWS::OpenSearchService::Domain", &["AccessPolicies"]),
    ("AWS::Redshift::Cluster", &["NamespaceResourcePolicy"]),
    ("AWS::RedshiftServerless::Namespace", &["NamespaceResourcePolicy"]),
    ("AWS::RolesAnywhere::Profile", &["SessionPolicy"]),
    ("AWS::S3::AccessPoint", &["Policy"]),
    ("AWS::S3::BucketPolicy", &["PolicyDocument"]),
    ("AWS::S3::MultiRegionAccessPointPolicy", &["Policy"]),
    ("AWS::S3Express::AccessPoint", &["Policy"]),
    ("AWS::S3Express::BucketPolicy", &["PolicyDocument"]),
    ("AWS::S3Files::FileSystemPolicy", &["Policy"]),
    ("AWS::S3ObjectLambda::AccessPointPolicy", &["PolicyDocument"]),
    ("AWS::S3Outposts::AccessPoint", &["Policy"]),
    ("AWS::S3Outposts::BucketPolicy", &["PolicyDocument"]),
    ("AWS::S3Tables::TableBucketPolicy", &["ResourcePolicy"]),
    ("AWS::S3Tables::TablePolicy", &["ResourcePolicy"]),
    ("AWS::S3Vectors::VectorBucketPolicy", &["Policy"]),
    ("AWS::SNS::TopicInlinePolicy", &["PolicyDocument"]),
    ("AWS::SNS::TopicPolicy", &["PolicyDocument"]),
    ("AWS::SQS::QueueInlinePolicy", &["PolicyDocument"]),
    ("AWS::SQS::QueuePolicy", &["PolicyDocument"]),
    ("AWS::SSM::ResourcePolicy", &["Policy"]),
    ("AWS::SSO::PermissionSet", &["InlinePolicy"]),
    ("AWS::SageMaker::ModelPackageGroup", &["ModelPackageGroupPolicy"]),
    ("AWS::SecretsManager::ResourcePolicy", &["ResourcePolicy"]),
    ("AWS::Transfer::User", &["Policy"]),
    ("AWS::VpcLattice::AuthPolicy", &["Policy"]),
    ("AWS::VpcLattice::ResourcePolicy", &["Policy"]),
    ("AWS::XRay::ResourcePolicy", &["PolicyDocument"]),
    ("aws_acmpca_policy", &["policy"]),
    ("aws_api_gateway_domain_name", &["policy"]),
    ("aws_api_gateway_rest_api", &["policy"]),
    ("aws_api_gateway_rest_api_policy", &["policy"]),
    ("aws_backup_vault_policy", &["policy"]),
    ("aws_bedrockagentcore_resource_policy", &["policy"]),
    ("aws_cloudsearch_domain_service_access_policy", &["access_policy"]),
    ("aws_cloudwatch_event_bus_policy", &["policy"]),
    ("aws_cloudwatch_log_delivery_destination_policy", &["delivery_destination_policy"]),
    ("aws_cloudwatch_log_destination_policy", &["access_policy"]),
    ("aws_cloudwatch_log_resource_policy", &["policy_document"]),
    ("aws_codeartifact_domain_permissions_policy", &["policy_document"]),
    ("aws_codeartifact_repository_permissions_policy", &["policy_document"]),
    ("aws_codebuild_resource_policy", &["policy"]),
    ("aws_dynamodb_resource_policy", &["policy"]),
    ("aws_ecr_registry_policy", &["policy"]),
    ("aws_ecr_repository_creation_template", &["repository_policy"]),
    ("aws_ecr_repository_policy", &["policy"]),
    ("aws_ecrpublic_repository_policy", &["policy"]),
    ("aws_efs_file_system_policy", &["policy"]),
    ("aws_elasticsearch_domain", &["access_policies"]),
    ("aws_elasticsearch_domain_policy", &["access_policies"]),
    ("aws_fsx_s3_access_point_attachment", &["s3_access_point.policy"]),
    ("aws_glacier_vault", &["access_policy"]),
    ("aws_glacier_vault_lock", &["policy"]),
    ("aws_glue_resource_policy", &["policy"]),
    ("aws_iam_group_policy", &["policy"]),
    ("aws_iam_policy", &["policy"]),
    ("aws_iam_role", &["assume_role_policy", "inline_policy.policy"]),
    ("aws_iam_role_policy", &["policy"]),
    ("aws_iam_user_policy", &["policy"]),
    ("aws_iot_policy", &["policy"]),
    ("aws_kinesis_resource_policy", &["policy"]),
    ("aws_kms_external_key", &["policy"]),
    ("aws_kms_key", &["policy"]),
    ("aws_kms_key_policy", &["policy"]),
    ("aws_kms_replica_external_key", &["policy"]),
    ("aws_kms_replica_key", &["policy"]),
    ("aws_media_store_container_policy", &["policy"]),
    ("aws_msk_cluster_policy", &["policy"]),
    ("aws_networkfirewall_resource_policy", &["policy"]),
    ("aws_oam_sink_policy", &["policy"]),
    ("aws_opensearch_domain", &["access_policies"]),
    ("aws_opensearch_domain_policy", &["access_policies"]),
    ("aws_prometheus_resource_policy", &["policy_document"]),
    ("aws_redshift_resource_policy", &["policy"]),
    ("aws_redshiftserverless_resource_policy", &["policy"]),
    ("aws_rolesanywhere_profile", &["session_policy"]),
    ("aws_s3_access_point", &["policy"]),
    ("aws_s3_bucket", &["policy"]),
    ("aws_s3_bucket_policy", &["policy"]),
    ("aws_s3control_access_grants_instance_resource_policy", &["policy"]),
    ("aws_s3control_access_point_policy", &["policy"]),
    ("aws_s3control_bucket_policy", &["policy"]),
    ("aws_s3control_multi_region_access_point_policy", &["details.policy"]),
    ("aws_s3control_object_lambda_access_point_policy", &["policy"]),
    ("aws_s3files_file_system_policy", &["policy"]),
    ("aws_s3tables_table_bucket_policy", &["resource_policy"]),
    ("aws_s3tables_table_policy", &["resource_policy"]),
    ("aws_s3vectors_vector_bucket_policy", &["policy"]),
    ("aws_sagemaker_model_package_group_policy", &["resource_policy"]),
    ("aws_schemas_registry_policy", &["policy"]),
    ("aws_secretsmanager_secret", &["policy"]),
    ("aws_secretsmanager_secret_policy", &["policy"]),
    ("aws_ses_identity_policy", &["policy"]),
    ("aws_sesv2_email_identity_policy", &["policy"]),
    ("aws_sns_topic", &["policy"]),
    ("aws_sns_topic_policy", &["policy"]),
    ("aws_sqs_queue", &["policy"]),
    ("aws_sqs_queue_policy", &["policy"]),
    ("aws_ssoadmin_permission_set_inline_policy", &["inline_policy"]),
    ("aws_transfer_access", &["policy"]),
    ("aws_transfer_user", &["policy"]),
    ("aws_vpc_endpoint", &["policy"]),
    ("aws_vpc_endpoint_policy", &["policy"]),
    ("aws_vpclattice_auth_policy", &["policy"]),
    ("aws_vpclattice_resource_policy", &["policy"]),
    ("aws_xray_resource_policy", &["policy_document"]),
];

/// The statements of the policies of a resource.
pub(super) fn statements(owner: &Resource, sources: &[Source]) -> Vec<Derived> {
    let Ok(found) = POLICIES.binary_search_by_key(&&*owner.kind, |(kind, _)| kind) else { return Vec::new() };
    let attributes = POLICIES.get(found).map_or(&[][..], |(_, attributes)| attributes);
    let mut derived = Vec::new();
    for attribute in attributes {
        let mut policies = vec![&owner.value];
        for key in attribute.split('.') {
            policies = policies.into_iter().flat_map(|node| step(node, key)).collect();
        }
        let mut number = 0;
        for policy in policies {
            let Some(list) = statements_of(policy, sources) else { continue };
            for statement in list.items() {
                number += 1;
                derived.push(derive(statement, attribute, policy, number));
            }
        }
    }
    derived
}

/// The values of a key below a value, through lists; what is unknown stays in the way.
fn step<'n>(node: &'n Node, key: &str) -> Vec<&'n Node> {
    let below = node.items().iter().filter_map(|item| match item.as_unresolved() {
        Some(_) => Some(item),
        None => item.get(key),
    });
    below.flat_map(Node::items).collect()
}

/// The statements of a policy. What looks like JSON and is none may say anything.
fn statements_of(policy: &Node, sources: &[Source]) -> Option<Node> {
    let looks_like_json = |text: &str| text.trim_start().starts_with('{');
    iam::child(policy, sources).or_else(|| {
        let text = policy.as_str().filter(|text| looks_like_json(text));
        text.map(|_| Node::unresolved("the policy is no valid JSON", policy.at).named(policy.name_at))
    })
}

fn derive(statement: &Node, attribute: &str, policy: &Node, number: usize) -> Derived {
    let part = format!("{attribute}.{number}");
    let name = Node::text(attribute, policy.name_at);
    let mut derived = match &statement.value {
        Value::Map(map) => {
            Derived { kind: KIND, part, at: statement.at, name_at: statement.name_at, value: Map::clone(map) }
        }
        Value::Unresolved(unresolved) => Derived::unknown(KIND, part, statement, &unresolved.why),
        _ => Derived::unknown(KIND, part, statement, &"what stands here is no statement".into()),
    };
    derived.value.insert("attribute", name);
    derived
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_sorted() {
        assert!(POLICIES.is_sorted_by_key(|(kind, _)| *kind), "they are searched");
    }
}
