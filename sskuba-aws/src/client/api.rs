//! The services: a client each, and what is kept of one while the program runs.

use std::ops::Deref;
use std::sync::Arc;

use async_trait::async_trait;
use aws_config::SdkConfig;
use sskuba_core::provider::Failure;
use tokio::sync::Semaphore;

use super::account::Loaded;
use super::batches::Batches;
use super::failure::Placed;
use super::sent_creates::SentCreates;
use crate::tags::Tags;

/// How many reads ask about one object alone at a time: EC2's request buckets hold 50 to 100 calls.
const TURNS: usize = 50;

/// The client of a service, as its SDK has it.
pub(crate) trait Api: Send + Sync + Sized + 'static {
    /// Makes the client.
    fn connect(config: &SdkConfig) -> Self;
}

/// A service with objects that can be tagged.
#[async_trait]
pub(crate) trait Objects: Api {
    /// The most objects that are asked for at once.
    const MOST: usize;
    /// Whether objects are found by filters, so that one question about many does not fail where one is not there.
    const FILTERS: bool;

    /// Gives an object tags.
    async fn tag(aws: &Aws<Self>, id: &str, tags: Tags) -> Result<(), Failure>;

    /// Takes tags from an object.
    async fn untag(aws: &Aws<Self>, id: &str, keys: Vec<String>) -> Result<(), Failure>;
}

/// A client, and where its calls go. It is used as the client itself.
pub(crate) struct Aws<A> {
    client: A,
    /// Where the calls go, for messages.
    pub(crate) place: String,
}

impl<A> Deref for Aws<A> {
    type Target = A;
    fn deref(&self) -> &A {
        &self.client
    }
}

impl<A> Placed for Aws<A> {
    fn place(&self) -> &str {
        &self.place
    }
}

/// A service of one provider instance: its client, and what is common to its kinds.
pub(crate) struct Service<A> {
    aws: Arc<Aws<A>>,
    /// The descriptions that are asked for in batches.
    pub(super) batches: Batches<A>,
    /// The turns of reads that ask about one object alone.
    pub(super) turns: Semaphore,
    /// What was sent to make objects that can carry no token.
    pub(crate) sent_creates: SentCreates,
}

impl<A: Api> Service<A> {
    pub(super) fn new(loaded: &Loaded) -> Self {
        let aws = Arc::new(Aws { client: A::connect(&loaded.config), place: loaded.place.clone() });
        let batches = Batches::new(Arc::clone(&aws));
        Self { aws, batches, turns: Semaphore::new(TURNS), sent_creates: SentCreates::default() }
    }
}

impl<A> Deref for Service<A> {
    type Target = Aws<A>;
    fn deref(&self) -> &Aws<A> {
        &self.aws
    }
}
