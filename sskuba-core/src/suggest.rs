//! What a person may have meant: names that are near to a text, and addresses that go by a short name.

use crate::address::{Address, NameError};

/// How many addresses an error lists.
const LISTED: usize = 5;

/// The longest text that is taken for a slip.
const LONGEST: usize = 100;

/// Returns the candidate that is nearest to a text; none if none is near.
///
/// ```
/// use sskuba_core::suggest::nearest;
/// assert_eq!(nearest("mian", ["dev", "main"]), Some("main"));
/// assert_eq!(nearest("nodelabel", ["sysctls", "nodeLabels"]), Some("nodeLabels"));
/// assert_eq!(nearest("zones", ["dev", "main"]), None);
/// ```
pub fn nearest<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = text.chars().count();
    if letters > LONGEST {
        return None;
    }
    let most = (letters / 3).clamp(1, 3);
    // Exchanged letters are one slip.
    let far = |name: &str| strsim::damerau_levenshtein(&text.to_lowercase(), &name.to_lowercase());
    let near = candidates.into_iter().map(|name| (far(name), name)).filter(|(far, _)| *far <= most);
    near.min_by_key(|(far, _)| *far).map(|(_, name)| name)
}

/// Says at the end of an error which candidate was probably meant; nothing if none is near.
///
/// ```
/// use sskuba_core::suggest::suggestion;
/// assert_eq!(suggestion("mian", ["dev", "main"]), "; did you mean `main`?");
/// assert_eq!(suggestion("zones", ["dev", "main"]), "");
/// ```
pub fn suggestion<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(text, candidates).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

/// Why a text means no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LookupError {
    /// It fits several.
    #[error("`{text}` may be {}; say more of it", list(.addresses))]
    Ambiguous {
        /// The text.
        text: String,
        /// What it fits.
        addresses: Vec<Address>,
    },
    /// It fits none.
    #[error("there is no `{text}`{}", .near.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    Unknown {
        /// The text.
        text: String,
        /// What may have been meant.
        near: Option<Address>,
    },
    /// It cannot be a part of an address.
    #[error(transparent)]
    Name(#[from] NameError),
}

fn list(addresses: &[Address]) -> String {
    let mut names: Vec<String> =
        addresses.iter().take(LISTED).map(|address| format!("`{address}`")).collect();
    if addresses.len() > LISTED {
        names.push(format!("{} more", addresses.len() - LISTED));
    }
    let last = names.pop().unwrap_or_default();
    if names.is_empty() { last } else { format!("{} or {last}", names.join(", ")) }
}

/// Tells whether a text is the end of an address, from a sign on that parts its names: `web-0`, `Instance::web-0` and
/// `ec2:Instance::web-0` are short for `web/aws:ec2:Instance::web-0`.
fn is_short_for(text: &str, address: &Address) -> bool {
    let Some(rest) = address.as_str().strip_suffix(text) else { return false };
    !text.is_empty() && rest.ends_with([':', '/']) && !text.starts_with([':', '/'])
}

/// Finds the address that a text means: a whole one, or a short name of just one.
///
/// ```
/// use sskuba_core::suggest::find;
/// let all = ["web/aws:ec2:Instance::web-0".parse()?, "aws:ec2:Vpc::main".parse()?];
/// assert_eq!(find("web-0", &all)?.name(), "web-0");
/// assert_eq!(find("mian", &all).unwrap_err().to_string(), "there is no `mian`; did you mean `aws:ec2:Vpc::main`?");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If it fits none, or several.
pub fn find<'a>(
    text: &str,
    addresses: impl IntoIterator<Item = &'a Address>,
) -> Result<&'a Address, LookupError> {
    let mut all: Vec<&Address> = addresses.into_iter().collect();
    all.sort_unstable();
    all.dedup();
    if let Some(same) = all.iter().find(|address| address.as_str() == text) {
        return Ok(same);
    }
    // A whole address means itself alone: a script that removes it twice must not meet its namesake in a component.
    let short = Address::parse(text).is_err();
    let mut fitting = all.iter().filter(|address| short && is_short_for(text, address));
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => {
            let fitting = all.iter().filter(|address| is_short_for(text, address));
            Err(LookupError::Ambiguous {
                text: text.to_owned(),
                addresses: fitting.map(|address| (*address).clone()).collect(),
            })
        }
        (None, _) => {
            Err(LookupError::Unknown { text: crate::address::printable(text), near: near(text, &all) })
        }
    }
}

/// Returns the address whose own name is near to the last part of a text, or has it in it.
fn near(text: &str, all: &[&Address]) -> Option<Address> {
    let word = text.rsplit([':', '/']).next().filter(|word| !word.is_empty())?;
    let name = nearest(word, all.iter().map(|address| address.name()));
    let found = match name {
        Some(name) => all.iter().find(|address| address.name() == name),
        None => all.iter().find(|address| address.as_str().contains(word)),
    };
    found.map(|address| (*address).clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Address> {
        let names =
            ["a/aws:ec2:Vpc::main", "b/aws:ec2:Vpc::main", "b/aws:ec2:Subnet::main-0", "aws:ec2:Vpc::web"];
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    #[test]
    fn a_short_name_ends_an_address_at_a_sign() {
        let all = all();
        let found = |text| find(text, &all).map(ToString::to_string);
        assert_eq!(found("aws:ec2:Vpc::web").unwrap(), "aws:ec2:Vpc::web");
        assert_eq!(found("web").unwrap(), "aws:ec2:Vpc::web");
        assert!(matches!(found("aws:ec2:Subnet::main-0"), Err(LookupError::Unknown { near: Some(_), .. })));
        assert_eq!(found("Subnet::main-0").unwrap(), "b/aws:ec2:Subnet::main-0");
        assert!(matches!(found("eb"), Err(LookupError::Unknown { .. })));
        assert!(matches!(found("::web"), Err(LookupError::Unknown { .. })));
        assert!(matches!(found(""), Err(LookupError::Unknown { .. })));
        let error = found("main").unwrap_err().to_string();
        assert_eq!(error, "`main` may be `a/aws:ec2:Vpc::main` or `b/aws:ec2:Vpc::main`; say more of it");
        let error = found("mian-0").unwrap_err().to_string();
        assert_eq!(error, "there is no `mian-0`; did you mean `b/aws:ec2:Subnet::main-0`?");
        assert_eq!(found("zzzzzz\n").unwrap_err().to_string(), "there is no `zzzzzz\\n`");
    }
}
