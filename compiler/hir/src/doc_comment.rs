//! The words that stand right above a declaration.

use prism_source::{Db, SourceFile, parse};
use prism_span::Span;

use crate::doc_header::header_spans;

/// The words of the comments (`///`, `/** */`) right above a byte of a file, where a declaration
/// with its `export` starts. The comment that holds the header of the file is none of them.
pub fn doc_comment(db: &dyn Db, file: SourceFile, start: u32) -> String {
    let (comments, text) = (&parse(db, file).comments, file.text(db));
    let header = header_spans(db, file).first().map(|entry| entry.key);
    let is_header =
        |span: Span| header.is_some_and(|key| span.start <= key.start && key.end <= span.end);
    let mut next = comments.partition_point(|span| span.start < start);
    let mut words = Vec::new();
    let mut below = start;
    while let Some(span) = next.checked_sub(1).and_then(|index| comments.get(index)) {
        let between = Span::new(span.end, below).slice(text);
        let is_near = between.trim().is_empty() && between.matches('\n').count() <= 1;
        match comment(span.slice(text)).filter(|_| is_near && !is_header(*span)) {
            Some(text) => words.push(text),
            None => break,
        }
        (below, next) = (span.start, next - 1);
    }
    words.reverse();
    words.join("\n")
}

/// The words of a comment without its marks; `None` when it documents nothing.
fn comment(text: &str) -> Option<String> {
    if let Some(line) = text.strip_prefix("///") {
        return Some(line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned());
    }
    let inside = text.strip_prefix("/**")?.strip_suffix("*/")?;
    let line = |line: &str| {
        let line = line.trim_end();
        let after = line.trim_start().strip_prefix('*');
        after.map_or(line.trim_start(), |rest| rest.strip_prefix(' ').unwrap_or(rest)).to_owned()
    };
    Some(inside.lines().map(line).collect::<Vec<_>>().join("\n").trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_lose_their_marks() {
        assert_eq!(comment("/// Two  words. ").as_deref(), Some("Two  words."));
        assert_eq!(comment("/**\n * One.\n *\n *   two\n */").as_deref(), Some("One.\n\n  two"));
        assert_eq!(comment("// no"), None);
        assert_eq!(comment("/* no */"), None);
    }
}
