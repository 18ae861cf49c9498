//! Replaces a certificate authority while the cluster runs: at no moment does a machine meet one it does not trust.
//!
//! A rotation has three stages. Each is a bundle and authorities to accept, which together make the configs of all
//! machines; the next stage may begin when every machine runs with the configs of this one. The credentials of clients
//! come from the bundle of the stage that is being rolled out: all machines trust them already, whichever of the two
//! configs they run with. What a client has to trust are both authorities until the last stage.
//!
//! | stage | issues | is accepted as well |
//! |---|---|---|
//! | [`Stage::AcceptNew`] | old | new |
//! | [`Stage::IssueNew`] | new | old |
//! | [`Stage::DropOld`] | new | |
//!
//! ```
//! # use sskuba_core::clock::{SeededIds, Timestamp};
//! # use sskuba_core::secret::Secret;
//! # use sskuba_talos::contract::Contract;
//! # use sskuba_talos::secrets::generate_with;
//! use sskuba_talos::secrets::rotate::{Rotation, Stage, Which, begin};
//!
//! # let (now, random) = (Timestamp(1_764_000_000_000), SeededIds::new(1));
//! # let bundle = generate_with(Secret::new(String::new()), Contract::default(), now, &random)?;
//! let mut rotation = begin(&bundle, Which::Os, now, &random)?;
//! loop {
//!     let step = rotation.step(&bundle)?;
//!     // Make the configs of all machines from step.bundle, have them accept step.accepted
//!     // (`MachineConfig::accepting`), apply them, then keep the state.
//!     let kept = rotation.to_yaml();
//!     rotation = Rotation::from_yaml(kept.expose())?;
//!     if !rotation.advance() {
//!         assert_eq!((step.stage, step.accepted.os.len()), (Stage::DropOld, 0));
//!         break;
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;

use sskuba_core::clock::{IdSource, Timestamp};
use sskuba_core::secret::Secret;

use super::authority::Authority;
pub use super::bundle::Accepted;
use super::bundle::{Bundle, CertificateAndKey};
use super::generate::new_authority;
use super::import::Finder;
use super::problem::{BundleError, MakeError, Problem};
use super::yaml::{encode, map};
use crate::pki::{Certificate, Key};
use crate::yaml::{read, write};

/// An authority that can be rotated. Machine configs have no place for a second authority of etcd or of the aggregator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The machine API's.
    Os,
    /// That of Kubernetes.
    Kubernetes,
}

impl Which {
    /// Returns the authority.
    pub const fn authority(self) -> Authority {
        match self {
            Self::Os => Authority::Os,
            Self::Kubernetes => Authority::Kubernetes,
        }
    }
}

/// How far a rotation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The old authority issues, the new one is accepted.
    AcceptNew,
    /// The new authority issues, the old one is accepted.
    IssueNew,
    /// Only the new authority is left.
    DropOld,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Self; 3] = [Self::AcceptNew, Self::IssueNew, Self::DropOld];

    /// Returns the name that the state of a rotation has for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AcceptNew => "accept-new",
            Self::IssueNew => "issue-new",
            Self::DropOld => "drop-old",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A rotation of one authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    which: Which,
    stage: Stage,
    old: CertificateAndKey,
    new: CertificateAndKey,
}

/// What all machines run with in one stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Which stage.
    pub stage: Stage,
    /// What configs are made from, and what the credentials of clients are made from while they are applied.
    pub bundle: Bundle,
    /// What configs accept as well.
    pub accepted: Accepted,
    /// What a client trusts while configs are applied: both authorities until the last stage; PEM.
    pub trusted: Vec<String>,
}

/// Begins the rotation of an authority of `bundle` by making a new one. Nothing is changed by that: see [`Rotation::step`].
///
/// # Errors
/// If the present authority does not fit its key (what it issues could not be told from what others issue), or the new
/// one cannot be made.
pub fn begin(
    bundle: &Bundle,
    which: Which,
    now: Timestamp,
    random: &dyn IdSource,
) -> Result<Rotation, MakeError> {
    let authority = which.authority();
    let old = bundle.authority(authority).clone();
    if !is_pair(&old) {
        let message = "is not a certificate with its key; correct the bundle before it is rotated";
        return Err(MakeError::other(format!("certs.{authority}"), message));
    }
    let new = new_authority(authority, now, random)?;
    Ok(Rotation { which, stage: Stage::AcceptNew, old, new })
}

impl Rotation {
    /// Returns what is rotated.
    pub const fn which(&self) -> Which {
        self.which
    }

    /// Returns the stage that it is in.
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// Returns what all machines have to run with before the next stage.
    ///
    /// `bundle` is that of the cluster, as it was before the rotation or as any stage of it left it.
    ///
    /// # Errors
    /// If the bundle has neither the old nor the new authority.
    pub fn step(&self, bundle: &Bundle) -> Result<Step, MakeError> {
        let authority = self.which.authority();
        let present = bundle.authority(authority);
        if *present != self.old && *present != self.new {
            let message = "is neither the authority that this rotation replaces nor the one it brings; \
                           the bundle is of another cluster, or was rotated by somebody else";
            return Err(MakeError::other(format!("certs.{authority}"), message));
        }
        let (issuing, accepted) = match self.stage {
            Stage::AcceptNew => (&self.old, Some(&self.new)),
            Stage::IssueNew => (&self.new, Some(&self.old)),
            Stage::DropOld => (&self.new, None),
        };
        let mut bundle = bundle.clone();
        *bundle.authority_mut(authority) = issuing.clone();
        let accepted: Vec<String> = accepted.map(|pair| pair.certificate.clone()).into_iter().collect();
        let mut trusted = vec![issuing.certificate.clone()];
        trusted.extend(accepted.iter().cloned());
        let accepted = match self.which {
            Which::Os => Accepted { os: accepted, kubernetes: Vec::new() },
            Which::Kubernetes => Accepted { os: Vec::new(), kubernetes: accepted },
        };
        Ok(Step { stage: self.stage, bundle, accepted, trusted })
    }

    /// Goes on to the next stage, which is only safe when every machine runs with the configs of this one; false if
    /// this is the last.
    pub const fn advance(&mut self) -> bool {
        self.stage = match self.stage {
            Stage::AcceptNew => Stage::IssueNew,
            Stage::IssueNew => Stage::DropOld,
            Stage::DropOld => return false,
        };
        true
    }

    /// Goes back to the stage before, under the same condition; false if this is the first, which ends by applying the
    /// configs from before the rotation, or if the old authority is dropped already.
    pub const fn retreat(&mut self) -> bool {
        match self.stage {
            Stage::IssueNew => self.stage = Stage::AcceptNew,
            Stage::AcceptNew | Stage::DropOld => return false,
        }
        true
    }

    /// Writes the state, so that a rotation outlives the program. It holds both keys.
    pub fn to_yaml(&self) -> Secret<String> {
        let pair = |pair: &CertificateAndKey| {
            map([("crt", encode(&pair.certificate)), ("key", encode(pair.key.expose()))])
        };
        let root = map([
            ("rotation", self.which.authority().key().into()),
            ("stage", self.stage.name().into()),
            ("old", pair(&self.old)),
            ("new", pair(&self.new)),
        ]);
        Secret::new(write([&root]))
    }

    /// Reads the state.
    ///
    /// # Errors
    /// If it is not one YAML document, a part is missing, or a certificate does not fit its key; all of them together.
    pub fn from_yaml(text: &str) -> Result<Self, BundleError> {
        let one = |message: String| BundleError { problems: vec![Problem::new("", message)] };
        let documents = read(text).map_err(|error| one(error.to_string()))?;
        let [root] = documents.as_slice() else {
            let message =
                format!("the state of a rotation is one document, and this has {}", documents.len());
            return Err(one(message));
        };
        let mut find = Finder::new(root, "take the state from a backup");
        let which = match find.text("rotation").as_str() {
            "k8s" => Which::Kubernetes,
            "os" => Which::Os,
            other => {
                find.judge("rotation", (!other.is_empty()).then_some("is neither os nor k8s"));
                Which::Os
            }
        };
        let name = find.text("stage");
        let stage = Stage::ALL.into_iter().find(|stage| stage.name() == name);
        let unknown = !name.is_empty() && stage.is_none();
        find.judge("stage", unknown.then_some("is none of accept-new, issue-new and drop-old"));
        let (old, new) = (find.pair("old"), find.pair("new"));
        for (path, pair) in [("old", &old), ("new", &new)] {
            let whole = !pair.certificate.is_empty() && !pair.key.expose().is_empty();
            find.judge(path, (whole && !is_pair(pair)).then_some("is not a certificate with its key"));
        }
        find.end(Self { which, stage: stage.unwrap_or(Stage::AcceptNew), old, new })
    }
}

/// Tells whether a certificate and a key can be read and belong together.
fn is_pair(pair: &CertificateAndKey) -> bool {
    let key = Key::from_pem(pair.key.expose());
    Certificate::from_pem(&pair.certificate)
        .is_ok_and(|certificate| key.is_ok_and(|key| certificate.fits(&key)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sskuba_core::clock::SeededIds;

    use super::super::tests::{NOW, bundle};
    use super::*;

    /// Who accepts what: a machine or a client accepts what one of the certificates that it trusts has signed.
    fn accepts(trusted: &[String], presented: &CertificateAndKey) -> bool {
        trusted.contains(&presented.certificate)
    }

    /// What a machine trusts by its config.
    fn trusts(step: &Step, which: Which) -> Vec<String> {
        let accepted = match which {
            Which::Os => &step.accepted.os,
            Which::Kubernetes => &step.accepted.kubernetes,
        };
        let mut all = accepted.clone();
        all.push(step.bundle.authority(which.authority()).certificate.clone());
        all
    }

    #[test]
    fn machines_and_clients_trust_each_other_at_every_moment() {
        for which in [Which::Os, Which::Kubernetes] {
            let base = bundle(1);
            let before = Step {
                stage: Stage::AcceptNew,
                bundle: base.clone(),
                accepted: Accepted::default(),
                trusted: Vec::new(),
            };
            let mut rotation = begin(&base, which, NOW, &SeededIds::new(9)).unwrap();
            let mut last = before;
            loop {
                let step = rotation.step(&last.bundle).unwrap();
                assert_eq!(step, rotation.step(&base).unwrap(), "the same from any stage's bundle");
                let authority = which.authority();
                for one in [&last, &step] {
                    for other in [&last, &step] {
                        let presented = other.bundle.authority(authority);
                        assert!(accepts(&trusts(one, which), presented), "machines in {}", step.stage);
                    }
                    let client = step.bundle.authority(authority);
                    assert!(accepts(&trusts(one, which), client), "a client in {}", step.stage);
                    assert!(accepts(&step.trusted, one.bundle.authority(authority)), "by a client");
                }
                let mut rest = step.bundle.clone();
                *rest.authority_mut(authority) = base.authority(authority).clone();
                assert_eq!(rest, base, "nothing else changes");
                assert_eq!(step.bundle.validate(NOW), []);
                last = step;
                if !rotation.advance() {
                    break;
                }
            }
            assert_eq!(last.stage, Stage::DropOld);
            assert_eq!(last.accepted, Accepted::default());
            assert_ne!(last.bundle.authority(which.authority()), base.authority(which.authority()));
            assert_eq!(last.trusted, [last.bundle.authority(which.authority()).certificate.clone()]);
        }
    }

    #[test]
    fn the_state_outlives_the_program_and_shows_no_key() {
        let mut rotation = begin(&bundle(1), Which::Kubernetes, NOW, &SeededIds::new(9)).unwrap();
        for stage in Stage::ALL {
            assert_eq!(rotation.stage(), stage);
            let text = rotation.to_yaml();
            assert_eq!(Rotation::from_yaml(text.expose()).unwrap(), rotation);
            assert!(!format!("{rotation:?}").contains(rotation.new.key.expose().lines().nth(1).unwrap()));
            rotation.advance();
        }
        assert!(!rotation.retreat(), "the old authority is gone");
        let mut early = begin(&bundle(1), Which::Os, NOW, &SeededIds::new(9)).unwrap();
        assert!(!early.retreat());
        assert!(early.advance() && early.retreat());
        assert_eq!(early.stage(), Stage::AcceptNew);
    }

    #[test]
    fn a_bundle_of_another_cluster_is_refused() {
        let rotation = begin(&bundle(1), Which::Os, NOW, &SeededIds::new(9)).unwrap();
        let error = rotation.step(&bundle(2)).unwrap_err().to_string();
        assert!(error.starts_with("certs.os is neither"), "{error}");
        let mut broken = bundle(1);
        broken.certificates.os.key = bundle(2).certificates.os.key.clone();
        assert!(begin(&broken, Which::Os, NOW, &SeededIds::new(9)).is_err());
    }

    #[test]
    fn a_damaged_state_says_all_that_is_wrong() {
        let text = begin(&bundle(1), Which::Os, NOW, &SeededIds::new(9)).unwrap().to_yaml();
        let damaged = text.expose().replace("accept-new", "later").replace("rotation: os", "rotation: etcd");
        let error = Rotation::from_yaml(&damaged).unwrap_err().to_string();
        assert!(
            error.contains("rotation is neither os nor k8s") && error.contains("stage is none of"),
            "{error}"
        );
        let swapped = text.expose().replace("old:", "x:").replace("new:", "old:");
        let error = Rotation::from_yaml(&swapped).unwrap_err().to_string();
        assert!(error.contains("new.crt is missing"), "{error}");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(rotation|stage|old|new|crt|key|os|:|\\{|\\}| |\n|[a-z-])*") {
            let _ = Rotation::from_yaml(&text);
        }
    }
}
