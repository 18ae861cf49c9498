//! What AWS takes as names and descriptions.

#[cfg(any(feature = "sts", test))]
use sskuba_core::address::Token;
use sskuba_core::schema::FieldError;

use crate::kind::mistake;

/// What AWS takes as the text of a field, as its documentation says.
pub(crate) struct TextRule {
    /// The most characters; one is the least.
    pub(crate) longest: usize,
    /// The characters that may be in it, beside the letters and digits of ASCII.
    pub(crate) signs: &'static str,
    /// Those of them that may be neither first nor last.
    pub(crate) inner: &'static str,
    /// What it may not begin with, since what AWS itself names begins so; empty if that is nothing.
    pub(crate) reserved: &'static str,
}

impl TextRule {
    /// Says what is wrong with the text of a field, if one is given.
    pub(crate) fn mistake(&self, field: &str, given: Option<&String>) -> Option<FieldError> {
        let text = given?;
        let length = text.chars().count();
        let is_edge = |c: Option<char>| c.is_some_and(|c| self.inner.contains(c));
        let message = if length == 0 || length > self.longest {
            format!("has {length} characters; AWS takes 1 to {}", self.longest)
        } else if let Some(odd) =
            text.chars().find(|c| !c.is_ascii_alphanumeric() && !self.signs.contains(*c))
        {
            format!("{text:?} has {odd:?}; AWS takes letters and digits of ASCII and any of {:?}", self.signs)
        } else if is_edge(text.chars().next()) || is_edge(text.chars().next_back()) {
            format!("{text:?} begins or ends with one of {:?}, which AWS refuses", self.inner)
        } else if !self.reserved.is_empty() && text.starts_with(self.reserved) {
            format!("{text:?} begins with {:?}, which AWS keeps for itself: choose another", self.reserved)
        } else {
            return None;
        };
        Some(mistake(field, message))
    }

    /// Makes a name that AWS takes of a resource's, and of the generation's token.
    #[cfg(any(feature = "sts", test))]
    pub(crate) fn made(&self, token: &Token, name: &str) -> String {
        let mut made = token.physical_name(name, self.longest);
        while !self.reserved.is_empty() && made.starts_with(self.reserved) {
            made = made[self.reserved.len()..].trim_start_matches('-').to_owned();
        }
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: TextRule = TextRule { longest: 32, signs: "-", inner: "-", reserved: "internal-" };

    #[test]
    fn a_text_that_aws_refuses_is_refused_with_the_reason() {
        let refused =
            |text: &str| RULE.mistake("name", Some(&text.to_owned())).map(|mistake| mistake.message);
        assert_eq!((refused("api"), refused("internal"), refused(&"x".repeat(32))), (None, None, None));
        let wrong = [
            ("", "has 0 characters"),
            (&"x".repeat(33), "has 33 characters; AWS takes 1 to 32"),
            ("no_underscores", "has '_'"),
            ("ünder", "has 'ü'"),
            ("-api", "begins or ends with"),
            ("api-", "begins or ends with"),
            ("internal-api", "begins with \"internal-\""),
        ];
        for (text, words) in wrong {
            assert!(
                refused(text).is_some_and(|message| message.contains(words)),
                "{text}: {:?}",
                refused(text)
            );
        }
        assert_eq!(RULE.mistake("name", None), None);
    }

    #[test]
    fn a_name_that_is_made_is_one_that_aws_takes() {
        let token = Token::new([0xab; 16]);
        let made = |name: &str| RULE.made(&token, name);
        assert_eq!(made("api"), "api-abababababab");
        assert_eq!(made("internal-api"), "api-abababababab");
        assert_eq!(made("internal.internal_x"), "x-abababababab");
        assert_eq!(made("internal"), "abababababab");
        for name in ["internal--", "internal-internal", "a_very.long-name-that-is-cut-somewhere", "x."] {
            let name = made(name);
            assert_eq!(RULE.mistake("name", Some(&name)), None, "{name}");
        }
    }
}
