//! The secrets of earlier calls: what finds or lists objects is given none, and a service may mention another object.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::texts::Texts;
use crate::address::Token;

/// The most bytes of secrets, in all their spellings, that are remembered.
const MOST: usize = 8 << 20;

/// Secrets by the generation that was called about; the oldest are forgotten first.
#[derive(Debug, Default)]
pub(crate) struct EarlierSecrets(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    texts: HashMap<Token, Arc<Texts>>,
    order: VecDeque<Token>,
    bytes: usize,
}

impl EarlierSecrets {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers the secrets of a call.
    pub(crate) fn add(&self, token: Token, texts: &Arc<Texts>) {
        let bytes = texts.bytes();
        if bytes == 0 {
            return;
        }
        let mut inner = self.inner();
        inner.bytes += bytes;
        match inner.texts.insert(token, Arc::clone(texts)) {
            Some(former) => inner.bytes -= former.bytes(),
            None => inner.order.push_back(token),
        }
        while inner.bytes > MOST
            && let Some(oldest) = inner.order.pop_front()
        {
            inner.bytes -= inner.texts.remove(&oldest).map_or(0, |texts| texts.bytes());
        }
    }

    /// Returns all that are remembered.
    pub(crate) fn all(&self) -> Vec<Arc<Texts>> {
        self.inner().texts.values().map(Arc::clone).collect()
    }

    /// Returns those of one generation.
    pub(crate) fn of(&self, token: Token) -> Option<Arc<Texts>> {
        self.inner().texts.get(&token).map(Arc::clone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Map, Value};

    #[test]
    fn the_oldest_are_forgotten_first() {
        let heard = EarlierSecrets::default();
        for n in 0..100_u8 {
            let text = format!("{n}{}", "x".repeat(20_000));
            let fields: Map = [("key".to_owned(), Value::from(text).into_secret())].into();
            heard.add(Token::new([n; 16]), &Arc::new(Texts::of([&fields])));
        }
        assert!(heard.of(Token::new([99; 16])).is_some() && heard.of(Token::new([0; 16])).is_none());
        assert!(heard.inner().bytes <= MOST && heard.all().len() == heard.inner().order.len());
    }
}
