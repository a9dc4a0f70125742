//! One line of assembly as tokens.

use std::iter::Peekable;
use std::str::Chars;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Word(String),
    Text(String),
}

pub(super) struct Scan<'a> {
    chars: Peekable<Chars<'a>>,
}

/// Characters that are words by themselves.
const MARKS: &str = "()[]@?";

impl Scan<'_> {
    pub(super) fn new(line: &str) -> Scan<'_> {
        Scan { chars: line.chars().peekable() }
    }

    /// The next token; `None` at the end and at a comment.
    pub(super) fn token(&mut self) -> Result<Option<Token>, String> {
        while self.chars.next_if(|c| c.is_whitespace() || *c == ',').is_some() {}
        match self.chars.peek().copied() {
            None | Some(';') => Ok(None),
            Some('"') => self.quoted().map(|text| Some(Token::Text(text))),
            Some(mark) if MARKS.contains(mark) => {
                self.chars.next();
                Ok(Some(Token::Word(mark.to_string())))
            }
            Some(_) => Ok(Some(Token::Word(self.bare()))),
        }
    }

    fn bare(&mut self) -> String {
        let mut word = String::new();
        let goes_on = |c: &char| !c.is_whitespace() && !",\";".contains(*c) && !MARKS.contains(*c);
        while let Some(c) = self.chars.next_if(goes_on) {
            word.push(c);
        }
        word
    }

    /// A text as Rust prints it with `{:?}`.
    fn quoted(&mut self) -> Result<String, String> {
        self.chars.next();
        let mut text = String::new();
        loop {
            match self.chars.next() {
                None => return Err("the text has no end".to_owned()),
                Some('"') => return Ok(text),
                Some('\\') => text.push(self.escape()?),
                Some(c) => text.push(c),
            }
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        match self.chars.next() {
            Some('n') => Ok('\n'),
            Some('t') => Ok('\t'),
            Some('r') => Ok('\r'),
            Some('0') => Ok('\0'),
            Some('u') => {
                let code: String = self.chars.by_ref().skip(1).take_while(|c| *c != '}').collect();
                let c = u32::from_str_radix(&code, 16).ok().and_then(char::from_u32);
                c.ok_or_else(|| format!("`{code}` is no character"))
            }
            Some(c) => Ok(c),
            None => Err("the text has no end".to_owned()),
        }
    }

    pub(super) fn word(&mut self) -> Result<String, String> {
        match self.token()? {
            Some(Token::Word(word)) => Ok(word),
            other => Err(format!("expected a word, found {other:?}")),
        }
    }

    pub(super) fn text(&mut self) -> Result<String, String> {
        match self.token()? {
            Some(Token::Text(text)) => Ok(text),
            other => Err(format!("expected a text, found {other:?}")),
        }
    }

    /// The next text, past any words.
    pub(super) fn first_text(&mut self) -> Result<String, String> {
        loop {
            match self.token()? {
                Some(Token::Text(text)) => return Ok(text),
                Some(Token::Word(_)) => {}
                None => return Err("expected a text".to_owned()),
            }
        }
    }

    /// `["a" "b"]`
    pub(super) fn texts(&mut self) -> Result<Vec<String>, String> {
        self.expect("[")?;
        let mut texts = Vec::new();
        loop {
            match self.token()? {
                Some(Token::Text(text)) => texts.push(text),
                Some(Token::Word(word)) if word == "]" => return Ok(texts),
                other => return Err(format!("expected a text or `]`, found {other:?}")),
            }
        }
    }

    pub(super) fn number(&mut self) -> Result<u32, String> {
        let word = self.word()?;
        word.parse().map_err(|_| format!("`{word}` is no number"))
    }

    pub(super) fn signed(&mut self) -> Result<i32, String> {
        let word = self.word()?;
        word.parse().map_err(|_| format!("`{word}` is no number"))
    }

    /// `r5` for the prefix `r`.
    pub(super) fn prefixed(&mut self, prefix: &str) -> Result<u32, String> {
        let word = self.word()?;
        let number = word.strip_prefix(prefix).and_then(|rest| rest.parse().ok());
        number.ok_or_else(|| format!("expected `{prefix}` and a number, found `{word}`"))
    }

    pub(super) fn expect(&mut self, word: &str) -> Result<(), String> {
        let found = self.word()?;
        if found == word { Ok(()) } else { Err(format!("expected `{word}`, found `{found}`")) }
    }

    /// Whether the next token is this word; if so it is gone.
    pub(super) fn eat(&mut self, word: &str) -> bool {
        let before = self.chars.clone();
        if self.token() == Ok(Some(Token::Word(word.to_owned()))) {
            return true;
        }
        self.chars = before;
        false
    }

    pub(super) fn end(&mut self) -> Result<(), String> {
        match self.token()? {
            None => Ok(()),
            Some(token) => Err(format!("{token:?} is too much")),
        }
    }
}
