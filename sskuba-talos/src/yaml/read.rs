//! Reads YAML as Talos does: its notations of numbers, merge keys, and blocks that end where the file does.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use granit_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};

use super::notation::resolve;
use super::{MERGE, Map, Node, YamlError};

/// How deep a config may be nested, at the most.
const DEPTH: usize = 128;

/// How many nodes all documents may have, aliases counted with all that they stand for.
const MOST: usize = 250_000;

/// Reads all documents; empty ones are left out.
pub(super) fn read(text: &str) -> Result<Vec<Node>, YamlError> {
    let options = granit_parser::options! {
        block_scalar_eof_without_line_feed: true,
        block_nesting_limit: DEPTH,
        flow_nesting_limit: DEPTH,
    };
    let parser = Parser::new_from_str_with_options(text, options);
    let mut reader = Reader { parser, anchors: HashMap::new(), nodes: 0 };
    let mut documents = Vec::new();
    while let Some((event, span)) = reader.next()? {
        if matches!(
            event,
            Event::StreamStart | Event::StreamEnd | Event::DocumentStart(..) | Event::DocumentEnd
        ) {
            continue;
        }
        let document = reader.node(event, span, 0)?;
        documents.extend(Some(document).filter(|document| *document != Node::Null));
    }
    Ok(documents)
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    /// What has a name, and how many nodes it is.
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
}

/// Says what is wrong, and where.
fn wrong(message: impl std::fmt::Display, span: Span) -> YamlError {
    let at = span.start;
    YamlError { message: format!("{message} at line {}, column {}", at.line(), at.col() + 1) }
}

impl<'a> Reader<'a> {
    /// Returns the next event that is no comment.
    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, YamlError> {
        match self.parser.next_event() {
            None => Ok(None),
            Some(Ok(found)) => Ok(Some(found)),
            Some(Err(error)) => {
                let at = error.marker();
                let message = format!("{} at line {}, column {}", error.info(), at.line(), at.col() + 1);
                Err(YamlError { message })
            }
        }
    }

    fn expect(&mut self, span: Span) -> Result<(Event<'a>, Span), YamlError> {
        self.next()?.ok_or_else(|| wrong("it ends too early", span))
    }

    /// Reads what begins with an event.
    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, YamlError> {
        if depth > DEPTH {
            return Err(wrong("it is nested deeper than any config", span));
        }
        let before = self.nodes;
        self.count(1, span)?;
        let (node, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => (scalar(&text, style, tag.as_deref(), span)?, anchor),
            Event::SequenceStart(_, anchor, _) => (self.sequence(span, depth)?, anchor),
            Event::MappingStart(_, anchor, _) => (self.mapping(span, depth)?, anchor),
            Event::Alias(id) => {
                let found = self.anchors.get(&id).cloned();
                let (node, size) = found.ok_or_else(|| wrong("an alias to what contains it", span))?;
                self.count(size, span)?;
                (node, 0)
            }
            _ => return Err(wrong("something that no config has", span)),
        };
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), self.nodes - before));
        }
        Ok(node)
    }

    fn count(&mut self, nodes: usize, span: Span) -> Result<(), YamlError> {
        self.nodes += nodes;
        if self.nodes > MOST { Err(wrong("it is larger than any config", span)) } else { Ok(()) }
    }

    fn sequence(&mut self, span: Span, depth: usize) -> Result<Node, YamlError> {
        let mut items = Vec::new();
        loop {
            match self.expect(span)? {
                (Event::SequenceEnd, _) => return Ok(Node::Seq(items)),
                (event, span) => items.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn mapping(&mut self, span: Span, depth: usize) -> Result<Node, YamlError> {
        let (mut entries, mut merged) = (Map::new(), Vec::new());
        loop {
            let (event, span) = self.expect(span)?;
            let (key, is_merge) = match event {
                Event::MappingEnd => break,
                Event::Scalar(text, style, anchor, _) => {
                    if anchor > 0 {
                        self.anchors.insert(anchor, (Node::String(text.clone().into_owned()), 1));
                    }
                    let is_merge = text == MERGE && style == ScalarStyle::Plain;
                    (text.into_owned(), is_merge)
                }
                Event::Alias(id) => {
                    let named = self.anchors.get(&id).and_then(|(node, _)| node.scalar());
                    (named.ok_or_else(|| wrong("a key that is no text", span))?, false)
                }
                _ => return Err(wrong("a key that is no text", span)),
            };
            let (event, value_at) = self.expect(span)?;
            let value = self.node(event, value_at, depth + 1)?;
            if is_merge {
                merged.push((value, span));
            } else if entries.contains_key(&key) {
                return Err(wrong(format!("duplicate mapping key: {key}"), span));
            } else {
                entries.insert(key, value);
            }
        }
        for (below, span) in merged {
            lay_below(&mut entries, below, span)?;
        }
        Ok(Node::Map(entries))
    }
}

/// Adds the entries of a mapping that are not there. YAML lets a list of mappings stand there, too, which Talos refuses.
fn lay_below(entries: &mut Map, below: Node, span: Span) -> Result<(), YamlError> {
    let Node::Map(below) = below else {
        return Err(wrong("a merge key takes one mapping", span));
    };
    for (key, value) in below {
        entries.entry(key).or_insert(value);
    }
    Ok(())
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Result<Node, YamlError> {
    let binary = tag
        .and_then(|tag| tag.suffix_in_namespace("tag:yaml.org,2002:"))
        .is_some_and(|name| name == "binary");
    if binary {
        let plain: String = text.split_whitespace().collect();
        let bytes = STANDARD.decode(plain).map_err(|_| wrong("`!!binary` without base64", span))?;
        let text = String::from_utf8(bytes).map_err(|_| wrong("`!!binary` that is no text", span))?;
        return Ok(Node::String(text));
    }
    match tag.map(|tag| tag.core_suffix()) {
        None if style == ScalarStyle::Plain => Ok(resolve(text)),
        None | Some(None | Some("str")) => Ok(Node::String(text.to_owned())),
        Some(Some(name)) => {
            let node = resolve(text);
            let fits = match name {
                "int" => node.integer().is_some(),
                "float" => matches!(node, Node::Float(_) | Node::Int(_) | Node::UInt(_) | Node::Number(_)),
                "bool" => matches!(node, Node::Bool(_)),
                "null" => node == Node::Null,
                _ => false,
            };
            if fits { Ok(node) } else { Err(wrong(format!("a value that is no `!!{name}`"), span)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Node {
        read(text).unwrap().remove(0)
    }

    #[test]
    fn merge_keys_fill_in_what_is_not_there() {
        let text = "base: &base {a: 1, b: 2}\nmore: &more {b: 3, c: 4}\none: {<<: *base, b: 9}\nboth: {b: 8, <<: *base, <<: *more}\n\"<<\": text\n";
        let all = one(text);
        assert_eq!(all.get("one").unwrap(), &one("{b: 9, a: 1}"));
        assert_eq!(all.get("both").unwrap(), &one("{b: 8, a: 1, c: 4}"));
        assert_eq!(all.get("<<").and_then(Node::as_str), Some("text"));
        assert!(read("a: {<<: 1}").is_err() && read("a: {<<: [1]}").is_err());
    }

    #[test]
    fn a_block_that_ends_with_the_file_gains_no_line_break() {
        assert_eq!(one("a: |\n  last").get("a").and_then(Node::as_str), Some("last"));
        assert_eq!(one("a: |\n  last\n").get("a").and_then(Node::as_str), Some("last\n"));
        assert_eq!(one("a: |+\n  last\n\n").get("a").and_then(Node::as_str), Some("last\n\n"));
    }

    #[test]
    fn tags_say_what_a_value_is() {
        assert_eq!(one("a: !!str 12").get("a"), Some(&Node::from("12")));
        assert_eq!(one("a: !!int \"12\"").get("a"), Some(&Node::Int(12)));
        assert_eq!(one("a: !!binary aGk=").get("a"), Some(&Node::from("hi")));
        assert!(read("a: !!int x").is_err());
    }

    #[test]
    fn an_error_says_where_and_quotes_no_value() {
        for text in [
            "a: 1\na: s3cret",
            "token: s3cret: x",
            "a: [s3cret",
            "a: !!int s3cret",
            "a: *s3cret",
            "a: &x [*x]",
        ] {
            let said = read(text).unwrap_err().message;
            assert!(said.contains("line ") && !said.contains("s3cret"), "{text}: {said}");
        }
    }
}
