//! Access to the machine API, for people.

use async_trait::async_trait;
use sskuba_core::clock::Timestamp;
use sskuba_core::provider::{Class, Cx, Failure, Handler, TypedChange, TypedObject, TypedPrior, Update};
use sskuba_core::schema::FieldError;
use sskuba_core::value::Map;

use super::freshness::{hours, is_fresh};
use super::local_kinds::{LocalKinds, bundle, invalid};
use crate::credentials;
use crate::resources::{Kind, Talosconfig, TalosconfigArgs, TalosconfigState};
use crate::secrets::Role;

/// Returns from when until when the certificate of a file's current context is valid; none if it has none.
fn validity(state: &TalosconfigState) -> Option<(Timestamp, Timestamp)> {
    let file = credentials::Talosconfig::read(state.talosconfig.expose()).ok()?;
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
        let mut state = TalosconfigState { id: id.clone(), talosconfig: file.write(), expires: 0 };
        let (_, Timestamp(until)) = validity(&state)
            .ok_or_else(|| Failure::new(Class::Terminal, "the talosconfig has no certificate"))?;
        state.expires = until;
        Ok(TypedObject::new(id, state))
    }
}

#[async_trait]
impl Handler<Talosconfig> for LocalKinds {
    async fn create(&self, cx: &Cx, args: TalosconfigArgs) -> Result<TypedObject<Talosconfig>, Failure> {
        self.talosconfig(cx.token.to_string(), &args)
    }

    /// One that is about to expire counts as gone, and so is made anew.
    async fn read(
        &self,
        _: &Cx,
        prior: TypedPrior<Talosconfig>,
    ) -> Result<Option<TypedObject<Talosconfig>>, Failure> {
        let before = hours(prior.args.map_or(1, |args| args.renew_before));
        let now = self.clock.now();
        let fresh = |state: &TalosconfigState| {
            validity(state).is_some_and(|validity| is_fresh(validity, before, now))
        };
        Ok(prior.state.filter(fresh).map(|state| TypedObject::new(prior.id, state)))
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
            renew_before: 1,
        }
    }

    fn kinds(after: Duration) -> LocalKinds {
        LocalKinds { clock: Arc::new(At(NOW.after(after))), random: Arc::new(SeededIds::new(2)) }
    }

    #[tokio::test]
    async fn it_has_the_roles_and_is_made_anew_before_it_expires() {
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

        let read = async |after| {
            let prior = TypedPrior { id: made.id.clone(), args: Some(args()), state: Some(state.clone()) };
            let cx = Cx::new(
                "local/a/b".parse().unwrap(),
                "talos:cluster:Talosconfig::a".parse().unwrap(),
                ids.token(),
                hours(1),
            );
            Handler::<Talosconfig>::read(&kinds(after), &cx, prior).await.unwrap().is_some()
        };
        assert!(read(hours(6)).await);
        assert!(!read(hours(7)).await);
    }

    #[test]
    fn what_is_wrong_is_said_at_once() {
        let wrong = TalosconfigArgs {
            cluster: String::new(),
            endpoints: Vec::new(),
            nodes: vec!["10.0.0.2:x".to_owned()],
            roles: vec!["admin".to_owned()],
            renew_before: 8,
            ..args()
        };
        let mut fields: Vec<String> =
            Talosconfig::mistakes(&wrong).into_iter().map(|mistake| mistake.field).collect();
        fields.sort();
        assert_eq!(fields, ["cluster", "endpoints", "nodes", "renew_before", "roles"]);
        assert!(Talosconfig::mistakes(&args()).is_empty());
    }
}
