//! Programs: functions that declare what should be there.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use super::Stack;

/// An error of a program, made by `?` from any error.
#[derive(Debug)]
pub struct ProgramError(Box<dyn std::error::Error + Send + Sync>);

impl ProgramError {
    /// Makes an error of a text.
    pub fn msg(text: impl Into<String>) -> Self {
        Self(text.into().into())
    }

    /// Returns the error itself.
    pub fn into_inner(self) -> Box<dyn std::error::Error + Send + Sync> {
        self.0
    }
}

impl fmt::Display for ProgramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for ProgramError {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

/// The result of a program or of a part of one.
pub type Result<T = (), E = ProgramError> = std::result::Result<T, E>;

/// What a program returns when it waits for something while it declares.
pub type Declaring<'a> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

/// A program: it declares what should be there.
///
/// Every function `Fn(&mut Stack) -> Result<()>` is one; an async program is made with [`asynchronous`].
pub trait Program: Send + Sync {
    /// Declares the resources.
    fn declare<'a>(&'a self, stack: &'a mut Stack) -> Declaring<'a>;
}

impl<F: Fn(&mut Stack) -> Result<()> + Send + Sync> Program for F {
    fn declare<'a>(&'a self, stack: &'a mut Stack) -> Declaring<'a> {
        let result = self(stack);
        Box::pin(std::future::ready(result))
    }
}

struct Asynchronous<F>(F);

impl<F: for<'a> Fn(&'a mut Stack) -> Declaring<'a> + Send + Sync> Program for Asynchronous<F> {
    fn declare<'a>(&'a self, stack: &'a mut Stack) -> Declaring<'a> {
        (self.0)(stack)
    }
}

/// Makes a program of an async function: `asynchronous(|stack| Box::pin(async move { … }))`.
pub fn asynchronous<F>(f: F) -> impl Program
where
    F: for<'a> Fn(&'a mut Stack) -> Declaring<'a> + Send + Sync,
{
    Asynchronous(f)
}
