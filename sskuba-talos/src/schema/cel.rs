//! The syntax of CEL, in which disks, links and volumes are chosen.

/// How deep an expression may be nested.
const DEEPEST: usize = 60;

/// Checks that a text is an expression.
///
/// # Errors
/// Where it is not.
pub(super) fn parse(text: &str) -> Result<(), String> {
    let tokens = lex(text)?;
    if let Some(name) = unknown(&tokens) {
        return Err(format!("`{name}` is unknown; there are disk, system_disk, volume and link"));
    }
    let mut parser = Parser { tokens: &tokens, depth: 0 };
    parser.expression()?;
    match parser.tokens.first() {
        None => Ok(()),
        Some(token) => Err(format!("{} is out of place", token.shown())),
    }
}

/// Variables that some expression of Talos has.
const KNOWN: &[&str] = &["disk", "system_disk", "volume", "link", "time_since_trigger", "class", "path"];

/// Functions that bring a variable of their own.
const BINDERS: &[&str] = &["exists", "all", "exists_one", "map", "filter"];

/// Finds the first variable that no expression has.
fn unknown(tokens: &[Token]) -> Option<&str> {
    let sign = |index: Option<usize>, wanted: &'static str| {
        index.and_then(|index| tokens.get(index)) == Some(&Token::Sign(wanted))
    };
    let name = |index: usize| match tokens.get(index) {
        Some(Token::Name(name)) => Some(name.as_str()),
        _ => None,
    };
    let bound: Vec<&str> = (0..tokens.len())
        .filter(|index| {
            name(*index).is_some_and(|name| BINDERS.contains(&name)) && sign(Some(index + 1), "(")
        })
        .filter_map(|index| name(index + 2))
        .collect();
    (0..tokens.len()).find_map(|index| {
        let name = name(index)?;
        let root = !sign(index.checked_sub(1), ".") && !sign(Some(index + 1), "(");
        let unit = ["B", "iB"].iter().any(|end| name.len() <= 3 && name.ends_with(end));
        let measured = name.contains("memory_") || unit;
        let constant = name.starts_with(|first: char| first.is_ascii_uppercase());
        (root && !measured && !constant && !KNOWN.contains(&name) && !bound.contains(&name)).then_some(name)
    })
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Name(String),
    Literal,
    Sign(&'static str),
}

impl Token {
    fn shown(&self) -> String {
        match self {
            Self::Name(name) => format!("`{name}`"),
            Self::Literal => "a literal".to_owned(),
            Self::Sign(sign) => format!("`{sign}`"),
        }
    }
}

const SIGNS: &[&str] = &[
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",", "(", ")",
    "[", "]", "{", "}",
];

fn lex(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let taken = if first.is_ascii_alphabetic() || first == '_' {
            let end = rest
                .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
                .unwrap_or(rest.len());
            let name = rest.get(..end).unwrap_or_default();
            let quoted = rest.get(end..).is_some_and(|after| after.starts_with(['"', '\'']));
            if quoted && ["r", "R", "b", "B"].contains(&name) {
                tokens.push(Token::Literal);
                end + string(rest.get(end..).unwrap_or_default())?
            } else {
                tokens.push(match name {
                    "true" | "false" | "null" => Token::Literal,
                    "in" => Token::Sign("in"),
                    name => Token::Name(name.to_owned()),
                });
                end
            }
        } else if first.is_ascii_digit() {
            tokens.push(Token::Literal);
            rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.').unwrap_or(rest.len())
        } else if first == '"' || first == '\'' {
            tokens.push(Token::Literal);
            string(rest)?
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            tokens.push(Token::Sign(sign));
            sign.len()
        } else {
            return Err(format!("{first:?} is out of place"));
        };
        rest = rest.get(taken..).unwrap_or_default().trim_start();
    }
    Ok(tokens)
}

/// Returns the length of a quoted text.
fn string(text: &str) -> Result<usize, String> {
    let quote = text.chars().next().unwrap_or('"');
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            letter if letter == quote => return Ok(at + 1),
            _ => {}
        }
    }
    Err("a quoted text has no end".to_owned())
}

struct Parser<'a> {
    tokens: &'a [Token],
    depth: usize,
}

impl Parser<'_> {
    fn take(&mut self, signs: &[&str]) -> bool {
        let found = matches!(self.tokens.first(), Some(Token::Sign(sign)) if signs.contains(sign));
        if found {
            self.tokens = &self.tokens[1..];
        }
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        if self.take(&[sign]) { Ok(()) } else { Err(format!("`{sign}` is missing")) }
    }

    fn expression(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("it is nested too deep".to_owned());
        }
        self.operations()?;
        if self.take(&["?"]) {
            self.operations()?;
            self.expect(":")?;
            self.expression()?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// Operands between operators; which binds tighter does not matter for the syntax.
    fn operations(&mut self) -> Result<(), String> {
        self.operand()?;
        while self.take(&["&&", "||", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "in"]) {
            self.operand()?;
        }
        Ok(())
    }

    fn operand(&mut self) -> Result<(), String> {
        while self.take(&["!", "-"]) {}
        match self.tokens.split_first() {
            Some((Token::Name(_) | Token::Literal, rest)) => self.tokens = rest,
            Some((Token::Sign("("), rest)) => {
                self.tokens = rest;
                self.expression()?;
                self.expect(")")?;
            }
            Some((Token::Sign("["), rest)) => {
                self.tokens = rest;
                self.list("]", false)?;
            }
            Some((Token::Sign("{"), rest)) => {
                self.tokens = rest;
                self.list("}", true)?;
            }
            Some((token, _)) => return Err(format!("{} is out of place", token.shown())),
            None => return Err("it ends too soon".to_owned()),
        }
        self.members()
    }

    /// What follows an operand: fields, calls, indices.
    fn members(&mut self) -> Result<(), String> {
        loop {
            if self.take(&["."]) {
                match self.tokens.split_first() {
                    Some((Token::Name(_), rest)) => self.tokens = rest,
                    _ => return Err("a name is missing after `.`".to_owned()),
                }
            } else if self.take(&["("]) {
                self.list(")", false)?;
            } else if self.take(&["["]) {
                self.expression()?;
                self.expect("]")?;
            } else {
                return Ok(());
            }
        }
    }

    fn list(&mut self, end: &str, entries: bool) -> Result<(), String> {
        while !self.take(&[end]) {
            self.expression()?;
            if entries {
                self.expect(":")?;
                self.expression()?;
            }
            if !self.take(&[","]) {
                return self.expect(end);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_told_from_other_texts() {
        for good in [
            "disk.transport == \"nvme\" && !system_disk",
            "glob(\"00:1a:2b:*\", mac(link.permanent_addr))",
            "volume.name in ['a', \"b\"] ? disk.size > 10u * GiB : true",
            "volume.labels.exists(label, label.key == r\"\\d\")",
        ] {
            assert_eq!(parse(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "disk.",
            "disk ==",
            "(disk",
            "\"a",
            "disk disk",
            "disk && && disk",
            "disk @ disk",
            "f(disk,,disk)",
            "nodisk.size > 5",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(parse(&"(".repeat(100_000)).is_err());
    }
}
