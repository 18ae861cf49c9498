//! Security groups.

use async_trait::async_trait;
use aws_sdk_ec2::types::{IpPermission, IpRange, Ipv6Range, ResourceType, SecurityGroup as Found};
use sskuba_core::provider::{Failure, TypedChange, TypedObject, TypedPrior};

use super::super::Manage;
use super::super::call::Call;
use super::super::cloud::{Cloud, filter, given, text};
use super::super::failure::{Outcome, gone_is_fine, is, refusal};
use super::super::once::once;
use super::super::stranger::met;
use super::super::tagging::{all as all_tags, reported};
use super::super::wait::{self, Look};
use super::{owned, the_one};
use crate::ec2::{SecurityGroup, SecurityGroupArgs, SecurityGroupState};

/// The most characters of a group's name.
const NAME_LIMIT: usize = 255;

#[async_trait]
impl Manage<SecurityGroup> for Cloud {
    async fn create(
        &self,
        call: &Call<'_>,
        args: SecurityGroupArgs,
    ) -> Result<TypedObject<SecurityGroup>, Failure> {
        let name = || call.cx.token.physical_name(call.cx.address.name(), NAME_LIMIT);
        let name = args.name.clone().unwrap_or_else(name);
        let create = self.ec2.create_security_group().vpc_id(&args.vpc_id).group_name(&name);
        let create = create.description(args.description.as_deref().unwrap_or("Managed by sskuba"));
        let create = create.tag_specifications(self.spec(call, ResourceType::SecurityGroup, &args.tags));
        let id = match create.customize().config_override(once()).send().await {
            Err(error) if is(&error, &["InvalidGroup.Duplicate"]) => {
                self.group_named(call, &args.vpc_id, &name, refusal(&error, call.place)).await?
            }
            other => text(other.sent_once(call.place)?.group_id()),
        };
        let found = wait::until(call, &id, || async {
            let found = self.known.security_groups.get(&id).await?;
            Ok(found.map_or_else(|| Look::Not("not visible".to_owned()), Look::Done))
        });
        let half_made = |failure| call.partial::<SecurityGroup>(&id, failure);
        let found = found.await.map_err(half_made)?;
        if !args.allow_all_outbound {
            self.outbound(call, &id, false).await.map_err(half_made)?;
        }
        Ok(TypedObject::new(id, state(&found)))
    }

    async fn read(
        &self,
        _: &Call<'_>,
        prior: TypedPrior<SecurityGroup>,
    ) -> Result<Option<TypedObject<SecurityGroup>>, Failure> {
        let found = self.known.security_groups.get(&prior.id).await?;
        // A rule of its own may have taken over the rule that the field is about; an import tells how it stands.
        let silent = prior.args.is_some().then_some("allow_all_outbound");
        Ok(found.map(|found| object(&found).unreported(silent)))
    }

    async fn update(
        &self,
        call: &Call<'_>,
        change: TypedChange<SecurityGroup>,
    ) -> Result<TypedObject<SecurityGroup>, Failure> {
        let (id, args) = (&change.prior.id, &change.args);
        let before = change.prior.args.as_ref().map(|args| &args.tags);
        self.retag(call, id, before, &args.tags).await?;
        let allowed = change.prior.args.as_ref().map(|args| args.allow_all_outbound);
        if allowed != Some(args.allow_all_outbound) {
            self.outbound(call, id, args.allow_all_outbound).await?;
        }
        let found =
            self.known.security_groups.get(id).await?.ok_or_else(|| call.lacking("security group"))?;
        Ok(object(&found).unreported(["allow_all_outbound"]))
    }

    async fn delete(&self, call: &Call<'_>, prior: TypedPrior<SecurityGroup>) -> Result<(), Failure> {
        wait::unused(call, || async {
            let delete = self.ec2.delete_security_group().group_id(&prior.id);
            gone_is_fine(delete.send().await.sent(call.place))
        })
        .await
    }

    async fn find(&self, call: &Call<'_>) -> Result<Option<TypedObject<SecurityGroup>>, Failure> {
        let found =
            self.ec2.describe_security_groups().filters(owned(call)).send().await.asked(call.place)?;
        let found = the_one(call, found.security_groups.unwrap_or_default(), |found| found.tags())?;
        Ok(found.map(|found| object(&found)))
    }
}

fn state(found: &Found) -> SecurityGroupState {
    SecurityGroupState {
        id: text(found.group_id()),
        group_name: text(found.group_name()),
        owner_id: text(found.owner_id()),
    }
}

/// Returns the two rules that let everything out: a network with IPv6 gives its groups both.
fn everything() -> [IpPermission; 2] {
    let all = || IpPermission::builder().ip_protocol("-1");
    [
        all().ip_ranges(IpRange::builder().cidr_ip("0.0.0.0/0").build()).build(),
        all().ipv6_ranges(Ipv6Range::builder().cidr_ipv6("::/0").build()).build(),
    ]
}

fn lets_everything_out(found: &Found) -> bool {
    found.ip_permissions_egress().iter().any(|permission| {
        permission.ip_protocol() == Some("-1")
            && permission.ip_ranges().iter().any(|range| range.cidr_ip() == Some("0.0.0.0/0"))
    })
}

fn object(found: &Found) -> TypedObject<SecurityGroup> {
    let args = SecurityGroupArgs {
        vpc_id: text(found.vpc_id()),
        name: given(found.group_name()),
        description: given(found.description()),
        allow_all_outbound: lets_everything_out(found),
        tags: reported(found.tags()),
    };
    TypedObject::new(text(found.group_id()), state(found)).args(args)
}

impl Cloud {
    /// Gives a group the rule that lets everything out, or takes it from it. What is so already is fine.
    async fn outbound(&self, call: &Call<'_>, id: &str, allow: bool) -> Result<(), Failure> {
        let [v4, v6] = everything();
        if allow {
            let allow = self.ec2.authorize_security_group_egress().group_id(id).ip_permissions(v4);
            return match allow.send().await {
                Err(error) if is(&error, &["InvalidPermission.Duplicate"]) => Ok(()),
                other => other.sent(call.place).map(drop),
            };
        }
        for permission in [v4, v6] {
            let revoke = self.ec2.revoke_security_group_egress().group_id(id).ip_permissions(permission);
            gone_is_fine(revoke.send().await.sent(call.place))?;
        }
        Ok(())
    }

    /// Returns our group of a name that AWS says is taken; another's is named in the refusal.
    async fn group_named(
        &self,
        call: &Call<'_>,
        vpc: &str,
        name: &str,
        refusal: Failure,
    ) -> Result<String, Failure> {
        let describe = self.ec2.describe_security_groups().filters(filter("vpc-id", [vpc]));
        let found = describe.filters(filter("group-name", [name])).send().await.asked(call.place)?;
        match found.security_groups().iter().find(|found| found.group_name() == Some(name)) {
            Some(found) => met(call, refusal, text(found.group_id()), &all_tags(found.tags())),
            None => Err(refusal),
        }
    }
}
