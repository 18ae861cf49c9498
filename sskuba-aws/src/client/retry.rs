//! Creates that AWS does not make idempotent: they are repeated only where the first try certainly did nothing.

use aws_sdk_sts::config::interceptors::InterceptorContext;
use aws_sdk_sts::config::retry::{ClassifyRetry, RetryAction};

use super::failure::never_connected;

/// Forbids the SDK to repeat a call whose earlier try may have been carried out: a lost connection, a timeout,
/// an internal error. `503`, which is how EC2 throttles, is a refusal and stays repeatable. The result of such a call is
/// taken with `sent_once`.
#[derive(Debug)]
pub(crate) struct RetryRefused;

impl ClassifyRetry for RetryRefused {
    fn classify_retry(&self, cx: &InterceptorContext) -> RetryAction {
        let lost = match cx.output_or_error() {
            Some(Err(error)) => match error.as_connector_error() {
                Some(connection) => !never_connected(connection),
                None => error.is_timeout_error() || error.is_response_error(),
            },
            _ => false,
        };
        let status = cx.response().map(|response| response.status().as_u16());
        let odd = status.is_some_and(|status| status >= 500 && status != 503);
        if lost || odd { RetryAction::RetryForbidden } else { RetryAction::NoActionIndicated }
    }

    fn name(&self) -> &'static str {
        "retry what was refused"
    }
}
