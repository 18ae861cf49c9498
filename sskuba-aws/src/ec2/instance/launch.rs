//! What an instance is launched with.

use aws_sdk_ec2::operation::run_instances::builders::RunInstancesFluentBuilder;
use aws_sdk_ec2::types::{
    BlockDeviceMapping, CreditSpecificationRequest, EbsBlockDevice, HttpTokensState,
    IamInstanceProfileSpecification, InstanceMetadataEndpointState, InstanceMetadataOptionsRequest,
    InstanceNetworkInterfaceSpecification, InstanceType, RunInstancesMonitoringEnabled, VolumeType,
};

use super::{InstanceArgs, RootVolume};
use crate::ec2::prelude::*;
use crate::ec2::user_data::encoded;

/// Returns the call that launches an instance.
pub(super) async fn launch(
    call: &Call<'_>,
    args: &InstanceArgs,
) -> Result<RunInstancesFluentBuilder, Failure> {
    let user_data = encoded(args.user_data.as_ref(), args.user_data_base64.as_ref());
    let launch = call
        .aws
        .run_instances()
        .client_token(call.token())
        .min_count(1)
        .max_count(1)
        .image_id(&args.ami)
        .instance_type(InstanceType::from(args.instance_type.as_str()))
        .set_key_name(args.key_name.clone())
        .set_user_data(user_data.map(|text| text.expose().clone()))
        .monitoring(RunInstancesMonitoringEnabled::builder().enabled(args.monitoring).build())
        .set_disable_api_termination(args.termination_protection)
        .set_credit_specification(args.cpu_credits.as_deref().map(credits))
        .set_iam_instance_profile(args.iam_instance_profile.as_deref().map(profile))
        .metadata_options(metadata_options(args))
        .tag_specifications(spec(call, ResourceType::Instance, &args.tags))
        .tag_specifications(spec(call, ResourceType::Volume, &args.tags));
    // Whether there is a public address can only be said of an interface, and then the interface says it all.
    let launch = match args.associate_public_ip {
        Some(public) => launch.network_interfaces(network_interface(args, public)),
        None => launch
            .subnet_id(&args.subnet_id)
            .set_security_group_ids(args.security_group_ids.clone())
            .set_private_ip_address(args.fixed_private_ip.clone()),
    };
    let Some(volume) = &args.root_volume else { return Ok(launch) };
    let device = match &volume.device {
        Some(device) => device.clone(),
        None => root_device(call, &args.ami).await?,
    };
    Ok(launch.block_device_mappings(root_volume(volume, device)))
}

/// Returns the device that an image boots from.
pub(in crate::ec2) async fn root_device(call: &Call<'_>, ami: &str) -> Result<String, Failure> {
    let found = call.aws.describe_images().image_ids(ami).send().await.asked(call)?;
    let device = found.images().first().and_then(|image| image.root_device_name());
    device.map(str::to_owned).ok_or_else(|| {
        Failure::new(Class::Invalid("root_volume".to_owned()), format!("{ami} does not name its root device"))
            .hint("name it in `root_volume.device`")
    })
}

/// Says what an instance does when its CPU credits are spent.
fn credits(wanted: &str) -> CreditSpecificationRequest {
    CreditSpecificationRequest::builder().cpu_credits(wanted).build()
}

/// Names a profile as AWS wants it: by ARN or by name.
pub(super) fn profile(given: &str) -> IamInstanceProfileSpecification {
    let profile = IamInstanceProfileSpecification::builder();
    if given.starts_with("arn:") { profile.arn(given).build() } else { profile.name(given).build() }
}

/// Returns whether the metadata service asks for a token.
pub(super) fn tokens(required: bool) -> HttpTokensState {
    if required { HttpTokensState::Required } else { HttpTokensState::Optional }
}

fn metadata_options(args: &InstanceArgs) -> InstanceMetadataOptionsRequest {
    InstanceMetadataOptionsRequest::builder()
        .http_endpoint(InstanceMetadataEndpointState::Enabled)
        .http_tokens(tokens(args.require_imdsv2))
        .http_put_response_hop_limit(args.metadata_hop_limit.into())
        .build()
}

fn network_interface(args: &InstanceArgs, public: bool) -> InstanceNetworkInterfaceSpecification {
    InstanceNetworkInterfaceSpecification::builder()
        .device_index(0)
        .subnet_id(&args.subnet_id)
        .set_groups(args.security_group_ids.clone())
        .set_private_ip_address(args.fixed_private_ip.clone())
        .associate_public_ip_address(public)
        .delete_on_termination(true)
        .build()
}

fn root_volume(volume: &RootVolume, device: String) -> BlockDeviceMapping {
    let number = |value: Option<u32>| value.and_then(|value| i32::try_from(value).ok());
    let disk = EbsBlockDevice::builder()
        .delete_on_termination(true)
        .set_volume_size(number(volume.size_gib))
        .set_volume_type(volume.volume_type.as_deref().map(VolumeType::from))
        .set_encrypted(volume.encrypted)
        .set_iops(number(volume.iops))
        .set_throughput(number(volume.throughput_mib))
        .build();
    BlockDeviceMapping::builder().device_name(device).ebs(disk).build()
}
