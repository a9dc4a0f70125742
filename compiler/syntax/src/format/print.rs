//! Writes the pieces: where lines break, and how far they are indented.

use super::pieces::{Piece, PieceKind, Role};
use super::spacing::{Word, has_space, is_brace};
use crate::token::Kind;

pub(super) fn print(text: &str, pieces: &[Piece]) -> String {
    let mut printer = Printer {
        text,
        pieces,
        out: String::with_capacity(text.len() + text.len() / 8),
        frames: vec![Frame { kind: Kind::LBraceBlock, opener_indent: 0, base: 0, ..FILE }],
        indent: 0,
        last: None,
        follows_block: false,
        needs_line: false,
        is_first: true,
    };
    for at in 0..pieces.len() {
        printer.piece(at);
    }
    if !printer.out.is_empty() && !printer.out.ends_with('\n') {
        printer.out.push('\n');
    }
    printer.out
}

/// An open bracket.
#[derive(Debug, Clone, Copy)]
struct Frame {
    kind: Kind,
    /// Indentation of the line that it was opened on.
    opener_indent: u32,
    /// Indentation of its items.
    base: u32,
    /// Its items stand on lines of their own.
    is_long: bool,
    /// Braces that the text does not have.
    is_virtual: bool,
    /// A new item begins.
    is_fresh: bool,
    /// Nothing stands in it yet.
    is_empty: bool,
    /// Its first item stands on a line of its own, and so does its closer.
    is_open_line: bool,
    /// The mark at the end of the current item is written.
    is_marked: bool,
    /// The next item goes on on the line of the last one.
    stays_on_line: bool,
    n_ternaries: u32,
}

const FILE: Frame = Frame {
    kind: Kind::LBraceBlock,
    opener_indent: 0,
    base: 0,
    is_long: true,
    is_virtual: false,
    is_fresh: true,
    is_empty: true,
    is_open_line: true,
    is_marked: false,
    stays_on_line: false,
    n_ternaries: 0,
};

/// What stands between two pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gap {
    Nothing,
    Space,
    Line,
    BlankLine,
}

struct Printer<'t> {
    text: &'t str,
    pieces: &'t [Piece],
    out: String,
    frames: Vec<Frame>,
    /// Of the current line, in steps.
    indent: u32,
    /// The last token written.
    last: Option<Word>,
    /// That token ended a block; comments may stand behind it.
    follows_block: bool,
    /// A line comment ended the line.
    needs_line: bool,
    /// Nothing was written.
    is_first: bool,
}

impl Printer<'_> {
    fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("the file's frame is never closed")
    }

    fn piece(&mut self, at: usize) {
        let piece = self.pieces[at];
        match piece.kind {
            PieceKind::Comment { is_line } => self.comment(at, is_line),
            PieceKind::Verbatim => self.verbatim(at),
            PieceKind::Token { kind: Kind::Sep, .. } => self.sep(at),
            PieceKind::Token { kind, is_long, .. } if kind.is_opener() => {
                self.open(at, kind, is_long);
            }
            PieceKind::Token { kind, .. } if kind.is_closer() => self.close(at),
            PieceKind::Token { kind, .. } => self.token(at, kind),
        }
    }

    /// A token that is no bracket and no separator.
    fn token(&mut self, at: usize, kind: Kind) {
        let word = self.word(at, kind);
        let gap = self.gap(at, word);
        self.write_gap(gap, self.indent_here(kind));
        let piece = self.pieces[at];
        self.write(piece, word);
        let frame = self.frame();
        match kind {
            Kind::Comma if !is_block(frame.kind) => frame.is_fresh = true,
            _ => {}
        }
    }

    fn word(&mut self, at: usize, kind: Kind) -> Word {
        let mut word = Word::of(self.pieces[at].kind);
        let before = self.last;
        let next = self.pieces.get(at + 1).map(|piece| Word::of(piece.kind).kind);
        let frame = self.frame();
        word.is_glued = match kind {
            Kind::Question if next == Some(Kind::Colon) => true,
            Kind::Question | Kind::TildeQuestion => {
                frame.n_ternaries += 1;
                false
            }
            Kind::Colon if frame.n_ternaries > 0 => {
                frame.n_ternaries -= 1;
                false
            }
            Kind::Colon => true,
            Kind::Increment | Kind::Decrement => {
                !frame.is_fresh && before.is_some_and(|word| word.kind.ends_operand())
            }
            _ => false,
        };
        word
    }

    /// Before a token: the author's line break, unless the style has its own.
    fn gap(&mut self, at: usize, word: Word) -> Gap {
        let piece = self.pieces[at];
        let has_break = piece.n_breaks > 0;
        let needs_line = self.needs_line;
        let last = self.last;
        let frame = *self.frame();
        if frame.is_fresh && !frame.is_empty && frame.is_long && is_block(frame.kind) {
            let stays = frame.stays_on_line && !needs_line;
            return if stays { Gap::Space } else { self.item_gap(piece) };
        }
        if frame.is_empty && frame.is_long && is_block(frame.kind) && !frame.is_virtual {
            return Gap::Line;
        }
        let is_joined = matches!(word.kind, Kind::Comma | Kind::ForSemi)
            || takes_up(word.kind) && last.is_some_and(|last| last.kind == Kind::RBraceBlock);
        if needs_line {
            return Gap::Line;
        }
        if has_break && !is_joined {
            return if frame.is_fresh && !frame.is_empty {
                self.item_gap(piece)
            } else {
                Gap::Line
            };
        }
        match last {
            None => Gap::Nothing,
            Some(last) if has_space(last, word) => Gap::Space,
            Some(_) => Gap::Nothing,
        }
    }

    /// Between items on lines of their own: at most one blank line stays.
    fn item_gap(&self, piece: Piece) -> Gap {
        if piece.n_breaks > 1 { Gap::BlankLine } else { Gap::Line }
    }

    /// How far a line that begins with this token is indented.
    fn indent_here(&self, kind: Kind) -> u32 {
        let frame = self.frames.last().copied().unwrap_or(FILE);
        let in_cases = u32::from(frame.kind == Kind::LBraceCases && !is_label(kind));
        let continues = u32::from(!frame.is_fresh && !takes_up(kind));
        frame.base + in_cases + continues
    }

    fn open(&mut self, at: usize, kind: Kind, is_long: bool) {
        let piece = self.pieces[at];
        let is_virtual = piece.span.is_empty();
        if !is_virtual {
            let word = Word::of(piece.kind);
            let gap = self.gap(at, word);
            let is_body = is_brace(kind) && self.last.is_some_and(|last| last.kind.ends_operand());
            let is_header = matches!(kind, Kind::LBraceBlock | Kind::LBraceCases) || is_body;
            let is_joined = is_header && !self.frame().is_fresh && !self.needs_line;
            let gap = if is_joined && gap == Gap::Line { Gap::Space } else { gap };
            self.write_gap(gap, self.indent_here(kind));
            self.write(piece, word);
        }
        self.push_frame(at, kind, is_long, is_virtual);
    }

    fn push_frame(&mut self, at: usize, kind: Kind, is_long: bool, is_virtual: bool) {
        // A line break before what joins the line goes away, so it opens nothing.
        let has_break = self.pieces.get(at + 1).is_some_and(|next| {
            next.n_breaks > 0 && !matches!(Word::of(next.kind).kind, Kind::Comma | Kind::ForSemi)
        });
        let in_line = is_virtual && !has_break && !self.needs_line;
        let base = if in_line { self.frame().base } else { self.indent + 1 };
        self.frames.push(Frame {
            kind,
            opener_indent: self.indent,
            base,
            is_long: is_long && !is_virtual,
            is_virtual,
            is_fresh: true,
            is_empty: true,
            is_open_line: has_break,
            is_marked: false,
            stays_on_line: false,
            n_ternaries: 0,
        });
    }

    fn close(&mut self, at: usize) {
        self.end_arm();
        let frame = if self.frames.len() > 1 { self.frames.pop() } else { None };
        let Some(frame) = frame else { return };
        if frame.is_virtual {
            return;
        }
        let piece = self.pieces[at];
        let word = Word::of(piece.kind);
        let is_block = is_block(frame.kind);
        let gap = if self.needs_line {
            Gap::Line
        } else if frame.is_empty {
            Gap::Nothing
        } else if frame.is_long && (is_block || frame.is_open_line) {
            Gap::Line
        } else {
            match self.last {
                Some(last) if is_brace(frame.kind) || has_space(last, word) => Gap::Space,
                _ => Gap::Nothing,
            }
        };
        self.write_gap(gap, frame.opener_indent);
        self.write(piece, word);
    }

    /// The end of an item. Its mark is written only where the line does not show it.
    fn sep(&mut self, at: usize) {
        let piece = self.pieces[at];
        let frame = *self.frame();
        let next = self.pieces[at + 1..].iter().find_map(|next| match next.kind {
            PieceKind::Token { kind, .. } => Some((next, Some(kind))),
            PieceKind::Verbatim => Some((next, None)),
            PieceKind::Comment { .. } => None,
        });
        let stays = next.is_some() && self.stays_on_line(at + 1);
        let is_items = !matches!(frame.kind, Kind::LBraceBlock | Kind::LBraceCases);
        let is_label = next.is_some_and(|(_, kind)| kind.is_some_and(is_label));
        let on_line = !frame.is_long || (frame.kind == Kind::LBraceCases && stays && !is_label);
        let goes_on = next.is_some_and(|(_, kind)| kind.is_some_and(Kind::only_continues));
        let is_missing = piece.span.is_empty() && !is_items && stays;
        let follows_label = self.last.is_some_and(|last| last.kind == Kind::Colon);
        self.end_arm();
        let mark = match (is_items, on_line || goes_on) {
            _ if self.frame().is_marked => "",
            _ if is_missing || follows_label => "",
            (_, false) => "",
            (true, true) if self.follows_block && !goes_on => "",
            (true, true) => ",",
            (false, true) => ";",
        };
        if !self.needs_line {
            self.out.push_str(mark);
        }
        if is_missing {
            self.last = Some(Word::ATOM);
            return;
        }
        self.last = Some(Word { kind: Kind::Sep, role: Role::Plain, is_glued: false });
        let frame = self.frame();
        frame.is_fresh = true;
        frame.is_marked = false;
        frame.stays_on_line = on_line;
        frame.n_ternaries = 0;
    }

    /// An arm that stands on a line of its own ends in a comma, unless it ends in a block.
    fn end_arm(&mut self) {
        let frame = *self.frame();
        let is_arm = frame.kind == Kind::LBraceArms && frame.is_long;
        if is_arm && !self.follows_block && !frame.is_marked && !frame.is_fresh && !self.needs_line
        {
            self.out.push(',');
            self.frame().is_marked = true;
        }
    }

    /// Whether the source has no line break up to the next token.
    fn stays_on_line(&self, at: usize) -> bool {
        let mut rest = self.pieces[at..].iter();
        let n_comments = rest.clone().take_while(|piece| is_comment(piece)).count();
        rest.by_ref().take(n_comments + 1).all(|piece| piece.n_breaks == 0)
    }

    fn comment(&mut self, at: usize, is_line: bool) {
        let piece = self.pieces[at];
        let next = self.pieces[at..].iter().find(|piece| !is_comment(piece));
        let ends_item = next.is_none_or(|next| match next.kind {
            PieceKind::Token { kind, .. } => {
                kind == Kind::Sep || kind.is_closer() || takes_up(kind)
            }
            PieceKind::Comment { .. } | PieceKind::Verbatim => false,
        });
        let on_line = piece.n_breaks == 0 && !self.is_first && !self.needs_line;
        if ends_item {
            self.end_arm();
        }
        let frame = *self.frame();
        let gap = if on_line {
            Gap::Space
        } else if frame.is_empty || !(frame.is_fresh || ends_item) {
            Gap::Line
        } else {
            self.item_gap(piece)
        };
        let is_opened = self.last.is_some_and(|last| last.kind.is_opener() && !is_brace(last.kind));
        let gap = if gap == Gap::Space && is_opened { Gap::Nothing } else { gap };
        let continues = u32::from(!frame.is_fresh && !ends_item);
        let in_cases = u32::from(frame.kind == Kind::LBraceCases);
        self.write_gap(gap, frame.base + in_cases + continues);
        self.write_comment(piece);
        self.needs_line = is_line;
        self.is_first = false;
        let frame = self.frame();
        frame.is_empty = false;
        if self.last.is_some() && !is_line {
            self.last = Some(Word::ATOM);
        }
    }

    /// A comment; the lines of a block comment that begin with `*` are lined up.
    fn write_comment(&mut self, piece: Piece) {
        let text = piece.span.slice(self.text);
        for (index, line) in text.lines().enumerate() {
            let line = line.trim_end();
            if index == 0 {
                self.out.push_str(line);
                continue;
            }
            self.out.push('\n');
            if line.trim_start().starts_with('*') {
                self.push_indent(self.indent);
                self.out.push(' ');
                self.out.push_str(line.trim_start());
            } else {
                self.out.push_str(line);
            }
        }
    }

    fn verbatim(&mut self, at: usize) {
        let piece = self.pieces[at];
        let gap = self.gap(at, Word::ATOM);
        self.write_gap(gap, self.indent_here(Kind::Str));
        self.write(piece, Word::ATOM);
    }

    fn write(&mut self, piece: Piece, word: Word) {
        self.out.push_str(piece.span.slice(self.text));
        self.last = Some(word);
        self.follows_block = word.kind == Kind::RBraceBlock;
        self.needs_line = false;
        self.is_first = false;
        let frame = self.frame();
        frame.is_fresh = false;
        frame.is_empty = false;
    }

    fn write_gap(&mut self, gap: Gap, indent: u32) {
        if self.is_first {
            return;
        }
        match gap {
            Gap::Nothing => {}
            Gap::Space => self.out.push(' '),
            Gap::Line | Gap::BlankLine => {
                while self.out.ends_with(' ') {
                    self.out.pop();
                }
                self.out.push('\n');
                if gap == Gap::BlankLine {
                    self.out.push('\n');
                }
                self.indent = indent;
                self.push_indent(indent);
            }
        }
    }

    fn push_indent(&mut self, indent: u32) {
        for _ in 0..indent {
            self.out.push_str("  ");
        }
    }
}

const fn is_comment(piece: &Piece) -> bool {
    matches!(piece.kind, PieceKind::Comment { .. })
}

/// Braces around items that stand on lines of their own.
const fn is_block(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::LBraceBlock
            | Kind::LBraceCases
            | Kind::LBraceBranches
            | Kind::LBraceArms
            | Kind::LBraceAgents
            | Kind::LBraceClauses
            | Kind::LBraceOps
    )
}

const fn is_label(kind: Kind) -> bool {
    matches!(kind, Kind::KwCase | Kind::KwDefault)
}

/// Words that go on behind the brace of a body.
const fn takes_up(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Else | Kind::Catch | Kind::Finally | Kind::While | Kind::KwWith | Kind::ThinArrow
    )
}
