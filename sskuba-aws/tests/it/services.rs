//! What the tests of the services beside EC2 have in common: the suite with what others delete, and imports and lists of what
//! somebody made by hand.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value as Json;
use sskuba_core::address::{Address, Token};
use sskuba_core::plan::Action;
use sskuba_core::prelude::*;
use sskuba_core::provider::{Class, Cx, Effect, Object, Prior};
use sskuba_core::stack::Program;
use sskuba_core::testing::provider_conformance::{Case, assert_conforms};

use crate::stacks::behind;
use crate::stage::Stage;

/// The addresses of what is imported and listed, of every service.
pub(crate) fn addresses() -> impl Iterator<Item = &'static str> {
    let all = [
        crate::certificates::ADDRESSES,
        crate::dns::ADDRESSES,
        crate::identity::ADDRESSES,
        crate::images::ADDRESSES,
        crate::keeping::ADDRESSES,
        crate::made_by_hand::ADDRESSES,
        crate::secrets::ADDRESSES,
    ];
    all.into_iter().flatten().copied()
}

/// Runs a kind through the suite. `another` are inputs of several that can be there together, and `remove` is what deletes the
/// object `$ID` behind its back.
pub(crate) async fn conforms(stage: &Stage, kind: &str, mut case: Case, remove: &str) {
    if let Some(settings) = &stage.settings {
        case = case.settings(settings.clone());
    }
    let remove = remove.to_owned();
    let case = case.reports_inputs().remove(async move |id: String| {
        behind(&remove.replace("$ID", &id));
    });
    assert_conforms(stage.factory.as_ref(), kind, &case).await;
}

/// Imports what somebody made by hand, by the name that `ids` has for it, and finds nothing to do; lists each kind, and finds
/// it there as it is read. The instance that the program has is made first.
pub(crate) async fn imported(
    stage: Stage,
    ids: &Json,
    addresses: &[&str],
    instance: impl Program,
    program: impl Program + Clone,
) {
    for address in addresses {
        let (kind, name) = address.split_once("::").unwrap();
        let id = ids[name].as_str().unwrap_or_else(|| panic!("{name} has no id: {ids}"));
        let at = Address::parse(&format!("{kind}::all")).unwrap();
        let cx = Cx::new(stage.stack.clone(), at, Token::new([9; 16]), Duration::from_secs(60));
        let listed: Vec<Object> = stage.provider.list(&cx).await.unwrap();
        let all: BTreeSet<&str> = listed.iter().map(|object| object.id.as_str()).collect();
        assert_eq!(all.len(), listed.len(), "{kind} lists something twice");
        let found = listed.iter().find(|object| object.id == id);
        let found = found.unwrap_or_else(|| panic!("{kind} does not list {id}: {all:?}"));
        let prior = Prior { id: id.to_owned(), ..Prior::default() };
        assert_eq!(found, &stage.provider.read(&cx, &prior).await.unwrap().unwrap(), "{kind}");
    }
    let on = stage.stacked();
    on.up(instance).await;
    for address in addresses {
        let id = ids[address.rsplit("::").next().unwrap()].as_str().unwrap();
        let imported = on.import(&program, address, id).await.unwrap();
        assert_eq!((imported.action, imported.changes), (Action::Same, vec![]), "{address}");
    }
    assert_eq!(on.up(program.clone()).await, [0; 4]);
    on.down().await;
}

/// What a program has whose resources are of the default instance.
pub(crate) fn no_instance(_: &mut Stack) -> Result<()> {
    Ok(())
}

/// A create that meets what is there already takes nothing over, and says what it is.
pub(crate) async fn refused<R: Resource>(stage: &Stage, resource: R, id: &str) {
    let kind = R::schema().kind.clone();
    let failure = stage.try_create(stage.cx::<R>("other"), resource).await.err();
    let failure = failure.unwrap_or_else(|| panic!("{kind} was taken over"));
    assert_eq!(
        (&failure.class, &failure.effect),
        (&Class::Conflict, &Effect::NotApplied),
        "{kind}: {failure}"
    );
    assert_eq!(failure.exists.as_deref(), Some(id), "{kind}: {failure}");
}
