//! The words of comments: blocks of Markdown, read into data so that each format can write them
//! without trusting them.

use std::collections::BTreeSet;

/// A part of a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Block {
    Paragraph(Vec<Inline>),
    /// One item per line that begins with `- ` or `* `.
    List(Vec<Vec<Inline>>),
    /// A fenced block; the word after the fence.
    Code {
        language: String,
        text: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Inline {
    Text(String),
    Code(String),
    Emphasis(String),
}

/// Reads the text of a comment whose marks are gone.
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        if let Some(language) = trimmed.strip_prefix("```") {
            close(&mut open, &mut blocks);
            let code = lines.by_ref().take_while(|line| line.trim() != "```");
            let text = code.map(|line| format!("{}\n", line.trim_end())).collect();
            let is_word = |c: &char| c.is_alphanumeric() || " -_".contains(*c);
            let language = language.chars().filter(is_word).collect();
            blocks.push(Block::Code { language, text });
        } else if trimmed.is_empty() {
            close(&mut open, &mut blocks);
        } else {
            let starts_list =
                item(trimmed).is_some() && open.iter().all(|line| item(line).is_none());
            if starts_list {
                close(&mut open, &mut blocks);
            }
            open.push(trimmed);
        }
    }
    close(&mut open, &mut blocks);
    blocks
}

fn item(line: &str) -> Option<&str> {
    line.strip_prefix("- ").or_else(|| line.strip_prefix("* "))
}

/// Ends a paragraph or a list.
fn close(open: &mut Vec<&str>, blocks: &mut Vec<Block>) {
    let lines = std::mem::take(open);
    let Some(first) = lines.first() else { return };
    if item(first).is_none() {
        blocks.push(Block::Paragraph(inlines(&lines.join(" "))));
        return;
    }
    let mut items: Vec<String> = Vec::new();
    for line in lines {
        match (item(line), items.last_mut()) {
            (Some(text), _) => items.push(text.to_owned()),
            (None, Some(last)) => {
                last.push(' ');
                last.push_str(line);
            }
            (None, None) => items.push(line.to_owned()),
        }
    }
    blocks.push(Block::List(items.iter().map(|item| inlines(item)).collect()));
}

/// Code between backticks and words between `*`; the rest is text.
pub(crate) fn inlines(text: &str) -> Vec<Inline> {
    let mut found = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let marked = match c {
            '`' => closed(rest, '`').map(|inside| Inline::Code(inside.to_owned())),
            '*' => closed(rest, '*')
                .filter(|inside| inside.trim() == *inside && !inside.contains('`'))
                .map(|inside| Inline::Emphasis(inside.to_owned())),
            _ => None,
        };
        let len = match &marked {
            Some(Inline::Code(inside) | Inline::Emphasis(inside)) => inside.len() + 2,
            Some(Inline::Text(_)) | None => c.len_utf8(),
        };
        match marked {
            Some(inline) => {
                if !plain.is_empty() {
                    found.push(Inline::Text(std::mem::take(&mut plain)));
                }
                found.push(inline);
            }
            None => plain.push(c),
        }
        rest = &rest[len..];
    }
    if !plain.is_empty() {
        found.push(Inline::Text(plain));
    }
    found
}

/// What stands between a mark and the next one of its kind.
fn closed(text: &str, mark: char) -> Option<&str> {
    // A mark that never closes is looked for once per paragraph line at most this far.
    const LONGEST: usize = 1000;
    let inside = &text[1..];
    let end = inside.find(mark)?;
    (end > 0 && end <= LONGEST).then(|| &inside[..end])
}

/// Anchors that were given out.
#[derive(Debug, Default)]
pub(crate) struct Anchors(BTreeSet<String>);

impl Anchors {
    /// An anchor made of letters, digits, `-`, `_` and `.`, different from all before.
    pub fn fresh(&mut self, wanted: &str) -> String {
        let is_kept = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        let slug: String = wanted.chars().map(|c| if is_kept(c) { c } else { '-' }).collect();
        let slug = slug.trim_matches('-').to_owned();
        let mut anchor = slug.clone();
        let mut next = 2;
        while !self.0.insert(anchor.clone()) {
            anchor = format!("{slug}-{next}");
            next += 1;
        }
        anchor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_and_marks_are_read() {
        let text = |text: &str| Inline::Text(text.to_owned());
        let found = blocks("One *two*\n`a*b*`\n- x\n  y\n- z\n```prism\n- 1\n```\n* alone *");
        let expected = [
            Block::Paragraph(vec![
                text("One "),
                Inline::Emphasis("two".to_owned()),
                text(" "),
                Inline::Code("a*b*".to_owned()),
            ]),
            Block::List(vec![vec![text("x y")], vec![text("z")]]),
            Block::Code { language: "prism".to_owned(), text: "- 1\n".to_owned() },
            Block::List(vec![vec![text("alone *")]]),
        ];
        assert_eq!(found, expected);
        assert_eq!(blocks("` * ** é`"), [Block::Paragraph(vec![Inline::Code(" * ** é".into())])]);
    }

    #[test]
    fn anchors_are_different() {
        let mut anchors = Anchors::default();
        assert_eq!(anchors.fresh("@prism/a.b"), "prism-a.b");
        assert_eq!(anchors.fresh("@prism/a.b"), "prism-a.b-2");
        assert_eq!(anchors.fresh("\"><script>"), "script");
    }
}
