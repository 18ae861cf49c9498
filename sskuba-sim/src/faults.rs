//! Faults: what may go wrong with a call, how often, and at which ones.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sskuba_core::address::Token;
use sskuba_core::provider::Failure;

use crate::seed::Seed;

/// What a provider is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Op {
    /// Make an object.
    Create,
    /// Read one.
    Read,
    /// Change one.
    Update,
    /// Delete one.
    Delete,
    /// Find one by its token.
    Find,
    /// Tell whether one can be used.
    Ready,
    /// Answer a lookup.
    Lookup,
    /// List objects.
    List,
}

impl Op {
    /// Tells whether the operation changes anything.
    pub fn changes(self) -> bool {
        matches!(self, Self::Create | Self::Update | Self::Delete)
    }

    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Find => "find",
            Self::Ready => "wait",
            Self::Lookup => "lookup",
            Self::List => "list",
        }
    }
}

/// Where in a call a fault happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Before anything was changed.
    Before,
    /// After everything was changed, before the answer.
    After,
}

/// What goes wrong with a call.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// Too many calls.
    Throttled,
    /// A passing fault of the service.
    Transient,
    /// The credentials do not suffice.
    Denied,
    /// Something else holds the object.
    Conflict,
    /// The answer does not arrive; whether anything was changed depends on the phase.
    Lost,
    /// A create ends half way: the object is there and unfinished.
    Partial,
    /// An object that exists never becomes usable; at [`Op::Ready`] alone.
    GivenUp,
    /// No answer until the call's timeout has passed twice.
    Stall,
    /// This failure, as it is.
    Failure(Box<Failure>),
}

/// How often each fault happens, as parts of 1, and the seed that decides when.
///
/// Whether an attempt of a call meets a fault is a function of the seed, the token, the operation and the number
/// of the attempt, so that a run can be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct Faults {
    /// Throttled; nothing happened.
    pub throttled: f64,
    /// A passing fault; nothing happened.
    pub transient: f64,
    /// Denied; nothing happened.
    pub denied: f64,
    /// A conflict; nothing happened.
    pub conflict: f64,
    /// The answer is lost and nothing happened.
    pub lost_before: f64,
    /// The answer is lost and it happened.
    pub lost_after: f64,
    /// A create leaves an unfinished object.
    pub partial: f64,
    /// No answer in time; it may have happened.
    pub stall: f64,
    /// Decides which calls are met.
    pub seed: u64,
}

/// Says what is wrong with the text of [`Faults::parse`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read the faults `{text}`: {why}")]
pub struct FaultsError {
    text: String,
    why: String,
}

const NAMES: [&str; 8] =
    ["throttled", "transient", "denied", "conflict", "lost_before", "lost_after", "partial", "stall"];

impl Faults {
    /// Parses rates and a seed, e.g. `throttled=0.05,lost_after=0.02,seed=7`. An empty text means no faults;
    /// `throttle` is another word for `throttled`.
    ///
    /// # Errors
    /// If a name is not known or is there twice, a rate is not from 0 to 1, or the rates sum to more than 1.
    pub fn parse(text: &str) -> Result<Self, FaultsError> {
        let fail = |why: String| FaultsError { text: text.to_owned(), why };
        let mut this = Self::default();
        let mut seen = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let Some((name, value)) = part.split_once('=') else {
                return Err(fail(format!(
                    "`{part}` has no `=`; the form is `throttled=0.05,lost_after=0.02,seed=7`"
                )));
            };
            let (name, value) = (name.trim(), value.trim());
            let name = if name == "throttle" { "throttled" } else { name };
            if seen.contains(&name) {
                return Err(fail(format!("`{name}` is there twice")));
            }
            seen.push(name);
            if name == "seed" {
                this.seed =
                    value.parse().map_err(|_| fail(format!("the seed `{value}` is not a whole number")))?;
                continue;
            }
            let Some(rate) = this.rates_mut().into_iter().find(|(known, _)| *known == name) else {
                let known = NAMES.join(", ");
                return Err(fail(format!("there is no fault `{name}`; there are {known} and seed")));
            };
            *rate.1 = match value.parse::<f64>() {
                Ok(number) if (0.0..=1.0).contains(&number) => number,
                _ => return Err(fail(format!("`{name}={value}` is not a rate from 0 to 1"))),
            };
        }
        let sum: f64 = this.rates_mut().iter().map(|(_, rate)| **rate).sum();
        if sum > 1.0 + 1e-9 {
            return Err(fail(format!("the rates sum to {sum}, and a call meets one fault at most")));
        }
        Ok(this)
    }

    fn rates_mut(&mut self) -> [(&'static str, &mut f64); 8] {
        let [throttled, transient, denied, conflict, lost_before, lost_after, partial, stall] = NAMES;
        [
            (throttled, &mut self.throttled),
            (transient, &mut self.transient),
            (denied, &mut self.denied),
            (conflict, &mut self.conflict),
            (lost_before, &mut self.lost_before),
            (lost_after, &mut self.lost_after),
            (partial, &mut self.partial),
            (stall, &mut self.stall),
        ]
    }

    /// Tells whether no call meets a fault.
    pub fn is_none(mut self) -> bool {
        self.rates_mut().iter().all(|(_, rate)| **rate == 0.0)
    }

    /// Decides on an attempt of a call.
    pub(crate) fn decide(mut self, token: Token, op: Op, attempt: u32) -> Option<(Phase, Fault)> {
        if self.is_none() {
            return None;
        }
        let parts: [&[u8]; 4] =
            [&self.seed.to_le_bytes(), token.as_bytes(), op.word().as_bytes(), &attempt.to_le_bytes()];
        let mut seed = Seed::of(&parts);
        let mut left = seed.fraction();
        for (name, rate) in self.rates_mut() {
            if left >= *rate {
                left -= *rate;
                continue;
            }
            return match name {
                "throttled" => Some((Phase::Before, Fault::Throttled)),
                "transient" => Some((Phase::Before, Fault::Transient)),
                "denied" => Some((Phase::Before, Fault::Denied)),
                "conflict" if op.changes() => Some((Phase::Before, Fault::Conflict)),
                "lost_before" => Some((Phase::Before, Fault::Lost)),
                "lost_after" => Some((Phase::After, Fault::Lost)),
                "partial" if op == Op::Create => Some((Phase::After, Fault::Partial)),
                "stall" if seed.next().is_multiple_of(2) => Some((Phase::Before, Fault::Stall)),
                "stall" => Some((Phase::After, Fault::Stall)),
                _ => None,
            };
        }
        None
    }
}

impl FromStr for Faults {
    type Err = FaultsError;
    fn from_str(text: &str) -> Result<Self, FaultsError> {
        Self::parse(text)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut this = *self;
        for (name, rate) in this.rates_mut().into_iter().filter(|(_, rate)| **rate > 0.0) {
            write!(f, "{name}={rate},")?;
        }
        write!(f, "seed={}", self.seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_and_shown() {
        let faults = Faults::parse("throttle=0.05, lost_after=0.02,seed=7").unwrap();
        assert_eq!(faults.to_string(), "throttled=0.05,lost_after=0.02,seed=7");
        assert_eq!(Faults::parse(&faults.to_string()).unwrap(), faults);
        assert!(Faults::parse("").unwrap().is_none());
    }

    #[test]
    fn mistakes_are_named() {
        for (text, word) in [
            ("nix=0.1", "there is no fault `nix`"),
            ("stall", "no `=`"),
            ("stall=2", "from 0 to 1"),
            ("stall=NaN", "from 0 to 1"),
            ("stall=0.6,denied=0.6", "sum to"),
            ("seed=x", "whole number"),
            ("stall=0.1,stall=0.2", "twice"),
        ] {
            let error = Faults::parse(text).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn attempts_differ_and_repeat() {
        let faults = Faults::parse("throttled=0.25,lost_after=0.25,seed=7").unwrap();
        let draw = |seed| {
            let faults = Faults { seed, ..faults };
            (0..4000).map(|n| faults.decide(Token::new([3; 16]), Op::Create, n)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        let met = draw(7).iter().flatten().count();
        assert!((1900..2100).contains(&met), "{met}");
    }
}
