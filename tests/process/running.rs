//! A program that runs while its test goes on.

use std::fs::File;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::stage::{PATIENCE, Ran};

/// What a program has written so far, and the thread that reads it.
struct Reading {
    text: Arc<Mutex<Vec<u8>>>,
    thread: Option<JoinHandle<()>>,
}

impl Reading {
    fn of(mut from: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let to = Arc::clone(&text);
        let thread = std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            // A terminal whose other end is gone answers with an error.
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                to.lock().unwrap().extend_from_slice(&buffer[..count]);
            }
        });
        Self { text, thread: Some(thread) }
    }

    fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.text.lock().unwrap()).into_owned()
    }

    fn whole(&mut self) -> String {
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
        self.so_far()
    }
}

/// A program that runs; killed when it is dropped.
pub(crate) struct Running {
    child: Child,
    call: String,
    start: Instant,
    out: Reading,
    errors: Option<Reading>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn call(command: &Command) -> String {
    let mut words =
        vec![command.get_program().to_string_lossy().rsplit('/').next().unwrap_or_default().to_owned()];
    words.extend(command.get_args().map(|arg| arg.to_string_lossy().into_owned()));
    words.join(" ")
}

impl Running {
    /// Starts a command.
    #[track_caller]
    pub(crate) fn start(mut command: Command) -> Self {
        let call = call(&command);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = Reading::of(child.stdout.take().unwrap());
        let errors = Some(Reading::of(child.stderr.take().unwrap()));
        Self { child, call, start: Instant::now(), out, errors }
    }

    /// Starts a command at a terminal; also returns the end at which a person sits.
    #[track_caller]
    pub(crate) fn at_terminal(mut command: Command) -> (Self, File) {
        use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
        let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&person).unwrap();
        unlockpt(&person).unwrap();
        let name = ptsname(&person, Vec::new()).unwrap();
        let terminal = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let call = call(&command);
        command.env("TERM", "xterm").stdin(terminal.try_clone().unwrap());
        command.stdout(terminal.try_clone().unwrap()).stderr(terminal);
        let child = command.spawn().unwrap();
        // The command keeps its own copies of the terminal; the reader would wait for them.
        drop(command);
        let person = File::from(person);
        let out = Reading::of(person.try_clone().unwrap());
        (Self { child, call, start: Instant::now(), out, errors: None }, person)
    }

    /// Returns the process's number.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns what it has written to its output so far.
    pub(crate) fn so_far(&self) -> String {
        self.out.so_far()
    }

    /// Waits until its output has `text`, `count` times; returns what it has written by then.
    #[track_caller]
    pub(crate) fn until(&mut self, text: &str, count: usize) -> String {
        loop {
            let ended = self.has_ended();
            let so_far = self.so_far();
            if so_far.matches(text).count() >= count {
                return so_far;
            }
            let late = self.start.elapsed() > PATIENCE;
            assert!(
                !ended && !late,
                "`{}` never said {text} {count} times:\n{so_far}{}",
                self.call,
                self.complaints()
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn complaints(&self) -> String {
        self.errors.as_ref().map(Reading::so_far).unwrap_or_default()
    }

    /// Tells whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Sends it a signal.
    #[track_caller]
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Kills it, as the system does when memory is short.
    pub(crate) fn kill(mut self) -> Ran {
        self.child.kill().unwrap();
        self.end()
    }

    /// Waits until it has ended, and returns a file of `/proc` about it, which is there until its end is taken.
    #[cfg(target_os = "linux")]
    #[track_caller]
    pub(crate) fn at_its_end(&self, file: &str) -> String {
        use rustix::process::{WaitId, WaitIdOptions, waitid};
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(Pid::from_child(&self.child)), options).unwrap();
        std::fs::read_to_string(format!("/proc/{}/{file}", self.pid())).unwrap()
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn end(mut self) -> Ran {
        while !self.has_ended() {
            assert!(
                self.start.elapsed() < PATIENCE,
                "`{}` does not end:\n{}\n{}",
                self.call,
                self.so_far(),
                self.complaints()
            );
            std::thread::sleep(Duration::from_millis(2));
        }
        let took = self.start.elapsed();
        let code = self.child.wait().unwrap().code();
        let out = self.out.whole();
        let errors = self.errors.as_mut().map(Reading::whole).unwrap_or_default();
        Ran { call: self.call.clone(), code, out, errors, took }
    }
}
