//! Access to the machine API, for people.

use async_trait::async_trait;
use sskuba_core::clock::Timestamp;
use sskuba_core::provider::{Class, Cx, Failure, Handler, TypedChange, TypedObject, TypedPrior, Update};
use sskuba_core::schema::FieldError;
use sskuba_core::value::Map;

use super::freshness::{hours, renew_at};
use super::local_kinds::{LocalKinds, bundle, invalid};
use crate::credentials;
use crate::resources::{Kind, Talosconfig, TalosconfigArgs, TalosconfigState};
use crate::secrets::Role;

/// Returns from when until when the certificate of a file's current context is valid; none if it has none.
fn validity(file: &credentials::Talosconfig) -> Option<(Timestamp, Timestamp)> {
    file.context(file.current()?).ok()?.client?.validity().ok()
}

impl LocalKinds {
    fn talosconfig(&self, id: String, args: &TalosconfigArgs) -> Result<TypedObject<Talosconfig>, Failure> {
        let bundle = bundle("secrets", &args.secrets, &*self.clock)?;
        let roles: Result<Vec<Role>, _> = args.roles.iter().map(|role| role.parse()).collect();
        let roles = roles.map_err(|error| invalid("roles", error))?;
        let client = bundle.client_certificate(&roles, hours(args.hours), self.clock.now(), &*self.random);
        let client = client.map_err(|error| invalid("secrets", error))?;
        let mut file = bundle.talosconfig(&args.cluster, &args.endpoints, client);
        if !args.nodes.is_empty() {
            let context = file.context(&args.cluster).map_err(|error| invalid("cluster", error))?;
            file.insert(&args.cluster, &credentials::Context { nodes: args.nodes.clone(), ..context });
        }
        let validity = validity(&file)
            .ok_or_else(|| Failure::new(Class::Terminal, "the talosconfig has no certificate"))?;
        let (Timestamp(expires), Timestamp(renew_at)) = (validity.1, renew_at(validity, args.renew_before));
        let state = TalosconfigState { id: id.clone(), talosconfig: file.write(), expires, renew_at };
        Ok(TypedObject::new(id, state))
    }
}

#[async_trait]
impl Handler<Talosconfig> for LocalKinds {
    async fn create(&self, cx: &Cx, args: TalosconfigArgs) -> Result<TypedObject<Talosconfig>, Failure> {
        self.talosconfig(cx.token.to_string(), &args)
    }

    async fn read(
        &self,
        _: &Cx,
        prior: TypedPrior<Talosconfig>,
    ) -> Result<Option<TypedObject<Talosconfig>>, Failure> {
        Ok(prior.state.map(|state| TypedObject::new(prior.id, state)))
    }

    async fn delete(&self, _: &Cx, _: TypedPrior<Talosconfig>) -> Result<(), Failure> {
        Ok(())
    }

    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<Talosconfig>>, Failure> {
        Err(Failure::unlisted("only stacks know of them"))
    }

    fn check(&self, args: &TalosconfigArgs) -> Vec<FieldError> {
        Talosconfig::mistakes(args)
    }

    fn check_known(&self, inputs: &Map) -> Vec<FieldError> {
        Talosconfig::wrong_addresses(inputs)
    }
}

#[async_trait]
impl Update<Talosconfig> for LocalKinds {
    async fn update(
        &self,
        _: &Cx,
        change: TypedChange<Talosconfig>,
    ) -> Result<TypedObject<Talosconfig>, Failure> {
        self.talosconfig(change.prior.id, &change.args)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use sskuba_core::clock::{Clock, IdSource as _, SeededIds, Timestamp};
    use sskuba_core::secret::Secret;

    use super::*;
    use crate::contract::Contract;
    use crate::secrets::generate_with;

    #[derive(Debug)]
    struct At(Timestamp);

    impl Clock for At {
        fn now(&self) -> Timestamp {
            self.0
        }
    }

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn args() -> TalosconfigArgs {
        let bundle = generate_with(Secret::default(), Contract::default(), NOW, &SeededIds::new(1)).unwrap();
        // A key for service accounts is not needed here, and takes seconds; any will do.
        let key = bundle.certificates.kubernetes.key.clone();
        let bundle = generate_with(key, Contract::default(), NOW, &SeededIds::new(1)).unwrap();
        TalosconfigArgs {
            secrets: bundle.to_yaml(),
            cluster: "base".to_owned(),
            endpoints: vec!["10.0.0.2".to_owned()],
            nodes: vec!["10.0.0.2".to_owned(), "10.0.0.5".to_owned()],
            roles: vec!["os:reader".to_owned(), "os:etcd:backup".to_owned()],
            hours: 8,
            renew_before: None,
        }
    }

    fn kinds(after: Duration) -> LocalKinds {
        LocalKinds { clock: Arc::new(At(NOW.after(after))), random: Arc::new(SeededIds::new(2)) }
    }

    #[tokio::test]
    async fn it_has_the_roles_and_says_when_it_is_made_anew() {
        let ids = SeededIds::new(3);
        let made = kinds(Duration::ZERO).talosconfig(ids.token().to_string(), &args()).unwrap();
        let state = made.state;
        let file = credentials::Talosconfig::read(state.talosconfig.expose()).unwrap();
        let context = file.context("base").unwrap();
        assert_eq!((context.endpoints.len(), context.nodes.len()), (1, 2));
        let mut roles = context.client.unwrap().organizations().unwrap();
        roles.sort();
        assert_eq!(roles, ["os:etcd:backup", "os:reader"]);
        assert_eq!(state.expires, NOW.after(hours(8)).0);

        // It is dated back a little, since clocks differ.
        let sooner = |after: Duration| NOW.after(after).since(Timestamp(state.renew_at));
        assert!(sooner(hours(16) / 3) < Duration::from_secs(15));
        let early = TalosconfigArgs { renew_before: Some(1), ..args() };
        let made = kinds(Duration::ZERO).talosconfig(ids.token().to_string(), &early).unwrap();
        assert_eq!(made.state.renew_at, NOW.after(hours(7)).0);
    }

    #[test]
    fn what_is_wrong_is_said_at_once() {
        let wrong = TalosconfigArgs {
            cluster: String::new(),
            endpoints: Vec::new(),
            nodes: vec!["10.0.0.2:x".to_owned()],
            roles: vec!["admin".to_owned()],
            renew_before: Some(8),
            ..args()
        };
        let mut fields: Vec<String> =
            Talosconfig::mistakes(&wrong).into_iter().map(|mistake| mistake.field).collect();
        fields.sort();
        assert_eq!(fields, ["cluster", "endpoints", "nodes", "renew_before", "roles"]);
        assert!(Talosconfig::mistakes(&args()).is_empty());
    }
}
