//! Tries many objects: more than a page of a list holds, and made at once.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::Trial;
use crate::address::Token;
use crate::provider::Object;
use crate::schema::Idempotency;
use crate::value::{Map, Value};

const PAGES: &str = "pages of a list";
const AT_ONCE: &str = "creates at once";

/// How many objects are made at once.
const FEW: usize = 4;

/// The most objects that a page is tried with.
const MOST: usize = 1000;

impl Trial<'_> {
    pub(super) async fn many(&mut self) {
        let Some(another) = self.case.another.clone() else {
            self.not_tried(AT_ONCE, "the case has no inputs for several objects (`another`)");
            return self.not_tried(PAGES, "the case has no inputs for several objects (`another`)");
        };
        let mut inputs = Vec::new();
        let size = self.case.page_size.unwrap_or_default().min(MOST);
        for n in 0..(size + 1).max(FEW) {
            match Value::from_json(another(n)) {
                Value::Map(map) => inputs.push(self.schema.complete(map)),
                other => return self.note(format!("`another({n})` is {}, not an object", other.sort())),
            }
        }
        let made = self.at_once(inputs).await;
        if size == 0 {
            self.not_tried(PAGES, "the case has no `page_size`");
        } else if made.len() > size {
            self.pages(&made).await;
        }
        for (token, object, inputs) in &made {
            self.clean(AT_ONCE, *token, object, inputs).await;
        }
    }

    /// Makes objects, some of them at once, and checks that each token has its own.
    async fn at_once(&mut self, inputs: Vec<Map>) -> Vec<(Token, Object, Map)> {
        let mut made = Vec::new();
        for group in inputs.chunks(FEW) {
            let mut tasks = tokio::task::JoinSet::new();
            for inputs in group {
                let (token, inputs, instance) = (Self::token(), inputs.clone(), Arc::clone(&self.instance));
                let cx = self.cx(token);
                tasks.spawn(async move { (token, instance.create(&cx, &inputs).await, inputs) });
            }
            while let Some(ended) = tasks.join_next().await {
                match ended {
                    Ok((token, Ok(object), inputs)) => made.push((token, object, inputs)),
                    Ok((_, Err(failure), _)) => self.note(format!("{AT_ONCE}: failed: {failure}")),
                    Err(error) => self.note(format!("{AT_ONCE}: {error}")),
                }
            }
        }
        let mut of: HashMap<String, Token> = HashMap::new();
        for (token, object, _) in &made {
            let other = of.insert(object.id.clone(), *token);
            self.must(other.is_none(), || format!("{AT_ONCE}: two tokens have one object, `{}`", object.id));
        }
        for (token, object, inputs) in &mut made {
            *object = self.usable(AT_ONCE, *token, object.clone(), inputs).await;
        }
        if self.schema.idempotency == Idempotency::Tag {
            tokio::time::sleep(self.schema.visibility).await;
            for (token, object, _) in made.iter().take(FEW) {
                let found = self.find(*token).await;
                let found = self.done(AT_ONCE, found).flatten().map(|object| object.id);
                self.must(found.as_ref() == Some(&object.id), || {
                    format!("{AT_ONCE}: the token of `{}` finds {found:?}", object.id)
                });
            }
        }
        made
    }

    /// A list has all objects, each once, however many pages that takes.
    async fn pages(&mut self, made: &[(Token, Object, Map)]) {
        tokio::time::sleep(self.schema.visibility).await;
        let listed = match self.list().await {
            Ok(listed) => listed,
            Err(failure) => return self.not_tried(PAGES, failure.to_string()),
        };
        let ids: BTreeSet<&String> = listed.iter().map(|object| &object.id).collect();
        self.must(ids.len() == listed.len(), || {
            format!("list: has {} objects and only {} ids", listed.len(), ids.len())
        });
        let missing = made.iter().filter(|(_, object, _)| !ids.contains(&object.id)).count();
        self.must(missing == 0, || {
            format!("list: lacks {missing} of {} objects; follow the pages to the end", made.len())
        });
        for object in &listed {
            self.check_outputs("list", &object.outputs);
        }
    }
}
