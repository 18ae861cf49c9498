//! What the SDK's errors mean: class, effect, the service's own words, its name for the call, and a hint.

use std::any::type_name;
use std::error::Error;
use std::fmt::Debug;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::RequestId;
use sskuba_core::provider::{Class, Effect, Failure};
use sskuba_core::resource::Resource;

use super::code::{self, Meaning};

/// What a lost answer would leave unknown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sent {
    /// Nothing: the call only asks.
    Question,
    /// Whether one of the SDK's tries changed something.
    Change,
    /// The same of a call that is tried again only where the try before certainly did nothing.
    Once,
}

/// What knows where calls go, for messages.
pub(crate) trait Placed {
    /// Says where they go.
    fn place(&self) -> &str;
}

impl Placed for String {
    fn place(&self) -> &str {
        self
    }
}

/// Turns the results of SDK calls into ours.
pub(crate) trait Outcome<T> {
    /// Takes the result of a call that changes nothing.
    fn asked(self, at: &impl Placed) -> Result<T, Failure>;
    /// Takes the result of a call that changes something and that the SDK may have repeated.
    fn sent(self, at: &impl Placed) -> Result<T, Failure>;
    /// Takes the result of a call that is repeated only where the try before was [refused](super::RetryRefused).
    fn sent_once(self, at: &impl Placed) -> Result<T, Failure>;
}

impl<T, E: ProvideErrorMetadata + Error + 'static, R: Debug> Outcome<T> for Result<T, SdkError<E, R>> {
    fn asked(self, at: &impl Placed) -> Result<T, Failure> {
        self.map_err(|error| failure(&error, at.place(), Sent::Question))
    }
    fn sent(self, at: &impl Placed) -> Result<T, Failure> {
        self.map_err(|error| failure(&error, at.place(), Sent::Change))
    }
    fn sent_once(self, at: &impl Placed) -> Result<T, Failure> {
        self.map_err(|error| failure(&error, at.place(), Sent::Once))
    }
}

/// Makes the failure of a call that the service refused.
pub(crate) fn refusal<E: ProvideErrorMetadata + Error + 'static, R: Debug>(
    error: &SdkError<E, R>,
    at: &impl Placed,
) -> Failure {
    failure(error, at.place(), Sent::Once)
}

/// Tells whether the service answered with an error that means this.
pub(crate) fn means<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>, meaning: Meaning) -> bool {
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    code.and_then(Meaning::of) == Some(meaning)
}

/// Takes a delete's result: gone is deleted.
pub(crate) fn gone_is_fine<T>(result: Result<T, Failure>) -> Result<(), Failure> {
    match result {
        Err(failure) if failure.class == Class::NotFound => Ok(()),
        other => other.map(drop),
    }
}

fn failure<E: ProvideErrorMetadata + Error + 'static, R: Debug>(
    error: &SdkError<E, R>,
    place: &str,
    sent: Sent,
) -> Failure {
    let call = type_name::<E>().rsplit("::").next().unwrap_or_default().trim_end_matches("Error");
    let lost = if sent == Sent::Question { Effect::NotApplied } else { Effect::Unknown };
    match error {
        SdkError::ServiceError(refusal) => refused(refusal.err(), call, lost),
        SdkError::TimeoutError(_) => {
            made(lost, Class::Timeout, format!("{call}: {place} did not answer in time")).hint(NETWORK)
        }
        SdkError::DispatchFailure(dispatch) => match dispatch.as_connector_error() {
            Some(connector) => match credentials(connector) {
                Some(error) => without_credentials(error, call),
                None => {
                    let untouched =
                        sent == Sent::Question || (sent == Sent::Once && never_connected(connector));
                    let effect = if untouched { Effect::NotApplied } else { Effect::Unknown };
                    let message = format!("{call}: {place} does not answer: {}", innermost(connector));
                    made(effect, Class::Transient, message).hint(NETWORK)
                }
            },
            None => made(lost, Class::Transient, format!("{call}: {place} does not answer")).hint(NETWORK),
        },
        SdkError::ResponseError(_) => {
            let message = format!("{call}: {place} gave an answer that cannot be read");
            let why = error.source().map(|source| format!(": {}", innermost(source))).unwrap_or_default();
            made(lost, Class::Transient, message + &why).hint(NETWORK)
        }
        _ => match error.source().and_then(credentials) {
            Some(error) => without_credentials(error, call),
            None => {
                let why = error.source().map(innermost).unwrap_or_default();
                made(Effect::NotApplied, Class::Terminal, format!("{call} was not sent: {why}"))
            }
        },
    }
}

fn made(effect: Effect, class: Class, message: String) -> Failure {
    let mut failure = Failure::new(class, message);
    failure.effect = effect;
    failure
}

const NETWORK: &str = "check the network, the region, and AWS_ENDPOINT_URL if it is set";

fn refused<E: ProvideErrorMetadata + Error>(error: &E, call: &str, lost: Effect) -> Failure {
    let code = error.code().unwrap_or_default();
    let words = error.message().unwrap_or_default().trim();
    let class = code::class(code, words);
    let message = match (words, code) {
        ("", "") => format!("{call}: {}", innermost(error)),
        ("", _) => format!("{call}: {code}"),
        _ => format!("{call}: {words} ({code})"),
    };
    // A service that failed inside may have done its work; one that refused has not.
    let effect = if class == Class::Transient || code.is_empty() { lost } else { Effect::NotApplied };
    let mut failure = made(effect, class, message);
    if let Some(id) = error.meta().request_id() {
        failure = failure.request_id(id);
    }
    if let Some(hint) = code::hint(code, words) {
        failure = failure.hint(hint);
    }
    failure.advice.extend(code::advice(code));
    failure
}

/// Says why a service gave an object up, in its words and with its code, as far as it gives any.
pub(crate) fn reason(code: Option<&str>, words: Option<&str>) -> String {
    let filled = |text: Option<&str>| text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    match (filled(words), filled(code)) {
        (Some(words), Some(code)) => format!("{words} ({code})"),
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => "AWS gives no reason".to_owned(),
    }
}

/// Names the field of a refusal as the kind does, and none where the service's words name what is no input of it.
pub(crate) fn named<R: Resource, T>(answer: Result<T, Failure>) -> Result<T, Failure> {
    answer.map_err(|mut failure| {
        if let Class::Invalid(field) = &mut failure.class {
            let schema = R::schema();
            *field = code::field_of(field, |name| schema.field(name).is_some_and(|field| !field.computed));
        }
        failure
    })
}

fn without_credentials(error: &CredentialsError, call: &str) -> Failure {
    let why = match error {
        CredentialsError::CredentialsNotLoaded(_) => "there are no AWS credentials".to_owned(),
        CredentialsError::ProviderTimedOut(_) => "fetching AWS credentials took too long".to_owned(),
        other => format!("AWS credentials cannot be had: {}", innermost(other)),
    };
    Failure::new(Class::Denied, format!("{call}: {why}")).hint(code::LOG_IN)
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let this = next?;
        next = this.source();
        Some(this)
    })
}

fn credentials<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a CredentialsError> {
    chain(error).find_map(|error| error.downcast_ref())
}

/// Tells whether a connection was never made, so that nothing can have been sent over it.
pub(crate) fn never_connected(error: &(dyn Error + 'static)) -> bool {
    chain(error).any(|error| error.to_string().contains("(Connect)"))
}

/// Returns the last words of a chain of errors, which say most.
fn innermost(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let words = error.to_string();
        if !words.is_empty() {
            text = words;
        }
        next = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_what_there_is() {
        assert_eq!(
            reason(Some("Gateway.NotAttached"), Some("no gateway")),
            "no gateway (Gateway.NotAttached)"
        );
        assert_eq!(reason(Some("InternalError"), Some(" ")), "InternalError");
        assert_eq!(
            (reason(None, Some("full")), reason(Some(""), None)),
            ("full".into(), "AWS gives no reason".into())
        );
    }
}
