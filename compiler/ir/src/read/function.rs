//! Reads one function: its parameters, its regions, its exits.

use std::collections::BTreeMap;

use la_arena::Arena;

use super::structure::{Holder, Open};
use super::token::Token;
use super::{Reader, Result};
use crate::function::{Facts, Function, Interval, Param, Region, RegionId, Source, Text, Value};
use crate::function::{OpId, Ty};
use crate::names::{TYPES, find_named};
use crate::op::{Exit, Op, OpKind};
use crate::verify::MAX_DEPTH;

/// A function while it is read.
pub(super) struct Body<'r, 'a> {
    pub reader: &'r mut Reader<'a>,
    values: Arena<Facts>,
    ops: Arena<Op>,
    regions: Arena<Region>,
    /// The values by the number they have in the text.
    named: BTreeMap<u32, Value>,
    loops: BTreeMap<u32, OpId>,
}

/// Reads from the name on.
pub(super) fn read(reader: &mut Reader<'_>) -> Result<Function> {
    let mut body = Body {
        reader,
        values: Arena::new(),
        ops: Arena::new(),
        regions: Arena::new(),
        named: BTreeMap::new(),
        loops: BTreeMap::new(),
    };
    body.function()
}

impl Body<'_, '_> {
    fn function(&mut self) -> Result<Function> {
        let name = self.reader.text()?;
        self.reader.expect("(")?;
        let mut values = Vec::new();
        let mut params = Vec::new();
        for (param, value) in self.list(")", Self::param)? {
            params.push(param);
            values.push(value);
        }
        let mut captures: Vec<Text> = Vec::new();
        if self.reader.tokens.eat_word("captures") {
            self.reader.expect("(")?;
            for (name, value) in self.list(")", |body| Ok((body.reader.text()?, body.define()?)))? {
                captures.push(name);
                values.push(value);
            }
        }
        self.reader.expect("{")?;
        let body = self.regions(values)?;
        Ok(Function {
            name,
            params,
            captures,
            values: std::mem::take(&mut self.values),
            ops: std::mem::take(&mut self.ops),
            regions: std::mem::take(&mut self.regions),
            body,
        })
    }

    fn param(&mut self) -> Result<(Param, Value)> {
        let is_rest = self.reader.tokens.eat("...");
        let name = self.reader.text()?;
        let is_optional = self.reader.tokens.eat("?");
        Ok((Param { name, is_optional, is_rest }, self.define()?))
    }

    /// The body and everything nested in it, from after its opening brace. A list of the open
    /// regions stands for recursion.
    fn regions(&mut self, params: Vec<Value>) -> Result<RegionId> {
        let body = self.new_region(params);
        let mut open = vec![Open { region: body, holder: Holder::Body }];
        while let Some(Open { region, .. }) = open.last() {
            let region = *region;
            if let Some(exit) = self.exit()? {
                self.regions[region].exit = exit;
                self.regions[region].exit_source = self.source()?;
                self.reader.expect("}")?;
                let closed = open.pop().expect("the loop runs while a region is open");
                open.extend(self.close(closed)?);
            } else {
                let (op, holder) = self.op()?;
                self.regions[region].ops.push(op);
                if open.len() >= MAX_DEPTH && holder.is_some() {
                    return Err(self.reader.tokens.error("fewer nested regions"));
                }
                open.extend(holder);
            }
        }
        Ok(body)
    }

    pub fn new_region(&mut self, params: Vec<Value>) -> RegionId {
        let exit_source = Source::default();
        self.regions.alloc(Region { params, ops: Vec::new(), exit: Exit::Unreachable, exit_source })
    }

    /// An operation; with the first of its regions when it has some.
    fn op(&mut self) -> Result<(OpId, Option<Open>)> {
        let mut results = Vec::new();
        if matches!(self.reader.tokens.peek(), Token::Value(_)) {
            results.push(self.define()?);
            while self.reader.tokens.eat(",") {
                results.push(self.define()?);
            }
            self.reader.expect("=")?;
        }
        let (kind, source) = (OpKind::Array(Vec::new()), Source::default());
        let id = self.ops.alloc(Op { kind, results, source, site: None });
        if let Some(open) = self.first_region(id)? {
            return Ok((id, Some(open)));
        }
        self.ops[id].kind = self.kind()?;
        if self.reader.tokens.eat_word("at") {
            self.ops[id].site = Some(self.reader.text()?);
        }
        self.ops[id].source = self.source()?;
        Ok((id, None))
    }

    pub fn set_kind(&mut self, op: OpId, kind: OpKind) {
        self.ops[op].kind = kind;
    }

    pub fn set_source(&mut self, op: OpId) -> Result<()> {
        self.ops[op].source = self.source()?;
        Ok(())
    }

    /// Names a loop, so that its body can leave it.
    pub fn loop_head(&mut self, op: OpId) -> Result<()> {
        match *self.reader.tokens.peek() {
            Token::Label(label) if !self.loops.contains_key(&label) => {
                self.loops.insert(label, op);
                self.reader.tokens.next();
                Ok(())
            }
            _ => Err(self.reader.tokens.error("a new loop, such as `'l0`")),
        }
    }

    fn exit(&mut self) -> Result<Option<Exit>> {
        let tokens = &mut self.reader.tokens;
        let Token::Word(word) = *tokens.peek() else { return Ok(None) };
        Ok(Some(match word {
            "yield" => {
                tokens.next();
                Exit::Yield(self.values()?)
            }
            "break" => {
                tokens.next();
                Exit::Break { target: self.target()?, values: self.values()? }
            }
            "continue" => {
                tokens.next();
                Exit::Continue { target: self.target()?, values: self.values()? }
            }
            "return" => {
                tokens.next();
                Exit::Return(self.value()?)
            }
            "throw" => {
                tokens.next();
                Exit::Throw(self.value()?)
            }
            "unreachable" => {
                tokens.next();
                Exit::Unreachable
            }
            _ => return Ok(None),
        }))
    }

    fn target(&mut self) -> Result<OpId> {
        let target = match self.reader.tokens.peek() {
            Token::Label(label) => self.loops.get(label).copied(),
            _ => None,
        };
        let target = target.ok_or_else(|| self.reader.tokens.error("a loop from above"))?;
        self.reader.tokens.next();
        Ok(target)
    }

    /// A value that is made here, with its facts.
    pub fn define(&mut self) -> Result<Value> {
        let number = match *self.reader.tokens.peek() {
            Token::Value(number) if !self.named.contains_key(&number) => number,
            _ => return Err(self.reader.tokens.error("a new value, such as `%0`")),
        };
        self.reader.tokens.next();
        let facts = if self.reader.tokens.eat(":") { self.facts()? } else { Facts::ANY };
        let value = self.values.alloc(facts);
        self.named.insert(number, value);
        Ok(value)
    }

    /// A value that is read here.
    pub fn value(&mut self) -> Result<Value> {
        let value = match self.reader.tokens.peek() {
            Token::Value(number) => self.named.get(number).copied(),
            _ => None,
        };
        let value = value.ok_or_else(|| self.reader.tokens.error("a value from above"))?;
        self.reader.tokens.next();
        Ok(value)
    }

    /// `(%0, %1)`.
    pub fn values(&mut self) -> Result<Vec<Value>> {
        self.reader.expect("(")?;
        self.list(")", Self::value)
    }

    pub fn list<T>(
        &mut self,
        end: &'static str,
        mut item: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut items = Vec::new();
        if self.reader.tokens.eat(end) {
            return Ok(items);
        }
        loop {
            items.push(item(self)?);
            if self.reader.tokens.eat(end) {
                return Ok(items);
            }
            self.reader.expect(",")?;
        }
    }

    fn facts(&mut self) -> Result<Facts> {
        let is_plain = self.reader.tokens.eat_word("plain");
        let ty = match self.reader.tokens.peek() {
            Token::Word(word) => find_named(TYPES, word),
            _ => None,
        };
        let ty: Ty = ty.ok_or_else(|| self.reader.tokens.error("a type"))?;
        self.reader.tokens.next();
        let mut facts = if is_plain { Facts::plain(ty) } else { Facts { ty, ..Facts::ANY } };
        if self.reader.tokens.eat("~") {
            self.reader.expect("[")?;
            let low = self.number()?;
            self.reader.expect(",")?;
            facts.confidence = Interval { low, high: self.number()? };
            self.reader.expect("]")?;
        }
        Ok(facts)
    }

    pub fn number(&mut self) -> Result<f64> {
        let number = match *self.reader.tokens.peek() {
            Token::Number(digits) => digits.parse().ok(),
            Token::Word("inf") => Some(f64::INFINITY),
            Token::Word("NaN") => Some(f64::NAN),
            _ => None,
        };
        let number = number.ok_or_else(|| self.reader.tokens.error("a number"))?;
        self.reader.tokens.next();
        Ok(number)
    }

    /// `!file:start..end`, if it is there.
    pub fn source(&mut self) -> Result<Source> {
        if !self.reader.tokens.eat("!") {
            return Ok(Source::default());
        }
        let file = self.reader.number_u32()?;
        self.reader.expect(":")?;
        let start = self.reader.number_u32()?;
        self.reader.expect("..")?;
        Ok(Source { file, start, end: self.reader.number_u32()? })
    }
}
