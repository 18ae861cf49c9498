//! Asks a person.

use std::io::BufRead;

use tokio::sync::oneshot;

/// An input that can be given to a thread.
type Input = Option<Box<dyn BufRead + Send>>;

/// Reads one line; an input that has ended answers nothing. The input comes back for the next question.
pub(crate) async fn ask(input: Input) -> (String, Input) {
    let Some(mut input) = input else { return (String::new(), None) };
    let (sender, receiver) = oneshot::channel();
    // A thread of its own, not one of the runtime's: the runtime would wait for it when the program ends.
    std::thread::spawn(move || {
        let mut line = String::new();
        if input.read_line(&mut line).is_err() {
            line.clear();
        }
        // Nobody waits any more if the question was cancelled.
        let _ = sender.send((line, Some(input)));
    });
    receiver.await.unwrap_or_default()
}
