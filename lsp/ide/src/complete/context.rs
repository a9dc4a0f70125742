//! What is wanted at a byte, from the words before it.

use prism_project::RootDb;
use prism_source::{SourceFile, parse};
use prism_span::Span;
use prism_syntax::ast::{Ast, ExprKind};

use crate::spot::word_start;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    Nothing,
    /// Behind a dot at this byte.
    Members {
        dot: u32,
    },
    /// The path of an import, of which this much is written.
    Path {
        written: String,
    },
    /// A name that the module exports.
    Exports {
        specifier: String,
    },
    AgentName,
    /// Behind `uses`.
    Effects,
    Types,
    /// The branches of `uncertain`.
    Bands,
    Names {
        position: Position,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    /// A statement at the top level of the file.
    TopLevel,
    Statement,
    Expression,
}

/// The bytes to replace, and what is wanted there.
pub(super) fn wanted(db: &RootDb, file: SourceFile, at: u32) -> (Span, Wanted) {
    let (parsed, text) = (parse(db, file), file.text(db));
    let at = text.floor_char_boundary(at as usize);
    let is_in_comment = |span: &Span| (span.start as usize) < at && at <= span.end as usize;
    if parsed.comments.iter().any(|span| is_in_comment(span) && ends_behind(text, *span, at)) {
        return (Span::empty(at as u32), Wanted::Nothing);
    }
    if let Some(found) = in_string(&parsed.tree.ast(), text, at) {
        return found;
    }
    let start = word_start(text, at);
    let span = Span::new(start as u32, at as u32);
    let is_number = text[start..at].starts_with(|c: char| c.is_ascii_digit());
    let before = text[..start].trim_end();
    let wanted = match before.as_bytes() {
        _ if is_number => Wanted::Nothing,
        [.., b'.', b'.'] => Wanted::Names { position: Position::Expression },
        [.., b'.'] if is_fraction(before) => Wanted::Nothing,
        [.., b'.'] => Wanted::Members { dot: before.len() as u32 - 1 },
        _ => by_surroundings(text, before, start),
    };
    (span, wanted)
}

/// A line comment goes on at its end; a block comment is over there.
fn ends_behind(text: &str, comment: Span, at: usize) -> bool {
    let is_block = comment.slice(text).ends_with("*/");
    !is_block || at < comment.end as usize
}

/// `1.` begins a number.
fn is_fraction(before: &str) -> bool {
    let digits = &before[word_start(before, before.len() - 1)..before.len() - 1];
    digits.starts_with(|c: char| c.is_ascii_digit())
}

/// Between the quotes of a string: a path, the name of an agent, or nothing to offer.
fn in_string(ast: &Ast, text: &str, at: usize) -> Option<(Span, Wanted)> {
    let line = &text[text[..at].rfind('\n').map_or(0, |end| end + 1)..at];
    let quotes: Vec<usize> = line.match_indices(['"', '\'']).map(|(at, _)| at).collect();
    let open = quotes.last().filter(|_| quotes.len() % 2 == 1);
    if let Some(open) = open {
        let (before, written) = (line[..*open].trim_end(), &line[open + 1..]);
        let is_import = ["import", "export"].iter().any(|word| line.trim_start().starts_with(word))
            || line.trim_start().starts_with('}');
        let is_path = before.ends_with("from") || before.ends_with("import");
        if is_import && is_path {
            let span = Span::new((at - written.len()) as u32, at as u32);
            return Some((span, Wanted::Path { written: written.to_owned() }));
        }
        if before.ends_with("agent:") {
            let span = Span::new((at - written.len()) as u32, at as u32);
            return Some((span, Wanted::AgentName));
        }
    }
    let inside = |span: Span| (span.start as usize) < at && at < span.end as usize;
    let holding = ast.exprs.values().filter(|expr| inside(expr.span));
    let smallest = holding.min_by_key(|expr| expr.span.len())?;
    let is_text = matches!(smallest.kind, ExprKind::Text(_) | ExprKind::Template { .. });
    // The name inside `${…}` is smaller than its string, unless it is not written yet.
    let is_empty_interpolation = text[..at].ends_with("${");
    (is_text && !is_empty_interpolation).then_some((Span::empty(at as u32), Wanted::Nothing))
}

fn by_surroundings(text: &str, before: &str, start: usize) -> Wanted {
    let last_word = &before[word_start(before, before.len())..];
    let open = innermost_open(before);
    let head = open.map_or("", |at| line_before(before, at));
    let first_word = head.split(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty());
    let opener = open.map(|at| before.as_bytes()[at]);
    if last_word == "uses" || before.ends_with(',') && is_uses_list(before) {
        return Wanted::Effects;
    }
    if opener == Some(b'{')
        && matches!(first_word, Some("import" | "export"))
        && !head.contains('=')
    {
        return match specifier_behind(text, start) {
            Some(specifier) => Wanted::Exports { specifier },
            None if first_word == Some("export") => {
                Wanted::Names { position: Position::Expression }
            }
            None => Wanted::Nothing,
        };
    }
    if is_type_position(before, opener, head) {
        return Wanted::Types;
    }
    let position = position(before, start, text, opener);
    if position != Position::Expression && opener == Some(b'{') && head.contains("uncertain") {
        return Wanted::Bands;
    }
    if ["let", "const", "function", "fn", "effect", "type", "pattern"].contains(&last_word) {
        // A new name.
        return Wanted::Nothing;
    }
    Wanted::Names { position }
}

/// The bracket that is open at the end, if one is. Strings are not looked into.
fn innermost_open(before: &str) -> Option<usize> {
    let mut depth = 0_u32;
    for (at, byte) in before.bytes().enumerate().rev() {
        match byte {
            b')' | b']' | b'}' => depth += 1,
            b'(' | b'[' | b'{' if depth == 0 => return Some(at),
            b'(' | b'[' | b'{' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn line_before(text: &str, at: usize) -> &str {
    text[text[..at].rfind('\n').map_or(0, |end| end + 1)..at].trim()
}

/// `from "path"` behind the names of an import.
fn specifier_behind(text: &str, at: usize) -> Option<String> {
    let rest = &text[at..];
    let close = rest.find('}')?;
    let rest = rest[close + 1..].trim_start().strip_prefix("from")?.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let end = rest[1..].find(quote)?;
    Some(rest[1..=end].to_owned())
}

/// `uses agent,`: nothing but words and commas since `uses`.
fn is_uses_list(before: &str) -> bool {
    let line = &before[before.rfind('\n').map_or(0, |end| end + 1)..];
    let Some((_, list)) = line.rsplit_once("uses ") else { return false };
    list.chars().all(|c| c.is_alphanumeric() || "_, ".contains(c))
}

/// Behind the colon of a declaration, behind `type T =` and the like.
fn is_type_position(before: &str, opener: Option<u8>, head: &str) -> bool {
    let line = before[before.rfind('\n').map_or(0, |end| end + 1)..].trim_start();
    let line = line.strip_prefix("export ").unwrap_or(line);
    let declares = |words: &[&str]| words.iter().any(|word| line.starts_with(word));
    if declares(&["type "]) && (before.ends_with('=') || before.ends_with('|')) {
        return true;
    }
    if !before.ends_with(':') {
        return false;
    }
    let is_head = |head: &str| {
        let head = head.strip_prefix("export ").unwrap_or(head);
        ["function", "fn ", "async ", "effect"].iter().any(|word| head.starts_with(word))
    };
    let is_variable = declares(&["let ", "const "]) && !line.contains('=');
    let is_result = is_head(line) && before.ends_with("):");
    is_variable || is_result || opener == Some(b'(') && is_head(head)
}

fn position(before: &str, start: usize, text: &str, opener: Option<u8>) -> Position {
    let gap = &text[before.len()..start];
    let starts = match before.as_bytes().last() {
        None | Some(b';') => true,
        Some(b'{') => !matches!(before.as_bytes().iter().rev().nth(1), Some(b'$')),
        Some(b'}') => gap.contains('\n'),
        Some(byte) => gap.contains('\n') && !b",([=+-*/<>&|?:.".contains(byte),
    };
    match (starts, opener) {
        (true, None) => Position::TopLevel,
        (true, Some(b'{')) => Position::Statement,
        _ => Position::Expression,
    }
}
