//! What a kind is tried with: inputs, and hooks that make the peer misbehave.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::value::{Map, Value};

type Done = Pin<Box<dyn Future<Output = ()>>>;

/// Something that the author does to the peer; the text is the id of an object, where one is meant.
pub(super) type Hook = Arc<dyn Fn(String) -> Done>;

/// Makes the inputs of the n-th of several objects.
pub(super) type Another = Arc<dyn Fn(usize) -> serde_json::Value>;

/// The inputs that a kind is tried with, and the hooks through which the suite makes the peer misbehave.
///
/// A hook belongs to the peer: the fake of a service, a proxy in front of it, or the service itself under another
/// account. Each is optional; what is not tried for want of one is in the suite's [findings](super::Findings).
///
/// ```
/// use std::sync::Arc;
/// use serde_json::json;
/// use sskuba_core::testing::provider_conformance::Case;
///
/// # #[derive(Default)] struct FakeWiki;
/// # impl FakeWiki { async fn lose_next_answer(&self) {} async fn delete(&self, _id: &str) {} }
/// let wiki = Arc::new(FakeWiki::default());
/// let case = Case::new(json!({"title": "Home"}))
///     .another(|n| json!({"title": format!("Page {n}")}))
///     .page_size(50)
///     .lose_next_answer({
///         let wiki = Arc::clone(&wiki);
///         async move || wiki.lose_next_answer().await
///     })
///     .remove(async move |id: String| wiki.delete(&id).await);
/// ```
#[derive(Clone)]
pub struct Case {
    pub(super) create: Map,
    pub(super) update: Option<Map>,
    pub(super) replacement: Option<Map>,
    pub(super) settings: Option<Map>,
    pub(super) only_in_state: bool,
    pub(super) reports_drift: bool,
    pub(super) timeout: Duration,
    pub(super) another: Option<Another>,
    pub(super) page_size: Option<usize>,
    pub(super) unknown_id: Option<String>,
    pub(super) hooks: Hooks,
}

/// What the author can do to the peer.
#[derive(Clone, Default)]
pub(super) struct Hooks {
    pub(super) lose: Option<Hook>,
    pub(super) throttle: Option<Hook>,
    pub(super) hide: Option<Hook>,
    pub(super) fail: Option<Hook>,
    pub(super) remove: Option<Hook>,
    pub(super) unset: Vec<(String, Hook)>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case")
            .field("create", &self.create)
            .field("update", &self.update)
            .field("replacement", &self.replacement)
            .finish_non_exhaustive()
    }
}

impl Case {
    /// Starts with the inputs of the first create. What they refer to must exist.
    ///
    /// # Panics
    /// If `inputs` is not an object.
    pub fn new(inputs: serde_json::Value) -> Self {
        Self {
            create: map(inputs),
            update: None,
            replacement: None,
            settings: None,
            only_in_state: false,
            reports_drift: false,
            timeout: Duration::from_secs(60),
            another: None,
            page_size: None,
            unknown_id: None,
            hooks: Hooks::default(),
        }
    }

    /// Adds inputs that the object can be changed to.
    ///
    /// # Panics
    /// If `inputs` is not an object.
    #[must_use]
    pub fn update(mut self, inputs: serde_json::Value) -> Self {
        self.update = Some(map(inputs));
        self
    }

    /// Adds inputs that need another object.
    ///
    /// # Panics
    /// If `inputs` is not an object.
    #[must_use]
    pub fn replacement(mut self, inputs: serde_json::Value) -> Self {
        self.replacement = Some(map(inputs));
        self
    }

    /// Tries the instance that these settings make instead of the default one.
    #[must_use]
    pub fn settings(mut self, settings: Map) -> Self {
        self.settings = Some(settings);
        self
    }

    /// Says that nothing of the kind exists outside of the state, so that `read` answers after a delete, too, and
    /// a create that is made again may answer with another id.
    #[must_use]
    pub fn only_in_state(mut self) -> Self {
        self.only_in_state = true;
        self
    }

    /// Says that `read` reports the inputs, so that an update must show in it.
    #[must_use]
    pub fn reports_inputs(mut self) -> Self {
        self.reports_drift = true;
        self
    }

    /// Sets how long each call may take; a minute otherwise.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Adds the inputs of several objects that can be there together: those of the first, the second, and so on.
    #[must_use]
    pub fn another(mut self, inputs: impl Fn(usize) -> serde_json::Value + 'static) -> Self {
        self.another = Some(Arc::new(inputs));
        self
    }

    /// Says how many objects the service puts on one page of a list, at the least. Best is a peer with small pages: the
    /// suite makes one object more. It needs [`another`](Self::another).
    #[must_use]
    pub fn page_size(mut self, objects: usize) -> Self {
        self.page_size = Some(objects);
        self
    }

    /// Adds an id that has the right form and that no object has: a read of it has to say that it is gone.
    #[must_use]
    pub fn unknown_id(mut self, id: impl Into<String>) -> Self {
        self.unknown_id = Some(id.into());
        self
    }

    /// Adds what makes the peer do what the next changing call asks for and lose the answer.
    #[must_use]
    pub fn lose_next_answer(mut self, hook: impl AsyncFn() + 'static) -> Self {
        self.hooks.lose = Some(for_all(hook));
        self
    }

    /// Adds what makes the peer refuse the next call, or the next few, because there were too many.
    #[must_use]
    pub fn throttle(mut self, hook: impl AsyncFn() + 'static) -> Self {
        self.hooks.throttle = Some(for_all(hook));
        self
    }

    /// Adds what makes the peer hide the object that is made next from reads, searches and lists, for as long as the
    /// kind's `visibility` says.
    #[must_use]
    pub fn hide(mut self, hook: impl AsyncFn() + 'static) -> Self {
        self.hooks.hide = Some(for_all(hook));
        self
    }

    /// Adds what makes the peer give up the object that is made next, before it can be used.
    #[must_use]
    pub fn fail(mut self, hook: impl AsyncFn() + 'static) -> Self {
        self.hooks.fail = Some(for_all(hook));
        self
    }

    /// Adds what deletes the object of an id at the peer, behind the provider's back.
    #[must_use]
    pub fn remove(mut self, hook: impl AsyncFn(String) + 'static) -> Self {
        self.hooks.remove = Some(for_one(hook));
        self
    }

    /// Adds what takes the value of a field away from the object of an id, behind the provider's back. The inputs of the
    /// first create have to set the field. May be said of several fields.
    #[must_use]
    pub fn unset_field(mut self, field: impl Into<String>, hook: impl AsyncFn(String) + 'static) -> Self {
        self.hooks.unset.push((field.into(), for_one(hook)));
        self
    }
}

fn for_all(hook: impl AsyncFn() + 'static) -> Hook {
    let hook = Arc::new(hook);
    Arc::new(move |_| {
        let hook = Arc::clone(&hook);
        Box::pin(async move { hook().await })
    })
}

fn for_one(hook: impl AsyncFn(String) + 'static) -> Hook {
    let hook = Arc::new(hook);
    Arc::new(move |id| {
        let hook = Arc::clone(&hook);
        Box::pin(async move { hook(id).await })
    })
}

#[expect(clippy::panic, reason = "a test's own mistake ends the test")]
pub(super) fn map(json: serde_json::Value) -> Map {
    match Value::from_json(json) {
        Value::Map(map) => map,
        other => panic!("the inputs of a case are an object, not {}", other.sort()),
    }
}
