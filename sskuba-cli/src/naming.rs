//! What a person calls things: short names of resources, stacks with a slip in them, and commands to type again.

use sskuba_core::address::Address;
use sskuba_core::state::State;
use sskuba_core::suggest::{LookupError, find, nearest};

use crate::args::Selection;
use crate::context::Context;
use crate::settings::root;
use crate::stop::Stop;

/// How many stacks an error lists.
const LISTED: usize = 5;

impl Context<'_, '_> {
    /// Finds what is recorded, or was begun, under a whole address or a short name.
    pub(crate) fn recorded(&self, state: &State, text: &str) -> Result<Address, Stop> {
        let open = state.pending().map(|intent| &intent.address);
        let all = state.records().map(|record| &record.address).chain(open);
        match find(text, all) {
            Ok(address) => Ok(address.clone()),
            // One that is an address is judged by whoever uses it.
            Err(LookupError::Unknown { near, text }) => text.parse().map_err(|_| {
                let hint = near.map(|near| format!(": did you mean `{near}`?")).unwrap_or_default();
                let list = self.hint("state list");
                Stop::failed(format!(
                    "`{text}` is not recorded in {}{hint}; {list} shows what is",
                    self.stack
                ))
            }),
            Err(error) => Err(Stop::usage(error)),
        }
    }

    /// Finds what is recorded under each of several names.
    pub(crate) fn all_recorded(&self, state: &State, names: &[String]) -> Result<Vec<Address>, Stop> {
        names.iter().map(|text| self.recorded(state, text)).collect()
    }

    /// Returns the stacks of this project, as they are named here.
    async fn stacks(&self) -> Result<Vec<String>, Stop> {
        let all = self.store()?.stacks().await?;
        let here = |stack: &&sskuba_core::address::StackId| {
            (stack.organisation(), stack.project()) == (self.stack.organisation(), self.stack.project())
        };
        Ok(all.iter().filter(here).map(|stack| self.project.short(stack).to_owned()).collect())
    }

    /// Refuses a stack that is not there where the project has others: by a slip in its name everything would be made a
    /// second time. The first stack of a project is made by its first `up`. A file of configuration makes no stack: who
    /// mistyped its name may have written it.
    pub(crate) async fn refuse_unknown_stack(&self) -> Result<(), Stop> {
        let stacks = self.stacks().await?;
        let name = self.project.short(&self.stack);
        if stacks.is_empty() || stacks.iter().any(|stack| stack == name) {
            return Ok(());
        }
        let there = || format!("there {} {};", if stacks.len() == 1 { "is" } else { "are" }, list(&stacks));
        let near = nearest(name, stacks.iter().map(String::as_str));
        let hint = near.map_or_else(there, |near| format!("did you mean `{near}`?"));
        let call = &self.call;
        Err(Stop::usage(format!("there is no stack `{name}`: {hint} `{call} stack init {name}` makes it")))
    }

    /// Returns how a command on this stack is called, for hints: with the options that say which stack and which world.
    pub(crate) fn hint(&self, command: &str) -> String {
        self.hint_for(command, None)
    }

    /// Returns how a command that plans the same is called, for hints: with configuration and selection too.
    pub(crate) fn hint_for(&self, command: &str, selection: Option<&Selection>) -> String {
        let global = &self.global;
        let mut words: Vec<String> = vec![self.call.clone(), command.to_owned()];
        let mut option = |name: &str, value: &str| words.push(format!("{name} {}", quoted(value)));
        global.stack.iter().for_each(|name| option("--stack", name));
        global.state.iter().for_each(|url| option("--state", url));
        if let Some(selection) = selection {
            for (key, value) in &global.config {
                let secret = self.cli.fields.iter().any(|field| field.secret && field.name == root(key));
                option("-c", &format!("{key}={}", if secret { "…" } else { value }));
            }
            let each = [
                ("--target", &selection.target),
                ("--exclude", &selection.exclude),
                ("--replace", &selection.replace),
            ];
            for (name, values) in each {
                values.iter().for_each(|value| option(name, value));
            }
            words.extend(selection.target_dependents.then(|| "--target-dependents".to_owned()));
        }
        match global.simulate {
            Some(true) if !self.cli.simulated => words.push("--simulate".to_owned()),
            Some(false) if self.cli.simulated => words.push("--simulate=false".to_owned()),
            _ => {}
        }
        format!("`{}`", words.join(" "))
    }
}

/// Writes a word so that a shell takes it for one.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./:=@%+,…".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

fn list(stacks: &[String]) -> String {
    let mut names: Vec<String> = stacks.iter().take(LISTED).map(|name| format!("`{name}`")).collect();
    if stacks.len() > LISTED {
        names.push(format!("{} more", stacks.len() - LISTED));
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_one_for_a_shell() {
        assert_eq!(quoted("text=a,b"), "text=a,b");
        assert_eq!(quoted("*::web"), "'*::web'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn a_long_list_is_cut() {
        let names: Vec<String> = (0..7).map(|number| format!("s{number}")).collect();
        assert_eq!(list(&names), "`s0`, `s1`, `s2`, `s3`, `s4`, 2 more");
    }
}
