//! What the tests of trees share.

use prism_syntax::{SyntaxErrorKind, dump, parse};

/// The meaning of a text on one line: a node is `label(children)`, neighbours have a comma.
#[allow(dead_code, reason = "not every test file looks at trees")]
pub fn flat(text: &str) -> String {
    let parsed = parse(text);
    let dumped = dump::meaning(text, &parsed);
    let mut out = String::new();
    let mut depth = 0;
    for (index, line) in dumped.lines().enumerate() {
        let label = line.trim_start();
        let indent = (line.len() - label.len()) / 2;
        if indent > depth {
            out.push('(');
        } else {
            out.extend(std::iter::repeat_n(')', depth - indent));
            if index > 0 {
                out.push_str(", ");
            }
        }
        depth = indent;
        out.push_str(label);
    }
    out.extend(std::iter::repeat_n(')', depth));
    out
}

/// The mistakes in a text.
#[allow(dead_code, reason = "not every test file looks at errors")]
pub fn errors(text: &str) -> Vec<SyntaxErrorKind> {
    parse(text).errors.iter().map(|error| error.kind).collect()
}
