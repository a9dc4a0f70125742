//! The query that parses a file.

use std::sync::Arc;

use prism_diagnostics::Diagnostic;
use prism_span::Span;
use prism_syntax::ast::{Ast, PatKind};

use crate::{Db, Kept, SourceFile};

/// The tree of a file and what is wrong with its text.
#[derive(Debug, Clone)]
pub struct Parsed {
    pub tree: Tree,
    pub diagnostics: Arc<[Diagnostic]>,
    /// Names that stand in statements nobody could read: they may have been declared there.
    pub broken: Arc<[Box<str>]>,
    /// Comments, in order, with their marks.
    pub comments: Arc<[Span]>,
}

/// The tree of a text. Clones are one tree. It can be given up: the text is read again then.
#[derive(Debug, Clone)]
pub struct Tree {
    text: Arc<str>,
    ast: Kept<Ast>,
}

impl Tree {
    fn new(text: &Arc<str>, ast: Ast) -> Tree {
        Tree { text: text.clone(), ast: Kept::new(ast) }
    }

    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    pub fn ast(&self) -> Arc<Ast> {
        self.ast.get_or(|| prism_syntax::parse(&self.text).ast)
    }

    pub fn is_released(&self) -> bool {
        self.ast.is_released()
    }

    /// Gives up the nodes, as soon as nobody reads them.
    pub fn release(&self) {
        self.ast.release();
    }
}

/// Parses the text of a file. Its result is not compared: a text that changed has another tree.
#[salsa::tracked(no_eq)]
pub fn parse(db: &dyn Db, file: SourceFile) -> Parsed {
    let text = file.text(db);
    let parse = prism_syntax::parse(text);
    Parsed {
        diagnostics: prism_syntax::diagnostics(text, &parse, file.id(db)).into(),
        broken: names_in(text, &unread(&parse)).into(),
        tree: Tree::new(text, parse.ast),
        comments: parse.comments.into(),
    }
}

/// Where declarations may have been: statements and patterns that could not be read.
fn unread(parse: &prism_syntax::Parse) -> Vec<Span> {
    let pats = parse.ast.pats.iter().filter(|(_, pat)| pat.kind == PatKind::Error);
    parse.broken.iter().copied().chain(pats.map(|(_, pat)| pat.span)).collect()
}

/// The words in the spans that could be names, each once.
fn names_in(text: &str, spans: &[Span]) -> Vec<Box<str>> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let words = spans.iter().flat_map(|span| span.slice(text).split(|c| !is_part(c)));
    let names = words.filter(|word| word.starts_with(|c: char| c.is_alphabetic() || c == '_'));
    let mut names: Vec<Box<str>> = names.map(Box::from).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_that_was_given_up_is_read_again() {
        let text: Arc<str> = "let a = [1, b".into();
        let tree = Tree::new(&text, prism_syntax::parse(&text).ast);
        let before = tree.ast();
        tree.release();
        assert_eq!(tree.ast(), before);
    }

    #[test]
    fn names_of_broken_statements_are_words_that_begin_like_names() {
        let text = "let a1 = = b 12x; c";
        let found = names_in(text, &[Span::new(0, 16)]);
        let found: Vec<&str> = found.iter().map(|name| &**name).collect();
        assert_eq!(found, ["a1", "b", "let"]);
    }
}
