//! Whose an object is: that of the generation that a call is about, or a stranger's with the key of one that is to be made.

use std::error::Error;
use std::fmt::Debug;

use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use sskuba_core::provider::{Class, Failure};

use super::{Call, Found, Objects, Operations, Which, refusal};
use crate::tags::{self, Tags};

/// Makes the failure of a create that met an object of somebody else.
fn stranger(what: &str, found: &Tags, id: &str) -> Failure {
    Failure::exists(format!("{what} is there already: {}", owner(found)), id)
}

/// Adds to a service's refusal which object it met; an own one, which a create counts as made, is returned instead.
pub(crate) fn met<A: Objects>(
    call: &Call<'_, A>,
    mut refusal: Failure,
    id: String,
    found: &Tags,
) -> Result<String, Failure> {
    if is_own(call, found) {
        return Ok(id);
    }
    refusal.message = format!("{}: {id}: {}", refusal.message, owner(found));
    refusal.exists = Some(id);
    Err(refusal)
}

/// Refuses an object with the key of the wanted one that is not this generation's.
pub(crate) fn refuse_foreign<A: Objects>(
    call: &Call<'_, A>,
    what: &str,
    found: &Tags,
    id: &str,
) -> Result<(), Failure> {
    if is_own(call, found) { Ok(()) } else { Err(stranger(what, found, id)) }
}

/// Tells whether tags are those of the generation that a call is about.
fn is_own<A: Objects>(call: &Call<'_, A>, found: &Tags) -> bool {
    found.get(tags::TOKEN) == Some(&call.token())
}

fn owner(found: &Tags) -> String {
    match (found.get(tags::STACK), found.get(tags::ADDRESS)) {
        (Some(stack), Some(address)) => format!("it belongs to {address} of stack {stack}"),
        _ => "it belongs to no stack".to_owned(),
    }
}

impl<A: Objects> Call<'_, A> {
    /// Returns our object where AWS says that the key of the wanted one is taken; another's is named in the refusal. The
    /// key is told by filters that the service knows.
    pub(crate) async fn taken<R: Operations<Api = A>>(
        &self,
        error: &SdkError<impl ProvideErrorMetadata + Error + 'static, impl Debug>,
        key: Vec<(&'static str, String)>,
        same: impl Fn(&R::Item) -> bool,
    ) -> Result<Found<R::Item>, Failure> {
        let refusal = refusal(error, self);
        let there = R::describe(self.aws, Which::With(key)).await?.into_iter().find(|found| same(found));
        let Some(there) = there else { return Err(refusal) };
        met(self, refusal, there.id.clone(), &there.tags)?;
        Ok(there)
    }

    /// Returns the one object that carries the token of this call. The tags are looked at again: an endpoint that does
    /// not know the filter must not hand us what belongs to others. Two can be there only if something else copied the
    /// tag.
    pub(crate) async fn own<R: Operations<Api = A>>(&self) -> Result<Option<Found<R::Item>>, Failure> {
        let found = R::describe(self.aws, Which::Token(self.token())).await?.into_iter();
        let mut ours: Vec<_> =
            found.filter(|found| R::is_alive(found) && is_own(self, &found.tags)).collect();
        match (ours.len(), ours.pop()) {
            (0 | 1, one) => Ok(one),
            (count, _) => {
                let (address, token) = (&self.cx.address, self.token());
                let message = format!("{count} objects of {address} carry the tag {} = {token}", tags::TOKEN);
                Err(Failure::new(Class::Conflict, message)
                    .hint("delete those that are not this stack's, or take the tag off them, and run again"))
            }
        }
    }
}
