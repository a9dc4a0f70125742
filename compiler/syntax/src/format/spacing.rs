//! Whether two tokens on one line have a space between them.

use super::pieces::{PieceKind, Role};
use crate::token::Kind;

/// What the rules need to know about a token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    pub kind: Kind,
    pub role: Role,
    /// `++` behind its operand, the `?` of an optional key, a `:` that is no part of `? :`.
    pub is_glued: bool,
}

impl Word {
    /// A statement or a string that stays as it is.
    pub const ATOM: Word = Word { kind: Kind::Str, role: Role::Plain, is_glued: false };

    pub fn of(kind: PieceKind) -> Word {
        match kind {
            PieceKind::Token { kind, role, .. } => Word { kind, role, is_glued: false },
            PieceKind::Comment { .. } | PieceKind::Verbatim => Word::ATOM,
        }
    }
}

pub(super) fn has_space(left: Word, right: Word) -> bool {
    !(is_tight_after(left, right) || is_tight_before(left, right))
}

/// Nothing stands between `left` and what follows it.
fn is_tight_after(left: Word, right: Word) -> bool {
    match left.kind {
        Kind::LParen | Kind::LParenHead | Kind::LParenParams => true,
        Kind::LBracket | Kind::LBracketPat => true,
        Kind::Dot | Kind::QuestionDot | Kind::TildeDot | Kind::Ellipsis => true,
        Kind::Less if left.role == Role::Angle => true,
        Kind::Bang => true,
        Kind::Minus | Kind::Plus if left.role == Role::Prefix => !doubles(left.kind, right.kind),
        Kind::Tilde => right.kind.ends_operand() || right.kind == Kind::LParen,
        Kind::Increment | Kind::Decrement => !left.is_glued && right.kind.ends_operand(),
        kind if is_brace(kind) => right.kind.is_closer(),
        _ => false,
    }
}

/// `- -x` is not `--x`.
fn doubles(left: Kind, right: Kind) -> bool {
    match left {
        Kind::Minus => matches!(right, Kind::Minus | Kind::Decrement),
        _ => matches!(right, Kind::Plus | Kind::Increment),
    }
}

/// Nothing stands between `right` and what is before it.
fn is_tight_before(left: Word, right: Word) -> bool {
    match right.kind {
        Kind::RParen | Kind::RBracket | Kind::Comma | Kind::Semicolon => true,
        Kind::ForSemi => !matches!(left.kind, Kind::For),
        Kind::Dot | Kind::QuestionDot | Kind::TildeDot => true,
        // An arrow's own type parameters begin it.
        Kind::Less if right.role == Role::Angle => {
            left.kind.ends_operand() || matches!(left.kind, Kind::Function | Kind::FunctionExpr)
        }
        Kind::Greater if right.role == Role::Angle => true,
        Kind::Colon | Kind::Question | Kind::Increment | Kind::Decrement => right.is_glued,
        Kind::LParen | Kind::LBracket => is_value(left),
        Kind::LParenParams => is_value(left),
        _ => false,
    }
}

/// A value or a name ends here: a bracket behind it belongs to it.
fn is_value(word: Word) -> bool {
    let is_angle = word.kind == Kind::Greater && word.role == Role::Angle;
    is_angle
        || matches!(word.kind, Kind::QuestionDot)
        || (word.kind.ends_operand() && !matches!(word.kind, Kind::RBraceBlock | Kind::RBraceCases))
}

pub(super) const fn is_brace(kind: Kind) -> bool {
    kind.is_opener()
        && !matches!(
            kind,
            Kind::LParen
                | Kind::LParenHead
                | Kind::LParenParams
                | Kind::LBracket
                | Kind::LBracketPat
                | Kind::InterpOpen
        )
}
