//! Finds the Prism examples of a Markdown page.
//!
//! A fenced block with the info string `prism` is an example. Words after it say what holds:
//! `fixed` (nothing is wrong with it), or the mode of a case, whose other notation it may use too.
//! An example that cannot be tested is written as `text`.

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
    let mut open: Option<(usize, Option<Example>)> = None;
    for (index, line) in page.lines().enumerate() {
        let ticks = line.bytes().take_while(|byte| *byte == b'`').count();
        match &mut open {
            Some((fence, example)) if ticks >= *fence && line.trim_matches('`').is_empty() => {
                found.extend(example.take());
                open = None;
            }
            Some((_, Some(example))) => {
                example.code.push_str(line);
                example.code.push('\n');
            }
            Some((_, None)) => {}
            None if ticks >= 3 => {
                open = Some((ticks, opened(&line[ticks..], index + 2, &heading)));
            }
            None if line.starts_with('#') => heading = line.trim_matches(['#', ' ']).to_owned(),
            None => {}
        }
    }
    found
}

fn opened(info: &str, line: usize, heading: &str) -> Option<Example> {
    let mut words = info.split_whitespace().map(str::to_owned);
    (words.next().as_deref() == Some("prism")).then(|| Example {
        line,
        words: words.collect(),
        code: String::new(),
        heading: heading.to_owned(),
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
}
