//! OpenID Connect providers.

#[cfg(feature = "iam")]
use std::collections::BTreeSet;

#[cfg(feature = "iam")]
use aws_sdk_iam::operation::get_open_id_connect_provider::GetOpenIdConnectProviderOutput as Item;

use super::prelude::*;

/// An OpenID Connect provider: whose tokens this account trusts, e.g. those of a cluster's service accounts or of a CI service.
///
/// An account has one of a URL: two of the same URL are the same object, whatever they are called. A create that meets one
/// which is there already and does not carry this resource's token is refused, with the line that imports it.
///
/// moto's answer to a client id that is added cannot be read, so that no test changes them.
#[derive(Resource)]
#[resource(
    kind = "aws:iam:OpenIdConnectProvider",
    idempotency = "token, tag",
    visibility = "30s",
    create = "2s",
    update = "2s",
    delete = "1s",
    unique = "url"
)]
pub struct OpenIdConnectProvider {
    /// The issuer, with or without `https://`: what tokens have as `iss`.
    #[resource(force_new, normaliser = "same_url")]
    url: Input<String>,
    /// For whom tokens are made: what they have as `aud`, e.g. `sts.amazonaws.com`.
    #[resource(default, normaliser = "set", item = "client_id")]
    client_ids: Input<Vec<String>>,
    /// The SHA-1 prints, in hex, of the certificates that signed the server's; AWS fetches one if none is given.
    #[resource(cloud_default, normaliser = "set", item = "thumbprint")]
    thumbprints: Option<Input<Vec<String>>>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The ARN.
    #[resource(computed, id, pattern = "arn:aws:iam::{digits:12}:oidc-provider/{hex:16}")]
    arn: Computed<String>,
}

impl Kind for OpenIdConnectProvider {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let mut mistakes = Vec::new();
        if bare(&args.url).contains("://") {
            mistakes
                .push(mistake("url", format!("{:?} is no address of HTTPS, which AWS asks for", args.url)));
        }
        let is_print = |print: &String| print.len() == 40 && print.chars().all(|c| c.is_ascii_hexdigit());
        if let Some(odd) = args.thumbprints.iter().flatten().find(|print| !is_print(print)) {
            mistakes.push(mistake("thumbprints", format!("{odd:?} is no print of 40 hex digits")));
        }
        if args.thumbprints.as_ref().is_some_and(Vec::is_empty) {
            mistakes.push(mistake("thumbprints", "is empty; leave it out to have AWS fetch one"));
        }
        mistakes
    }
}

/// Returns an issuer as AWS reports it.
fn bare(url: &str) -> &str {
    url.strip_prefix("https://").unwrap_or(url)
}

/// The same for the values of a field.
fn same_url(value: &Value) -> Value {
    value.as_str().map_or_else(|| value.clone(), |url| bare(url).into())
}

#[cfg(feature = "iam")]
const TYPE: &str = "oidc-provider";

#[cfg(feature = "iam")]
#[async_trait]
impl Operations for OpenIdConnectProvider {
    type Api = Iam;
    type Item = Item;
    const NAME: &'static str = "OpenID Connect provider";

    async fn describe(iam: &Aws<Iam>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let arns = match which {
            Which::Ids(arns) | Which::Among(arns) => arns,
            _ => Self::all(iam).await?,
        };
        let mut all = Vec::new();
        for arn in arns {
            all.extend(Self::of(iam, &arn).await?);
        }
        Ok(all)
    }

    async fn get(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<Option<Found<Item>>, Failure> {
        name_of(&prior.id, TYPE)?;
        Self::of(call.aws, &prior.id).await
    }

    async fn create(call: &Call<'_>, args: OpenIdConnectProviderArgs) -> Result<Report<Self>, Failure> {
        let url = bare(&args.url);
        let create = call.aws.create_open_id_connect_provider().url(format!("https://{url}"));
        let create = create.set_client_id_list(Some(args.client_ids.clone()));
        let create = create.set_thumbprint_list(args.thumbprints.clone());
        let arn = match create.set_tags(spec(call, &args.tags)).send().await {
            Err(error) if means(&error, Meaning::Taken) => {
                let (refusal, of_url) = (refusal(&error, call), format!(":{TYPE}/{url}"));
                let arn = Self::all(call.aws).await?.into_iter().find(|arn| arn.ends_with(&of_url));
                let there = match arn {
                    Some(arn) => Self::of(call.aws, &arn).await?,
                    None => None,
                };
                let Some(there) = there else { return Err(refusal) };
                met(call, refusal, there.id, &there.tags)?
            }
            sent => text(sent.sent(call)?.open_id_connect_provider_arn()),
        };
        Ok(Report::new(arn.clone(), OpenIdConnectProviderState { arn }))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        // AWS counts the delete of one that is not there as done; some endpoints do not.
        let delete = call.aws.delete_open_id_connect_provider().open_id_connect_provider_arn(&prior.id);
        delete.send().await.sent(call).map(drop)
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let args = OpenIdConnectProviderArgs {
            url: bare(found.url().unwrap_or_default()).to_owned(),
            client_ids: found.client_id_list().to_vec(),
            thumbprints: Some(found.thumbprint_list().to_vec()),
            tags: found.own_tags(),
        };
        let arn = found.id.clone();
        Ok(Report::new(arn.clone(), OpenIdConnectProviderState { arn }).args(args))
    }
}

#[cfg(feature = "iam")]
#[async_trait]
impl UpdateOperation for OpenIdConnectProvider {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let (arn, args) = (&change.prior.id, &change.args);
        let found = Self::of(call.aws, arn).await?.ok_or_else(|| call.not_there())?;
        let there: BTreeSet<&String> = found.client_id_list().iter().collect();
        let wanted: BTreeSet<&String> = args.client_ids.iter().collect();
        for id in wanted.difference(&there) {
            let add = call.aws.add_client_id_to_open_id_connect_provider();
            add.open_id_connect_provider_arn(arn).client_id(*id).send().await.sent(call)?;
        }
        for id in there.difference(&wanted) {
            let remove = call.aws.remove_client_id_from_open_id_connect_provider();
            remove.open_id_connect_provider_arn(arn).client_id(*id).send().await.sent(call)?;
        }
        if let Some(prints) = &args.thumbprints {
            let update = call.aws.update_open_id_connect_provider_thumbprint();
            let update = update.open_id_connect_provider_arn(arn).set_thumbprint_list(Some(prints.clone()));
            update.send().await.sent(call)?;
        }
        call.retagged(change).await
    }
}

#[cfg(feature = "iam")]
impl OpenIdConnectProvider {
    async fn all(iam: &Aws<Iam>) -> Result<Vec<String>, Failure> {
        let all = iam.list_open_id_connect_providers().send().await.asked(iam)?;
        Ok(all.open_id_connect_provider_list().iter().map(|found| text(found.arn())).collect())
    }

    async fn of(iam: &Aws<Iam>, arn: &str) -> Result<Option<Found<Item>>, Failure> {
        let ask = iam.get_open_id_connect_provider().open_id_connect_provider_arn(arn);
        let found = |item: Item| Found { id: arn.to_owned(), tags: tags_of(item.tags()), item };
        Ok(there(ask.send().await.asked(iam))?.map(found))
    }
}
