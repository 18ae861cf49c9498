//! How templates are described, made, changed, deleted and reported.

use aws_sdk_ec2::types::{LaunchTemplate as Item, LaunchTemplateVersion};
use sskuba_core::value::map_of;

use super::data::{args_of, data};
use super::{LaunchTemplate, LaunchTemplateArgs, LaunchTemplateState, NAMES};
use crate::client::one_by_one;
use crate::ec2::prelude::*;

#[async_trait]
impl Operations for LaunchTemplate {
    type Api = Ec2;
    type Item = Item;
    const NAME: &'static str = "launch template";

    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        // There is no filter for ids.
        if let Which::Among(ids) = which {
            return one_by_one(ids, |id| Self::describe(ec2, Which::Ids(vec![id]))).await;
        }
        let describe = ec2.describe_launch_templates().set_launch_template_ids(which.ids());
        let pages = describe.set_filters(which.filters("launch-template-id")).into_paginator().items().send();
        let all = pages.collect::<Result<Vec<_>, _>>().await.asked(ec2)?;
        Ok(found(all, Item::launch_template_id, Item::tags))
    }

    async fn create(call: &Call<'_>, args: LaunchTemplateArgs) -> Result<Report<Self>, Failure> {
        let name = call.name(args.name.as_ref(), &NAMES);
        let create = call.aws.create_launch_template().client_token(call.token()).launch_template_name(&name);
        let create = create.launch_template_data(data(call, &args).await?);
        let create = create.tag_specifications(spec(call, ResourceType::LaunchTemplate, &args.tags));
        let made = match create.send().await {
            Err(error) if means(&error, Meaning::Taken) => {
                let named = vec![("launch-template-name", name.clone())];
                let same = |found: &Item| found.launch_template_name() == Some(&name);
                call.taken::<Self>(&error, named, same).await?.item
            }
            sent => sent.sent(call)?.launch_template.ok_or_else(|| call.lacking(Self::NAME))?,
        };
        let state = state(&made);
        Ok(Report::new(state.id.clone(), state))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        call.aws.delete_launch_template().launch_template_id(&prior.id).send().await.sent(call).map(drop)
    }

    async fn report(call: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        Self::report_for(call, found, None).await
    }

    /// Reports the default version, in the words of the program.
    async fn report_for(
        call: &Call<'_>,
        found: &Found<Item>,
        said: Option<&LaunchTemplateArgs>,
    ) -> Result<Report<Self>, Failure> {
        let there = Self::version(call, &found.id, "$Default", said).await?;
        let args =
            LaunchTemplateArgs { name: given(found.launch_template_name()), tags: found.own_tags(), ..there };
        Ok(Report::new(found.id.clone(), state(found)).args(args))
    }
}

#[async_trait]
impl UpdateOperation for LaunchTemplate {
    /// What the last version says already is not said again: an earlier try may have made it, and not the default one yet.
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let (id, args) = (&change.prior.id, &change.args);
        let found = Self::get(call, &change.prior).await?.ok_or_else(|| call.not_there())?;
        let last = Self::version(call, id, "$Latest", Some(args)).await?;
        let number = if is_said(args, &last) {
            found.latest_version_number().unwrap_or_default()
        } else {
            let create = call.aws.create_launch_template_version().launch_template_id(id);
            let create = create.launch_template_data(data(call, args).await?);
            let made = create.send().await.sent(call)?.launch_template_version;
            let number = made.as_ref().and_then(LaunchTemplateVersion::version_number);
            number.ok_or_else(|| call.lacking("version"))?
        };
        if found.default_version_number() != Some(number) {
            let modify = call.aws.modify_launch_template().launch_template_id(id);
            modify.default_version(number.to_string()).send().await.sent(call)?;
        }
        call.retagged(change).await
    }
}

/// Tells whether a version says what a program says.
fn is_said(args: &LaunchTemplateArgs, version: &LaunchTemplateArgs) -> bool {
    let (wanted, there) = (map_of(args).unwrap_or_default(), map_of(version).unwrap_or_default());
    let schema = LaunchTemplate::schema();
    let mut fields = schema.inputs().filter(|field| !["name", "tags"].contains(&&*field.name));
    fields.all(|field| {
        let (wanted, there) = (wanted.get(&*field.name), there.get(&*field.name));
        field.normaliser.same(wanted.unwrap_or(&Value::Null), there.unwrap_or(&Value::Null))
    })
}

fn state(found: &Item) -> LaunchTemplateState {
    let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    LaunchTemplateState {
        id: text(found.launch_template_id()),
        template_name: text(found.launch_template_name()),
        default_version: number(found.default_version_number()),
        latest_version: number(found.latest_version_number()),
    }
}

impl LaunchTemplate {
    /// Returns what a version says.
    async fn version(
        call: &Call<'_>,
        id: &str,
        version: &str,
        said: Option<&LaunchTemplateArgs>,
    ) -> Result<LaunchTemplateArgs, Failure> {
        let describe = call.aws.describe_launch_template_versions().launch_template_id(id).versions(version);
        let found = describe.send().await.asked(call)?;
        let data = found.launch_template_versions().first().and_then(|found| found.launch_template_data());
        data.map(|data| args_of(data, said)).ok_or_else(|| call.lacking("version"))
    }
}
