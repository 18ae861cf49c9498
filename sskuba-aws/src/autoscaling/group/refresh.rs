//! The replacement of a group's machines, which AWS calls an instance refresh.

use aws_sdk_autoscaling::types::{InstanceRefreshStatus as Phase, RefreshPreferences};

use super::Group;
use crate::autoscaling::prelude::*;

impl Group {
    /// Replaces the machines of a group that do not fit its template, some at a time, and waits until that has ended. One that
    /// goes on already, of an earlier try or somebody else's, ends first: AWS does one at a time.
    pub(super) async fn refresh_machines(
        call: &Call<'_>,
        name: &str,
        min_healthy_percent: u8,
    ) -> Result<(), Failure> {
        let preferences = RefreshPreferences::builder()
            .min_healthy_percentage(min_healthy_percent.into())
            .skip_matching(true)
            .build();
        let refresh = until(call, name, || async {
            let start = call.aws.start_instance_refresh().auto_scaling_group_name(name);
            match start.preferences(preferences.clone()).send().await {
                Err(error) if means(&error, Meaning::Going) => {
                    Ok(Look::Not("replacing machines since an earlier change".to_owned()))
                }
                sent => Ok(Look::Done(text(sent.sent(call)?.instance_refresh_id()))),
            }
        })
        .await?;
        until(call, name, || Self::replaced(call, name, &refresh)).await
    }

    /// Looks whether a replacement has ended well.
    async fn replaced(call: &Call<'_>, name: &str, refresh: &str) -> Result<Look<()>, Failure> {
        let describe = call.aws.describe_instance_refreshes().auto_scaling_group_name(name);
        let found = describe.instance_refresh_ids(refresh).send().await.asked(call)?;
        let Some(found) = found.instance_refreshes().first() else {
            return Ok(Look::Not("not visible".to_owned()));
        };
        match found.status() {
            Some(Phase::Successful) => Ok(Look::Done(())),
            Some(
                ended
                @ (Phase::Failed | Phase::Cancelled | Phase::RollbackFailed | Phase::RollbackSuccessful),
            ) => {
                let why = reason(Some(ended.as_str()), found.status_reason());
                let message = format!("the machines of {name} were not all replaced: {why}");
                Err(Failure::unknown(Class::Conflict, message))
            }
            other => {
                let percent = found.percentage_complete().unwrap_or_default();
                Ok(Look::Not(format!("{}, {percent} % done", text(other.map(Phase::as_str)))))
            }
        }
    }
}
