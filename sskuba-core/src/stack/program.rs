//! Programs: functions that declare what should be there.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use super::Stack;
use crate::advice::Advice;
use crate::config::ConfigError;

/// An error of a program, made by `?` from any error.
#[derive(Debug)]
pub struct ProgramError(Box<dyn std::error::Error + Send + Sync>);

impl ProgramError {
    /// Makes an error of a text.
    pub fn msg(text: impl Into<String>) -> Self {
        Self(text.into().into())
    }

    /// Says what can be done about an error of the library that the program passed on.
    pub fn hint(&self) -> Vec<Advice> {
        self.0.downcast_ref::<ConfigError>().map(ConfigError::hint).unwrap_or_default()
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
/// Functions `Fn(&mut Stack) -> Result` are programs; async functions become ones where a program is asked for, see
/// [`IntoProgram`].
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

/// What can be given where a program is asked for: a function, an async function as it is, or a closure.
///
/// `How` tells these apart; it is always found by the compiler.
///
/// ```
/// use sskuba_core::engine::Engine;
/// use sskuba_core::prelude::*;
/// use sskuba_core::stack::program;
///
/// fn plain(stack: &mut Stack) -> Result {
///     stack.export_value("greeting", "hello");
///     Ok(())
/// }
///
/// async fn asks_first(stack: &mut Stack) -> Result {
///     tokio::task::yield_now().await; // e.g. a question to a service
///     stack.export_value("greeting", "hello");
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
/// let engine = Engine::builder().build();
/// let stack = "acme/shop/dev".parse()?;
/// engine.preview(&stack, plain).await?;
/// engine.preview(&stack, asks_first).await?;
/// engine.preview(&stack, program(|stack| {
///     stack.export_value("greeting", "hello");
///     Ok(())
/// })).await?;
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no program",
    label = "not a function of `&mut Stack`",
    note = "a program is `fn(stack: &mut Stack) -> sskuba::Result`, also with `async`; wrap a closure: `program(|stack| {{ … Ok(()) }})`"
)]
pub trait IntoProgram<How> {
    /// The program.
    type Program: Program;

    /// Makes the program.
    fn into_program(self) -> Self::Program;
}

/// How a function becomes a program: as it is.
#[derive(Debug)]
pub enum Plain {}

/// How an async function becomes a program: its future is awaited.
#[derive(Debug)]
pub enum Async {}

impl<P: Program> IntoProgram<Plain> for P {
    type Program = P;
    fn into_program(self) -> P {
        self
    }
}

impl<F: for<'a> AsyncFunction<'a> + Send + Sync> IntoProgram<Async> for F {
    type Program = Awaited<F>;
    fn into_program(self) -> Awaited<F> {
        Awaited(self)
    }
}

/// An async function of a stack; implemented for all of them.
pub trait AsyncFunction<'a> {
    /// Calls it.
    fn call(&'a self, stack: &'a mut Stack) -> Declaring<'a>;
}

impl<'a, F, D> AsyncFunction<'a> for F
where
    F: Fn(&'a mut Stack) -> D,
    D: Future<Output = Result<()>> + Send + 'a,
{
    fn call(&'a self, stack: &'a mut Stack) -> Declaring<'a> {
        Box::pin(self(stack))
    }
}

/// A program of an async function.
pub struct Awaited<F>(F);

impl<F> fmt::Debug for Awaited<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Awaited")
    }
}

impl<F: for<'a> AsyncFunction<'a> + Send + Sync> Program for Awaited<F> {
    fn declare<'a>(&'a self, stack: &'a mut Stack) -> Declaring<'a> {
        self.0.call(stack)
    }
}

/// Lets a closure be a program without saying what it takes and returns: `program(|stack| { …; Ok(()) })`.
pub fn program<F: Fn(&mut Stack) -> Result<()> + Send + Sync>(f: F) -> F {
    f
}
