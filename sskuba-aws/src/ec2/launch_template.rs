//! Launch templates.

#[cfg(feature = "ec2")]
mod data;
#[cfg(feature = "ec2")]
mod operations;

use super::RootVolume;
use super::instance::same_profile;
use super::prelude::*;
use super::user_data;
use crate::tag_rules::mistakes_in;

/// A launch template: what machines are launched with, for groups of Auto Scaling and whoever else launches some.
///
/// AWS changes no version: a change is a new version, which becomes the default one, and `default_version` and
/// `latest_version` are other numbers then. Earlier versions stay, and who named one of them keeps it. Machines that were
/// launched stay as they are; a group replaces its machines if it says so
/// ([`Group`](crate::autoscaling::Group)). A version that somebody else made the default one is a difference that the next
/// `up` after a refresh answers with another version.
///
/// AWS honours a client token, so that an interrupted create is simply made again. A template's name is unique in the
/// account's region; with a given one the old template goes before another takes its place.
///
/// Beside moto it is not proved that a description shows tags that were changed: moto shows those of the create.
///
/// ```
/// # use sskuba_aws::ec2::LaunchTemplate;
/// # use sskuba_core::prelude::*;
/// # fn program(stack: &mut Stack) -> Result<()> {
/// let web = LaunchTemplate::new("ami-0abcdef1234567890", "t3.micro").user_data("#!/bin/sh\necho hello\n");
/// let web = stack.add("web", web.instance_tag("tier", "web"))?;
/// stack.export("version", web.default_version());
/// # Ok(())
/// # }
/// ```
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:LaunchTemplate",
    idempotency = "token, tag",
    visibility = "30s",
    create = "2s",
    update = "2s",
    delete = "1s",
    unique = "name"
)]
pub struct LaunchTemplate {
    /// The image by id.
    ami: Input<String>,
    /// The type, e.g. `t3.micro`.
    instance_type: Input<String>,
    /// The name; made of the resource's name and its token if none is given.
    #[resource(force_new, cloud_default, rule = "NAMES")]
    name: Option<Input<String>>,
    /// The security groups.
    #[resource(normaliser = "set", reference = "aws:ec2:SecurityGroup", item = "security_group")]
    security_group_ids: Option<Input<Vec<String>>>,
    /// The name of the key pair that may log in.
    key_name: Option<Input<String>>,
    /// What a machine is told when it first boots, as text; at most 16 KiB.
    user_data: Option<Input<Secret<String>>>,
    /// The same for bytes, in base64; at most 16 KiB before base64.
    #[resource(normaliser = "base64")]
    user_data_base64: Option<Input<Secret<String>>>,
    /// The instance profile by name or ARN, whose role the machines have.
    #[resource(normaliser = "same_profile")]
    iam_instance_profile: Option<Input<String>>,
    /// Whether the metadata service asks for a session token (version 2).
    #[resource(default = true)]
    require_imdsv2: Input<bool>,
    /// How many hops an answer of the metadata service may go; containers need 2.
    #[resource(default = 1, rule = "Between(1, 64)")]
    metadata_hop_limit: Input<u8>,
    /// The volume that machines boot from; the image's if not given. Another device alone is no difference: the image says
    /// which it is.
    #[resource(normaliser = "same_volume")]
    root_volume: Option<Input<RootVolume>>,
    /// Whether machines get a public address; as their subnet says if not given.
    associate_public_ip: Option<Input<bool>>,
    /// Whether machines report their figures every minute and not every five, which costs money.
    #[resource(default)]
    monitoring: Input<bool>,
    /// The tags of machines and their volumes.
    #[resource(default, entry = "instance_tag")]
    instance_tags: Input<BTreeMap<String, String>>,
    /// Tags of the template itself.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, pattern = "lt-{hex:17}")]
    id: Computed<String>,
    /// The name that it has.
    #[resource(computed, pattern = "{name}-{hex:12}")]
    template_name: Computed<String>,
    /// The number of the version that is taken where none is named.
    #[resource(computed, volatile, pattern = "{digits:1}")]
    default_version: Computed<String>,
    /// The number of the last version.
    #[resource(computed, volatile, pattern = "{digits:1}")]
    latest_version: Computed<String>,
}

/// What AWS takes as the name of a template; the least are three characters.
const NAMES: TextRule = TextRule { longest: 128, signs: "()./_-", inner: "", reserved: "" };

/// Drops the device of a volume, which AWS is told where the program leaves it out.
fn same_volume(value: &Value) -> Value {
    let Value::Map(volume) = value else { return value.clone() };
    let mut volume = volume.clone();
    volume.remove("device");
    Value::Map(volume)
}

impl Kind for LaunchTemplate {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let mut mistakes = user_data::mistakes(args.user_data.as_ref(), args.user_data_base64.as_ref());
        if args.security_group_ids.as_ref().is_some_and(Vec::is_empty) {
            mistakes.push(mistake("security_group_ids", "is empty; name a group, or leave the field out"));
        }
        if args.name.as_ref().is_some_and(|name| name.chars().count() < 3) {
            mistakes.push(mistake("name", "has less than 3 characters"));
        }
        let tags = args.instance_tags.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str())));
        mistakes.extend(mistakes_in("instance_tags", &tags.collect()));
        mistakes
    }
}
