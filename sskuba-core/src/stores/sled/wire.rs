//! What a reader and a writer of one stack say to each other.
//!
//! A question is its length in 4 bytes, then JSON. An answer is its length in 8 bytes, then a proof of 64 bytes,
//! then the answer itself: numbers of 8 bytes, and bytes after their number. Both sides prove with a keyed digest
//! that they know the token of `reader.json`, which is never sent: a stranger at the port learns nothing, and what
//! it answers is refused.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::layout::Entries;
use crate::address::Token;
use crate::clock::Timestamp;
use crate::digest::Digester;
use crate::state::{Damage, Image};

/// The greatest length of a question in bytes.
pub(super) const QUESTION: usize = 1024;

/// The length of a proof in bytes.
pub(super) const PROOF: usize = 64;

/// Where a writer answers; the content of `reader.json`.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct ReaderAddress {
    /// The port on 127.0.0.1.
    pub(super) port: u16,
    /// The secret that both sides know.
    pub(super) token: Token,
    /// Since when.
    pub(super) since: Timestamp,
}

impl fmt::Debug for ReaderAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReaderAddress({})", self.port)
    }
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ask {
    /// All that is stored.
    Load,
    /// The newest entries of the history.
    History {
        /// How many.
        limit: usize,
    },
    /// That the holder stops; nothing is read.
    Stop,
}

/// What is answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// All that is stored.
    Image(Image),
    /// The newest entries of the history.
    History(Entries),
    /// The stack is no longer held here.
    Gone,
    /// It could not be read, and why.
    Failed(String),
    /// The holder was told to stop.
    Told,
}

/// A question on the wire.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Question {
    nonce: Token,
    ask: Ask,
    proof: String,
}

impl Question {
    /// Asks, with a number that is used once.
    pub(super) fn new(secret: &Token, nonce: Token, ask: Ask) -> Self {
        Self { nonce, ask, proof: Self::proof(secret, &nonce, ask) }
    }

    /// Returns what is asked, if the asker knows the secret.
    pub(super) fn check(&self, secret: &Token) -> Option<Ask> {
        (self.proof == Self::proof(secret, &self.nonce, self.ask)).then_some(self.ask)
    }

    fn proof(secret: &Token, nonce: &Token, ask: Ask) -> String {
        let mut digest = Digester::new(secret.as_bytes());
        digest.bytes(b"question").bytes(nonce.as_bytes()).bytes(format!("{ask:?}").as_bytes());
        digest.finish().to_string()
    }

    /// Proves that `answer` is the answer to this question, from one who knows the secret.
    pub(super) fn prove(&self, secret: &Token, answer: &[u8]) -> String {
        let mut digest = Digester::new(secret.as_bytes());
        digest.bytes(b"answer").bytes(self.nonce.as_bytes()).bytes(answer);
        digest.finish().to_string()
    }
}

impl Answer {
    /// Writes the answer.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Writer(Vec::with_capacity(self.size()));
        match self {
            Self::Image(image) => {
                out.number(0);
                out.number(image.revision);
                out.number(image.meta.len() as u64);
                image.meta.iter().for_each(|(key, value)| out.bytes(key.as_bytes()).bytes(value).end());
                out.number(image.records.len() as u64);
                image.records.iter().for_each(|(key, value)| out.bytes(key).bytes(value).end());
                out.entries(&image.journal);
                let damage = image.damage.iter();
                damage.for_each(|d| {
                    out.bytes(d.key.as_bytes()).bytes(d.place.as_bytes()).bytes(d.why.as_bytes()).end()
                });
            }
            Self::History(entries) => {
                out.number(1);
                out.entries(entries);
            }
            Self::Gone => out.number(2),
            Self::Failed(why) => {
                out.number(3);
                out.bytes(why.as_bytes()).end();
            }
            Self::Told => out.number(4),
        }
        out.0
    }

    /// Returns about how many bytes the answer has, and no fewer than most of them.
    fn size(&self) -> usize {
        let entries = |entries: &Entries| entries.iter().map(|(_, entry)| entry.len() + 16).sum::<usize>();
        match self {
            Self::Image(image) => {
                let records = image.records.iter().map(|(key, value)| key.len() + value.len() + 16);
                records.sum::<usize>() + entries(&image.journal) + 1024
            }
            Self::History(history) => entries(history) + 16,
            Self::Gone | Self::Failed(_) | Self::Told => 64,
        }
    }

    /// Reads an answer; none if it is not one.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut from = Reader(bytes);
        let answer = match from.number()? {
            0 => {
                let mut image = Image { revision: from.number()?, ..Image::default() };
                for _ in 0..from.number()? {
                    image.meta.insert(from.text()?, from.bytes()?);
                }
                for _ in 0..from.number()? {
                    image.records.push((from.bytes()?, from.bytes()?));
                }
                image.journal = from.entries()?;
                if !from.0.is_empty() {
                    image.damage = Some(Damage { key: from.text()?, place: from.text()?, why: from.text()? });
                }
                Self::Image(image)
            }
            1 => Self::History(from.entries()?),
            2 => Self::Gone,
            3 => Self::Failed(from.text()?),
            4 => Self::Told,
            _ => return None,
        };
        from.0.is_empty().then_some(answer)
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_be_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    fn end(&mut self) {}

    fn entries(&mut self, entries: &Entries) {
        self.number(entries.len() as u64);
        for (at, entry) in entries {
            self.number(*at);
            self.bytes(entry);
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn number(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_be_bytes(*number))
    }

    fn bytes(&mut self) -> Option<Vec<u8>> {
        let length = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes.to_vec())
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?).ok()
    }

    fn entries(&mut self) -> Option<Entries> {
        (0..self.number()?).map(|_| Some((self.number()?, self.bytes()?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_back_and_cut_ones_do_not() {
        let image = Image {
            revision: 7,
            meta: [("format".to_string(), vec![1, 2])].into(),
            records: vec![(vec![0], vec![]), (vec![255], vec![3; 300])],
            journal: vec![(6, vec![]), (7, b"x".to_vec())],
            damage: None,
        };
        let damage = Damage { key: "sum".into(), place: "here".into(), why: "it is old".into() };
        let damaged = Image { damage: Some(damage), ..image.clone() };
        let history = vec![(3, b"up".to_vec())];
        for answer in [
            Answer::Image(image),
            Answer::Image(damaged),
            Answer::History(history),
            Answer::Gone,
            Answer::Told,
            Answer::Failed("no".into()),
        ] {
            let bytes = answer.encode();
            assert_eq!(Answer::decode(&bytes), Some(answer));
            assert_eq!(Answer::decode(&bytes[..bytes.len() - 1]), None);
        }
        assert_eq!(Answer::decode(&[255; 40]), None, "numbers beyond what is there");
    }

    #[test]
    fn who_does_not_know_the_token_is_not_heard() {
        let (secret, other, nonce) = (Token::new([1; 16]), Token::new([2; 16]), Token::new([3; 16]));
        let question = Question::new(&secret, nonce, Ask::Load);
        assert_eq!(question.check(&secret), Some(Ask::Load));
        assert_eq!(question.check(&other), None);
        assert_ne!(question.prove(&secret, b"answer"), question.prove(&other, b"answer"));
        assert_ne!(question.prove(&secret, b"answer"), question.prove(&secret, b"another"));
    }
}
