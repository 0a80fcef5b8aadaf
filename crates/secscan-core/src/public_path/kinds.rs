//! The types that a path from the internet can end at, and where they say what the path needs. Data only.

/// A type that may have a public address.
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// Where it says that it has a public address.
    pub(super) address: &'static [&'static [&'static str]],
    /// Where it names its security groups.
    pub(super) groups: &'static [&'static [&'static str]],
    /// Where it names its subnets.
    pub(super) subnets: &'static [&'static [&'static str]],
}

/// All types.
pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "AWS::EC2::Instance",
        address: &[&["NetworkInterfaces", "AssociatePublicIpAddress"]],
        groups: &[&["SecurityGroupIds"], &["NetworkInterfaces", "GroupSet"]],
        subnets: &[&["SubnetId"], &["NetworkInterfaces", "SubnetId"]],
    },
    Kind {
        name: "AWS::ECS::Service",
        address: &[&["NetworkConfiguration", "AwsvpcConfiguration", "AssignPublicIp"]],
        groups: &[&["NetworkConfiguration", "AwsvpcConfiguration", "SecurityGroups"]],
        subnets: &[&["NetworkConfiguration", "AwsvpcConfiguration", "Subnets"]],
    },
    Kind {
        name: "AWS::RDS::DBInstance",
        address: &[&["PubliclyAccessible"]],
        groups: &[&["VPCSecurityGroups"]],
        subnets: &[&["DBSubnetGroupName"]],
    },
    Kind {
        name: "AWS::Redshift::Cluster",
        address: &[&["PubliclyAccessible"]],
        groups: &[&["VpcSecurityGroupIds"]],
        subnets: &[&["ClusterSubnetGroupName"]],
    },
    Kind {
        name: "aws_db_instance",
        address: &[&["publicly_accessible"]],
        groups: &[&["vpc_security_group_ids"]],
        subnets: &[&["db_subnet_group_name"]],
    },
    Kind {
        name: "aws_ecs_service",
        address: &[&["network_configuration", "assign_public_ip"]],
        groups: &[&["network_configuration", "security_groups"]],
        subnets: &[&["network_configuration", "subnets"]],
    },
    Kind {
        name: "aws_instance",
        address: &[&["associate_public_ip_address"]],
        groups: &[&["vpc_security_group_ids"], &["security_groups"]],
        subnets: &[&["subnet_id"]],
    },
    Kind {
        name: "aws_redshift_cluster",
        address: &[&["publicly_accessible"]],
        groups: &[&["vpc_security_group_ids"]],
        subnets: &[&["cluster_subnet_group_name"]],
    },
];

/// What lends an instance a public address: the type, and the attribute that names the instance.
pub(super) static ELASTIC: &[(&str, &str)] = &[
    ("AWS::EC2::EIP", "InstanceId"),
    ("AWS::EC2::EIPAssociation", "InstanceId"),
    ("aws_eip", "instance"),
    ("aws_eip_association", "instance_id"),
];

/// Groups of subnets with the attribute that lists them.
pub(super) static SUBNET_GROUPS: &[(&str, &str)] = &[
    ("AWS::RDS::DBSubnetGroup", "SubnetIds"),
    ("AWS::Redshift::ClusterSubnetGroup", "SubnetIds"),
    ("aws_db_subnet_group", "subnet_ids"),
    ("aws_redshift_subnet_group", "subnet_ids"),
];

/// What ties subnets to route tables: the attributes that name the one and the other.
pub(super) static ASSOCIATIONS: &[(&str, &str, &str)] = &[
    ("AWS::EC2::SubnetRouteTableAssociation", "SubnetId", "RouteTableId"),
    ("aws_route_table_association", "subnet_id", "route_table_id"),
];

/// Routes of their own with the attribute that names the table; the tables of Terraform also hold routes.
pub(super) static ROUTES: &[(&str, &str)] = &[("AWS::EC2::Route", "RouteTableId"), ("aws_route", "route_table_id")];
pub(super) const DESTINATIONS: &[&str] = &[
    "DestinationCidrBlock",
    "DestinationIpv6CidrBlock",
    "cidr_block",
    "destination_cidr_block",
    "destination_ipv6_cidr_block",
    "ipv6_cidr_block",
];
pub(super) const GATEWAYS: &[&str] = &["GatewayId", "gateway_id"];
pub(super) const INTERNET_GATEWAYS: &[&str] = &["AWS::EC2::InternetGateway", "aws_internet_gateway"];

pub(super) const SUBNETS: &[&str] = &["AWS::EC2::Subnet", "aws_subnet"];
pub(super) const ASSIGNS_ADDRESSES: &[&str] = &["MapPublicIpOnLaunch", "map_public_ip_on_launch"];
pub(super) const SECURITY_GROUPS: &[&str] =
    &["AWS::EC2::SecurityGroup", "aws_default_security_group", "aws_security_group"];
/// Where a rule of its own names its security group.
pub(super) const GROUP: &[&str] = &["GroupId", "security_group_id"];

/// Ports on which strangers have no business: remote login, administration, data stores.
pub(super) static PORTS: &[(u16, u16)] = &[
    (20, 23),
    (135, 135),
    (137, 139),
    (445, 445),
    (1433, 1433),
    (1521, 1521),
    (2375, 2376),
    (2379, 2380),
    (3306, 3306),
    (3389, 3389),
    (5432, 5432),
    (5439, 5439),
    (5900, 5903),
    (5985, 5986),
    (6379, 6379),
    (9092, 9092),
    (9200, 9200),
    (9300, 9300),
    (10250, 10250),
    (11211, 11211),
    (27017, 27019),
];
