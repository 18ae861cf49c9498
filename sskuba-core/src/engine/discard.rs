//! Getting rid of what nobody needs any more.

use std::thread;

/// Takes a large value, such as the state or the plan of thousands of resources, apart on a thread of its own. Nobody
/// waits for that, not even the end of the program.
pub fn discard<T: Send + 'static>(value: T) {
    let thread = thread::Builder::new().name("sskuba-discard".to_owned());
    // Where there is no thread to be had, the value goes here and now.
    let _ = thread.spawn(move || drop(value));
}
