//! Authorities of a cluster that are replaced while it runs.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sskuba_core::clock::Timestamp;
use sskuba_core::provider::{Class, Cx, Failure, Handler, TypedChange, TypedObject, TypedPrior, Update};
use sskuba_core::schema::FieldError;
use sskuba_core::secret::Secret;
use sskuba_core::value::Map;
use tokio::task::JoinSet;

use super::applied::{is_blank, unreadable};
use super::rolling::running_config;
use super::{Api, bound, invalid, patiently};
use crate::client::Bound;
use crate::resources::{Kind, Rotation, RotationArgs, RotationState};
use crate::secrets::rotate;
use crate::secrets::{Bundle, Names, Next, Position};
use crate::yaml::{self, Node};

fn names(args: &RotationArgs) -> Names {
    Names { os: args.os.clone(), kubernetes: args.kubernetes.clone() }
}

/// Returns where the authorities are by what is recorded; with other secrets of another cluster, from the start.
fn position(args: &RotationArgs, state: Option<&RotationState>) -> Result<Position, Failure> {
    let read =
        |text: &Secret<String>| Bundle::from_yaml(text.expose()).map_err(|error| invalid("secrets", error));
    let base = read(&args.secrets)?;
    let Some(state) = state else { return Ok(Position::new(base, names(args))) };
    let bundle = read(&state.bundle)?;
    if bundle.cluster.id != base.cluster.id {
        return Ok(Position::new(base, names(args)));
    }
    let rotation = state.rotation.as_ref().map(|text| rotate::Rotation::from_yaml(text.expose())).transpose();
    let rotation = rotation.map_err(|error| Failure::new(Class::Terminal, error.to_string()))?;
    let name = |index: usize| state.names.get(index).cloned().flatten();
    Ok(Position { bundle, rotation, names: Names { os: name(0), kubernetes: name(1) } })
}

/// Tells whether a config has the authorities of a bundle, and accepts those that the bundle accepts.
fn runs_with(config: &str, bundle: &Bundle) -> bool {
    let Ok(documents) = yaml::read(config) else { return false };
    let at = |path: &[&str]| documents.iter().find_map(|document| document.at(path));
    let is = |node: Option<&Node>, pem: &str| {
        node.and_then(Node::as_str).is_some_and(|text| text == STANDARD.encode(pem))
    };
    let has = |section: &str, own: &str, accepted: &[String]| {
        let items = at(&[section, "acceptedCAs"]).and_then(Node::as_seq).unwrap_or_default();
        let accepts = |pem: &String| items.iter().any(|item| is(item.get("crt"), pem));
        is(at(&[section, "ca", "crt"]), own) && accepted.iter().all(accepts)
    };
    let (own, accepted) = (&bundle.certificates, &bundle.accepted);
    has("machine", &own.os.certificate, &accepted.os)
        && has("cluster", &own.kubernetes.certificate, &accepted.kubernetes)
}

impl Api {
    /// Says what keeps a machine from the next stage; nothing where it runs with this bundle, or has no config.
    async fn behind(&self, address: &str, bundle: &Bundle, bound: Bound) -> Option<String> {
        let ask = || async move {
            if is_blank(self, address).await? {
                return Ok(None);
            }
            running_config(&self.machine(address, bundle)?).await
        };
        match patiently(bound, ask).await {
            Ok(None) => None,
            Ok(Some(config)) if runs_with(config.expose(), bundle) => None,
            Ok(Some(_)) => Some(format!("{address} does not run with the authorities of the last stage yet")),
            Err(failure) => Some(failure.message),
        }
    }

    /// Says which machines are not ready for the next stage, and why.
    async fn all_behind(&self, cx: &Cx, args: &RotationArgs, bundle: &Bundle) -> Vec<String> {
        let bound = bound(cx, args.timeout);
        let mut asked = JoinSet::new();
        for address in &args.machines {
            let (api, address, bundle) = (self.clone(), address.clone(), bundle.clone());
            asked.spawn(async move { api.behind(&address, &bundle, bound).await });
        }
        let mut behind: Vec<String> = asked.join_all().await.into_iter().flatten().collect();
        behind.sort();
        behind
    }

    /// Writes down where the authorities are, and that there is more to do.
    fn rotation_object(&self, id: String, args: &RotationArgs, position: &Position) -> TypedObject<Rotation> {
        let Timestamp(now) = self.settings.clock.now();
        let Names { os, kubernetes } = position.names.clone();
        let state = RotationState {
            id: id.clone(),
            bundle: position.bundle.to_yaml(),
            stage: position.stage(),
            rotation: position.rotation.as_ref().map(rotate::Rotation::to_yaml),
            names: vec![os, kubernetes],
            renew_at: (position.next(&names(args)) != Next::Settled).then_some(now),
        };
        TypedObject::new(id, state)
    }
}

#[async_trait]
impl Handler<Rotation> for Api {
    async fn create(&self, cx: &Cx, args: RotationArgs) -> Result<TypedObject<Rotation>, Failure> {
        self.bundle(&args.secrets)?;
        Ok(self.rotation_object(cx.token.to_string(), &args, &position(&args, None)?))
    }

    async fn read(
        &self,
        _: &Cx,
        prior: TypedPrior<Rotation>,
    ) -> Result<Option<TypedObject<Rotation>>, Failure> {
        Ok(Some(TypedObject::new(prior.id, prior.state.ok_or_else(unreadable)?)))
    }

    async fn delete(&self, _: &Cx, _: TypedPrior<Rotation>) -> Result<(), Failure> {
        Ok(())
    }

    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<Rotation>>, Failure> {
        Err(Failure::unlisted("only stacks know of them"))
    }

    fn check(&self, args: &RotationArgs) -> Vec<FieldError> {
        Rotation::mistakes(args)
    }

    fn check_known(&self, inputs: &Map) -> Vec<FieldError> {
        Rotation::wrong_addresses(inputs)
    }

    async fn preview(&self, cx: &Cx, change: TypedChange<Rotation>) -> Result<Vec<String>, Failure> {
        let TypedChange { prior, args } = change;
        let position = position(&args, prior.state.as_ref())?;
        let Some(says) = position.next(&names(&args)).says() else { return Ok(Vec::new()) };
        let behind = self.all_behind(cx, &args, &position.bundle).await;
        if behind.is_empty() {
            return Ok(vec![says]);
        }
        let waits = format!("waits in stage `{}` for a later run: {}", position.stage(), behind.join("; "));
        Ok(vec![waits])
    }
}

#[async_trait]
impl Update<Rotation> for Api {
    /// Goes on by one stage where every machine is ready for it, and stays where it is otherwise: what depends on it brings
    /// the machines there.
    async fn update(&self, cx: &Cx, change: TypedChange<Rotation>) -> Result<TypedObject<Rotation>, Failure> {
        let TypedChange { prior, args } = change;
        let state = prior.state.ok_or_else(unreadable)?;
        let mut position = position(&args, Some(&state))?;
        if position.next(&names(&args)) != Next::Settled {
            let behind = self.all_behind(cx, &args, &position.bundle).await;
            if behind.is_empty() {
                let made = position.goes_on(&names(&args), self.settings.clock.now(), &*self.random);
                position = made.map_err(|error| Failure::new(Class::Terminal, error.to_string()))?;
            } else {
                tracing::warn!(address = %cx.address, stage = %position.stage(), ?behind, "the rotation waits");
            }
        }
        Ok(self.rotation_object(prior.id, &args, &position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Input, Role, generate};
    use crate::secrets::tests::bundle;

    #[test]
    fn a_config_shows_which_authorities_a_machine_has() {
        let (base, other) = (bundle(1), bundle(2));
        let input = Input::new("base", "https://base:6443", "1.36.3");
        let config =
            |bundle: &Bundle, role: &Role| generate(&input, role, bundle).unwrap().to_yaml().expose().clone();
        let mut accepting = base.clone();
        accepting.accepted.os = vec![other.certificates.os.certificate.clone()];
        let mut of_kubernetes = base.clone();
        of_kubernetes.accepted.kubernetes = vec![other.certificates.kubernetes.certificate.clone()];
        for role in [Role::control_plane(), Role::worker()] {
            assert!(runs_with(&config(&base, &role), &base));
            assert!(!runs_with(&config(&base, &role), &accepting));
            assert!(!runs_with(&config(&base, &role), &of_kubernetes));
            assert!(runs_with(&config(&accepting, &role), &accepting));
            assert!(runs_with(&config(&of_kubernetes, &role), &of_kubernetes));
            assert!(!runs_with(&config(&other, &role), &base));
        }
        assert!(!runs_with("", &base) && !runs_with("{", &base));
    }
}
