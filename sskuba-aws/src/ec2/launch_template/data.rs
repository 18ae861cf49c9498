//! What a version of a template says, as AWS takes and as it reports it.

use aws_sdk_ec2::types::{
    InstanceType, LaunchTemplateBlockDeviceMappingRequest, LaunchTemplateEbsBlockDevice,
    LaunchTemplateEbsBlockDeviceRequest, LaunchTemplateHttpTokensState as Tokens,
    LaunchTemplateIamInstanceProfileSpecificationRequest, LaunchTemplateInstanceMetadataEndpointState,
    LaunchTemplateInstanceMetadataOptionsRequest, LaunchTemplateInstanceNetworkInterfaceSpecificationRequest,
    LaunchTemplateTagSpecificationRequest, LaunchTemplatesMonitoringRequest, RequestLaunchTemplateData,
    ResponseLaunchTemplateData, Tag, VolumeType,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::LaunchTemplateArgs;
use crate::ec2::RootVolume;
use crate::ec2::instance::launch::root_device;
use crate::ec2::prelude::*;
use crate::ec2::user_data::{decoded, encoded};

/// Returns what AWS is told of a version.
pub(super) async fn data(
    call: &Call<'_>,
    args: &LaunchTemplateArgs,
) -> Result<RequestLaunchTemplateData, Failure> {
    let user_data = encoded(args.user_data.as_ref(), args.user_data_base64.as_ref());
    let metadata = LaunchTemplateInstanceMetadataOptionsRequest::builder()
        .http_endpoint(LaunchTemplateInstanceMetadataEndpointState::Enabled)
        .http_tokens(if args.require_imdsv2 { Tokens::Required } else { Tokens::Optional })
        .http_put_response_hop_limit(args.metadata_hop_limit.into());
    let data = RequestLaunchTemplateData::builder()
        .image_id(&args.ami)
        .instance_type(InstanceType::from(args.instance_type.as_str()))
        .set_key_name(args.key_name.clone())
        .set_user_data(user_data.map(|text| text.expose().clone()))
        .monitoring(LaunchTemplatesMonitoringRequest::builder().enabled(args.monitoring).build())
        .set_iam_instance_profile(args.iam_instance_profile.as_deref().map(profile))
        .metadata_options(metadata.build());
    // Whether there is a public address can only be said of an interface, which then has the groups.
    let data = match args.associate_public_ip {
        Some(public) => data.network_interfaces(
            LaunchTemplateInstanceNetworkInterfaceSpecificationRequest::builder()
                .device_index(0)
                .associate_public_ip_address(public)
                .set_groups(args.security_group_ids.clone())
                .build(),
        ),
        None => data.set_security_group_ids(args.security_group_ids.clone()),
    };
    let data = match &args.root_volume {
        Some(volume) => {
            let device = match &volume.device {
                Some(device) => device.clone(),
                None => root_device(call, &args.ami).await?,
            };
            data.block_device_mappings(root_volume(volume, device))
        }
        None => data,
    };
    let tagged = [ResourceType::Instance, ResourceType::Volume].into_iter();
    let tagged = tagged.filter(|_| !args.instance_tags.is_empty()).map(|kind| tagged_as(kind, args));
    Ok(tagged.fold(data, |data, tags| data.tag_specifications(tags)).build())
}

fn tagged_as(kind: ResourceType, args: &LaunchTemplateArgs) -> LaunchTemplateTagSpecificationRequest {
    let tags = args.instance_tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
    let spec = LaunchTemplateTagSpecificationRequest::builder().resource_type(kind);
    spec.set_tags(Some(tags.collect())).build()
}

fn profile(given: &str) -> LaunchTemplateIamInstanceProfileSpecificationRequest {
    let profile = LaunchTemplateIamInstanceProfileSpecificationRequest::builder();
    if given.starts_with("arn:") { profile.arn(given).build() } else { profile.name(given).build() }
}

fn root_volume(volume: &RootVolume, device: String) -> LaunchTemplateBlockDeviceMappingRequest {
    let disk = LaunchTemplateEbsBlockDeviceRequest::builder()
        .delete_on_termination(true)
        .set_volume_size(number(volume.size_gib))
        .set_volume_type(volume.volume_type.as_deref().map(VolumeType::from))
        .set_encrypted(volume.encrypted)
        .set_iops(number(volume.iops))
        .set_throughput(number(volume.throughput_mib))
        .build();
    LaunchTemplateBlockDeviceMappingRequest::builder().device_name(device).ebs(disk).build()
}

/// Returns the inputs that a version was made of, but for name and tags; in the words of a program that says so of it.
pub(super) fn args_of(
    data: &ResponseLaunchTemplateData,
    said: Option<&LaunchTemplateArgs>,
) -> LaunchTemplateArgs {
    let interface = data.network_interfaces().first();
    let groups = interface.map_or(data.security_group_ids(), |interface| interface.groups());
    let metadata = data.metadata_options();
    let hops = metadata.and_then(|options| options.http_put_response_hop_limit());
    let profile = data.iam_instance_profile();
    let tags = data.tag_specifications().iter();
    let tags = tags.filter(|tags| tags.resource_type() == Some(&ResourceType::Instance));
    let tags = tags.flat_map(|tags| tags.tags()).map(|tag| (text(tag.key()), text(tag.value())));
    let in_base64 = said.is_some_and(|said| said.user_data_base64.is_some());
    let (user_data, user_data_base64) = told(data.user_data(), in_base64);
    LaunchTemplateArgs {
        ami: text(data.image_id()),
        instance_type: text(data.instance_type().map(InstanceType::as_str)),
        name: None,
        security_group_ids: Some(groups.to_vec()).filter(|groups| !groups.is_empty()),
        key_name: given(data.key_name()),
        user_data,
        user_data_base64,
        iam_instance_profile: profile
            .and_then(|profile| given(profile.arn()).or_else(|| given(profile.name()))),
        require_imdsv2: metadata.and_then(|options| options.http_tokens()) == Some(&Tokens::Required),
        metadata_hop_limit: hops.and_then(|hops| u8::try_from(hops).ok()).unwrap_or(1),
        root_volume: root_volume_of(data),
        associate_public_ip: interface.and_then(|interface| interface.associate_public_ip_address()),
        monitoring: data.monitoring().and_then(|monitoring| monitoring.enabled()).unwrap_or_default(),
        instance_tags: tags.collect(),
        tags: BTreeMap::new(),
    }
}

/// Returns user data as text where it is one, unless it shall be told in base64.
fn told(data: Option<&str>, in_base64: bool) -> (Option<Secret<String>>, Option<Secret<String>>) {
    let Some(bytes) = data.filter(|data| !data.is_empty()).and_then(decoded) else { return (None, None) };
    match std::str::from_utf8(bytes.expose()) {
        Ok(text) if !in_base64 => (Some(Secret::new(text.to_owned())), None),
        _ => (None, Some(Secret::new(STANDARD.encode(bytes.expose())))),
    }
}

/// Returns the volume that machines boot from.
fn root_volume_of(data: &ResponseLaunchTemplateData) -> Option<RootVolume> {
    let mapping = data.block_device_mappings().first()?;
    let disk = mapping.ebs();
    let count = |of: fn(&LaunchTemplateEbsBlockDevice) -> Option<i32>| counted(disk.and_then(of));
    Some(RootVolume {
        size_gib: count(LaunchTemplateEbsBlockDevice::volume_size),
        volume_type: disk.and_then(|disk| disk.volume_type()).map(|kind| kind.as_str().to_owned()),
        encrypted: disk.and_then(|disk| disk.encrypted()),
        iops: count(LaunchTemplateEbsBlockDevice::iops),
        throughput_mib: count(LaunchTemplateEbsBlockDevice::throughput),
        device: given(mapping.device_name()),
    })
}
