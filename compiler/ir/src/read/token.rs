//! The tokens of the text form.

use super::{ReadError, Result};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'a> {
    /// Letters, digits and `_`, with a `?` or `~` that follows at once.
    Word(&'a str),
    /// `%3`.
    Value(u32),
    /// `@3`.
    Function(u32),
    /// `'l3`.
    Label(u32),
    /// As written; what it means depends on where it stands.
    Number(&'a str),
    Text(String),
    Sign(&'static str),
    End,
}

const SIGNS: &[&str] = &["...", "..", "(", ")", "{", "}", "[", "]", ",", ":", "=", "!", "~", "?"];

/// What an error says it expected.
pub(super) fn described(sign: &'static str) -> &'static str {
    match sign {
        "(" => "`(`",
        ")" => "`)`",
        "{" => "`{`",
        "}" => "`}`",
        "[" => "`[`",
        "]" => "`]`",
        "," => "`,` or the end of the list",
        ":" => "`:`",
        "=" => "`=`",
        ".." => "`..`",
        other => other,
    }
}

/// The text with one token read ahead.
pub(super) struct Tokens<'a> {
    text: &'a str,
    /// Where the token read ahead starts and ends.
    start: usize,
    end: usize,
    token: Token<'a>,
    /// The first character that begins no token; everything from there on reads as `End`.
    broken: Option<ReadError>,
}

impl<'a> Tokens<'a> {
    pub fn new(text: &'a str) -> Result<Tokens<'a>> {
        let mut tokens = Tokens { text, start: 0, end: 0, token: Token::End, broken: None };
        tokens.next();
        match tokens.broken.take() {
            Some(error) => Err(error),
            None => Ok(tokens),
        }
    }

    pub fn peek(&self) -> &Token<'a> {
        &self.token
    }

    /// Where the next token starts, for [`Tokens::error_at`].
    pub fn place(&self) -> usize {
        self.start
    }

    pub fn next(&mut self) {
        let rest = &self.text[self.end..];
        self.start = self.end + (rest.len() - rest.trim_start().len());
        self.end = self.start;
        let rest = &self.text[self.start..];
        match scan(rest) {
            Ok((token, length)) => {
                self.token = token;
                self.end += length;
            }
            Err(expected) => {
                self.broken = Some(self.error_at(self.start, expected));
                self.token = Token::End;
            }
        }
    }

    /// Takes the sign if it comes next.
    pub fn eat(&mut self, sign: &'static str) -> bool {
        let is_next = self.token == Token::Sign(sign);
        if is_next {
            self.next();
        }
        is_next
    }

    pub fn eat_word(&mut self, word: &str) -> bool {
        let is_next = matches!(self.token, Token::Word(found) if found == word);
        if is_next {
            self.next();
        }
        is_next
    }

    /// The next token is not what was expected.
    pub fn error(&self, expected: &'static str) -> ReadError {
        self.broken.clone().unwrap_or_else(|| self.error_at(self.start, expected))
    }

    pub fn error_at(&self, at: usize, expected: &'static str) -> ReadError {
        let before = &self.text[..at];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let found = self.text[at..].split_whitespace().next().unwrap_or("the end of the text");
        ReadError {
            line: before.matches('\n').count() as u32 + 1,
            column: before[line_start..].chars().count() as u32 + 1,
            expected,
            found: found.chars().take(40).collect(),
        }
    }
}

/// The token at the start of `text`, and its length in bytes.
fn scan(text: &str) -> std::result::Result<(Token<'_>, usize), &'static str> {
    let Some(first) = text.chars().next() else { return Ok((Token::End, 0)) };
    match first {
        '%' => numbered(text, 1, Token::Value, "a value, such as `%0`"),
        '@' => numbered(text, 1, Token::Function, "a function, such as `@0`"),
        '\'' => numbered(text, 2, Token::Label, "a loop, such as `'l0`"),
        '"' => quoted(text),
        '-' | '0'..='9' => Ok(number(text)),
        'a'..='z' | 'A'..='Z' | '_' => Ok(word(text)),
        _ => match SIGNS.iter().find(|sign| text.starts_with(**sign)) {
            Some(sign) => Ok((Token::Sign(sign), sign.len())),
            None => Err("a word, a value or a sign"),
        },
    }
}

fn numbered<'a>(
    text: &'a str,
    skip: usize,
    make: fn(u32) -> Token<'a>,
    expected: &'static str,
) -> std::result::Result<(Token<'a>, usize), &'static str> {
    let digits = text.get(skip..).ok_or(expected)?;
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    let number = digits[..length].parse().map_err(|_| expected)?;
    if skip == 2 && !text.starts_with("'l") {
        return Err(expected);
    }
    Ok((make(number), skip + length))
}

/// Digits with a fraction and an exponent; `2..` is `2` and `..`.
fn number(text: &str) -> (Token<'_>, usize) {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut length = usize::from(bytes[0] == b'-');
    if bytes[length..].starts_with(b"inf") {
        return (Token::Number(&text[..length + 3]), length + 3);
    }
    length += digits(length);
    if bytes.get(length) == Some(&b'.') && bytes.get(length + 1).is_some_and(u8::is_ascii_digit) {
        length += 1 + digits(length + 1);
    }
    if bytes.get(length) == Some(&b'e') {
        let sign = usize::from(bytes.get(length + 1) == Some(&b'-'));
        let n_digits = digits((length + 1 + sign).min(bytes.len()));
        if n_digits > 0 {
            length += 1 + sign + n_digits;
        }
    }
    (Token::Number(&text[..length]), length)
}

fn word(text: &str) -> (Token<'_>, usize) {
    let is_letter = |c: &u8| c.is_ascii_alphanumeric() || *c == b'_';
    let mut length = text.bytes().take_while(is_letter).count();
    if text[length..].starts_with(['?', '~']) {
        length += 1;
    }
    (Token::Word(&text[..length]), length)
}

fn quoted(text: &str) -> std::result::Result<(Token<'_>, usize), &'static str> {
    let mut out = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((Token::Text(out), at + 1)),
            '\\' => match chars.next().map(|(_, c)| c) {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('u') => out.push(escape(&mut chars).ok_or("`\\u{…}` with hex digits")?),
                Some(c @ ('"' | '\\')) => out.push(c),
                _ => return Err("an escape that is known"),
            },
            c => out.push(c),
        }
    }
    Err("the closing quote of a text")
}

fn escape(chars: &mut impl Iterator<Item = (usize, char)>) -> Option<char> {
    let mut code = 0u32;
    if chars.next()?.1 != '{' {
        return None;
    }
    loop {
        match chars.next()?.1 {
            '}' => return char::from_u32(code),
            c => code = code.checked_mul(16)?.checked_add(c.to_digit(16)?)?,
        }
    }
}
