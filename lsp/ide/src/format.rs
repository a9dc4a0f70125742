//! Formatting as an edit of the lines that change.

use prism_span::Span;

/// What to replace so that a text is in Prism's style; `None` when it is.
pub fn format(text: &str) -> Option<(Span, String)> {
    let formatted = prism_syntax::format(text);
    if formatted == text {
        return None;
    }
    let (start, end) = (common_start(text, &formatted), common_end(text, &formatted));
    // The same line may belong to both.
    let end = end.min(text.len() - start).min(formatted.len() - start);
    let span = Span::new(start as u32, (text.len() - end) as u32);
    Some((span, formatted[start..formatted.len() - end].to_owned()))
}

/// Bytes of the whole lines that two texts begin with.
fn common_start(one: &str, other: &str) -> usize {
    let pairs = one.split_inclusive('\n').zip(other.split_inclusive('\n'));
    pairs.take_while(|(one, other)| one == other).map(|(line, _)| line.len()).sum()
}

/// Bytes of the whole lines that two texts end with.
fn common_end(one: &str, other: &str) -> usize {
    let lines = |text| str::split_inclusive(text, '\n').rev();
    let pairs = lines(one).zip(lines(other));
    pairs.take_while(|(one, other)| one == other).map(|(line, _)| line.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_lines_that_change_are_replaced() {
        let text = "let a = 1\nlet  b=2\nlet c = 3\n";
        assert_eq!(format(text), Some((Span::new(10, 19), "let b = 2\n".to_owned())));
        assert_eq!(format("let a = 1\n"), None);
    }

    #[test]
    fn lines_that_stand_at_both_ends_are_counted_once() {
        let text = "let a = 1\n\n\n\nlet a = 1\n";
        let (span, insert) = format(text).expect("two empty lines are too many");
        let mut result = text.to_owned();
        result.replace_range(span.range(), &insert);
        assert_eq!(result, "let a = 1\n\nlet a = 1\n");
    }
}
