//! Applies edits to a text.

use crate::Edit;

/// The text after the edits of one file. Edits that overlap an earlier one, or that do not
/// fit the text, are left out.
pub fn apply_edits(text: &str, edits: &[Edit]) -> String {
    let mut ordered: Vec<&Edit> = edits.iter().collect();
    ordered.sort_by_key(|edit| (edit.place.span.start, edit.place.span.end));
    let mut result = String::with_capacity(text.len());
    let mut done = 0;
    for edit in ordered {
        let range = edit.place.span.range();
        if range.start < done || text.get(range.clone()).is_none() {
            continue;
        }
        result.push_str(&text[done..range.start]);
        result.push_str(&edit.insert);
        done = range.end;
    }
    result.push_str(&text[done..]);
    result
}

#[cfg(test)]
mod tests {
    use prism_span::{FileId, Span};

    use super::*;
    use crate::Place;

    #[test]
    fn edits_apply_in_order_of_place_and_overlaps_are_left_out() {
        let at = |start, end| Place::new(FileId(0), Span::new(start, end));
        let edits = [
            Edit::replace(at(8, 9), "2"),
            Edit::replace(at(0, 3), "let"),
            Edit::replace(at(2, 5), "no"),
            Edit::insert(FileId(0), 9, ";"),
        ];
        assert_eq!(apply_edits("var x = 1", &edits), "let x = 2;");
    }
}
