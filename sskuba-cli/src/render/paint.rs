//! Colours. Everything reads the same without them: a sign or a word says what a colour does.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};
use sskuba_core::plan::Action;

use crate::args::Color;

/// Paints text, or leaves it as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paint(bool);

impl Paint {
    /// Leaves text as it is.
    pub(crate) const PLAIN: Self = Self(false);

    /// Decides whether to paint: `wish` first, then whether there is a terminal and no `NO_COLOR`.
    pub(crate) fn new(wish: Color, terminal: bool, no_color: bool) -> Self {
        Self(match wish {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !no_color,
        })
    }

    fn styled(self, style: Style, text: impl Display) -> String {
        if self.0 { format!("{style}{text}{style:#}") } else { text.to_string() }
    }

    fn colored(self, color: AnsiColor, text: impl Display) -> String {
        self.styled(Style::new().fg_color(Some(color.into())), text)
    }

    /// Paints what is added, or went well.
    pub(crate) fn good(self, text: impl Display) -> String {
        self.colored(AnsiColor::Green, text)
    }

    /// Paints what is removed, or went wrong.
    pub(crate) fn bad(self, text: impl Display) -> String {
        self.colored(AnsiColor::Red, text)
    }

    /// Paints what changes, or needs attention.
    pub(crate) fn warn(self, text: impl Display) -> String {
        self.colored(AnsiColor::Yellow, text)
    }

    /// Paints what is under way.
    pub(crate) fn active(self, text: impl Display) -> String {
        self.colored(AnsiColor::Cyan, text)
    }

    /// Paints what matters less.
    pub(crate) fn dim(self, text: impl Display) -> String {
        self.styled(Style::new().dimmed(), text)
    }

    /// Paints names and headings.
    pub(crate) fn strong(self, text: impl Display) -> String {
        self.styled(Style::new().bold(), text)
    }

    /// Paints what belongs to an action.
    pub(crate) fn action(self, action: Action, text: impl Display) -> String {
        match action {
            Action::Create => self.good(text),
            Action::Delete => self.bad(text),
            Action::Update => self.warn(text),
            Action::Replace => self.colored(AnsiColor::Magenta, text),
            Action::Read => self.active(text),
            _ => self.dim(text),
        }
    }
}

/// Makes a text of somebody else safe to show: a terminal obeys control characters, and some others turn the
/// direction of what follows.
pub(crate) fn clean(text: &str) -> String {
    let odd = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
    };
    text.chars().map(|c| if odd(c) { '\u{fffd}' } else { c }).collect()
}

/// Removes the colours from a text.
#[cfg(test)]
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            chars.by_ref().find(|c| c.is_ascii_alphabetic());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_unless_asked_for() {
        assert!(Paint::new(Color::Auto, true, false).0);
        assert!(!Paint::new(Color::Auto, true, true).0);
        assert!(!Paint::new(Color::Auto, false, false).0);
        assert!(Paint::new(Color::Always, false, true).0);
        assert!(!Paint::new(Color::Never, true, false).0);
        assert_eq!(Paint::PLAIN.bad("x"), "x");
        assert_eq!(plain(&Paint(true).strong("x")), "x");
    }

    #[test]
    fn no_control_character_reaches_the_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb\r\n\u{202e}c"), "a\u{fffd}[2Jb\u{fffd}\n\u{fffd}c");
    }
}
