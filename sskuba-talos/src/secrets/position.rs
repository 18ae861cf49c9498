//! Where the authorities of a cluster are, and what comes next: pure.

use sskuba_core::clock::{IdSource, Timestamp};

use super::bundle::Bundle;
use super::problem::MakeError;
use super::rotate::{Rotation, Stage, Which, begin};

/// The names that a program gives to the authorities of the machine API and of Kubernetes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Names {
    pub(crate) os: Option<String>,
    pub(crate) kubernetes: Option<String>,
}

/// Where the authorities of a cluster are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Position {
    /// What all machines are to run with, with what they accept.
    pub(crate) bundle: Bundle,
    /// A rotation that is not at its end.
    pub(crate) rotation: Option<Rotation>,
    /// The names that are reached, or about to be.
    pub(crate) names: Names,
}

/// What comes next, once every machine runs with what it is to run with now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing.
    Settled,
    /// A rotation begins.
    Begin(Which),
    /// A rotation goes on.
    To(Which, Stage),
}

impl Next {
    /// Says what is done to the machines, for people.
    pub(crate) fn says(self) -> Option<String> {
        let (which, stage) = match self {
            Self::Settled => return None,
            Self::Begin(which) => (which, Stage::AcceptNew),
            Self::To(which, stage) => (which, stage),
        };
        let what = match which {
            Which::Os => "the machine API",
            Which::Kubernetes => "Kubernetes",
        };
        let (number, does) = match stage {
            Stage::AcceptNew => (1, "all machines accept a new authority beside the old one"),
            Stage::IssueNew => (2, "all machines get the new authority and accept the old one"),
            Stage::DropOld => (3, "all machines drop the old authority"),
        };
        Some(format!("rotates the authority of {what}, stage {number} of 3: {does}"))
    }
}

impl Position {
    /// Begins with the secrets of a cluster, whatever its authorities are called.
    pub(crate) const fn new(bundle: Bundle, names: Names) -> Self {
        Self { bundle, rotation: None, names }
    }

    /// Names where it is.
    pub(crate) fn stage(&self) -> String {
        match &self.rotation {
            None => "settled".to_owned(),
            Some(rotation) => format!("{} {}", rotation.which().authority().key(), rotation.stage()),
        }
    }

    /// Says what comes next where the program names the authorities so. A rotation that was begun is ended first.
    pub(crate) fn next(&self, wanted: &Names) -> Next {
        if let Some(rotation) = &self.rotation {
            let mut ahead = rotation.clone();
            ahead.advance();
            return Next::To(ahead.which(), ahead.stage());
        }
        let differs = |wanted: &Option<String>, now: &Option<String>| wanted.is_some() && wanted != now;
        if differs(&wanted.os, &self.names.os) {
            Next::Begin(Which::Os)
        } else if differs(&wanted.kubernetes, &self.names.kubernetes) {
            Next::Begin(Which::Kubernetes)
        } else {
            Next::Settled
        }
    }

    /// Goes on by one stage, which is only safe when every machine runs with what it is to run with now.
    ///
    /// # Errors
    /// If an authority cannot be made, or does not fit its key.
    pub(crate) fn goes_on(
        mut self,
        wanted: &Names,
        now: Timestamp,
        random: &dyn IdSource,
    ) -> Result<Self, MakeError> {
        let rotation = match self.next(wanted) {
            Next::Settled => return Ok(self),
            Next::Begin(which) => {
                match which {
                    Which::Os => self.names.os.clone_from(&wanted.os),
                    Which::Kubernetes => self.names.kubernetes.clone_from(&wanted.kubernetes),
                }
                Some(begin(&self.bundle, which, now, random)?)
            }
            Next::To(..) => self.rotation.take().map(|mut rotation| {
                rotation.advance();
                rotation
            }),
        };
        let Some(rotation) = rotation else { return Ok(self) };
        let step = rotation.step(&self.bundle)?;
        self.bundle = Bundle { accepted: step.accepted, ..step.bundle };
        self.rotation = Some(rotation).filter(|rotation| rotation.stage() != Stage::DropOld);
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use sskuba_core::clock::SeededIds;

    use super::super::rotate::Accepted;
    use super::super::tests::{NOW, bundle};
    use super::*;

    fn names(os: &str, kubernetes: &str) -> Names {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Names { os: some(os), kubernetes: some(kubernetes) }
    }

    #[test]
    fn one_authority_after_the_other_is_rotated_in_three_steps_each() {
        let base = bundle(1);
        let mut position = Position::new(base.clone(), names("", "a"));
        assert_eq!(position.next(&names("", "a")), Next::Settled);
        assert_eq!(position.next(&names("", "")), Next::Settled, "a name that is left out rotates nothing");
        let wanted = names("b", "b");
        let (mut stages, random) = (Vec::new(), SeededIds::new(3));
        while position.next(&wanted) != Next::Settled {
            assert!(position.next(&wanted).says().is_some());
            position = position.goes_on(&wanted, NOW, &random).unwrap();
            assert_eq!(position.bundle.validate(NOW), []);
            // What is recorded in between is all that is needed.
            let text = position.bundle.to_yaml();
            assert_eq!(Bundle::from_yaml(text.expose()).unwrap(), position.bundle);
            stages.push(position.stage());
        }
        let all = ["os accept-new", "os issue-new", "settled", "k8s accept-new", "k8s issue-new", "settled"];
        assert_eq!(stages, all);
        assert_eq!(position.names, wanted);
        let end = &position.bundle;
        assert_eq!(end.accepted, Accepted::default());
        assert_ne!(end.certificates.os, base.certificates.os);
        assert_ne!(end.certificates.kubernetes, base.certificates.kubernetes);
        assert_eq!((&end.cluster, &end.tokens), (&base.cluster, &base.tokens));
        assert_eq!(end.certificates.etcd, base.certificates.etcd);
    }

    #[test]
    fn a_change_of_mind_ends_what_was_begun_first() {
        let random = SeededIds::new(3);
        let begun = Position::new(bundle(1), names("a", ""));
        let begun = begun.goes_on(&names("b", ""), NOW, &random).unwrap();
        assert_eq!(begun.next(&names("a", "")), Next::To(Which::Os, Stage::IssueNew));
        let ended = begun.goes_on(&names("a", ""), NOW, &random).unwrap();
        let ended = ended.goes_on(&names("a", ""), NOW, &random).unwrap();
        assert_eq!(
            (ended.stage().as_str(), ended.next(&names("a", ""))),
            ("settled", Next::Begin(Which::Os))
        );
    }
}
