//! What AWS tells of an instance only where it is asked about that alone.

use aws_sdk_ec2::types::{
    AttributeBooleanValue, Instance as Item, InstanceAttributeName, InstanceCreditSpecification,
    InstanceCreditSpecificationRequest,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Instance, InstanceArgs, is_burstable};
use crate::client::{Batched, one_by_one};
use crate::ec2::prelude::*;
use crate::ec2::user_data::decoded;

/// Returns the inputs that a description of many instances says nothing of.
pub(super) fn asked_alone() -> Vec<&'static str> {
    vec!["user_data", "user_data_base64", "termination_protection", "cpu_credits"]
}

/// Asks about the inputs that a description lacks, as far as a program says anything of them; an import asks about all.
/// Returns those that were not asked about.
pub(super) async fn fill(
    call: &Call<'_>,
    found: &Found<Item>,
    said: Option<&InstanceArgs>,
    args: &mut InstanceArgs,
) -> Result<Vec<&'static str>, Failure> {
    let mut unasked = asked_alone();
    let mut wanted = |field: &str, says: fn(&InstanceArgs) -> bool| {
        let asks = said.is_none_or(says);
        unasked.retain(|unasked| !asks || *unasked != field);
        asks
    };
    let as_text = wanted("user_data", |said| said.user_data.is_some());
    let as_base64 = wanted("user_data_base64", |said| said.user_data_base64.is_some());
    let is_protected = wanted("termination_protection", |said| said.termination_protection.is_some());
    let credits = wanted("cpu_credits", |said| said.cpu_credits.is_some());
    if as_text || as_base64 {
        let data = user_data(call, &found.id).await?;
        let text = std::str::from_utf8(data.expose());
        // An import tells it once: as text where it is one.
        if as_text && (text.is_ok() || !as_base64) {
            let text = String::from_utf8_lossy(data.expose()).into_owned();
            args.user_data = Some(Secret::new(text)).filter(|text| !text.expose().is_empty());
        } else {
            args.user_data_base64 = Some(Secret::new(STANDARD.encode(data.expose())));
        }
    }
    if is_protected {
        args.termination_protection = Some(protection(call, &found.id).await?);
    }
    if credits && is_burstable(&args.instance_type) {
        args.cpu_credits = call.aws.get::<Credits>(&found.id).await?;
    }
    Ok(unasked)
}

/// Returns the user data of an instance; no bytes if it has none.
pub(super) async fn user_data(call: &Call<'_>, id: &str) -> Result<Secret<Vec<u8>>, Failure> {
    let ask = call.aws.describe_instance_attribute().instance_id(id);
    let found = ask.attribute(InstanceAttributeName::UserData).send().await.asked(call)?;
    let base64 = found.user_data().and_then(|data| data.value()).unwrap_or_default();
    decoded(base64).ok_or_else(|| call.lacking("user data in base64"))
}

/// Tells whether AWS refuses to terminate an instance.
async fn protection(call: &Call<'_>, id: &str) -> Result<bool, Failure> {
    let ask = call.aws.describe_instance_attribute().instance_id(id);
    let found = ask.attribute(InstanceAttributeName::DisableApiTermination).send().await.asked(call)?;
    Ok(found.disable_api_termination().and_then(AttributeBooleanValue::value).unwrap_or_default())
}

/// What instances do when their CPU credits are spent.
struct Credits;

#[async_trait]
impl Batched for Credits {
    type Api = Ec2;
    type Item = String;

    /// AWS refuses the question where one of the instances is of a type without credits.
    async fn by_keys(ec2: &Aws<Ec2>, ids: Vec<String>) -> Result<Vec<(String, String)>, Failure> {
        let ask = |ids: Vec<String>| async {
            let describe = ec2.describe_instance_credit_specifications().set_instance_ids(Some(ids));
            let pages = describe.into_paginator().items().send();
            pages.collect::<Result<Vec<InstanceCreditSpecification>, _>>().await.asked(ec2)
        };
        let found = match ask(ids.clone()).await {
            Err(failure) if matches!(failure.class, Class::NotFound | Class::Invalid(_)) && ids.len() > 1 => {
                one_by_one(ids, |id| ask(vec![id])).await?
            }
            found => found?,
        };
        Ok(found.iter().map(|found| (text(found.instance_id()), text(found.cpu_credits()))).collect())
    }
}

impl Instance {
    /// Turns detailed monitoring on or off.
    pub(super) async fn set_monitoring(
        call: &Call<'_>,
        id: &str,
        on: bool,
        now: bool,
    ) -> Result<(), Failure> {
        match (on, now) {
            (true, false) => call.aws.monitor_instances().instance_ids(id).send().await.sent(call).map(drop),
            (false, true) => {
                call.aws.unmonitor_instances().instance_ids(id).send().await.sent(call).map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Protects an instance against termination, or no longer, where the program says which.
    pub(super) async fn set_protection(
        call: &Call<'_>,
        id: &str,
        wanted: Option<bool>,
    ) -> Result<(), Failure> {
        let Some(wanted) = wanted else { return Ok(()) };
        if protection(call, id).await? == wanted {
            return Ok(());
        }
        let value = AttributeBooleanValue::builder().value(wanted).build();
        let modify = call.aws.modify_instance_attribute().instance_id(id).disable_api_termination(value);
        modify.send().await.sent(call).map(drop)
    }

    /// Sets what an instance does when its CPU credits are spent, where the program says so.
    pub(super) async fn set_credits(call: &Call<'_>, id: &str, wanted: Option<&str>) -> Result<(), Failure> {
        let Some(wanted) = wanted else { return Ok(()) };
        if call.aws.get::<Credits>(id).await?.as_deref() == Some(wanted) {
            return Ok(());
        }
        let request =
            InstanceCreditSpecificationRequest::builder().instance_id(id).cpu_credits(wanted).build();
        let modify = call.aws.modify_instance_credit_specification().instance_credit_specifications(request);
        let answer = modify.send().await.sent(call)?;
        match answer.unsuccessful_instance_credit_specifications().first().and_then(|refused| refused.error())
        {
            None => Ok(()),
            Some(why) => {
                let code = why.code().map(|code| code.as_str());
                let message = format!("ModifyInstanceCreditSpecification: {}", reason(code, why.message()));
                Err(Failure::new(Class::Invalid("cpu_credits".to_owned()), message))
            }
        }
    }
}
