//! Finds the Prism examples of a Markdown page.
//!
//! A fenced block with the info string `prism` is an example. Words after it say what holds:
//! `fixed` (nothing is wrong with it), or the mode of a case, whose other notation it may use too.
//! An example that cannot be tested is written as `text`. Behind an example marked `shown`, the
//! next `text` block is what `prismc check` prints about it.

/// One fenced block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The line of its first line of code, from 1.
    pub line: usize,
    /// The words after `prism`.
    pub words: Vec<String>,
    pub code: String,
    /// The nearest heading above it.
    pub heading: String,
    /// The `text` block behind an example marked `shown`.
    pub output: Option<String>,
}

impl Example {
    pub fn has(&self, word: &str) -> bool {
        self.words.iter().any(|known| known == word)
    }
}

/// The examples of a page, in order.
pub fn find(page: &str) -> Vec<Example> {
    let mut found = Vec::new();
    let mut heading = String::new();
    let mut open: Option<(usize, Block)> = None;
    for (index, line) in page.lines().enumerate() {
        let ticks = line.bytes().take_while(|byte| *byte == b'`').count();
        match &mut open {
            Some((fence, _)) if ticks >= *fence && line.trim_matches('`').is_empty() => {
                match open.take() {
                    Some((_, Block::Example(example))) => found.push(example),
                    Some((_, Block::Output(text))) => {
                        found.last_mut().expect("an output follows its example").output =
                            Some(text);
                    }
                    Some((_, Block::Other)) | None => {}
                }
            }
            Some((_, Block::Example(Example { code: text, .. }) | Block::Output(text))) => {
                text.push_str(line);
                text.push('\n');
            }
            Some((_, Block::Other)) => {}
            None if ticks >= 3 => {
                let info = &line[ticks..];
                let is_awaited = |last: &Example| last.has("shown") && last.output.is_none();
                let block = match opened(info, index + 2, &heading) {
                    Some(example) => Block::Example(example),
                    None if info == "text" && found.last().is_some_and(is_awaited) => {
                        Block::Output(String::new())
                    }
                    None => Block::Other,
                };
                open = Some((ticks, block));
            }
            None if line.starts_with('#') => heading = line.trim_matches(['#', ' ']).to_owned(),
            None => {}
        }
    }
    found
}

/// A fenced block that is open.
enum Block {
    Example(Example),
    Output(String),
    Other,
}

fn opened(info: &str, line: usize, heading: &str) -> Option<Example> {
    let mut words = info.split_whitespace().map(str::to_owned);
    (words.next().as_deref() == Some("prism")).then(|| Example {
        line,
        words: words.collect(),
        code: String::new(),
        heading: heading.to_owned(),
        output: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prism_blocks_are_found_with_their_words_and_headings() {
        let page = "# P1\n## Fix\n```prism run fixed\nlet x = 1\n```\n````text\n```prism\nno\n```\n````\n```\nno\n```\n";
        let found = find(page);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].line, found[0].code.as_str()), (4, "let x = 1\n"));
        assert_eq!(found[0].heading, "Fix");
        assert!(found[0].has("run") && found[0].has("fixed"));
    }

    #[test]
    fn an_example_that_is_shown_has_an_output() {
        let page = "```prism shown\nx\n```\n```text\n[P0501] …\n```\n```text\nno\n```\n```prism\ny\n```\n```text\nno\n```\n";
        let outputs: Vec<Option<String>> = find(page).into_iter().map(|one| one.output).collect();
        assert_eq!(outputs, [Some("[P0501] …\n".to_owned()), None]);
    }
}
