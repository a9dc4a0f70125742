//! Finds the name that was probably meant.

/// Longer names are not compared; they are never typed by hand.
const LONGEST: usize = 64;

/// The candidate with the fewest changes, if there are few enough to be a slip.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.chars().count() > LONGEST {
        return None;
    }
    let letters: Vec<char> = name.chars().collect();
    let allowed = match letters.len() {
        0..=5 => 1,
        6..=8 => 2,
        more => more / 3,
    };
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        if candidate == name || candidate.starts_with("__") || candidate.len() > 4 * LONGEST {
            continue;
        }
        let other: Vec<char> = candidate.chars().collect();
        if other.len().abs_diff(letters.len()) > allowed {
            continue;
        }
        let distance = changes(&letters, &other);
        let is_better = best.is_none_or(|(least, _)| distance < least);
        // Of a short name at least one letter must remain.
        if is_better && distance <= allowed && distance < letters.len() {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Edits from one word to the other: insert, delete, replace, swap neighbours; case is free.
fn changes(from: &[char], to: &[char]) -> usize {
    let same = |a: char, b: char| a.to_lowercase().eq(b.to_lowercase());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for (row, from_char) in from.iter().enumerate() {
        let mut current = vec![row + 1; to.len() + 1];
        for (column, to_char) in to.iter().enumerate() {
            let replaced = above[column] + usize::from(!same(*from_char, *to_char));
            let mut least = replaced.min(above[column + 1] + 1).min(current[column] + 1);
            let is_swap = row > 0
                && column > 0
                && same(from[row - 1], *to_char)
                && same(*from_char, to[column - 1]);
            if is_swap {
                least = least.min(before[column - 1] + 1);
            }
            current[column + 1] = least;
        }
        before = std::mem::replace(&mut above, current);
    }
    above[to.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_is_mended_and_a_stranger_is_not() {
        let known = ["results", "decision", "print", "x"];
        assert_eq!(nearest("reslts", known), Some("results"));
        assert_eq!(nearest("Print", known), Some("print"));
        assert_eq!(nearest("pritn", known), Some("print"));
        assert_eq!(nearest("banana", known), None);
        assert_eq!(nearest("y", known), None);
        assert_eq!(nearest("race", ["Date", "rate"]), Some("rate"));
        assert_eq!(nearest("Rate", ["gate", "rate"]), Some("rate"));
        assert_eq!(nearest(&"a".repeat(10_000), known), None);
    }
}
