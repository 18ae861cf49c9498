//! What machines of a network are told by DHCP.

#[cfg(feature = "ec2")]
use aws_sdk_ec2::types::{DhcpOptions as Item, NewDhcpConfiguration};

use super::prelude::*;

/// What machines of a network are told by DHCP: their domain, their name servers, their time servers. A network uses it by a
/// [`DhcpOptionsAssociation`](super::DhcpOptionsAssociation).
///
/// AWS changes none: another setting is another object, which is made before the old one goes. Found after an interrupted
/// create by its ownership tag.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:DhcpOptions",
    idempotency = "tag",
    visibility = "30s",
    create = "1s",
    update = "1s",
    delete = "1s"
)]
pub struct DhcpOptions {
    /// The domain of machines' names, e.g. `shop.internal`.
    #[resource(force_new)]
    domain_name: Option<Input<String>>,
    /// The name servers in their order, at most four; `AmazonProvidedDNS` is the network's own.
    #[resource(force_new, item = "domain_name_server")]
    domain_name_servers: Option<Input<Vec<String>>>,
    /// The time servers by address, at most four.
    #[resource(force_new, item = "ntp_server")]
    ntp_servers: Option<Input<Vec<String>>>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, pattern = "dopt-{hex:17}")]
    id: Computed<String>,
}

impl Kind for DhcpOptions {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let mut mistakes = Vec::new();
        let lists = [("domain_name_servers", &args.domain_name_servers), ("ntp_servers", &args.ntp_servers)];
        for (field, list) in lists {
            match list.as_ref().map(Vec::len) {
                Some(0) => mistakes.push(mistake(field, "is empty; leave it out to say nothing")),
                Some(length) if length > 4 => {
                    mistakes.push(mistake(field, format!("has {length} servers; AWS takes at most 4")));
                }
                _ => {}
            }
        }
        if args.domain_name.is_none() && lists.iter().all(|(_, list)| list.is_none()) {
            mistakes.push(mistake("domain_name_servers", "is needed, or a domain or time servers"));
        }
        mistakes
    }
}

/// What AWS calls the options.
#[cfg(feature = "ec2")]
const KEYS: [&str; 3] = ["domain-name", "domain-name-servers", "ntp-servers"];

#[cfg(feature = "ec2")]
#[async_trait]
impl Operations for DhcpOptions {
    type Api = Ec2;
    type Item = Item;
    const NAME: &'static str = "DHCP options";
    const LINGERS: bool = true;

    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let describe = ec2.describe_dhcp_options().set_dhcp_options_ids(which.ids());
        let pages = describe.set_filters(which.filters("dhcp-options-id")).into_paginator().items().send();
        Ok(found(pages.collect::<Result<Vec<_>, _>>().await.asked(ec2)?, Item::dhcp_options_id, Item::tags))
    }

    async fn create(call: &Call<'_>, args: DhcpOptionsArgs) -> Result<Report<Self>, Failure> {
        let values = [args.domain_name.map(|name| vec![name]), args.domain_name_servers, args.ntp_servers];
        let given = KEYS.into_iter().zip(values).filter_map(|(key, values)| Some((key, values?)));
        let options = given
            .map(|(key, values)| NewDhcpConfiguration::builder().key(key).set_values(Some(values)).build());
        let create = call.aws.create_dhcp_options().set_dhcp_configurations(Some(options.collect()));
        let create = create.tag_specifications(spec(call, ResourceType::DhcpOptions, &args.tags));
        let made = create.customize().config_override(once()).send().await.sent_once(call)?;
        let id = text(made.dhcp_options().and_then(Item::dhcp_options_id));
        Ok(Report::new(id.clone(), DhcpOptionsState { id }))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        call.aws.delete_dhcp_options().dhcp_options_id(&prior.id).send().await.sent(call).map(drop)
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let [domain, names, times] = KEYS.map(|key| {
            let options = found.dhcp_configurations().iter().find(|option| option.key() == Some(key));
            options.map(|option| option.values().iter().map(|value| text(value.value())).collect::<Vec<_>>())
        });
        let args = DhcpOptionsArgs {
            domain_name: domain.and_then(|all| all.into_iter().next()),
            domain_name_servers: names,
            ntp_servers: times,
            tags: found.own_tags(),
        };
        let id = found.id.clone();
        Ok(Report::new(id.clone(), DhcpOptionsState { id }).args(args))
    }
}

#[cfg(feature = "ec2")]
impl UpdateOperation for DhcpOptions {}
