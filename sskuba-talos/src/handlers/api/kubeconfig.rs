//! An administrator's kubeconfig.

use async_trait::async_trait;
use sskuba_core::clock::Timestamp;
use sskuba_core::provider::{Class, Cx, Failure, Handler, TypedChange, TypedObject, TypedPrior, Update};
use sskuba_core::schema::FieldError;
use sskuba_core::secret::Secret;
use sskuba_core::value::Map;

use super::{Api, failed, invalid, not_yet};
use crate::credentials;
use crate::handlers::freshness::{hours, renew_at};
use crate::resources::{Kind, Kubeconfig, KubeconfigArgs, KubeconfigState};

/// Returns from when until when the certificate of the current context is valid.
fn validity(text: &Secret<String>) -> Result<(Timestamp, Timestamp), Failure> {
    let odd = |why: String| Failure::new(Class::Terminal, format!("the kubeconfig: {why}"));
    let file = credentials::Kubeconfig::read(text.expose()).map_err(|error| odd(error.to_string()))?;
    let context = file.current().ok_or_else(|| odd("it has no current context".to_owned()))?;
    let access = file.access(context).map_err(|error| odd(error.to_string()))?;
    let client = access.client.ok_or_else(|| odd("its user has no certificate".to_owned()))?;
    client.validity().map_err(|error| odd(error.to_string()))
}

impl Api {
    async fn make(&self, id: String, args: &KubeconfigArgs) -> Result<TypedObject<Kubeconfig>, Failure> {
        let bundle = self.bundle(&args.secrets)?;
        let text = match &args.address {
            Some(address) => self.machine(address, &bundle)?.kubeconfig().await.map_err(failed)?,
            None => {
                let (lifetime, now) = (hours(args.hours), self.settings.clock.now());
                let made = bundle.kubeconfig(&args.cluster, &args.endpoint, lifetime, now, &*self.random);
                let file = made.map_err(|error| invalid("endpoint", error))?;
                file.write()
            }
        };
        let validity = validity(&text)?;
        let (Timestamp(expires), Timestamp(renew_at)) = (validity.1, renew_at(validity, args.renew_before));
        let state = KubeconfigState { id: id.clone(), kubeconfig: text, expires, renew_at };
        Ok(TypedObject::new(id, state))
    }

    async fn object(
        &self,
        cx: &Cx,
        id: String,
        args: &KubeconfigArgs,
    ) -> Result<TypedObject<Kubeconfig>, Failure> {
        self.make(id, args).await.map_err(|failure| not_yet(cx, failure))
    }
}

#[async_trait]
impl Handler<Kubeconfig> for Api {
    async fn create(&self, cx: &Cx, args: KubeconfigArgs) -> Result<TypedObject<Kubeconfig>, Failure> {
        self.object(cx, cx.token.to_string(), &args).await
    }

    async fn read(
        &self,
        _: &Cx,
        prior: TypedPrior<Kubeconfig>,
    ) -> Result<Option<TypedObject<Kubeconfig>>, Failure> {
        Ok(prior.state.map(|state| TypedObject::new(prior.id, state)))
    }

    async fn delete(&self, _: &Cx, _: TypedPrior<Kubeconfig>) -> Result<(), Failure> {
        Ok(())
    }

    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<Kubeconfig>>, Failure> {
        Err(Failure::unlisted("what was done to machines, only stacks know"))
    }

    fn check(&self, args: &KubeconfigArgs) -> Vec<FieldError> {
        Kubeconfig::mistakes(args)
    }

    fn check_known(&self, inputs: &Map) -> Vec<FieldError> {
        Kubeconfig::wrong_addresses(inputs)
    }
}

#[async_trait]
impl Update<Kubeconfig> for Api {
    async fn update(
        &self,
        cx: &Cx,
        change: TypedChange<Kubeconfig>,
    ) -> Result<TypedObject<Kubeconfig>, Failure> {
        self.object(cx, change.prior.id, &change.args).await
    }
}
