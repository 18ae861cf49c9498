//! A disk, and what a cut may leave of it.
//!
//! What a file was given before a sync of it began is there once that sync has ended; of the rest any part may be, in
//! sectors, in any order. Names are there once their folder was synced; of the rest those of before some instant, as
//! a file system with a journal has it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sskuba_core::clock::{IdSource, SeededIds};

use crate::trace::{Op, Step};

/// What the smallest part of a disk is that is written as a whole, in bytes.
const SECTOR: usize = 512;

/// What becomes of what was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// All of it is lost.
    All,
    /// None of it is.
    None,
    /// What came after some instant is lost.
    After,
    /// Some writes are lost.
    Writes,
    /// Some sectors are lost.
    Sectors,
    /// One write is lost.
    One,
    /// All but one are lost.
    AllButOne,
}

/// All sorts of loss.
pub(crate) const LOSSES: [Loss; 7] =
    [Loss::All, Loss::None, Loss::After, Loss::Writes, Loss::Sectors, Loss::One, Loss::AllButOne];

/// Random numbers that a seed decides.
pub(crate) struct Dice(SeededIds);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(SeededIds::new(seed << 20))
    }

    /// Returns a number below `below`, or 0.
    pub(crate) fn roll(&self, below: usize) -> usize {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        usize::try_from(u64::from_le_bytes(bytes) >> 8).unwrap() % below.max(1)
    }
}

/// What is there after a cut.
#[derive(Debug, Default)]
pub(crate) struct Left {
    folders: Vec<PathBuf>,
    files: BTreeMap<PathBuf, Vec<u8>>,
}

/// Tells whether an op on `path` is durable at `cut`: a sync of `what` that came after it has ended.
fn synced(steps: &[Step], cut: usize, step: &Step, what: &Path) -> bool {
    steps.iter().any(|sync| {
        sync.ended < cut && step.ended < sync.began && matches!(&sync.op, Op::Sync(path) if path == what)
    })
}

/// Builds what a cut before line `cut` of the trace may leave.
pub(crate) fn cut(steps: &[Step], cut: usize, loss: Loss, dice: &Dice) -> Left {
    let begun: Vec<&Step> = steps.iter().filter(|step| step.began < cut).collect();
    let names =
        |step: &&&Step| matches!(step.op, Op::Open { .. } | Op::Folder(_) | Op::Rename(..) | Op::Remove(_));
    let is_open = |step: &Step| !synced(steps, cut, step, parent(step));
    let open = begun.iter().filter(names).filter(|step| is_open(step)).count();
    let mut kept = match loss {
        Loss::All => 0,
        Loss::None => open,
        _ => dice.roll(open + 1),
    };
    let writes = begun.iter().filter(|step| matches!(step.op, Op::Write { .. } | Op::Length { .. }));
    let unsynced = writes.filter(|step| !synced(steps, cut, step, path(step))).count();
    let lost = Lost { loss, instant: dice.roll(unsynced + 1), one: dice.roll(unsynced), dice };
    let (mut left, mut at) = (Left::default(), 0);
    // Files by the name that they have for the program, and the name that the disk has for them.
    let mut contents: BTreeMap<PathBuf, Vec<u8>> = BTreeMap::new();
    let mut named: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
    for step in begun {
        let durable = !names(&&step) || !is_open(step) || {
            let keeps = kept > 0;
            kept = kept.saturating_sub(1);
            keeps
        };
        match &step.op {
            Op::Folder(path) => left.folders.extend(durable.then(|| path.clone())),
            Op::Open { path, truncate } => {
                let content = contents.entry(path.clone()).or_default();
                if *truncate {
                    content.clear();
                }
                if durable {
                    named.insert(path.clone(), path.clone());
                }
            }
            Op::Rename(from, to) => {
                let content = contents.remove(from).unwrap_or_default();
                // A name that outlives what it named keeps that.
                if let (false, Some(old)) = (durable, contents.remove(to)) {
                    left.files.insert(to.clone(), old);
                }
                contents.insert(to.clone(), content);
                if durable {
                    left.files.remove(to);
                    named.remove(from);
                    named.insert(to.clone(), to.clone());
                } else if named.remove(from).is_some() {
                    named.insert(to.clone(), from.clone());
                }
            }
            Op::Remove(path) => {
                let content = contents.remove(path).unwrap_or_default();
                if let (Some(name), false) = (named.remove(path), durable) {
                    left.files.insert(name, content);
                } else {
                    left.files.remove(path);
                }
            }
            Op::Write { path, at: offset, bytes } => {
                let content = contents.entry(path.clone()).or_default();
                if synced(steps, cut, step, path) {
                    put(content, *offset, bytes);
                } else {
                    lost.write(content, *offset, bytes, at);
                    at += 1;
                }
            }
            Op::Length { path, length } => {
                let there = synced(steps, cut, step, path) || {
                    at += 1;
                    lost.keeps(at - 1)
                };
                if there {
                    contents.entry(path.clone()).or_default().resize(usize::try_from(*length).unwrap(), 0);
                }
            }
            Op::Sync(_) | Op::Said(_) => {}
        }
    }
    for (path, name) in named {
        left.files.insert(name, contents.remove(&path).unwrap_or_default());
    }
    left
}

fn path(step: &Step) -> &Path {
    match &step.op {
        Op::Write { path, .. } | Op::Length { path, .. } | Op::Open { path, .. } => path,
        Op::Folder(path) | Op::Sync(path) | Op::Remove(path) | Op::Rename(_, path) => path,
        Op::Said(_) => Path::new(""),
    }
}

fn parent(step: &Step) -> &Path {
    path(step).parent().unwrap_or(Path::new(""))
}

fn put(content: &mut Vec<u8>, at: u64, bytes: &[u8]) {
    let at = usize::try_from(at).unwrap();
    content.resize(content.len().max(at + bytes.len()), 0);
    content[at..at + bytes.len()].copy_from_slice(bytes);
}

/// Which of the writes that were not synced are lost.
struct Lost<'a> {
    loss: Loss,
    instant: usize,
    one: usize,
    dice: &'a Dice,
}

impl Lost<'_> {
    fn keeps(&self, at: usize) -> bool {
        match self.loss {
            Loss::All => false,
            Loss::None => true,
            Loss::After => at < self.instant,
            Loss::Writes | Loss::Sectors => self.dice.roll(2) == 0,
            Loss::One => at != self.one,
            Loss::AllButOne => at == self.one,
        }
    }

    fn write(&self, content: &mut Vec<u8>, offset: u64, bytes: &[u8], at: usize) {
        let torn = self.loss == Loss::Sectors || (self.loss == Loss::After && at == self.instant);
        if !torn {
            if self.keeps(at) {
                put(content, offset, bytes);
            }
            return;
        }
        // The file may have become as long as it should be, with nothing in it.
        if self.dice.roll(2) == 0 {
            let end = usize::try_from(offset).unwrap() + bytes.len();
            content.resize(content.len().max(end), 0);
        }
        let mut done = 0;
        while done < bytes.len() {
            let place = usize::try_from(offset).unwrap() + done;
            let size = (SECTOR - place % SECTOR).min(bytes.len() - done);
            if self.dice.roll(2) == 0 {
                put(content, place as u64, &bytes[done..done + size]);
            }
            done += size;
        }
    }
}

impl Left {
    /// Puts the files in place.
    pub(crate) fn restore(&self, root: &Path) {
        for folder in &self.folders {
            // One whose own parent is lost is lost with it.
            let _ = fs::create_dir(root.join(folder));
        }
        for (name, content) in &self.files {
            let path = root.join(name);
            if path.parent().is_some_and(Path::is_dir) {
                fs::write(path, content).unwrap();
            }
        }
    }
}
