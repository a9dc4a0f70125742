//! File ids and byte spans. All offsets are bytes; `end` is exclusive.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// A source file known to the compiler; whoever makes one decides what it indexes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileId(pub u32);

/// Bytes of a file, counted from its start.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

/// Bytes of an item, counted from the item's start.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
pub struct RelSpan {
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub const fn new(start: u32, end: u32) -> Span {
        Span { start, end }
    }

    /// The place between two bytes.
    pub const fn empty(at: u32) -> Span {
        Span { start: at, end: at }
    }

    pub const fn len(self) -> u32 {
        self.end.saturating_sub(self.start)
    }

    pub const fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// From the start of `self` to the end of `other`.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start, end: other.end.max(self.start) }
    }

    /// The smallest span that holds both.
    pub fn cover(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    pub const fn contains(self, offset: u32) -> bool {
        self.start <= offset && offset < self.end
    }

    pub const fn contains_span(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The same bytes, counted from `base`, the start of the item that holds them.
    pub const fn relative_to(self, base: u32) -> RelSpan {
        RelSpan { start: self.start.saturating_sub(base), end: self.end.saturating_sub(base) }
    }

    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end.max(self.start) as usize
    }

    /// The text of the span; empty when the span is not inside `text`.
    pub fn slice(self, text: &str) -> &str {
        text.get(self.range()).unwrap_or("")
    }
}

impl RelSpan {
    pub const fn new(start: u32, end: u32) -> RelSpan {
        RelSpan { start, end }
    }

    /// The same bytes, counted from the start of the file, where the item starts at `base`.
    pub const fn absolute(self, base: u32) -> Span {
        Span { start: self.start.saturating_add(base), end: self.end.saturating_add(base) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_and_absolute_are_inverse() {
        let span = Span::new(12, 20);
        assert_eq!(span.relative_to(10), RelSpan::new(2, 10));
        assert_eq!(span.relative_to(10).absolute(10), span);
    }

    #[test]
    fn cover_and_slice() {
        assert_eq!(Span::new(4, 6).cover(Span::new(1, 5)), Span::new(1, 6));
        assert_eq!(Span::new(1, 3).slice("abcd"), "bc");
        assert_eq!(Span::new(3, 9).slice("abcd"), "");
    }
}
