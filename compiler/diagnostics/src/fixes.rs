//! Chooses fixes that go together, and applies edits to a text.

use std::collections::{BTreeMap, BTreeSet};

use prism_span::{FileId, Span};

use crate::{Diagnostic, Edit, Fix};

/// The fixes that can be applied at once, with the positions of their diagnostics: the first fix
/// of each, whole or not at all, unless it overlaps one that was chosen before.
/// While a file has errors of syntax, only they are mended in it.
pub fn fixes_together(
    diagnostics: &[Diagnostic],
    may_edit: impl Fn(&Edit) -> bool,
) -> Vec<(usize, &Fix)> {
    let mut chosen = Vec::new();
    let mut taken: BTreeMap<FileId, Vec<Span>> = BTreeMap::new();
    let unread = diagnostics.iter().filter(|one| one.is_error() && one.code.is_syntax());
    let unread: BTreeSet<FileId> = unread.map(|one| one.place.file).collect();
    for (index, diagnostic) in diagnostics.iter().enumerate() {
        // What else seems wrong in a text that cannot be read may only look like it.
        if unread.contains(&diagnostic.place.file) && !diagnostic.code.is_syntax() {
            continue;
        }
        let Some(fix) = diagnostic.fixes.first() else { continue };
        let may_apply = |edit: &Edit| {
            let spans = taken.get(&edit.place.file).map_or(&[][..], Vec::as_slice);
            may_edit(edit) && spans.iter().all(|span| !overlap(*span, edit.place.span))
        };
        if !fix.edits.is_empty() && fix.edits.iter().all(may_apply) {
            for edit in &fix.edits {
                taken.entry(edit.place.file).or_default().push(edit.place.span);
            }
            chosen.push((index, fix));
        }
    }
    chosen
}

/// Two edits whose order would matter. Two that begin at the same place do overlap.
fn overlap(one: Span, other: Span) -> bool {
    one.start == other.start || (one.start < other.end && other.start < one.end)
}

/// A file keeps its kind of line ends.
pub fn with_line_ends_of(text: &str, mut edit: Edit) -> Edit {
    if text.contains("\r\n") && edit.insert.contains('\n') {
        edit.insert = edit.insert.replace("\r\n", "\n").replace('\n', "\r\n");
    }
    edit
}

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
    fn edits_that_touch_do_not_overlap_and_edits_that_begin_together_do() {
        let span = Span::new;
        assert!(!overlap(span(0, 3), span(3, 3)) && !overlap(span(0, 3), span(3, 5)));
        assert!(overlap(span(0, 3), span(2, 5)) && overlap(span(2, 5), span(0, 3)));
        assert!(overlap(span(3, 3), span(3, 3)) && overlap(span(3, 3), span(3, 5)));
        assert!(overlap(span(0, 9), span(4, 4)));
    }

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
