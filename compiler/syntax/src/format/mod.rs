//! The formatter: one style, no options.
//!
//! It works on tokens, not on the tree, so that no comment is ever in the way:
//! - statements, arms and the like stand on lines of their own, unless their braces stand on one
//!   line; other line breaks stay where the author put them;
//! - two columns more for each line with brackets that are still open, and for a line that
//!   continues the one before;
//! - one space around operators, none inside `( )` and `[ ]`, one inside `{ }`;
//! - no `;` and no `,` where a line ends an item anyway; at most one blank line.
//!
//! Statements with mistakes stay as they are, byte for byte.

mod pieces;
mod print;
mod spacing;

use crate::dump;
use crate::parse::parse;

/// The text in Prism's style. It means what it meant, and formatting it again changes nothing.
pub fn format(text: &str) -> String {
    let printed = print(text);
    if is_faithful(text, &printed) { printed } else { text.to_owned() }
}

/// A tool that rewrites people's files checks its work.
fn is_faithful(text: &str, printed: &str) -> bool {
    let (before, after) = (parse(text), parse(printed));
    let means_the_same = dump::meaning(text, &before) == dump::meaning(printed, &after);
    let has_mistakes = !before.errors.is_empty();
    before.errors.len() == after.errors.len()
        && means_the_same
        && letters(text).eq(letters(printed))
        // How a mistake is understood can depend on the lines around it.
        && (!has_mistakes || print(printed) == printed)
}

/// What must not change: everything but spaces and the marks that lines can stand for.
fn letters(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| !c.is_whitespace() && !matches!(c, ';' | ',' | '\u{feff}'))
}

/// The same without the check.
fn print(text: &str) -> String {
    print::print(text, &pieces::pieces(text))
}

#[cfg(test)]
mod tests;
