//! Secrets in a stack's file that open in their own place alone.
//!
//! What age seals opens wherever it stands. Whoever can write the file, and open nothing in it, could so put one secret
//! in the place of another: the password of a database where a public name is expected. So what is sealed begins with
//! the stack and the key that it is for, and that is compared when it is opened. Such a value begins with `v2:`; one
//! without that is of an earlier release, opens anywhere, and is bound when it is set again.

use sskuba_core::address::StackId;
use sskuba_core::secret::Secret;
use zeroize::Zeroizing;

use super::sealed;
use crate::identity::Identities;

/// What a bound value begins with.
const FORM: &str = "v2:";

/// What its plain text begins with.
const BEGIN: &str = "sskuba config value\n";

/// The place of a value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The stack.
    pub(crate) stack: &'a StackId,
    /// The key.
    pub(crate) key: &'a str,
}

impl Place<'_> {
    /// Writes it before a value. Other organisations of one project have the same file.
    fn head(&self) -> String {
        format!("{BEGIN}{}\n{}\n", stack_name(self.stack), self.key)
    }
}

fn stack_name(stack: &StackId) -> String {
    format!("{}/{}", stack.project(), stack.stack())
}

/// Seals a text for a place; to public keys, or to the passphrase if there are none.
///
/// # Errors
/// As [`sealed::seal`].
pub(crate) fn seal(
    place: Place<'_>,
    text: &str,
    recipients: &[String],
    passphrase: Option<&Secret<String>>,
) -> Result<String, String> {
    let bound = Zeroizing::new(place.head() + text);
    sealed::seal(&bound, recipients, passphrase).map(|sealed| format!("{FORM}{sealed}"))
}

/// Opens a text that was sealed for a place, or by an earlier release.
///
/// # Errors
/// As [`sealed::open`], or if it was sealed for another place.
pub(crate) fn open(
    place: Place<'_>,
    sealed: &str,
    identities: &Identities,
) -> Result<Zeroizing<String>, String> {
    let Some(bound) = sealed.strip_prefix(FORM) else {
        if let Some((form, _)) = sealed.split_once(':') {
            return Err(format!("it has the form `{form}`, of a newer release: use that one"));
        }
        let text = sealed::open(sealed, identities)?;
        // Somebody took the mark off, so that the place would not be compared.
        return if text.starts_with(BEGIN) { Err(moved(place, &text)) } else { Ok(text) };
    };
    let text = sealed::open(bound, identities)?;
    match text.strip_prefix(&place.head()) {
        Some(value) => Ok(Zeroizing::new(value.to_owned())),
        None => Err(moved(place, &text)),
    }
}

/// Says for which place a value was sealed that stands in another.
fn moved(place: Place<'_>, text: &str) -> String {
    let mut lines = text.strip_prefix(BEGIN).into_iter().flat_map(str::lines);
    let of = match (lines.next(), lines.next()) {
        (Some(stack), Some(key)) if key == place.key => {
            format!("for stack {stack}, not for {}", stack_name(place.stack))
        }
        (Some(stack), Some(key)) => format!("for `{key}` of stack {stack}"),
        _ => "for another place".to_owned(),
    };
    format!(
        "it was sealed {of}, and somebody put it here; set it anew with `config set {} --secret`",
        place.key
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Environment;

    fn stack(text: &str) -> StackId {
        text.parse().unwrap()
    }

    #[test]
    fn a_secret_opens_in_its_place_alone_and_an_old_one_anywhere() {
        let home = tempfile::tempdir().unwrap();
        let mut environment = Environment::empty(".");
        environment.variables.insert("HOME".into(), home.path().display().to_string());
        let ann = Identities::load(&environment, false).unwrap();
        let (dev, prod) = (stack("local/demo/dev"), stack("local/demo/prod"));
        let place = Place { stack: &dev, key: "password" };
        let sealed = seal(place, "canary\nof two lines", &ann.recipients(), None).unwrap();
        assert!(sealed.starts_with("v2:"));
        assert_eq!(*open(place, &sealed, &ann).unwrap(), "canary\nof two lines");
        assert_eq!(
            *open(Place { stack: &stack("acme/demo/dev"), ..place }, &sealed, &ann).unwrap(),
            *open(place, &sealed, &ann).unwrap()
        );
        let told = |place, sealed: &str| {
            let error = open(place, sealed, &ann).unwrap_err();
            assert!(!error.contains("canary"), "{error}");
            error
        };
        let other = Place { key: "title", ..place };
        assert!(told(other, &sealed).contains("sealed for `password` of stack demo/dev"));
        assert!(
            told(Place { stack: &prod, ..place }, &sealed).contains("for stack demo/dev, not for demo/prod")
        );
        // Without the mark, or with one of tomorrow.
        assert!(told(other, &sealed[3..]).contains("sealed for `password`"));
        assert!(told(place, &sealed.replacen("v2", "v3", 1)).contains("newer release"));

        let old = sealed::seal("canary", &ann.recipients(), None).unwrap();
        assert_eq!(*open(place, &old, &ann).unwrap(), "canary");
        assert_eq!(*open(other, &old, &ann).unwrap(), "canary");
        assert!(told(place, &format!("v2:{old}")).contains("for another place"));
    }
}
