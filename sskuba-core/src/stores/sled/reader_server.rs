//! Answers to readers while a writer runs: sled lets no second process read, so the writer reads for it.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Weak;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::RwLock;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::lease_entry::LeaseEntry;
use super::wire::{Answer, Ask, PROOF, QUESTION, Question, ReaderAddress};
use crate::address::Token;
use crate::clock::{IdSource, Timestamp};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(2);

/// How long a question and its answer may take together.
const WHOLE: Duration = Duration::from_secs(120);

/// How often a holder says that it is still at it.
const BEAT: Duration = Duration::from_millis(250);

/// How long a reader waits for a sign of life: of a holder that is stopped there is none.
const SILENCE: Duration = Duration::from_millis(1500);

/// Sent in place of the answer's length: the question was heard.
const HEARD: u64 = u64::MAX;

/// The greatest answer that a reader takes, in bytes.
const ANSWER: u64 = 4 << 30;

/// The server; it answers until it is dropped.
#[derive(Debug)]
pub(super) struct Open {
    /// Where it is.
    pub(super) address: ReaderAddress,
    task: JoinHandle<()>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Opens a server that answers for the stack in `entry` as long as it is held under `fence`.
pub(super) async fn open(
    entry: Weak<RwLock<LeaseEntry>>,
    fence: u64,
    token: Token,
    since: Timestamp,
) -> io::Result<Open> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = ReaderAddress { port: listener.local_addr()?.port(), token, since };
    let task = tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                // Out of descriptors, most likely; the next may be luckier.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let entry = entry.clone();
            tokio::spawn(async move {
                let answered = timeout(WHOLE, answer(stream, entry, fence, token)).await;
                if let Ok(Err(error)) = answered {
                    tracing::debug!(%error, "a reader was not answered");
                }
            });
        }
    });
    Ok(Open { address, task })
}

/// Hears one question and answers it. Whoever does not know the token gets no answer.
async fn answer(
    mut stream: TcpStream,
    entry: Weak<RwLock<LeaseEntry>>,
    fence: u64,
    token: Token,
) -> io::Result<()> {
    let length = stream.read_u32().await? as usize;
    if length > QUESTION {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await?;
    let question: Question = serde_json::from_slice(&bytes)?;
    let Some(ask) = question.check(&token) else { return Err(io::ErrorKind::PermissionDenied.into()) };

    // The lock is held while reading, which keeps folds out, and not while sending.
    let looking = async {
        Ok::<_, io::Error>(match entry.upgrade() {
            Some(entry) => {
                let entry = entry.read_owned().await;
                tokio::task::spawn_blocking(move || look(&entry, fence, ask).encode()).await?
            }
            None => Answer::Gone.encode(),
        })
    };
    tokio::pin!(looking);
    let answer = loop {
        stream.write_u64(HEARD).await?;
        if let Ok(answer) = timeout(BEAT, &mut looking).await {
            break answer?;
        }
    };
    stream.write_u64((PROOF + answer.len()) as u64).await?;
    stream.write_all(question.prove(&token, &answer).as_bytes()).await?;
    stream.write_all(&answer).await?;
    stream.shutdown().await
}

fn look(entry: &LeaseEntry, fence: u64, ask: Ask) -> Answer {
    let Some(held) = entry.held.as_ref().filter(|held| held.holder.fence == fence) else {
        return Answer::Gone;
    };
    if ask == Ask::Stop {
        held.stop.cancel();
        return Answer::Told;
    }
    let read = held.sound().and_then(|()| held.database.answer(ask, held.durable.load(Ordering::Acquire)));
    read.unwrap_or_else(|error| Answer::Failed(error.to_string()))
}

/// Asks a holder; an error if nobody is there any more, or a stranger.
pub(super) async fn ask(address: &ReaderAddress, ids: &dyn IdSource, ask: Ask) -> io::Result<Answer> {
    let question = Question::new(&address.token, ids.token(), ask);
    let bytes = serde_json::to_vec(&question)?;
    let connecting = TcpStream::connect((Ipv4Addr::LOCALHOST, address.port));
    let mut stream = timeout(CONNECT, connecting).await??;
    let exchange = async {
        stream.write_u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX)).await?;
        stream.write_all(&bytes).await?;
        let length = loop {
            match timeout(SILENCE, stream.read_u64()).await?? {
                HEARD => {}
                length => break length,
            }
        };
        if !(PROOF as u64..=ANSWER).contains(&length) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        // Grows with what comes: the length is a stranger's word until the proof was seen.
        let mut frame = Vec::new();
        let mut rest = (&mut stream).take(length);
        while timeout(SILENCE, rest.read_buf(&mut frame)).await?? > 0 {}
        if frame.len() as u64 != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let (proof, answer) = frame.split_at(PROOF);
        if proof != question.prove(&address.token, answer).as_bytes() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        Answer::decode(answer).ok_or_else(|| io::ErrorKind::InvalidData.into())
    };
    timeout(WHOLE, exchange).await?
}
