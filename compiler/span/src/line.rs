//! Lines and columns of a text, in bytes, characters and UTF-16 units.

use line_index::{TextSize, WideEncoding, WideLineCol};

use crate::Span;

/// A position for people: both numbers start at 1, and columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LineCol {
    pub line: u32,
    pub column: u32,
}

/// A position for editors: both numbers start at 0, and columns count UTF-16 units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Utf16Pos {
    pub line: u32,
    pub column: u32,
}

/// Where the lines of a text begin. Offsets past the end or inside a character are moved
/// to the nearest position before them that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineIndex {
    index: line_index::LineIndex,
    len: u32,
}

impl LineIndex {
    pub fn new(text: &str) -> LineIndex {
        LineIndex { index: line_index::LineIndex::new(text), len: text.len() as u32 }
    }

    pub fn position(&self, offset: u32) -> LineCol {
        let wide = self.wide(offset, WideEncoding::Utf32);
        LineCol { line: wide.line + 1, column: wide.col + 1 }
    }

    pub fn utf16(&self, offset: u32) -> Utf16Pos {
        let wide = self.wide(offset, WideEncoding::Utf16);
        Utf16Pos { line: wide.line, column: wide.col }
    }

    /// The byte offset of an editor position; a column past the line's end gives the line's end.
    pub fn offset(&self, position: Utf16Pos) -> u32 {
        let Some(line) = self.index.line(position.line) else { return self.len };
        let wide = WideLineCol { line: position.line, col: position.column };
        let Some(narrow) = self.index.to_utf8(WideEncoding::Utf16, wide) else {
            return line.end().into();
        };
        self.index.offset(narrow).map_or(line.end(), |at| at.min(line.end())).into()
    }

    /// The bytes of a line (counted from 0), with its line break.
    pub fn line_span(&self, line: u32) -> Option<Span> {
        self.index.line(line).map(|range| Span::new(range.start().into(), range.end().into()))
    }

    fn wide(&self, offset: u32, encoding: WideEncoding) -> WideLineCol {
        let mut at = offset.min(self.len);
        loop {
            let found = self.index.try_line_col(TextSize::from(at));
            if let Some(wide) = found.and_then(|narrow| self.index.to_wide(encoding, narrow)) {
                return wide;
            }
            if at == 0 {
                return WideLineCol { line: 0, col: 0 };
            }
            at -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_or_utf16_units() {
        let lines = LineIndex::new("a\nné😀x\n");
        assert_eq!(lines.position(0), LineCol { line: 1, column: 1 });
        assert_eq!(lines.position(9), LineCol { line: 2, column: 4 });
        assert_eq!(lines.utf16(9), Utf16Pos { line: 1, column: 4 });
        assert_eq!(lines.offset(Utf16Pos { line: 1, column: 4 }), 9);
    }

    #[test]
    fn offsets_that_do_not_exist_are_moved_back() {
        let lines = LineIndex::new("né");
        assert_eq!(lines.position(2), LineCol { line: 1, column: 2 });
        assert_eq!(lines.position(99), LineCol { line: 1, column: 3 });
        assert_eq!(lines.offset(Utf16Pos { line: 7, column: 0 }), 3);
    }
}
