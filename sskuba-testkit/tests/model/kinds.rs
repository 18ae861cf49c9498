//! The model's kinds, as the engine knows them.

use std::sync::Arc;

use sskuba_core::prelude::*;
use sskuba_core::schema::Schema;

/// Needs nothing.
#[derive(Resource, Debug)]
#[resource(kind = "model:cloud:Base", idempotency = "token", create = "2s", update = "1s", delete = "1s")]
pub(crate) struct Base {
    /// A field that can be changed.
    soft: Input<u32>,
    /// A field that cannot.
    #[resource(force_new)]
    hard: Input<u32>,
    /// The id.
    #[resource(computed, id, pattern = "base-{hex:12}")]
    id: Computed<String>,
}

/// Stands on a base and points to another.
#[derive(Resource, Debug)]
#[resource(
    kind = "model:cloud:Leaf",
    idempotency = "tag",
    visibility = "5s",
    create = "1s",
    update = "2s",
    delete = "1s"
)]
pub(crate) struct Leaf {
    /// A field that can be changed.
    soft: Input<u32>,
    /// A field that cannot.
    #[resource(force_new)]
    hard: Input<u32>,
    /// What it stands on.
    #[resource(force_new, reference = "model:cloud:Base")]
    near: Option<Input<String>>,
    /// What it points to.
    #[resource(reference = "model:cloud:Base")]
    far: Option<Input<String>>,
    /// The id.
    #[resource(computed, id, pattern = "leaf-{hex:12}")]
    id: Computed<String>,
}

/// There is one of each name in a place.
#[derive(Resource, Debug)]
#[resource(
    kind = "model:cloud:Sole",
    idempotency = "token",
    create = "3s",
    update = "1s",
    delete = "2s",
    unique = "name"
)]
pub(crate) struct Sole {
    /// A field that can be changed.
    soft: Input<u32>,
    /// A field that cannot.
    #[resource(force_new)]
    hard: Input<u32>,
    /// Its name, which no other may have.
    #[resource(force_new)]
    name: Input<String>,
    /// What it stands on.
    #[resource(force_new, reference = "model:cloud:Base")]
    near: Option<Input<String>>,
    /// What it points to.
    #[resource(reference = "model:cloud:Leaf")]
    far: Option<Input<String>>,
    /// The id.
    #[resource(computed, id, pattern = "sole-{hex:12}")]
    id: Computed<String>,
}

/// Its service knows neither tokens nor tags.
#[derive(Resource, Debug)]
#[resource(kind = "model:cloud:Mute", idempotency = "none", create = "1s", update = "1s", delete = "1s")]
pub(crate) struct Mute {
    /// A field that can be changed.
    soft: Input<u32>,
    /// A field that cannot.
    #[resource(force_new)]
    hard: Input<u32>,
    /// What it points to.
    #[resource(reference = "model:cloud:Base")]
    far: Option<Input<String>>,
    /// The id.
    #[resource(computed, id, pattern = "mute-{hex:12}")]
    id: Computed<String>,
}

/// Exists before it can be used.
#[derive(Resource, Debug)]
#[resource(
    kind = "model:cloud:Gate",
    idempotency = "token",
    create = "5s",
    made = "1s",
    update = "1s",
    delete = "1s"
)]
pub(crate) struct Gate {
    /// A field that can be changed.
    soft: Input<u32>,
    /// A field that cannot.
    #[resource(force_new)]
    hard: Input<u32>,
    /// What it stands on.
    #[resource(force_new, reference = "model:cloud:Base")]
    near: Option<Input<String>>,
    /// The id.
    #[resource(computed, id, early, pattern = "gate-{hex:12}")]
    id: Computed<String>,
    /// Where it is found; known when it can be used.
    #[resource(volatile, pattern = "site-{hex:12}")]
    site: Computed<String>,
}

/// Stands on a gate and points to another.
#[derive(Resource, Debug)]
#[resource(kind = "model:cloud:Guest", idempotency = "token", create = "1s", update = "1s", delete = "1s")]
pub(crate) struct Guest {
    /// A field that can be changed.
    soft: Input<u32>,
    /// A field that cannot.
    #[resource(force_new)]
    hard: Input<u32>,
    /// The id or the site of what it stands on.
    #[resource(force_new)]
    near: Option<Input<String>>,
    /// The id or the site of what it points to.
    far: Option<Input<String>>,
    /// The id.
    #[resource(computed, id, pattern = "guest-{hex:12}")]
    id: Computed<String>,
}

/// An instance of the provider.
#[derive(Resource, Debug)]
#[resource(kind = "model:provider:Instance", idempotency = "token")]
pub(crate) struct Instance {
    /// The region.
    region: Input<String>,
    /// The id.
    #[resource(computed, id)]
    id: Computed<String>,
}

/// Returns all schemas.
pub(crate) fn schemas() -> Vec<Arc<Schema>> {
    vec![
        Base::schema(),
        Leaf::schema(),
        Sole::schema(),
        Mute::schema(),
        Gate::schema(),
        Guest::schema(),
        Instance::schema(),
    ]
}
