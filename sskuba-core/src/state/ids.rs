//! Ids that hold a secret: used as they are, sealed where they are stored, and shown as a digest.

use std::borrow::Cow;

use zeroize::Zeroizing;

use super::journal::{Entry, Outcome};
use super::record::Record;
use crate::address::Token;
use crate::digest::Digester;
use crate::value::Map;

/// What a sealed id begins with.
pub(super) const SEALED: &str = "$sealed:";

/// How many digits of the digest are shown.
const DIGITS: usize = 12;

impl Record {
    /// Returns the id for people: as it is, or its digest if it holds a secret of the resource. The digest is that of
    /// this generation, so that two objects with one id do not look alike.
    pub fn shown_id(&self) -> Cow<'_, str> {
        if self.id_is_secret() { Cow::Owned(digest(self.token, &self.id)) } else { Cow::Borrowed(&self.id) }
    }

    pub(super) fn id_is_secret(&self) -> bool {
        is_secret(&self.id, [&self.applied, &self.observed, &self.outputs])
    }
}

fn digest(token: Token, id: &str) -> String {
    let mut digester = Digester::new(token.as_bytes());
    digester.bytes(id.as_bytes());
    let digest = digester.finish().to_string();
    format!("(secret, {})", &digest[..DIGITS])
}

/// Tells whether an id is or holds a secret of these fields, or looks like a sealed one.
fn is_secret<'a>(id: &str, fields: impl IntoIterator<Item = &'a Map>) -> bool {
    let mut values = fields.into_iter().flat_map(|map| map.values()).filter(|value| value.has_secret());
    id.starts_with(SEALED)
        || values.any(|value| {
            let mut texts = Zeroizing::new(Vec::new());
            value.secret_texts(&mut texts);
            texts.iter().any(|text| !text.is_empty() && id.contains(text.as_str()))
        })
}

/// Passes each id of an entry that has to be sealed to `change`.
pub(super) fn secret_ids<E>(
    entry: &mut Entry,
    mut change: impl FnMut(&mut String, Token) -> Result<(), E>,
) -> Result<(), E> {
    match entry {
        Entry::Outcome {
            token,
            outcome:
                Outcome::Applied { id, observed, outputs, .. }
                | Outcome::Made { id, observed, outputs, .. }
                | Outcome::Partial { id, observed, outputs, .. },
            ..
        } if is_secret(id, [&*observed, &*outputs]) => change(id, *token),
        Entry::Adopted(record) if record.id_is_secret() => change(&mut record.id, record.token),
        Entry::Edited(edit) => {
            let secret = edit.before.iter_mut().filter(|record| record.id_is_secret());
            secret.into_iter().try_for_each(|record| change(&mut record.id, record.token))
        }
        _ => Ok(()),
    }
}

/// Passes each id of an entry that is sealed to `change`.
pub(super) fn sealed_ids<M, E>(
    entry: &mut Entry<M>,
    mut change: impl FnMut(&mut String, Token) -> Result<(), E>,
) -> Result<(), E> {
    let mut open = |id: &mut String, token| if id.starts_with(SEALED) { change(id, token) } else { Ok(()) };
    match entry {
        Entry::Outcome {
            token,
            outcome: Outcome::Applied { id, .. } | Outcome::Made { id, .. } | Outcome::Partial { id, .. },
            ..
        } => open(id, *token),
        Entry::Adopted(record) => open(&mut record.id, record.token),
        Entry::Edited(edit) => {
            edit.before.iter_mut().try_for_each(|record| open(&mut record.id, record.token))
        }
        _ => Ok(()),
    }
}
