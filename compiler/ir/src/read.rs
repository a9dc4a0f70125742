//! Reads the text that [`crate::print`] prints.
//!
//! Any text is safe to read: a mistake is an error with its place, and nesting is limited.
//! What comes out has the right shape, but only [`crate::verify`] says whether it is well formed.

mod function;
mod kind;
mod structure;
mod token;

use std::fmt;

use crate::function::{FunctionId, GlobalId, Method, Module, SourceFile, Text};
use token::{Token, Tokens};

/// Text that is not a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
    pub expected: &'static str,
    /// The text that stands there instead.
    pub found: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ReadError { line, column, expected, found } = self;
        write!(f, "line {line}, column {column}: expected {expected}, found `{found}`")
    }
}

impl std::error::Error for ReadError {}

type Result<T> = std::result::Result<T, ReadError>;

/// Reads a module.
pub fn read(text: &str) -> Result<Module> {
    let mut reader = Reader { tokens: Tokens::new(text)? };
    reader.module()
}

struct Reader<'a> {
    tokens: Tokens<'a>,
}

impl Reader<'_> {
    fn module(&mut self) -> Result<Module> {
        let mut module = Module::default();
        loop {
            match self.tokens.peek() {
                Token::End => return Ok(module),
                Token::Word("files") => module.files = self.section(Self::file)?,
                Token::Word("globals") => module.globals = self.section(Self::text)?,
                Token::Word("inputs") => module.inputs = self.section(Self::input)?,
                Token::Word("methods") => module.methods = self.section(Self::method)?,
                Token::Word("tests") => module.tests = self.section(Self::test)?,
                Token::Word("metadata") => module.metadata = self.section(Self::pair)?,
                Token::Word("entry") => {
                    self.tokens.next();
                    module.entry = self.function_id()?;
                }
                Token::Word("function") => {
                    self.tokens.next();
                    let at = self.tokens.place();
                    let id = self.function_id()?;
                    if id.0 as usize != module.functions.len() {
                        return Err(self.tokens.error_at(at, "the number of the next function"));
                    }
                    module.functions.push(function::read(self)?);
                }
                _ => return Err(self.tokens.error("`function`, `entry` or another section")),
            }
        }
    }

    fn section<T>(&mut self, row: fn(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        self.tokens.next();
        self.expect("{")?;
        let mut rows = Vec::new();
        while !self.tokens.eat("}") {
            rows.push(row(self)?);
        }
        Ok(rows)
    }

    fn file(&mut self) -> Result<SourceFile> {
        let path = self.text()?;
        self.expect("[")?;
        let line_starts = self.list("]", Self::number_u32)?;
        Ok(SourceFile { path, line_starts })
    }

    fn input(&mut self) -> Result<(Text, GlobalId)> {
        Ok((self.text()?, self.global_id()?))
    }

    fn method(&mut self) -> Result<Method> {
        Ok(Method { kind: self.text()?, name: self.text()?, function: self.function_id()? })
    }

    fn test(&mut self) -> Result<(Text, FunctionId)> {
        Ok((self.text()?, self.function_id()?))
    }

    fn pair(&mut self) -> Result<(Text, Text)> {
        Ok((self.text()?, self.text()?))
    }

    fn text(&mut self) -> Result<Text> {
        match self.tokens.peek() {
            Token::Text(text) => {
                let text: Text = text.as_str().into();
                self.tokens.next();
                Ok(text)
            }
            _ => Err(self.tokens.error("a text in quotes")),
        }
    }

    fn number_u32(&mut self) -> Result<u32> {
        let number = match self.tokens.peek() {
            Token::Number(digits) => digits.parse().ok(),
            _ => None,
        };
        let number = number.ok_or_else(|| self.tokens.error("a whole number"))?;
        self.tokens.next();
        Ok(number)
    }

    fn function_id(&mut self) -> Result<FunctionId> {
        match *self.tokens.peek() {
            Token::Function(id) => {
                self.tokens.next();
                Ok(FunctionId(id))
            }
            _ => Err(self.tokens.error("a function, such as `@0`")),
        }
    }

    fn global_id(&mut self) -> Result<GlobalId> {
        let id = match self.tokens.peek() {
            Token::Word(word) => word.strip_prefix('g').and_then(|digits| digits.parse().ok()),
            _ => None,
        };
        let id = id.ok_or_else(|| self.tokens.error("a global, such as `g0`"))?;
        self.tokens.next();
        Ok(GlobalId(id))
    }

    fn expect(&mut self, sign: &'static str) -> Result<()> {
        if self.tokens.eat(sign) { Ok(()) } else { Err(self.tokens.error(token::described(sign))) }
    }

    /// Items between commas, up to and including `end`.
    fn list<T>(
        &mut self,
        end: &'static str,
        mut item: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut items = Vec::new();
        if self.tokens.eat(end) {
            return Ok(items);
        }
        loop {
            items.push(item(self)?);
            if self.tokens.eat(end) {
                return Ok(items);
            }
            self.expect(",")?;
        }
    }
}
