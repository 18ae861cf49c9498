//! Instances.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sskuba_core::prelude::*;
use sskuba_core::schema::FieldError;

use crate::kind::{Kind, mistake};

/// The most bytes of user data that AWS takes, before base64.
pub const USER_DATA_LIMIT: usize = 16 * 1024;

/// The volume that an instance boots from; what is left out is as the image says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Shape)]
pub struct RootVolume {
    /// The size in GiB, at least the image's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_gib: Option<u32>,
    /// The type, e.g. `gp3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume_type: Option<String>,
    /// Whether it is encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypted: Option<bool>,
    /// I/O operations a second, for types that take them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iops: Option<u32>,
    /// MiB a second, for `gp3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput_mib: Option<u32>,
    /// The device; the image's own root device if none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
}

/// A virtual machine.
///
/// AWS honours a client token, so that an interrupted create is simply made again. Its id, private address, zone and
/// interface are known at once, and who uses them alone does not wait: `.depends_on(&instance)` says otherwise. It is ready when
/// it is `running`, about 15 seconds, which is before its system answers; a delete ends when it is `terminated`, since
/// what it uses cannot be deleted before: about 45 seconds. Both figures are from the logs of other tools' public
/// acceptance tests.
///
/// Tags, security groups, the instance profile, the metadata options and the source check change in place;
/// everything else replaces the instance, the type and the user data too, which AWS changes only on a stopped
/// one. What AWS chose where the program is silent (security groups, addresses) stays as it is. User data, the root
/// volume and whether a public address was asked for are not read back: what was sent decides. Two with the same subnet
/// and fixed private address are the same object, and a replacement that keeps the address deletes the old one first.
/// The metadata service asks for a session token (version 2) unless the program says otherwise.
///
/// ```
/// # use sskuba_aws::ec2::{Image, Instance, SecurityGroup, Subnet, Vpc};
/// # use sskuba_core::prelude::*;
/// # fn program(stack: &mut Stack) -> Result<()> {
/// # let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?;
/// # let subnet = stack.add("main", Subnet::new(vpc.id(), "10.0.0.0/24"))?;
/// # let web = stack.add("web", SecurityGroup::new(vpc.id()))?;
/// let instance = Instance::new("ami-0abcdef1234567890", "t3.micro", subnet.id())
///     .security_group(web.id())
///     .user_data("#!/bin/sh\necho hello > /tmp/hello\n");
/// let server = stack.add("web", instance)?;
/// stack.export("address", server.private_ip());
/// # Ok(())
/// # }
/// ```
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:Instance",
    idempotency = "token",
    visibility = "30s",
    create = "15s",
    made = "3s",
    update = "2s",
    delete = "45s",
    unique = "subnet_id, fixed_private_ip"
)]
pub struct Instance {
    /// The image by id.
    #[resource(force_new)]
    ami: Input<String>,
    /// The type, e.g. `t3.micro`.
    #[resource(force_new)]
    instance_type: Input<String>,
    /// The subnet.
    #[resource(force_new, reference = "aws:ec2:Subnet")]
    subnet_id: Input<String>,
    /// The security groups; the network's default one if none is given.
    #[resource(
        cloud_default,
        normaliser = "set",
        reference = "aws:ec2:SecurityGroup",
        item = "security_group"
    )]
    security_group_ids: Option<Input<Vec<String>>>,
    /// The name of the key pair that may log in.
    #[resource(force_new)]
    key_name: Option<Input<String>>,
    /// What the instance is told when it first boots, as text; at most 16 KiB.
    #[resource(force_new, write_only)]
    user_data: Option<Input<Secret<String>>>,
    /// The same for bytes, in base64; at most 16 KiB before base64.
    #[resource(force_new, write_only, normaliser = "base64")]
    user_data_base64: Option<Input<Secret<String>>>,
    /// The instance profile by name or ARN, whose role the instance has.
    #[resource(normaliser = "same_profile")]
    iam_instance_profile: Option<Input<String>>,
    /// Whether the metadata service asks for a session token (version 2).
    #[resource(default = true)]
    require_imdsv2: Input<bool>,
    /// How many hops an answer of the metadata service may go; containers need 2.
    #[resource(default = 1)]
    metadata_hop_limit: Input<u8>,
    /// The volume that it boots from.
    #[resource(force_new, write_only)]
    root_volume: Option<Input<RootVolume>>,
    /// The private address that it shall have, out of the subnet's range.
    #[resource(force_new, cloud_default)]
    fixed_private_ip: Option<Input<String>>,
    /// Whether it gets a public address; as the subnet says if not given.
    #[resource(force_new, cloud_default, write_only)]
    associate_public_ip: Option<Input<bool>>,
    /// Whether packets for other addresses are dropped; routers and some cluster networks turn it off.
    #[resource(default = true)]
    source_dest_check: Input<bool>,
    /// Tags; its volumes get them at creation.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, early, pattern = "i-{hex:17}")]
    id: Computed<String>,
    /// The private address.
    #[resource(computed, early, pattern = "{ip:10.0}")]
    private_ip: Computed<String>,
    /// The private DNS name.
    #[resource(computed, pattern = "ip-{hex:8}.{region}.compute.internal")]
    private_dns: Computed<String>,
    /// The public address; empty if it has none.
    #[resource(computed, pattern = "{ip:52.17}")]
    public_ip: Computed<String>,
    /// The availability zone.
    #[resource(computed, early, pattern = "{region}a")]
    availability_zone: Computed<String>,
    /// The primary network interface.
    #[resource(computed, early, pattern = "eni-{hex:17}")]
    network_interface_id: Computed<String>,
}

impl Kind for Instance {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let mut mistakes = Vec::new();
        let mut limit = |field: &str, bytes: usize| {
            if bytes > USER_DATA_LIMIT {
                let message = format!(
                    "is {bytes} bytes; AWS takes at most {USER_DATA_LIMIT}: make it smaller, or let it fetch the rest"
                );
                mistakes.push(mistake(field, message));
            }
        };
        if let Some(text) = &args.user_data {
            limit("user_data", text.expose().len());
        }
        if let Some(text) = &args.user_data_base64 {
            match decoded(text.expose()) {
                Some(bytes) => limit("user_data_base64", bytes.expose().len()),
                None => mistakes.push(mistake("user_data_base64", "is not base64 text")),
            }
        }
        if args.user_data.is_some() && args.user_data_base64.is_some() {
            mistakes.push(mistake("user_data_base64", "is given together with user_data; give one of them"));
        }
        if args.security_group_ids.as_ref().is_some_and(Vec::is_empty) {
            mistakes.push(mistake("security_group_ids", "is empty; name a group, or leave the field out"));
        }
        mistakes
    }
}

/// Takes the name of a profile out of its ARN: a program may say either, and AWS reports the ARN.
pub(crate) fn profile_name(profile: &str) -> &str {
    match profile.starts_with("arn:") {
        true => profile.rsplit('/').next().unwrap_or_default(),
        false => profile,
    }
}

fn same_profile(value: &sskuba_core::value::Value) -> sskuba_core::value::Value {
    value.as_str().map_or_else(|| value.clone(), |profile| profile_name(profile).into())
}

/// Decodes base64 text; white space does not count.
pub(crate) fn decoded(text: &str) -> Option<Secret<Vec<u8>>> {
    let compact = Secret::new(text.split_ascii_whitespace().collect::<String>());
    STANDARD.decode(compact.expose()).ok().map(Secret::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(change: impl FnOnce(&mut InstanceArgs)) -> InstanceArgs {
        let inputs = [("ami", "ami-1"), ("instance_type", "t3.micro"), ("subnet_id", "subnet-1")];
        let inputs = inputs.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect();
        let mut args = sskuba_core::value::get_map(&Instance::schema().complete(inputs)).unwrap();
        change(&mut args);
        args
    }

    fn fields(args: &InstanceArgs) -> Vec<String> {
        Instance::mistakes(args).into_iter().map(|mistake| mistake.field).collect()
    }

    #[test]
    fn user_data_is_bounded_before_base64() {
        let text = |bytes: usize| Some(Secret::new("x".repeat(bytes)));
        let base64 = |bytes: usize| Some(Secret::new(STANDARD.encode(vec![7; bytes])));
        assert!(fields(&args(|a| a.user_data = text(USER_DATA_LIMIT))).is_empty());
        assert_eq!(fields(&args(|a| a.user_data = text(USER_DATA_LIMIT + 1))), ["user_data"]);
        assert!(fields(&args(|a| a.user_data_base64 = base64(USER_DATA_LIMIT))).is_empty());
        assert_eq!(fields(&args(|a| a.user_data_base64 = base64(USER_DATA_LIMIT + 1))), ["user_data_base64"]);
    }

    #[test]
    fn user_data_is_named_in_a_mistake_but_never_shown() {
        let both = args(|a| {
            a.user_data = Some("canary".into());
            a.user_data_base64 = Some("canary!".into());
        });
        assert_eq!(fields(&both), ["user_data_base64", "user_data_base64"]);
        assert!(!format!("{:?}{both:?}", Instance::mistakes(&both)).contains("canary"));
    }
}
