//! A hosted zone that the stack does not own.

use super::prelude::*;

/// The hosted zone of a domain: somebody else's, in which a program makes records.
///
/// None is an error, and several are one: a domain can have a public zone and private ones, and two of each.
///
/// ```
/// # use sskuba_aws::route53::{ExistingZone, Record, RecordType};
/// # use sskuba_core::prelude::*;
/// # fn program(stack: &mut Stack) -> Result<()> {
/// let zone = stack.read("shop", ExistingZone::new("shop.example"))?;
/// stack.add("www", Record::new(zone.id(), "www.shop.example", RecordType::A).value("192.0.2.1"))?;
/// # Ok(())
/// # }
/// ```
#[derive(Resource)]
#[resource(kind = "aws:route53:ExistingZone", lookup, create = "1s")]
pub struct ExistingZone {
    /// The domain, with or without the dot at its end.
    name: Input<String>,
    /// Whether it answers in networks alone.
    #[resource(default)]
    private: Input<bool>,
    /// The id.
    #[resource(computed, id, pattern = "Z{upper:20}")]
    id: Computed<String>,
    /// Its name servers; none of a private zone.
    #[resource(computed, pattern = "ns-{digits:3}.awsdns-00.com|ns-{digits:3}.awsdns-01.net")]
    name_servers: Computed<Vec<String>>,
}

impl Kind for ExistingZone {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        name_mistake("name", &args.name).into_iter().collect()
    }
}

#[cfg(feature = "route53")]
#[async_trait]
impl LookupOperation for ExistingZone {
    type Api = Route53;

    async fn look(r53: &Aws<Route53>, args: ExistingZoneArgs) -> Result<ExistingZoneState, Failure> {
        let fits = |zone: &types::HostedZone| {
            let private = zone.config().is_some_and(|config| config.private_zone());
            plain(zone.name()) == plain(&args.name) && private == args.private
        };
        let what = if args.private { "private" } else { "public" };
        let ids: Vec<String> =
            super::Zone::all(r53).await?.iter().filter(|zone| fits(zone)).map(|it| bare(it.id())).collect();
        let id = match ids.as_slice() {
            [id] => id.clone(),
            [] => {
                let message = format!("the account has no {what} zone of {:?}", args.name);
                return Err(Failure::new(Class::NotFound, message).hint("check the domain and the account"));
            }
            several => {
                let message = format!("{what} zones of {:?} are {}", args.name, several.join(", "));
                return Err(
                    Failure::new(Class::Conflict, message).hint("take the one that is meant by its id")
                );
            }
        };
        let found = r53.get_hosted_zone().id(&id).send().await.asked(r53)?;
        let servers = found.delegation_set().map(|set| set.name_servers().to_vec());
        Ok(ExistingZoneState { id, name_servers: servers.unwrap_or_default() })
    }
}
