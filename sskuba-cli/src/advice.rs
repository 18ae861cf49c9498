//! What can be done about an error, a failed call or a finding, in the words of this command line.

use sskuba_core::advice::Advice;
use sskuba_core::engine::{EditError, EngineError, ImportError, with_causes};
use sskuba_core::event::Event;
use sskuba_core::journal::Finding;
use sskuba_core::plan::{Obstacle, PlanFileError};
use sskuba_core::planning::Diagnostic;
use sskuba_core::provider::Failure;
use sskuba_core::state::{KeyringError, StoreError};

/// Writes an error with its causes and with what can be done about it.
pub(crate) fn message(error: &EngineError) -> String {
    match error {
        // Each problem has advice of its own.
        EngineError::Plan(problems) => {
            let lines: Vec<String> = problems
                .iter()
                .map(|problem| {
                    joined(problem.to_string(), lead_of(problem), &problem.advice).replace('\n', "\n    ")
                })
                .collect();
            format!("there is no plan for what is declared:\n  - {}", lines.join("\n  - "))
        }
        error => joined(with_causes(error), lead(error), &error.hint()),
    }
}

/// Writes an error of a store with what can be done about it.
pub(crate) fn of_store(error: &StoreError) -> String {
    joined(with_causes(error), "; ", &error.hint())
}

/// Writes an error of a keyring with what can be done about it.
pub(crate) fn of_keyring(error: &KeyringError) -> String {
    joined(with_causes(error), "; ", &error.hint())
}

/// Writes why a saved plan is not applied, with what can be done about it.
pub(crate) fn of_plan_file(error: &PlanFileError) -> String {
    joined(error.to_string(), "; ", &error.hint())
}

/// Writes a failed call with what can be done about it.
pub(crate) fn of_failure(failure: &Failure) -> String {
    joined(failure.to_string(), "; ", &failure.advice)
}

/// Writes what forbids a replacement with what can be done about it.
pub(crate) fn of_obstacle(obstacle: &Obstacle) -> String {
    joined(obstacle.to_string(), "; ", &obstacle.advice)
}

/// Writes what is odd about a damaged state, and which command sees to it.
pub(crate) fn of_finding(finding: &Finding) -> String {
    match finding {
        Finding::NoDependency { address, dependency } => format!(
            "{address} depends on {dependency}, which is not recorded: the next `up` records what it needs anew"
        ),
        Finding::Superseded { address, id } => format!(
            "an earlier {address} ({id}) still waits for its delete: the next `up` or `down` deletes it"
        ),
        Finding::Interrupted { address, verb } => format!(
            "a {verb} of {address} was interrupted: the next `up` finds out what came of it, or asks for `state resolve`"
        ),
        other => other.to_string(),
    }
}

/// Puts the advice of an event into its hint, for programs that read the events.
pub(crate) fn in_hint(event: &Event) -> Event {
    let mut event = event.clone();
    if let Event::Failed { hint, advice, .. } = &mut event
        && !advice.is_empty()
    {
        *hint = Some(match hint.take() {
            Some(text) => joined(text, "; ", advice),
            None => alternatives(advice),
        });
    }
    event
}

fn joined(text: String, lead: &str, advice: &[Advice]) -> String {
    if advice.is_empty() { text } else { format!("{text}{lead}{}", alternatives(advice)) }
}

fn alternatives(advice: &[Advice]) -> String {
    advice.iter().map(words).collect::<Vec<_>>().join(", or ")
}

/// Returns what comes between a problem of a plan and the advice.
fn lead_of(problem: &Diagnostic) -> &'static str {
    match problem.advice.first() {
        // The problem says already what is best.
        Some(Advice::DeleteByHand(_)) => "; or ",
        _ => "; ",
    }
}

/// Returns what comes between an error and the advice.
fn lead(error: &EngineError) -> &'static str {
    match error {
        // What can be done otherwise: the text says already what is best.
        EngineError::Unresolved(_)
        | EngineError::Edit(EditError::UnknownObject { .. })
        | EngineError::Import { source: ImportError::WouldBeReplaced { .. }, .. } => ", or ",
        // After a list, of which it is not about the last line alone.
        EngineError::Program(_) => "\n",
        _ => "; ",
    }
}

/// Says a piece of advice as what can be typed.
fn words(advice: &Advice) -> String {
    let fixed = match advice {
        Advice::WaitFor => "wait for it with `--wait 5m`",
        Advice::Unlock => "if that program is dead run `state unlock`",
        Advice::AcceptGone => "if they are gone for good, agree to forget them with `--accept-gone`",
        Advice::EvenIfReplaced => "say `--even-if-replaced`",
        Advice::Simulate => "add `--simulate`",
        Advice::DoNotSimulate => "leave `--simulate` out",
        Advice::OtherStack => "choose another stack with `--stack`",
        Advice::Recover => "run `up` first, which resolves them",
        Advice::NotCreated => "say `--not-created` if there is none",
        Advice::Insist => "insist with `--force` if you know that there is none",
        Advice::ImportAnew => "to take an object over under another kind, `state rm` it and import it there",
        Advice::Empty => "take it down first, or forget them with `state rm`",
        Advice::ListState => "`state list` shows what is recorded",
        Advice::ListEdits => "`history` shows them, as commands that begin with `state`",
        Advice::ListBackups => "`state backups` lists those that there are",
        Advice::Force => {
            "`state rm` or `state move` what is in the way, or add `--force` and run `refresh` after"
        }
        Advice::RunAgain => "what `up` did is undone by another `up`",
        Advice::UseExport => "use what `state export` wrote, whole",
        Advice::TakeOver => {
            "give that stack the new name with `stack rename`, or have it forget them first with `state rm`"
        }
        Advice::Repair => {
            "`state repair` says what can still be read, and keeps it; or put a backup of the stack in its place, or move \
             it away and `state import` what `state export` once wrote"
        }
        Advice::GiveSecretsUp => {
            "put a backup of the stack in its place, or give its secrets up with `state repair --forget-secrets`"
        }
        Advice::ListStacks => "`stack list` shows those that are",
        Advice::OtherName => "choose another name, or `stack rm` that one first",
        Advice::RepairWithNewer => "run `state repair` of that release",
        Advice::RemoveTags => "remove some with `stack tag KEY-`",
        Advice::WithoutCalls => "what calls no provider, such as `state list`, works without",
        Advice::GivePassphrase => "give the passphrase in SSKUBA_PASSPHRASE",
        Advice::GiveIdentity => "give the key file in SSKUBA_IDENTITY, or ask a recipient to add yours",
        Advice::PlanAnew => "run `preview` or `up` again for a new plan",
        Advice::SavePlan => "make a new one with `preview --plan FILE`",
        Advice::UnprotectFirst => "remove `.protect()` from its declaration and run `up` first",
        Advice::LeaveOut => "leave it out with `--exclude`",
        Advice::LeaveOutBoth => "leave both out with `--exclude`, or neither",
        Advice::TargetToo => "name that too with `--target`",
        Advice::TargetDependents => "add `--target-dependents`",
        Advice::RefreshFirst => "run `refresh`, then `up`",
        Advice::ApplyFirst => "run `up` first, then this again",
        Advice::Replace => "replace it with `--replace`",
        Advice::FewerCalls => "run again with a lower `--parallel`",
        with_data => return words_with(with_data),
    };
    fixed.to_owned()
}

/// Says a piece of advice that names something.
fn words_with(advice: &Advice) -> String {
    match advice {
        Advice::Resolve(address) => {
            format!("say what became of it with `state resolve {address} --created ID` or `--not-created`")
        }
        Advice::ForgetGone(addresses) => match addresses.as_slice() {
            [address] => format!("forget it with `state rm {address}` if it is gone for good"),
            _ => "of what is gone for good, `state rm` forgets the records".to_owned(),
        },
        Advice::Forget(address) => format!("`state rm {address}` forgets it first"),
        Advice::MakeRoom(address) => format!("move or `state rm {address}` first"),
        Advice::ShowRun(at) => format!("`history show {at}` shows it"),
        Advice::ShowNearest(revisions) => {
            let shown: Vec<String> = revisions.iter().map(|at| format!("`history show {at}`")).collect();
            format!("the nearest are {}", shown.join(" and "))
        }
        Advice::Unprotect(address) => format!("`state unprotect {address}`"),
        Advice::DeleteByHand(address) => format!("delete it by hand and forget it with `state rm {address}`"),
        Advice::ForgetUnknown(address) => format!("forget the record with `state rm {address}`"),
        Advice::Configure(keys) => match keys.as_slice() {
            [key] => {
                format!("set `{key}` with `config set {key} VALUE`, or for one run with `-c {key}=VALUE`")
            }
            _ => "set what is missing with `config set KEY VALUE`, or for one run with `-c KEY=VALUE`"
                .to_owned(),
        },
        Advice::Import { address, id } => {
            format!("`import {} {}` makes it this resource's object", quoted(address.as_str()), quoted(id))
        }
        Advice::TakeFound { address, id } => format!(
            "the next `up` records it, as `state resolve {} --created {}` does",
            quoted(address.as_str()),
            quoted(id)
        ),
        Advice::ResolveAs { address, id } => format!(
            "`state resolve {address} --created {id}` if it need not run again, `state resolve {address} --not-created` \
             if it has to"
        ),
        // What needs none of this command line's words, and what a later release of the engine may advise.
        other => other.to_string(),
    }
}

/// Writes a word as a shell takes it.
fn quoted(word: &str) -> String {
    match word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:@".contains(c)) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}
