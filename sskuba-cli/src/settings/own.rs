//! The table `[sskuba]` of a stack's file: what is not the program's.

use toml_edit::Item;

/// The key of the public keys that secrets are sealed to.
pub(super) const RECIPIENTS: &str = "recipients";

/// A key that may be in the table, what it is, and whether an item is that.
type Known = (&'static str, &'static str, fn(&Item) -> bool);

/// What may be in the table.
const KNOWN: &[Known] = &[(RECIPIENTS, "a list of public keys, e.g. [\"age1…\"]", is_list_of_texts)];

fn is_list_of_texts(item: &Item) -> bool {
    item.as_array().is_some_and(|array| array.iter().all(|value| value.as_str().is_some()))
}

/// Says what is wrong with the table, all of it.
pub(super) fn check(item: &Item) -> Vec<String> {
    let Some(table) = item.as_table_like() else { return vec!["it is no table".to_owned()] };
    let wrong = |(key, item): (&str, &Item)| match KNOWN.iter().find(|(name, ..)| *name == key) {
        Some((_, what, fits)) => (!fits(item)).then(|| format!("`{key}` is not {what}")),
        None => {
            let names: Vec<String> = KNOWN.iter().map(|(name, ..)| format!("`{name}`")).collect();
            let names = names.join(", ");
            Some(format!(
                "`{key}` is not known; did you mean {names}? What the program reads goes above the table"
            ))
        }
    };
    table.iter().filter_map(wrong).collect()
}
