//! How a provider says that a call failed.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::contract::Object;
use crate::advice::Advice;

/// Whether a failed call changed anything.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Effect {
    /// Nothing was changed.
    NotApplied,
    /// Something was: the object as far as it is known (a create that ended half way).
    Applied(Box<Object>),
    /// It cannot be told; the engine looks before it does anything else.
    Unknown,
}

/// What sort of failure it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Class {
    /// Too many calls; the same call may succeed later.
    Throttled,
    /// The service or the network had a passing fault.
    Transient,
    /// Something else uses or holds the object.
    Conflict,
    /// The object, or one that it refers to, is not there.
    NotFound,
    /// The credentials are missing, expired or not sufficient.
    Denied,
    /// The service refuses this field's value; empty where it does not say which field it is.
    Invalid(String),
    /// A limit of the account is reached.
    Quota,
    /// The call took longer than it may.
    Timeout,
    /// Nothing of the above, and trying again does not help.
    Terminal,
}

impl Class {
    /// Returns what the status of an HTTP answer that refuses a call usually means. A service with codes of its own says
    /// more by those.
    ///
    /// ```
    /// use sskuba_core::provider::Class;
    /// assert_eq!(Class::of_http(429), Class::Throttled);
    /// assert_eq!(Class::of_http(503), Class::Transient);
    /// assert_eq!(Class::of_http(400), Class::Terminal);
    /// ```
    pub fn of_http(status: u16) -> Self {
        match status {
            401 | 403 | 407 => Self::Denied,
            404 | 410 => Self::NotFound,
            408 | 504 => Self::Timeout,
            409 | 412 | 423 => Self::Conflict,
            429 => Self::Throttled,
            500.. => Self::Transient,
            _ => Self::Terminal,
        }
    }

    /// Tells whether the same call may succeed if it is simply made again.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Throttled | Self::Transient)
    }

    /// Tells whether nobody answered, at once or in time.
    pub fn is_silence(&self) -> bool {
        matches!(self, Self::Transient | Self::Timeout)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Throttled => "throttled",
            Self::Transient => "passing fault",
            Self::Conflict => "conflict",
            Self::NotFound => "not found",
            Self::Denied => "denied",
            Self::Invalid(field) if field.is_empty() => "invalid inputs",
            Self::Invalid(field) => return write!(f, "invalid `{field}`"),
            Self::Quota => "quota",
            Self::Timeout => "timeout",
            Self::Terminal => "failed",
        })
    }
}

/// A call that failed. Its texts never hold a secret: they are shown and recorded.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
#[error("{class}: {message}{}", suffix(.request_id.as_deref(), .hint.as_deref()))]
pub struct Failure {
    /// Whether anything was changed.
    pub effect: Effect,
    /// What sort of failure it was.
    pub class: Class,
    /// The service's own words.
    pub message: String,
    /// The service's name for the call, for its support.
    pub request_id: Option<String>,
    /// What the user can do, in words that fit every program.
    pub hint: Option<String>,
    /// What the user can do with the program, as data: a command line says it as its commands. It is not in the text.
    pub advice: Vec<Advice>,
    /// How long the service asks to wait.
    pub retry_after: Option<Duration>,
    /// The id of an object that is there already, which nobody recorded: it can be imported.
    pub exists: Option<String>,
}

fn suffix(request_id: Option<&str>, hint: Option<&str>) -> String {
    let id = request_id.map(|id| format!(" (request {id})")).unwrap_or_default();
    id + &hint.map(|hint| format!("; {hint}")).unwrap_or_default()
}

impl Failure {
    /// Makes a failure that changed nothing.
    pub fn new(class: Class, message: impl Into<String>) -> Self {
        let (request_id, hint, retry_after, exists) = (None, None, None, None);
        let (effect, message) = (Effect::NotApplied, message.into());
        Self { effect, class, message, request_id, hint, advice: Vec::new(), retry_after, exists }
    }

    /// Makes the failure of a create that met an object of somebody else, with the key of the wanted one. It is never
    /// taken over silently; the engine says how to import it.
    pub fn exists(message: impl Into<String>, id: impl Into<String>) -> Self {
        Self { exists: Some(id.into()), ..Self::new(Class::Conflict, message) }
    }

    /// Makes the failure of a `list` where nothing could list the objects, and says why.
    pub fn unlisted(why: &str) -> Self {
        Self::new(Class::Terminal, format!("there is no list of these: {why}"))
    }

    /// Makes the failure of a call that an HTTP answer refuses, by what its status usually means. Of a server's own fault
    /// (500) and of one that a proxy answers for the server (408, 502, 504) it cannot be told whether something was changed.
    ///
    /// ```
    /// use sskuba_core::provider::{Effect, Failure};
    /// assert_eq!(Failure::of_http(429, "slow down").effect, Effect::NotApplied);
    /// assert_eq!(Failure::of_http(504, "no answer in time").effect, Effect::Unknown);
    /// ```
    pub fn of_http(status: u16, message: impl Into<String>) -> Self {
        let class = Class::of_http(status);
        match status {
            408 | 500 | 502 | 504 => Self::unknown(class, message),
            _ => Self::new(class, message),
        }
    }

    /// Turns the failure that says that the object is not there into none: what a `read` answers then, and a `delete` takes
    /// for success.
    ///
    /// ```
    /// use sskuba_core::provider::{Class, Failure};
    /// let gone: Result<u32, _> = Err(Failure::new(Class::NotFound, "no such page"));
    /// assert_eq!(Failure::unless_gone(gone), Ok(None));
    /// ```
    ///
    /// # Errors
    /// Every other failure.
    pub fn unless_gone<T>(answer: Result<T, Self>) -> Result<Option<T>, Self> {
        match answer {
            Ok(there) => Ok(Some(there)),
            Err(failure) if failure.class == Class::NotFound => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Makes a failure of which it cannot be told whether it changed anything.
    pub fn unknown(class: Class, message: impl Into<String>) -> Self {
        Self { effect: Effect::Unknown, ..Self::new(class, message) }
    }

    /// Makes the failure of a create that left an object behind.
    pub fn partial(class: Class, message: impl Into<String>, object: Object) -> Self {
        Self { effect: Effect::Applied(Box::new(object)), ..Self::new(class, message) }
    }

    /// Adds the service's name for the call.
    #[must_use]
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }

    /// Adds what the user can do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds what the user can do with the program.
    #[must_use]
    pub fn advice(mut self, advice: Advice) -> Self {
        self.advice.push(advice);
        self
    }

    /// Adds how long the service asks to wait.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }
}
