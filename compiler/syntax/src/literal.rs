//! What literals stand for.

use std::borrow::Cow;

use crate::ast::Quote;

/// The value of a number as written: `1`, `0.5`, `1e6`, `1_000`, `0xff`, also with a minus.
pub fn number(text: &str) -> f64 {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest.trim_start()),
        None => (1.0, text),
    };
    let clean: Cow<'_, str> =
        if digits.contains('_') { digits.replace('_', "").into() } else { digits.into() };
    sign * unsigned(&clean)
}

fn unsigned(digits: &str) -> f64 {
    let radix = match digits.get(..2) {
        Some("0x" | "0X") => 16,
        Some("0o" | "0O") => 8,
        Some("0b" | "0B") => 2,
        _ => return digits.parse().unwrap_or(f64::NAN),
    };
    let value = |digit: char| digit.to_digit(radix).map_or(f64::NAN, f64::from);
    digits[2..].chars().fold(0.0, |sum, digit| sum * f64::from(radix) + value(digit))
}

/// The value of a string literal, given with its quotes.
pub fn string(text: &str) -> Cow<'_, str> {
    let quote = Quote::of(text);
    let inside = text.strip_prefix(quote.as_str()).unwrap_or("");
    chunk(inside.strip_suffix(quote.as_str()).unwrap_or(inside), quote)
}

/// The text a piece of a string stands for: escapes replaced where the quote has them.
pub fn chunk(text: &str, quote: Quote) -> Cow<'_, str> {
    match quote {
        Quote::Triple => text.into(),
        Quote::Single | Quote::Double | Quote::Backtick | Quote::Escaped => unescaped(text),
    }
}

fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => escape(&mut chars, &mut out),
            _ => out.push(c),
        }
    }
    out.into()
}

/// What follows a backslash. An unknown escape is the character itself.
fn escape(chars: &mut std::str::Chars<'_>, out: &mut String) {
    match chars.next() {
        Some('n') => out.push('\n'),
        Some('t') => out.push('\t'),
        Some('r') => out.push('\r'),
        Some('b') => out.push('\u{8}'),
        Some('f') => out.push('\u{c}'),
        Some('v') => out.push('\u{b}'),
        Some('0') => out.push('\0'),
        // A backslash at the end of a line joins the lines.
        Some('\n') | None => {}
        Some('\r') => {
            if chars.as_str().starts_with('\n') {
                chars.next();
            }
        }
        Some('u') => unicode(chars, out),
        Some('x') => hex(chars, 2, out),
        Some(other) => out.push(other),
    }
}

/// `\u{1F600}` or `\u0041`, where a pair of surrogates is one character.
fn unicode(chars: &mut std::str::Chars<'_>, out: &mut String) {
    let rest = chars.as_str();
    if let Some(inside) = rest.strip_prefix('{')
        && let Some((digits, after)) = inside.split_once('}')
    {
        *chars = after.chars();
        let read = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
        out.push(read.unwrap_or(char::REPLACEMENT_CHARACTER));
        return;
    }
    let unit = |text: &str| text.get(..4).and_then(|digits| u16::from_str_radix(digits, 16).ok());
    let Some(first) = unit(rest) else { return out.push('u') };
    let second = rest[4..].strip_prefix("\\u").and_then(unit);
    let mut decoded = char::decode_utf16([first].into_iter().chain(second));
    let read = decoded.next().and_then(Result::ok).unwrap_or(char::REPLACEMENT_CHARACTER);
    let used = if read.len_utf16() == 2 { 10 } else { 4 };
    *chars = rest[used..].chars();
    out.push(read);
}

fn hex(chars: &mut std::str::Chars<'_>, len: usize, out: &mut String) {
    let rest = chars.as_str();
    let digits = rest.get(..len);
    match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32) {
        Some(read) => {
            *chars = rest[len..].chars();
            out.push(read);
        }
        None => out.push('x'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (text, value) in [
            ("1", 1.0),
            ("0.5", 0.5),
            ("1e6", 1e6),
            ("1_000", 1000.0),
            ("0xff", 255.0),
            ("-2", -2.0),
        ] {
            assert_eq!(number(text), value, "{text}");
        }
    }

    #[test]
    fn strings() {
        for (text, value) in [
            (r#""a\qb\'c""#, "aqb'c"),
            (r"'plain \n text'", "plain \n text"),
            (r#""\u{1F600}\u0041\uD83D\uDE00\x41""#, "😀A😀A"),
            ("```\\n```", "\\n"),
            ("`a\\\nb`", "ab"),
            ("\"", ""),
            (r#""\u{zz}\ud800""#, "\u{fffd}\u{fffd}"),
        ] {
            assert_eq!(string(text), value, "{text}");
        }
    }
}
