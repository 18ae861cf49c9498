//! Instances.

#[cfg(feature = "ec2")]
mod attributes;
#[cfg(feature = "ec2")]
pub(super) mod launch;
#[cfg(feature = "ec2")]
mod operations;
#[cfg(feature = "ec2")]
mod power;
#[cfg(feature = "ec2")]
mod update;

use serde::{Deserialize, Serialize};

use super::prelude::*;
use super::user_data::{self, decoded};
use sskuba_core::value::Map;

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
/// Tags, security groups, the instance profile, the metadata options, the source check, monitoring, CPU credits, the
/// protection against termination and whether it runs change in place. AWS changes the type and the user data of a stopped
/// machine alone: with `.stop_to_update(true)` an update stops it and starts it again, which gives it another public
/// address unless that is elastic; without, they replace it, as everything else does. A first boot alone looks at user
/// data, as most images have it.
///
/// What AWS chose where the program is silent (security groups, addresses, user data, credits, protection) stays as it is.
/// User data, protection and credits are looked at where the program says something of them: each of the first two is a
/// call for each instance. The root volume and whether a public address was asked for are not read back: what was sent
/// decides. A machine that somebody stopped is started again by the next `up` after a refresh.
///
/// Two with the same subnet and fixed private address are the same object, and a replacement that keeps the address deletes
/// the old one first. The metadata service asks for a session token (version 2) unless the program says otherwise.
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
    idempotency = "token, tag",
    visibility = "30s",
    create = "15s",
    made = "3s",
    update = "2s",
    delete = "45s",
    unique = "subnet_id, fixed_private_ip",
    replacing = "replaces"
)]
pub struct Instance {
    /// The image by id.
    #[resource(force_new)]
    ami: Input<String>,
    /// The type, e.g. `t3.micro`. Another one replaces the instance unless `stop_to_update` is on.
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
    /// What the instance is told when it first boots, as text; at most 16 KiB. Other text replaces the instance unless
    /// `stop_to_update` is on; text that is taken out of the program stays.
    #[resource(cloud_default)]
    user_data: Option<Input<Secret<String>>>,
    /// The same for bytes, in base64; at most 16 KiB before base64.
    #[resource(cloud_default, normaliser = "base64")]
    user_data_base64: Option<Input<Secret<String>>>,
    /// The instance profile by name or ARN, whose role the instance has.
    #[resource(normaliser = "same_profile")]
    iam_instance_profile: Option<Input<String>>,
    /// Whether the metadata service asks for a session token (version 2).
    #[resource(default = true)]
    require_imdsv2: Input<bool>,
    /// How many hops an answer of the metadata service may go; containers need 2.
    #[resource(default = 1, rule = "Between(1, 64)")]
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
    /// Whether an update may stop it and start it again, for the type and the user data.
    #[resource(default, write_only)]
    stop_to_update: Input<bool>,
    /// Whether it runs; `false` stops it.
    #[resource(default = true)]
    running: Input<bool>,
    /// Whether it reports its figures every minute and not every five, which costs money.
    #[resource(default)]
    monitoring: Input<bool>,
    /// Whether AWS refuses to terminate it; as it is if not given.
    #[resource(cloud_default)]
    termination_protection: Option<Input<bool>>,
    /// What a burstable type (`t3` and its like) does when its CPU credits are spent: `standard` slows it down, `unlimited`
    /// costs money; as AWS has it for the type if not given.
    #[resource(cloud_default)]
    cpu_credits: Option<Input<String>>,
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
    /// The public address; empty if it has none. A machine that is stopped and started has another.
    #[resource(computed, volatile, pattern = "{ip:52.17}")]
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
        let (text, base64) = (args.user_data.as_ref(), args.user_data_base64.as_ref());
        let mut mistakes = user_data::mistakes(text, base64);
        if args.security_group_ids.as_ref().is_some_and(Vec::is_empty) {
            mistakes.push(mistake("security_group_ids", "is empty; name a group, or leave the field out"));
        }
        if let Some(address) = &args.fixed_private_ip
            && address.parse::<std::net::Ipv4Addr>().is_err()
        {
            mistakes.push(mistake("fixed_private_ip", format!("{address:?} is no IPv4 address")));
        }
        if let Some(credits) = &args.cpu_credits {
            if !["standard", "unlimited"].contains(&credits.as_str()) {
                mistakes.push(mistake("cpu_credits", "is neither standard nor unlimited"));
            } else if !is_burstable(&args.instance_type) {
                let message =
                    format!("is for burstable types such as t3.micro, and {} is none", args.instance_type);
                mistakes.push(mistake("cpu_credits", message));
            }
        }
        mistakes
    }
}

/// Tells whether an instance of this type earns CPU credits: `t2.nano`, `t3a.large`, `t4g.small`.
fn is_burstable(instance_type: &str) -> bool {
    let rest = instance_type.strip_prefix('t').unwrap_or_default();
    rest.starts_with(|c: char| c.is_ascii_digit())
}

/// AWS changes the type and the user data of a stopped machine alone, which the program has to allow. User data that is
/// written in another way is the same.
fn replaces(differing: &Differing<'_>) -> bool {
    let may_stop = || differing.wanted.get("stop_to_update") == Some(&Value::Bool(true));
    match differing.field {
        "instance_type" => !may_stop(),
        "user_data" | "user_data_base64" => {
            let is_same = told(differing.wanted).is_some_and(|wanted| {
                let seen = told(differing.seen).or_else(|| told(differing.sent));
                seen.is_some_and(|seen| seen.expose() == wanted.expose())
            });
            !is_same && !may_stop()
        }
        _ => false,
    }
}

/// Returns the user data that inputs say, as far as it is known.
fn told(inputs: &Map) -> Option<Secret<Vec<u8>>> {
    let text = |field: &str| inputs.get(field).and_then(Value::as_str);
    match text("user_data") {
        Some(text) => Some(Secret::new(text.as_bytes().to_vec())),
        None => text("user_data_base64").and_then(decoded),
    }
}

/// Takes the name of a profile out of its ARN: a program may say either, and AWS reports the ARN.
fn profile_name(profile: &str) -> &str {
    match profile.starts_with("arn:") {
        true => profile.rsplit('/').next().unwrap_or_default(),
        false => profile,
    }
}

pub(super) fn same_profile(value: &Value) -> Value {
    value.as_str().map_or_else(|| value.clone(), |profile| profile_name(profile).into())
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::ec2::USER_DATA_LIMIT;

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
