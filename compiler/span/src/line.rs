//! Lines and columns of a text, in bytes, characters and UTF-16 units.

use line_index::{TextSize, WideEncoding, WideLineCol};

use crate::Span;

/// A position for people: both numbers start at 1, and columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LineCol {
    pub line: u32,
    pub column: u32,
}

/// A position for editors: both numbers start at 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EditorPosition {
    pub line: u32,
    pub column: u32,
}

/// What the columns of an editor count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Columns {
    Bytes,
    Utf16,
    Characters,
}

/// Where the lines of a text begin. Offsets past the end or inside a character are moved
/// to the nearest position before them that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineIndex {
    index: line_index::LineIndex,
    has_mark: bool,
    len: u32,
}

pub const BYTE_ORDER_MARK: char = '\u{feff}';

impl LineIndex {
    pub fn new(text: &str) -> LineIndex {
        LineIndex {
            index: line_index::LineIndex::new(text),
            has_mark: text.starts_with(BYTE_ORDER_MARK),
            len: text.len() as u32,
        }
    }

    /// A byte order mark is no column: an editor does not show it.
    pub fn position(&self, offset: u32) -> LineCol {
        let wide = self.wide(offset);
        let mark = u32::from(wide.line == 0 && self.has_mark);
        LineCol { line: wide.line + 1, column: wide.col.saturating_sub(mark) + 1 }
    }

    /// The position of a byte of `text`, the text of this index.
    pub fn to_editor(&self, text: &str, offset: u32, columns: Columns) -> EditorPosition {
        let at = text.floor_char_boundary(offset as usize);
        let line = self.index.line_col(TextSize::from(at as u32)).line;
        let start = self.line_span(line).map_or(0, |span| span.start as usize);
        let before = &text[start..at];
        EditorPosition { line, column: before.chars().map(|c| columns.width(c)).sum() }
    }

    /// The byte of `text` at a position. A column past the end of its line gives the end of the
    /// line, before its break; a line past the end gives the end of the text.
    pub fn from_editor(&self, text: &str, position: EditorPosition, columns: Columns) -> u32 {
        let Some(line) = self.line_span(position.line) else { return self.len };
        let words = line.slice(text);
        let words = words.strip_suffix('\n').unwrap_or(words);
        let words = words.strip_suffix('\r').unwrap_or(words);
        let mut left = position.column;
        for (at, c) in words.char_indices() {
            let width = columns.width(c);
            if left < width {
                return line.start + at as u32;
            }
            left -= width;
        }
        line.start + words.len() as u32
    }

    /// The bytes of a line (counted from 0), with its line break.
    pub fn line_span(&self, line: u32) -> Option<Span> {
        self.index.line(line).map(|range| Span::new(range.start().into(), range.end().into()))
    }

    fn wide(&self, offset: u32) -> WideLineCol {
        let mut at = offset.min(self.len);
        loop {
            let found = self.index.try_line_col(TextSize::from(at));
            let wide = found.and_then(|narrow| self.index.to_wide(WideEncoding::Utf32, narrow));
            if let Some(wide) = wide {
                return wide;
            }
            if at == 0 {
                return WideLineCol { line: 0, col: 0 };
            }
            at -= 1;
        }
    }
}

impl Columns {
    fn width(self, c: char) -> u32 {
        match self {
            Columns::Bytes => c.len_utf8() as u32,
            Columns::Utf16 => c.len_utf16() as u32,
            Columns::Characters => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_what_was_agreed() {
        let text = "a\nné😀x\r\n";
        let lines = LineIndex::new(text);
        assert_eq!(lines.position(0), LineCol { line: 1, column: 1 });
        assert_eq!(lines.position(9), LineCol { line: 2, column: 4 });
        for (columns, column) in
            [(Columns::Bytes, 7), (Columns::Utf16, 4), (Columns::Characters, 3)]
        {
            let position = EditorPosition { line: 1, column };
            assert_eq!(lines.to_editor(text, 9, columns), position);
            assert_eq!(lines.from_editor(text, position, columns), 9);
        }
    }

    #[test]
    fn a_byte_order_mark_is_no_column() {
        let text = "\u{feff}né\nx";
        let lines = LineIndex::new(text);
        assert_eq!(lines.position(0), LineCol { line: 1, column: 1 });
        assert_eq!(lines.position(3), LineCol { line: 1, column: 1 });
        assert_eq!(lines.position(4), LineCol { line: 1, column: 2 });
        assert_eq!(lines.position(7), LineCol { line: 2, column: 1 });
    }

    #[test]
    fn offsets_that_do_not_exist_are_moved_back() {
        let lines = LineIndex::new("né");
        assert_eq!(lines.position(2), LineCol { line: 1, column: 2 });
        assert_eq!(lines.position(99), LineCol { line: 1, column: 3 });
    }

    #[test]
    fn editor_positions_that_do_not_exist_are_moved_into_the_text() {
        let text = "né😀\r\nx";
        let lines = LineIndex::new(text);
        let at =
            |line, column| lines.from_editor(text, EditorPosition { line, column }, Columns::Utf16);
        // Between the halves of a pair; past a line; past the text.
        assert_eq!((at(0, 3), at(0, 99), at(1, 99), at(7, 0)), (3, 7, 10, 10));
        let position = EditorPosition { line: 0, column: 2 };
        assert_eq!(lines.to_editor(text, 4, Columns::Utf16), position);
        assert_eq!(
            lines.to_editor(text, 99, Columns::Utf16),
            EditorPosition { line: 1, column: 1 }
        );
    }
}
