//! Instances.

#[cfg(feature = "ec2")]
mod launch;

#[cfg(feature = "ec2")]
use aws_sdk_ec2::types::{
    AttributeBooleanValue, HttpTokensState, Instance as Item, InstanceStateName as Phase, Reservation,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ec2")]
use self::launch::{launch, profile, tokens};
use super::prelude::*;

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
    idempotency = "token, tag",
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
        if let Some(address) = &args.fixed_private_ip
            && address.parse::<std::net::Ipv4Addr>().is_err()
        {
            mistakes.push(mistake("fixed_private_ip", format!("{address:?} is no IPv4 address")));
        }
        if !(1..=64).contains(&args.metadata_hop_limit) {
            let message = format!("is {}; AWS takes 1 to 64", args.metadata_hop_limit);
            mistakes.push(mistake("metadata_hop_limit", message));
        }
        mistakes
    }
}

/// Takes the name of a profile out of its ARN: a program may say either, and AWS reports the ARN.
fn profile_name(profile: &str) -> &str {
    match profile.starts_with("arn:") {
        true => profile.rsplit('/').next().unwrap_or_default(),
        false => profile,
    }
}

fn same_profile(value: &Value) -> Value {
    value.as_str().map_or_else(|| value.clone(), |profile| profile_name(profile).into())
}

/// Decodes base64 text; white space does not count.
fn decoded(text: &str) -> Option<Secret<Vec<u8>>> {
    let compact = Secret::new(text.split_ascii_whitespace().collect::<String>());
    STANDARD.decode(compact.expose()).ok().map(Secret::new)
}

#[cfg(feature = "ec2")]
#[async_trait]
impl Operations for Instance {
    type Api = Ec2;
    type Item = Item;
    const NAME: &'static str = "instance";

    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let describe = ec2.describe_instances().set_instance_ids(which.ids());
        let pages = describe.set_filters(which.filters("instance-id")).into_paginator().items().send();
        let reservations: Vec<Reservation> = pages.collect::<Result<_, _>>().await.asked(ec2)?;
        let all = reservations.into_iter().flat_map(|reservation| reservation.instances.unwrap_or_default());
        Ok(found(all, Item::instance_id, Item::tags))
    }

    fn is_alive(found: &Found<Item>) -> bool {
        !matches!(phase(found), Some(Phase::Terminated | Phase::ShuttingDown))
    }

    async fn create(call: &Call<'_>, args: InstanceArgs) -> Result<Report<Self>, Failure> {
        let made = launch(call, &args).await?.send().await.sent(call)?;
        let made = made.instances().first().ok_or_else(|| call.lacking(Self::NAME))?;
        let id = text(made.instance_id());
        if !args.source_dest_check {
            let set = accepted(call, || Self::set_source_dest_check(call, &id, false)).await;
            set.map_err(|failure| call.partial::<Self>(&id, failure))?;
        }
        Ok(Report::new(id, state(made)))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let terminate = call.aws.terminate_instances().instance_ids(&prior.id);
        gone_is_fine(terminate.send().await.sent(call))?;
        until(call, &prior.id, || async {
            Ok(match Self::get(call, prior).await? {
                Some(found) if phase(&found) != Some(&Phase::Terminated) => {
                    Look::Not(text(phase(&found).map(Phase::as_str).or(Some("there"))))
                }
                _ => Look::Done(()),
            })
        })
        .await
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let args = InstanceArgs { tags: found.own_tags(), ..args_of(found) };
        Ok(Report::new(found.id.clone(), state(found)).args(args))
    }
}

#[cfg(feature = "ec2")]
#[async_trait]
impl UpdateOperation for Instance {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let (id, args) = (&change.prior.id, &change.args);
        let found = Self::started(call, id).await?.filter(Self::is_alive).ok_or_else(|| {
            Failure::new(Class::NotFound, format!("{id} is terminated")).advice(Advice::RefreshFirst)
        })?;
        let now = args_of(&found);
        Self::set_groups(call, id, args, &now).await?;
        if (args.require_imdsv2, args.metadata_hop_limit) != (now.require_imdsv2, now.metadata_hop_limit) {
            let modify = call.aws.modify_instance_metadata_options().instance_id(id);
            let modify = modify.http_tokens(tokens(args.require_imdsv2));
            let hops = args.metadata_hop_limit.into();
            modify.http_put_response_hop_limit(hops).send().await.sent(call)?;
        }
        if args.source_dest_check != now.source_dest_check {
            Self::set_source_dest_check(call, id, args.source_dest_check).await?;
        }
        let wanted = args.iam_instance_profile.as_deref();
        if wanted.map(profile_name) != now.iam_instance_profile.as_deref().map(profile_name) {
            Self::set_profile(call, id, wanted).await?;
        }
        call.retagged(change).await
    }
}

#[cfg(feature = "ec2")]
#[async_trait]
impl ReadinessOperation for Instance {
    async fn ready(call: &Call<'_>, found: &Found<Item>) -> Result<TypedReadiness<Self>, Failure> {
        Ok(match phase(found) {
            Some(Phase::Running) => TypedReadiness::Ready(Self::report(call, found).await?),
            Some(Phase::Pending) | None => TypedReadiness::Pending(None),
            Some(ended) => TypedReadiness::Failed(ending(found, ended)),
        })
    }
}

#[cfg(feature = "ec2")]
fn phase(found: &Item) -> Option<&Phase> {
    found.state().and_then(|state| state.name())
}

/// Says how an instance ended while it started.
#[cfg(feature = "ec2")]
fn ending(found: &Item, phase: &Phase) -> String {
    let why = found.state_reason();
    let why = reason(why.and_then(|why| why.code()), why.and_then(|why| why.message()));
    format!("it is {phase}: {why}")
}

#[cfg(feature = "ec2")]
fn state(found: &Item) -> InstanceState {
    let interface = found.network_interfaces().first();
    InstanceState {
        id: text(found.instance_id()),
        private_ip: text(found.private_ip_address()),
        private_dns: text(found.private_dns_name()),
        public_ip: text(found.public_ip_address()),
        availability_zone: text(found.placement().and_then(|placement| placement.availability_zone())),
        network_interface_id: text(interface.and_then(|interface| interface.network_interface_id())),
    }
}

/// Returns the inputs as AWS reports them; what it does not report with the instance is marked so in the schema; the tags
/// are with what was found.
#[cfg(feature = "ec2")]
fn args_of(found: &Item) -> InstanceArgs {
    let metadata = found.metadata_options();
    let groups = found.security_groups().iter().map(|group| text(group.group_id()));
    let hops = metadata.and_then(|options| options.http_put_response_hop_limit());
    InstanceArgs {
        ami: text(found.image_id()),
        instance_type: text(found.instance_type().map(|kind| kind.as_str())),
        subnet_id: text(found.subnet_id()),
        security_group_ids: Some(groups.collect()),
        key_name: given(found.key_name()),
        user_data: None,
        user_data_base64: None,
        iam_instance_profile: given(found.iam_instance_profile().and_then(|profile| profile.arn())),
        require_imdsv2: metadata.and_then(|options| options.http_tokens())
            == Some(&HttpTokensState::Required),
        metadata_hop_limit: hops.and_then(|hops| u8::try_from(hops).ok()).unwrap_or(1),
        root_volume: None,
        fixed_private_ip: given(found.private_ip_address()),
        associate_public_ip: None,
        source_dest_check: found.source_dest_check().unwrap_or(true),
        tags: BTreeMap::new(),
    }
}

#[cfg(feature = "ec2")]
impl Instance {
    /// Returns an instance when it no longer starts: before that AWS refuses most changes.
    async fn started(call: &Call<'_>, id: &str) -> Result<Option<Found<Item>>, Failure> {
        until(call, id, || async {
            let found = call.aws.get::<Self>(id).await?;
            Ok(match found.as_ref().and_then(|found| phase(found)) {
                Some(Phase::Pending) => Look::Not("pending".to_owned()),
                _ => Look::Done(found),
            })
        })
        .await
    }

    async fn set_groups(
        call: &Call<'_>,
        id: &str,
        args: &InstanceArgs,
        now: &InstanceArgs,
    ) -> Result<(), Failure> {
        let sorted = |groups: &Option<Vec<String>>| {
            let mut groups = groups.clone().unwrap_or_default();
            groups.sort();
            groups.dedup();
            groups
        };
        if args.security_group_ids.is_none()
            || sorted(&args.security_group_ids) == sorted(&now.security_group_ids)
        {
            return Ok(());
        }
        let modify = call.aws.modify_instance_attribute().instance_id(id);
        modify.set_groups(args.security_group_ids.clone()).send().await.sent(call).map(drop)
    }

    async fn set_source_dest_check(call: &Call<'_>, id: &str, on: bool) -> Result<(), Failure> {
        let value = AttributeBooleanValue::builder().value(on).build();
        let modify = call.aws.modify_instance_attribute().instance_id(id).source_dest_check(value);
        modify.send().await.sent(call).map(drop)
    }

    async fn set_profile(call: &Call<'_>, id: &str, wanted: Option<&str>) -> Result<(), Failure> {
        let of_instance = filter("instance-id", [id]);
        let describe = call.aws.describe_iam_instance_profile_associations().filters(of_instance);
        let found = describe.send().await.asked(call)?;
        let active = found.iam_instance_profile_associations().iter().find(|found| {
            found.state().is_some_and(|state| ["associating", "associated"].contains(&state.as_str()))
        });
        let active = active.and_then(|found| found.association_id());
        match (wanted, active) {
            (Some(wanted), Some(active)) => {
                let replace = call.aws.replace_iam_instance_profile_association().association_id(active);
                replace.iam_instance_profile(profile(wanted)).send().await.sent(call).map(drop)
            }
            (Some(wanted), None) => {
                let associate = call.aws.associate_iam_instance_profile().instance_id(id);
                associate.iam_instance_profile(profile(wanted)).send().await.sent(call).map(drop)
            }
            (None, Some(active)) => {
                let take_away = call.aws.disassociate_iam_instance_profile().association_id(active);
                gone_is_fine(take_away.send().await.sent(call))
            }
            (None, None) => Ok(()),
        }
    }
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
