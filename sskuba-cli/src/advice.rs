//! What can be done about an error, in the words of this command line.

use sskuba_core::engine::{Advice, EditError, EngineError, ImportError, with_causes};
use sskuba_core::state::StoreError;

/// Writes an error with its causes and with what can be done about it.
pub(crate) fn message(error: &EngineError) -> String {
    joined(with_causes(error), lead(error), &error.hint())
}

/// Writes an error of a store with what can be done about it.
pub(crate) fn of_store(error: &StoreError) -> String {
    joined(with_causes(error), "; ", &Advice::of_store(error))
}

fn joined(text: String, lead: &str, advice: &[Advice]) -> String {
    let words: Vec<String> = advice.iter().map(words).collect();
    if words.is_empty() { text } else { format!("{text}{lead}{}", words.join(", or ")) }
}

/// Returns what comes between an error and the advice.
fn lead(error: &EngineError) -> &'static str {
    match error {
        // What can be done otherwise: the text says already what is best.
        EngineError::Unresolved(_)
        | EngineError::Edit(EditError::UnknownObject { .. })
        | EngineError::Import { source: ImportError::WouldBeReplaced { .. }, .. } => ", or ",
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
        Advice::Repair => {
            "`state repair` says what can still be read, and keeps it; or put a backup of the stack in its place, or move \
             it away and `state import` what `state export` once wrote"
        }
        Advice::GiveSecretsUp => {
            "put a backup of the stack in its place, or give its secrets up with `state repair --forget-secrets`"
        }
        Advice::PutBack => {
            "put a backup in the place of what is damaged, or move it away and `state import` what `state export` once \
             wrote"
        }
        Advice::ListStacks => "`stack list` shows those that are",
        Advice::OtherName => "choose another name, or `stack rm` that one first",
        Advice::RepairWithNewer => "run `state repair` of that release",
        Advice::RemoveTags => "remove some with `stack tag KEY-`",
        Advice::WithoutCalls => "what calls no provider, such as `state list`, works without",
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
        // What a later release of the engine may advise is in the error's own text.
        _ => "see the guide to recovery".to_owned(),
    }
}
