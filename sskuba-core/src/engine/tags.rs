//! The tags of a stack: short texts by key that a person gives it, such as its owner.

use std::collections::BTreeMap;
use std::time::Duration;

use super::build::Engine;
use super::error::{EditError, EngineError};
use crate::address::StackId;
use crate::state::Image;

/// The key of the small value that holds them.
const TAGS: &str = "tags";

/// How many a stack has at most.
const MOST: usize = 50;

/// How long keys and values are at most, in characters.
const KEY: usize = 128;
const VALUE: usize = 256;

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

/// Returns a stack's tags. Bytes that are none are no reason not to read the rest.
pub(super) fn tags_of(image: &Image) -> Tags {
    image.meta.get(TAGS).and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default()
}

/// Says what is wrong with a tag; none if it can be one.
fn mistake(key: &str, value: &str) -> Option<String> {
    let word = |c: char| c.is_ascii_alphanumeric() || "._-/:".contains(c);
    let fits = (1..=KEY).contains(&key.chars().count()) && key.chars().all(word) && !key.ends_with('-');
    if !fits {
        return Some(format!(
            "`{}` is not a key of a tag: up to {KEY} letters, digits, `.`, `_`, `-`, `/` and `:`, and no `-` at the end",
            crate::address::printable(key)
        ));
    }
    if value.chars().count() > VALUE || value.chars().any(char::is_control) {
        return Some(format!(
            "the value of tag `{key}` is not one: up to {VALUE} characters, and no line breaks or others that control \
             a terminal"
        ));
    }
    None
}

impl Engine {
    /// Sets some tags of a stack and removes others, in one durable change; returns what it has then. Waits up to `wait`
    /// for a stack that is in use.
    ///
    /// # Errors
    /// All that is wrong with the tags, together; or if there is no such stack, it stays in use, or cannot be written.
    pub async fn change_tags(
        &self,
        stack: &StackId,
        set: &Tags,
        remove: &[String],
        wait: Duration,
    ) -> Result<Tags, EngineError> {
        let mistakes: Vec<String> = set.iter().filter_map(|(key, value)| mistake(key, value)).collect();
        if !mistakes.is_empty() {
            return Err(EditError::Tags(mistakes).into());
        }
        if self.image(stack).await?.is_none() {
            return Err(EngineError::store(crate::state::StoreError::NoStack(stack.clone())));
        }
        let session = self.open(stack, "stack tag", wait).await?;
        let changed = async {
            // Read again, under the lease.
            let mut tags = tags_of(&self.image(stack).await?.unwrap_or_default());
            let before = tags.clone();
            remove.iter().for_each(|key| drop(tags.remove(key)));
            tags.extend(set.clone());
            if tags.len() > MOST {
                let (stack, count) = (stack.clone(), tags.len());
                return Err(EditError::TooManyTags { stack, count, most: MOST }.into());
            }
            if tags != before {
                let bytes = serde_json::to_vec(&tags).map_err(EditError::TagFormat)?;
                let put = self.store.put_meta(session.journal.lease(), TAGS, bytes).await;
                put.map_err(EngineError::store)?;
            }
            Ok(tags)
        }
        .await;
        session.end(changed).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_tag_is_named() {
        for (key, value) in [("owner", "ann"), ("cost/center", ""), ("a", "x=y -")] {
            assert_eq!(mistake(key, value), None);
        }
        let long = "x".repeat(257);
        for (key, value) in [("", "x"), ("a b", "x"), ("a-", "x"), ("a\nb", "x"), ("a", "x\ny"), ("a", &long)]
        {
            assert!(mistake(key, value).is_some_and(|why| !why.contains('\n')), "{key}");
        }
    }
}
