//! YAML in the one form that Image Factory digests: four spaces, keys in a fixed order, as few quotes as possible.

use indexmap::IndexMap;

use crate::yaml::Node;

/// Writes one document, line by line.
#[derive(Default)]
pub(super) struct Writer {
    text: String,
    depth: usize,
}

impl Writer {
    fn key(&mut self, key: &str) {
        self.text += &"    ".repeat(self.depth);
        self.text += &scalar(key);
        self.text.push(':');
    }

    /// Writes a mapping under a key; `{}` where nothing is written into it.
    pub(super) fn open(&mut self, key: &str, write: impl FnOnce(&mut Self)) {
        self.key(key);
        let before = self.text.len();
        self.text.push('\n');
        self.depth += 1;
        write(self);
        self.depth -= 1;
        if self.text.len() == before + 1 {
            self.text.truncate(before);
            self.text += " {}\n";
        }
    }

    pub(super) fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        let value = block(value, self.depth).unwrap_or_else(|| scalar(value));
        self.text += &format!(" {value}\n");
    }

    pub(super) fn number(&mut self, key: &str, value: u8) {
        self.key(key);
        self.text += &format!(" {value}\n");
    }

    pub(super) fn truth(&mut self, key: &str) {
        self.key(key);
        self.text += " true\n";
    }

    /// Writes a list of texts, or nothing where there are none.
    pub(super) fn texts(&mut self, key: &str, values: &[String]) {
        if values.is_empty() {
            return;
        }
        self.key(key);
        self.text.push('\n');
        for value in values {
            let indent = "    ".repeat(self.depth + 1);
            let value = block(value, self.depth + 1).unwrap_or_else(|| scalar(value));
            self.text += &format!("{indent}- {value}\n");
        }
    }

    /// Writes a list of mappings, or nothing where there are none.
    pub(super) fn items<T>(&mut self, key: &str, items: &[T], write: impl Fn(&mut Self, &T)) {
        if items.is_empty() {
            return;
        }
        self.key(key);
        self.text.push('\n');
        for item in items {
            let mut one = Self::default();
            write(&mut one, item);
            let indent = "    ".repeat(self.depth + 1);
            for (number, line) in one.text.lines().enumerate() {
                let lead = if number == 0 { "- " } else { "  " };
                self.text += &format!("{indent}{lead}{line}\n");
            }
        }
    }

    /// Writes a mapping of anything with its keys sorted, or nothing where it is empty.
    pub(super) fn mapping(&mut self, key: &str, entries: &IndexMap<String, Node>) {
        if entries.is_empty() {
            return;
        }
        self.open(key, |writer| {
            let mut sorted: Vec<(&String, &Node)> = entries.iter().collect();
            sorted.sort_by_key(|(key, _)| *key);
            for (key, value) in sorted {
                writer.node(key, value);
            }
        });
    }

    fn node(&mut self, key: &str, value: &Node) {
        match value {
            Node::Map(map) if !map.is_empty() => self.mapping(key, map),
            Node::String(value) => self.text(key, value),
            Node::Seq(items) if !items.is_empty() => {
                let texts: Vec<String> = items.iter().map(plain).collect();
                self.key(key);
                self.text.push('\n');
                let indent = "    ".repeat(self.depth + 1);
                for text in texts {
                    self.text += &format!("{indent}- {text}\n");
                }
            }
            other => {
                self.key(key);
                self.text += &format!(" {}\n", plain(other));
            }
        }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// Writes a node on one line.
fn plain(node: &Node) -> String {
    match node {
        Node::Null => "null".to_owned(),
        Node::Bool(value) => value.to_string(),
        Node::Int(value) => value.to_string(),
        Node::UInt(value) => value.to_string(),
        Node::Float(value) => value.to_string(),
        Node::String(text) => scalar(text),
        Node::Seq(items) => format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(", ")),
        Node::Map(map) => {
            let entries: Vec<String> =
                map.iter().map(|(key, value)| format!("{}: {}", scalar(key), plain(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

/// Writes a text of several lines as a block, or returns `None` for a text of one.
fn block(text: &str, depth: usize) -> Option<String> {
    let body = text.strip_suffix('\n').unwrap_or(text);
    if !text.contains('\n') || text.starts_with([' ', '\n', '\t']) || text.chars().any(unprintable) {
        return None;
    }
    let kept = text.len() - text.trim_end_matches('\n').len();
    let chomp = match kept {
        0 => "-",
        1 => "",
        _ => "+",
    };
    let indent = "    ".repeat(depth + 1);
    let lines: Vec<String> = body
        .split('\n')
        .map(|line| if line.is_empty() { String::new() } else { format!("{indent}{line}") })
        .collect();
    Some(format!("|{chomp}\n{}", lines.join("\n")))
}

fn unprintable(letter: char) -> bool {
    letter.is_control() && letter != '\n'
}

/// Writes a text of one line: plain where that reads back as the same text.
fn scalar(text: &str) -> String {
    if text.is_empty() || reads_as_other(text) || text.chars().any(|letter| letter.is_control()) {
        return double(text);
    }
    let indicator = |letter: char| "-?:,[]{}#&*!|>'\"%@`".contains(letter);
    let mut letters = text.chars();
    let (first, second) = (letters.next().unwrap_or(' '), letters.next());
    let starts = indicator(first) && !("-?:".contains(first) && second.is_some_and(|next| next != ' '));
    let edges = text.starts_with(' ') || text.ends_with(' ') || text.ends_with(':');
    let inner = text.contains(": ") || text.contains(" #");
    let marker = text.starts_with("---") || text.starts_with("...");
    if starts || edges || inner || marker {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        text.to_owned()
    }
}

fn double(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted += "\\\"",
            '\\' => quoted += "\\\\",
            '\n' => quoted += "\\n",
            '\t' => quoted += "\\t",
            '\r' => quoted += "\\r",
            letter if letter.is_control() => quoted += &format!("\\x{:02X}", u32::from(letter)),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// Returns whether a plain text would be read as nothing, a truth value, a number, a date, or a merge key.
fn reads_as_other(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "null", "Null", "NULL", "~", "true", "True", "TRUE", "false", "False", "FALSE", "y", "Y", "yes",
        "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off", "OFF", "<<", "=", ".nan",
        ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF",
    ];
    if WORDS.contains(&text) {
        return true;
    }
    let number = text.trim_start_matches(['+', '-']).replace('_', "");
    let digits = number.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    let based = |prefix: &str, radix| {
        number.strip_prefix(prefix).is_some_and(|rest| u64::from_str_radix(rest, radix).is_ok())
    };
    let sexagesimal = number.contains(':')
        && number
            .split(':')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'));
    let date = text.len() >= 8
        && text
            .split(['-', 'T', 't', ' '])
            .next()
            .is_some_and(|year| year.len() == 4 && year.parse::<u16>().is_ok())
        && text.bytes().all(|byte| byte.is_ascii_digit() || b"-:TtZz+. ".contains(&byte));
    digits && (number.parse::<f64>().is_ok() || sexagesimal || date)
        || based("0x", 16)
        || based("0o", 8)
        || based("0b", 2)
}
