//! `schema` names the Rust type of each kind by a path that a program can write.

use sskuba::cli::Environment;

/// Returns the paths of types as they are written here, which only compiles if they are right.
macro_rules! paths {
    ($($path:path),* $(,)?) => {{
        $(let _: Option<$path> = None;)*
        [$(stringify!($path).replace(' ', "")),*]
    }};
}

#[tokio::test]
async fn every_kind_has_the_path_of_its_type() {
    let mut paths = paths![
        sskuba::aws::Provider,
        sskuba::aws::acm::Certificate,
        sskuba::aws::autoscaling::Group,
        sskuba::aws::ec2::AvailabilityZones,
        sskuba::aws::ec2::DhcpOptions,
        sskuba::aws::ec2::DhcpOptionsAssociation,
        sskuba::aws::ec2::EgressOnlyInternetGateway,
        sskuba::aws::ec2::Eip,
        sskuba::aws::ec2::EipAssociation,
        sskuba::aws::ec2::ExistingSubnets,
        sskuba::aws::ec2::ExistingVpc,
        sskuba::aws::ec2::FlowLog,
        sskuba::aws::ec2::Image,
        sskuba::aws::ec2::Instance,
        sskuba::aws::ec2::InternetGateway,
        sskuba::aws::ec2::KeyPair,
        sskuba::aws::ec2::LaunchTemplate,
        sskuba::aws::ec2::NatGateway,
        sskuba::aws::ec2::NetworkAcl,
        sskuba::aws::ec2::NetworkAclAssociation,
        sskuba::aws::ec2::NetworkInterface,
        sskuba::aws::ec2::NetworkInterfaceAttachment,
        sskuba::aws::ec2::PlacementGroup,
        sskuba::aws::ec2::Route,
        sskuba::aws::ec2::RouteTable,
        sskuba::aws::ec2::RouteTableAssociation,
        sskuba::aws::ec2::SecurityGroup,
        sskuba::aws::ec2::SecurityGroupRule,
        sskuba::aws::ec2::Snapshot,
        sskuba::aws::ec2::Subnet,
        sskuba::aws::ec2::Volume,
        sskuba::aws::ec2::VolumeAttachment,
        sskuba::aws::ec2::Vpc,
        sskuba::aws::ec2::VpcCidrBlock,
        sskuba::aws::ec2::VpcEndpoint,
        sskuba::aws::ec2::VpcPeering,
        sskuba::aws::ecr::LifecyclePolicy,
        sskuba::aws::ecr::Repository,
        sskuba::aws::ecr::RepositoryPolicy,
        sskuba::aws::elbv2::Listener,
        sskuba::aws::elbv2::LoadBalancer,
        sskuba::aws::elbv2::TargetGroup,
        sskuba::aws::elbv2::TargetGroupAttachment,
        sskuba::aws::iam::InstanceProfile,
        sskuba::aws::iam::OpenIdConnectProvider,
        sskuba::aws::iam::Policy,
        sskuba::aws::iam::Role,
        sskuba::aws::iam::RolePolicy,
        sskuba::aws::iam::RolePolicyAttachment,
        sskuba::aws::kms::Alias,
        sskuba::aws::kms::Key,
        sskuba::aws::logs::LogGroup,
        sskuba::aws::route53::ExistingZone,
        sskuba::aws::route53::HealthCheck,
        sskuba::aws::route53::Record,
        sskuba::aws::route53::Zone,
        sskuba::aws::s3::Bucket,
        sskuba::aws::s3::BucketPolicy,
        sskuba::aws::s3::Object,
        sskuba::aws::secretsmanager::Secret,
        sskuba::aws::secretsmanager::SecretPolicy,
        sskuba::aws::secretsmanager::SecretValue,
        sskuba::aws::secretsmanager::SecretVersion,
        sskuba::aws::ssm::Parameter,
        sskuba::aws::sts::CallerIdentity,
        sskuba::local::data::Data,
        sskuba::local::exec::Command,
        sskuba::local::fs::Directory,
        sskuba::local::fs::File,
        sskuba::local::random::Id,
        sskuba::local::random::Password,
        sskuba::local::random::Uuid,
        sskuba::local::wait::Http,
        sskuba::local::wait::Tcp,
        sskuba::sim::kinds::Bucket,
        sskuba::sim::kinds::Gateway,
        sskuba::sim::kinds::Grant,
        sskuba::sim::kinds::Instance,
        sskuba::sim::kinds::Machine,
        sskuba::sim::kinds::Network,
        sskuba::sim::kinds::PublicAddress,
        sskuba::sim::kinds::Record,
        sskuba::sim::kinds::Subnet,
        sskuba::sim::kinds::Zones,
    ];
    paths.sort();
    let folder = tempfile::tempdir().unwrap();
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    let cli = sskuba::cli::new("types");
    let environment = Environment::empty(folder.path());
    let code = cli.run_with(["types", "schema", "--json"], environment, &mut out, &mut errors).await;
    assert_eq!(code, 0, "{}", String::from_utf8_lossy(&errors));
    let schemas: Vec<serde_json::Value> = serde_json::from_slice(&out).unwrap();
    let mut named: Vec<&str> = schemas.iter().map(|schema| schema["rust"].as_str().unwrap()).collect();
    named.sort_unstable();
    assert_eq!(named, paths);
}
