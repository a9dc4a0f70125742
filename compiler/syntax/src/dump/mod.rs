//! Tokens and trees as text, for `--emit`, for tests, and to compare two programs.

mod expr;
mod parts;
mod stmt;

use std::fmt::Write;

use prism_span::Span;

use crate::ast::{Ast, Name};
use crate::parse::{Parse, laid_out};

/// One token per line, as the grammar sees them: span, kind, text.
pub fn tokens(text: &str) -> String {
    let mut out = String::new();
    for token in laid_out(text) {
        let Span { start, end } = token.span;
        let _ = writeln!(out, "{start}..{end} {:?} {:?}", token.kind, token.span.slice(text));
    }
    out
}

/// The tree, one node per line, children indented.
pub fn ast(text: &str, parse: &Parse) -> String {
    Dump { text, ast: &parse.ast, spans: true, indent: 0, out: String::new() }.file()
}

/// The tree without spans: equal for texts that mean the same.
pub fn meaning(text: &str, parse: &Parse) -> String {
    Dump { text, ast: &parse.ast, spans: false, indent: 0, out: String::new() }.file()
}

struct Dump<'t> {
    text: &'t str,
    ast: &'t Ast,
    spans: bool,
    indent: usize,
    out: String,
}

impl Dump<'_> {
    fn file(mut self) -> String {
        for stmt in self.ast.root_stmts() {
            self.stmt(*stmt);
        }
        self.out
    }

    /// A line of its own.
    fn line(&mut self, text: impl AsRef<str>) {
        for _ in 0..self.indent {
            self.out.push_str("  ");
        }
        self.out.push_str(text.as_ref());
        self.out.push('\n');
    }

    /// A node with its place.
    fn node(&mut self, text: impl AsRef<str>, span: Span) {
        if self.spans {
            self.line(format!("{} @{}..{}", text.as_ref(), span.start, span.end));
        } else {
            self.line(text);
        }
    }

    /// What is inside the last line.
    fn inside(&mut self, children: impl FnOnce(&mut Self)) {
        self.indent += 1;
        children(self);
        self.indent -= 1;
    }

    /// A part with a name of its own.
    fn part(&mut self, label: &str, children: impl FnOnce(&mut Self)) {
        self.line(label);
        self.inside(children);
    }

    fn slice(&self, span: Span) -> String {
        span.slice(self.text).to_owned()
    }

    fn name(&self, name: Name) -> String {
        if name.is_missing() { "<missing>".to_owned() } else { self.slice(name.span) }
    }

    fn names(&self, names: &[Name]) -> String {
        names.iter().map(|name| self.name(*name)).collect::<Vec<_>>().join(", ")
    }
}
