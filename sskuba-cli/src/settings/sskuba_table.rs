//! The table `[sskuba]` of a stack's file: what is not the program's.

use sskuba_core::suggest::nearest;
use toml_edit::Item;

/// The key of the public keys that secrets are sealed to.
pub(super) const RECIPIENTS: &str = "recipients";

/// The key of how many copies of earlier runs are kept.
pub(super) const BACKUPS: &str = "backups";

/// A key that may be in the table, what it is, and whether an item is that.
type Known = (&'static str, &'static str, fn(&Item) -> bool);

/// What may be in the table.
const KNOWN: &[Known] = &[
    (RECIPIENTS, "a list of public keys, e.g. [\"age1…\"]", is_list_of_texts),
    (BACKUPS, "a number of runs, from 0 to 1000", is_count),
];

fn is_count(item: &Item) -> bool {
    item.as_integer().is_some_and(|count| (0..=1000).contains(&count))
}

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
            let near = nearest(key, KNOWN.iter().map(|(name, ..)| *name));
            let meant = near.map_or_else(
                || format!("the table takes {}.", names.join(" and ")),
                |near| format!("did you mean `{near}`?"),
            );
            Some(format!("`{key}` is not known; {meant} What the program reads goes above the table"))
        }
    };
    table.iter().filter_map(wrong).collect()
}
