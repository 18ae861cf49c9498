//! An administrator's kubeconfig.

use std::time::Duration;

use async_trait::async_trait;
use sskuba_core::clock::Timestamp;
use sskuba_core::provider::{Class, Cx, Failure, Handler, TypedChange, TypedObject, TypedPrior};
use sskuba_core::schema::FieldError;
use sskuba_core::secret::Secret;

use super::{Api, failed, invalid};
use crate::credentials;
use crate::resources::{Kind, Kubeconfig, KubeconfigArgs, KubeconfigState};

fn hours(hours: u32) -> Duration {
    Duration::from_secs(u64::from(hours) * 3600)
}

/// Returns until when the certificate of the current context is valid.
fn expires(file: &credentials::Kubeconfig) -> Result<Timestamp, Failure> {
    let odd = |why: String| Failure::new(Class::Terminal, format!("the kubeconfig: {why}"));
    let context = file.current().ok_or_else(|| odd("it has no current context".to_owned()))?;
    let access = file.access(context).map_err(|error| odd(error.to_string()))?;
    access.expires.ok_or_else(|| odd("its user has no certificate".to_owned()))
}

impl Api {
    async fn make(&self, args: &KubeconfigArgs) -> Result<(Secret<String>, u64), Failure> {
        let bundle = self.bundle(&args.secrets)?;
        let text = match &args.address {
            Some(address) => self.machine(address, &bundle)?.kubeconfig().await.map_err(failed)?,
            None => {
                let (lifetime, now) = (hours(args.hours), self.settings.clock.now());
                let made = bundle.kubeconfig(&args.cluster, &args.endpoint, lifetime, now, &*self.random);
                let file = made.map_err(|error| invalid("endpoint", error))?;
                file.write().map_err(|error| Failure::new(Class::Terminal, error.to_string()))?
            }
        };
        let read = credentials::Kubeconfig::read(text.expose());
        let file = read.map_err(|error| Failure::new(Class::Terminal, error.to_string()))?;
        let Timestamp(expires) = expires(&file)?;
        Ok((text, expires))
    }

    async fn object(&self, id: String, args: &KubeconfigArgs) -> Result<TypedObject<Kubeconfig>, Failure> {
        let (kubeconfig, expires) = self.make(args).await?;
        Ok(TypedObject::new(id.clone(), KubeconfigState { id, kubeconfig, expires }))
    }
}

#[async_trait]
impl Handler<Kubeconfig> for Api {
    async fn create(&self, cx: &Cx, args: KubeconfigArgs) -> Result<TypedObject<Kubeconfig>, Failure> {
        self.object(cx.token.to_string(), &args).await
    }

    /// One that is about to expire counts as gone, and so is made anew.
    async fn read(
        &self,
        _: &Cx,
        prior: TypedPrior<Kubeconfig>,
    ) -> Result<Option<TypedObject<Kubeconfig>>, Failure> {
        let before = prior.args.map_or(1, |args| args.renew_before);
        let now = self.settings.clock.now();
        let fresh = |state: &KubeconfigState| now.after(hours(before)).0 < state.expires;
        Ok(prior.state.filter(fresh).map(|state| TypedObject::new(prior.id, state)))
    }

    async fn update(
        &self,
        _: &Cx,
        change: TypedChange<Kubeconfig>,
    ) -> Result<TypedObject<Kubeconfig>, Failure> {
        self.object(change.prior.id, &change.args).await
    }

    async fn delete(&self, _: &Cx, _: TypedPrior<Kubeconfig>) -> Result<(), Failure> {
        Ok(())
    }

    fn check(&self, args: &KubeconfigArgs) -> Vec<FieldError> {
        Kubeconfig::mistakes(args)
    }
}
