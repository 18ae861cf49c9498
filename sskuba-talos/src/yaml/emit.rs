//! YAML as `go.yaml.in/yaml/v4` writes it with its usual options, to the last space: Talos writes its files so, and Image
//! Factory digests what it writes so. This follows that emitter's rules, its oddities included.

use super::scalar::{Style, double, plain_or_quoted, style};
use super::{Map, Node};

/// The usual indentation of that library.
const INDENT: usize = 4;

/// Writes a document, which ends with a line break.
pub(super) fn write(document: &Node) -> String {
    let mut writer = Writer::default();
    match document {
        Node::Map(entries) if !entries.is_empty() => writer.entries(entries, 0),
        Node::Seq(items) if !items.is_empty() => writer.items(items, 0),
        scalar => writer.scalar(scalar, INDENT),
    }
    writer.begin_line(0);
    writer.text
}

#[derive(Default)]
struct Writer {
    text: String,
}

/// Where what is below a mapping stands.
fn below(indent: usize) -> usize {
    INDENT * ((indent + INDENT) / INDENT)
}

impl Writer {
    /// Begins a line, unless one has just begun.
    fn begin_line(&mut self, indent: usize) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        self.text.extend(std::iter::repeat_n(' ', indent));
    }

    /// Writes the entries of a mapping, the first one where the line is.
    fn entries(&mut self, entries: &Map, indent: usize) {
        for (number, (key, value)) in entries.iter().enumerate() {
            if number > 0 {
                self.begin_line(indent);
            }
            self.text += &plain_or_quoted(key);
            self.text.push(':');
            self.value(value, below(indent));
        }
    }

    /// Writes what stands after a key; `indent` is where it goes on in lines of its own.
    fn value(&mut self, value: &Node, indent: usize) {
        match value {
            Node::Map(entries) if !entries.is_empty() => {
                self.begin_line(indent);
                self.entries(entries, indent);
            }
            Node::Seq(items) if !items.is_empty() => {
                self.begin_line(indent);
                self.items(items, indent);
            }
            scalar => {
                self.text.push(' ');
                self.scalar(scalar, indent);
            }
        }
    }

    /// Writes the items of a list, the first one where the line is.
    fn items(&mut self, items: &[Node], indent: usize) {
        for (number, item) in items.iter().enumerate() {
            if number > 0 {
                self.begin_line(indent);
            }
            self.text += "- ";
            // The dash is a part of the indentation.
            let indent = indent + 2;
            match item {
                Node::Map(entries) if !entries.is_empty() => self.entries(entries, indent),
                Node::Seq(items) if !items.is_empty() => self.items(items, indent),
                scalar => self.scalar(scalar, indent),
            }
        }
    }

    fn scalar(&mut self, node: &Node, indent: usize) {
        match node {
            Node::Null => self.text += "null",
            Node::Bool(value) => self.text += &value.to_string(),
            Node::Int(value) => self.text += &value.to_string(),
            Node::UInt(value) => self.text += &value.to_string(),
            Node::Float(value) => self.text += &float(*value),
            Node::Number(text) => self.text += text,
            Node::Seq(_) => self.text += "[]",
            Node::Map(_) => self.text += "{}",
            Node::String(text) => match style(text) {
                Style::Literal => self.literal(text, indent),
                Style::Double => self.text += &double(text),
                _ => self.text += &plain_or_quoted(text),
            },
        }
    }

    /// Writes a text of several lines as a block.
    fn literal(&mut self, text: &str, indent: usize) {
        self.text.push('|');
        if text.starts_with(' ') {
            self.text += &INDENT.to_string();
        }
        let rest = text.strip_suffix('\n');
        match rest {
            None => self.text.push('-'),
            Some(rest) if rest.is_empty() || rest.ends_with('\n') => self.text.push('+'),
            Some(_) => {}
        }
        self.text.push('\n');
        for line in text.split_inclusive('\n') {
            if line != "\n" {
                self.text.extend(std::iter::repeat_n(' ', indent));
            }
            self.text += line;
        }
    }
}

/// Writes a number as Go's `%g` does: large and small ones with an exponent of two digits at least.
pub(super) fn float(value: f64) -> String {
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let shortest = format!("{value:e}");
    let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..21).contains(&exponent) && !(6..21).contains(&exponent) {
        return value.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}
