//! Whether an instance runs, and what AWS changes of a stopped one alone.

use aws_sdk_ec2::types::{
    AttributeValue, Instance as Item, InstanceStateName as Phase, SecureBlobAttributeValue,
};

use super::attributes::user_data;
use super::operations::phase;
use super::{Instance, InstanceArgs};
use crate::ec2::prelude::*;
use crate::ec2::user_data::decoded;

impl Instance {
    /// Returns an instance when it neither starts nor stops: before that AWS refuses most changes.
    pub(super) async fn started(call: &Call<'_>, id: &str) -> Result<Option<Found<Item>>, Failure> {
        until(call, id, || async {
            let found = call.aws.get::<Self>(id).await?;
            Ok(match found.as_ref().and_then(|found| phase(found)) {
                Some(passing @ (Phase::Pending | Phase::Stopping)) => Look::Not(passing.to_string()),
                _ => Look::Done(found),
            })
        })
        .await
    }

    /// Asks for a stop.
    pub(super) async fn stop(call: &Call<'_>, id: &str) -> Result<(), Failure> {
        call.aws.stop_instances().instance_ids(id).send().await.sent(call).map(drop)
    }

    /// Starts or stops an instance where it is not as it should be, and waits until it is.
    pub(super) async fn set_running(call: &Call<'_>, id: &str, running: bool) -> Result<(), Failure> {
        let found = Self::started(call, id).await?;
        let wanted = if running { Phase::Running } else { Phase::Stopped };
        let there = found.as_ref().and_then(|found| phase(found));
        if there.is_none_or(|there| *there == wanted) {
            return Ok(());
        }
        if running {
            call.aws.start_instances().instance_ids(id).send().await.sent(call)?;
        } else {
            Self::stop(call, id).await?;
        }
        until(call, id, || async {
            let found = call.aws.get::<Self>(id).await?.ok_or_else(|| call.not_there())?;
            Ok(match phase(&found) {
                Some(there) if *there == wanted => Look::Done(()),
                Some(Phase::ShuttingDown | Phase::Terminated) => return Err(call.not_there()),
                there => Look::Not(text(there.map(Phase::as_str))),
            })
        })
        .await
    }

    /// Brings the type and the user data to what they should be; if one differs, the instance is stopped for it, and left
    /// so.
    pub(super) async fn set_what_needs_a_stop(
        call: &Call<'_>,
        found: &Found<Item>,
        args: &InstanceArgs,
    ) -> Result<(), Failure> {
        let id = found.id.as_str();
        let other_type = found.instance_type().is_none_or(|there| there.as_str() != args.instance_type);
        let data = match (&args.user_data, &args.user_data_base64) {
            (Some(text), _) => Some(Secret::new(text.expose().as_bytes().to_vec())),
            (None, Some(base64)) => decoded(base64.expose()),
            (None, None) => None,
        };
        let other_data = match data {
            Some(data) => (*user_data(call, id).await?.expose() != *data.expose()).then_some(data),
            None => None,
        };
        if !other_type && other_data.is_none() {
            return Ok(());
        }
        Self::set_running(call, id, false).await?;
        if other_type {
            let value = AttributeValue::builder().value(&args.instance_type).build();
            let modify = call.aws.modify_instance_attribute().instance_id(id).instance_type(value);
            modify.send().await.sent(call)?;
        }
        if let Some(data) = other_data {
            // The SDK encodes it in base64.
            let value = SecureBlobAttributeValue::builder().value(Blob::new(data.expose().clone())).build();
            let modify = call.aws.modify_instance_attribute().instance_id(id).user_data(value);
            modify.send().await.sent(call)?;
        }
        Ok(())
    }
}
