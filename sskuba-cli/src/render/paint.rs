//! Colours. Everything reads the same without them: a sign or a word says what a colour does.

use std::fmt::Display;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;

use anstyle::{AnsiColor, Color as Ansi, Style};
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

    fn marked(self, mark: char, text: impl Display) -> String {
        if self.0 { format!("{mark}{}{text}{PLAIN}{}", *OURS, *OURS) } else { text.to_string() }
    }

    /// Makes a text safe to show: see [`clean`]. What was painted becomes the sequences that a terminal obeys; nothing else
    /// does. All that commands write goes through here, at the last moment.
    pub(crate) fn shown(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let sequence = (chars.peek() == Some(&*OURS)).then(|| sequence(c)).flatten();
            match sequence {
                Some(sequence) => {
                    // Painted for the other output, perhaps, which has colours where this one has none.
                    out.push_str(if self.0 { &sequence } else { "" });
                    chars.next();
                }
                None => out.push(safe(c)),
            }
        }
        out
    }

    /// Paints what is added, or went well.
    pub(crate) fn good(self, text: impl Display) -> String {
        self.marked(GOOD, text)
    }

    /// Paints what is removed, or went wrong.
    pub(crate) fn bad(self, text: impl Display) -> String {
        self.marked(BAD, text)
    }

    /// Paints what changes, or needs attention.
    pub(crate) fn warn(self, text: impl Display) -> String {
        self.marked(WARN, text)
    }

    /// Paints what is under way.
    pub(crate) fn active(self, text: impl Display) -> String {
        self.marked(ACTIVE, text)
    }

    /// Paints what matters less.
    pub(crate) fn dim(self, text: impl Display) -> String {
        self.marked(DIM, text)
    }

    /// Paints names and headings.
    pub(crate) fn strong(self, text: impl Display) -> String {
        self.marked(STRONG, text)
    }

    /// Paints what belongs to an action.
    pub(crate) fn action(self, action: Action, text: impl Display) -> String {
        match action {
            Action::Create => self.good(text),
            Action::Delete => self.bad(text),
            Action::Update => self.warn(text),
            Action::Replace => self.marked(OTHER, text),
            Action::Read | Action::Wait => self.active(text),
            _ => self.dim(text),
        }
    }
}

/// Where paint begins and ends. The texts that are painted are put together out of texts of others, in which an escape
/// sequence must not become one: so paint is not written as one before the end. These characters are none that texts may
/// have; each is followed by [`OURS`], which nobody else knows.
const PLAIN: char = '\u{fdd0}';
const GOOD: char = '\u{fdd1}';
const BAD: char = '\u{fdd2}';
const WARN: char = '\u{fdd3}';
const ACTIVE: char = '\u{fdd4}';
const OTHER: char = '\u{fdd5}';
const DIM: char = '\u{fdd6}';
const STRONG: char = '\u{fdd7}';

/// A character that another run does not have: drawn from those that have no meaning.
static OURS: LazyLock<char> = LazyLock::new(|| {
    let drawn = RandomState::new().hash_one(0) % u64::from(LAST_FREE - FIRST_FREE);
    char::from_u32(FIRST_FREE + u32::try_from(drawn).unwrap_or(0)).unwrap_or(PLAIN)
});
const FIRST_FREE: u32 = 0x10_0000;
const LAST_FREE: u32 = 0x10_fffd;

/// Returns the sequence that a mark stands for.
fn sequence(mark: char) -> Option<String> {
    let colored = |color: AnsiColor| Some(Style::new().fg_color(Some(Ansi::Ansi(color))));
    let style = match mark {
        PLAIN => return Some(anstyle::Reset.render().to_string()),
        GOOD => colored(AnsiColor::Green),
        BAD => colored(AnsiColor::Red),
        WARN => colored(AnsiColor::Yellow),
        ACTIVE => colored(AnsiColor::Cyan),
        OTHER => colored(AnsiColor::Magenta),
        DIM => Some(Style::new().dimmed()),
        STRONG => Some(Style::new().bold()),
        _ => None,
    };
    style.map(|style| style.render().to_string())
}

/// Replaces a character that does something else than to be seen: a terminal obeys control characters, and some others
/// turn the direction of what follows.
fn safe(c: char) -> char {
    let odd = (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
        || matches!(c, '\u{2028}' | '\u{2029}' | PLAIN..='\u{fdef}');
    if odd { '\u{fffd}' } else { c }
}

/// Makes a text of somebody else safe to show; lines stay lines.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(safe).collect()
}

/// Makes a text of somebody else safe to show where one line is expected.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if matches!(c, '\n' | '\t') { ' ' } else { safe(c) }).collect()
}

/// Writes what a terminal would obey in JSON as JSON's own escapes: the same document, and safe to show.
pub(crate) fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match safe(c) == c {
            true => out.push(c),
            false => {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")))
            }
        }
    }
    out
}

/// Removes the colours from a text.
#[cfg(test)]
pub(crate) fn plain(text: &str) -> String {
    text.chars().filter(|c| !(PLAIN..=STRONG).contains(c) && *c != *OURS).collect()
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
        assert_eq!(escaped("{\n\"a\": \"\u{9b}\u{202e}é\"}"), "{\n\"a\": \"\\u009b\\u202eé\"}");
        assert_eq!(one_line("a\n\tb\u{9b}31m\u{2028}"), "a  b\u{fffd}31m\u{fffd}");
    }

    #[test]
    fn only_what_is_painted_here_becomes_a_sequence() {
        let painted = Paint(true).bad(format!("a {} \u{1b}[31mb\u{7}", Paint(true).strong("c")));
        assert_eq!(
            Paint(true).shown(&painted),
            "\u{1b}[31ma \u{1b}[1mc\u{1b}[0m \u{fffd}[31mb\u{fffd}\u{1b}[0m"
        );
        let others = "a\u{fdd2}b\u{fdd0}";
        assert_eq!(Paint(true).shown(others), "a\u{fffd}b\u{fffd}");
        assert!(!Paint(false).shown(&painted).contains('\u{1b}') && !clean(&painted).contains('\u{1b}'));
    }
}
