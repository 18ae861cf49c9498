//! The kinds that are made without a machine: secrets and configs.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use sskuba_core::clock::{Clock, IdSource, SystemIds};
use sskuba_core::provider::{
    Class, Cx, Failure, Foresight, Handler, TypedChange, TypedObject, TypedPrior, Update,
};
use sskuba_core::schema::FieldError;
use sskuba_core::secret::Secret;
use sskuba_core::value::{Map, Value, get_map};

use crate::config;
use crate::contract::Contract;
use crate::patch::{self, Patch};
use crate::resources::{Config, ConfigArgs, ConfigState, Kind, Secrets, SecretsArgs, SecretsState};
use crate::secrets::{self, Bundle};
use crate::user_data::user_data;
use crate::validate::{Target, validate};

/// The handler of the kinds that are made without a machine.
#[derive(Debug, Clone)]
pub(crate) struct LocalKinds {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn IdSource>,
}

impl LocalKinds {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, random: Arc::new(SystemIds) }
    }
}

pub(super) fn invalid(field: &str, message: impl std::fmt::Display) -> Failure {
    Failure::new(Class::Invalid(field.to_owned()), message.to_string())
}

/// Reads a bundle and says what is wrong with it now.
pub(super) fn bundle(field: &str, text: &Secret<String>, clock: &dyn Clock) -> Result<Bundle, Failure> {
    let bundle = Bundle::from_yaml(text.expose()).map_err(|error| invalid(field, error))?;
    let problems = bundle.validate(clock.now());
    if problems.is_empty() { Ok(bundle) } else { Err(invalid(field, all(&problems))) }
}

fn all<T: ToString>(problems: &[T]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl LocalKinds {
    /// Returns secrets of no cluster, made once: what a config is tried with. The key for service accounts is of the
    /// kind that takes no time.
    fn nobodys(&self) -> Option<String> {
        static NOBODYS: OnceLock<Option<String>> = OnceLock::new();
        let make = || {
            let (now, random) = (self.clock.now(), &*self.random);
            let quick = secrets::generate_with(Secret::default(), Contract::default(), now, random).ok()?;
            let key = quick.certificates.kubernetes.key.clone();
            let bundle = secrets::generate_with(key, Contract::default(), now, random).ok()?;
            Some(bundle.to_yaml().expose().clone())
        };
        NOBODYS.get_or_init(make).clone()
    }

    async fn secrets(&self, args: SecretsArgs) -> Result<SecretsState, Failure> {
        let bundle = match &args.import {
            Some(text) => bundle("import", text, &*self.clock)?,
            None => {
                let contract = args.contract.parse().map_err(|error| invalid("contract", error))?;
                let (now, random) = (self.clock.now(), Arc::clone(&self.random));
                // The RSA key takes seconds of a core.
                let making =
                    tokio::task::spawn_blocking(move || secrets::generate(contract, now, &*random)).await;
                let made = making.map_err(|error| Failure::new(Class::Terminal, error.to_string()))?;
                made.map_err(|error| Failure::new(Class::Terminal, error.to_string()))?
            }
        };
        let text = bundle.to_yaml();
        Ok(SecretsState { id: bundle.cluster.id, bundle: text })
    }

    /// Makes a config, and what a platform is to hand to machines.
    fn config(&self, args: &ConfigArgs) -> Result<(Secret<String>, Secret<String>), Failure> {
        let bundle = bundle("secrets", &args.secrets, &*self.clock)?;
        let mut input = args.cluster.clone();
        if let Some(endpoint) = &args.endpoint {
            input.endpoint.clone_from(endpoint);
        }
        let made =
            config::generate(&input, &args.role, &bundle).map_err(|error| invalid("cluster", error))?;
        let patches: Result<Vec<Patch>, _> =
            args.patches.iter().map(|patch| Patch::parse(patch.expose())).collect();
        let patches = patches.map_err(|error| invalid("patches", error))?;
        let made = patch::apply(&made, &patches).map_err(|error| invalid("patches", error))?;
        let target = Target::new(args.platform, input.contract).at(self.clock.now());
        let report = validate(&made.documents, &target);
        if !report.errors.is_empty() {
            let field = if patches.is_empty() { "cluster" } else { "patches" };
            return Err(invalid(field, all(&report.errors)));
        }
        for warning in report.warnings {
            tracing::warn!(%warning, "machine config");
        }
        let yaml = made.to_yaml();
        let packed = user_data(&yaml, args.user_data_for).map_err(|error| invalid("user_data_for", error))?;
        Ok((yaml, packed))
    }

    fn made(&self, id: String, args: &ConfigArgs) -> Result<TypedObject<Config>, Failure> {
        let (yaml, user_data) = self.config(args)?;
        Ok(TypedObject::new(id.clone(), ConfigState { id, yaml, user_data }))
    }
}

#[async_trait]
impl Handler<Secrets> for LocalKinds {
    async fn create(&self, _: &Cx, args: SecretsArgs) -> Result<TypedObject<Secrets>, Failure> {
        let state = self.secrets(args).await?;
        Ok(TypedObject::new(state.id.clone(), state))
    }

    async fn read(
        &self,
        _: &Cx,
        prior: TypedPrior<Secrets>,
    ) -> Result<Option<TypedObject<Secrets>>, Failure> {
        Ok(prior.state.map(|state| TypedObject::new(prior.id, state)))
    }

    async fn delete(&self, _: &Cx, _: TypedPrior<Secrets>) -> Result<(), Failure> {
        Ok(())
    }

    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<Secrets>>, Failure> {
        Err(Failure::unlisted("only stacks know of them"))
    }

    fn check(&self, args: &SecretsArgs) -> Vec<FieldError> {
        Secrets::mistakes(args)
    }
}

#[async_trait]
impl Update<Secrets> for LocalKinds {
    /// What was made stays, whatever it would be made with now.
    async fn update(&self, _: &Cx, change: TypedChange<Secrets>) -> Result<TypedObject<Secrets>, Failure> {
        let state = change.prior.state;
        let state =
            state.ok_or_else(|| Failure::new(Class::Terminal, "what is recorded of it cannot be read"))?;
        Ok(TypedObject::new(change.prior.id, state))
    }
}

#[async_trait]
impl Handler<Config> for LocalKinds {
    async fn create(&self, cx: &Cx, args: ConfigArgs) -> Result<TypedObject<Config>, Failure> {
        self.made(cx.token.to_string(), &args)
    }

    async fn read(&self, _: &Cx, prior: TypedPrior<Config>) -> Result<Option<TypedObject<Config>>, Failure> {
        Ok(prior.state.map(|state| TypedObject::new(prior.id, state)))
    }

    async fn delete(&self, _: &Cx, _: TypedPrior<Config>) -> Result<(), Failure> {
        Ok(())
    }

    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<Config>>, Failure> {
        Err(Failure::unlisted("only stacks know of them"))
    }

    /// Makes the config, where the secrets are known, so that a plan says already what is wrong with it.
    fn check(&self, args: &ConfigArgs) -> Vec<FieldError> {
        let mut found = Config::mistakes(args);
        if found.is_empty()
            && let Err(Failure { class: Class::Invalid(field), message, .. }) = self.config(args)
        {
            found.push(FieldError { field, message });
        }
        found
    }

    /// Makes it with secrets that are nobody's while those of the cluster are not known.
    fn check_known(&self, inputs: &Map) -> Vec<FieldError> {
        let mut inputs = inputs.clone();
        for (field, stand_in) in
            [("secrets", self.nobodys()), ("endpoint", Some("https://endpoint:6443".into()))]
        {
            let unknown = inputs.get(field).is_some_and(Value::has_unknown);
            if let (true, Some(stand_in)) = (unknown, stand_in) {
                inputs.insert(field.to_owned(), stand_in.into());
            }
        }
        let args: Result<ConfigArgs, _> = get_map(&inputs);
        args.map(|args| Handler::<Config>::check(self, &args)).unwrap_or_default()
    }

    /// Makes it: so a plan knows what it changes on machines.
    fn foresee(&self, _: Option<&ConfigArgs>, args: &ConfigArgs) -> Foresight {
        let sealed = |text: Secret<String>| Value::from(text.expose().as_str()).into_secret();
        let named = |(yaml, packed): (Secret<String>, Secret<String>)| {
            Map::from([("yaml".to_owned(), sealed(yaml)), ("user_data".to_owned(), sealed(packed))])
        };
        let outputs = self.config(args).map(named).unwrap_or_default();
        Foresight { outputs, ..Foresight::default() }
    }
}

#[async_trait]
impl Update<Config> for LocalKinds {
    async fn update(&self, _: &Cx, change: TypedChange<Config>) -> Result<TypedObject<Config>, Failure> {
        self.made(change.prior.id, &change.args)
    }
}
