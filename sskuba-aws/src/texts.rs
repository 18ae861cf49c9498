//! What AWS takes as names and descriptions.

#[cfg(any(feature = "sts", test))]
use sskuba_core::address::Token;
use sskuba_core::schema::Rule;
use sskuba_core::value::Value;

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

impl Rule for TextRule {
    fn broken(&self, value: &Value) -> Option<String> {
        let text = value.as_str()?;
        let length = text.chars().count();
        let is_edge = |c: Option<char>| c.is_some_and(|c| self.inner.contains(c));
        if length == 0 || length > self.longest {
            Some(format!("has {length} characters; AWS takes 1 to {}", self.longest))
        } else if let Some(odd) =
            text.chars().find(|c| !c.is_ascii_alphanumeric() && !self.signs.contains(*c))
        {
            Some(format!(
                "{text:?} has {odd:?}; AWS takes letters and digits of ASCII and any of {:?}",
                self.signs
            ))
        } else if is_edge(text.chars().next()) || is_edge(text.chars().next_back()) {
            Some(format!("{text:?} begins or ends with one of {:?}, which AWS refuses", self.inner))
        } else if !self.reserved.is_empty() && text.starts_with(self.reserved) {
            Some(format!(
                "{text:?} begins with {:?}, which AWS keeps for itself: choose another",
                self.reserved
            ))
        } else {
            None
        }
    }
}

/// A whole number that AWS takes from one to another, both included.
pub(crate) struct Between(pub(crate) u64, pub(crate) u64);

impl Rule for Between {
    fn broken(&self, value: &Value) -> Option<String> {
        let Value::Number(number) = value else { return None };
        let fits = number.as_u64().is_some_and(|number| (self.0..=self.1).contains(&number));
        (!fits).then(|| format!("is {number}; AWS takes {} to {}", self.0, self.1))
    }
}

/// A text of which AWS takes at most so many characters.
pub(crate) struct AtMost(pub(crate) usize);

impl Rule for AtMost {
    fn broken(&self, value: &Value) -> Option<String> {
        let length = value.as_str()?.chars().count();
        (length > self.0).then(|| format!("has {length} characters; AWS takes at most {}", self.0))
    }
}

/// A text that is one of these.
pub(crate) struct OneOf(pub(crate) &'static [&'static str]);

impl Rule for OneOf {
    fn broken(&self, value: &Value) -> Option<String> {
        let text = value.as_str()?;
        (!self.0.contains(&text)).then(|| format!("{text:?} is none of {}", self.0.join(", ")))
    }
}

impl TextRule {
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
        let refused = |text: &str| RULE.broken(&text.into());
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
    }

    #[test]
    fn a_number_or_a_length_that_aws_refuses_is_refused_with_what_it_takes() {
        let port = |number: u64| Between(1, 65_535).broken(&number.into());
        assert_eq!((port(1), port(65_535)), (None, None));
        assert_eq!(port(0).as_deref(), Some("is 0; AWS takes 1 to 65535"));
        assert_eq!(AtMost(3).broken(&"äöü".into()), None);
        assert_eq!(
            AtMost(3).broken(&"four".into()).as_deref(),
            Some("has 4 characters; AWS takes at most 3")
        );
        assert_eq!(OneOf(&["a", "b"]).broken(&"b".into()), None);
        assert_eq!(OneOf(&["a", "b"]).broken(&"c".into()).as_deref(), Some("\"c\" is none of a, b"));
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
            assert_eq!(RULE.broken(&name.as_str().into()), None, "{name}");
        }
    }
}
