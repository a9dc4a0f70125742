//! Reads what an operation without regions does.

use super::Result;
use super::function::Body;
use super::token::Token;
use crate::function::{Text, Value};
use crate::names::{BINARY, CONFIDENCE, MODES, UNARY, find_named};
use crate::op::{Args, Const, OpKind, PatternOp};

impl Body<'_, '_> {
    /// An operation without regions.
    pub fn kind(&mut self) -> Result<OpKind> {
        let at = self.reader.tokens.place();
        let Token::Word(word) = *self.reader.tokens.peek() else {
            return Err(self.reader.tokens.error("an operation or an exit"));
        };
        self.reader.tokens.next();
        let kind = self.simple(word)?;
        kind.ok_or_else(|| self.reader.tokens.error_at(at, "an operation or an exit"))
    }

    fn simple(&mut self, word: &str) -> Result<Option<OpKind>> {
        if let Some(op) = find_named(UNARY, word) {
            return Ok(Some(OpKind::Unary { op, operand: self.value()? }));
        }
        let (stem, confident) = match word.strip_suffix('~') {
            Some(stem) => (stem, true),
            None => (word, false),
        };
        if let Some(op) = find_named(BINARY, stem) {
            let (left, right) = self.two()?;
            return Ok(Some(OpKind::Binary { op, confident, left, right }));
        }
        if let Some(op) = find_named(CONFIDENCE, word) {
            let (left, right) = self.two()?;
            return Ok(Some(OpKind::Confidence { op, left, right }));
        }
        if let Some(kind) = self.container(word)? {
            return Ok(Some(kind));
        }
        if let Some(op) = self.pattern(word)? {
            let (op, value) = op;
            return Ok(Some(OpKind::Pattern { op, value }));
        }
        if let Some(kind) = self.call(word)? {
            return Ok(Some(kind));
        }
        self.other(word)
    }

    fn container(&mut self, word: &str) -> Result<Option<OpKind>> {
        Ok(Some(match word {
            "template" => OpKind::Template(self.values()?),
            "array" => OpKind::Array(self.values()?),
            "push" => {
                let (array, value) = self.two()?;
                OpKind::ArrayPush { array, value }
            }
            "spread" => {
                let (array, items) = self.two()?;
                OpKind::ArraySpread { array, items }
            }
            "object" => OpKind::Object(self.fields()?),
            "set" => {
                let (object, name) = self.value_and_name()?;
                self.reader.expect(",")?;
                OpKind::ObjectSet { object, name, value: self.value()? }
            }
            "spread_fields" => {
                let (object, fields) = self.two()?;
                OpKind::ObjectSpread { object, fields }
            }
            "set_index" => {
                let (container, index) = self.two()?;
                self.reader.expect(",")?;
                OpKind::IndexSet { container, index, value: self.value()? }
            }
            "update" => {
                let container = self.value()?;
                let (path, value, push) = self.update()?;
                OpKind::Update { container, path, value, push }
            }
            "update_cell" => {
                let cell = self.value()?;
                let (path, value, push) = self.update()?;
                OpKind::UpdateCell { cell, path, value, push }
            }
            "update_global" => {
                let global = self.reader.global_id()?;
                let (path, value, push) = self.update()?;
                OpKind::UpdateGlobal { global, path, value, push }
            }
            "member" => {
                let (object, name) = self.value_and_name()?;
                self.reader.expect(",")?;
                let mode = match self.reader.tokens.peek() {
                    Token::Word(word) => find_named(MODES, word),
                    _ => None,
                };
                let mode = mode.ok_or_else(|| self.reader.tokens.error("the mode of a member"))?;
                self.reader.tokens.next();
                OpKind::Member { object, name, mode }
            }
            "index" | "index?" => {
                let (object, index) = self.two()?;
                OpKind::Index { object, index, optional: word == "index?" }
            }
            _ => return Ok(None),
        }))
    }

    /// `[path] set value` or `[path] push value`.
    fn update(&mut self) -> Result<(Vec<Value>, Value, bool)> {
        self.reader.expect("[")?;
        let path = self.list("]", Self::value)?;
        let push = self.reader.tokens.eat_word("push");
        if !push {
            self.word("set")?;
        }
        Ok((path, self.value()?, push))
    }

    fn pattern(&mut self, word: &str) -> Result<Option<(PatternOp, Value)>> {
        Ok(Some(match word {
            "expect_array" => (PatternOp::ExpectArray, self.value()?),
            "expect_object" => (PatternOp::ExpectObject, self.value()?),
            "element" | "array_rest" | "is_array" => {
                let value = self.value()?;
                self.reader.expect(",")?;
                let number = self.reader.number_u32()?;
                let op = match word {
                    "element" => PatternOp::Element(number),
                    "array_rest" => PatternOp::ArrayRest(number),
                    _ => {
                        let at_least = self.reader.tokens.eat("..");
                        PatternOp::IsArray { length: number, at_least }
                    }
                };
                (op, value)
            }
            "field" => {
                let (value, name) = self.value_and_name()?;
                (PatternOp::Field(name), value)
            }
            "has_field" => {
                let (value, name) = self.value_and_name()?;
                (PatternOp::HasField(name), value)
            }
            "object_rest" | "is_object" => {
                let value = self.value()?;
                self.reader.expect("[")?;
                let names = self.list("]", |body| body.reader.text())?;
                let is_rest = word == "object_rest";
                let op = if is_rest { PatternOp::ObjectRest } else { PatternOp::IsObject };
                (op(names), value)
            }
            "is_const" => {
                let value = self.value()?;
                self.reader.expect(",")?;
                (PatternOp::IsConst(self.constant()?), value)
            }
            "is_null" => (PatternOp::IsNull, self.value()?),
            _ => return Ok(None),
        }))
    }

    fn call(&mut self, word: &str) -> Result<Option<OpKind>> {
        Ok(Some(match word {
            "call" => OpKind::Call { function: self.reader.function_id()?, args: self.values()? },
            "call_value" => OpKind::CallValue { callee: self.value()?, args: self.args()? },
            "call_method" | "call_method?" => {
                let (object, name) = self.value_and_name()?;
                let optional = word == "call_method?";
                OpKind::CallMethod { object, name, optional, args: self.args()? }
            }
            "call_native" => OpKind::CallNative { native: self.reader.text()?, args: self.args()? },
            "offer" => OpKind::Offer { callee: self.value()?, args: self.values()? },
            "closure" => {
                OpKind::Closure { function: self.reader.function_id()?, captures: self.values()? }
            }
            "native" => OpKind::Native(self.reader.text()?),
            "perform" => {
                let effect = self.reader.text()?;
                self.word("at")?;
                OpKind::Perform { effect, site: self.reader.text()?, args: self.values()? }
            }
            "spawn" => OpKind::Spawn { callee: self.value()? },
            "join" => OpKind::Join { fiber: self.value()? },
            "join_any" => OpKind::JoinAny { fibers: self.value()? },
            "cancel" => OpKind::Cancel { fiber: self.value()? },
            "handle" => {
                let body = self.value()?;
                let clauses = self.fields()?;
                let has_return = self.reader.tokens.eat_word("on_return");
                let on_return = has_return.then(|| self.value()).transpose()?;
                OpKind::Handle { body, clauses, on_return }
            }
            "resume" => {
                let (resume, value) = self.two()?;
                OpKind::Resume { resume, value }
            }
            _ => return Ok(None),
        }))
    }

    fn other(&mut self, word: &str) -> Result<Option<OpKind>> {
        Ok(Some(match word {
            "const" => OpKind::Const(self.constant()?),
            "confidence_of" => OpKind::ConfidenceOf(self.value()?),
            "value_of" => OpKind::ValueOf(self.value()?),
            "make_confident" => OpKind::MakeConfident(self.value()?),
            "halve" => OpKind::Halve(self.value()?),
            "band" | "strict_band" => {
                let (value, high) = self.two()?;
                self.reader.expect(",")?;
                let strict = word == "strict_band";
                OpKind::Band { value, high, medium: self.value()?, strict }
            }
            "cell_empty" => OpKind::CellNew(None),
            "cell_new" => OpKind::CellNew(Some(self.value()?)),
            "cell_get" => OpKind::CellGet(self.value()?),
            "cell_set" => {
                let (cell, value) = self.two()?;
                OpKind::CellSet { cell, value }
            }
            "global_get" => OpKind::GlobalGet(self.reader.global_id()?),
            "global_set" => {
                let global = self.reader.global_id()?;
                self.reader.expect(",")?;
                OpKind::GlobalSet { global, value: self.value()? }
            }
            "is_absent" => OpKind::IsAbsent(self.value()?),
            "fail" => OpKind::Fail { code: self.reader.text()?, message: self.reader.text()? },
            "items" | "items_of" => {
                OpKind::Items { subject: self.value()?, of: word == "items_of" }
            }
            "item_count" => OpKind::ItemCount(self.value()?),
            "item_at" => {
                let (items, index) = self.two()?;
                OpKind::ItemAt { items, index }
            }
            _ => return Ok(None),
        }))
    }

    fn constant(&mut self) -> Result<Const> {
        let constant = match *self.reader.tokens.peek() {
            Token::Word("null") => Const::Null,
            Token::Word("true") => Const::Bool(true),
            Token::Word("false") => Const::Bool(false),
            Token::Text(_) => return Ok(Const::Text(self.reader.text()?)),
            _ => return Ok(Const::Number(self.number()?)),
        };
        self.reader.tokens.next();
        Ok(constant)
    }

    fn args(&mut self) -> Result<Args> {
        self.reader.expect("(")?;
        if self.reader.tokens.eat("...") {
            let value = self.value()?;
            self.reader.expect(")")?;
            return Ok(Args::Spread(value));
        }
        let values = self.list(")", Self::value)?;
        if *self.reader.tokens.peek() == Token::Sign("[") {
            return Ok(Args::Named(values, self.fields()?));
        }
        Ok(Args::Positional(values))
    }

    /// `["name": %0, …]`.
    fn fields(&mut self) -> Result<Vec<(Text, Value)>> {
        self.reader.expect("[")?;
        self.list("]", |body| {
            let name = body.reader.text()?;
            body.reader.expect(":")?;
            Ok((name, body.value()?))
        })
    }

    fn two(&mut self) -> Result<(Value, Value)> {
        let first = self.value()?;
        self.reader.expect(",")?;
        Ok((first, self.value()?))
    }

    fn value_and_name(&mut self) -> Result<(Value, Text)> {
        let value = self.value()?;
        self.reader.expect(",")?;
        Ok((value, self.reader.text()?))
    }

    pub fn word(&mut self, word: &'static str) -> Result<()> {
        let found = self.reader.tokens.eat_word(word);
        if found { Ok(()) } else { Err(self.reader.tokens.error(word)) }
    }
}
