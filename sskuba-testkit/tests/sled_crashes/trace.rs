//! Reads what `strace` wrote: which files were made, written, renamed and synced, in which order.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The calls that are traced.
pub(crate) const CALLS: &str = "trace=openat,close,pwrite64,write,fsync,fdatasync,sync_file_range,ftruncate,rename,\
                                unlink,unlinkat,mkdir,rmdir,lseek";

/// What one call did.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Op {
    /// A file was opened to be written; made if it was not there.
    Open { path: PathBuf, truncate: bool },
    /// A folder was made.
    Folder(PathBuf),
    /// Bytes were written.
    Write { path: PathBuf, at: u64, bytes: Vec<u8> },
    /// A file was cut or made longer.
    Length { path: PathBuf, length: u64 },
    /// A file or folder was synced.
    Sync(PathBuf),
    /// A file got another name.
    Rename(PathBuf, PathBuf),
    /// A file was removed.
    Remove(PathBuf),
    /// The writer said something.
    Said(String),
}

/// A call, and the lines of the trace at which it began and ended.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) op: Op,
    pub(crate) began: usize,
    pub(crate) ended: usize,
}

/// Reads a trace; only what concerns files under `root`, and what was said.
pub(crate) fn read(text: &str, root: &Path) -> Vec<Step> {
    let mut reader = Reader { root: root.to_owned(), places: HashMap::new(), steps: Vec::new() };
    let mut open: HashMap<&str, (usize, String)> = HashMap::new();
    for (at, line) in text.lines().enumerate() {
        let Some((thread, call)) = line.trim_start().split_once(' ') else { continue };
        let call = call.trim_start();
        if let Some(begun) = call.strip_suffix("<unfinished ...>") {
            open.insert(thread, (at, begun.to_owned()));
        } else if let Some((_, rest)) =
            call.strip_prefix("<... ").and_then(|rest| rest.split_once("resumed>"))
        {
            let (began, begun) = open.remove(thread).unwrap();
            reader.call(&format!("{begun}{rest}"), began, at);
        } else {
            reader.call(call, at, at);
        }
    }
    assert!(open.is_empty(), "calls that never ended: {open:?}");
    reader.steps.sort_by_key(|step| step.began);
    reader.steps
}

struct Reader {
    root: PathBuf,
    /// Where the next `write` of a descriptor goes.
    places: HashMap<String, u64>,
    steps: Vec<Step>,
}

impl Reader {
    fn call(&mut self, call: &str, began: usize, ended: usize) {
        let Some((name, rest)) = call.split_once('(') else { return };
        let Some((arguments, result)) = rest.rsplit_once(" = ") else { return };
        let arguments = arguments.trim_end().strip_suffix(')').unwrap_or(arguments);
        if result.starts_with('-') || result.starts_with('?') {
            return;
        }
        let words = split(arguments);
        if let Some(op) = self.op(name, &words, result) {
            self.steps.push(Step { op, began, ended });
        }
    }

    fn op(&mut self, name: &str, words: &[&str], result: &str) -> Option<Op> {
        let number = |at: usize| words[at].parse::<u64>().unwrap_or_else(|_| panic!("{name} {words:?}"));
        match name {
            "openat" => {
                let path = self.inside(&unquote(words[1]))?;
                self.places.insert(descriptor(result).0.to_owned(), 0);
                let truncate = words[2].contains("O_TRUNC");
                let creates = words[2].contains("O_CREAT") && !words[2].contains("O_DIRECTORY");
                creates.then_some(Op::Open { path, truncate })
            }
            "mkdir" => self.inside(&unquote(words[0])).map(Op::Folder),
            "lseek" => {
                self.places.insert(descriptor(words[0]).0.to_owned(), result.trim().parse().unwrap());
                None
            }
            "write" if descriptor(words[0]).0 == "1" => {
                Some(Op::Said(String::from_utf8_lossy(&unquote(words[1])).into_owned()))
            }
            "write" => {
                let (path, bytes) = (self.file(words[0])?, unquote(words[1]));
                assert_eq!(bytes.len().to_string(), result.trim(), "a short write");
                let place = self.places.entry(descriptor(words[0]).0.to_owned()).or_default();
                let at = *place;
                *place += bytes.len() as u64;
                Some(Op::Write { path, at, bytes })
            }
            "pwrite64" => {
                let (path, bytes) = (self.file(words[0])?, unquote(words[1]));
                assert_eq!(bytes.len().to_string(), result.trim(), "a short write");
                Some(Op::Write { path, at: number(3), bytes })
            }
            "ftruncate" => Some(Op::Length { path: self.file(words[0])?, length: number(1) }),
            "fsync" | "fdatasync" => self.file(words[0]).map(Op::Sync),
            "rename" => Some(Op::Rename(self.inside(&unquote(words[0]))?, self.inside(&unquote(words[1]))?)),
            "unlink" => self.inside(&unquote(words[0])).map(Op::Remove),
            "unlinkat" => panic!("the writer removes no folder: {words:?}"),
            // Neither says that anything is durable: `sync_file_range` leaves the disk's own cache out.
            _ => None,
        }
    }

    /// Returns the path of a descriptor under the root.
    fn file(&self, word: &str) -> Option<PathBuf> {
        self.inside(&unescape(descriptor(word).1))
    }

    fn inside(&self, path: &[u8]) -> Option<PathBuf> {
        let path = PathBuf::from(String::from_utf8_lossy(path).into_owned());
        path.strip_prefix(&self.root).ok().map(Path::to_owned)
    }
}

/// Splits `9</path>` into the number and the path.
fn descriptor(word: &str) -> (&str, &str) {
    let word = word.trim();
    match word.split_once('<') {
        Some((number, path)) => (number, path.strip_suffix('>').unwrap_or(path)),
        None => (word, ""),
    }
}

/// Splits arguments at commas; texts are in hexadecimal and have none.
fn split(arguments: &str) -> Vec<&str> {
    arguments.split(", ").map(str::trim).collect()
}

fn unquote(word: &str) -> Vec<u8> {
    unescape(
        word.strip_prefix('"').and_then(|word| word.strip_suffix('"')).unwrap_or_else(|| panic!("{word}")),
    )
}

fn unescape(text: &str) -> Vec<u8> {
    if !text.contains("\\x") {
        return text.as_bytes().to_vec();
    }
    let byte = |hex: &str| u8::from_str_radix(hex, 16).unwrap_or_else(|_| panic!("{text}"));
    text.split("\\x").skip(1).map(byte).collect()
}

#[test]
fn a_trace_is_read_call_by_call() {
    let text = r#"7 openat(AT_FDCWD</x>, "\x2f\x72\x2f\x64\x62", O_RDWR|O_CREAT|O_CLOEXEC, 0666) = 9<\x2f\x72\x2f\x64\x62>
7 pwrite64(9<\x2f\x72\x2f\x64\x62>, "\x61\x62", 2, 140) = 2
8 fdatasync(9<\x2f\x72\x2f\x64\x62> <unfinished ...>
7 write(1<\x2f\x6f>, "\x68\x69\x0a", 3) = 3
8 <... fdatasync resumed>) = 0
7 unlink("\x2f\x72\x2f\x6e") = -1 ENOENT (No such file or directory)
"#;
    let db = || PathBuf::from("db");
    let steps = read(text, Path::new("/r"));
    let ops: Vec<_> = steps.iter().map(|step| (step.op.clone(), step.began, step.ended)).collect();
    let expected = vec![
        (Op::Open { path: db(), truncate: false }, 0, 0),
        (Op::Write { path: db(), at: 140, bytes: b"ab".to_vec() }, 1, 1),
        (Op::Sync(db()), 2, 4),
        (Op::Said("hi\n".into()), 3, 3),
    ];
    assert_eq!(ops, expected);
}
