//! Pairs of keys, and what is sealed to them.

use async_trait::async_trait;
use sskuba_core::provider::{Class, Cx, Failure, Handler, TypedChange, TypedObject, TypedPrior, Update};
use sskuba_core::schema::FieldError;

use super::local_kinds::{LocalKinds, invalid};
use crate::resources::{KeyPair, KeyPairArgs, KeyPairState, Kind, Sealed, SealedArgs, SealedState};
use crate::sealed;

fn sealed_object(id: String, args: &SealedArgs) -> Result<TypedObject<Sealed>, Failure> {
    let text = sealed::seal(&args.config, &args.recipients).map_err(|error| invalid("recipients", error))?;
    Ok(TypedObject::new(id.clone(), SealedState { id, sealed: text }))
}

#[async_trait]
impl Handler<KeyPair> for LocalKinds {
    async fn create(&self, _: &Cx, _: KeyPairArgs) -> Result<TypedObject<KeyPair>, Failure> {
        let made = sealed::key_pair().map_err(|error| Failure::new(Class::Terminal, error.to_string()))?;
        let sealed::KeyPair { recipient, identity } = made;
        let state = KeyPairState { id: recipient.clone(), recipient: recipient.clone(), identity };
        Ok(TypedObject::new(recipient, state))
    }

    async fn read(
        &self,
        _: &Cx,
        prior: TypedPrior<KeyPair>,
    ) -> Result<Option<TypedObject<KeyPair>>, Failure> {
        Ok(prior.state.map(|state| TypedObject::new(prior.id, state)))
    }

    async fn delete(&self, _: &Cx, _: TypedPrior<KeyPair>) -> Result<(), Failure> {
        Ok(())
    }

    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<KeyPair>>, Failure> {
        Err(Failure::unlisted("only stacks know of them"))
    }

    fn check(&self, args: &KeyPairArgs) -> Vec<FieldError> {
        KeyPair::mistakes(args)
    }
}

#[async_trait]
impl Handler<Sealed> for LocalKinds {
    async fn create(&self, cx: &Cx, args: SealedArgs) -> Result<TypedObject<Sealed>, Failure> {
        sealed_object(cx.token.to_string(), &args)
    }

    async fn read(&self, _: &Cx, prior: TypedPrior<Sealed>) -> Result<Option<TypedObject<Sealed>>, Failure> {
        Ok(prior.state.map(|state| TypedObject::new(prior.id, state)))
    }

    async fn delete(&self, _: &Cx, _: TypedPrior<Sealed>) -> Result<(), Failure> {
        Ok(())
    }

    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<Sealed>>, Failure> {
        Err(Failure::unlisted("only stacks know of them"))
    }

    fn check(&self, args: &SealedArgs) -> Vec<FieldError> {
        Sealed::mistakes(args)
    }
}

#[async_trait]
impl Update<Sealed> for LocalKinds {
    async fn update(&self, _: &Cx, change: TypedChange<Sealed>) -> Result<TypedObject<Sealed>, Failure> {
        sealed_object(change.prior.id, &change.args)
    }
}
