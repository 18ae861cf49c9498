//! Pictures of a graph as text: Graphviz, Mermaid, SVG, JSON.

use std::fmt::Write as _;

use crate::address::Address;

/// A language for pictures of graphs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Graphviz.
    Dot,
    /// Mermaid, which code hosts draw inside Markdown.
    Mermaid,
    /// A picture to look at, in itself.
    Svg,
    /// `{"nodes":[…],"edges":[{"from","to"}…]}`.
    Json,
}

/// What is drawn: nodes, each with a word about it, and edges from a dependant to what it needs.
#[derive(Debug, Clone, Default)]
pub struct Picture {
    /// Addresses, each with a status or an empty text.
    pub nodes: Vec<(Address, String)>,
    /// Pairs of places in `nodes`.
    pub edges: Vec<(usize, usize)>,
}

impl Picture {
    /// Writes the picture.
    pub fn render(&self, format: Format) -> String {
        match format {
            Format::Dot => self.dot(),
            Format::Mermaid => self.mermaid(),
            Format::Svg => super::svg::draw(self),
            Format::Json => self.json(),
        }
    }

    fn label(&self, i: usize, newline: &str) -> String {
        let (address, word) = &self.nodes[i];
        let path = if address.path().is_empty() { String::new() } else { format!("{}/", address.path()) };
        let word = if word.is_empty() { String::new() } else { format!("{newline}{word}") };
        format!("{path}{}{newline}{}{word}", address.name(), address.kind_str())
    }

    // Addresses and statuses hold neither quotes nor line breaks, so nothing here needs escaping.
    fn dot(&self) -> String {
        let mut text =
            String::from("digraph stack {\n  rankdir=RL;\n  node [shape=box, fontname=\"sans-serif\"];\n");
        for i in 0..self.nodes.len() {
            let _ = writeln!(text, "  n{i} [label=\"{}\"];", self.label(i, "\\n"));
        }
        for (from, to) in &self.edges {
            let _ = writeln!(text, "  n{from} -> n{to};");
        }
        text + "}\n"
    }

    fn mermaid(&self) -> String {
        let mut text = String::from("graph RL\n");
        for i in 0..self.nodes.len() {
            let _ = writeln!(text, "  n{i}[\"{}\"]", self.label(i, "<br/>"));
        }
        for (from, to) in &self.edges {
            let _ = writeln!(text, "  n{from} --> n{to}");
        }
        text
    }

    fn json(&self) -> String {
        let nodes: Vec<_> = self
            .nodes
            .iter()
            .map(|(address, status)| serde_json::json!({"address": address, "kind": address.kind_str(), "status": status}))
            .collect();
        let edge = |(from, to): &(usize, usize)| serde_json::json!({"from": self.nodes[*from].0, "to": self.nodes[*to].0});
        let edges: Vec<_> = self.edges.iter().map(edge).collect();
        serde_json::json!({"nodes": nodes, "edges": edges}).to_string()
    }
}
