//! Targets of target groups.

#[cfg(feature = "elbv2")]
mod targets;

#[cfg(feature = "elbv2")]
use self::targets::{Deregistered, Registered, Together, asked, of_group};
#[cfg(feature = "elbv2")]
use super::TargetGroup;
use super::prelude::*;

/// A target of a target group.
///
/// A group has a target once on a port: two of the same group, target and port are the same object, whatever they are
/// called, and so are one without a port and one with the group's. AWS can neither tag it nor takes a token for it. A create that meets one which is there already is refused,
/// with the line that imports it; only what an interrupted create of this resource left counts as made. A create waits
/// until a machine of this stack that it names runs, and not until it answers: what makes it answer may depend on the
/// target being there.
#[derive(Resource)]
#[resource(
    kind = "aws:elbv2:TargetGroupAttachment",
    idempotency = "token",
    visibility = "30s",
    create = "1s",
    update = "1s",
    delete = "1s",
    unique = "target_group_arn, target_id, port"
)]
pub struct TargetGroupAttachment {
    /// The target group.
    #[resource(force_new, reference = "aws:elbv2:TargetGroup")]
    target_group_arn: Input<String>,
    /// The id of an instance, or an address, as the group's target type says. AWS takes only what is running.
    #[resource(force_new, live, normaliser = "same_target")]
    target_id: Input<String>,
    /// The port that the target serves on; the group's if none is given, which 0 means too.
    #[resource(default, inherit = "target_group_arn.port")]
    port: Input<u16>,
    /// The group's ARN, the target and the port.
    #[resource(computed, id, pattern = "{field:target_group_arn}_{field:target_id}_{hex:4}")]
    id: Computed<String>,
}

impl Kind for TargetGroupAttachment {}

/// Returns a target as AWS reports it: an IPv6 address in its short form.
fn short(target: &str) -> String {
    let address = target.parse::<std::net::IpAddr>().ok();
    address.map_or_else(|| target.to_owned(), |address| address.to_string())
}

fn same_target(value: &Value) -> Value {
    value.as_str().map_or_else(|| value.clone(), |target| short(target).into())
}

#[cfg(feature = "elbv2")]
#[async_trait]
impl Operations for TargetGroupAttachment {
    type Api = Elb;
    /// What a target is told by is all that there is to say of it.
    type Item = TargetGroupAttachmentArgs;
    const NAME: &'static str = "target";
    const MOST: usize = 1000;

    /// Those of all are those of each group.
    async fn describe(elb: &Aws<Elb>, which: Which) -> Result<Vec<Found<Self::Item>>, Failure> {
        let mut all = Vec::new();
        for group in TargetGroup::describe(elb, which).await? {
            all.extend(of_group(elb, &group).await?.into_iter().map(described));
        }
        Ok(all)
    }

    /// The targets of a group are described by one call.
    async fn by_keys(elb: &Aws<Elb>, ids: Vec<String>) -> Result<Vec<(String, Found<Self::Item>)>, Failure> {
        asked(elb, ids).await
    }

    async fn get(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<Option<Found<Self::Item>>, Failure> {
        let args = parts(&prior.id)?;
        Ok(Self::is_registered(call, &args).await?.then(|| described(args)))
    }

    async fn create(call: &Call<'_>, args: TargetGroupAttachmentArgs) -> Result<Report<Self>, Failure> {
        // It carries no token: only what an interrupted create left is this resource's.
        if !call.aws.sent_creates.may_have_made(call) && Self::is_registered(call, &args).await? {
            let message = format!("{} is a target of {} already", args.target_id, args.target_group_arn);
            return Err(Failure::exists(message, id(&args)));
        }
        call.aws.sent_creates.send(call, Self::register(call, args)).await
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        Self::deregister(call, &parts(&prior.id)?).await
    }

    async fn report(_: &Call<'_>, found: &Found<Self::Item>) -> Result<Report<Self>, Failure> {
        Ok(object(found.item.clone()))
    }
}

#[cfg(feature = "elbv2")]
#[async_trait]
impl UpdateOperation for TargetGroupAttachment {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let before = parts(&change.prior.id)?;
        let (old, new) =
            (Self::serving_port(call, &before).await?, Self::serving_port(call, &change.args).await?);
        let object = Self::register(call, change.args).await?;
        if old != new {
            Self::deregister(call, &before).await?;
        }
        Ok(object)
    }
}

#[cfg(feature = "elbv2")]
impl TargetGroupAttachment {
    async fn is_registered(call: &Call<'_>, args: &TargetGroupAttachmentArgs) -> Result<bool, Failure> {
        Ok(call.aws.get::<Self>(&id(args)).await?.is_some())
    }

    /// Returns the port that a target serves on: its own, or its group's.
    async fn serving_port(call: &Call<'_>, args: &TargetGroupAttachmentArgs) -> Result<Option<i32>, Failure> {
        match port(args) {
            Some(port) => Ok(Some(port.into())),
            None => {
                let group = call.aws.get::<TargetGroup>(&args.target_group_arn).await?;
                Ok(group.and_then(|group| group.port()))
            }
        }
    }

    async fn deregister(call: &Call<'_>, args: &TargetGroupAttachmentArgs) -> Result<(), Failure> {
        call.aws.get::<Together<Deregistered>>(&id(args)).await?.unwrap_or(Ok(()))
    }

    async fn register(call: &Call<'_>, args: TargetGroupAttachmentArgs) -> Result<Report<Self>, Failure> {
        let done = call.aws.get::<Together<Registered>>(&id(&args)).await?;
        done.unwrap_or_else(|| Err(call.lacking(Self::NAME)))?;
        Ok(object(args))
    }
}

#[cfg(feature = "elbv2")]
fn described(args: TargetGroupAttachmentArgs) -> Found<TargetGroupAttachmentArgs> {
    Found { id: id(&args), tags: BTreeMap::new(), item: args }
}

/// Returns a port that is not the group's.
#[cfg(feature = "elbv2")]
fn port(args: &TargetGroupAttachmentArgs) -> Option<u16> {
    Some(args.port).filter(|port| *port != 0)
}

#[cfg(feature = "elbv2")]
fn object(args: TargetGroupAttachmentArgs) -> Report<TargetGroupAttachment> {
    let id = id(&args);
    Report::new(id.clone(), TargetGroupAttachmentState { id }).args(args)
}

/// Returns an attachment's id.
#[cfg(feature = "elbv2")]
fn id(args: &TargetGroupAttachmentArgs) -> String {
    let port = port(args).map(|port| format!("_{port}")).unwrap_or_default();
    format!("{}_{}{port}", args.target_group_arn, args.target_id)
}

/// Splits an attachment's id into group, target and port.
#[cfg(feature = "elbv2")]
fn parts(id: &str) -> Result<TargetGroupAttachmentArgs, Failure> {
    let mut parts = id.split('_');
    let wrong = || {
        Failure::new(Class::Invalid("id".to_owned()), format!("{id:?} is not the id of an attachment"))
            .hint("it is the group's ARN, the target and, if it has one, the port, joined by `_`")
    };
    match (parts.next(), parts.next(), parts.next().map(str::parse), parts.next()) {
        (Some(arn), Some(target), None, None) => Ok(args(arn, target, 0)),
        (Some(arn), Some(target), Some(Ok(port)), None) => Ok(args(arn, target, port)),
        _ => Err(wrong()),
    }
}

#[cfg(feature = "elbv2")]
fn args(arn: &str, target: &str, port: u16) -> TargetGroupAttachmentArgs {
    TargetGroupAttachmentArgs { target_group_arn: arn.to_owned(), target_id: target.to_owned(), port }
}

#[cfg(all(test, feature = "elbv2"))]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_what_is_attached_where() {
        for port in [0, 6443] {
            let given = args("arn:aws:elasticloadbalancing:x:1:targetgroup/t/0", "i-1", port);
            let back = parts(&object(given.clone()).id).unwrap();
            assert_eq!(
                (back.target_group_arn, back.target_id, back.port),
                (given.target_group_arn, given.target_id, port)
            );
        }
        assert!(parts("arn").is_err());
        assert!(parts("arn_i-1_http").is_err());
    }
}
