//! Parts of a stack that have a name and options of their own.

use std::panic::Location;

use super::component::{Component, ComponentHandle};
use super::dynamic::{Dynamic, DynamicHandle};
use super::{DeclareError, Result, Stack, Within};
use crate::config::{Config, ConfigError};
use crate::expr::Options;
use crate::output::{Configure, Handle};
use crate::resource::{Lookup, Managed};

/// A part of a stack: what is added in it has addresses under its name and takes its options.
#[derive(Debug)]
pub struct Scope<'a> {
    pub(super) stack: &'a mut Stack,
    /// How many bytes of the stack's path are this scope's.
    pub(super) path: usize,
    /// The component whose parts are added here, by its number in the stack.
    pub(super) component: Option<usize>,
    pub(super) options: Options,
}

impl Scope<'_> {
    /// Returns the component path.
    pub fn path(&self) -> &str {
        &self.stack.path[..self.path]
    }

    /// Reads the stack's configuration.
    ///
    /// # Errors
    /// As [`Stack::config`].
    pub fn config<T: Config>(&self) -> std::result::Result<T, ConfigError> {
        self.stack.config()
    }

    /// Says something to whoever runs the program; see [`Stack::note`].
    #[track_caller]
    pub fn note(&mut self, text: impl Into<String>) {
        self.stack.note(text);
    }

    /// Warns whoever runs the program; see [`Stack::warn`].
    #[track_caller]
    pub fn warn(&mut self, text: impl Into<String>) {
        self.stack.warn(text);
    }

    /// Adds a resource; see [`Stack::add`].
    ///
    /// # Errors
    /// As [`Stack::add`].
    #[track_caller]
    pub fn add<R: Managed>(
        &mut self,
        name: impl AsRef<str>,
        resource: R,
    ) -> std::result::Result<Handle<R>, DeclareError> {
        let (within, source) = (self.within(), Location::caller());
        self.stack.declare(within, name.as_ref(), resource, source)
    }

    /// Looks something up; see [`Stack::read`].
    ///
    /// # Errors
    /// As [`Stack::add`].
    #[track_caller]
    pub fn read<R: Lookup>(
        &mut self,
        name: impl AsRef<str>,
        lookup: R,
    ) -> std::result::Result<Handle<R>, DeclareError> {
        let (within, source) = (self.within(), Location::caller());
        self.stack.declare(within, name.as_ref(), lookup, source)
    }

    /// Opens a scope below this one; it takes this one's options.
    ///
    /// # Errors
    /// If the name is invalid.
    #[track_caller]
    pub fn scope(&mut self, name: impl AsRef<str>) -> std::result::Result<Scope<'_>, DeclareError> {
        let path = self.stack.enter(self.path, name.as_ref(), Location::caller())?;
        let (component, options) = (self.component, self.options.clone());
        Ok(Scope { stack: self.stack, path, component, options })
    }

    /// Builds a component below this scope.
    ///
    /// # Errors
    /// What the component answers.
    #[track_caller]
    pub fn component<C: Component>(
        &mut self,
        name: impl AsRef<str>,
        component: C,
    ) -> Result<ComponentHandle<C::Outputs>> {
        let (within, source) = (self.within(), Location::caller());
        self.stack.build(within, name.as_ref(), &component, source)
    }

    /// Adds a resource of a kind that is learned at run time; see [`Stack::add_dynamic`].
    ///
    /// # Errors
    /// As [`Stack::add`].
    #[track_caller]
    pub fn add_dynamic(
        &mut self,
        name: impl AsRef<str>,
        resource: Dynamic,
    ) -> std::result::Result<DynamicHandle, DeclareError> {
        let (within, source) = (self.within(), Location::caller());
        self.stack.declare_dynamic(within, name.as_ref(), resource, source)
    }

    fn within(&self) -> Within {
        Within { path: self.path, component: self.component, options: self.options.clone() }
    }
}

impl Configure for Scope<'_> {
    fn configure(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }
}

/// What is said of the scope while it is lent, such as in [`Component::build`].
impl Configure for &mut Scope<'_> {
    fn configure(self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }
}
