//! A draft, declared to the engine.

use std::collections::BTreeMap;

use sskuba_core::prelude::*;
use sskuba_core::resource::{InstanceOf, Managed};
use sskuba_testkit::model::{Draft, Kind, Spec};

use crate::kinds::{Base, Gate, Guest, Instance, Leaf, Mute, Sole};

/// A declared resource, whatever its kind.
enum Declared {
    Base(Handle<Base>),
    Leaf(Handle<Leaf>),
    Sole(Handle<Sole>),
    Mute(Handle<Mute>),
    Gate(Handle<Gate>),
    Guest(Handle<Guest>),
}

impl Declared {
    /// Returns what others use of it.
    fn used(&self, by_site: bool) -> Output<String> {
        match self {
            Self::Gate(handle) if by_site => handle.site(),
            Self::Gate(handle) => handle.id(),
            Self::Guest(handle) => handle.id(),
            Self::Base(handle) => handle.id(),
            Self::Leaf(handle) => handle.id(),
            Self::Sole(handle) => handle.id(),
            Self::Mute(handle) => handle.id(),
        }
    }

    fn before<R: Resource>(&self, handle: Handle<R>) -> Handle<R> {
        match self {
            Self::Base(other) => handle.depends_on(other),
            Self::Leaf(other) => handle.depends_on(other),
            Self::Sole(other) => handle.depends_on(other),
            Self::Mute(other) => handle.depends_on(other),
            Self::Gate(other) => handle.depends_on(other),
            Self::Guest(other) => handle.depends_on(other),
        }
    }
}

type Known = BTreeMap<usize, Declared>;

/// Makes a program of a draft.
pub(crate) fn program(draft: Draft) -> impl Fn(&mut Stack) -> Result + Send + Sync {
    move |stack| {
        let alt = stack.add("alt", Instance::new(format!("elsewhere-{}", draft.region)))?;
        let mut known = Known::new();
        for (&slot, spec) in &draft.specs {
            let declared = declare(stack, &draft, slot, spec, &known, &alt)?;
            known.insert(slot, declared);
        }
        Ok(())
    }
}

fn declare(
    stack: &mut Stack,
    draft: &Draft,
    slot: usize,
    spec: &Spec,
    known: &Known,
    alt: &Handle<Instance>,
) -> Result<Declared> {
    let id = |other: Option<usize>| other.and_then(|other| Some(known.get(&other)?.used(spec.by_site)));
    let (near, far) = (id(draft.near(slot)), id(draft.far(slot)));
    let (soft, hard) = (soft(spec), spec.hard);
    let after = spec.after.and_then(|after| known.get(&after));
    Ok(match Kind::of(slot) {
        Kind::Base => Declared::Base(add(stack, slot, spec, Base::new(soft, hard), after, alt)?),
        Kind::Leaf => {
            let mut leaf = Leaf::new(soft, hard);
            leaf = near.into_iter().fold(leaf, Leaf::near);
            leaf = far.into_iter().fold(leaf, Leaf::far);
            Declared::Leaf(add(stack, slot, spec, leaf, after, alt)?)
        }
        Kind::Sole => {
            let mut sole = Sole::new(soft, hard, format!("sole-{slot}"));
            sole = near.into_iter().fold(sole, Sole::near);
            sole = far.into_iter().fold(sole, Sole::far);
            Declared::Sole(add(stack, slot, spec, sole, after, alt)?)
        }
        Kind::Gate => {
            let gate = near.into_iter().fold(Gate::new(soft, hard), Gate::near);
            Declared::Gate(add(stack, slot, spec, gate, after, alt)?)
        }
        Kind::Guest => {
            let mut guest = Guest::new(soft, hard);
            guest = near.into_iter().fold(guest, Guest::near);
            guest = far.into_iter().fold(guest, Guest::far);
            Declared::Guest(add(stack, slot, spec, guest, after, alt)?)
        }
        Kind::Mute => {
            let mute = far.into_iter().fold(Mute::new(soft, hard), Mute::far);
            Declared::Mute(add(stack, slot, spec, mute, after, alt)?)
        }
    })
}

/// Returns the changeable field as it is declared.
fn soft(spec: &Spec) -> Input<u32> {
    if spec.sealed { Secret::new(spec.soft).into() } else { spec.soft.into() }
}

fn add<R: Managed>(
    stack: &mut Stack,
    slot: usize,
    spec: &Spec,
    resource: R,
    after: Option<&Declared>,
    alt: &Handle<Instance>,
) -> Result<Handle<R>>
where
    Instance: InstanceOf<R::Provider>,
{
    let name = format!("r{slot}-{}", spec.name);
    let mut handle = match spec.inside {
        true => stack.scope("group")?.add(name, resource)?,
        false => stack.add(name, resource)?,
    };
    handle = spec.former.iter().fold(handle, |handle, former| handle.alias(former));
    handle = after.into_iter().fold(handle, |handle, other| other.before(handle));
    if spec.protect {
        handle = handle.protect();
    }
    if spec.retain {
        handle = handle.retain_on_delete();
    }
    if spec.first {
        handle = handle.delete_before_create();
    }
    if spec.alt {
        handle = handle.provider(alt);
    }
    Ok(handle)
}
