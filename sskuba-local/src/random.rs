//! Values that no one can guess, made once and then recorded.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use sskuba_core::clock::{IdSource, SystemIds};
use sskuba_core::prelude::*;
use sskuba_core::provider::{Cx, Failure, Handler, TypedObject, TypedPrior};
use sskuba_core::schema::FieldError;

/// A random id: a prefix and hexadecimal digits.
#[derive(Resource, Debug)]
#[resource(kind = "local:random:Id", idempotency = "token", create = "1ms", update = "1ms", delete = "1ms")]
pub struct Id {
    /// How many random bytes, 1 to 1024.
    #[resource(default = 8_u16, force_new)]
    bytes: Input<u16>,
    /// What stands before the digits.
    #[resource(default, force_new)]
    prefix: Input<String>,
    /// Values whose change makes a new id.
    #[resource(default, force_new, entry = "trigger")]
    triggers: Input<BTreeMap<String, String>>,
    /// The prefix and the digits.
    #[resource(computed, id, pattern = "{field:prefix}{hex:16}")]
    id: Computed<String>,
    /// The digits alone.
    #[resource(pattern = "{hex:16}")]
    hex: Computed<String>,
}

/// Handles [`Id`].
#[derive(Debug, Clone, Copy, Default)]
pub struct IdHandler;

const MOST_BYTES: u16 = 1024;

#[async_trait]
impl Handler<Id> for IdHandler {
    async fn create(&self, _: &Cx, args: IdArgs) -> Result<TypedObject<Id>, Failure> {
        let mut bytes = vec![0_u8; args.bytes.clamp(1, MOST_BYTES).into()];
        SystemIds.fill(&mut bytes);
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let id = format!("{}{hex}", args.prefix);
        Ok(TypedObject::new(id.clone(), IdState { id, hex }))
    }

    async fn read(&self, _: &Cx, prior: TypedPrior<Id>) -> Result<Option<TypedObject<Id>>, Failure> {
        Ok(prior.state.map(|state| TypedObject::new(prior.id, state)))
    }

    async fn delete(&self, _: &Cx, _: TypedPrior<Id>) -> Result<(), Failure> {
        Ok(())
    }

    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<Id>>, Failure> {
        Err(Failure::unlisted("only stacks know of them"))
    }

    fn check(&self, args: &IdArgs) -> Vec<FieldError> {
        let good = (1..=MOST_BYTES).contains(&args.bytes);
        let message = format!("{} is not from 1 to {MOST_BYTES}", args.bytes);
        (!good).then_some(FieldError { field: "bytes".into(), message }).into_iter().collect()
    }
}

/// A random UUID (version 4).
#[derive(Resource, Debug)]
#[resource(kind = "local:random:Uuid", idempotency = "token", create = "1ms", update = "1ms", delete = "1ms")]
pub struct Uuid {
    /// Values whose change makes a new one.
    #[resource(default, force_new, entry = "trigger")]
    triggers: Input<BTreeMap<String, String>>,
    /// The UUID.
    #[resource(computed, id, pattern = "{uuid}")]
    id: Computed<String>,
}

/// Handles [`Uuid`].
#[derive(Debug, Clone, Copy, Default)]
pub struct UuidHandler;

#[async_trait]
impl Handler<Uuid> for UuidHandler {
    async fn create(&self, _: &Cx, _: UuidArgs) -> Result<TypedObject<Uuid>, Failure> {
        let mut bytes = [0_u8; 16];
        SystemIds.fill(&mut bytes);
        let number = u128::from_be_bytes(bytes);
        // RFC 9562: version 4 in bits 76 to 79, the variant 0b10 in bits 62 and 63.
        let number = (number & !(0xf_u128 << 76) & !(0x3_u128 << 62)) | (0x4 << 76) | (0x2 << 62);
        let hex = format!("{number:032x}");
        let id = format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
        Ok(TypedObject::new(id.clone(), UuidState { id }))
    }

    async fn read(&self, _: &Cx, prior: TypedPrior<Uuid>) -> Result<Option<TypedObject<Uuid>>, Failure> {
        Ok(Some(TypedObject::new(prior.id.clone(), UuidState { id: prior.id })))
    }

    async fn delete(&self, _: &Cx, _: TypedPrior<Uuid>) -> Result<(), Failure> {
        Ok(())
    }

    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<Uuid>>, Failure> {
        Err(Failure::unlisted("only stacks know of them"))
    }

    fn check(&self, _: &UuidArgs) -> Vec<FieldError> {
        Vec::new()
    }
}

/// A class of characters of a [`Password`].
#[derive(Shape, Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Characters {
    /// Small letters.
    Lower,
    /// Capital letters.
    Upper,
    /// Digits.
    Digits,
    /// Punctuation that needs no quotes in YAML and in URLs' user part.
    Symbols,
}

impl Characters {
    /// All classes.
    pub const ALL: [Self; 4] = [Self::Lower, Self::Upper, Self::Digits, Self::Symbols];

    fn letters(self) -> &'static [u8] {
        match self {
            Self::Lower => b"abcdefghijklmnopqrstuvwxyz",
            Self::Upper => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            Self::Digits => b"0123456789",
            Self::Symbols => b"-_.~!*+=",
        }
    }
}

/// A random password, with at least one character of each class.
#[derive(Resource, Debug)]
#[resource(
    kind = "local:random:Password",
    idempotency = "token",
    create = "1ms",
    update = "1ms",
    delete = "1ms"
)]
pub struct Password {
    /// How many characters, 1 to 1024.
    #[resource(default = 24_u16, force_new)]
    length: Input<u16>,
    /// The classes that it is made of.
    #[resource(default = Characters::ALL.to_vec(), force_new, normaliser = "set")]
    classes: Input<Vec<Characters>>,
    /// Values whose change makes a new one.
    #[resource(default, force_new, entry = "trigger")]
    triggers: Input<BTreeMap<String, String>>,
    /// The id: the token of its creation.
    #[resource(computed, id, pattern = "{token}")]
    id: Computed<String>,
    /// The password.
    #[resource(pattern = "{alnum:24}")]
    result: Computed<Secret<String>>,
}

/// Handles [`Password`].
#[derive(Debug, Clone, Copy, Default)]
pub struct PasswordHandler;

/// Returns a random number below `bound`, each as likely as any other.
fn below(bound: usize) -> usize {
    let bound = u64::try_from(bound.max(1)).unwrap_or(1);
    // Numbers above the last whole multiple would make the first remainders likelier.
    let whole = u64::MAX - u64::MAX % bound;
    loop {
        let mut bytes = [0_u8; 8];
        SystemIds.fill(&mut bytes);
        let number = u64::from_le_bytes(bytes);
        if number < whole {
            return usize::try_from(number % bound).unwrap_or(0);
        }
    }
}

fn password(length: usize, classes: &[Characters]) -> String {
    let any: Vec<u8> = classes.iter().flat_map(|class| class.letters()).copied().collect();
    let pick = |letters: &[u8]| letters.get(below(letters.len())).copied().map_or('0', char::from);
    let mut characters: Vec<char> = classes.iter().take(length).map(|class| pick(class.letters())).collect();
    characters.resize_with(length, || pick(&any));
    // Fisher and Yates: the ones that each class must have are anywhere.
    for last in (1..characters.len()).rev() {
        characters.swap(last, below(last + 1));
    }
    characters.into_iter().collect()
}

fn distinct(classes: &[Characters]) -> Vec<Characters> {
    Characters::ALL.into_iter().filter(|class| classes.contains(class)).collect()
}

#[async_trait]
impl Handler<Password> for PasswordHandler {
    async fn create(&self, cx: &Cx, args: PasswordArgs) -> Result<TypedObject<Password>, Failure> {
        let result = password(args.length.into(), &distinct(&args.classes)).into();
        let id = cx.token.to_string();
        Ok(TypedObject::new(id.clone(), PasswordState { id, result }))
    }

    async fn read(
        &self,
        _: &Cx,
        prior: TypedPrior<Password>,
    ) -> Result<Option<TypedObject<Password>>, Failure> {
        Ok(prior.state.map(|state| TypedObject::new(prior.id, state)))
    }

    async fn delete(&self, _: &Cx, _: TypedPrior<Password>) -> Result<(), Failure> {
        Ok(())
    }

    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<Password>>, Failure> {
        Err(Failure::unlisted("only stacks know of them"))
    }

    fn check(&self, args: &PasswordArgs) -> Vec<FieldError> {
        let count = distinct(&args.classes).len();
        let mut errors = Vec::new();
        if count == 0 {
            let message = "names no class; there are lower, upper, digits, symbols".to_owned();
            errors.push(FieldError { field: "classes".into(), message });
        }
        if usize::from(args.length) < count.max(1) || args.length > MOST_BYTES {
            let message = format!("{} is not from {} to {MOST_BYTES}", args.length, count.max(1));
            errors.push(FieldError { field: "length".into(), message });
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_its_length_and_every_class() {
        for length in 4..40 {
            let text = password(length, &Characters::ALL);
            assert_eq!(text.len(), length);
            for class in Characters::ALL {
                assert!(text.bytes().any(|byte| class.letters().contains(&byte)), "{class:?} in {text}");
            }
        }
        assert_ne!(password(24, &Characters::ALL), password(24, &Characters::ALL));
        assert!(password(9, &[Characters::Digits]).bytes().all(|byte| byte.is_ascii_digit()));
    }

    #[test]
    fn every_number_below_the_bound_comes() {
        let mut seen = [0_u32; 10];
        (0..2000).for_each(|_| seen[below(10)] += 1);
        assert!(seen.iter().all(|count| *count > 100), "{seen:?}");
    }

    #[test]
    fn impossible_passwords_are_refused() {
        let args = |length, classes: &[Characters]| PasswordArgs {
            length,
            classes: classes.to_vec(),
            triggers: BTreeMap::new(),
        };
        assert_eq!(PasswordHandler.check(&args(24, &Characters::ALL)).len(), 0);
        assert_eq!(PasswordHandler.check(&args(3, &Characters::ALL))[0].field, "length");
        assert_eq!(PasswordHandler.check(&args(3, &[]))[0].field, "classes");
    }
}
