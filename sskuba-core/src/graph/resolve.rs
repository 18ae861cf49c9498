//! What options come to: what is said of a resource, of the components that it is a part of, and of the stack.

use std::collections::BTreeMap;

use super::builder::{ComponentDeclaration, Declaration};
use crate::address::{Address, Name};
use crate::expr::{Draft, Expr, Options, Transform};
use crate::lifecycle::{Alias, Lifecycle};
use crate::schema::{Schema, Text};

/// What the parts of each component inherit, and the paths that it had.
pub(super) struct Inheritance {
    /// What is said of all resources.
    stack: Options,
    /// Whether that is nothing.
    is_silent: bool,
    /// By the component's number.
    components: Vec<Inherited>,
}

struct Inherited {
    options: Options,
    path: String,
    /// The present path and the former ones.
    paths: Vec<String>,
}

impl Inheritance {
    /// Collects what is said of the components; each is declared after those around it.
    pub(super) fn of(stack: Options, declared: &[ComponentDeclaration]) -> Self {
        let mut components: Vec<Inherited> = Vec::with_capacity(declared.len());
        for component in declared {
            let own = component.node.as_ref().map(|node| node.options()).unwrap_or_default();
            let outer = component.outer.map(|number| &components[number]);
            let mut options = outer.map_or_else(|| stack.clone(), |outer| outer.options.clone());
            let paths = former_paths(component, &own.aliases, outer);
            options.extend(&own.inherited());
            components.push(Inherited { options, path: component.path.clone(), paths });
        }
        let is_silent = stack.is_silent();
        Self { stack, is_silent, components }
    }

    /// Returns the options that count for a declaration, and lets transforms change it.
    pub(super) fn resolve(
        &self,
        declaration: &Declaration,
        schema: &Schema,
        inputs: &mut BTreeMap<Text, Expr>,
        component: Option<usize>,
    ) -> Options {
        let mut own = declaration.node.options();
        let outer = declaration.component.map(|number| &self.components[number]);
        let inherited = outer.map_or(&self.stack, |outer| &outer.options);
        let address = declaration.node.address();
        // Most stacks say nothing of all resources.
        if outer.is_none() && self.is_silent && own.transforms.is_empty() {
            own.mistakes.extend(foreign_instances(&own, schema));
            return own;
        }
        // What is nearest to the resource changes it first.
        let transforms: Vec<Transform> =
            own.transforms.iter().rev().chain(inherited.transforms.iter().rev()).cloned().collect();
        for Transform(change) in transforms.iter().filter(|_| component.is_none()) {
            change(&mut Draft { address, schema, inputs, options: &mut own });
        }
        if let Some(outer) = outer.filter(|outer| outer.paths.len() > 1) {
            own.aliases = match component {
                Some(_) => outer.former_components(address),
                None => outer.former_parts(address, &own.aliases),
            };
        }
        let mut options = inherited.of_kind(schema);
        options.extend(&own);
        options.mistakes.extend(foreign_instances(&own, schema));
        if component.is_some() {
            options.mistakes.extend(own.only_of_resources());
        }
        options
    }
}

impl Inherited {
    /// Returns the former addresses of the component's own node.
    fn former_components(&self, present: &Address) -> Vec<Alias> {
        let former = self.paths[1..].iter().map(|path| path.rsplit_once('/').unwrap_or(("", path)));
        former.filter_map(|(path, name)| alias(path, present, name)).collect()
    }

    /// Returns the former addresses of a part that may itself have had other names.
    fn former_parts(&self, present: &Address, own: &[Alias]) -> Vec<Alias> {
        let rest = present.path().strip_prefix(&self.path).unwrap_or_default();
        let names: Vec<&str> = std::iter::once(present.name())
            .chain(own.iter().filter_map(|alias| match alias {
                Alias::Name(name) => Some(name.as_str()),
                _ => None,
            }))
            .collect();
        let whole = own.iter().filter(|alias| matches!(alias, Alias::Address(_))).cloned();
        let parts = self.paths.iter().flat_map(|path| {
            let path = format!("{path}{rest}");
            names.iter().filter_map(move |name| alias(&path, present, name)).collect::<Vec<_>>()
        });
        whole.chain(parts).collect()
    }
}

/// Returns the former address in this path and of this name, unless it is the present one.
fn alias(path: &str, present: &Address, name: &str) -> Option<Alias> {
    let address = Address::new(path, &present.kind(), &Name::parse(name).ok()?);
    (address != *present).then_some(Alias::Address(address))
}

fn former_paths(
    component: &ComponentDeclaration,
    aliases: &[Alias],
    outer: Option<&Inherited>,
) -> Vec<String> {
    let path = component.path.as_str();
    let (within, name) = path.rsplit_once('/').unwrap_or(("", path));
    let join = |within: &str, name: &str| {
        if within.is_empty() { name.to_owned() } else { format!("{within}/{name}") }
    };
    let rest = outer.map_or(within, |outer| within.strip_prefix(outer.path.as_str()).unwrap_or_default());
    let around = outer.map_or_else(|| vec![String::new()], |outer| outer.paths.clone());
    let mut paths = Vec::new();
    for around in around {
        let within = format!("{around}{rest}");
        paths.push(join(&within, name));
        let names = aliases.iter().filter_map(|alias| match alias {
            Alias::Name(name) => Some(join(&within, name.as_str())),
            _ => None,
        });
        paths.extend(names);
    }
    paths.extend(aliases.iter().filter_map(|alias| match alias {
        Alias::Address(address) => Some(join(address.path(), address.name())),
        _ => None,
    }));
    let mut seen = std::collections::HashSet::new();
    paths.retain(|path| seen.insert(path.clone()));
    paths
}

/// Says what is wrong with instances of other providers that are given to a resource itself.
fn foreign_instances(own: &Options, schema: &Schema) -> Vec<String> {
    let other = |instance: &&crate::expr::NodeRef| instance.address().provider() != schema.kind.provider();
    let foreign = own.providers.iter().filter(other);
    foreign
        .map(|instance| {
            let (kind, provider) = (&schema.kind, schema.kind.provider());
            format!("{} is no instance of provider `{provider}`, which {kind} needs", instance.address())
        })
        .collect()
}

impl Options {
    /// Returns what goes on to the parts of a component.
    fn inherited(&self) -> Self {
        Self {
            protect: self.protect,
            retain_on_delete: self.retain_on_delete,
            delete_before_create: self.delete_before_create,
            timeouts: self.timeouts,
            depends_on: self.depends_on.clone(),
            providers: self.providers.clone(),
            deleted_with: self.deleted_with.clone(),
            transforms: self.transforms.clone(),
            ..Self::default()
        }
    }

    /// Returns the options as they count for one kind: with no instance but one of its provider. An instance is configured
    /// by its own settings alone.
    pub(crate) fn of_kind(&self, schema: &Schema) -> Self {
        let mut options = self.clone();
        let provider = schema.kind.provider();
        options.providers.retain(|node| node.address().provider() == provider && !schema.is_instance());
        options
    }

    /// Says which options a component was given that can only be said of a resource.
    fn only_of_resources(&self) -> Vec<String> {
        let given = [
            ("ignore_changes", !self.ignore_changes.is_empty()),
            ("replace_on_changes", !self.replace_on_changes.is_empty()),
            ("replace_triggered_by", !self.triggers.is_empty()),
        ];
        let given = given.into_iter().filter(|(_, given)| *given);
        given
            .map(|(name, _)| {
                format!("`{name}` is said of a resource; `.transform(…)` says it of the parts of a component")
            })
            .collect()
    }

    /// Makes the options of a resource of them; what is wrong with them is added to `mistakes`.
    pub(super) fn lifecycle(&self, schema: &Schema, mistakes: &mut Vec<String>) -> Lifecycle {
        let mut paths = |texts: &[String]| {
            let mut known = Vec::new();
            for text in texts {
                match schema.path(text) {
                    Ok(path) => known.push(path),
                    Err(mistake) => mistakes.push(mistake),
                }
            }
            known
        };
        Lifecycle {
            protect: self.protect.unwrap_or_default(),
            keep_generation: self.protect.unwrap_or(schema.guarded),
            retain_on_delete: self.retain_on_delete.unwrap_or_default(),
            delete_before_create: self.delete_before_create.unwrap_or_default(),
            ignore_changes: paths(&self.ignore_changes),
            replace_on_changes: paths(&self.replace_on_changes),
            aliases: self.aliases.clone(),
            timeouts: self.timeouts,
            hooks: self.hooks.clone(),
        }
    }
}
