//! Reads JSON text, strictly, to a depth of [`MAX_DEPTH`].

use std::collections::BTreeMap;
use std::sync::Arc;

use super::JsonError;
use crate::data::{Data, MAX_DEPTH};

pub(super) fn read(text: &str) -> Result<Data, JsonError> {
    let mut reader = Reader { text, at: 0 };
    let data = reader.value(0)?;
    reader.space();
    if reader.at < text.len() { Err(reader.wrong("text after the value")) } else { Ok(data) }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

type Read<T> = Result<T, JsonError>;

/// Objects with more fields look for repeated keys in a table.
const SMALL: usize = 16;

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Read<Data> {
        if depth > MAX_DEPTH {
            return Err(self.wrong("too many levels"));
        }
        self.space();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Data::Text),
            Some(b't') => self.word("true", Data::Bool(true)),
            Some(b'f') => self.word("false", Data::Bool(false)),
            Some(b'n') => self.word("null", Data::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) => Err(self.wrong("unexpected character")),
            None => Err(self.wrong("unexpected end")),
        }
    }

    fn object(&mut self, depth: usize) -> Read<Data> {
        let mut fields: Vec<(Arc<str>, Data)> = Vec::new();
        let mut places: BTreeMap<Arc<str>, usize> = BTreeMap::new();
        self.at += 1;
        self.space();
        if self.eat(b'}') {
            return Ok(Data::Object(fields));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.wrong("expected a key"));
            }
            let key = self.string()?;
            self.space();
            self.expect(b':', "expected `:`")?;
            let value = self.value(depth + 1)?;
            set(&mut fields, &mut places, key, value);
            self.space();
            if self.eat(b'}') {
                return Ok(Data::Object(fields));
            }
            self.expect(b',', "expected `,` or `}`")?;
        }
    }

    fn array(&mut self, depth: usize) -> Read<Data> {
        let mut items = Vec::new();
        self.at += 1;
        self.space();
        if self.eat(b']') {
            return Ok(Data::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            if self.eat(b']') {
                return Ok(Data::Array(items));
            }
            self.expect(b',', "expected `,` or `]`")?;
        }
    }

    fn string(&mut self) -> Read<Arc<str>> {
        self.at += 1;
        let start = self.at;
        let rest = &self.text.as_bytes()[start..];
        let plain = rest.iter().position(|&byte| byte == b'"' || byte == b'\\' || byte < b' ');
        match plain.map(|length| (length, rest[length])) {
            Some((length, b'"')) => {
                self.at = start + length + 1;
                Ok(self.text[start..start + length].into())
            }
            Some((length, _)) => {
                self.at = start + length;
                self.escaped(start)
            }
            None => Err(self.wrong("the string has no end")),
        }
    }

    /// The rest of a string from the first escape on.
    fn escaped(&mut self, start: usize) -> Read<Arc<str>> {
        let mut out = self.text[start..self.at].to_owned();
        loop {
            let Some(c) = self.text[self.at..].chars().next() else {
                return Err(self.wrong("the string has no end"));
            };
            match c {
                '"' => {
                    self.at += 1;
                    return Ok(out.into());
                }
                '\\' => out.push(self.escape()?),
                c if c < ' ' => return Err(self.wrong("a control character in a string")),
                c => {
                    out.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
    }

    fn escape(&mut self) -> Read<char> {
        let letter = self.text.as_bytes().get(self.at + 1).copied();
        self.at += 2;
        Ok(match letter {
            Some(letter @ (b'"' | b'\\' | b'/')) => char::from(letter),
            Some(b'n') => '\n',
            Some(b't') => '\t',
            Some(b'r') => '\r',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'u') => return self.code_unit(),
            _ => return Err(self.wrong("an unknown escape")),
        })
    }

    /// `\uXXXX`, and its second half if it is the first of a pair; a half alone is U+FFFD.
    fn code_unit(&mut self) -> Read<char> {
        let first = self.hex()?;
        if !(0xd800..0xdc00).contains(&first) {
            return Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let before = self.at;
        if self.text[self.at..].starts_with("\\u") {
            self.at += 2;
            let second = self.hex()?;
            if (0xdc00..0xe000).contains(&second) {
                let point = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = before;
        }
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn hex(&mut self) -> Read<u32> {
        let digits = self.text.get(self.at..self.at + 4);
        let is_hex = digits.is_some_and(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let number = digits.filter(|_| is_hex).and_then(|d| u32::from_str_radix(d, 16).ok());
        let number = number.ok_or_else(|| self.wrong("expected four hex digits"))?;
        self.at += 4;
        Ok(number)
    }

    fn number(&mut self) -> Read<Data> {
        let start = self.at;
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            if !self.eat(b'+') {
                self.eat(b'-');
            }
            self.digits()?;
        }
        let number = self.text[start..self.at].parse();
        number.map(Data::Number).map_err(|_| self.wrong("not a number"))
    }

    fn digits(&mut self) -> Read<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.wrong("expected a digit")) } else { Ok(()) }
    }

    fn word(&mut self, word: &str, data: Data) -> Read<Data> {
        if self.text[self.at..].starts_with(word) {
            self.at += word.len();
            return Ok(data);
        }
        Err(self.wrong("an unknown word"))
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, byte: u8, what: &'static str) -> Read<()> {
        if self.eat(byte) { Ok(()) } else { Err(self.wrong(what)) }
    }

    fn wrong(&self, what: &'static str) -> JsonError {
        JsonError { what, at: self.at.min(self.text.len()) }
    }
}

/// Sets a field; a key that was there keeps its place and gets the new value.
fn set(
    fields: &mut Vec<(Arc<str>, Data)>,
    places: &mut BTreeMap<Arc<str>, usize>,
    key: Arc<str>,
    value: Data,
) {
    let known = if fields.len() < SMALL {
        fields.iter().position(|(name, _)| *name == key)
    } else {
        if places.is_empty() {
            places.extend(fields.iter().zip(0..).map(|((name, _), at)| (name.clone(), at)));
        }
        places.get(&key).copied()
    };
    if let Some(at) = known {
        fields[at].1 = value;
        return;
    }
    if !places.is_empty() {
        places.insert(key.clone(), fields.len());
    }
    fields.push((key, value));
}
