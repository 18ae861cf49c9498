//! A crash at one call: what a run that is killed there leaves, without a race for the moment.

use std::str::FromStr;

use sskuba_core::address::Address;
use sskuba_core::provider::Cx;

use crate::faults::{Fault, Op, Phase};

/// The call at which the program ends, as if it were killed: without a word, without an end of anything.
///
/// ```
/// let crash: sskuba_sim::Crash = "after create sim:access:Grant::ops".parse()?;
/// assert!("sometimes".parse::<sskuba_sim::Crash>().is_err());
/// # let _ = crash;
/// # Ok::<(), sskuba_sim::CrashError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crash {
    phase: Phase,
    op: Op,
    address: Address,
}

/// Says what is wrong with the text of a [`Crash`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot read the crash `{text}`: {why}; the form is `after create ADDRESS`, with `before` or `after` and `create`, \
     `update` or `delete`"
)]
pub struct CrashError {
    text: String,
    why: String,
}

impl FromStr for Crash {
    type Err = CrashError;

    fn from_str(text: &str) -> Result<Self, CrashError> {
        let fail = |why: String| CrashError { text: text.to_owned(), why };
        let words: Vec<&str> = text.split_whitespace().collect();
        let [phase, op, address] = words[..] else {
            return Err(fail(format!("it has {} words, not 3", words.len())));
        };
        let phase = match phase {
            "before" => Phase::Before,
            "after" => Phase::After,
            _ => return Err(fail(format!("`{phase}` is no moment"))),
        };
        let op = [Op::Create, Op::Update, Op::Delete].into_iter().find(|known| known.word() == op);
        let op = op.ok_or_else(|| fail(format!("`{}` is no call that changes something", words[1])))?;
        let address = address.parse().map_err(|error| fail(format!("{error}")))?;
        Ok(Self { phase, op, address })
    }
}

impl Crash {
    /// Tells whether the program ends at this moment of a call.
    pub fn meets(&self, cx: &Cx, op: Op, phase: Phase) -> bool {
        (phase, op) == (self.phase, self.op) && cx.address == self.address
    }

    /// Returns it as a plan of faults, for [`SimProvider::fault_plan`](crate::SimProvider::fault_plan).
    pub fn plan(self) -> impl Fn(&Cx, Op, Phase) -> Option<Fault> + Send + Sync + 'static {
        move |cx, op, phase| {
            if self.meets(cx, op, phase) {
                std::process::abort();
            }
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_named() {
        for (text, word) in [
            ("", "0 words"),
            ("after create", "2 words"),
            ("during create a:b:C::d", "`during` is no moment"),
            ("after read a:b:C::d", "`read` is no call"),
            ("after create nonsense", "`nonsense` is not a valid address"),
        ] {
            let error = text.parse::<Crash>().unwrap_err().to_string();
            assert!(error.contains(word) && error.contains("after create ADDRESS"), "{error}");
        }
    }
}
