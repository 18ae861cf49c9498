//! Rules of security groups.

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    IpPermission, IpRange, Ipv6Range, PrefixListId, ResourceType, SecurityGroupRule as Found,
    SecurityGroupRuleRequest, SecurityGroupRuleUpdate, UserIdGroupPair,
};
use sskuba_core::provider::{Failure, TypedChange, TypedObject, TypedPrior};

use super::super::Manage;
use super::super::call::Call;
use super::super::cloud::{Cloud, filter, text, told};
use super::super::failure::{Outcome, gone_is_fine, is};
use super::super::tagging::all as all_tags;
use super::{owned, the_one};
use crate::ec2::{Direction, SecurityGroupRule, SecurityGroupRuleArgs, SecurityGroupRuleState};
use crate::tags::{TOKEN, Tags};

type Object = TypedObject<SecurityGroupRule>;

const DUPLICATE: &str = "InvalidPermission.Duplicate";

#[async_trait]
impl Manage<SecurityGroupRule> for Cloud {
    async fn create(&self, call: &Call<'_>, args: SecurityGroupRuleArgs) -> Result<Object, Failure> {
        let (group, permission) = (&args.security_group_id, permission(&args));
        let spec = self.spec(call, ResourceType::SecurityGroupRule, &args.tags);
        let made = match args.direction {
            Direction::Ingress => {
                let allow = self.ec2.authorize_security_group_ingress().group_id(group);
                match allow.ip_permissions(permission).tag_specifications(spec).send().await {
                    Err(error) if is(&error, &[DUPLICATE]) => {
                        return self.own_rule(call).await?.map_or_else(|| Err(error).sent(call.place), Ok);
                    }
                    other => other.sent(call.place)?.security_group_rules,
                }
            }
            Direction::Egress => {
                let allow = self.ec2.authorize_security_group_egress().group_id(group);
                match allow.ip_permissions(permission).tag_specifications(spec).send().await {
                    Err(error) if is(&error, &[DUPLICATE]) => {
                        return match self.own_rule(call).await? {
                            Some(rule) => Ok(rule),
                            None => match self.born_rule(&args, call).await? {
                                Some(id) => self.bring(call, &id, &args, None).await,
                                None => Err(error).sent(call.place),
                            },
                        };
                    }
                    other => other.sent(call.place)?.security_group_rules,
                }
            }
        };
        let made = made.unwrap_or_default();
        let id = text(made.first().ok_or_else(|| call.lacking("rule"))?.security_group_rule_id());
        Ok(TypedObject::new(id.clone(), SecurityGroupRuleState { id }))
    }

    async fn read(
        &self,
        call: &Call<'_>,
        prior: TypedPrior<SecurityGroupRule>,
    ) -> Result<Option<Object>, Failure> {
        let found = self.known.rules.get(&prior.id).await?;
        Ok(found.map(|found| self.rule(call, &found, prior.args.as_ref())))
    }

    async fn update(
        &self,
        call: &Call<'_>,
        change: TypedChange<SecurityGroupRule>,
    ) -> Result<Object, Failure> {
        let before = change.prior.args.as_ref().map(|args| &args.tags);
        self.bring(call, &change.prior.id, &change.args, before).await
    }

    async fn delete(&self, call: &Call<'_>, prior: TypedPrior<SecurityGroupRule>) -> Result<(), Failure> {
        let Some(found) = self.known.rules.get(&prior.id).await? else { return Ok(()) };
        let group = text(found.group_id());
        gone_is_fine(if found.is_egress() == Some(true) {
            let revoke = self.ec2.revoke_security_group_egress().group_id(group);
            revoke.security_group_rule_ids(&prior.id).send().await.sent(call.place).map(drop)
        } else {
            let revoke = self.ec2.revoke_security_group_ingress().group_id(group);
            revoke.security_group_rule_ids(&prior.id).send().await.sent(call.place).map(drop)
        })
    }

    async fn find(&self, call: &Call<'_>) -> Result<Option<Object>, Failure> {
        self.own_rule(call).await
    }
}

fn is_v6(cidr: &str) -> bool {
    cidr.contains(':')
}

fn permission(args: &SecurityGroupRuleArgs) -> IpPermission {
    let words = args.description.clone();
    let permission = IpPermission::builder()
        .ip_protocol(&args.protocol)
        .set_from_port(args.from_port)
        .set_to_port(args.to_port);
    if let Some(cidr) = args.cidr.as_deref().filter(|cidr| is_v6(cidr)) {
        let range = Ipv6Range::builder().cidr_ipv6(cidr).set_description(words);
        permission.ipv6_ranges(range.build()).build()
    } else if let Some(cidr) = &args.cidr {
        permission.ip_ranges(IpRange::builder().cidr_ip(cidr).set_description(words).build()).build()
    } else if let Some(group) = &args.source_group_id {
        let group = UserIdGroupPair::builder().group_id(group).set_description(words);
        permission.user_id_group_pairs(group.build()).build()
    } else {
        let list =
            PrefixListId::builder().set_prefix_list_id(args.prefix_list_id.clone()).set_description(words);
        permission.prefix_list_ids(list.build()).build()
    }
}

fn request(args: &SecurityGroupRuleArgs) -> SecurityGroupRuleRequest {
    let (v6, v4) = match args.cidr.clone() {
        Some(cidr) if is_v6(&cidr) => (Some(cidr), None),
        cidr => (None, cidr),
    };
    // A rule for everything has no ports; AWS writes that as -1.
    let none = (args.protocol == "-1").then_some(-1);
    SecurityGroupRuleRequest::builder()
        .ip_protocol(&args.protocol)
        .set_from_port(args.from_port.or(none))
        .set_to_port(args.to_port.or(none))
        .set_cidr_ipv4(v4)
        .set_cidr_ipv6(v6)
        .set_referenced_group_id(args.source_group_id.clone())
        .set_prefix_list_id(args.prefix_list_id.clone())
        .set_description(Some(args.description.clone().unwrap_or_default()))
        .build()
}

impl Cloud {
    /// Brings a rule's words and tags to what they should be.
    async fn bring(
        &self,
        call: &Call<'_>,
        id: &str,
        args: &SecurityGroupRuleArgs,
        before: Option<&Tags>,
    ) -> Result<Object, Failure> {
        let rule =
            SecurityGroupRuleUpdate::builder().security_group_rule_id(id).security_group_rule(request(args));
        let modify = self.ec2.modify_security_group_rules().group_id(&args.security_group_id);
        modify.security_group_rules(rule.build()).send().await.sent(call.place)?;
        self.retag(call, id, before, &args.tags).await?;
        let found = self.known.rules.get(id).await?.ok_or_else(|| call.lacking("rule"))?;
        Ok(self.rule(call, &found, Some(args)))
    }

    /// Finds the rule that AWS makes with every group and that lets everything out, if that is what is wanted
    /// and no resource has taken it over.
    async fn born_rule(
        &self,
        args: &SecurityGroupRuleArgs,
        call: &Call<'_>,
    ) -> Result<Option<String>, Failure> {
        let everywhere = args.cidr.as_deref().filter(|cidr| ["0.0.0.0/0", "::/0"].contains(cidr));
        if everywhere.is_none() || args.protocol != "-1" {
            return Ok(None);
        }
        let all = self.ec2.describe_security_group_rules();
        let all =
            all.filters(filter("group-id", [&args.security_group_id])).send().await.asked(call.place)?;
        let born = all.security_group_rules().iter().find(|rule| {
            rule.is_egress() == Some(true)
                && rule.ip_protocol() == Some("-1")
                && rule.cidr_ipv4().or(rule.cidr_ipv6()) == everywhere
                && !all_tags(rule.tags()).contains_key(TOKEN)
        });
        Ok(born.map(|rule| text(rule.security_group_rule_id())))
    }

    /// Finds the rule that carries the token. Another resource's rule of the same content is not ours to take.
    async fn own_rule(&self, call: &Call<'_>) -> Result<Option<Object>, Failure> {
        let found =
            self.ec2.describe_security_group_rules().filters(owned(call)).send().await.asked(call.place)?;
        let found = the_one(call, found.security_group_rules.unwrap_or_default(), |found| found.tags())?;
        Ok(found.map(|found| self.rule(call, &found, None)))
    }

    fn rule(&self, call: &Call<'_>, found: &Found, known: Option<&SecurityGroupRuleArgs>) -> Object {
        let id = text(found.security_group_rule_id());
        // AWS writes "all" as -1 where nothing was given.
        let port =
            |port: Option<i32>, given: Option<i32>| port.filter(|port| *port != -1 || given == Some(-1));
        let protocol = text(found.ip_protocol());
        let args = SecurityGroupRuleArgs {
            security_group_id: text(found.group_id()),
            direction: if found.is_egress() == Some(true) { Direction::Egress } else { Direction::Ingress },
            from_port: told(
                known.map(|args| &args.from_port),
                port(found.from_port(), known.and_then(|args| args.from_port)),
            ),
            to_port: told(
                known.map(|args| &args.to_port),
                port(found.to_port(), known.and_then(|args| args.to_port)),
            ),
            protocol,
            cidr: told(
                known.map(|args| &args.cidr),
                found.cidr_ipv4().or(found.cidr_ipv6()).map(str::to_owned),
            ),
            source_group_id: told(
                known.map(|args| &args.source_group_id),
                found.referenced_group_info().and_then(|group| group.group_id()).map(str::to_owned),
            ),
            prefix_list_id: told(
                known.map(|args| &args.prefix_list_id),
                found.prefix_list_id().map(str::to_owned),
            ),
            description: told(
                known.map(|args| &args.description),
                found.description().filter(|words| !words.is_empty()).map(str::to_owned),
            ),
            tags: self.own_tags(call, found.tags(), known.map(|args| &args.tags)),
        };
        TypedObject::new(id.clone(), SecurityGroupRuleState { id }).args(args)
    }
}
